"""conntrack as a model: which flow a packet belongs to, and what that does to it."""

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from nsnet.ip import Protocol
from nsnet.walk.packet import Packet, Tuple

WAYS_IN = ("PREROUTING", "OUTPUT")  # where destinations change; at the other hooks sources do


class Known(Enum):
    """What conntrack says of a packet."""

    NEW = "NEW"  # the first of a flow; the nat table is asked
    AGAIN = "NEW (seen before)"  # the same flow a second time: translated as before
    ANSWER = "ESTABLISHED"
    RELATED = "RELATED"  # an ICMP error about a flow
    INVALID = "INVALID"  # an answer to nothing that passed here


class Flow(NamedTuple):
    """A connection as one namespace knows it: as it came, what its answer looks like, and its mark.

    Zones are left out: they part connections that look alike, and a walk is about one alone."""

    original: Tuple
    answer: Tuple
    mark: int = 0


@dataclass(frozen=True, slots=True)
class Tracked:
    """A packet's place in conntrack."""

    known: Known
    entered: Tuple
    flow: Flow | None = None
    connected: bool = False  # what follows once a connection is made
    of_answer: bool = False  # an ICMP error about an answer, which goes the question's way

    @property
    def ctstate(self) -> str:
        """The word that a rule's --ctstate compares."""
        if self.connected:
            return "ESTABLISHED"
        if self.of_answer:
            return "RELATED"
        return "NEW" if self.known is Known.AGAIN else self.known.value

    @property
    def is_answer(self) -> bool:
        """It goes back to who began."""
        return self.known in (Known.ANSWER, Known.RELATED)

    def marked(self, packet: Packet) -> Packet:
        """The packet with what is known of its connection."""
        return packet if self.flow is None else replace(packet, connection_mark=self.flow.mark)


def track(packet: Packet, flows: tuple[Flow, ...]) -> Tracked:
    """Finds the packet's flow, as conntrack does on its way in."""
    # Without ports, flows may look alike from behind: an answer belongs to the last.
    for flow in reversed(flows):
        # A host that pings itself asks and answers with the same addresses: the question is first.
        if packet.tuple == flow.original and not packet.answer:
            connected = packet.protocol is Protocol.TCP and packet.size > 0
            said = packet.error is not None
            return Tracked(Known.AGAIN, packet.tuple, flow, connected, of_answer=said)
        # The question of a host that pings itself by another address looks like the answer, too.
        if packet.answer and packet.tuple == flow.answer:
            return Tracked(Known.RELATED if packet.error else Known.ANSWER, packet.tuple, flow)
    # A UDP answer that conntrack never saw the question of looks like a question.
    stray = packet.error or (packet.answer and packet.protocol is not Protocol.UDP)
    return Tracked(Known.INVALID if stray else Known.NEW, packet.tuple)


def retranslated(hook: str, packet: Packet, tracked: Tracked) -> Packet:
    """What conntrack does to a packet of a flow it knows: the destination on the way in, the
    source on the way out."""
    if tracked.flow is None:
        return packet
    original, answer = tracked.flow.original, tracked.flow.answer
    way_in = hook in WAYS_IN
    if tracked.known is Known.AGAIN:
        return (
            replace(packet, dst=answer.src, dport=answer.sport)
            if way_in
            else replace(packet, src=answer.dst)
        )
    return (
        replace(packet, dst=original.src)
        if way_in
        else replace(packet, src=original.dst, sport=original.dport)
    )


def flow_of(tracked: Tracked, leaving: Packet) -> Flow | None:
    """What conntrack remembers once a new flow's first packet has made it out or in."""
    if tracked.known is not Known.NEW:
        return None
    return Flow(tracked.entered, leaving.tuple.reversed(), leaving.connection_mark)
