"""Which nodes a cluster has, and what the files say of them."""

import pytest

from nsnet.topology.model import Cluster, Node, Taint
from tests.support.labs import node, pod, refused, topology


def cluster(*objects: str, nodes: str = "1") -> Cluster:
    """Return the cluster of these objects whose Scenario has these nodes."""
    return topology(*objects, clusters=(f"{{name: east, nodes: {nodes}}}",)).clusters[0]


def only(*objects: str, nodes: str = "1") -> Node:
    """Return the only node of such a cluster."""
    (found,) = cluster(*objects, nodes=nodes).nodes
    return found


def running(name: str, where: str, phase: str = "Running") -> str:
    """Return a pod of a dump, in this phase on this node."""
    return f"{pod(name, spec=f'nodeName: {where}')}\nstatus: {{phase: {phase}}}"


@pytest.mark.parametrize(
    ("nodes", "objects", "names"),
    [
        ("3", [], "n1 n2 n3"),
        ("[{name: b}, {name: a}]", [], "b a"),
        ("1", [node("w10"), node("w2")], "w2 w10"),
        ("3", [node("n2"), node("cp")], "cp n1 n2"),
        ("[{name: b}, {name: a}]", [node("a"), node("d"), node("c")], "b a c d"),
        ("1", [running("p", "aks-2"), running("q", "aks-1"), running("r", "aks-2")], "aks-1 aks-2"),
        ("2", [running("p", "n2")], "n1 n2"),
        ("1", [node("a"), running("p", "gone")], "a"),
        ("1", [running("p", "gone", "Failed")], "n1"),
        ("[{name: a}]", [running("p", "gone")], "a"),
    ],
)
def test_the_nodes_of_a_cluster(nodes: str, objects: list[str], names: str) -> None:
    found = cluster(*objects, nodes=nodes)
    assert [each.name for each in found.nodes] == names.split()


def test_every_node_has_the_labels_that_kubelet_gives_it() -> None:
    assert only().labels == {
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "beta.kubernetes.io/os": "linux",
        "beta.kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": "n1",
    }


def test_the_files_labels_replace_those_of_kubelet() -> None:
    arm = "kubernetes.io/arch: arm64"
    found = only(node("n1", labels=f"{arm}, zone: b"), nodes="[{name: n1, labels: {zone: a}}]")
    assert (found.labels["kubernetes.io/arch"], found.labels["zone"]) == ("arm64", "a")


@pytest.mark.parametrize(
    ("nodes", "objects", "taints"),
    [
        ("[{name: n1, taints: [{key: gpu, value: a, effect: NoExecute}]}]", [], "gpu a NoExecute"),
        ("1", [node("n1", spec="taints: [{key: gpu, effect: NoSchedule}]")], "gpu - NoSchedule"),
        (
            "1",
            [node("n1", spec="unschedulable: true")],
            "node.kubernetes.io/unschedulable - NoSchedule",
        ),
        (
            "[{name: n1, taints: [{key: gpu, effect: NoExecute}]}]",
            [node("n1", spec="taints: [{key: cpu, effect: NoSchedule}]")],
            "gpu - NoExecute",
        ),
    ],
)
def test_the_taints_of_a_node(nodes: str, objects: list[str], taints: str) -> None:
    (taint,) = only(*objects, nodes=nodes).taints
    key, value, effect = taints.split()
    assert (taint.key, taint.value or "-", taint.effect) == (key, value, effect)


def test_a_cordoned_node_has_its_taint_once() -> None:
    cordoned = "taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}]"
    found = only(node("n1", spec=f"unschedulable: true, {cordoned}"))
    assert found.taints == (Taint("node.kubernetes.io/unschedulable", "", "NoSchedule"),)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("taints: [{key: gpu, effect: Never}]", "'Never' is not one of: NoSchedule"),
        ("taint: []", "unknown key; did you mean taints?"),
        ("taints: [{key: gpu, effects: NoSchedule}]", "unknown key; did you mean effect?"),
    ],
)
def test_mistakes_in_an_entry(entry: str, message: str) -> None:
    assert message in refused(clusters=(f"{{name: east, nodes: [{{name: n1, {entry}}}]}}",))
