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
