"""The clusters that an object lives in."""

import pytest

from nsnet.scenario.documents import Document
from nsnet.scenario.kubernetes import Pod
from nsnet.scenario.membership import assign_clusters
from nsnet.scenario.objects import WrittenObject


def pod(annotation: str | None, name: str = "web-0") -> WrittenObject:
    """A pod, and what its annotation says of its cluster."""
    annotations = {} if annotation is None else {"nsnet.dev/cluster": annotation}
    data = {"kind": "Pod", "metadata": {"name": name, "annotations": annotations}}
    return WrittenObject(Pod.model_validate(data), Document("pods.yaml", data))


@pytest.mark.parametrize(
    ("clusters", "owner", "annotation", "expected"),
    [
        (("east",), "", None, ("east",)),  # the only one
        (("east", "west"), "west", None, ("west",)),  # the one that lists the file
        (("east", "west"), "west", "west", ("west",)),
        (("east", "west"), "", "west", ("west",)),
        (("east", "west"), "", "west, east", ("west", "east")),
        (("east", "west"), "", "east,east", ("east",)),
    ],
)
def test_an_object_lives_where_its_annotation_or_its_file_says(
    clusters: tuple[str, ...], owner: str, annotation: str | None, expected: tuple[str, ...]
) -> None:
    (manifest,), problems = assign_clusters(clusters, [(owner, pod(annotation))])
    assert (manifest.clusters, problems) == (expected, [])


@pytest.mark.parametrize(
    ("owner", "annotation", "path"),
    [
        ("", None, "metadata"),
        ("", "north", "metadata.annotations.nsnet.dev/cluster"),
        ("west", "east", "metadata.annotations.nsnet.dev/cluster"),  # the file is west's
        ("west", "east,west", "metadata.annotations.nsnet.dev/cluster"),
    ],
)
def test_an_object_of_no_cluster_or_of_another_is_a_mistake(
    owner: str, annotation: str | None, path: str
) -> None:
    manifests, (problem,) = assign_clusters(("east", "west"), [(owner, pod(annotation))])
    assert (manifests, problem.path) == ([], path)


def test_two_objects_of_one_name_may_not_meet_in_a_cluster() -> None:
    written = [("", pod("east,west")), ("", pod("east", "web-1")), ("", pod("west"))]
    manifests, (problem,) = assign_clusters(("east", "west"), written)
    assert len(manifests) == 3
    assert problem.path == "metadata.name"


def test_where_no_cluster_has_a_name_its_objects_are_not_to_blame() -> None:
    assert assign_clusters((), [("", pod(None))]) == ([], [])
