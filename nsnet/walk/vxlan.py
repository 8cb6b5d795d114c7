"""A model of VXLAN: a packet sent on a tunnel link is encapsulated in a UDP packet between nodes.

      routed out of flannel.1 ─▶ UDP from node to node, like any other ─▶ flannel.1 ─▶ routed

The neighbour entry gives the MAC address, and the FDB entry of this MAC address gives the node to
send to. The outer packet has no DF bit: routers may fragment it, so no MTU drops it.
Source: drivers/net/vxlan/vxlan_core.c.
"""

from nsnet.ip import IPAddress, Protocol
from nsnet.state.model import Interface, Netns
from nsnet.walk.packet import Packet


def neighbour_mac(netns: Netns, tunnel: Interface, neighbour: IPAddress) -> str | None:
    """Return the neighbour's MAC address from its permanent entry; a tunnel sends no ARP or NDP."""
    for each in netns.neighbours:
        if (each.address, each.dev) == (neighbour, tunnel.name):
            return each.mac
    return None


def encapsulated(netns: Netns, tunnel: Interface, mac: str) -> Packet | None:
    """Return the outer packet of a frame to this MAC address; None without an FDB entry for it."""
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
    """Return the link that decapsulates a frame of this tunnel here; None if no link has its VNI,
    port and MAC address."""
    assert tunnel.vxlan is not None
    for each in netns.interfaces:
        end = each.vxlan
        if end is not None and end.vni == tunnel.vxlan.vni and end.port == outer.dport:
            return each if each.mac == mac else None
    return None
