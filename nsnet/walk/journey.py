"""A packet under way through a lab, and the ways in which that ends."""

from dataclasses import dataclass, field, replace
from typing import TypeAlias

from nsnet.state.model import Netns
from nsnet.state.rules import Drop
from nsnet.verdict import Verdict
from nsnet.walk.conntrack import ConntrackEntry, Tracked, new_entry
from nsnet.walk.netfilter import TRANSLATING, Passed
from nsnet.walk.packet import Hop, Packet, RuleAt, Tuple
from nsnet.walk.routing import NextHop

TTL = 64  # routers that may pass a packet on


@dataclass(frozen=True, slots=True)
class Journey:
    """A packet under way: where it has been, and what each namespace remembers of it."""

    packet: Packet
    hops: tuple[Hop, ...] = ()
    conntrack: dict[str, tuple[ConntrackEntry, ...]] = field(default_factory=dict)
    chosen: dict[tuple[str, Tuple], NextHop] = field(default_factory=dict)
    ttl: int = TTL

    def entries(self, netns: str) -> tuple[ConntrackEntry, ...]:
        """The flows that a namespace remembers."""
        return self.conntrack.get(netns, ())

    def remember(self, netns: str, entry: ConntrackEntry | None) -> "Journey":
        """The journey once the namespace knows this flow, too."""
        if entry is None:
            return self
        return replace(self, conntrack={**self.conntrack, netns: (*self.entries(netns), entry)})


@dataclass(frozen=True, slots=True)
class Arrived:
    """The packet reached a namespace that holds its destination."""

    netns: str
    journey: Journey


@dataclass(frozen=True, slots=True)
class Refused:
    """A namespace gave up on the packet and says so to its source."""

    netns: str
    error: Verdict
    journey: Journey


@dataclass(frozen=True, slots=True)
class Lost:
    """The packet is gone and nobody is told."""

    journey: Journey


@dataclass(frozen=True, slots=True)
class TooBig:
    """A namespace cannot pass the packet on: so many bytes are the most."""

    here: Netns
    mtu: int
    journey: Journey
    # What is known once the packet is gone: of a new flow, nothing here if it was to be forwarded.
    conntrack: dict[str, tuple[ConntrackEntry, ...]]


End: TypeAlias = Arrived | Refused | Lost | TooBig


def note(journey: Journey, here: Netns, what: str, rule: RuleAt | None = None) -> Journey:
    """The journey with one more hop: something that happened here."""
    hop = Hop(
        netns=here.name, reference=here.reference, what=what, packet=journey.packet, rule=rule
    )
    return replace(journey, hops=(*journey.hops, hop))


def after_hook(here: Netns, journey: Journey, passed: Passed) -> Journey:
    """The journey after a hook, with a hop for what the rules did to the packet."""
    before, after = journey.packet, passed.packet
    deciding = [each for each in passed.rules if isinstance(each.rule.target, TRANSLATING)]
    rule = deciding[-1] if deciding else None
    moved = replace(journey, packet=after)
    # Without a rule it is conntrack, which repeats for a flow what it undoes for its answers.
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
    """The end of a packet that a rule dropped or rejected."""
    rule = passed.rules[-1]
    # An ICMP error about a packet that was DNATed already speaks of it as the client knows it.
    journey = journey.remember(here.name, new_entry(tracked, journey.packet))
    if isinstance(passed.stop, Drop):
        return Lost(note(journey, here, "DROP", rule))
    return Refused(here.name, Verdict.REFUSED, note(journey, here, "REJECT", rule))
