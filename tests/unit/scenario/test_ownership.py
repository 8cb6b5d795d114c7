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


def selecting(kind: str, selector: str = "", name: str = "web", version: str = "apps/v1") -> str:
    """A workload with this selector; without one, its pods have the label `app: web`."""
    template = "{metadata: {labels: {app: web}}}"
    wanted = f"selector: {selector}, " if selector else ""
    meta = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}}}"
    return f"{meta}\nspec: {{{wanted}template: {template}}}"


OLD = selecting("ReplicationController", "{app: web}", version="v1")


@pytest.mark.parametrize(
    ("name", "labels", "objects", "owner"),
    [
        ("x", "app: web", [OLD], "ReplicationController web"),
        ("x", "tier: a, app: web", [OLD], "ReplicationController web"),
        ("x", "app: api", [OLD], ""),
        ("x", "app: web", [selecting("ReplicaSet")], "ReplicaSet web"),
        ("x", "app: web", [selecting("ReplicaSet", "{matchLabels: {app: web}}")], "ReplicaSet web"),
        ("x", "app: web", [selecting("DaemonSet")], "DaemonSet web"),
        ("x", "app: web", [selecting("Deployment")], ""),
        ("x", "app: web", [selecting("StatefulSet")], ""),
        ("web-0", "app: web", [selecting("StatefulSet")], "StatefulSet web"),
        ("api-0", "app: web", [selecting("StatefulSet")], ""),
    ],
)
def test_a_controller_adopts_a_pod_that_its_selector_matches(
    name: str, labels: str, objects: list[str], owner: str
) -> None:
    assert owner_of(pod(name, labels=labels), *objects) == owner


def test_no_controller_adopts_a_pod_of_another_one_or_of_another_namespace() -> None:
    other = controlled("Rollout", "web", "argoproj.io/v1alpha1")
    assert owner_of(pod("x", labels="app: web", meta=other), OLD) == ""
    assert owner_of(pod("x", labels="app: web", namespace="prod"), OLD) == ""
