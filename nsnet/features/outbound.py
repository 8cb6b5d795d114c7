"""How packets of clusters in a VNet get to the internet.

POSTROUTING ─▶ NSNET-OUTBOUND ─▶ SNAT to the node's ports of a public address   load balancer
                               ─▶ NSNET-NAT-1 ─▶ SNAT to a public address        NAT gateway
                               ─▶ SNAT to the VNet's own address                 machines

A connection needs a port that no other connection to the same destination and port has. Without a
free one its packets are dropped, as in Azure.
"""

from collections.abc import Iterator
from typing import Final

from nsnet.features.vnets import OUTSIDE_LINK
from nsnet.ip import IPNetwork, Protocol, host_network
from nsnet.state.model import Fact, Sysctl
from nsnet.state.rules import Chain, Drop, Hook, Jump, Match, Reject, Rule, Snat
from nsnet.topology.balancing import rule_probabilities
from nsnet.topology.model import Cluster, Node, Outbound, PortBlock, Topology, VNet

CHAIN: Final = "NSNET-OUTBOUND"
_NAT: Final = "NSNET-NAT-"  # to this, the number of the cluster in the VNet is added
_LEAVING: Final = Match(out_interface=OUTSIDE_LINK)
_FIVE_DAYS: Final = 432_000  # seconds: Linux's timeout of idle connections
_WITH_PORTS: Final = (Protocol.TCP, Protocol.UDP)


def outbound(topology: Topology) -> Iterator[Fact]:
    """Yield, for each VNet, the chains that translate packets to the internet, and those that stop
    them."""
    for vnet in topology.vnets:
        yield from ((vnet.netns, each) for each in _translations(topology, vnet))
        yield from ((vnet.netns, each) for each in _filter(topology, vnet))
        yield from ((vnet.netns, each) for each in _timeouts(topology, vnet))


def _translations(topology: Topology, vnet: VNet) -> Iterator[Chain | Hook]:
    rules: list[Rule] = []
    for number, cluster in enumerate(topology.clusters_of(vnet), 1):
        found = cluster.outbound
        if found is None:
            continue
        if found.type == "loadBalancer":
            for node, block in zip(cluster.nodes, found.blocks, strict=True):
                rules += _to_block(node, block)
        elif found.type == "natGateway":
            name = f"{_NAT}{number}"
            yield Chain("nat", name, tuple(_shared(cluster, found)))
            rules += (
                Rule(Match(src=each), Jump(name), why=f"the NAT gateway of {cluster.name}")
                for node in cluster.nodes
                for each in sources_of(node)
            )
    own = Match(comment="machines: the public address of the VNet")
    rules.append(Rule(own, Snat(vnet.outside.ip), why="SNAT to the public address of the VNet"))
    yield Chain("nat", CHAIN, tuple(rules))
    yield Hook("nat", "POSTROUTING", CHAIN, _LEAVING)


def sources_of(node: Node) -> Iterator[IPNetwork]:
    """Yield the addresses of the packets that a node sends to the internet."""
    for each in node.addresses:
        yield host_network(each.ip)


def _to_block(node: Node, block: PortBlock) -> Iterator[Rule]:
    """Yield the rules that translate a node's packets to its ports of a public address."""
    first, last = block.ports
    comment, why = node.reference, f"SNAT to ports {first}-{last} of {block.address}"
    for src in sources_of(node):
        for protocol in _WITH_PORTS:
            match = Match(src=src, protocol=protocol, comment=comment)
            yield Rule(match, Snat(block.address, block.ports), why=why)
        why = f"SNAT to {block.address}: no ports"
        yield Rule(Match(src=src, comment=comment), Snat(block.address), why=why)


def _shared(cluster: Cluster, found: Outbound) -> Iterator[Rule]:
    """Yield the rules of a NAT gateway: each connection gets a port of one of its addresses, which
    is chosen at random. (Azure's then tries another one; here the client's next SYN does.)"""
    comment = f"NAT gateway of {cluster.name}"
    for protocol in _WITH_PORTS:
        for block, probability in rule_probabilities(found.blocks):
            match = Match(protocol=protocol, comment=comment, probability=probability)
            yield Rule(match, Snat(*block), why=f"SNAT to a port of {block.address}")
    address = found.blocks[0].address
    yield Rule(Match(comment=comment), Snat(address), why=f"SNAT to {address}: no ports")


def _filter(topology: Topology, vnet: VNet) -> Iterator[Chain | Hook]:
    """Yield the chain that drops connections of nodes without a way out, and resets those that are
    forgotten; also the jump to it."""
    rules: list[Rule] = []
    for cluster in topology.clusters_of(vnet):
        if cluster.outbound is not None and not cluster.outbound.addresses:
            for node in cluster.nodes:
                for src in sources_of(node):
                    match = Match(src=src, comment=node.reference, ctstate=("NEW",))
                    why = f"{cluster.name} has no public address: {cluster.outbound.type}"
                    rules.append(Rule(match, Drop(), why=why))
    if _idle_seconds(topology, vnet) is not None:
        forgotten = Match(protocol=Protocol.TCP, ctstate=("INVALID",), comment="idle too long")
        rules.append(Rule(forgotten, Reject(tcp_reset=True), why="the connection is forgotten"))
    if rules:
        yield Chain("filter", CHAIN, tuple(rules))
        yield Hook("filter", "FORWARD", CHAIN, _LEAVING)


def _timeouts(topology: Topology, vnet: VNet) -> Iterator[Sysctl]:
    """Yield the timeouts of connections. A port is free again a second after its connection has
    been reset. (Linux waits for 10 s, Azure for 15.)"""
    yield Sysctl("net.netfilter.nf_conntrack_tcp_timeout_close", "1")
    seconds = _idle_seconds(topology, vnet)
    idle = str(seconds or _FIVE_DAYS)
    yield Sysctl("net.netfilter.nf_conntrack_tcp_timeout_established", idle)
    # With 1, conntrack takes a later packet of a forgotten connection for a new one.
    yield Sysctl("net.netfilter.nf_conntrack_tcp_loose", "1" if seconds is None else "0")


def _idle_seconds(topology: Topology, vnet: VNet) -> int | None:
    found = (each.outbound for each in topology.clusters_of(vnet))
    return next((each.idle_seconds for each in found if each and each.idle_seconds), None)
