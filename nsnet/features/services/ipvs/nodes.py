"""What each node has in proxyMode ipvs: virtual servers, the addresses of kube-ipvs0, ipsets with
their members, and rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_interface
from typing import Final, NamedTuple

from nsnet.features.services.ipvs.rules import FilledSets, chains, filter_hooks
from nsnet.features.services.ipvs.sets import (
    ALL,
    CLUSTER_IP,
    EXTERNAL_IP,
    EXTERNAL_IP_LOCAL,
    HEALTH,
    LOAD_BALANCER,
    LOAD_BALANCER_FW,
    LOAD_BALANCER_LOCAL,
    LOOP_BACK,
    NODE_PORT,
    NODE_PORT_LOCAL,
    SOURCE_CIDR,
    SOURCE_IP,
    VIRTUAL_IPS,
    SetSpec,
)
from nsnet.features.services.kube_proxy import (
    families,
    hooks,
    node_in_source_ranges,
    node_port_addresses,
    node_port_ranges,
    proxied,
)
from nsnet.ip import Family, IPAddress, IPNetwork, all_of_family, host_network, ips_of
from nsnet.state.ipsets import Member
from nsnet.state.model import Fact, Interface, Kind, RealServer, Sysctl, VirtualServer, mac_by_name
from nsnet.state.rules import Chain, Drop, Hook, Match, Rule, VirtualMatch
from nsnet.topology.balancing import Candidates, candidates
from nsnet.topology.model import Cluster, Node, Service, ServicePort

DUMMY: Final = "kube-ipvs0"
SYSCTLS: Final = (
    # Without it, packets that IPVS forwards bypass conntrack and the nat table.
    Sysctl("net.ipv4.vs.conntrack", "1"),
    Sysctl("net.ipv4.vs.expire_nodest_conn", "1"),
    Sysctl("net.ipv4.vs.expire_quiescent_template", "1"),
)


class _Offer(NamedTuple):
    """An address and port at which a Service is offered. There is a virtual server for each
    offer."""

    address: IPAddress
    port: int
    local: bool  # policy Local: endpoints of this node, if there are any


@dataclass(slots=True)
class _Pieces:
    """What all Services together add to one node, in one family."""

    family: Family
    members: dict[SetSpec, dict[Member, None]] = field(default_factory=lambda: {k: {} for k in ALL})
    addresses: dict[IPAddress, None] = field(default_factory=dict)
    servers: list[VirtualServer] = field(default_factory=list)
    out_filter: list[Rule] = field(default_factory=list)  # of KUBE-IPVS-OUT-FILTER


def ipvs(cluster: Cluster) -> Iterator[Fact]:
    """Yield, for every node, the virtual servers, kube-ipvs0 with their addresses, the ipsets, the
    chains and their hooks, and the sysctls of IPVS."""
    for node in cluster.nodes:
        every = [_pieces(cluster, node, family) for family in families(cluster)]
        for sysctl in SYSCTLS:
            yield node.netns, sysctl
        addresses = tuple(ip_interface(address) for each in every for address in each.addresses)
        # kube-ipvs0 is never up, and a dummy sends no ARP replies; its addresses are local
        # nevertheless.
        mac = mac_by_name(node.netns, DUMMY)
        yield node.netns, Interface(DUMMY, Kind.DUMMY, addresses=addresses, mac=mac)
        for each in every:
            for spec, members in each.members.items():
                yield node.netns, spec.filled(tuple(members), each.family)
            for server in each.servers:
                yield node.netns, server
            for piece in _chains(cluster, each):
                yield node.netns, piece


def _chains(cluster: Cluster, found: _Pieces) -> Iterator[Chain | Hook]:
    filled = frozenset(spec for spec, members in found.members.items() if members)
    pods = all_of_family(cluster.pod_cidrs, found.family)
    yield from chains(
        FilledSets(found.family, filled), pods, masquerade_all=cluster.proxy.masquerade_all
    )
    yield Chain("filter", "KUBE-IPVS-OUT-FILTER", tuple(found.out_filter), found.family)
    yield from hooks(found.family)
    yield from filter_hooks(found.family)


def _pieces(cluster: Cluster, node: Node, family: Family) -> _Pieces:
    found = _Pieces(family)
    own = _node_port_addresses(cluster, node, family)
    for service in proxied(cluster, family):
        for port in service.ports:
            behind = candidates(service, port, node, family)
            for offer in _offers(found, node, service, port, own):
                found.servers.append(_server(cluster, service, port, offer, behind))
            _add_loop_back(found, node, port)
        if service.health_check_port is not None:
            found.members[HEALTH][Member(port=service.health_check_port)] = None
    for address in found.addresses:
        found.members[VIRTUAL_IPS][Member(address)] = None
    return found


def _offers(
    found: _Pieces, node: Node, service: Service, port: ServicePort, own: tuple[IPAddress, ...]
) -> Iterator[_Offer]:
    """Yield the offers of a Service port on this node. Also add to `found` the members of ipsets
    and the addresses of kube-ipvs0 that the offers need. `own` are the addresses for NodePorts."""
    for address in all_of_family(service.addresses, found.family):
        _add_address(found, node, address, port, CLUSTER_IP)
        yield _Offer(address, port.port, service.internal_local)
    ranges = all_of_family(service.source_ranges, found.family)
    external = EXTERNAL_IP_LOCAL if service.external_local else EXTERNAL_IP
    for address in all_of_family(service.external_ips, found.family):
        _add_address(found, node, address, port, external)
        yield _Offer(address, port.port, service.external_local)
    for address in all_of_family(service.load_balancer_ips, found.family):
        _add_address(found, node, address, port, LOAD_BALANCER)
        if service.external_local:
            _add_address(found, node, address, port, LOAD_BALANCER_LOCAL)
        if ranges:
            _add_address(found, node, address, port, LOAD_BALANCER_FW)
            _add_source_ranges(found, node, service, port, address, ranges)
        yield _Offer(address, port.port, service.external_local)
    if port.node_port is None:
        return
    found.members[NODE_PORT[port.protocol]][Member(port=port.node_port)] = None
    if service.external_local:
        found.members[NODE_PORT_LOCAL[port.protocol]][Member(port=port.node_port)] = None
    for address in own:
        yield _Offer(address, port.node_port, service.external_local)


def _add_address(
    found: _Pieces, node: Node, address: IPAddress, port: ServicePort, spec: SetSpec
) -> None:
    found.members[spec][Member(address, port.protocol, port.port)] = None
    if address not in ips_of(node.addresses):
        found.addresses[address] = None


def _add_source_ranges(
    found: _Pieces,
    node: Node,
    service: Service,
    port: ServicePort,
    address: IPAddress,
    ranges: tuple[IPNetwork, ...],
) -> None:
    """Add the loadBalancerSourceRanges of this address to the ipsets. If they do not include this
    node, add a rule that drops the node's own packets to the address."""
    for each in ranges:
        found.members[SOURCE_CIDR][Member(address, port.protocol, port.port, each)] = None
    if node_in_source_ranges(service, node, found.family):
        # The node uses the address, which it has itself, as the source of packets to it.
        found.members[SOURCE_IP][Member(address, port.protocol, port.port, address)] = None
        return
    taken = VirtualMatch(address, port.protocol, port.port)
    match = Match(src=host_network(address), virtual=taken)
    found.out_filter.append(
        Rule(match, Drop(), why=f"{service.reference} does not admit this node")
    )


