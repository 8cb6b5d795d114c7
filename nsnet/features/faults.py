"""What is wrong with a lab on purpose: the last step to its State, which is faulty all through.
So what is planned, explained and built has the fault, and agrees on it.

INPUT, FORWARD, OUTPUT ─▶ NSNET-FAULTS ─▶ DROP
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, assert_never

from nsnet.errors import CompileError
from nsnet.ip import Family, Protocol
from nsnet.state.model import Netns, State
from nsnet.state.rules import Chain, Drop, Match, Return, Rule
from nsnet.topology.model import Down, Dropped, Fault

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
            case Down(link):
                netns = _without(netns, link)
            case _:
                assert_never(fault.what)
    return replace(netns, chains=(*netns.chains, *_chains(netns, dropped)))


def _without(netns: Netns, name: str) -> Netns:
    """A link that is down: with it go its routes and neighbours, and its IPv6 addresses."""
    links = {each.name: each for each in netns.interfaces}
    if name not in links:
        known = ", ".join(links)
        raise CompileError(f"spec.faults: {netns.reference} has no link {name}; it has {known}")
    link = links[name]
    kept = tuple(each for each in link.addresses if each.version == 4)
    near = [each.network for each in link.addresses]
    return replace(
        netns,
        interfaces=tuple(
            replace(each, up=False, addresses=kept) if each is link else each
            for each in netns.interfaces
        ),
        routes=tuple(
            each
            for each in netns.routes
            if each.dev != name
            and not (each.dev is None and any(via in one for via in each.gateways for one in near))
        ),
        neighbours=tuple(each for each in netns.neighbours if each.dev != name),
        sysctls=tuple(each for each in netns.sysctls if each.dev != name or "ipv6" not in each.key),
    )


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
