"""cni: vxlan. A bridge per node, and a tunnel from each to all others: flannel's overlay.

pod ── cbr0 ── node ── flannel.1 ┄┄ in UDP, by eth0 and fabric ┄┄ flannel.1 ── node ── cbr0 ── pod

The tunnel neither learns MAC addresses nor floods. For each other node, a node has three entries: a
neighbour (the first address of the other's pod range), the FDB entry of that neighbour's MAC
address, and the route to the other's pods.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from nsnet.features.networks.fabric_routes import fabric_routes
from nsnet.features.networks.masquerade import masquerade
from nsnet.features.networks.node_bridge import pods_on_bridges
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
    """Yield each node with its pods, its tunnel to the other nodes, and what the model of the
    cluster adds."""
    widest = min(MTU - _tunnel(node).overhead for node in cluster.nodes)
    yield from pods_on_bridges(cluster, cluster.mtu or widest)
    yield from fabric_routes(topology, cluster)
    for node in cluster.nodes:
        link = Interface(
            TUNNEL, Kind.VXLAN, addresses=node.overlay, vxlan=_tunnel(node), mtu=widest
        )
        yield node.netns, replace(link, mac=_mac(node))
        for other in cluster.nodes:
            if other is not node:
                yield from _behind_tunnel(node, other)
    yield from masquerade(cluster)


def _tunnel(node: Node) -> Vxlan:
    return Vxlan(VNI, _endpoint(node), "eth0", VXLAN_PORT)


def _endpoint(node: Node) -> IPAddress:
    """Return the node's end of the tunnel. It carries both families, over IPv4 if the nodes have
    it."""
    held = ips_of(node.addresses)
    return of_family(held, 4) or held[0]


def _mac(node: Node) -> str:
    """Return the MAC address of a node's tunnel. For IPv6 it follows from the name: the first
    addresses of two ranges end in the same four bytes, and a tunnel drops frames whose source is
    its own MAC address."""
    first = node.overlay[0].ip
    return mac_of(first) if first.version == 4 else mac_by_name(node.netns, TUNNEL)


def _behind_tunnel(node: Node, other: Node) -> Iterator[Fact]:
    """Yield the routes to another node's pods, through that node's end of the tunnel."""
    mac = _mac(other)
    yield node.netns, FdbEntry(mac, _endpoint(other), TUNNEL)
    for pods, end in zip(other.pod_cidrs, ips_of(other.overlay), strict=True):
        yield node.netns, Neighbour(end, mac, TUNNEL)
        why = f"pods of {other.reference}"
        # No address of the link covers the neighbour.
        yield node.netns, Route(pods, end, TUNNEL, onlink=True, why=why)
