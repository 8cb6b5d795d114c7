"""Idle connections: which machines on the way have forgotten them, and what becomes of the next
packet.

conntrack forgets a connection that has sent nothing for a while. The next packet of the connection
has no entry then. If net.netfilter.nf_conntrack_tcp_loose is 0, its state is INVALID, and it is not
translated.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from nsnet.ip import Protocol
from nsnet.state.model import Netns
from nsnet.walk.conntrack import CtInfo, Tracked
from nsnet.walk.journey import Journey
from nsnet.walk.packet import Packet

FIRST_SEGMENT: Final = 100  # bytes of a packet that fits every link
_TIMEOUT: Final = "net.netfilter.nf_conntrack_tcp_timeout_established"
_LOOSE: Final = "net.netfilter.nf_conntrack_tcp_loose"


class Idle(NamedTuple):
    """For how long a connection is idle, and the interval of its keepalives, in seconds (0: it
    sends none)."""

    seconds: float
    keepalive: int = 0

    def outlasts(self, timeout: int) -> bool:
        """Return whether a connection is silent for longer than this timeout, in seconds."""
        return self.seconds > timeout and not 0 < self.keepalive < timeout


def forgotten(journey: Journey, idle: Idle, netns: Mapping[str, Netns]) -> Journey:
    """Return the journey without the conntrack entries that have timed out."""
    known = {
        name: entries
        for name, entries in journey.conntrack.items()
        if not (timeout := netns[name].setting(_TIMEOUT)) or not idle.outlasts(timeout)
    }
    return replace(journey, conntrack=known)


def as_known(here: Netns, packet: Packet, tracked: Tracked) -> Tracked:
    """Return what conntrack attaches to a packet, given what it would attach to the first packet of
    a flow. A later packet of an unknown connection is INVALID, unless conntrack is loose."""
    later = packet.protocol is Protocol.TCP and packet.size > 0 and not packet.answer
    strict = any(each.key == _LOOSE and each.value == "0" for each in here.sysctls)
    if later and strict and tracked.info is CtInfo.NEW:
        return replace(tracked, info=CtInfo.INVALID)
    return tracked
