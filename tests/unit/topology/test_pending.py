"""What the author of a scenario is told of pods that do not run."""

import pytest

from tests.support.labs import pod, topology, workload

WINDOWS = "nodeSelector: {kubernetes.io/os: windows}"
UNFIT = "1 node(s) didn't match Pod's node affinity/selector"
NOWHERE = f"0/1 nodes are available: {UNFIT}."


@pytest.mark.parametrize(
    ("objects", "warnings"),
    [
        (
            [workload("Deployment", "web", 40, spec=WINDOWS)],
            [f"lab.yaml:15: 40 of 40 pods of east/deploy/web are Pending: {NOWHERE}"],
        ),
        (
            [pod("a", spec=WINDOWS)],
            [f"lab.yaml:11: east/pod/a is Pending: {NOWHERE}"],
        ),
        (
            [pod(name, spec=WINDOWS) for name in "abcde"],
            [f"lab.yaml:11: east/pod/a, east/pod/b, east/pod/c and 2 more are Pending: {NOWHERE}"],
        ),
        (
            [pod("a", spec="nodeName: n2")],
            [
                "lab.yaml:11: east/pod/a is bound to node n2, which east does not have;"
                " there are: n1"
            ],
        ),
        (
            [pod(name, spec=f"nodeName: {name}") for name in "abcd"],
            [
                "lab.yaml:11: east/pod/a (a), east/pod/b (b), east/pod/c (c) and 1 more are bound"
                " to nodes that east does not have"
            ],
        ),
        (
            [pod(name, spec="hostNetwork: true, nodeName: n1") for name in "abc"],
            [
                "lab.yaml:16: east/pod/b, east/pod/c have ended: Failed (NodePorts:"
                " node(s) didn't have free ports for the requested pod ports)"
            ],
        ),
        (
            [workload("DaemonSet", "web", spec=WINDOWS)],
            [f"lab.yaml:15: east/daemonset/web runs on no node: {UNFIT}"],
        ),
        (
            [workload("DaemonSet", "web", spec="nodeName: other")],
            [
                "lab.yaml:15: east/daemonset/web runs on no node:"
                " 1 node(s) didn't match the requested node name"
            ],
        ),
        ([workload("DaemonSet", "web")], []),
        ([workload("Deployment", "web", 0, spec=WINDOWS)], []),
    ],
)
def test_pods_that_do_not_run_are_folded(objects: list[str], warnings: list[str]) -> None:
    assert list(topology(*objects, clusters=("{name: east}",)).warnings) == warnings
