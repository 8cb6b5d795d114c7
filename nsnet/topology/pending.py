"""Warnings about pods that do not run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from nsnet.scenario.kubernetes import Workload
from nsnet.scenario.model import Manifest
from nsnet.text import some_of
from nsnet.topology.fitting import daemon_misfit
from nsnet.topology.model import Node, reference_of
from nsnet.topology.scheduling import Unscheduled, histogram
from nsnet.topology.unplaced import UnplacedPod

_PLURAL: Final = {"is": "are", "has": "have"}


def unscheduled_warnings(
    cluster: str, pods: Sequence[UnplacedPod], found: Sequence[Unscheduled]
) -> Iterator[str]:
    """Yield a warning for the pods of each workload that do not run, and for others by reason."""
    replicas = Counter(each.workload for each in pods)
    alike: dict[tuple[bool, str], list[Unscheduled]] = {}
    for each in found:
        has_unknown_node = bool(each.node)
        key = "" if has_unknown_node else each.pod.workload or each.why
        alike.setdefault((has_unknown_node, key), []).append(each)
    for (has_unknown_node, _), same in alike.items():
        pod, why = same[0].pod, same[0].why
        verb, _, rest = why.partition(" ")
        verb = verb if len(same) == 1 else _PLURAL[verb]
        path = f"{pod.path}.nodeName" if has_unknown_node else pod.path
        if has_unknown_node and len(same) > 1:
            those = some_of([f"{each.pod.reference} ({each.node})" for each in same])
            rest = f"bound to nodes that {cluster} does not have"
        elif pod.workload and not has_unknown_node:
            those = f"{len(same)} of {replicas[pod.workload]} pods of {pod.workload}"
        else:
            those = some_of([each.pod.reference for each in same])
        yield pod.manifest.warning(path, f"{those} {verb} {rest}")


def idle_daemon_sets(
    cluster: str, manifests: Sequence[Manifest], nodes: Sequence[Node]
) -> Iterator[str]:
    """Yield a warning for each DaemonSet that runs on no node."""
    for manifest in manifests:
        match manifest.object:
            case Workload(kind="DaemonSet") as daemons:
                spec = daemons.spec.template.spec
                reasons = Counter(daemon_misfit(spec, node) for node in nodes)
                if not reasons[""]:
                    meta = daemons.metadata
                    name = reference_of(cluster, "daemonset", meta.name, meta.namespace)
                    message = f"{name} runs on no node: {histogram(reasons)}"
                    yield manifest.warning("spec.template.spec", message)
