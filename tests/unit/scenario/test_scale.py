"""Scaling a workload of a scenario."""

import pytest

from nsnet.scenario.kubernetes import Pod, Workload
from nsnet.scenario.load import reload
from nsnet.scenario.model import Scenario
from nsnet.scenario.scale import scaled

TEXT = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: lab}
spec: {clusters: [{name: east}, {name: west}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {nsnet.dev/cluster: "east,west"}}
spec: {replicas: 2}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, annotations: {nsnet.dev/cluster: east}}
spec: {replicas: 3}
"""


def replicas(scenario: Scenario) -> list[tuple[str, tuple[str, ...], int]]:
    """Each workload with its clusters and its number of replicas."""
    return [
        (each.object.kind, each.clusters, each.object.spec.replicas)
        for each in scenario.manifests
        if isinstance(each.object, Workload) and not each.own
    ]


def test_a_workload_of_two_clusters_is_scaled_in_one_of_them() -> None:
    scenario = reload("lab.yaml", {"lab.yaml": TEXT})
    assert replicas(scaled(scenario, "west", "deploy", "web", "default", 5)) == [
        ("Deployment", ("west",), 5),
        ("Deployment", ("east",), 2),
        ("StatefulSet", ("east",), 3),
    ]


def test_a_workload_of_the_same_name_and_another_kind_is_not_scaled() -> None:
    scenario = reload("lab.yaml", {"lab.yaml": TEXT})
    assert replicas(scaled(scenario, "east", "statefulset", "web", "default", 0)) == [
        ("Deployment", ("east", "west"), 2),
        ("StatefulSet", ("east",), 0),
    ]


@pytest.mark.parametrize(
    ("cluster", "kind", "name", "namespace"),
    [
        ("north", "deploy", "web", "default"),
        ("west", "statefulset", "web", "default"),
        ("east", "deploy", "api", "default"),
        ("east", "deploy", "web", "other"),
    ],
)
def test_scaling_an_unknown_workload_fails(
    cluster: str, kind: str, name: str, namespace: str
) -> None:
    scenario = reload("lab.yaml", {"lab.yaml": TEXT})
    with pytest.raises(KeyError):
        scaled(scenario, cluster, kind, name, namespace, 1)


def dump(kind: str, *pods: str) -> Scenario:
    """A workload named web with these pods of its own, each "NAME" or "NAME: STATUS"."""
    owner = f"{{apiVersion: apps/v1, kind: {kind}, name: web, controller: true}}"
    lines = [f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{}}"]
    for each in pods:
        name, _, status = each.partition(": ")
        meta = f"{{name: {name}, ownerReferences: [{owner}]}}"
        lines.append(f"apiVersion: v1\nkind: Pod\nmetadata: {meta}\nstatus: {{{status}}}")
    text = "\n---\n".join((TEXT.partition("---\n")[0].replace(", {name: west}", ""), *lines))
    return reload("lab.yaml", {"lab.yaml": text})


NOT_READY = "conditions: [{type: Ready, status: 'False'}]"


@pytest.mark.parametrize(
    ("kind", "pods", "number", "left"),
    [
        ("deploy", ["a", "b", "c"], 3, ["a", "b", "c"]),
        ("deploy", ["a", "b", "c"], 5, ["a", "b", "c"]),
        ("deploy", ["c", "a", "b"], 2, ["a", "b"]),
        ("deploy", [f"a: {NOT_READY}", "b", "c"], 2, ["b", "c"]),
        ("deploy", ["a: phase: Failed", "b"], 1, ["a", "b"]),
        ("deploy", ["a", "b"], 0, []),
        ("statefulset", ["web-0", "web-1", "web-2"], 2, ["web-0", "web-1"]),
        ("statefulset", [f"web-0: {NOT_READY}", "web-1"], 1, ["web-0"]),
    ],
)
def test_pods_above_the_number_of_replicas_are_removed(
    kind: str, pods: list[str], number: int, left: list[str]
) -> None:
    workload = {"deploy": "Deployment", "statefulset": "StatefulSet"}[kind]
    found = scaled(dump(workload, *pods), "east", kind, "web", "default", number).manifests
    assert [each.object.metadata.name for each in found if isinstance(each.object, Pod)] == sorted(
        left, key=[each.partition(":")[0] for each in pods].index
    )
