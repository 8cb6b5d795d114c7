"""The clusters in which objects are created."""

import pytest

from nsnet.scenario.documents import Document
from nsnet.scenario.kubernetes import (
    ConfigMap,
    GatewayClass,
    IngressClass,
    Namespace,
    Pod,
    Secret,
)
from nsnet.scenario.membership import assign_clusters
from nsnet.scenario.objects import WrittenObject


def pod(annotation: str | None, name: str = "web-0") -> WrittenObject:
    """A pod with this value of the cluster annotation; None: without it."""
    annotations = {} if annotation is None else {"nsnet.dev/cluster": annotation}
    data = {"kind": "Pod", "metadata": {"name": name, "annotations": annotations}}
    return WrittenObject(Pod.model_validate(data), Document("pods.yaml", data))


@pytest.mark.parametrize(
    ("clusters", "owner", "annotation", "expected"),
    [
        (("east",), "", None, ("east",)),  # the only cluster
        (("east", "west"), "west", None, ("west",)),  # the cluster that lists the file
        (("east", "west"), "west", "west", ("west",)),
        (("east", "west"), "", "west", ("west",)),
        (("east", "west"), "", "west, east", ("west", "east")),
        (("east", "west"), "", "east,east", ("east",)),
    ],
)
def test_the_clusters_of_an_object(
    clusters: tuple[str, ...], owner: str, annotation: str | None, expected: tuple[str, ...]
) -> None:
    (manifest,), problems = assign_clusters(clusters, [(owner, pod(annotation))])
    assert (manifest.clusters, problems) == (expected, [])


@pytest.mark.parametrize(
    ("owner", "annotation", "path"),
    [
        ("", None, "metadata"),
        ("", "north", "metadata.annotations.nsnet.dev/cluster"),
        ("west", "east", "metadata.annotations.nsnet.dev/cluster"),  # west lists the file
        ("west", "east,west", "metadata.annotations.nsnet.dev/cluster"),
    ],
)
def test_an_object_without_a_valid_cluster_is_refused(
    owner: str, annotation: str | None, path: str
) -> None:
    manifests, (problem,) = assign_clusters(("east", "west"), [(owner, pod(annotation))])
    assert (manifests, problem.path) == ([], path)


def test_object_names_are_unique_in_a_cluster() -> None:
    written = [("", pod("east,west")), ("", pod("east", "web-1")), ("", pod("west"))]
    manifests, (problem,) = assign_clusters(("east", "west"), written)
    assert len(manifests) == 3
    assert problem.path == "metadata.name"


def test_a_repetition_of_an_object_is_left_out() -> None:
    written = [("", pod("east")), ("", pod("east")), ("", pod("west")), ("", pod("west"))]
    manifests, problems = assign_clusters(("east", "west"), written)
    assert ([each.clusters for each in manifests], problems) == ([("east",), ("west",)], [])


def test_a_namespace_is_one_of_all_clusters_and_may_be_there_twice() -> None:
    data = {"kind": "Namespace", "metadata": {"name": "web"}}
    found = WrittenObject(Namespace.model_validate(data), Document("web.yaml", data))
    manifests, problems = assign_clusters(("east", "west"), [("", found), ("west", found)])
    assert [each.clusters for each in manifests] == [("east", "west"), ("west",)]
    assert problems == []


@pytest.mark.parametrize("model", [ConfigMap, Secret, GatewayClass, IngressClass])
def test_what_is_common_is_in_all_clusters_unless_it_names_some(
    model: type[ConfigMap | Secret | GatewayClass | IngressClass],
) -> None:
    for annotations, expected in (
        ({}, ("east", "west")),
        ({"nsnet.dev/cluster": "west"}, ("west",)),
    ):
        meta = {"name": "c", "annotations": annotations}
        data = {"kind": model.__name__, "metadata": meta, "spec": {"controllerName": "a.b/c"}}
        found = WrittenObject(model.model_validate(data), Document("c.yaml", data))
        (manifest,), problems = assign_clusters(("east", "west"), [("", found)])
        assert (manifest.clusters, problems) == (expected, [])


def test_objects_are_not_reported_if_no_cluster_has_a_name() -> None:
    assert assign_clusters((), [("", pod(None))]) == ([], [])
