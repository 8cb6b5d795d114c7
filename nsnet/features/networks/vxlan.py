"""The network of `cni: vxlan`, which is flannel's overlay. Each node has a bridge for its pods, and
a tunnel to all other nodes.

pod ── cbr0 ── node ── flannel.1 ┄┄ in UDP, by eth0 and fabric ┄┄ flannel.1 ── node ── cbr0 ── pod

The tunnel neither learns MAC addresses nor floods, so a node has three entries for each other node.
The route to the other node's pods leads via the first address of their range, which is the other
end of the tunnel. A neighbour entry has the MAC address of that end. An FDB entry has the node
address to which frames for that MAC address are sent.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from nsnet.features.networks.fabric_routes import fabric_routes
from nsnet.features.networks.masquerade import masquerade_by_flannel
from nsnet.features.networks.node_bridge import pods_on_bridges
from nsnet.features.routes import for_others
from nsnet.ip import IPAddress, ips_of, of_family
from nsnet.state.model import (
    MTU,
    VXLAN_PORT,
    Fact,
    FdbEntry,
    Interface,
    Kind,
    Neighbour,
    Route,
    Vxlan,
    mac_by_name,
    mac_of,
)
from nsnet.topology.model import Cluster, Node, Topology

TUNNEL: Final = "flannel.1"
VNI: Final = 1


def vxlan(topology: Topology, cluster: Cluster) -> Iterator[Fact]:
    """Yield each node's bridge and pods, and its tunnel to the other nodes. For a flat cluster,
    also yield the fabric's routes to pods; for an island, the masquerading of pods."""
    widest = min(MTU - _tunnel(node).overhead for node in cluster.nodes)
    yield from pods_on_bridges(cluster, cluster.mtu or widest)
    yield from fabric_routes(topology, cluster)
    for node in cluster.nodes:
        link = Interface(
            TUNNEL, Kind.VXLAN, addresses=node.overlay, vxlan=_tunnel(node), mtu=widest
        )
        yield node.netns, replace(link, mac=_mac(node))
    for behind in (_frames_to, _ends_of, _routes_to):
        yield from for_others(cluster.nodes, behind)
    yield from masquerade_by_flannel(cluster)


def _tunnel(node: Node) -> Vxlan:
    return Vxlan(VNI, _endpoint(node), "eth0", VXLAN_PORT)


def _endpoint(node: Node) -> IPAddress:
    """Return the address of the node's end of the tunnel. The tunnel carries both families in UDP
    over IPv4 or, if the nodes have no IPv4 address, over IPv6."""
    held = ips_of(node.addresses)
    return of_family(held, 4) or held[0]


def _mac(node: Node) -> str:
    """Return the MAC address of the node's end of the tunnel. It is derived from that end's first
    address if this is IPv4, or else from the node's name. IPv6 addresses could give two nodes one
    MAC address, since the first addresses of two ranges end in the same four bytes; and a
    tunnel drops frames whose source is its own MAC address."""
    first = node.overlay[0].ip
    return mac_of(first) if first.version == 4 else mac_by_name(node.netns, TUNNEL)


def _frames_to(other: Node) -> Iterator[FdbEntry]:
    yield FdbEntry(_mac(other), _endpoint(other), TUNNEL)


def _ends_of(other: Node) -> Iterator[Neighbour]:
    for end in ips_of(other.overlay):
        yield Neighbour(end, _mac(other), TUNNEL)


def _routes_to(other: Node) -> Iterator[Route]:
    for pods, end in zip(other.pod_cidrs, ips_of(other.overlay), strict=True):
        # No address of the link covers the neighbour.
        yield Route(pods, end, TUNNEL, onlink=True, why=f"pods of {other.reference}")
