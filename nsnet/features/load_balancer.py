"""The load balancer in front of a cluster: its addresses are routes over the nodes that are
healthy.

      client ─▶ router ─┬─▶ node n1 ─▶ kube-proxy knows the address: an endpoint
                        └─▶ node n2 ─▶ …

It is of the kind that routes and does not translate (Azure with a floating IP, MetalLB with BGP):
the node sees the client and the load balancer's own address, and answers the client by itself. The
router in front of the nodes has one route of equal cost to all that are healthy: the fabric for a
cluster that stands there openly, the gateway for one behind it. With externalTrafficPolicy:
Cluster every node is healthy, with Local those whose health check says 200; where that is nobody,
clients hear nothing. Nor do they from a port that no Service offers. Health checks take no time
here: the routes are what they would come to.

The address of a Service that a flat cluster exports leads to its nodes in the same way.

A limit of plain routes, which MetalLB with BGP has, too: when the set of nodes changes, so does the
hash that spreads flows over them. A connection may move to a node that does not know it, and be
reset. (Nexthop groups of type resilient would keep it.)
"""

from collections.abc import Iterator
from dataclasses import replace

from nsnet.features.fabric import OUTSIDE, switch_of
from nsnet.features.gateways.egress import OUTSIDE as TO_FABRIC
from nsnet.features.gateways.shared import table_of
from nsnet.ip import IPAddress, Protocol, all_of_family, ips_of, of_family, single
from nsnet.state.model import Fact, Route
from nsnet.state.rules import Chain, Drop, Hook, Match, Return, Rule
from nsnet.topology.balancing import ready_on
from nsnet.topology.model import Cluster, Gateway, Service, Topology

PORTS = "NSNET-LB"


def load_balancers(topology: Topology) -> Iterator[Fact]:
    """Every load balancer's address leads to its Service's nodes. Isolated clusters have none."""
    here = topology.fabric_netns
    openly: list[Service] = []
    for cluster in topology.clusters:
        for gateway in topology.own_gateways(cluster):
            yield from _behind(topology, topology.behind(gateway), gateway)
        if cluster.gateways:
            continue
        balanced = _balanced(cluster)
        openly += balanced
        if cluster.routing == "static":  # else the nodes announce it by themselves
            yield from ((here, each) for each in _routes(cluster, balanced, switch_of(cluster)))
    yield from ((here, each) for each in _chains(openly))


def _balanced(cluster: Cluster) -> list[Service]:
    if cluster.model == "isolated":
        return []
    return [each for each in cluster.services if each.announced_ips and each.proxied]


def _offered(services: list[Service]) -> Iterator[tuple[Service, IPAddress]]:
    for service in services:
        for address in service.announced_ips:
            yield service, address


def _behind(topology: Topology, clusters: tuple[Cluster, ...], gateway: Gateway) -> Iterator[Fact]:
    """The fabric leads to the gateway, and the gateway to the nodes. What other clusters have in
    the range of its own link, their load balancers' addresses and those that two replicas
    announce, it asks the fabric for: on that link nobody answers to them."""
    balanced = [service for cluster in clusters for service in _balanced(cluster)]
    # Replicas announce it.
    for service, address in _offered(balanced) if gateway.replica is None else ():
        outside = of_family(ips_of(gateway.outside), address.version)
        if outside is not None:
            to_gateway = Route(single(address), outside, OUTSIDE, why=_why(service))
            yield topology.fabric_netns, to_gateway
    for cluster, attachment in topology.attachments(gateway):
        for route in _routes(cluster, _balanced(cluster), attachment.link):
            yield gateway.netns, replace(route, table=table_of(attachment))
    yield from ((gateway.netns, each) for each in _chains(balanced))
    others = [
        each for other in topology.clusters if other not in clusters for each in _balanced(other)
    ]
    exported = [
        (service, address)
        for other in topology.clusters
        if other not in clusters and other.has_standby
        for service in other.services
        for address in service.exported
    ]
    for service, address in (*_offered(others), *exported):
        router = of_family(ips_of(topology.fabric), address.version)
        if router is not None and of_family(ips_of(gateway.outside), address.version) is not None:
            yield gateway.netns, Route(single(address), router, TO_FABRIC, why=_why(service))


def _routes(cluster: Cluster, services: list[Service], dev: str) -> Iterator[Route]:
    """To the nodes whose health check succeeds, by the link that they are on."""
    for service, address in _offered(services):
        nodes = [
            of_family(ips_of(each.addresses), address.version)
            for each in cluster.nodes
            if not service.external_local or ready_on(service, each)
        ]
        healthy = tuple(sorted(each for each in nodes if each is not None))
        to, why = single(address), _why(service)
        match healthy:
            case ():
                yield Route(to, blackhole=True, why=why)
            case (node,):
                yield Route(to, node, dev, why=why)
            case _:
                yield Route(to, dev=dev, nexthops=healthy, why=why)


def _chains(services: list[Service]) -> Iterator[Chain | Hook]:
    """Only the Services' own ports pass: a node would route the others back, round and round."""
    addresses = sorted({each for _, each in _offered(services)}, key=str)
    for family in sorted({each.version for each in addresses}):
        mine = all_of_family(addresses, family)
        passing = [
            _passing(service, address)
            for address in mine
            for service in services
            if address in service.announced_ips
        ]
        # Protocol by protocol: of a datagram in fragments only the first has a port, and where that
        # passes the others must, too. Without ports to compare (`-m udp`) they match neither rule.
        others = [
            Rule(Match(dst=single(each), protocol=one, comment="no Service's port"), Drop())
            for each in mine
            for one in Protocol
        ]
        yield Chain(
            "filter", PORTS, (*(rule for each in passing for rule in each), *others), family
        )
        for hook in ("FORWARD", "OUTPUT"):
            yield Hook("filter", hook, PORTS, Match(comment="load balancers"), family)


def _passing(service: Service, address: IPAddress) -> Iterator[Rule]:
    comment = f"{service.namespace}/{service.name}"
    for port in service.ports:
        match = Match(dst=single(address), protocol=port.protocol, dport=port.port, comment=comment)
        yield Rule(match, Return(), why=_why(service))


def _why(service: Service) -> str:
    what = "the load balancer" if service.load_balancer_ips else "the exported address"
    return f"{what} of {service.reference}"
