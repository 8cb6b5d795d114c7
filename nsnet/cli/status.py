"""The addresses of a lab and its drift, as text and as JSON."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from nsnet.cli.output import Row, out, out_table, out_wrapped
from nsnet.ip import IPAddress, ips_of
from nsnet.state.model import Kind, Netns, State
from nsnet.text import number_of
from nsnet.topology.balancing import usable
from nsnet.topology.model import (
    Allowed,
    Cluster,
    ClusterSetService,
    Endpoint,
    Outbound,
    Service,
    ServicePort,
    Topology,
    VNet,
)
from nsnet.topology.notation import without_only_cluster

SCHEMA: Final = "nsnet.dev/status/v1"
HEADING: Final = ("REF", "ADDRESS", "ABOUT")


class Member(NamedTuple):
    """A part of a lab: its reference, its addresses, and lines about it."""

    reference: str
    addresses: tuple[str, ...]
    about: tuple[str, ...]


Lives: TypeAlias = Mapping[str, Sequence[str]]  # how a pod's commands fare, by its reference


def show_status(
    topology: Topology, wanted: State, drift: Sequence[str], lives: Lives = MappingProxyType({})
) -> None:
    """Print the addresses of every part of a lab, how commands fare, and the lab's drift."""
    for cluster in topology.clusters:
        out((f"{cluster.name}: {cluster.model}, {cluster.cni}, {cluster.proxy.mode}", "bold"))
        out_table(HEADING, _shown(_members(cluster, lives), topology))
        out()
    if topology.clusterset:
        out(("clusterset", "bold"))
        out_table(HEADING, _shown(map(_common, topology.clusterset), topology))
        out()
    for vnet in topology.vnets:
        out((f"VNet {vnet.name}: {', '.join(map(str, vnet.ranges))}", "bold"))
        out_table(HEADING, _shown(_in_vnet(topology, vnet), topology))
        out()
    if topology.externals:
        out(("outside", "bold"))
        out_table(HEADING, _shown(_outside(topology), topology))
        out()
    if any(_has_permanent_neighbours(netns) for netns in wanted.netns):
        out_wrapped(
            "neighbour entries are permanent: if ARP learned so many, they would overflow the"
            " kernel's neighbour table, which all namespaces share"
        )
    if not drift:
        out(("no drift: the kernel holds what the file asks for", "green"))
    for each in drift:
        out_wrapped(f"drift: {without_only_cluster(each, topology)}", "bold red")


def _shown(members: Iterable[Member], topology: Topology) -> Iterator[Row]:
    for each in members:
        about = [without_only_cluster(one, topology) for one in each.about]
        yield [without_only_cluster(each.reference, topology)], each.addresses or ("none",), about


def _has_permanent_neighbours(netns: Netns) -> bool:
    """Return whether the namespace has permanent neighbour entries, which replace ARP. Entries of a
    VXLAN tunnel do not count, because they are permanent in every cluster."""
    tunnels = {each.name for each in netns.interfaces if each.kind is Kind.VXLAN}
    return any(each.dev not in tunnels for each in netns.neighbours)


def _members(cluster: Cluster, lives: Lives) -> Iterator[Member]:
    for attachment in cluster.attachments:
        gateway = attachment.gateway
        ends = ips_of((*attachment.addresses, *gateway.outside))
        role = f" {gateway.replica}" if gateway.replica is not None else ""
        about = [f"{gateway.kind} {gateway.name}".rstrip() + role]
        if cluster.virtual_cidrs:
            about.append(f"pods known as {_joined(cluster.virtual_cidrs)}")
        yield _member(gateway.reference, ends, about)
    for number, node in enumerate(cluster.nodes):
        pods = f"pods {_joined(node.pod_cidrs)}"
        if node.reserved:
            used = sum(each.node == node.name and not each.host_network for each in cluster.pods)
            first, last = node.reserved[0], node.reserved[-1]
            pods = f"{used} of {len(node.reserved)} addresses used: {first}-{last}"
        about = [pods, *_ports_outbound(cluster.outbound, number)]
        yield _member(node.reference, ips_of(node.addresses), about)
    for pod in cluster.pods:
        ports = " ".join(dict.fromkeys(f"{each.port}/{each.protocol}" for each in pod.ports))
        about = [f"on {pod.node} {ports}".rstrip()]
        if virtual := cluster.virtual(pod.addresses):
            about.append(f"known as {_joined(virtual)}")
        about += lives.get(pod.reference, ())
        yield _member(pod.reference, pod.addresses, about)
    for absent in cluster.absent:
        yield _member(absent.reference, (), [absent.why])
    for service in cluster.services:
        yield _member(service.reference, service.addresses, _offer(service))


def _ports_outbound(outbound: Outbound | None, number: int) -> Iterator[str]:
    """Yield the ports of a public address that a load balancer has for the i-th node (from 0)."""
    if outbound is not None and outbound.type == "loadBalancer":
        address, (first, last) = outbound.blocks[number]
        yield f"{last - first + 1} ports of {address}: {first}-{last}"


