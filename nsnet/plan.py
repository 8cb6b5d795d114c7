"""State → the steps that make it, in an order in which each finds what it needs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeAlias

from nsnet.state import (
    Chain,
    Family,
    Interface,
    IPInterface,
    IpSet,
    Kind,
    Listener,
    Neighbour,
    Netns,
    Peer,
    Route,
    State,
    Sysctl,
    VirtualServer,
    identity,
)


@dataclass(frozen=True, slots=True)
class NetnsAdd:
    """A new, empty network namespace of this name."""

    netns: str


@dataclass(frozen=True, slots=True)
class NetnsDelete:
    """The namespace goes, and with it everything in it."""

    netns: str


@dataclass(frozen=True, slots=True)
class SysctlSet:
    """One kernel setting."""

    netns: str
    sysctl: Sysctl


@dataclass(frozen=True, slots=True)
class BridgeAdd:
    """A bridge, up, that learns and forwards at once: no spanning tree, no multicast snooping."""

    netns: str
    interface: Interface


@dataclass(frozen=True, slots=True)
class DummyAdd:
    """A link to nowhere, down: it only holds addresses."""

    netns: str
    interface: Interface


@dataclass(frozen=True, slots=True)
class VethAdd:
    """A cable: this end up and, if it has a master, plugged in; the other end born in its
    namespace."""

    netns: str
    interface: Interface
    peer_netns: str
    peer: Interface


@dataclass(frozen=True, slots=True)
class LinkDelete:
    """A link goes, and the other end of a cable with it."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A link that was born down is up."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class AddressAdd:
    """The link holds this address."""

    netns: str
    dev: str
    address: IPInterface


@dataclass(frozen=True, slots=True)
class AddressDelete:
    """The link holds this address no more."""

    netns: str
    dev: str
    address: IPInterface


@dataclass(frozen=True, slots=True)
class RouteAdd:
    """A route of the main table."""

    netns: str
    route: Route


@dataclass(frozen=True, slots=True)
class RouteDelete:
    """A route goes."""

    netns: str
    route: Route


@dataclass(frozen=True, slots=True)
class NeighbourAdd:
    """A permanent neighbour, so that nobody has to ask."""

    netns: str
    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class NeighbourDelete:
    """A permanent neighbour goes."""

    netns: str
    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class RulesLoad:
    """Exactly these chains are replaced or deleted, in one atomic step a table; all others stay."""

    netns: str
    family: Family
    chains: tuple[Chain, ...]
    deleted: tuple[Chain, ...] = ()


@dataclass(frozen=True, slots=True)
class SetsLoad:
    """These ipsets hold exactly these members."""

    netns: str
    sets: tuple[IpSet, ...]


@dataclass(frozen=True, slots=True)
class SetsDelete:
    """These ipsets go; no rule names them any more."""

    netns: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VirtualServersLoad:
    """These virtual servers have exactly these real servers, and those `deleted` go.

    A real server that is no longer wanted gets no new connection, and goes with its last.
    """

    netns: str
    servers: tuple[VirtualServer, ...]
    deleted: tuple[VirtualServer, ...] = ()


@dataclass(frozen=True, slots=True)
class ServersStart:
    """The process that answers for every pod runs in this namespace, and awaits its listeners."""

    netns: str


@dataclass(frozen=True, slots=True)
class Listen:
    """The server answers on this port."""

    netns: str
    listener: Listener


@dataclass(frozen=True, slots=True)
class Unlisten:
    """The server answers there no more."""

    netns: str
    listener: Listener


Op: TypeAlias = (
    NetnsAdd
    | NetnsDelete
    | SysctlSet
    | BridgeAdd
    | DummyAdd
    | VethAdd
    | LinkDelete
    | LinkUp
    | AddressAdd
    | AddressDelete
    | RouteAdd
    | RouteDelete
    | NeighbourAdd
    | NeighbourDelete
    | RulesLoad
    | SetsLoad
    | SetsDelete
    | VirtualServersLoad
    | ServersStart
    | Listen
    | Unlisten
)


def plan(state: State) -> list[Op]:
    """The steps from nothing to this state."""
    return changes(State(state.lab), state)


