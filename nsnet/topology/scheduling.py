"""The node of each pod."""

from collections.abc import Iterator, Sequence

from nsnet.errors import Problem
from nsnet.scenario.kubernetes import PodSpec
from nsnet.topology.assignment import Assignment
from nsnet.topology.model import Node
from nsnet.topology.unplaced import UnplacedPod


def place_pods(
    cluster: str, pods: Sequence[UnplacedPod], nodes: Sequence[Node], keep: Assignment
) -> Iterator[tuple[UnplacedPod, Node] | Problem]:
    """Yield each pod with its node, sorted by namespace and name, or a problem if no node fits.

    Pods without a nodeName are placed in turn on the nodes that their nodeSelector matches. A pod
    that already runs stays on its node, unless nodeName sets another one.
    """
    by_name = {node.name: node for node in nodes}
    turn = 0
    for pod in sorted(pods, key=lambda pod: (pod.namespace, pod.name)):
        fitting = [node for node in nodes if fits(pod.spec, node)]
        if pod.node and pod.node not in by_name:
            known = ", ".join(by_name)
            message = f"{cluster} has no node {pod.node}; it has {known}"
            yield pod.manifest.problem(f"{pod.path}.nodeName", message)
        elif pod.node:
            yield pod, by_name[pod.node]
        elif not fitting:
            yield pod.manifest.problem(f"{pod.path}.nodeSelector", f"matches no node of {cluster}")
        else:
            choice = fitting[turn % len(fitting)]
            turn += 1
            yield pod, by_name.get(keep.nodes.get(pod.reference, ""), choice)


def fits(spec: PodSpec, node: Node) -> bool:
    """Return whether the node has every label of the nodeSelector."""
    return spec.node_selector.items() <= node.labels.items()
