"""routing: bgp. Each node announces its pods and the Services it can serve; the fabric's router
learns the way to them, and nodes learn from it the way to each other's pods.

      node n1 (AS 42…) ──┐
                         ├── fabric (AS 64512): 10.244.0.0/24 via n1, an LB address via n1 or n2
      node n2 (AS 42…) ──┘

A node whose link is cut is missed by BFD within 0.3 s, and its routes are withdrawn. Announced are
the addresses of load balancers by the nodes that are healthy, as MetalLB does.
"""

from collections.abc import Iterator
from ipaddress import IPv4Address, ip_network
from typing import Final

from nsnet.balancing import ready_on
from nsnet.bird import Bird, Session
from nsnet.fabric import switch_of
from nsnet.ip import IPAddress, IPNetwork, of_family, only, single
from nsnet.state import Fact
from nsnet.topology import FABRIC, Cluster, Node, Topology

FABRIC_AS: Final = 64512
_PRIVATE_AS: Final = 4_200_000_000  # the first of those of four bytes
_ANYWHERE: Final[tuple[IPNetwork, ...]] = (ip_network("0.0.0.0/0"), ip_network("::/0"))


def speakers(topology: Topology) -> Iterator[Fact]:
    """A bird on each node of these clusters, and the router's that they all talk to."""
    clusters = [each for each in topology.clusters if each.routing == "bgp"]
    if not clusters:
        return
    here = topology.fabric_netns
    sessions = tuple(
        Session(node.reference, router, each, autonomous_system(node), passive=True)
        for cluster in clusters
        for node in cluster.nodes
        for each, router in _ends(cluster, node)
    )
    links = tuple(map(switch_of, clusters))
    fabric_id = router_id(only(topology.fabric))
    yield here, Bird(fabric_id, FABRIC_AS, links, sessions, believed=_ANYWHERE, transit=True)
    for cluster in clusters:
        for node in cluster.nodes:
            yield node.netns, _of_node(cluster, node)


def router_id(addresses: tuple[IPAddress, ...]) -> IPv4Address:
    """A name of 32 bits: an IPv4 address, or the end of an IPv6 one."""
    address = of_family(addresses, 4) or addresses[0]
    return IPv4Address(int(address) & 0xFFFFFFFF)


def autonomous_system(node: Node) -> int:
    """A private number that follows from the node's address: it stays when others come and go."""
    return _PRIVATE_AS + (int(router_id(only(node.addresses))) & 0xFFFFFF)


def _of_node(cluster: Cluster, node: Node) -> Bird:
    sessions = tuple(
        Session(FABRIC, each, router, FABRIC_AS) for each, router in _ends(cluster, node)
    )
    services = [each for each in cluster.services if each.proxied]
    served = tuple(
        single(address)
        for service in services
        for address in service.announced_ips
        if not service.external_local or ready_on(service, node)
    )
    return Bird(
        router_id(only(node.addresses)),
        autonomous_system(node),
        ("eth0",),
        sessions,
        tuple(dict.fromkeys((*node.pod_cidrs, *served))),
        # Into its own tunnels it needs no other way; of two routes, IPv6 would take bird's.
        believed=() if cluster.cni == "vxlan" else cluster.pod_cidrs,
    )


def _ends(cluster: Cluster, node: Node) -> Iterator[tuple[IPAddress, IPAddress]]:
    """The node's address and the router's, of each family."""
    for address in only(node.addresses):
        router = of_family(only(cluster.routers), address.version)
        if router is not None:
            yield address, router