def changes(old: State, new: State) -> list[Op]:
    """The steps from one state of a lab to another; what both share is not touched.

    What stands in the way goes first, then all that is new comes; the rules change over; and what
    is no longer wanted goes last, when nothing is sent there any more.
    """
    before = {each.name: each for each in old.netns}
    after = {each.name: each for each in new.netns}
    pairs = [(before.get(name, Netns(name, each.reference)), each) for name, each in after.items()]
    gone = [each for name, each in before.items() if name not in after]
    laid = _laid(before, after)
    cut = _cut(before, after, laid)
    # A cable to a namespace that goes is in nobody's way, and carries answers to the last.
    last = [end for end, peer in cut if peer and peer.netns not in after and end not in laid]
    return [
        *chain.from_iterable(_unlisten(was, now.listeners) for was, now in pairs),
        *(LinkDelete(*end) for end, _ in cut if end not in last),
        *chain.from_iterable(_clear(was, now, laid) for was, now in pairs),
        *_found(before, pairs),
        *_wire(after, laid),
        *chain.from_iterable(_configure(was, now, laid) for was, now in pairs),
        *chain.from_iterable(_listen(was, now) for was, now in pairs),
        *chain.from_iterable(_fill(was, now) for was, now in pairs),
        *chain.from_iterable(_load(was, now) for was, now in pairs),
        *chain.from_iterable(_balance(was, now) for was, now in pairs),
        *chain.from_iterable(_empty(was, now) for was, now in pairs),
        *chain.from_iterable(_unlisten(each, ()) for each in gone),
        # The kernel takes a namespace apart when it finds the time, and until then the far end of
        # its cable would stay: cut by hand, its name is free at once.
        *(LinkDelete(*end) for end in last),
        *(NetnsDelete(each.name) for each in gone),
    ]


Pairs: TypeAlias = Sequence[tuple[Netns, Netns]]


def _unlisten(was: Netns, wanted: tuple[Listener, ...]) -> Iterator[Op]:
    for listener in was.listeners:
        if listener not in wanted:
            yield Unlisten(was.name, listener)


def _laid(before: dict[str, Netns], after: dict[str, Netns]) -> frozenset[Peer]:
    """The links that are made: those that are new or made differently now, the ports of such a
    bridge, and the other end of each such cable."""
    differing = {
        Peer(name, each.name)
        for name, now in after.items()
        for each in _differing(before.get(name), now)
    }
    ports = {
        Peer(name, each.name)
        for name, now in after.items()
        for each in now.interfaces
        if each.master is not None and Peer(name, each.master) in differing
    }
    near = differing | ports
    far = {
        each.peer
        for name, now in after.items()
        for each in now.interfaces
        if each.peer is not None and Peer(name, each.name) in near
    }
    return frozenset(near | far)


def _differing(was: Netns | None, now: Netns) -> Iterator[Interface]:
    standing = {each.name: _hardware(each) for each in was.interfaces} if was is not None else {}
    for each in now.interfaces:
        if standing.get(each.name) != _hardware(each):
            yield each


def _hardware(interface: Interface) -> Interface:
    """A link without its addresses: what cannot be changed without making it anew."""
    return replace(interface, addresses=())


def _cut(
    before: dict[str, Netns], after: dict[str, Netns], laid: frozenset[Peer]
) -> list[tuple[Peer, Peer | None]]:
    """The links that go, or are made anew, each with its other end, which goes with it."""
    cut: dict[Peer, Peer | None] = {}
    for name, was in before.items():
        if name not in after:
            continue
        wanted = {each.name for each in after[name].interfaces}
        for each in was.interfaces:
            end = Peer(name, each.name)
            if end not in cut.values() and (each.name not in wanted or end in laid):
                cut[end] = each.peer
    return list(cut.items())


def _found(before: dict[str, Netns], pairs: Pairs) -> Iterator[Op]:
    for was, now in pairs:
        if now.name not in before:
            yield NetnsAdd(now.name)
            if now.reference == "servers":
                yield ServersStart(now.name)
        for sysctl in now.sysctls:
            if not sysctl.dev and sysctl not in was.sysctls:
                yield SysctlSet(now.name, sysctl)


def _wire(after: dict[str, Netns], laid: frozenset[Peer]) -> Iterator[Op]:
    """Bridges before cables; a cable is laid from the end that is a port, else from the first."""
    cables: list[tuple[Netns, Interface]] = []
    for name, now in after.items():
        for each in now.interfaces:
            if Peer(name, each.name) not in laid:
                continue
            if each.kind is Kind.BRIDGE:
                yield BridgeAdd(name, each)
            elif each.kind is Kind.DUMMY:
                yield DummyAdd(name, each)
            else:
                cables.append((now, each))
    done = set[Peer]()
    for now, each in cables:
        if Peer(now.name, each.name) in done:
            continue
        assert each.peer is not None  # merge() refuses a veth without one
        far = after[each.peer.netns]
        peer = next(end for end in far.interfaces if end.name == each.peer.interface)
        if peer.master is not None and each.master is None:
            continue  # laid from over there
        done.add(each.peer)
        yield VethAdd(now.name, each, far.name, peer)


