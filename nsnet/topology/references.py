"""References: how a scenario, a command or a test names a place in the lab (scenario.md,
"References").
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import TypeVar

from nsnet.ip import IPAddress, IPNetwork, Protocol, ips_of, of_family
from nsnet.state.namespaces import Role
from nsnet.text import did_you_mean
from nsnet.topology.balancing import ready_else_terminating
from nsnet.topology.model import (
    FABRIC,
    Cluster,
    External,
    Gateway,
    Pod,
    Service,
    ServicePort,
    Topology,
)
from nsnet.topology.notation import Parts, UnknownReferenceError, split

T = TypeVar("T", Pod, Service)


@dataclass(frozen=True, slots=True)
class Location:
    """Somewhere packets can be sent from, and commands run."""

    netns: str
    reference: str
    role: Role
    addresses: tuple[IPAddress, ...]
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a probe goes: an address, a port, and who may answer (None: who has the address)."""

    address: IPAddress
    port: int | None = None
    servers: frozenset[str] | None = None


def locate(topology: Topology, reference: str) -> Location:
    """The namespace that a reference stands for. Raises UnknownReferenceError."""
    parts = split(reference)
    if parts.port:
        raise UnknownReferenceError(f"{reference}: a place has no port here")
    match parts.kind:
        case "fabric":
            addresses = ips_of(topology.fabric)
            inner = [each for cluster in topology.clusters for each in _fabric_side(cluster)]
            return Location(topology.fabric_netns, FABRIC, Role.FABRIC, (*addresses, *inner))
        case "external":
            external = _external(topology, reference, parts.name)
            return Location(external.netns, external.reference, Role.EXTERNAL, (external.address,))
        case "gateway":
            gateway = _gateways(topology, reference, parts)[0]
            behind = topology.behind(gateway)
            inside = [end for _, each in topology.attachments(gateway) for end in each.addresses]
            held = (*ips_of((*inside, *gateway.outside)), *_exported(behind))
            near = behind[0].name if len(behind) == 1 else ""
            return Location(gateway.netns, gateway.reference, Role.GATEWAY, held, near)
        case "node":
            cluster = _cluster(topology, reference, parts.cluster)
            names = [node.name for node in cluster.nodes]
            if parts.name not in names:
                raise UnknownReferenceError(
                    f"{reference}: {cluster.name} has no node {parts.name}"
                    f"; {did_you_mean(parts.name, names)}"
                )
            node = cluster.node(parts.name)
            held = ips_of(node.all_addresses)
            return Location(node.netns, node.reference, Role.NODE, held, cluster.name)
        case "pod":
            cluster = _cluster(topology, reference, parts.cluster)
            return _of_pod(cluster, _named(cluster, cluster.pods, "pod", parts.name, reference))
        case _:
            raise UnknownReferenceError(
                f"{reference}: has no network namespace;"
                " name a pod, node, gateway, external host or the fabric"
            )


def all_locations(topology: Topology) -> Iterator[Location]:
    """Yield every place that packets can come from, in creation order."""
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


def _of_pod(cluster: Cluster, pod: Pod) -> Location:
    held = (*pod.addresses, *cluster.virtual(pod.addresses))
    role = Role.NODE if pod.host_network else Role.POD
    return Location(pod.netns, pod.reference, role, held, cluster.name)


def find_destination(
    topology: Topology, reference: str, source: Location, protocol: Protocol = Protocol.TCP
) -> Destination:
    """What a client standing at `source` would address. Raises UnknownReferenceError."""
    parts = split(reference)
    destination, named_ports = _destination(topology, reference, parts, source, protocol)
    version = destination.address.version
    if source.addresses and of_family(source.addresses, version) is None:
        here = source.reference
        raise UnknownReferenceError(f"{reference}: is IPv{version}, and {here} has no such address")
    if destination.address in _meant_for_nobody(topology):
        raise UnknownReferenceError(f"{reference}: is the broadcast address of its range")
    if protocol is Protocol.ICMP:
        return replace(destination, port=None)
    if not parts.port:
        raise UnknownReferenceError(f"{reference}: {protocol} needs a port, as in {reference}:80")
    if parts.port.isdigit() and 0 < int(parts.port) < 65536:
        return replace(destination, port=int(parts.port))
    if parts.port not in named_ports:
        known = ", ".join(name for name in named_ports if name) or "none"
        raise UnknownReferenceError(
            f"{reference}: no port is named {parts.port}; named ports: {known}"
        )
    return replace(destination, port=named_ports[parts.port])


