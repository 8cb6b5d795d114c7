"""The load balancer in front of a cluster: for each of its addresses, a route to the healthy nodes.

      client ─▶ router ─┬─▶ node n1 ─▶ kube-proxy: DNAT to an endpoint
                        └─▶ node n2 ─▶ …

The load balancer routes and does not translate, like Azure's with a floating IP and MetalLB with
BGP. The node receives packets from the client's address to the load balancer's address, and answers
the client directly. The router in front of the nodes is the cluster's gateway or, without a
gateway, the fabric. For each address it has one route, with all healthy nodes as next hops of equal
cost.

With externalTrafficPolicy: Cluster, every node is healthy. With Local, a node is healthy if its
health check returns 200. Health checks take no time here: the routes are those that follow from
their final results. Packets are dropped if no node is healthy, or if they are to a port that no
Service offers.

Packets to the address of a Service that a flat cluster exports reach its nodes in the same way.

Plain routes have a limit, also in MetalLB with BGP: if the set of nodes changes, so does the hash
that spreads flows over them. A connection may move to a node without a conntrack entry for it, and
is reset. (Nexthop groups of type resilient would keep it on its node.)
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from nsnet.features.fabric import OUTSIDE_SWITCH, switch_of
from nsnet.features.gateways.egress import OUTSIDE_LINK
from nsnet.features.gateways.shared import table_of as table_behind
from nsnet.features.vnets import switch_of as subnet_switch
from nsnet.features.vnets import table_of
from nsnet.ip import IPAddress, Protocol, all_of_family, host_network, ips_of, of_family
from nsnet.state.model import Fact, Route
from nsnet.state.rules import Chain, Drop, Hook, Match, Return, Rule
from nsnet.topology.balancing import ready_pods_on
from nsnet.topology.model import Cluster, Gateway, Service, Topology, VNet

CHAIN: Final = "NSNET-LB"


def load_balancers(topology: Topology) -> Iterator[Fact]:
    """Yield the routes by which packets to the address of each load balancer reach the nodes, and
    the chains that drop packets to ports that no Service offers."""
    here = topology.fabric_netns
    on_fabric: list[Service] = []
    for cluster in topology.clusters:
        for gateway in topology.own_gateways(cluster):
            yield from _behind_gateway(topology, gateway)
        if cluster.gateways or cluster.vnet:
            continue
        balanced = _balanced(cluster)
        on_fabric += balanced
        if cluster.routing == "static":  # else the nodes announce the addresses by BGP
            yield from ((here, each) for each in _to_nodes(cluster, switch_of(cluster)))
    yield from ((here, each) for each in _filter(on_fabric))
    for vnet in topology.vnets:
        yield from _in_vnet(topology, vnet)


def _balanced(cluster: Cluster) -> list[Service]:
    if cluster.model == "isolated":
        return []
    return [each for each in cluster.services if each.announced_ips and each.proxied]


def _announced(services: Iterable[Service]) -> Iterator[tuple[Service, IPAddress]]:
    for service in services:
        for address in service.announced_ips:
            yield service, address


def _behind_gateway(topology: Topology, gateway: Gateway) -> Iterator[Fact]:
    """Yield the routes for the load balancers of the clusters behind a gateway: the fabric's to the
    gateway, and the gateway's to the nodes. Also yield the gateway's routes to the load balancers
    of other clusters, and its chain that drops packets to ports that no Service offers."""
    clusters = topology.behind(gateway)
    balanced = [service for each in clusters for service in _balanced(each)]
    if gateway.replica is None:  # else the replicas announce the addresses by BGP
        yield from (
            (topology.fabric_netns, each) for each in _via(balanced, ips_of(gateway.outside))
        )
    for cluster, attachment in topology.attachments(gateway):
        for route in _to_nodes(cluster, attachment.link):
            yield gateway.netns, replace(route, table=table_behind(attachment))
    yield from ((gateway.netns, each) for each in _filter(balanced))
    others = [each for each in topology.clusters if each not in clusters]
    yield from ((gateway.netns, each) for each in _to_others(topology, others, gateway))


def _in_vnet(topology: Topology, vnet: VNet) -> Iterator[Fact]:
    """Yield the routes for the load balancers of the clusters in a VNet: the fabric's to the VNet,
    and the VNet's to the nodes, from outside and from each of its subnets. Also yield its chain
    that drops packets to ports that no Service offers."""
    balanced: list[Service] = []
    tables = (None, *(table_of(vnet, each) for each in vnet.subnets))
    for subnet in vnet.subnets:
        for cluster in topology.clusters_in(vnet, subnet):
            mine = _balanced(cluster)
            balanced += mine
            for route in _via(mine, (vnet.outside.ip,)):
                yield topology.fabric_netns, route
            for route in _to_nodes(cluster, subnet_switch(subnet)):
                yield from ((vnet.netns, replace(route, table=table)) for table in tables)
    yield from ((vnet.netns, each) for each in _filter(balanced))


def _via(services: Iterable[Service], routers: Sequence[IPAddress]) -> Iterator[Route]:
    """Yield the fabric's routes to the load balancers behind a router with these addresses."""
    for service, address in _announced(services):
        via = of_family(routers, address.version)
        if via is not None:
            yield Route(host_network(address), via, OUTSIDE_SWITCH, why=_why(service))


