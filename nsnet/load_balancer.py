"""The load balancer in front of a cluster: its addresses are routes over the nodes that are
healthy.

      client ─▶ router ─┬─▶ node n1 ─▶ kube-proxy knows the address: an endpoint
                        └─▶ node n2 ─▶ …

It is of the kind that routes and does not translate (Azure with a floating IP, MetalLB with BGP):
the node sees the client and the load balancer's own address, and answers the client by itself. The
router in front of the nodes has one route of equal cost to all that are healthy: the fabric for a
cluster that stands there openly, the gateway for one behind it. With externalTrafficPolicy:
Cluster every node is healthy, with Local those whose health check says 200; where that is nobody,
clients hear nothing. Health checks take no time here: the routes are what they would come to.

Two limits of plain routes, which MetalLB with BGP has, too. When the set of nodes changes, the
hash that spreads flows over them does: a connection may move to a node that does not know it, and
be reset. (Nexthop groups of type resilient would keep it.) And a port that no Service offers there
is routed back by the node, until the packet's time to live is over.
"""

from collections.abc import Iterator

from nsnet.balancing import ready_on
from nsnet.fabric import OUTSIDE, switch_of
from nsnet.state import Fact, IPAddress, Route
from nsnet.topology import Cluster, Service, Topology, of_family, only, single

INSIDE = "eth0"  # of a gateway


def load_balancers(topology: Topology) -> Iterator[Fact]:
    """Every load balancer's address leads to its Service's nodes. Isolated clusters have none."""
    here = topology.fabric_netns
    for cluster in topology.clusters:
        if cluster.model == "isolated":
            continue
        gateway = cluster.gateway
        for service in cluster.services:
            for address in service.load_balancer_ips:
                if gateway is None:
                    yield here, _spread(cluster, service, address, switch_of(cluster))
                    continue
                outside = of_family(only(gateway.outside), address.version)
                if outside is not None:
                    yield here, Route(single(address), outside, OUTSIDE, why=_why(service))
                yield gateway.netns, _spread(cluster, service, address, INSIDE)


def _spread(cluster: Cluster, service: Service, address: IPAddress, dev: str) -> Route:
    """The route to the nodes whose health check succeeds."""
    healthy = sorted(
        own
        for node in cluster.nodes
        if not service.external_local or ready_on(service, node)
        for own in only(node.addresses)
        if own.version == address.version
    )
    why = _why(service)
    match healthy:
        case []:
            return Route(single(address), blackhole=True, why=why)
        case [node]:
            return Route(single(address), node, dev, why=why)
        case _:
            return Route(single(address), dev=dev, nexthops=tuple(healthy), why=why)


def _why(service: Service) -> str:
    return f"the load balancer of {service.reference}"
