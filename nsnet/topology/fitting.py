"""Which nodes fit a pod by their names, labels and taints.

Source: kubernetes/pkg/scheduler/framework/plugins/{nodeunschedulable,tainttoleration,nodeaffinity}
and kubernetes/pkg/controller/daemon, v1.32.
"""

from collections.abc import Collection, Sequence
from typing import Final

from nsnet.scenario.kubernetes import PodSpec, Toleration
from nsnet.topology.declared_nodes import UNSCHEDULABLE
from nsnet.topology.model import Node, Taint

AFFINITY: Final = "node(s) didn't match Pod's node affinity/selector"
NEW_PODS: Final = ("NoSchedule", "NoExecute")  # effects that keep new pods away
# The taints that the pods of a DaemonSet tolerate, with their effects.
OF_DAEMONS: Final = tuple(
    Toleration(key=f"node.kubernetes.io/{key}", operator="Exists", effect=effect)
    for key, effect in (
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    )
)
# The tolerations that admission adds to every pod, with effect NoExecute for five minutes.
# Source: kubernetes/plugin/pkg/admission/defaulttolerationseconds.
OF_ALL: Final = OF_DAEMONS[:2]
OF_HOST_NETWORK_DAEMONS: Final = Toleration(
    key="node.kubernetes.io/network-unavailable", operator="Exists", effect="NoSchedule"
)


def misfit(spec: PodSpec, node: Node) -> str:
    """Return why the scheduler does not consider the node for such a pod, in its words, or ""."""
    return _misfit(spec, spec.tolerations, node)


def daemon_misfit(spec: PodSpec, node: Node) -> str:
    """Return why a DaemonSet does not create such a pod for the node, or "" if it does."""
    if spec.node_name not in ("", node.name):
        return "node(s) didn't match the requested node name"
    automatic = (*OF_DAEMONS, *((OF_HOST_NETWORK_DAEMONS,) if spec.host_network else ()))
    return _misfit(spec, (*spec.tolerations, *automatic), node)


def _misfit(spec: PodSpec, tolerations: Sequence[Toleration], node: Node) -> str:
    taint = untolerated(tolerations, node, NEW_PODS)
    if taint == UNSCHEDULABLE:
        return "node(s) were unschedulable"
    if taint is not None:
        return f"node(s) had untolerated taint {{{taint.key}: {taint.value}}}"
    return "" if matches_affinity(spec, node) else AFFINITY


def matches_affinity(spec: PodSpec, node: Node) -> bool:
    """Return whether the node matches the nodeSelector and the required node affinity."""
    required = spec.affinity.node_affinity.required
    return spec.node_selector.items() <= node.labels.items() and (
        required is None
        or any(each.matches(node.name, node.labels) for each in required.node_selector_terms)
    )


def untolerated(
    tolerations: Sequence[Toleration], node: Node, effects: Collection[str]
) -> Taint | None:
    """Return the node's first taint of these effects that none of the tolerations tolerates."""
    for taint in node.taints:
        if taint.effect in effects and not any(
            each.tolerates(taint.key, taint.value, taint.effect) for each in (*tolerations, *OF_ALL)
        ):
            return taint
    return None
