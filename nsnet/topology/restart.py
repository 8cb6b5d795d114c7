"""Pods that restart: they are removed from their Services' endpoints before they are recreated."""

from collections.abc import Collection
from dataclasses import replace

from nsnet.errors import UsageError
from nsnet.topology.model import Cluster, Pod, Topology
from nsnet.topology.references import expand

RESTARTED = ("pod", "deploy", "statefulset")


def pods_to_restart(topology: Topology, reference: str) -> tuple[Pod, ...]:
    """Return the pod that the reference names, or all pods of the workload. Raises UsageError."""
    kind = reference.split("/")[-2] if "/" in reference else ""
    if kind not in RESTARTED:
        raise UsageError(
            f"{reference}: only {', '.join(RESTARTED)} can be restarted, as in east/pod/web-0"
        )
    wanted = expand(topology, reference)
    found = tuple(each for each in _pods(topology) if each.reference in wanted)
    for each in found:
        if each.host_network:
            raise UsageError(
                f"{each.reference} is on the host network: its address is its node's,"
                " which a restart does not change"
            )
    return found


def replaced_pods(old: Topology, new: Topology) -> frozenset[str]:
    """Return the references of the pods that have different addresses in the two labs."""
    before = {each.netns: each.addresses for each in _pods(old) if not each.host_network}
    return frozenset(
        each.reference
        for each in _pods(new)
        if before.get(each.netns, each.addresses) != each.addresses
    )


def without_pods(topology: Topology, pods: Collection[str]) -> Topology:
    """Return the lab without these pods and their endpoints."""
    if not pods:
        return topology
    clusters = tuple(_without(each, pods) for each in topology.clusters)
    return replace(topology, clusters=clusters)


def _without(cluster: Cluster, pods: Collection[str]) -> Cluster:
    services = tuple(
        replace(
            service,
            ports=tuple(
                replace(
                    port,
                    endpoints=tuple(end for end in port.endpoints if end.reference not in pods),
                )
                for port in service.ports
            ),
        )
        for service in cluster.services
    )
    stay = tuple(each for each in cluster.pods if each.reference not in pods)
    return replace(cluster, pods=stay, services=services)


def _pods(topology: Topology) -> list[Pod]:
    return [each for cluster in topology.clusters for each in cluster.pods]