def _common(service: ClusterSetService) -> Member:
    """Return a Service of several clusters, with its type, ports and exporters."""
    kind = "Headless" if service.headless else "ClusterSetIP"
    ports = " ".join(f"{each.port}/{each.protocol}" for each in service.ports)
    about = [f"{kind} {ports}".rstrip()]
    for each in service.exporters:
        at = f" at {_joined(each.outside)}" if each.outside else ""
        about.append(f"of {each.service}{at}")
    return _member(service.reference, service.addresses, about)


def _in_vnet(topology: Topology, vnet: VNet) -> Iterator[Member]:
    """Yield the VNet with its subnets, and its machines."""
    about = []
    for subnet in vnet.subnets:
        names = [f"cluster {each.name}" for each in topology.clusters_in(vnet, subnet)]
        about.append(" ".join((f"subnet {subnet.name} {subnet.network}", *names)))
    if vnet.peered:
        about.append(f"peered with {_joined(vnet.peered)}")
    for cluster in topology.clusters_of(vnet):
        if cluster.outbound is not None:
            way = f"outbound of {cluster.name}: {cluster.outbound.type}"
            through = f"firewall/{cluster.outbound.firewall}" if cluster.outbound.firewall else ""
            about.append(f"{way} {_joined(cluster.outbound.addresses)}{through}".rstrip())
    yield _member(vnet.reference, (vnet.outside.ip,), about)
    for machine in vnet.machines:
        ports = " ".join(f"{port.port}/{port.protocol}" for port in machine.ports)
        yield _member(machine.reference, (machine.address.ip,), [ports] if ports else [])
    for firewall in vnet.firewalls:
        lines = [f"allows {each.protocol} {_to(each)}" for each in firewall.allowed]
        yield _member(firewall.reference, ips_of((firewall.address, firewall.outside)), lines)


def _to(each: Allowed) -> str:
    return f"{each.network} port {each.port}" if each.port else str(each.network)


def _outside(topology: Topology) -> Iterator[Member]:
    for each in topology.externals:
        ports = " ".join(f"{port.port}/{port.protocol}" for port in each.ports)
        yield _member(each.reference, (each.address,), [ports] if ports else [])


def _member(reference: str, addresses: Iterable[IPAddress], about: Sequence[str]) -> Member:
    return Member(reference, tuple(map(str, addresses)), tuple(about))


def _offer(service: Service) -> list[str]:
    """Return lines about a Service: its type, each port with its number of endpoints in use, and
    each kind of address that is used from outside the cluster."""
    if service.type == "ExternalName":
        return [f"ExternalName {service.external_name}"]
    kind = service.type if service.addresses else "headless"
    about = [kind, *map(_port, service.ports)]
    if service.ports:
        about[:2] = [" ".join(about[:2])]
    for what, addresses in (
        ("load balancer", service.load_balancer_ips),
        ("external", tuple(each for each in service.external_ips if each not in service.exported)),
        ("exported as", service.exported),
    ):
        if addresses:
            about.append(f"{what} {_joined(addresses)}")
    if service.health_check_port is not None:
        about.append(f"health check {service.health_check_port}")
    if service.imported_from:
        about.append(f"for {service.imported_from}")
    if not service.proxied:
        about.append("not for kube-proxy")
    return about


def _port(each: ServicePort) -> str:
    """Return a port as kubectl shows it, and its number of endpoints in use."""
    number = f":{each.node_port}" if each.node_port is not None else ""
    # A pod with addresses of both families is one endpoint.
    used = _count((*usable(each.endpoints, 4), *usable(each.endpoints, 6)))
    of_all = _count(each.endpoints)
    count = number_of(of_all, "endpoint")
    if used < of_all:
        count = f"{used} of {count}"
    return f"{each.port}{number}/{each.protocol} to {count}"


def _count(endpoints: Iterable[Endpoint]) -> int:
    return len({(each.reference, each.port) for each in endpoints})


def _joined(things: Iterable[object]) -> str:
    return " ".join(map(str, things))


def as_json(
    topology: Topology, drift: Sequence[str], lives: Lives = MappingProxyType({})
) -> dict[str, Any]:
    """Return the addresses and the drift as plain data for JSON (nsnet.dev/status/v1)."""
    within = (each for cluster in topology.clusters for each in _members(cluster, lives))
    members = [
        {"ref": each.reference, "addresses": [*each.addresses], "about": ", ".join(each.about)}
        for each in (
            *within,
            *map(_common, topology.clusterset),
            *(one for vnet in topology.vnets for one in _in_vnet(topology, vnet)),
            *_outside(topology),
        )
    ]
    data = {"schema": SCHEMA, "lab": topology.lab, "drift": list(drift)}
    return data | {"members": members}
