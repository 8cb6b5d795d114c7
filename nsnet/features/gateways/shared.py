"""One NAT gateway in front of several clusters, whose pods may have the same addresses.

A packet's addresses therefore do not tell which cluster it comes from, or which one it is for. The
gateway knows the first by the link that received the packet. It knows the second by the packet's
destination if that is the address of an exported Service or a load balancer, which belongs to one
cluster only. For an answer it knows the second by the connection.

raw    PREROUTING ─▶ NSNET-ZONES: conntrack uses a zone per cluster, so that two clients with one
                     address and port have two connections
mangle PREROUTING ─▶ NSNET-MARKS: the low byte of a packet's mark is the number of the cluster that
                     it is for (to the outside: that it comes from), the next byte is the number of
                     the cluster that it comes from; 0 is outside
ip rule            ─▶ by the mark, a routing table for each cluster: routes to its pods and its
                     nodes, and the default route
nat    as with kind nat, but packets from a cluster are SNATed out of every link, not only eth1

Only the original direction of a connection has a zone (`--zone-orig`). The answers of all clusters
share the default zone: if two clients have the same address and port, their connections would be
equal there, so NAT gives the second one another port.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nsnet.features.gateways.egress import EGRESS, OUTSIDE_LINK
from nsnet.features.gateways.exports import exports
from nsnet.features.routes import to_fabric, to_pods
from nsnet.features.sysctls import forwarding
from nsnet.ip import Family, IPAddress, all_of_family, host_network, ips_of
from nsnet.state.model import Fact, PolicyRule, Route, Sysctl
from nsnet.state.rules import (
    Chain,
    Hook,
    MarkMatch,
    Match,
    RestoreMark,
    Rule,
    SetConnectionMark,
    SetMark,
    Snat,
    Zone,
)
from nsnet.topology.model import Attachment, Cluster, Gateway, Topology

ZONES, MARKS = "NSNET-ZONES", "NSNET-MARKS"
TO, FROM = 0xFF, 0xFF00  # bits of a mark, for the destination's and the source's cluster
# To these, the number of a cluster is added:
TABLES = 100  # for the number of its routing table
OWN, PASSING = 100, 200  # for the priorities of its policy rules


def shared(topology: Topology, gateway: Gateway) -> Iterator[Fact]:
    """Yield the gateway's routes, policy rules, marks and translation for all clusters behind
    it."""
    here = gateway.netns
    clusters = topology.attachments(gateway)
    yield from forwarding(here, bridge_netfilter=False)
    for route in to_fabric(topology, gateway, OUTSIDE_LINK):
        yield here, route
        # ICMP errors, resets and echo replies of the gateway itself must return to the cluster of
        # the packet that caused them, which their addresses do not identify.
        yield here, Sysctl(f"net.ipv{route.destination.version}.fwmark_reflect", "1")
    for cluster, inside in clusters:
        for route in _routes(topology, cluster, inside):
            yield here, replace(route, table=table_of(inside))
    services = [service for each, _ in clusters for service in each.services]
    yield from exports(services, gateway)
    for outside in ips_of(gateway.outside):
        family = outside.version
        for cluster, inside in clusters:
            yield from ((here, each) for each in _policy(cluster, inside.number, family))
        yield from ((here, each) for each in _chains(clusters, outside))


def _chains(
    clusters: Sequence[tuple[Cluster, Attachment]], outside: IPAddress
) -> Iterator[Chain | Hook]:
    family = outside.version
    cluster_of = Match(comment="the cluster of a packet")
    yield Chain("raw", ZONES, tuple(_zones(clusters)), family)
    yield Hook("raw", "PREROUTING", ZONES, cluster_of, family)
    yield Chain("mangle", MARKS, tuple(_marks(clusters, family)), family)
    yield Hook("mangle", "PREROUTING", MARKS, cluster_of, family)
    from_cluster = MarkMatch(0, FROM, negated=True)
    leaving = Match(mark=from_cluster, comment="leaves with the address of the gateway")
    snat = Rule(leaving, Snat(outside), why="SNAT to the gateway's address")
    yield Chain("nat", EGRESS, (snat,), family)
    yield Hook("nat", "POSTROUTING", EGRESS, family=family)


def table_of(attachment: Attachment) -> int | None:
    """Return the number of the routing table that a shared gateway uses for packets to this
    cluster. Return None, for the main table, if the gateway is not shared."""
    return TABLES + attachment.number if attachment.gateway.shared else None


def _routes(topology: Topology, cluster: Cluster, inside: Attachment) -> Iterator[Route]:
    """Yield the routes of a cluster's own table. They include those to its nodes, because the main
    table also has routes to the nodes of other clusters, which may have the same addresses."""
    for network in cluster.node_cidrs:
        yield Route(network, dev=inside.link, why=f"nodes of {cluster.name}")
    for node in cluster.nodes:
        yield from to_pods(node, inside.link)
    yield from to_fabric(topology, inside.gateway, OUTSIDE_LINK)


def _policy(cluster: Cluster, number: int, family: Family) -> Iterator[PolicyRule]:
    """Yield the two rules that select a cluster's table. One rule is for packets that the gateway
    itself sends in answer to a packet from the cluster: an answer has the mark of that packet. The
    other rule is for packets that the gateway forwards to the cluster."""
    table, why = TABLES + number, f"to {cluster.name}"
    yield PolicyRule(
        priority=OWN + number,
        mark=number << 8,
        mask=FROM,
        table=table,
        family=family,
        iif="lo",
        why=why,
    )
    yield PolicyRule(
        priority=PASSING + number, mark=number, mask=TO, table=table, family=family, why=why
    )


def _zones(clusters: Sequence[tuple[Cluster, Attachment]]) -> Iterator[Rule]:
    for cluster, inside in clusters:
        why = f"a client in {cluster.name}"
        yield Rule(Match(in_interface=inside.link), Zone(inside.number), why=why)


def _marks(clusters: Sequence[tuple[Cluster, Attachment]], family: Family) -> Iterator[Rule]:
    """Yield the rules that set a packet's mark: one byte for the cluster that it comes from, one
    for the cluster that it goes to. At the start both are set to the cluster that it comes from.
    Then the byte for the destination is changed, if the packet is to a Service's address or is an
    answer."""
    for cluster, inside in clusters:
        link, number, why = inside.link, inside.number, f"from {cluster.name}"
        both = SetMark(number << 8 | number, FROM | TO)
        yield Rule(Match(in_interface=link), both, why=why)
        new = Match(in_interface=link, ctstate=("NEW",))
        yield Rule(new, SetConnectionMark(number, TO), why=f"answers return to {cluster.name}")
    for cluster, inside in clusters:
        for address, comment in _offered(cluster, family):
            match = Match(dst=host_network(address), comment=comment)
            yield Rule(match, SetMark(inside.number, TO), why=f"to {cluster.name}")
    yield Rule(Match(is_answer=True), RestoreMark(TO), why="to the cluster of the connection")


def _offered(cluster: Cluster, family: Family) -> Iterator[tuple[IPAddress, str]]:
    """Yield the addresses of a cluster's exported Services and load balancers, each with the
    reference of its Service."""
    for service in cluster.services:
        balanced = service.load_balancer_ips if service.proxied else ()
        for address in all_of_family((*service.exported, *balanced), family):
            yield address, service.reference
