"""Scaling a workload of a scenario."""

import pytest

from nsnet.scenario.kubernetes import Workload
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
        if isinstance(each.object, Workload)
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
