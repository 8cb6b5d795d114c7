"""Errors: pickling, and the order of problems."""

import pickle

from nsnet.errors import KernelError, NsnetError, Problem, ScenarioError


def test_an_error_is_the_same_after_pickling() -> None:
    errors: list[NsnetError] = [
        KernelError("ip link add eth0: File exists", hint="nsnet down demo"),
        ScenarioError([Problem("lab.yaml", 3, "spec", "is missing")], hint="write it"),
    ]
    for error in errors:
        again = pickle.loads(pickle.dumps(error))
        assert (type(again), str(again), again.lines(), again.hint, again.exit_code) == (
            type(error),
            str(error),
            error.lines(),
            error.hint,
            error.exit_code,
        )


def test_problems_are_sorted_by_file_and_line_without_repeats() -> None:
    last = Problem("lab.yaml", 12, "", "is not YAML")
    first = Problem("lab.yaml", 3, "metadata.name", "is missing")
    other = Problem("east.yaml", 0, "", "does not exist")
    assert ScenarioError([last, first, last, other]).lines() == [
        "east.yaml: does not exist",
        "lab.yaml:3: metadata.name: is missing",
        "lab.yaml:12: is not YAML",
    ]


def test_the_first_fifty_problems_are_shown_and_the_others_counted() -> None:
    problems = [Problem("lab.yaml", line, "", "is missing") for line in range(1, 2001)]
    assert len(ScenarioError(problems[:50]).lines()) == 50
    *shown, last = ScenarioError(problems).lines()
    assert (len(shown), shown[-1]) == (50, "lab.yaml:50: is missing")
    assert last == "and 1,950 more mistakes; correct these first"
    assert ScenarioError(problems[:51]).lines()[-1] == "and 1 more mistake; correct these first"


def test_mistakes_that_can_all_be_allowed_have_a_hint_that_says_so() -> None:
    one = Problem("lab.yaml", 3, "spec", "overlaps", "flat-overlap")
    other = Problem("lab.yaml", 4, "spec", "overlaps", "external-overlap")
    error = ScenarioError([one, other])
    assert error.lines()[0] == "lab.yaml:3: spec: overlaps [flat-overlap]"
    assert error.hint == (
        "to build the lab all the same, write in spec: allow: [external-overlap, flat-overlap]"
    )
    assert ScenarioError([one, Problem("lab.yaml", 5, "spec", "is missing")]).hint == ""
