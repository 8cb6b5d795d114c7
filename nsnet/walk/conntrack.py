"""A model of conntrack: which entry a packet belongs to, and how the entry translates the
packet."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from nsnet.ip import Protocol
from nsnet.walk.packet import Packet, Tuple

# The hooks at which the destination is translated; at INPUT and POSTROUTING the source is.
DNAT_HOOKS = ("PREROUTING", "OUTPUT")


class CtInfo(Enum):
    """The state that conntrack gives a packet."""

    NEW = "NEW"  # the first packet of a flow: it traverses the nat table
    REPEATED = "NEW (seen before)"  # the flow returns to this namespace: translated as before
    REPLY = "ESTABLISHED"
    RELATED = "RELATED"  # an ICMP error about a flow
    INVALID = "INVALID"  # a reply whose request did not pass here


class ConntrackEntry(NamedTuple):
    """A connection that one namespace tracks: the tuple of its first packet on arrival, the tuple
    that a reply has, and the connection's mark.

    The model has no zones: they separate connections with the same tuple, and a walk follows only
    one connection.
    """

    original: Tuple
    reply: Tuple
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Tracked:
    """What conntrack attaches to a packet (skb->_nfct): mainly its state and its entry."""

    info: CtInfo
    entered: Tuple  # the packet's tuple on arrival
    entry: ConntrackEntry | None = None
    connected: bool = False  # a packet that follows the handshake
    about_reply: bool = False  # an ICMP error about a reply, in the direction of the request

    @property
    def ctstate(self) -> str:
        """The packet's state, as a rule's --ctstate names it."""
        if self.connected:
            return "ESTABLISHED"
        if self.about_reply:
            return "RELATED"
        return "NEW" if self.info is CtInfo.REPEATED else self.info.value

    @property
    def is_reply(self) -> bool:
        """Whether the packet goes in the direction of replies."""
        return self.info in (CtInfo.REPLY, CtInfo.RELATED)

    def marked(self, packet: Packet) -> Packet:
        """Return the packet with the mark of its connection."""
        return packet if self.entry is None else replace(packet, connection_mark=self.entry.mark)


def track(packet: Packet, entries: tuple[ConntrackEntry, ...]) -> Tracked:
    """Return what conntrack attaches to a packet that arrives in a namespace with these entries."""
    # Without client ports, several entries may expect the same reply: it belongs to the last.
    for entry in reversed(entries):
        # If a host pings itself, request and reply have the same addresses: this is the request.
        if packet.tuple == entry.original and not packet.answer:
            connected = packet.protocol is Protocol.TCP and packet.size > 0
            is_error = packet.error is not None
            return Tracked(CtInfo.REPEATED, packet.tuple, entry, connected, about_reply=is_error)
        # If a host pings another of its own addresses, the request may have the tuple of the reply,
        # too, so the tuple alone does not make it one.
        if packet.answer and packet.tuple == entry.reply:
            return Tracked(CtInfo.RELATED if packet.error else CtInfo.REPLY, packet.tuple, entry)
    # A UDP reply whose request conntrack never saw is like a new request.
    stray = packet.error or (packet.answer and packet.protocol is not Protocol.UDP)
    return Tracked(CtInfo.INVALID if stray else CtInfo.NEW, packet.tuple)


def retranslate(hook: str, packet: Packet, tracked: Tracked) -> Packet:
    """Return the packet as its conntrack entry translates it; unchanged if it has no entry. The
    destination is translated at PREROUTING and OUTPUT, the source at INPUT and POSTROUTING."""
    if tracked.entry is None:
        return packet
    original, reply = tracked.entry.original, tracked.entry.reply
    is_dnat_hook = hook in DNAT_HOOKS
    if tracked.info is CtInfo.REPEATED:
        return (
            replace(packet, dst=reply.src, dport=reply.sport)
            if is_dnat_hook
            else packet.with_source(reply.dst)
        )
    return (
        replace(packet, dst=original.src)
        if is_dnat_hook
        else packet.with_source(original.dst, original.dport)
    )


def new_entry(tracked: Tracked, leaving: Packet) -> ConntrackEntry | None:
    """Return the entry that conntrack confirms when the first packet of a new flow leaves the
    namespace or is delivered; None for any other packet."""
    if tracked.info is not CtInfo.NEW:
        return None
    return ConntrackEntry(tracked.entered, leaving.tuple.reversed(), leaving.connection_mark)
