"""State → the steps that make it, in an order in which each finds what it needs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import TypeAlias

from nsnet.ip import IPNetwork, Protocol
from nsnet.plan.daemons import end, learn, run
from nsnet.plan.neighbours import awaited, outdated
from nsnet.plan.netfilter import balance, empty, fill, forget, load, load_tables
from nsnet.plan.ops import (
    AddressAdd,
    AddressDelete,
    BridgeAdd,
    Drain,
    DummyAdd,
    FdbDelete,
    FdbSet,
    LinkDelete,
    LinkDown,
    LinkUp,
    Listen,
    ListenerReplace,
    MtuSet,
    NeighbourAdd,
    NeighbourDelete,
    NeighbourForget,
    NetnsAdd,
    NetnsDelete,
    Op,
    PolicyRuleAdd,
    PolicyRuleDelete,
    RouteAdd,
    RouteDelete,
    RouteReplace,
    ServersStart,
    SysctlSet,
    Unlisten,
    VethAdd,
    VxlanAdd,
)
from nsnet.state.model import MTU, Interface, Kind, Listens, Netns, Peer, Route, State, identity


def plan(state: State) -> list[Op]:
    """The steps from nothing to this state."""
    return changes(State(state.lab), state)


def changes(old: State, new: State) -> list[Op]:
    """The steps from one state of a lab to another; what both share is not touched.

    What stands in the way goes first, then all that is new comes; the rules change over, conntrack
    forgets what it knew of the old ones; and what is no longer wanted goes last, when nothing is
    sent there any more.
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
        *(LinkDelete(*end) for end, _ in cut if end not in last),
        *chain.from_iterable(_clear(was, now, laid) for was, now in pairs),
        *_found(before, pairs),
        *_wire(after, laid),
        *chain.from_iterable(_configure(was, now, laid) for was, now in pairs),
        *chain.from_iterable(_listen(was, now) for was, now in pairs),
        # Before any rule leads there.
        *(NeighbourForget(*each) for each in sorted(awaited(old, new, laid), key=str)),
        *chain.from_iterable(fill(was, now) for was, now in pairs),
        *chain.from_iterable(load(was, now) for was, now in pairs),
        *chain.from_iterable(balance(was, now) for was, now in pairs),
        *chain.from_iterable(empty(was, now) for was, now in pairs),
        *chain.from_iterable(load_tables(was, now) for was, now in pairs),
        *chain.from_iterable(_reroute(was, now, laid) for was, now in pairs),
        *chain.from_iterable(run(was, now) for was, now in pairs),
        *learn(pairs),
        *chain.from_iterable(_hand_over(was, now, laid) for was, now in pairs),
        # After all rules: a packet of a flow that is forgotten must not meet the old ones again.
        *chain.from_iterable(forget(was, now) for was, now in pairs if now.name in before),
        *_drain(pairs, gone),
        *chain.from_iterable(_unlisten(was, now.listeners) for was, now in pairs),
        *chain.from_iterable(_unlisten(each, ()) for each in gone),
        *chain.from_iterable(end(was, now.daemons) for was, now in pairs),
        *chain.from_iterable(end(each, ()) for each in gone),
        # The kernel takes a namespace apart when it finds the time, and until then the far end of
        # its cable would stay: cut by hand, its name is free at once.
        *(LinkDelete(*end) for end in last),
        *(NetnsDelete(each.name) for each in gone),
        # For a minute, packets to who is gone would be sent to nobody, and nobody be told.
        *(NeighbourForget(*each) for each in sorted(outdated(old, new, laid), key=str)),
    ]


Pairs: TypeAlias = Sequence[tuple[Netns, Netns]]


def _drain(pairs: Pairs, gone: Sequence[Netns]) -> Iterator[Op]:
    """Before pods go, all machines that sent connections there let them arrive: a packet may be on
    its way that the old rules have translated."""
    endpoints = tuple(
        address
        for each in gone
        if any(one.protocol is Protocol.TCP for one in each.listeners)
        for address in each.addresses
    )
    for was, now in pairs if endpoints else ():
        if was.chains or was.virtual_servers:
            yield Drain(now.name, endpoints)


def _unlisten(was: Netns, wanted: tuple[Listens, ...]) -> Iterator[Op]:
    ports = {_port(each) for each in wanted} if was.listeners else set()
    for listener in was.listeners:
        if _port(listener) not in ports:
            yield Unlisten(was.name, listener)