def _clear(was: Netns, now: Netns, laid: frozenset[Peer]) -> Iterator[Op]:
    """What shall not be there any more; what hung on a link that went, went with it.

    All of it comes before any setting: a namespace in which IPv6 is switched off has lost its
    IPv6 addresses already.
    """
    stay = {each.name for each in now.interfaces if Peer(now.name, each.name) not in laid}
    wanted = set(now.neighbours) if was.neighbours else set()
    for route in was.routes:
        if route not in now.routes and route.dev in stay:
            yield RouteDelete(now.name, route)
    for neighbour in was.neighbours:
        if neighbour not in wanted and neighbour.dev in stay:
            yield NeighbourDelete(now.name, neighbour)
    addresses = {each.name: each.addresses for each in now.interfaces}
    for each in was.interfaces:
        for address in each.addresses if each.name in stay else ():
            if address not in addresses[each.name]:
                yield AddressDelete(now.name, each.name, address)


def _configure(was: Netns, now: Netns, laid: frozenset[Peer]) -> Iterator[Op]:
    """Settings of links, then all that one netlink message each can say."""
    fresh = {each.name for each in now.interfaces if Peer(now.name, each.name) in laid}
    for sysctl in now.sysctls:
        if sysctl.dev and (sysctl.dev in fresh or sysctl not in was.sysctls):
            yield SysctlSet(now.name, sysctl)
    if not was.interfaces and not was.sysctls:
        yield LinkUp(now.name, "lo")
    for each in now.interfaces:
        if each.name in fresh and each.kind is Kind.VETH and each.master is None:
            yield LinkUp(now.name, each.name)
    held = {each.name: each.addresses for each in was.interfaces if each.name not in fresh}
    for each in now.interfaces:
        standing = held.get(each.name, ())
        for address in each.addresses:
            if address not in standing:
                yield AddressAdd(now.name, each.name, address)
    for route in now.routes:
        if route not in was.routes or route.dev in fresh:
            yield RouteAdd(now.name, route)
    # A crowded lab has tens of thousands of neighbours: those of a new namespace need no
    # comparison.
    known = set(was.neighbours)
    for neighbour in now.neighbours:
        if not known or neighbour.dev in fresh or neighbour not in known:
            yield NeighbourAdd(now.name, neighbour)


def _load(was: Netns, now: Netns) -> Iterator[Op]:
    standing = {(each.family, each.table, each.name): each for each in was.chains}
    wanted = {(each.family, each.table, each.name): each for each in now.chains}
    for family in sorted({key[0] for key in standing | wanted}):
        changed = tuple(
            each
            for key, each in wanted.items()
            if key[0] == family and standing.get(key) is not each and standing.get(key) != each
        )
        deleted = tuple(
            each for key, each in standing.items() if key[0] == family and key not in wanted
        )
        if changed or deleted:
            yield RulesLoad(now.name, family, changed, deleted)


def _fill(was: Netns, now: Netns) -> Iterator[Op]:
    """Sets come before the rules that look packets up in them."""
    standing = set(was.sets)
    changed = tuple(each for each in now.sets if each not in standing)
    if changed:
        yield SetsLoad(now.name, changed)


def _balance(was: Netns, now: Netns) -> Iterator[Op]:
    standing = set(was.virtual_servers)
    wanted = {identity(each) for each in now.virtual_servers}
    changed = tuple(each for each in now.virtual_servers if each not in standing)
    deleted = tuple(each for each in was.virtual_servers if identity(each) not in wanted)
    if changed or deleted:
        yield VirtualServersLoad(now.name, changed, deleted)


def _empty(was: Netns, now: Netns) -> Iterator[Op]:
    wanted = {each.name for each in now.sets}
    gone = tuple(each.name for each in was.sets if each.name not in wanted)
    if gone:
        yield SetsDelete(now.name, gone)


def _listen(was: Netns, now: Netns) -> Iterator[Op]:
    for listener in now.listeners:
        if listener not in was.listeners:
            yield Listen(now.name, listener)