def expand(topology: Topology, reference: str) -> frozenset[str]:
    """Who a reference stands for: the pods of a workload, the ready endpoints of a Service, the
    replicas of a gateway, or itself."""
    parts = split(reference)
    if parts.kind in ("deploy", "statefulset"):
        cluster = _cluster(topology, reference, parts.cluster)
        wanted = f"{cluster.name}/{parts.kind}/{parts.name.removesuffix('.default')}"
        if wanted not in cluster.workloads:
            near = did_you_mean(wanted, cluster.workloads)
            raise UnknownReferenceError(
                f"{reference}: {cluster.name} has none of this name; {near}"
            )
        return frozenset(pod.reference for pod in cluster.pods if pod.workload == wanted)
    if parts.kind in ("svc", "lb"):
        cluster = _cluster(topology, reference, parts.cluster)
        service = _named(cluster, cluster.services, "svc", parts.name, reference)
        return _endpoints(service.ports)
    if parts.kind == "address":
        return frozenset({parts.name})
    if parts.kind == "gateway" and not parts.port:
        return frozenset(each.reference for each in _gateways(topology, reference, parts))
    return frozenset({locate(topology, reference).reference})


def _destination(
    topology: Topology, reference: str, parts: Parts, source: Location, protocol: Protocol
) -> tuple[Destination, dict[str, int]]:
    match parts.kind:
        case "address":
            return Destination(_unicast(reference, parts.name)), {}
        case "svc" | "lb":
            cluster = _cluster(topology, reference, parts.cluster)
            service = _named(cluster, cluster.services, "svc", parts.name, reference)
            held = (
                _balanced(reference, service, cluster)
                if parts.kind == "lb"
                else _service_addresses(reference, service, cluster, source)
            )
            ports = {port.name: port.port for port in service.ports}
            return Destination(_reachable(held, source), servers=_endpoints(service.ports)), ports
        case "pod":
            cluster = _cluster(topology, reference, parts.cluster)
            pod = _named(cluster, cluster.pods, "pod", parts.name, reference)
            ports = {port.name: port.port for port in pod.ports}
            # On the host's network it is the node that answers a ping.
            host = {cluster.node(pod.node).reference} if pod.host_network else set()
            servers = frozenset({pod.reference, *host})
            virtual = cluster.virtual(pod.addresses) if source.cluster != cluster.name else ()
            held = virtual or pod.addresses
            return Destination(_reachable(held, source), servers=servers), ports
        case "gateway":
            gateway = _gateways(topology, reference, parts)[0]
            near = [
                each.addresses
                for cluster, each in topology.attachments(gateway)
                if cluster.name == source.cluster
            ]
            held = ips_of(near[0] if near else gateway.outside)
            servers = frozenset({gateway.reference})
            return Destination(_reachable(held, source), servers=servers), {}
        case "external":
            external = _external(topology, reference, parts.name)
            return Destination(external.address, servers=frozenset({external.reference})), {}
        case "node" | "fabric":
            place = locate(topology, reference.partition(":")[0])
            behind = _behind_node_port(topology, place, parts.port, protocol)
            servers = frozenset({place.reference, *_on_network_of(topology, place), *behind})
            return Destination(_reachable(place.addresses, source), servers=servers), {}
        case _:
            raise UnknownReferenceError(
                f"{reference}: packets cannot be sent to a {parts.kind}; name its Service or a pod"
            )


def _unicast(reference: str, written: str) -> IPAddress:
    address = ip_address(written)
    nobody = address.is_multicast or address.is_unspecified or written == "255.255.255.255"
    if nobody or (address.version == 6 and address.is_link_local):
        raise UnknownReferenceError(f"{reference}: is not the address of one host")
    return address


def _on_network_of(topology: Topology, place: Location) -> frozenset[str]:
    """The pods that share a node's network."""
    pods = (pod for cluster in topology.clusters for pod in cluster.pods)
    return frozenset(pod.reference for pod in pods if pod.host_network and pod.netns == place.netns)


def _meant_for_nobody(topology: Topology) -> frozenset[IPAddress]:
    """Addresses at the end of a range (IPv6: at its start), which mean all of it, or any router."""
    ends = [_end(each.network) for each in topology.fabric]
    for cluster in topology.clusters:
        pods = [_end(each) for node in cluster.nodes for each in node.pod_cidrs]
        ends += [*map(_end, cluster.node_cidrs), *pods, *cluster.virtual(pods)]
    return frozenset(ends)


def _end(network: IPNetwork) -> IPAddress:
    return network[-1] if network.version == 4 else network[0]


def _behind_node_port(
    topology: Topology, node: Location, port: str, protocol: Protocol
) -> frozenset[str]:
    """The endpoints of the Service whose NodePort this is: they answer as right as the node."""
    return _endpoints(
        each
        for cluster in topology.clusters
        if cluster.name == node.cluster
        for service in cluster.services
        for each in service.ports
        if (str(each.node_port), each.protocol) == (port, protocol)
    )