def _port(listener: Listens) -> tuple[Protocol, int]:
    return listener.protocol, listener.port


def _laid(before: dict[str, Netns], after: dict[str, Netns]) -> frozenset[Peer]:
    """The links that are made: those that are new or made differently now, the ports of such a
    bridge, the other end of each such cable, and the tunnels through one."""
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
    tunnels = {
        Peer(name, each.name)
        for name, now in after.items()
        for each in now.interfaces
        if each.vxlan is not None and Peer(name, each.vxlan.dev) in near | far
    }
    return frozenset(near | far | tunnels)


def _differing(was: Netns | None, now: Netns) -> Iterator[Interface]:
    standing = {each.name: _hardware(each) for each in was.interfaces} if was is not None else {}
    for each in now.interfaces:
        if standing.get(each.name) != _hardware(each):
            yield each


def _hardware(interface: Interface) -> Interface:
    """A link without its addresses, its MTU, and whether it is up: what cannot be changed without
    making it anew."""
    return replace(interface, addresses=(), mtu=None, up=True)


def _cut(
    before: dict[str, Netns], after: dict[str, Netns], laid: frozenset[Peer]
) -> list[tuple[Peer, Peer | None]]:
    """The links that go, or are made anew, each with its other end, which goes with it, as does
    a tunnel with the link that it goes through."""
    cut: dict[Peer, Peer | None] = {}
    tunnels: dict[Peer, Peer] = {}
    for name, was in before.items():
        if name not in after:
            continue
        wanted = {each.name for each in after[name].interfaces}
        for each in was.interfaces:
            end = Peer(name, each.name)
            if end not in cut.values() and (each.name not in wanted or end in laid):
                cut[end] = each.peer
                if each.vxlan is not None:
                    tunnels[end] = Peer(name, each.vxlan.dev)
    gone = {*cut, *cut.values()}
    return [(end, peer) for end, peer in cut.items() if tunnels.get(end) not in gone - {None}]


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
    """Bridges before cables, cables before tunnels; a cable is laid from the end that is a port,
    else from the first."""
    cables: list[tuple[Netns, Interface]] = []
    tunnels: list[VxlanAdd] = []
    for name, now in after.items():
        for each in now.interfaces:
            if Peer(name, each.name) not in laid:
                continue
            if each.kind is Kind.BRIDGE:
                yield BridgeAdd(name, each)
            elif each.kind is Kind.DUMMY:
                yield DummyAdd(name, each)
            elif each.kind is Kind.VXLAN:
                tunnels.append(VxlanAdd(name, each))
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
    yield from tunnels


def _clear(was: Netns, now: Netns, laid: frozenset[Peer]) -> Iterator[Op]:
    """What shall not be there any more; what hung on a link that went, went with it.

    All of it comes before any setting: a namespace in which IPv6 is switched off has lost its
    IPv6 addresses already.
    """
    stay = _staying(now, laid)
    wanted = set(now.neighbours) if was.neighbours else set()
    routes = {each.key: each for each in now.routes} if was.routes else {}
    for route in _given(was):
        if _lasts(route, stay) and not _may_stand(route, routes.get(route.key)):
            yield RouteDelete(now.name, route)
    for neighbour in was.neighbours:
        if neighbour not in wanted and neighbour.dev in stay:
            yield NeighbourDelete(now.name, neighbour)
    targets = {(each.mac, each.dev) for each in now.fdb}
    for entry in was.fdb:
        if (entry.mac, entry.dev) not in targets and entry.dev in stay:
            yield FdbDelete(now.name, entry)
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
    standing_up = {each.name: each.up for each in was.interfaces}
    for each in now.interfaces:
        if each.name in fresh:
            # A port of a bridge is born up, other ends of cables are born down.
            changes = each.kind is Kind.VETH and (each.master is None) is each.up
        else:
            changes = each.up is not standing_up.get(each.name, each.up)
        if changes:
            yield LinkUp(now.name, each.name) if each.up else LinkDown(now.name, each.name)
    sizes = {each.name: each.mtu for each in was.interfaces if each.name not in fresh}
    for each in now.interfaces:
        if each.mtu != sizes.get(each.name):
            yield MtuSet(now.name, each.name, each.mtu or MTU)
    held = {each.name: each.addresses for each in was.interfaces if each.name not in fresh}
    for each in now.interfaces:
        standing = held.get(each.name, ())
        # Of several, IPv6 would speak with the last that came.
        first = next((one for one in each.addresses if one.version == 6), None)
        for address in each.addresses:
            if address not in standing:
                other = each.kind is not Kind.DUMMY and address.version == 6 and address != first
                yield AddressAdd(now.name, each.name, address, deprecated=other)
    routes = _standing(was, now, laid)
    for route in _given(now):
        old = routes.get(route.key)
        if old is None:
            yield RouteAdd(now.name, route)
        elif old != route and _loses(old, route):
            yield RouteReplace(now.name, route)
    yield from _choose(was, now)
    # A crowded lab has tens of thousands of neighbours: those of a new namespace need no
    # comparison.
    known = set(was.neighbours)
    for neighbour in now.neighbours:
        if not known or neighbour.dev in fresh or neighbour not in known:
            yield NeighbourAdd(now.name, neighbour)
    for entry in now.fdb:
        if entry.dev in fresh or entry not in was.fdb:
            yield FdbSet(now.name, entry)


