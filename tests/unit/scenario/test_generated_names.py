"""Objects that have only a generateName."""

import re

from nsnet.scenario.documents import parse
from nsnet.scenario.objects import read_objects

PREFIX = "{generateName: task-}"


def names(*metadata: str, file: str = "lab.yaml") -> list[str]:
    """The names of pods with this metadata."""
    pods = (f"apiVersion: v1\nkind: Pod\nmetadata: {each}\n" for each in metadata)
    documents, _ = parse(file, "---\n".join(pods))
    contents = read_objects(documents)
    assert not contents.problems
    return [each.object.metadata.name for each in contents.objects]


def test_a_generated_name_has_five_characters_more() -> None:
    (name,) = names(PREFIX)
    assert re.fullmatch("task-[bcdfghjklmnpqrstvwxz2456789]{5}", name)


def test_objects_with_the_same_generate_name_get_different_names_that_stay() -> None:
    first, second = names(PREFIX, PREFIX)
    assert first != second
    assert names(PREFIX, "{name: web}", PREFIX) == [first, "web", second]


def test_files_do_not_share_names() -> None:
    assert names(PREFIX) != names(PREFIX, file="other.yaml")


def test_a_written_name_stays() -> None:
    assert names("{name: task-abcde, generateName: task-}") == ["task-abcde"]
    assert names("{name: task-00000}") == ["task-00000"]


def test_a_long_name_is_cut_so_that_the_end_fits() -> None:
    (name,) = names(f"{{generateName: {'a' * 80}}}")
    assert name.startswith("a" * 58)
    assert len(name) == 63


def test_an_object_without_both_is_refused() -> None:
    documents, _ = parse("lab.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {generateName: ''}\n")
    assert [str(each) for each in read_objects(documents).problems] == [
        "lab.yaml:3: metadata.name: Required value"
    ]
