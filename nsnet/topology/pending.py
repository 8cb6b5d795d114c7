"""Warnings about pods that do not run, and about their ports that nsnet does not open."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from nsnet.scenario.kubernetes import Workload
from nsnet.scenario.model import Manifest
from nsnet.topology.fitting import daemon_misfit
from nsnet.topology.model import Node, reference_of
from nsnet.topology.scheduling import Unscheduled, histogram, host_ports
from nsnet.topology.unplaced import UnplacedPod

MOST_NAMED: Final = 3
_PLURAL: Final = {"is": "are", "has": "have"}


def unscheduled_warnings(
    cluster: str, pods: Sequence[UnplacedPod], found: Sequence[Unscheduled]
) -> Iterator[str]:
    """Yield a warning for the pods of each workload that do not run, and for others by reason."""
    replicas = Counter(each.workload for each in pods)
    alike: dict[tuple[bool, str], list[Unscheduled]] = {}
    for each in found:
        homeless = bool(each.node)
        key = "" if homeless else each.pod.workload or each.why
        alike.setdefault((homeless, key), []).append(each)
    for (homeless, _), same in alike.items():
        pod, why = same[0].pod, same[0].why
        verb, _, rest = why.partition(" ")
        verb = verb if len(same) == 1 else _PLURAL[verb]
        path = f"{pod.path}.nodeName" if homeless else pod.path
        if homeless and len(same) > 1:
            who = _listed([f"{each.pod.reference} ({each.node})" for each in same])
            rest = f"bound to nodes that {cluster} does not have"
        elif pod.workload and not homeless:
            who = f"{len(same)} of {replicas[pod.workload]} pods of {pod.workload}"
        else:
            who = _listed([each.pod.reference for each in same])
        yield f"{_place(pod.manifest, path)}: {who} {verb} {rest}"


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
                    place = _place(manifest, "spec.template.spec")
                    yield f"{place}: {name} runs on no node: {histogram(reasons)}"


def host_port_warnings(pods: Sequence[UnplacedPod]) -> Iterator[str]:
    """Yield one warning for all hostPorts that nsnet does not open on the nodes."""
    closed: dict[str, UnplacedPod] = {}
    for pod in pods:
        if not pod.spec.host_network and host_ports(pod.spec):
            closed.setdefault(pod.workload or pod.reference, pod)
    if closed:
        first = next(iter(closed.values()))
        place = _place(first.manifest, f"{first.path}.containers")
        yield f"{place}: hostPort opens no port of a node in a lab: {_listed([*closed])}"


def _place(manifest: Manifest, path: str) -> str:
    at = manifest.problem(path, "")
    return f"{at.file}:{at.line}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
