"""The routes that BGP converges to. All birds of a State announce their own routes, and transit
routers also announce the routes that they have learned. Each bird installs the routes with the
shortest AS path.

Source: RFC 4271, section 9.1; the user's guide of bird, section "BGP".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from nsnet.features.faults import CHAIN as FAULTS
from nsnet.ip import Family, IPAddress, IPNetwork, Protocol
from nsnet.state.bird import PORT, Bird, Session
from nsnet.state.model import Interface, Netns, Route, State
from nsnet.state.wires import Wires


class _Path(NamedTuple):
    """A path to a destination, as a bird receives it. `as_path` begins with the nearest autonomous
    system."""

    destination: IPNetwork
    via: IPAddress
    as_path: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Speaker:
    netns: Netns
    bird: Bird

    def link(self, session: Session) -> Interface | None:
        """Return the link that has the session's local address. Return None if no link has it, as
        a link that is down has no IPv6 address."""
        for each in self.netns.interfaces:
            if any(session.local == address.ip for address in each.addresses):
                return each
        return None


class _Peering(NamedTuple):
    """One direction of a BGP session that both ends are configured for."""

    sender: _Speaker
    session: Session  # the sender's
    receiver: _Speaker


def converged(state: State) -> State:
    """Return the State, including the routes that its birds learn."""
    if not any(isinstance(daemon, Bird) for each in state.netns for daemon in each.daemons):
        return state
    wires = Wires(state)
    known = _exchange(list(_peerings(wires, _speakers(state, wires))))
    return replace(state, netns=tuple(_with_routes(each, known) for each in state.netns))


def _speakers(state: State, wires: Wires) -> dict[str, _Speaker]:
    return {
        each.name: _Speaker(each, _with_carrier(wires, each.name, daemon))
        for each in state.netns
        for daemon in each.daemons
        if isinstance(daemon, Bird)
    }


def _exchange(peerings: Sequence[_Peering]) -> dict[str, frozenset[_Path]]:
    """Return the paths that each namespace has learned, by its name. Announcements are repeated
    until they no longer change any of these paths."""
    known: dict[str, frozenset[_Path]] = {}
    while True:
        received: dict[str, set[_Path]] = {}
        for each in peerings:
            sent = _announced(each, known.get(each.sender.netns.name, frozenset()))
            received.setdefault(each.receiver.netns.name, set()).update(sent)
        if known == (known := {name: frozenset(paths) for name, paths in received.items()}):
            return known


def _with_routes(netns: Netns, known: Mapping[str, frozenset[_Path]]) -> Netns:
    learned = tuple(_routes(netns, known.get(netns.name, frozenset())))
    return replace(netns, routes=(*netns.routes, *learned)) if learned else netns


def _with_carrier(wires: Wires, netns: str, bird: Bird) -> Bird:
    """Return the bird, without routes of its own to announce if it watches a link that has no
    carrier."""
    cut = bird.watched_link and not any(wires.receivers(netns, bird.watched_link))
    return replace(bird, announced=()) if cut else bird


def _peerings(wires: Wires, speakers: Mapping[str, _Speaker]) -> Iterator[_Peering]:
    """Yield both directions of every session that is established. Birds that send no keepalive to
    each other have none: their link is down, or a rule drops TCP to port 179."""
    for one in speakers.values():
        for session in one.bird.sessions:
            link = one.link(session)
            if link is None or _drops_bgp(one.netns, session.local.version):
                continue
            station = wires.find(one.netns.name, link.name, session.neighbour)
            other = speakers.get(station.netns) if station is not None else None
            if other is None or _drops_bgp(other.netns, session.local.version):
                continue
            if any(_agree(one.bird, session, other.bird, back) for back in other.bird.sessions):
                yield _Peering(one, session, other)


def _drops_bgp(netns: Netns, family: Family) -> bool:
    """Return whether a fault drops the namespace's own TCP packets to BGP's port. Without BFD a
    session remains, so a fault that drops UDP does not matter: bird ends a session if BFD detects
    a failure, then connects again, and does not wait for BFD."""
    return any(
        rule.match.protocol is Protocol.TCP and rule.match.dport in (None, PORT)
        for chain in netns.chains
        if (chain.name, chain.family) == (FAULTS, family)
        for rule in chain.rules
    )


def _agree(one: Bird, session: Session, other: Bird, back: Session) -> bool:
    """Return whether these sessions, of two birds, are the two ends of one BGP session."""
    return (
        (back.local, back.neighbour) == (session.neighbour, session.local)
        and back.neighbour_as == one.autonomous_system
        and session.neighbour_as == other.autonomous_system
        and not (back.passive and session.passive)  # each would wait for the other to connect
    )


def _announced(peering: _Peering, known: frozenset[_Path]) -> Iterator[_Path]:
    """Yield the paths that the sender announces and the receiver accepts. `known` are the paths
    that the sender has learned; a transit router announces them, too."""
    one, session, other = peering
    bird = one.bird
    own = (bird.autonomous_system,)
    for each in bird.announced:
        if each.version == session.local.version:
            yield from _accepted(_Path(each, session.local, own * (1 + bird.prepended)), other)
    for path in _best(known) if bird.transit else ():
        if path.via.version != session.local.version or path.via == session.neighbour:
            continue
        # The next hop stays as it is if it is on the link to the receiver (RFC 4271, 5.1.3).
        link = one.link(session)
        shared = link is not None and any(path.via in each.network for each in link.addresses)
        via = path.via if shared else session.local
        as_path = (*own * (1 + bird.prepended), *path.as_path)
        yield from _accepted(_Path(path.destination, via, as_path), other)


def _accepted(path: _Path, by: _Speaker) -> Iterator[_Path]:
    ranges = (each for each in by.bird.accepted if each.version == path.destination.version)
    mine = path.destination in by.bird.announced or by.bird.autonomous_system in path.as_path
    if not mine and any(_within(path.destination, each) for each in ranges):
        yield path


def _within(destination: IPNetwork, wide: IPNetwork) -> bool:
    if not wide.prefixlen:
        return destination == wide
    return destination[0] in wide and destination.prefixlen >= wide.prefixlen


def _best(paths: frozenset[_Path]) -> Iterator[_Path]:
    """Yield one path to each destination: the shortest or, of several with that length, the one
    with the lowest next hop."""
    for group in _shortest(paths):
        yield group[0]


def _shortest(paths: frozenset[_Path]) -> Iterator[list[_Path]]:
    """Yield for each destination its paths with the shortest AS path. They are of equal cost."""
    for destination in sorted({each.destination for each in paths}, key=str):
        here = [each for each in paths if each.destination == destination]
        least = min(len(each.as_path) for each in here)
        yield sorted((each for each in here if len(each.as_path) == least), key=lambda one: one.via)


def _routes(netns: Netns, paths: frozenset[_Path]) -> Iterator[Route]:
    for group in _shortest(paths):
        vias = tuple(each.via for each in group)
        dev = next(
            link.name
            for link in netns.interfaces
            if any(vias[0] in address.network for address in link.addresses)
        )
        one, several = (vias[0], ()) if len(vias) == 1 else (None, vias)
        why = f"BGP: announced by AS {', '.join(sorted({str(each.as_path[-1]) for each in group}))}"
        yield Route(group[0].destination, one, dev, nexthops=several, learned=True, why=why)
