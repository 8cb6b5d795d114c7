"""The journey of a packet through a lab, and how it ends."""

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from nsnet.state.model import Netns
from nsnet.state.rules import Drop
from nsnet.verdict import Verdict
from nsnet.walk.conntrack import ConntrackEntry, Tracked, new_entry
from nsnet.walk.netfilter import NAT_TARGETS, Passed
from nsnet.walk.packet import Hop, Packet, RuleAt, Tuple
from nsnet.walk.routing import NextHop

TTL = 64  # initial TTL, as net.ipv4.ip_default_ttl


@dataclass(frozen=True, slots=True)
class Journey:
    """A packet on its way through a lab: what has happened to it so far (`hops`), and the conntrack
    entries that each namespace has by now."""

    packet: Packet
    hops: tuple[Hop, ...] = ()
    conntrack: dict[str, tuple[ConntrackEntry, ...]] = field(default_factory=dict)
    # The next hop of each flow in each namespace where it had several.
    chosen: dict[tuple[str, Tuple], NextHop] = field(default_factory=dict)
    ttl: int = TTL

    def entries(self, netns: str) -> tuple[ConntrackEntry, ...]:
        """Return the namespace's conntrack entries."""
        return self.conntrack.get(netns, ())

    def remember(self, netns: str, entry: ConntrackEntry | None) -> "Journey":
        """Return the journey with one more conntrack entry in the namespace, unless the entry is
        None."""
        if entry is None:
            return self
        return replace(self, conntrack={**self.conntrack, netns: (*self.entries(netns), entry)})


@dataclass(frozen=True, slots=True)
class Arrived:
    """The packet reached a namespace that holds its destination address."""

    netns: str
    journey: Journey


@dataclass(frozen=True, slots=True)
class Refused:
    """A namespace discarded the packet and sends an error to its source."""

    netns: str
    error: Verdict
    journey: Journey


@dataclass(frozen=True, slots=True)
class Lost:
    """The packet was dropped silently."""

    journey: Journey


@dataclass(frozen=True, slots=True)
class TooBig:
    """A namespace cannot send the packet on, because it exceeds the MTU of the next hop."""

    here: Netns
    mtu: int
    journey: Journey
    # The entries afterwards. A new flow has none here if its packet was to be forwarded: conntrack
    # confirms an entry only after the MTU check.
    conntrack: dict[str, tuple[ConntrackEntry, ...]]


End: TypeAlias = Arrived | Refused | Lost | TooBig


def note(journey: Journey, here: Netns, what: str, rule: RuleAt | None = None) -> Journey:
    """Return the journey with one more hop, which says what happened in this namespace."""
    hop = Hop(
        netns=here.name, reference=here.reference, what=what, packet=journey.packet, rule=rule
    )
    return replace(journey, hops=(*journey.hops, hop))


def after_hook(here: Netns, journey: Journey, passed: Passed) -> Journey:
    """Return the journey after a netfilter hook. Each translation of the packet's destination or
    source adds a hop to it."""
    before, after = journey.packet, passed.packet
    deciding = [each for each in passed.rules if isinstance(each.rule.target, NAT_TARGETS)]
    rule = deciding[-1] if deciding else None
    moved = replace(journey, packet=after)
    # Without a rule, conntrack did it: it repeats NAT for requests and undoes it for replies.
    dnat, snat = (
        ("conntrack undoes the SNAT", "conntrack undoes the DNAT")
        if before.answer
        else ("conntrack repeats the DNAT", "conntrack repeats the SNAT")
    )
    if before.dst != after.dst or before.dport != after.dport:
        what = type(rule.rule.target).__name__.upper() if rule else dnat
        moved = note(moved, here, what, rule)
    if before.src != after.src:
        what = type(rule.rule.target).__name__.upper() if rule else snat
        moved = note(moved, here, what, rule)
    return moved


def stopped(here: Netns, journey: Journey, passed: Passed, tracked: Tracked) -> End:
    """Return the end of a packet that a rule dropped or rejected."""
    rule = passed.rules[-1]
    # The packet's entry counts already: by it, an ICMP error about a DNATed packet is translated to
    # quote the packet as the client sent it.
    journey = journey.remember(here.name, new_entry(tracked, journey.packet))
    if isinstance(passed.stop, Drop):
        return Lost(note(journey, here, "DROP", rule))
    return Refused(here.name, Verdict.REFUSED, note(journey, here, "REJECT", rule))
