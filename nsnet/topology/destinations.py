"""The destination of a probe: the address behind its reference, and the possible servers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final

from nsnet.ip import IPAddress, IPNetwork, Protocol, ips_of, of_family
from nsnet.state.namespaces import Role
from nsnet.topology.balancing import choices
from nsnet.topology.lookup import (
    find_clusterset_service,
    find_external,
    find_gateways,
    find_machine,
    find_pod,
    find_service,
)
from nsnet.topology.model import CLUSTERSET, Cluster, Pod, Service, Topology
from nsnet.topology.notation import Parts, UnknownReferenceError, split
from nsnet.topology.references import Location, endpoints_of, locate, servers_of

_LOOPBACK: Final = (ip_address("127.0.0.1"), ip_address("::1"))


@dataclass(frozen=True, slots=True)
class Destination:
    """An address, a port, and the references of the servers that may answer (None: any server)."""

    address: IPAddress
    port: int | None = None
    servers: frozenset[str] | None = None
    others: tuple[IPAddress, ...] = ()  # further addresses of it, which attempts use in turn
    pod: Pod | None = None  # the pod that has the address
    container: str = ""  # of this pod, if it has several


def find_destination(
    topology: Topology,
    reference: str,
    source: Location,
    protocol: Protocol = Protocol.TCP,
    default_port: int | None = None,
) -> Destination:
    """Return the destination that a client at `source` uses for this reference. A reference without
    a port means `default_port`.

    Raises UnknownReferenceError if there is none, or the client cannot send packets to it.
    """
    parts = split(reference)
    destination, named_ports = _destination(topology, reference, parts, source, protocol)
    if protocol is Protocol.TCP and _http_proxies(topology) & (destination.servers or set()):
        destination = replace(destination, servers=None)  # servers of any route may answer
    version = destination.address.version
    everywhere = version == 4 and destination.address.is_loopback
    has_family = everywhere or of_family(source.addresses, version) is not None
    if source.addresses and not has_family:
        here = source.reference
        raise UnknownReferenceError(f"{reference}: is IPv{version}, and {here} has no such address")
    if destination.address in _range_ends(topology):
        use = "broadcast" if version == 4 else "subnet-router anycast"
        raise UnknownReferenceError(f"{reference}: is the {use} address of its range")
    if protocol is Protocol.ICMP:
        return replace(destination, port=None)
    if not parts.port and default_port is not None:
        return replace(destination, port=default_port)
    if not parts.port:
        raise UnknownReferenceError(f"{reference}: {protocol} needs a port, as in {reference}:80")
    if parts.port.isascii() and parts.port.isdecimal():
        if len(parts.port) > 5 or not 0 < int(parts.port) < 65536:
            raise UnknownReferenceError(f"{reference}: {parts.port} is not a port (1-65535)")
        port = int(parts.port)
    elif parts.port in named_ports:
        port = named_ports[parts.port]
    else:
        known = ", ".join(name for name in named_ports if name) or "none"
        raise UnknownReferenceError(
            f"{reference}: no port is named {parts.port}; named ports: {known}"
        )
    return replace(destination, port=port, container=_container(destination.pod, port, protocol))


def destination_at(
    topology: Topology, address: IPAddress, port: int | None, source: Location
) -> Destination:
    """Return the destination that a client at `source` uses if its resolver found this address. If
    it is that of a Service, its endpoints may answer, else any server."""
    for cluster in sorted(topology.clusters, key=lambda each: each.name != source.cluster):
        for service in cluster.services:
            inside = cluster.name == source.cluster and address in service.addresses
            if inside or address in (*service.load_balancer_ips, *service.exported):
                servers = _servers_of(service, cluster, source, internal=inside)
                # Through an HTTP proxy, the servers of any route may answer.
                any_may = _http_proxies(topology) & servers
                return Destination(address, port, None if any_may else servers)
    return Destination(address, port, pod=_pod_at(topology, source, address))


def port_number(reference: str, port: str, protocol: Protocol, default: int | None) -> int | None:
    """Return the port of a DNS name. Raises UnknownReferenceError: it has to be a number, unless
    there is a default, or the protocol has no ports."""
    if protocol is Protocol.ICMP:
        return None
    if not port and default is not None:
        return default
    if not port:
        raise UnknownReferenceError(f"{reference}: {protocol} needs a port, as in {reference}:80")
    if not (port.isascii() and port.isdecimal()):
        raise UnknownReferenceError(f"{reference}: a DNS name has no named ports; write a number")
    if len(port) > 5 or not 0 < int(port) < 65536:
        raise UnknownReferenceError(f"{reference}: {port} is not a port (1-65535)")
    return int(port)


def _container(pod: Pod | None, port: int, protocol: Protocol) -> str:
    """Return the name of the pod's container that has this port; "" if it has only one."""
    if pod is None or len(pod.spec.serving) < 2:
        return ""
    found = ((each.port, each.protocol, each.container) for each in pod.ports)
    return next((name for *key, name in found if key == [port, protocol]), "")


