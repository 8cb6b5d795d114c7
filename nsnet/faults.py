"""What is wrong with a lab on purpose: the last step to its State, which is faulty all through.
So what is planned, explained and built has the fault, and agrees on it.

INPUT, FORWARD, OUTPUT ─▶ NSNET-FAULTS ─▶ DROP
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, assert_never

from nsnet.ip import Family, Protocol
from nsnet.rules import Chain, Drop, Match, Return, Rule
from nsnet.state import Netns, State
from nsnet.topology import Dropped, Fault

CHAIN: Final = "NSNET-FAULTS"
NEIGHBOURS: Final = ("neighbour-solicitation", "neighbour-advertisement")


def with_faults(state: State, faults: Sequence[Fault]) -> State:
    """The lab with everything that is wrong with it."""
    return replace(
        state,
        netns=tuple(
            _faulty(each, [fault for fault in faults if fault.netns == each.name])
            for each in state.netns
        ),
    )


def _faulty(netns: Netns, faults: Sequence[Fault]) -> Netns:
    dropped: list[Dropped] = []
    for fault in faults:
        match fault.what:
            case Dropped():
                dropped.append(fault.what)
            case _:
                assert_never(fault.what)
    return replace(netns, chains=(*netns.chains, *_chains(netns, dropped)))


def _chains(netns: Netns, dropped: Sequence[Dropped]) -> Iterator[Chain]:
    """The rules, in each family of which the namespace has an address."""
    families: tuple[Family, ...] = tuple(sorted({each.version for each in netns.addresses}))
    for family in families if dropped else ():
        rules = tuple(Rule(_match(each), Drop(), why="a fault of this lab") for each in dropped)
        if family == 6 and any(_is_all_icmp(each) for each in dropped):
            # By these IPv6 asks who has an address, as IPv4 does by ARP: nothing would get through.
            asking = (Match(protocol=Protocol.ICMP, icmp_type=each) for each in NEIGHBOURS)
            rules = (*(Rule(each, Return(), why="IPv6's ARP") for each in asking), *rules)
        yield Chain("filter", CHAIN, rules, family)


def _is_all_icmp(each: Dropped) -> bool:
    return each.protocol is Protocol.ICMP and each.icmp_type is None


def _match(each: Dropped) -> Match:
    return Match(
        protocol=each.protocol,
        dport=each.port,
        icmp_type=each.icmp_type,
        comment="a fault of this lab",
    )
