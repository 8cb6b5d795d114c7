"""Firewalls of VNets. A firewall routes from its subnet to the fabric, and drops what its list does
not allow.

      VNet br-fw ── eth1 firewall eth0 ── br-fabric: the internet

FORWARD ─▶ NSNET-FIREWALL ─▶ ACCEPT replies ─▶ ACCEPT what the list allows ─▶ DROP
POSTROUTING ─▶ NSNET-FIREWALL ─▶ SNAT to the firewall's public address

It knows only connections whose first packet it has seen: replies to one that came in by a load
balancer, and return by the route to the firewall, are dropped.
"""

from collections.abc import Iterator
from typing import Final

from nsnet.features.fabric import OUTSIDE_SWITCH
from nsnet.features.sysctls import forwarding
from nsnet.features.vnets import switch_of
from nsnet.ip import default_destination, ips_of, of_family
from nsnet.state.model import Fact, Interface, Route, veth
from nsnet.state.rules import Accept, Chain, Drop, Hook, Match, Rule, Snat
from nsnet.topology.model import Firewall, Subnet, Topology, VNet, link_name

CHAIN: Final = "NSNET-FIREWALL"
_OUTSIDE_LINK, _INSIDE_LINK = "eth0", "eth1"


def firewalls(topology: Topology) -> Iterator[Fact]:
    """Yield the firewalls of all VNets, with their links, routes and chains."""
    for vnet in topology.vnets:
        for subnet in vnet.subnets:
            for each in subnet.firewalls:
                yield from _links(topology, vnet, subnet, each)
                yield from ((each.netns, route) for route in _routes(topology, vnet, subnet))
                yield from ((each.netns, piece) for piece in _chains(each))


def _links(topology: Topology, vnet: VNet, subnet: Subnet, each: Firewall) -> Iterator[Fact]:
    yield from forwarding(each.netns, bridge_netfilter=False)
    yield from veth(
        (topology.fabric_netns, Interface(link_name("fw", each.name), master=OUTSIDE_SWITCH)),
        (each.netns, Interface(_OUTSIDE_LINK, addresses=(each.outside,))),
    )
    yield from veth(
        (vnet.netns, Interface(link_name("fw", each.name), master=switch_of(subnet))),
        (each.netns, Interface(_INSIDE_LINK, addresses=(each.address,))),
    )


def _routes(topology: Topology, vnet: VNet, subnet: Subnet) -> Iterator[Route]:
    inside = subnet.router.ip
    for network in (*vnet.ranges, *vnet.peered):
        if network != subnet.network:
            yield Route(network, inside, _INSIDE_LINK, why="the VNet, and what it is peered with")
    router = of_family(ips_of(topology.fabric), 4)
    assert router is not None  # a VNet without an address on the fabric is a mistake
    yield Route(default_destination(router), router, _OUTSIDE_LINK, why="default route")


def _chains(each: Firewall) -> Iterator[Chain | Hook]:
    yield Chain("filter", CHAIN, tuple(_rules(each)))
    yield Hook("filter", "FORWARD", CHAIN)
    snat = Rule(target=Snat(each.outside.ip), why="SNAT to the firewall's public address")
    yield Chain("nat", CHAIN, (snat,))
    yield Hook("nat", "POSTROUTING", CHAIN, Match(out_interface=_OUTSIDE_LINK))


def _rules(each: Firewall) -> Iterator[Rule]:
    replies = Match(comment="replies", ctstate=("RELATED", "ESTABLISHED"))
    yield Rule(replies, Accept(), why="of a connection that was allowed")
    for network, protocol, port in each.allowed:
        match = Match(
            dst=network,
            out_interface=_OUTSIDE_LINK,
            protocol=protocol,
            dport=port,
            comment="allowed",
            ctstate=("NEW",),
        )
        yield Rule(match, Accept(), why=f"{each.reference} allows it")
    yield Rule(Match(comment="not allowed"), Drop(), why=f"{each.reference} does not allow it")
