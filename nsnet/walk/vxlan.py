"""VXLAN as a model: a packet that leaves by a tunnel goes on inside another one.

      routed out of flannel.1 ─▶ UDP from node to node, like any other ─▶ flannel.1 ─▶ routed

The tunnel knows the MAC address of the neighbour, and by that where to send. The outer packet may
be fragmented (it has no DF), so its size stops it nowhere.
Source: drivers/net/vxlan/vxlan_core.c.
"""

from nsnet.ip import IPAddress, Protocol
from nsnet.state.model import Interface, Netns
from nsnet.walk.packet import Packet


def neighbour_mac(netns: Netns, tunnel: Interface, neighbour: IPAddress) -> str | None:
    """Whom the neighbour's frames are addressed to. It is never asked for: nobody would hear."""
    for each in netns.neighbours:
        if (each.address, each.dev) == (neighbour, tunnel.name):
            return each.mac
    return None


def encapsulated(netns: Netns, tunnel: Interface, mac: str) -> Packet | None:
    """The outer packet of a frame to this MAC address; None where nobody knows the machine."""
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
    """The link by which a frame of this tunnel comes out here; None where no tunnel of its number
    waits for it, or for another MAC address."""
    assert tunnel.vxlan is not None
    for each in netns.interfaces:
        end = each.vxlan
        if end is not None and end.vni == tunnel.vxlan.vni and end.port == outer.dport:
            return each if each.mac == mac else None
    return None