def _http_proxies(topology: Topology) -> set[str]:
    """Return the references of the pods and gateways that route HTTP requests."""
    return {
        reference
        for cluster in topology.clusters
        for proxy in cluster.http_proxies
        for reference in (
            *proxy.pods,
            *(each.reference for each in cluster.gateways if each.kind == "proxy"),
        )
    }


def _destination(
    topology: Topology, reference: str, parts: Parts, source: Location, protocol: Protocol
) -> tuple[Destination, dict[str, int]]:
    """Return the destination without its port, and the numbers of its named ports by name."""
    match parts.kind:
        case "address":
            address = _unicast(reference, parts.name)
            return Destination(address, pod=_pod_at(topology, source, address)), {}
        case "localhost":
            return _of_localhost(topology, source)
        case "svc" if parts.cluster == CLUSTERSET:
            return _of_clusterset(topology, reference, parts, source)
        case "svc" | "lb":
            return _of_service(topology, reference, parts, source)
        case "pod":
            return _of_pod(topology, reference, parts, source)
        case "gateway":
            gateway = find_gateways(topology, reference, parts)[0]
            near = [
                each.addresses
                for cluster, each in topology.attachments(gateway)
                if cluster.name == source.cluster
            ]
            address = _reachable(ips_of(near[0] if near else gateway.outside), source)
            return Destination(address, servers=frozenset({gateway.reference})), {}
        case "external":
            external = find_external(topology, reference, parts)
            return Destination(external.address, servers=frozenset({external.reference})), {}
        case "vm":
            machine = find_machine(topology, reference, parts)
            return Destination(machine.address.ip, servers=frozenset({machine.reference})), {}
        case "node" | "fabric" | "vnet" | "firewall":
            found = locate(topology, reference.partition(":")[0])
            servers = frozenset(
                {
                    found.reference,
                    *_host_network_pods(topology, found),
                    *_behind_node_port(topology, found, parts.port, protocol, source),
                    *_behind_host_port(topology, found, parts.port, protocol),
                }
            )
            return Destination(_reachable(found.addresses, source), servers=servers), {}
        case _:
            raise UnknownReferenceError(
                f"{reference}: packets cannot be sent to a {parts.kind}; name its Service or a pod"
            )


def _of_service(
    topology: Topology, reference: str, parts: Parts, source: Location
) -> tuple[Destination, dict[str, int]]:
    cluster, service = find_service(topology, reference, parts)
    _refuse_alias(reference, service)
    if parts.kind == "svc" and not service.addresses and source.cluster != cluster.name:
        return _of_headless(topology, reference, service, cluster, source)
    addresses = (
        _load_balancer_addresses(reference, service, cluster)
        if parts.kind == "lb"
        else _service_addresses(reference, service, cluster, source)
    )
    named = {port.name: port.port for port in service.ports}
    servers = _servers_of(service, cluster, source, internal=parts.kind == "svc")
    return Destination(_reachable(addresses, source), servers=servers), named


def _of_headless(
    topology: Topology, reference: str, service: Service, cluster: Cluster, source: Location
) -> tuple[Destination, dict[str, int]]:
    """Return the destination of a client outside the cluster: the addresses of all ready endpoints
    of an exported headless Service."""
    known = (one for each in topology.clusterset for one in each.exporters)
    addresses = next((each.outside for each in known if each.service == service.reference), None)
    if addresses is None:
        addresses = _service_addresses(reference, service, cluster, source)
    if not addresses:
        raise UnknownReferenceError(f"{reference}: has no ready endpoint for other clusters")
    named = {
        port.name: port.endpoints[0].port if port.endpoints else port.port for port in service.ports
    }
    return _one_of(addresses, source, endpoints_of(service.ports)), named


