"""What references name: clusters, nodes, pods, Services, workloads, gateways, external hosts."""

from collections.abc import Iterable
from typing import TypeVar

from nsnet.text import did_you_mean
from nsnet.topology.model import (
    CLUSTERSET,
    AbsentPod,
    Cluster,
    ClusterSetService,
    External,
    Firewall,
    Gateway,
    Machine,
    Node,
    Pod,
    Service,
    Topology,
    VNet,
)
from nsnet.topology.notation import Parts, UnknownReferenceError

_Namespaced = TypeVar("_Namespaced", Pod | AbsentPod, Service, ClusterSetService)


def find_cluster(topology: Topology, reference: str, parts: Parts) -> Cluster:
    """Return the cluster that the reference names, or the only cluster if it names none.

    Raises UnknownReferenceError.
    """
    names = [cluster.name for cluster in topology.clusters]
    if not parts.cluster and len(names) == 1:
        return topology.clusters[0]
    if not parts.cluster:
        raise UnknownReferenceError(f"{reference}: needs the name of a cluster: {', '.join(names)}")
    for cluster in topology.clusters:
        if cluster.name == parts.cluster:
            return cluster
    near = did_you_mean(parts.cluster, names)
    raise UnknownReferenceError(f"{reference}: there is no cluster {parts.cluster}; {near}")


def find_node(topology: Topology, reference: str, parts: Parts) -> tuple[Cluster, Node]:
    """Return the node and its cluster. Raises UnknownReferenceError."""
    cluster = find_cluster(topology, reference, parts)
    for node in cluster.nodes:
        if node.name == parts.name:
            return cluster, node
    near = did_you_mean(parts.name, [node.name for node in cluster.nodes])
    raise UnknownReferenceError(f"{reference}: {cluster.name} has no node {parts.name}; {near}")


def find_pod(topology: Topology, reference: str, parts: Parts) -> tuple[Cluster, Pod]:
    """Return the pod and its cluster. Raises UnknownReferenceError, also if it does not run."""
    cluster = find_cluster(topology, reference, parts)
    named: tuple[Pod | AbsentPod, ...] = (*cluster.pods, *cluster.absent)
    found = _named(cluster.name, named, "pod", parts.name, reference)
    if isinstance(found, AbsentPod):
        raise UnknownReferenceError(f"{reference}: {found.why}")
    return cluster, found


def find_service(topology: Topology, reference: str, parts: Parts) -> tuple[Cluster, Service]:
    """Return the Service and its cluster. Raises UnknownReferenceError."""
    cluster = find_cluster(topology, reference, parts)
    return cluster, _named(cluster.name, cluster.services, "Service", parts.name, reference)


def find_clusterset_service(topology: Topology, reference: str, parts: Parts) -> ClusterSetService:
    """Return the Service of several clusters. Raises UnknownReferenceError."""
    return _named(CLUSTERSET, topology.clusterset, "exported Service", parts.name, reference)


def find_workload_pods(topology: Topology, reference: str, parts: Parts) -> tuple[Pod, ...]:
    """Return the pods of the workload that run. There may be none.

    Raises UnknownReferenceError, also if it has pods but none runs.
    """
    cluster = find_cluster(topology, reference, parts)
    workload = f"{cluster.name}/{parts.kind}/{parts.name.removesuffix('.default')}"
    if workload not in cluster.workloads:
        near = did_you_mean(workload, cluster.workloads)
        raise UnknownReferenceError(
            f"{reference}: {cluster.name} has no {parts.kind} {parts.name}; {near}"
        )
    running = tuple(pod for pod in cluster.pods if pod.workload == workload)
    absent = [each for each in cluster.absent if each.workload == workload]
    if absent and not running:
        raise UnknownReferenceError(f"{reference}: {absent[0].reference} {absent[0].why}")
    return running


def find_gateways(topology: Topology, reference: str, parts: Parts) -> tuple[Gateway, ...]:
    """Return the gateway of the cluster, or of the clusters that share it, with both replicas.

    A reference with a number, such as east/gateway/1, names only one replica. Raises
    UnknownReferenceError.
    """
    every = {one.reference: one for each in topology.clusters for one in each.gateways}
    shared = f"{parts.cluster}/gateway"
    named = f"{shared}/{parts.name}" if parts.name else shared
    found = [each for name, each in every.items() if name in (named, f"{named}/1", f"{named}/2")]
    if not found and not parts.name and "," not in parts.cluster:
        cluster = find_cluster(topology, reference, parts)
        found = list(cluster.gateways)  # this cluster is one of several that share it
        if not found:
            raise UnknownReferenceError(f"{reference}: {cluster.name} has no gateway")
    if not found:
        shared_by = "," in parts.cluster
        what = "these clusters share no gateway" if shared_by else "there is no such gateway"
        raise UnknownReferenceError(f"{reference}: {what}; {did_you_mean(named, list(every))}")
    return tuple(found)


def find_external(topology: Topology, reference: str, parts: Parts) -> External:
    """Return the external host. Raises UnknownReferenceError."""
    for external in topology.externals:
        if external.name == parts.name:
            return external
    near = did_you_mean(parts.name, [external.name for external in topology.externals])
    raise UnknownReferenceError(f"{reference}: there is no external {parts.name}; {near}")


def find_vnet(topology: Topology, reference: str, parts: Parts) -> VNet:
    """Return the VNet. Raises UnknownReferenceError."""
    for vnet in topology.vnets:
        if vnet.name == parts.name:
            return vnet
    near = did_you_mean(parts.name, [vnet.name for vnet in topology.vnets])
    raise UnknownReferenceError(f"{reference}: there is no VNet {parts.name}; {near}")


def find_machine(topology: Topology, reference: str, parts: Parts) -> Machine:
    """Return the machine in a VNet. Raises UnknownReferenceError."""
    machines = [machine for vnet in topology.vnets for machine in vnet.machines]
    for machine in machines:
        if machine.name == parts.name:
            return machine
    near = did_you_mean(parts.name, [machine.name for machine in machines])
    raise UnknownReferenceError(f"{reference}: there is no machine {parts.name}; {near}")


def find_firewall(topology: Topology, reference: str, parts: Parts) -> Firewall:
    """Return the firewall of a VNet. Raises UnknownReferenceError."""
    firewalls = [firewall for vnet in topology.vnets for firewall in vnet.firewalls]
    for firewall in firewalls:
        if firewall.name == parts.name:
            return firewall
    near = did_you_mean(parts.name, [firewall.name for firewall in firewalls])
    raise UnknownReferenceError(f"{reference}: there is no firewall {parts.name}; {near}")


def _named(
    cluster: str, things: Iterable[_Namespaced], word: str, name: str, reference: str
) -> _Namespaced:
    """Return the pod or Service that a reference calls NAME or NAME.NAMESPACE.

    NAME may contain dots, so several may fit. The longest NAME is preferred. Raises
    UnknownReferenceError.
    """
    by_name = {(each.name, each.namespace): each for each in things}
    if (name, "default") in by_name:
        return by_name[name, "default"]
    for dot in reversed([index for index, letter in enumerate(name) if letter == "."]):
        if (name[:dot], name[dot + 1 :]) in by_name:
            return by_name[name[:dot], name[dot + 1 :]]
    near = did_you_mean(name, [each.reference.rsplit("/", 1)[-1] for each in by_name.values()])
    raise UnknownReferenceError(f"{reference}: {cluster} has no {word} {name}; {near}")