def _service_addresses(
    reference: str, service: Service, cluster: Cluster, source: Location
) -> tuple[IPAddress, ...]:
    """What a client standing there would address."""
    _refuse_alias(reference, service)
    if source.cluster == cluster.name:
        if not service.addresses:
            raise UnknownReferenceError(
                f"{reference}: has no address of its own (headless); name one of its pods"
            )
        return service.addresses
    if source.cluster:
        if not service.exported:
            raise UnknownReferenceError(
                f"{reference}: is not exported, so it has no address outside {cluster.name}"
                " (a ServiceExport gives it one)"
            )
        return service.exported
    outside = service.load_balancer_ips or service.exported
    if not outside:
        raise UnknownReferenceError(
            f"{reference}: has no address outside {cluster.name}"
            " (type: LoadBalancer or a ServiceExport gives it one)"
        )
    return outside


def _balanced(reference: str, service: Service, cluster: Cluster) -> tuple[IPAddress, ...]:
    """The addresses of its load balancer, from anywhere."""
    _refuse_alias(reference, service)
    if service.load_balancer_ips:
        return service.load_balancer_ips
    if service.type != "LoadBalancer":
        why = f"it is of type {service.type}"
    elif cluster.model == "isolated":
        why = f"{cluster.name} is isolated"
    else:
        status = "its status has none that a node knows (only a hostname, or ipMode: Proxy)"
        why = f"{status}, or fabricCIDR lacks its family"
    raise UnknownReferenceError(f"{reference}: has no load-balancer address here: {why}")


def _refuse_alias(reference: str, service: Service) -> None:
    if service.type == "ExternalName":
        raise UnknownReferenceError(
            f"{reference}: is only another name (ExternalName) for {service.external_name},"
            " it has no address"
        )


def _endpoints(ports: Iterable[ServicePort]) -> frozenset[str]:
    """Return the references of the endpoints that may answer at any of these ports."""
    return frozenset(
        each.reference for port in ports for each in ready_else_terminating(port.endpoints)
    )


def _reachable(addresses: Sequence[IPAddress], source: Location) -> IPAddress:
    """The first address of a family that the source has, too."""
    for address in addresses:
        if of_family(source.addresses, address.version) is not None:
            return address
    return addresses[0]


def _cluster(topology: Topology, reference: str, name: str) -> Cluster:
    names = [cluster.name for cluster in topology.clusters]
    if not name and len(names) == 1:
        return topology.clusters[0]
    if not name:
        raise UnknownReferenceError(f"{reference}: say of which cluster: {', '.join(names)}")
    for cluster in topology.clusters:
        if cluster.name == name:
            return cluster
    raise UnknownReferenceError(
        f"{reference}: there is no cluster {name}; {did_you_mean(name, names)}"
    )


def _gateways(topology: Topology, reference: str, parts: Parts) -> list[Gateway]:
    """Return the gateway of this cluster, or of these: each replica of it, or the one named."""
    every = {one.reference: one for each in topology.clusters for one in each.gateways}
    written = f"{parts.cluster}/gateway"
    named = f"{written}/{parts.name}" if parts.name else written
    found = [each for name, each in every.items() if name in (named, f"{named}/1", f"{named}/2")]
    if not found and not parts.name and "," not in parts.cluster:
        cluster = _cluster(topology, reference, parts.cluster)
        found = list(cluster.gateways)  # by one of those that share it
        if not found:
            raise UnknownReferenceError(f"{reference}: {cluster.name} has no gateway")
    if not found:
        what = "these share no gateway" if "," in parts.cluster else "there is no such gateway"
        raise UnknownReferenceError(f"{reference}: {what}; {did_you_mean(named, list(every))}")
    return found


def _external(topology: Topology, reference: str, name: str) -> External:
    for external in topology.externals:
        if external.name == name:
            return external
    names = [external.name for external in topology.externals]
    raise UnknownReferenceError(
        f"{reference}: there is no external {name}; {did_you_mean(name, names)}"
    )


def _named(cluster: Cluster, things: Iterable[T], kind: str, name: str, reference: str) -> T:
    """The thing of this name: the longest existing name wins before a namespace is split off."""
    by_name = {(each.name, each.namespace): each for each in things}
    if (name, "default") in by_name:
        return by_name[name, "default"]
    for cut in reversed([index for index, letter in enumerate(name) if letter == "."]):
        if (name[:cut], name[cut + 1 :]) in by_name:
            return by_name[name[:cut], name[cut + 1 :]]
    word = {"pod": "pod", "svc": "Service"}[kind]
    known = [each.reference.rsplit("/", 1)[-1] for each in by_name.values()]
    raise UnknownReferenceError(
        f"{reference}: {cluster.name} has no {word} {name}; {did_you_mean(name, known)}"
    )


def _fabric_side(cluster: Cluster) -> tuple[IPAddress, ...]:
    """The fabric is the router of clusters that stand in it openly."""
    return ips_of(cluster.routers) if cluster.is_on_fabric else ()


def _exported(clusters: Iterable[Cluster]) -> tuple[IPAddress, ...]:
    services = (service for each in clusters for service in each.services)
    return tuple(address for service in services for address in service.exported)