def _of_clusterset(
    topology: Topology, reference: str, parts: Parts, source: Location
) -> tuple[Destination, dict[str, int]]:
    """Return the destination of a client that uses the Service of several clusters: the
    ClusterSetIP in a flat cluster, and the address of each exporter that this does not include."""
    found = find_clusterset_service(topology, reference, parts)
    if not source.cluster:
        one = found.exporters[0].service
        raise UnknownReferenceError(
            f"{reference}: has addresses in clusters only; from {source.reference}, use {one}"
        )
    cluster = next(each for each in topology.clusters if each.name == source.cluster)
    addresses = found.addresses_in(cluster)
    if not addresses:
        isolated = f"{cluster.name} is isolated, so it imports no Services"
        why = isolated if cluster.model == "isolated" else "it has no address there"
        raise UnknownReferenceError(f"{reference}: {why}")
    local = [each for each in cluster.services if each.imported_from == found.reference]
    if local and all(each.is_flat for each in found.exporters):
        servers = _servers_of(local[0], cluster, source, internal=True)
    else:
        servers = servers_of(topology, found)
    named = {port.name: port.port for port in found.ports}
    return _one_of(addresses, source, servers), named


def _one_of(
    addresses: Sequence[IPAddress], source: Location, servers: frozenset[str]
) -> Destination:
    """Return the destination that has all these addresses of one family, the client's."""
    first = _reachable(addresses, source)
    others = (each for each in addresses if each.version == first.version and each != first)
    return Destination(first, servers=servers, others=tuple(others))


def _servers_of(
    service: Service, cluster: Cluster, source: Location, *, internal: bool
) -> frozenset[str]:
    """Return the references of the endpoints that a client at `source` may reach. A client in the
    cluster reaches those that its own node chooses."""
    if not source.node or source.cluster != cluster.name or not service.proxied:
        return endpoints_of(service.ports)
    node = cluster.node(source.node)
    return frozenset(
        each.reference
        for port in service.ports
        for each in choices(service, port, node, internal=internal, near=True)
    )


def _of_pod(
    topology: Topology, reference: str, parts: Parts, source: Location
) -> tuple[Destination, dict[str, int]]:
    cluster, pod = find_pod(topology, reference, parts)
    # A ping to a hostNetwork pod is answered by its node.
    host = {cluster.node(pod.node).reference} if pod.host_network else set()
    virtual = _virtual(cluster, pod) if source.cluster != cluster.name else ()
    named = {port.name: port.port for port in pod.ports}
    servers = frozenset({pod.reference, *host})
    return Destination(
        _reachable(virtual or pod.addresses, source), servers=servers, pod=pod
    ), named


def _of_localhost(topology: Topology, source: Location) -> tuple[Destination, dict[str, int]]:
    """Return the destination that all containers of the client's pod have in common. At a node, its
    rules may lead elsewhere from there."""
    address = _reachable(_LOOPBACK, source)
    pod = _pod_at(topology, source, address)
    named = {port.name: port.port for port in pod.ports} if pod else {}
    return Destination(address, pod=pod), named


def _pod_at(topology: Topology, source: Location, address: IPAddress) -> Pod | None:
    """Return the client's pod if this is an address of its own network namespace."""
    if source.role is not Role.POD or not (address.is_loopback or address in source.addresses):
        return None
    cluster = next(each for each in topology.clusters if each.name == source.cluster)
    return next(each for each in cluster.pods if each.netns == source.netns)


def _virtual(cluster: Cluster, pod: Pod) -> tuple[IPAddress, ...]:
    """Return the addresses that the gateway has for the pod alone."""
    exported = (
        each.outside
        for service in cluster.services
        for each in service.exported_pods
        if each.reference == pod.reference
    )
    return cluster.virtual(pod.addresses) or tuple(exported)


