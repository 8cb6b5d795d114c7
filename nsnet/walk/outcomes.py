"""What the rules of a hook did to a packet, told as hops of its journey."""

from dataclasses import replace

from nsnet.state.model import Netns
from nsnet.state.rules import Drop
from nsnet.verdict import Verdict
from nsnet.walk.conntrack import Tracked, flow_of
from nsnet.walk.journey import End, Journey, Lost, Refused, note
from nsnet.walk.netfilter import TRANSLATING, Passed


def filtered(here: Netns, journey: Journey, passed: Passed) -> Journey:
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
    journey = journey.remember(here.name, flow_of(tracked, journey.packet))
    if isinstance(passed.stop, Drop):
        return Lost(note(journey, here, "DROP", rule))
    return Refused(here.name, Verdict.REFUSED, note(journey, here, "REJECT", rule))
