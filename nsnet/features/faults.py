"""The faults of a lab: links that are down, and packets that are dropped. They change the pieces of
the State (its links, routes, chains …), so the plan, the predictions and the kernel include them.

INPUT, FORWARD, OUTPUT ─▶ NSNET-FAULTS ─▶ DROP
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, assert_never

from nsnet.errors import CompileError
from nsnet.features.sysctls import IPV6_ENABLED
from nsnet.ip import Family, Protocol
from nsnet.state.model import Interface, Neighbour, Piece, Route, Sysctl
from nsnet.state.rules import Chain, Drop, Hook, Match, Return, Rule
from nsnet.topology.model import DroppedPackets, Fault, LinkFailure

CHAIN: Final = "NSNET-FAULTS"
NEIGHBOURS: Final = ("neighbour-solicitation", "neighbour-advertisement")


def with_faults(
    reference: str, pieces: Sequence[Piece], faults: Sequence[Fault]
) -> Sequence[Piece]:
    """Return the pieces of one namespace as its faults change them. Raises CompileError if a fault
    names a link that the namespace does not have. `reference` names the namespace in the
    message."""
    dropped: list[DroppedPackets] = []
    for fault in faults:
        match fault.what:
            case DroppedPackets():
                dropped.append(fault.what)
            case LinkFailure(link):
                pieces = list(_without(reference, pieces, link))
            case _:
                assert_never(fault.what)
    return (*pieces, *_drops(pieces, dropped)) if dropped else pieces


def _without(reference: str, pieces: Sequence[Piece], name: str) -> Iterator[Piece]:
    """Yield the pieces with the link `name` down. When a link goes down, the kernel removes its
    routes, its neighbours and its IPv6 addresses. These are left out, and so are the link's IPv6
    sysctls; the namespace keeps IPv6 even if it has no other address."""
    links = {each.name: each for each in pieces if isinstance(each, Interface)}
    if name not in links:
        known = ", ".join(links)
        raise CompileError(f"spec.faults: {reference} has no link {name}; it has {known}")
    near = [each.network for each in links[name].addresses]
    for piece in pieces:
        match piece:
            case Interface() if piece is links[name]:
                kept = tuple(each for each in piece.addresses if each.version == 4)
                yield replace(piece, up=False, addresses=kept)
                if kept != piece.addresses:
                    yield IPV6_ENABLED
            case Route(dev=dev) if dev == name or (
                dev is None and any(via in one for via in piece.gateways for one in near)
            ):
                pass
            case Neighbour(dev=dev) if dev == name:
                pass
            case Sysctl(dev=dev, key=key) if dev == name and "ipv6" in key:
                pass
            case _:
                yield piece


def _drops(pieces: Sequence[Piece], dropped: Sequence[DroppedPackets]) -> Iterator[Chain | Hook]:
    """Yield the chain that drops these packets, and the jumps to it, for each family in which the
    namespace has an address."""
    links = [each for each in pieces if isinstance(each, Interface)]
    families: list[Family] = sorted({each.version for link in links for each in link.addresses})
    for family in families:
        rules = tuple(Rule(_match(each), Drop(), why="a fault of this lab") for each in dropped)
        if family == 6 and any(_is_all_icmp(each) for each in dropped):
            # IPv6 resolves neighbours by ICMP: without these types nothing would get through.
            asking = (Match(protocol=Protocol.ICMP, icmp_type=each) for each in NEIGHBOURS)
            rules = (*(Rule(each, Return(), why="neighbour discovery") for each in asking), *rules)
        yield Chain("filter", CHAIN, rules, family)
        for hook in ("INPUT", "FORWARD", "OUTPUT"):
            yield Hook("filter", hook, CHAIN, family=family)


def _is_all_icmp(each: DroppedPackets) -> bool:
    return each.protocol is Protocol.ICMP and each.icmp_type is None


def _match(each: DroppedPackets) -> Match:
    return Match(
        protocol=each.protocol,
        dport=each.port,
        icmp_type=each.icmp_type,
        comment="a fault of this lab",
    )
