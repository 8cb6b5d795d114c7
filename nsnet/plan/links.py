"""The Ops for links: which links to create and delete, and what to set on them."""

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from typing import assert_never

from nsnet.plan.change import Change
from nsnet.plan.ops import (
    AddressAdd,
    AddressDelete,
    BridgeAdd,
    DummyAdd,
    LinkDown,
    LinkUp,
    MtuSet,
    Op,
    SysctlSet,
    VethAdd,
    VxlanAdd,
)
from nsnet.state.model import MTU, Interface, Kind, Netns, Peer


def links_to_create(before: Mapping[str, Netns], after: Mapping[str, Netns]) -> frozenset[Peer]:
    """Return the links to create or recreate.

    A link is recreated if no Op can make the change in place. With a bridge, its ports are
    recreated; with one end of a veth pair, the other end; with any link, the VXLAN tunnels over it.
    With a node's eth0, the links after it are recreated, so that it stays the first.
    """
    links = [(name, each) for name, now in after.items() for each in now.interfaces]
    differing = {
        Peer(name, each.name)
        for name, now in after.items()
        for each in _new_or_differing(before.get(name), now)
    }
    differing |= {
        Peer(name, each.name) for name, now in after.items() for each in _behind(now, differing)
    }
    near = differing | {
        Peer(name, each.name)
        for name, each in links
        if each.master is not None and Peer(name, each.master) in differing
    }
    ends = near | {
        each.peer for name, each in links if each.peer is not None and Peer(name, each.name) in near
    }
    tunnels = {
        Peer(name, each.name)
        for name, each in links
        if each.vxlan is not None and Peer(name, each.vxlan.dev) in ends
    }
    return frozenset(ends | tunnels)


def _new_or_differing(was: Netns | None, now: Netns) -> Iterator[Interface]:
    old = {each.name: _unchangeable(each) for each in was.interfaces} if was is not None else {}
    for each in now.interfaces:
        if old.get(each.name) != _unchangeable(each):
            yield each


def _behind(now: Netns, differing: Set[Peer]) -> Iterator[Interface]:
    """Yield the links with addresses, but no other end, that come after a link to create which has
    another end and is no port."""
    after_it = False
    for each in now.interfaces:
        if each.kind is Kind.VETH:
            created = Peer(now.name, each.name) in differing or each.peer in differing
            after_it = after_it or (each.master is None and created)
        elif after_it:
            yield each


def _unchangeable(interface: Interface) -> Interface:
    """Return the link with default values for what an Op can change in place: its addresses, its
    MTU, and whether it is up."""
    return replace(interface, addresses=(), mtu=None, up=True)


def links_to_delete(
    before: Mapping[str, Netns], after: Mapping[str, Netns], created: Set[Peer]
) -> list[tuple[Peer, Peer | None]]:
    """Return the links to delete, including those to recreate. Each link comes with the other end
    of its veth pair, or None.

    Links that the kernel deletes together with one of these are left out: the other end of its veth
    pair, and the VXLAN tunnels over it.
    """
    deleted: dict[Peer, Peer | None] = {}
    tunnels: dict[Peer, Peer] = {}
    for name, was in before.items():
        if name not in after:
            continue
        wanted = {each.name for each in after[name].interfaces}
        for each in was.interfaces:
            end = Peer(name, each.name)
            if end not in deleted.values() and (each.name not in wanted or end in created):
                deleted[end] = each.peer
                if each.vxlan is not None:
                    tunnels[end] = Peer(name, each.vxlan.dev)
    gone = {*deleted, *deleted.values()}
    return [(end, peer) for end, peer in deleted.items() if tunnels.get(end) not in gone - {None}]


def create_links(after: Mapping[str, Netns], created: Set[Peer]) -> Iterator[Op]:
    """Yield Ops that create these links, namespace by namespace: bridges before their ports, and
    veth pairs before the VXLAN tunnels over them.

    In each namespace the kernel lists links in this order, and takes the first address in the list
    for packets that leave by a link without one. As on an actual node, eth0 is the first: the
    fabric, which has its other end, comes before the nodes.
    """
    tunnels: list[VxlanAdd] = []
    done = set[Peer]()
    for name, now in after.items():
        veths: list[Interface] = []
        for each in now.interfaces:
            if Peer(name, each.name) not in created:
                continue
            match each.kind:
                case Kind.BRIDGE:
                    yield BridgeAdd(name, each)
                case Kind.DUMMY:
                    yield DummyAdd(name, each)
                case Kind.VXLAN:
                    tunnels.append(VxlanAdd(name, each))
                case Kind.VETH:
                    veths.append(each)
                case _:
                    assert_never(each.kind)
        for each in veths:
            if Peer(name, each.name) not in done:
                yield from _create_veth(after, now, each, done)
    yield from tunnels


def _create_veth(
    after: Mapping[str, Netns], now: Netns, each: Interface, done: set[Peer]
) -> Iterator[VethAdd]:
    """Yield the Op for a veth pair, unless the pair is created from its other end: from the end
    that is a port of a bridge or, if neither is, from the end that comes first."""
    assert each.peer is not None  # merge() refuses a veth without one
    far = after[each.peer.netns]
    peer = next(end for end in far.interfaces if end.name == each.peer.interface)
    if peer.master is None or each.master is not None:
        done.add(each.peer)
        yield VethAdd(now.name, each, far.name, peer)


def set_up_links(change: Change) -> Iterator[Op]:
    """Yield Ops that change the sysctls and the MTU of links, and Ops that set links up or down."""
    old, new = change.old, change.new
    for sysctl in new.sysctls:
        if sysctl.dev and (sysctl.dev in change.created or sysctl not in old.sysctls):
            yield SysctlSet(new.name, sysctl)
    if not old.interfaces and not old.sysctls:
        yield LinkUp(new.name, "lo")
    kept = {each.name: each for each in old.interfaces if each.name in change.kept}
    for each in new.interfaces:
        was = kept.get(each.name)
        if was is None:
            # A port of a bridge is created up, the other end of a veth pair down.
            differs = each.kind is Kind.VETH and (each.master is None) is each.up
        else:
            differs = each.up is not was.up
        if differs:
            yield LinkUp(new.name, each.name) if each.up else LinkDown(new.name, each.name)
    for each in new.interfaces:
        was = kept.get(each.name)
        if each.mtu != (was.mtu if was is not None else None):
            yield MtuSet(new.name, each.name, each.mtu or MTU)


def delete_addresses(change: Change) -> Iterator[Op]:
    """Yield Ops that delete addresses which links no longer have. Deleted and recreated links are
    left out, because the kernel deletes their addresses."""
    wanted = {each.name: each.addresses for each in change.new.interfaces}
    for each in change.old.interfaces:
        for address in each.addresses if each.name in change.kept else ():
            if address not in wanted[each.name]:
                yield AddressDelete(change.new.name, each.name, address)


def add_addresses(change: Change) -> Iterator[Op]:
    """Yield Ops that add the addresses that links do not have yet."""
    kept = {each.name: each.addresses for each in change.old.interfaces if each.name in change.kept}
    for each in change.new.interfaces:
        # Linux prefers the IPv6 address added last as the source of packets. All but the first are
        # deprecated, so that it uses the first.
        first = next((one for one in each.addresses if one.version == 6), None)
        for address in each.addresses:
            if address not in kept.get(each.name, ()):
                other = each.kind is not Kind.DUMMY and address.version == 6 and address != first
                yield AddressAdd(change.new.name, each.name, address, deprecated=other)
