"""A model of VXLAN: a packet sent on a tunnel link is encapsulated in a UDP packet between nodes.

      routed out of flannel.1 ─▶ UDP from node to node, like any other ─▶ flannel.1 ─▶ routed

The neighbour entry of the next hop gives its MAC address, and the FDB entry of this MAC address
gives the node to send to. The outer packet has no DF bit: routers may fragment it, so no MTU drops
it.
Source: drivers/net/vxlan/vxlan_core.c.
"""

from nsnet.ip import IPAddress, Protocol
from nsnet.state.model import Interface, Netns
from nsnet.walk.packet import Packet


def neighbour_mac(netns: Netns, tunnel: Interface, neighbour: IPAddress) -> str | None:
    """Return the neighbour's MAC address from its permanent entry; None if it has none. A tunnel
    sends no ARP or NDP requests."""
    for each in netns.neighbours:
        if (each.address, each.dev) == (neighbour, tunnel.name):
            return each.mac
    return None


def encapsulated(netns: Netns, tunnel: Interface, mac: str) -> Packet | None:
    """Return the outer packet that carries a frame to this MAC address; None if the tunnel has no
    FDB entry for the MAC address."""
    assert tunnel.vxlan is not None
    for each in netns.fdb:
        if (each.mac, each.dev) == (mac, tunnel.name):
            return Packet(
                protocol=Protocol.UDP,
                src=tunnel.vxlan.local,
                dst=each.dst,
                dport=tunnel.vxlan.port,
            )
    return None


def decapsulating(netns: Netns, outer: Packet, tunnel: Interface, mac: str) -> Interface | None:
    """Return the link of this namespace that decapsulates the outer packet; None if no link has the
    tunnel's VNI, the packet's port and the inner frame's MAC address."""
    assert tunnel.vxlan is not None
    for each in netns.interfaces:
        end = each.vxlan
        if end is not None and end.vni == tunnel.vxlan.vni and end.port == outer.dport:
            return each if each.mac == mac else None
    return None
