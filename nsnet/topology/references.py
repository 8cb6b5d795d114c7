"""What references stand for: a network namespace, or the pods of a workload or Service."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from nsnet.ip import IPAddress, ips_of
from nsnet.state.namespaces import Role
from nsnet.topology.balancing import ready_else_terminating
from nsnet.topology.lookup import (
    find_clusterset_service,
    find_external,
    find_firewall,
    find_gateways,
    find_machine,
    find_node,
    find_pod,
    find_service,
    find_vnet,
    find_workload_pods,
)
from nsnet.topology.model import (
    CLUSTERSET,
    FABRIC,
    Cluster,
    ClusterSetService,
    Gateway,
    Pod,
    ServicePort,
    Topology,
)
from nsnet.topology.notation import UnknownReferenceError, split


@dataclass(frozen=True, slots=True)
class Location:
    """A network namespace of the lab, where packets can be sent from and commands run."""

    netns: str
    reference: str
    role: Role
    addresses: tuple[IPAddress, ...]  # also virtual and exported ones, which no link may hold
    cluster: str = ""  # "": outside every cluster, or between several
    node: str = ""  # the name of its node; "": it is no node and no pod


def locate(topology: Topology, reference: str) -> Location:
    """Return the network namespace that a reference names. Raises UnknownReferenceError."""
    parts = split(reference)
    if parts.port:
        message = f"{reference}: a port is not allowed here; remove :{parts.port}"
        raise UnknownReferenceError(message)
    match parts.kind:
        case "fabric":
            return _of_fabric(topology)
        case "external":
            external = find_external(topology, reference, parts)
            return Location(
                netns=external.netns,
                reference=external.reference,
                role=Role.EXTERNAL,
                addresses=(external.address,),
            )
        case "vm":
            machine = find_machine(topology, reference, parts)
            return Location(
                netns=machine.netns,
                reference=machine.reference,
                role=Role.MACHINE,
                addresses=(machine.address.ip,),
            )
        case "vnet":
            vnet = find_vnet(topology, reference, parts)
            return Location(
                netns=vnet.netns,
                reference=vnet.reference,
                role=Role.VNET,
                addresses=(
                    *(each.router.ip for each in vnet.subnets),
                    *topology.public_addresses(vnet),
                ),
            )
        case "firewall":
            firewall = find_firewall(topology, reference, parts)
            return Location(
                netns=firewall.netns,
                reference=firewall.reference,
                role=Role.FIREWALL,
                addresses=(firewall.address.ip, firewall.outside.ip),
            )
        case "gateway":
            return _of_gateway(topology, find_gateways(topology, reference, parts)[0])
        case "node":
            cluster, node = find_node(topology, reference, parts)
            return Location(
                netns=node.netns,
                reference=node.reference,
                role=Role.NODE,
                addresses=ips_of(node.all_addresses),
                cluster=cluster.name,
                node=node.name,
            )
        case "pod":
            return _of_pod(*find_pod(topology, reference, parts))
        case _:
            raise UnknownReferenceError(
                f"{reference}: has no network namespace;"
                " name a pod, node, gateway, machine, VNet, firewall, external host or the fabric"
            )


def all_locations(topology: Topology) -> Iterator[Location]:
    """Yield every network namespace of the lab except that of the servers, in creation order."""
    pods = {
        pod.netns: _of_pod(cluster, pod)
        for cluster in topology.clusters
        for pod in cluster.pods
        if not pod.host_network
    }
    for netns, reference, role in topology.namespaces():
        if netns in pods:
            yield pods[netns]
        elif role is not Role.SERVERS:
            yield locate(topology, reference)


def expand(topology: Topology, reference: str) -> frozenset[str]:
    """Return the references of everything that this reference stands for.

    A workload stands for its pods, a Service for the endpoints that get new connections, and a
    gateway for its replicas. Any other reference stands for itself. Raises UnknownReferenceError.
    """
    parts = split(reference)
    match parts.kind:
        case "deploy" | "statefulset":
            pods = find_workload_pods(topology, reference, parts)
            return frozenset(pod.reference for pod in pods)
        case "svc" if parts.cluster == CLUSTERSET:
            return servers_of(topology, find_clusterset_service(topology, reference, parts))
        case "svc" | "lb":
            _, service = find_service(topology, reference, parts)
            return endpoints_of(service.ports)
        case "address":
            return frozenset({parts.name})
        case "gateway" if not parts.port:
            found = find_gateways(topology, reference, parts)
            return frozenset(each.reference for each in found)
        case _:
            return frozenset({locate(topology, reference).reference})


def endpoints_of(ports: Iterable[ServicePort]) -> frozenset[str]:
    """Return the references of the endpoints that get new connections to any of these ports."""
    return frozenset(
        each.reference for port in ports for each in ready_else_terminating(port.endpoints)
    )


def servers_of(topology: Topology, each: ClusterSetService) -> frozenset[str]:
    """Return the references of the endpoints behind a Service of several clusters: those of the
    flat clusters' ports that are merged, and those of each island's own Service."""
    islands = {one.service for one in each.exporters if not one.is_flat}
    services = (service for cluster in topology.clusters for service in cluster.services)
    own = (port for service in services if service.reference in islands for port in service.ports)
    return endpoints_of((*each.ports, *own))


def _of_fabric(topology: Topology) -> Location:
    # The fabric is the default gateway of nodes in clusters that have no gateway.
    routers = [
        address
        for cluster in topology.clusters
        if cluster.is_on_fabric
        for address in ips_of(cluster.routers)
    ]
    return Location(
        netns=topology.fabric_netns,
        reference=FABRIC,
        role=Role.FABRIC,
        addresses=(*ips_of(topology.fabric), *routers),
    )


def _of_gateway(topology: Topology, gateway: Gateway) -> Location:
    behind = topology.behind(gateway)
    inside = [end for _, each in topology.attachments(gateway) for end in each.addresses]
    exported = [ip for each in behind for service in each.services for ip in service.exported]
    return Location(
        netns=gateway.netns,
        reference=gateway.reference,
        role=Role.GATEWAY,
        addresses=(*ips_of((*inside, *gateway.outside)), *exported),
        cluster=behind[0].name if len(behind) == 1 else "",
    )


def _of_pod(cluster: Cluster, pod: Pod) -> Location:
    return Location(
        netns=pod.netns,
        reference=pod.reference,
        role=Role.NODE if pod.host_network else Role.POD,
        addresses=(*pod.addresses, *cluster.virtual(pod.addresses)),
        cluster=cluster.name,
        node=pod.node,
    )
