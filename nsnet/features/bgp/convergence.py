"""Which routes BGP comes to, once all birds of a State have heard each other: what they announce,
passed on by routers, and of several ways the shortest.

Source: RFC 4271, section 9.1; the user's guide of bird, section "BGP".
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from nsnet.ip import IPAddress, IPNetwork
from nsnet.state.bird import Bird, Session
from nsnet.state.model import Interface, Netns, Route, State
from nsnet.state.wires import Wires


class _Way(NamedTuple):
    """What somebody says of a destination: the systems it passes, the last one first."""

    destination: IPNetwork
    via: IPAddress
    passes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Speaker:
    netns: Netns
    bird: Bird

    def link(self, session: Session) -> Interface:
        """By which a neighbour is reached."""
        for each in self.netns.interfaces:
            if any(session.local == address.ip for address in each.addresses):
                return each
        raise KeyError(session.local)


def converged(state: State) -> State:
    """The State with the routes that its birds learn."""
    birds = [
        (each, daemon)
        for each in state.netns
        for daemon in each.daemons
        if isinstance(daemon, Bird)
    ]
    if not birds:
        return state
    wires = Wires(state)
    speakers = {
        each.name: _Speaker(each, _with_carrier(wires, each.name, bird)) for each, bird in birds
    }
    talks = [
        (one, session, other, back)
        for one in speakers.values()
        for session in one.bird.sessions
        for other, back in _neighbour(wires, speakers, one, session)
    ]
    known: dict[str, frozenset[_Way]] = {}
    while True:
        heard: dict[str, set[_Way]] = {}
        for one, session, other, back in talks:
            told = _told(one, session, other, back, known.get(one.netns.name, frozenset()))
            heard.setdefault(other.netns.name, set()).update(told)
        if known == (known := {name: frozenset(ways) for name, ways in heard.items()}):
            break
    return replace(
        state,
        netns=tuple(
            replace(each, routes=(*each.routes, *_routes(speakers[each.name], known[each.name])))
            if each.name in known
            else each
            for each in state.netns
        ),
    )


def _with_carrier(wires: Wires, netns: str, bird: Bird) -> Bird:
    """The bird, with nothing of its own to say where that leads nowhere."""
    cut = bird.by and not any(wires.heard(netns, bird.by))
    return replace(bird, announced=()) if cut else bird


def _neighbour(
    wires: Wires, speakers: dict[str, _Speaker], one: _Speaker, session: Session
) -> Iterator[tuple[_Speaker, Session]]:
    """Who answers there, if he expects us."""
    station = wires.find(one.netns.name, one.link(session).name, session.neighbour)
    other = speakers.get(station.netns) if station is not None else None
    if other is None:
        return
    for back in other.bird.sessions:
        systems = one.bird.autonomous_system, other.bird.autonomous_system
        if (
            (back.local, back.neighbour) == (session.neighbour, session.local)
            and (back.neighbour_as, session.neighbour_as) == systems
            and not (back.passive and session.passive)  # each would wait for the other's call
        ):
            yield other, back


def _told(
    one: _Speaker, session: Session, other: _Speaker, back: Session, known: frozenset[_Way]
) -> Iterator[_Way]:
    """What one says to the other, as far as that believes it."""
    bird = one.bird
    own = (bird.autonomous_system,)
    for each in bird.announced:
        if each.version == session.local.version:
            yield from _believed(_Way(each, session.local, own * (1 + bird.prepended)), other)
    for way in _best(known) if bird.transit else ():
        if way.via.version != session.local.version or way.via == session.neighbour:
            continue
        # A router does not stand between two who share a wire.
        shared = any(way.via in each.network for each in one.link(session).addresses)
        via = way.via if shared else session.local
        passes = (*own * (1 + bird.prepended), *way.passes)
        yield from _believed(_Way(way.destination, via, passes), other)


def _believed(way: _Way, by: _Speaker) -> Iterator[_Way]:
    ranges = (each for each in by.bird.believed if each.version == way.destination.version)
    mine = way.destination in by.bird.announced or by.bird.autonomous_system in way.passes
    if not mine and any(_within(way.destination, each) for each in ranges):
        yield way


def _within(destination: IPNetwork, wide: IPNetwork) -> bool:
    if not wide.prefixlen:
        return destination == wide
    return destination[0] in wide and destination.prefixlen >= wide.prefixlen


def _best(ways: frozenset[_Way]) -> Iterator[_Way]:
    """One way to each destination: the shortest, and of those the first."""
    for group in _shortest(ways):
        yield group[0]


def _shortest(ways: frozenset[_Way]) -> Iterator[list[_Way]]:
    """The ways of equal cost to each destination."""
    for destination in sorted({each.destination for each in ways}, key=str):
        here = [each for each in ways if each.destination == destination]
        least = min(len(each.passes) for each in here)
        yield sorted((each for each in here if len(each.passes) == least), key=lambda one: one.via)


def _routes(speaker: _Speaker, ways: frozenset[_Way]) -> Iterator[Route]:
    for group in _shortest(ways):
        vias = tuple(each.via for each in group)
        dev = next(
            link.name
            for link in speaker.netns.interfaces
            if any(vias[0] in address.network for address in link.addresses)
        )
        one, several = (vias[0], ()) if len(vias) == 1 else (None, vias)
        why = f"BGP, of AS {', '.join(sorted({str(each.passes[-1]) for each in group}))}"
        yield Route(group[0].destination, one, dev, nexthops=several, learned=True, why=why)