def _to_others(topology: Topology, others: Sequence[Cluster], gateway: Gateway) -> Iterator[Route]:
    """Yield the gateway's routes, through the fabric's router, to the load balancers of other
    clusters and to the exported addresses that two replicas announce. The range of the gateway's
    outside link includes all these addresses: without the routes, the gateway would send ARP
    requests for them on that link, and no machine would answer."""
    balanced = [service for each in others for service in _balanced(each)]
    exported = [
        (service, address)
        for each in others
        if each.has_standby
        for service in each.services
        for address in service.exported
    ]
    for service, address in (*_announced(balanced), *exported):
        router = of_family(ips_of(topology.fabric), address.version)
        if router is not None and of_family(ips_of(gateway.outside), address.version) is not None:
            yield Route(host_network(address), router, OUTSIDE_LINK, why=_why(service))


def _to_nodes(cluster: Cluster, dev: str) -> Iterator[Route]:
    """Yield a route for each load balancer's address. It leads out of the link `dev` to all nodes
    whose health check succeeds, at equal cost; if there is none, it is a blackhole."""
    for service, address in _announced(_balanced(cluster)):
        nodes = [
            of_family(ips_of(each.addresses), address.version)
            for each in cluster.nodes
            if not service.external_local or ready_pods_on(service, each)
        ]
        healthy = tuple(sorted(each for each in nodes if each is not None))
        to, why = host_network(address), _why(service)
        match healthy:
            case ():
                yield Route(to, blackhole=True, why=why)
            case (node,):
                yield Route(to, node, dev, why=why)
            case _:
                yield Route(to, dev=dev, nexthops=healthy, why=why)


def _filter(services: Sequence[Service]) -> Iterator[Chain | Hook]:
    """Yield the chain that drops packets to ports that no Service offers, and the jumps to it.
    Without the chain, a node would send these packets back to its router, and the router to the
    node, until their TTL expires."""
    addresses = sorted({each for _, each in _announced(services)}, key=str)
    for family in sorted({each.version for each in addresses}):
        rules = _rules(services, all_of_family(addresses, family))
        yield Chain("filter", CHAIN, tuple(rules), family)
        for hook in ("FORWARD", "OUTPUT"):
            yield Hook("filter", hook, CHAIN, Match(comment="load balancers"), family)


def _rules(services: Sequence[Service], addresses: Sequence[IPAddress]) -> Iterator[Rule]:
    offering: dict[IPAddress, list[Service]] = {}
    for service, address in _announced(services):
        offering.setdefault(address, []).append(service)
    for address in addresses:
        for service in offering[address]:
            yield from _passing(service, address)
    # A rule for each protocol, because of fragments: only the first one has a port, and if it
    # passes, the others must, too. They do, as `-m udp` never matches a later fragment.
    for address in addresses:
        for protocol in Protocol:
            match = Match(dst=host_network(address), protocol=protocol, comment="no Service's port")
            yield Rule(match, Drop())


def _passing(service: Service, address: IPAddress) -> Iterator[Rule]:
    comment = f"{service.namespace}/{service.name}"
    for port in service.ports:
        match = Match(
            dst=host_network(address), protocol=port.protocol, dport=port.port, comment=comment
        )
        yield Rule(match, Return(), why=_why(service))


def _why(service: Service) -> str:
    what = "the load balancer" if service.load_balancer_ips else "the exported address"
    return f"{what} of {service.reference}"
