"""The objects of a file: which of them nsnet reads, and what it says of the others."""

import pytest

from nsnet.scenario.documents import parse
from nsnet.scenario.objects import Contents, read_objects, warnings


def contents(*documents: str) -> Contents:
    """What a file of these documents holds."""
    parsed, problems = parse("lab.yaml", "---\n".join(documents))
    assert not problems
    return read_objects(parsed)


def object_of(kind: str, name: str, version: str = "v1") -> str:
    """An object as short as it can be."""
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}\n"


def test_the_items_of_a_list_are_objects_with_lines_of_their_own() -> None:
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
    ("version", "kind", "expected"),
    [
        ("v1", "Service", (1, 0, 0)),
        ("apps/v1", "Deployment", (1, 0, 0)),
        ("v1", "Namespace", (0, 0, 0)),  # there as soon as it is named
        ("v1", "ConfigMap", (0, 1, 0)),
        ("serving.knative.dev/v1", "Service", (0, 1, 0)),  # another thing of the same name
        ("v1", "Deployment", (0, 0, 1)),
        ("networking.k8s.io/v1", "Service", (0, 0, 1)),
        ("nsnet.dev/v1alpha1", "Scenario", (0, 0, 1)),
    ],
)
def test_an_object_is_read_or_ignored_or_a_mistake(
    version: str, kind: str, expected: tuple[int, int, int]
) -> None:
    found = contents(object_of(kind, "web", version))
    assert (len(found.objects), len(found.ignored), len(found.problems)) == expected


def test_each_ignored_kind_is_named_once_with_a_few_of_its_objects() -> None:
    found = contents(*(object_of("ConfigMap", f"c{number}") for number in range(5)))
    assert list(warnings([found, found])) == [
        "ConfigMap is ignored: default/c0, default/c1, default/c2 and 2 more"
    ]


def test_every_network_policy_is_named() -> None:
    policies = [object_of("NetworkPolicy", f"p{n}", "networking.k8s.io/v1") for n in range(5)]
    names = ", ".join(f"default/p{number}" for number in range(5))
    assert list(warnings([contents(*policies)])) == [
        f"NetworkPolicy is recognised but not enforced yet: {names}"
    ]


def test_sctp_ports_are_named_as_ignored() -> None:
    found = contents(object_of("Service", "ss7") + "spec: {ports: [{port: 1, protocol: SCTP}]}\n")
    assert list(warnings([found])) == ["SCTP ports are ignored: Service default/ss7"]