def _server(
    cluster: Cluster, service: Service, port: ServicePort, offer: _Offer, behind: Candidates
) -> VirtualServer:
    """Return the virtual server of an offer. With policy Local its real servers are the endpoints
    on this node or, if this node has none, all endpoints.

    With endpoints of other nodes, pods of this node are served, but replies to an external client
    are lost.
    """
    chosen = (behind.local or behind.cluster) if offer.local else behind.cluster
    return VirtualServer(
        address=offer.address,
        protocol=port.protocol,
        port=offer.port,
        scheduler=cluster.proxy.scheduler,
        servers=tuple(RealServer(each.address, each.port) for each in chosen),
        persistent=service.affinity_seconds,
    )


def _add_loop_back(found: _Pieces, node: Node, port: ServicePort) -> None:
    """Add the port's ready endpoints on this node to the ipset KUBE-LOOP-BACK, by which connections
    of a pod to itself are masqueraded."""
    for each in port.endpoints:
        if each.node == node.name and each.ready and each.address.version == found.family:
            member = Member(each.address, port.protocol, each.port, each.address)
            found.members[LOOP_BACK][member] = None


def _node_port_addresses(cluster: Cluster, node: Node, family: Family) -> tuple[IPAddress, ...]:
    """Return the addresses at which NodePorts are open: those of the node that are in
    nodePortAddresses, or all of them if it is not set.

    127.0.0.1 is never one of them, because IPVS cannot serve it.
    """
    ranges = node_port_ranges(cluster.proxy, family)
    if not ranges:
        return all_of_family(ips_of(node.all_addresses), family)
    return tuple(each for each in node_port_addresses(node, ranges) if not each.is_loopback)
