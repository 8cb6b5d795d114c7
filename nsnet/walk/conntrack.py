"""conntrack as a model: which flow a packet belongs to, and what that does to it."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from nsnet.ip import Protocol
from nsnet.walk.packet import Packet, Tuple

WAYS_IN = ("PREROUTING", "OUTPUT")  # where destinations change; at the other hooks sources do


class CtInfo(Enum):
    """What conntrack says of a packet."""

    NEW = "NEW"  # the first of a flow; the nat table is asked
    REPEATED = "NEW (seen before)"  # the same flow a second time: translated as before
    REPLY = "ESTABLISHED"
    RELATED = "RELATED"  # an ICMP error about a flow
    INVALID = "INVALID"  # an answer to nothing that passed here


class ConntrackEntry(NamedTuple):
    """A connection as one namespace knows it: as it came, what its answer looks like, and its mark.

    Zones are left out: they part connections that look alike, and a walk is about one alone."""

    original: Tuple
    reply: Tuple
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Tracked:
    """A packet's place in conntrack."""

    info: CtInfo
    entered: Tuple
    entry: ConntrackEntry | None = None
    connected: bool = False  # what follows once a connection is made
    about_reply: bool = False  # an ICMP error about an answer, which goes the question's way

    @property
    def ctstate(self) -> str:
        """The word that a rule's --ctstate compares."""
        if self.connected:
            return "ESTABLISHED"
        if self.about_reply:
            return "RELATED"
        return "NEW" if self.info is CtInfo.REPEATED else self.info.value

    @property
    def is_reply(self) -> bool:
        """It goes back to who began."""
        return self.info in (CtInfo.REPLY, CtInfo.RELATED)

    def marked(self, packet: Packet) -> Packet:
        """The packet with what is known of its connection."""
        return packet if self.entry is None else replace(packet, connection_mark=self.entry.mark)


def track(packet: Packet, entries: tuple[ConntrackEntry, ...]) -> Tracked:
    """Finds the packet's flow, as conntrack does on its way in."""
    # Without ports, flows may look alike from behind: an answer belongs to the last.
    for entry in reversed(entries):
        # A host that pings itself asks and answers with the same addresses: the question is first.
        if packet.tuple == entry.original and not packet.answer:
            connected = packet.protocol is Protocol.TCP and packet.size > 0
            said = packet.error is not None
            return Tracked(CtInfo.REPEATED, packet.tuple, entry, connected, about_reply=said)
        # The question of a host that pings itself by another address looks like the answer, too.
        if packet.answer and packet.tuple == entry.reply:
            return Tracked(CtInfo.RELATED if packet.error else CtInfo.REPLY, packet.tuple, entry)
    # A UDP answer that conntrack never saw the question of looks like a question.
    stray = packet.error or (packet.answer and packet.protocol is not Protocol.UDP)
    return Tracked(CtInfo.INVALID if stray else CtInfo.NEW, packet.tuple)


def retranslate(hook: str, packet: Packet, tracked: Tracked) -> Packet:
    """What conntrack does to a packet of a flow it knows: the destination on the way in, the
    source on the way out."""
    if tracked.entry is None:
        return packet
    original, reply = tracked.entry.original, tracked.entry.reply
    way_in = hook in WAYS_IN
    if tracked.info is CtInfo.REPEATED:
        return (
            replace(packet, dst=reply.src, dport=reply.sport)
            if way_in
            else replace(packet, src=reply.dst)
        )
    return (
        replace(packet, dst=original.src)
        if way_in
        else replace(packet, src=original.dst, sport=original.dport)
    )


def new_entry(tracked: Tracked, leaving: Packet) -> ConntrackEntry | None:
    """What conntrack remembers once a new flow's first packet has made it out or in."""
    if tracked.info is not CtInfo.NEW:
        return None
    return ConntrackEntry(tracked.entered, leaving.tuple.reversed(), leaving.connection_mark)
