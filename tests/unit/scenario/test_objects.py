"""The objects of a file: those that nsnet reads, and warnings about the others."""

import pytest

from nsnet.scenario.documents import parse
from nsnet.scenario.objects import Contents, read_objects, warnings


def contents(*documents: str) -> Contents:
    """The contents of a file of these documents."""
    parsed, problems = parse("lab.yaml", "---\n".join(documents))
    assert not problems
    return read_objects(parsed)


def object_of(kind: str, name: str, version: str = "v1") -> str:
    """A minimal object."""
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\n"


def test_each_item_of_a_list_is_an_object_with_its_own_line() -> None:
    service, pod = contents(
        "apiVersion: v1\n"
        "kind: List\n"
        "items:\n"
        "- apiVersion: v1\n"
        "  kind: Service\n"
        "  metadata: {name: web}\n"
        "- apiVersion: v1\n"
        "  kind: PodList\n"
        "  items:\n"
        "  - apiVersion: v1\n"
        "    kind: Pod\n"
        "    metadata:\n"
        "      name: web-0\n"
    ).objects
    assert (service.object.kind, pod.object.kind) == ("Service", "Pod")
    problem = pod.document.problem("metadata.name", "is odd")
    assert str(problem) == "lab.yaml:13: items[1].items[0].metadata.name: is odd"


@pytest.mark.parametrize(
    ("listed", "kinds"),
    [
        ("kind: PodList\nitems: [{metadata: {name: a}}]", ["Pod"]),
        ("kind: List\nitems: [{apiVersion: v1, kind: Pod, metadata: {name: a}}]", ["Pod"]),
        ("kind: PodList\nitems: []", []),
        ("kind: List\nitems: null", []),
        ("kind: List\n", []),
    ],
)
def test_the_objects_of_a_list(listed: str, kinds: list[str]) -> None:
    found = contents(f"apiVersion: v1\n{listed}\n")
    assert [each.object.kind for each in found.objects] == kinds
    assert not found.problems
    assert not found.ignored


def test_the_items_of_a_list_without_kinds_have_none() -> None:
    found = contents("apiVersion: v1\nkind: List\nitems: [{metadata: {name: a}}]\n")
    assert [each.path for each in found.problems] == ["items[0].apiVersion", "items[0].kind"]


def test_items_that_are_no_list_are_refused() -> None:
    (problem,) = contents("apiVersion: v1\nkind: PodList\nitems: {a: b}\n").problems
    assert str(problem) == "lab.yaml:3: items: expected a list, got a mapping"


@pytest.mark.parametrize(
    ("version", "kind", "expected"),
    [
        ("v1", "Service", (1, 0, 0)),
        ("apps/v1", "Deployment", (1, 0, 0)),
        ("v1", "Namespace", (0, 0, 0)),  # exists once an object names it
        ("v1", "ConfigMap", (0, 1, 0)),
        ("serving.knative.dev/v1", "Service", (0, 1, 0)),  # another kind of the same name
        ("v1", "Deployment", (0, 0, 1)),
        ("networking.k8s.io/v1", "Service", (0, 0, 1)),
        ("nsnet.dev/v1alpha1", "Scenario", (0, 0, 1)),
        ("v1", "ReplicationController", (1, 0, 0)),
        ("batch/v1", "Job", (1, 0, 0)),
        ("multicluster.x-k8s.io/v1beta1", "ServiceExport", (1, 0, 0)),
        ("multicluster.x-k8s.io/v2", "ServiceExport", (0, 0, 1)),
        # A kind that nsnet ignores is never refused.
        ("extensions/v1beta1", "Ingress", (0, 1, 0)),
        ("extensions/v1beta1", "NetworkPolicy", (0, 1, 0)),
    ],
)
def test_an_object_is_read_ignored_or_refused(
    version: str, kind: str, expected: tuple[int, int, int]
) -> None:
    found = contents(object_of(kind, "web", version))
    assert (len(found.objects), len(found.ignored), len(found.problems)) == expected


def test_one_warning_for_each_ignored_kind() -> None:
    found = contents(*(object_of("ConfigMap", f"c{number}") for number in range(5)))
    assert list(warnings([found, found])) == [
        "ConfigMap is ignored: default/c0, default/c1, default/c2 and 2 more"
    ]


def test_a_warning_lists_all_network_policies() -> None:
    policies = [object_of("NetworkPolicy", f"p{n}", "networking.k8s.io/v1") for n in range(5)]
    names = ", ".join(f"default/p{number}" for number in range(5))
    assert list(warnings([contents(*policies)])) == [
        f"NetworkPolicy is recognised but not enforced yet: {names}"
    ]


def test_a_warning_lists_objects_with_sctp_ports() -> None:
    found = contents(object_of("Service", "ss7") + "spec: {ports: [{port: 1, protocol: SCTP}]}\n")
    assert list(warnings([found])) == ["SCTP ports are ignored: Service default/ss7"]


@pytest.mark.parametrize(
    ("version", "kind", "remedy"),
    [
        (
            "extensions/v1beta1",
            "Deployment",
            "Kubernetes 1.16 removed it; write apiVersion: apps/v1",
        ),
        ("apps/v1beta1", "StatefulSet", "Kubernetes 1.16 removed it; write apiVersion: apps/v1"),
        ("apps/v1beta2", "DaemonSet", "Kubernetes 1.16 removed it; write apiVersion: apps/v1"),
        ("batch/v1beta1", "CronJob", "Kubernetes 1.25 removed it; write apiVersion: batch/v1"),
        (
            "discovery.k8s.io/v1beta1",
            "EndpointSlice",
            "Kubernetes 1.25 removed it; write apiVersion: discovery.k8s.io/v1",
        ),
        ("v1", "Deployment", "write apiVersion: apps/v1"),
        ("apps/v2", "Deployment", "write apiVersion: apps/v1"),
        ("apps/v1", "Service", "write apiVersion: v1"),
    ],
)
def test_an_api_version_that_kubernetes_does_not_serve(
    version: str, kind: str, remedy: str
) -> None:
    (problem,) = contents(object_of(kind, "web", version)).problems
    assert str(problem) == (
        f'lab.yaml:1: apiVersion: no matches for kind "{kind}" in version "{version}": {remedy}'
    )