def _unicast(reference: str, written: str) -> IPAddress:
    address = ip_address(written)
    no_host = address.is_multicast or address.is_unspecified or written == "255.255.255.255"
    if no_host or (address.version == 6 and address.is_link_local):
        raise UnknownReferenceError(f"{reference}: is not a unicast address")
    return address


def _host_network_pods(topology: Topology, node: Location) -> frozenset[str]:
    pods = (pod for cluster in topology.clusters for pod in cluster.pods)
    return frozenset(pod.reference for pod in pods if pod.host_network and pod.netns == node.netns)


def _behind_node_port(
    topology: Topology, at: Location, port: str, protocol: Protocol, source: Location
) -> frozenset[str]:
    """Return the references of the endpoints behind this NodePort of a node, for a client at
    `source`. There are none if the location `at` is the fabric."""
    near = source.cluster == at.cluster
    return frozenset(
        each.reference
        for cluster in topology.clusters
        if cluster.name == at.cluster
        for service in cluster.services
        for one in service.ports
        if (str(one.node_port), one.protocol) == (port, protocol)
        for each in choices(service, one, cluster.node(at.node), internal=False, near=near)
    )


def _behind_host_port(
    topology: Topology, at: Location, port: str, protocol: Protocol
) -> frozenset[str]:
    """Return the references of the pods of a node that have this hostPort."""
    return frozenset(
        pod.reference
        for cluster in topology.clusters
        if cluster.name == at.cluster
        for pod in cluster.pods
        if pod.node == at.node
        if any((str(one.host_port), one.protocol) == (port, protocol) for one in pod.port_mappings)
    )


def _range_ends(topology: Topology) -> frozenset[IPAddress]:
    """Return one address of each range, which cannot be the address of a single host.

    It is the broadcast address of an IPv4 range, and the subnet-router anycast address of an IPv6
    range.
    """
    ends = [_end(each.network) for each in topology.fabric]
    ends += [_end(each.network) for vnet in topology.vnets for each in vnet.subnets]
    for cluster in topology.clusters:
        pods = [_end(each) for node in cluster.nodes for each in node.pod_cidrs]
        ends += [*map(_end, cluster.node_cidrs), *pods, *cluster.virtual(pods)]
    return frozenset(ends)


def _end(network: IPNetwork) -> IPAddress:
    return network[-1] if network.version == 4 else network[0]


def _service_addresses(
    reference: str, service: Service, cluster: Cluster, source: Location
) -> tuple[IPAddress, ...]:
    """Return the addresses that a client at `source` uses for the Service.

    In the Service's own cluster they are the ClusterIPs, in another cluster the exported addresses.
    Outside all clusters they are the load balancer's addresses, else the exported ones. Raises
    UnknownReferenceError if there are none.
    """
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
        ports = [each.node_port for each in service.ports if each.node_port]
        opened = f"; its NodePort is {cluster.nodes[0].reference}:{ports[0]}" if ports else ""
        raise UnknownReferenceError(
            f"{reference}: has no address outside {cluster.name}"
            f" (type: LoadBalancer or a ServiceExport gives it one){opened}"
        )
    return outside


def _load_balancer_addresses(
    reference: str, service: Service, cluster: Cluster
) -> tuple[IPAddress, ...]:
    if service.load_balancer_ips:
        return service.load_balancer_ips
    if service.type != "LoadBalancer":
        why = f"it is of type {service.type}"
    elif cluster.model == "isolated":
        why = f"{cluster.name} is isolated"
    else:
        status = "its status has only a hostname or ipMode: Proxy, which kube-proxy ignores"
        why = f"{status}, or fabricCIDR lacks its family"
    raise UnknownReferenceError(f"{reference}: has no load-balancer address here: {why}")


def _refuse_alias(reference: str, service: Service) -> None:
    if service.type == "ExternalName":
        raise UnknownReferenceError(
            f"{reference}: is an ExternalName for {service.external_name} and has no address"
        )


def _reachable(addresses: Sequence[IPAddress], source: Location) -> IPAddress:
    """Return the first address whose family the source has, too, else the first address."""
    for address in addresses:
        if of_family(source.addresses, address.version) is not None:
            return address
    return addresses[0]
