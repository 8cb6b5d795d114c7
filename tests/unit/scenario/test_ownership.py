"""Which workload controls an object."""

import pytest

from nsnet.scenario.kubernetes import Pod, Workload
from nsnet.scenario.ownership import Ownership
from tests.support.labs import pod, workload, written


def owner_of(owned: str, *objects: str) -> str:
    """The kind and the name of the workload that controls this object, or ""."""
    manifests = [each.object for each in written(owned, *objects).manifests]
    assert isinstance(manifests[0], Pod | Workload)
    owner = Ownership(manifests).owner(manifests[0])
    return f"{owner.kind} {owner.metadata.name}" if owner else ""


def controlled(kind: str, name: str, version: str = "apps/v1", controller: str = "true") -> str:
    """Metadata of an object that this one controls."""
    reference = f"apiVersion: {version}, kind: {kind}, name: {name}, controller: {controller}"
    return f"ownerReferences: [{{{reference}}}]"


WEB = workload("Deployment", "web")
SET = workload("ReplicaSet", "web-1", meta=controlled("Deployment", "web"))


@pytest.mark.parametrize(
    ("owned", "objects", "owner"),
    [
        (pod("x"), [WEB, SET], ""),
        (pod("x", meta=controlled("ReplicaSet", "web-1")), [WEB, SET], "Deployment web"),
        (pod("x", meta=controlled("ReplicaSet", "web-1")), [SET], "ReplicaSet web-1"),
        (pod("x", meta=controlled("ReplicaSet", "web-2")), [WEB, SET], ""),
        (pod("x", meta=controlled("ReplicaSet", "web-1", controller="false")), [WEB, SET], ""),
        (pod("x", meta=controlled("ReplicaSet", "web-1", "example.org/v1")), [WEB, SET], ""),
        (pod("x", namespace="b", meta=controlled("ReplicaSet", "web-1")), [WEB, SET], ""),
        (SET, [WEB], "Deployment web"),
        (SET, [], ""),
        # Without the ReplicaSet, its name and the pod's label lead to the Deployment.
        (
            pod("x", labels="pod-template-hash: '1'", meta=controlled("ReplicaSet", "web-1")),
            [WEB],
            "Deployment web",
        ),
        (
            pod("x", labels="pod-template-hash: '2'", meta=controlled("ReplicaSet", "web-1")),
            [WEB],
            "",
        ),
    ],
)
def test_the_workload_that_controls_an_object(owned: str, objects: list[str], owner: str) -> None:
    assert owner_of(owned, *objects) == owner