def _given(netns: Netns) -> Iterator[Route]:
    """The routes that are not learned: those are a daemon's own business."""
    return (each for each in netns.routes if not each.learned)


def _choose(was: Netns, now: Netns) -> Iterator[Op]:
    """The policy rules. One that changes is never missing: of two of one priority the kernel asks,
    and deletes, the older first."""
    for place in dict.fromkeys(map(identity, (*was.policy_rules, *now.policy_rules))):
        old, new = (
            [each for each in one.policy_rules if identity(each) == place] for one in (was, now)
        )
        added: list[Op] = [PolicyRuleAdd(now.name, each) for each in new]
        deleted: list[Op] = [PolicyRuleDelete(now.name, each) for each in old]
        if old != new:
            # The kernel has none twice: beside somebody else's, ours goes, too, and comes again.
            yield from (*deleted, *added) if set(new) & set(old) else (*added, *deleted)


def _staying(now: Netns, laid: frozenset[Peer]) -> set[str]:
    """The links that are there before and after and not made anew."""
    return {each.name for each in now.interfaces if Peer(now.name, each.name) not in laid}


def _lasts(route: Route, stay: set[str]) -> bool:
    """It does not go with its link. A black hole has none."""
    return route.blackhole or route.dev in stay


def _standing(
    was: Netns, now: Netns, laid: frozenset[Peer]
) -> dict[tuple[int | None, IPNetwork], Route]:
    """The old routes that are still there once links and addresses have changed."""
    stay = _staying(now, laid) if was.routes else set()
    new = {each.key: each for each in _given(now)} if was.routes else {}
    return {
        each.key: each
        for each in _given(was)
        if _lasts(each, stay) and _may_stand(each, new.get(each.key))
    }


def _may_stand(old: Route, new: Route | None) -> bool:
    """It can be replaced when the time comes. To a neighbour that is only said to be on a link
    (`onlink`) the kernel takes no IPv6 route as long as another link leads there."""
    if new is None:
        return False
    return not (new.onlink and new.destination.version == 6 and new.dev != old.dev)


def _loses(old: Route, new: Route) -> bool:
    """It no longer leads to some neighbours, and to no others."""
    return set(new.gateways) < set(old.gateways)


def _reroute(was: Netns, now: Netns, laid: frozenset[Peer]) -> Iterator[Op]:
    """Routes that lead to new places, whose rules are there now. (Those that only lose some were
    changed before the rules were.)"""
    standing = _standing(was, now, laid)
    for route in _given(now):
        old = standing.get(route.key, route)
        if old != route and not _loses(old, route):
            yield RouteReplace(now.name, route)


def _hand_over(was: Netns, now: Netns, laid: frozenset[Peer]) -> Iterator[Op]:
    """Routes to where daemons know the way by now. (Theirs have another metric.)"""
    learned = {each.key for each in now.routes if each.learned}
    stay = _staying(now, laid) if learned else set()
    for route in _given(was):
        if route.key in learned and _lasts(route, stay):
            yield RouteDelete(now.name, route)


def _listen(was: Netns, now: Netns) -> Iterator[Op]:
    standing = {_port(each): each for each in was.listeners}
    for listener in now.listeners:
        old = standing.get(_port(listener))
        if old is None:
            yield Listen(now.name, listener)
        elif old != listener:
            yield ListenerReplace(now.name, listener)
