"""The Ops for neighbour entries (ARP, NDP) and for the forwarding entries of VXLAN tunnels: for
those that a State lists, and for stale ones that namespaces have learned."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from nsnet.ip import IPAddress
from nsnet.plan.change import Change
from nsnet.plan.ops import (
    FdbDelete,
    FdbSet,
    NeighbourAdd,
    NeighbourDelete,
    NeighbourFlush,
    Op,
)
from nsnet.state.model import Netns, Peer, State
from nsnet.state.wires import Wires

# --- entries of the State ---


def delete_neighbours(change: Change) -> Iterator[Op]:
    """Yield the deletion of permanent neighbour entries that the new State does not have."""
    wanted = set(change.new.neighbours) if change.old.neighbours else set()
    for neighbour in change.old.neighbours:
        if neighbour not in wanted and neighbour.dev in change.kept:
            yield NeighbourDelete(change.new.name, neighbour)


def add_neighbours(change: Change) -> Iterator[Op]:
    """Yield Ops that add the permanent neighbour entries that are missing."""
    # A large lab has tens of thousands of entries, so those of a new namespace are not compared.
    known = set(change.old.neighbours)
    for neighbour in change.new.neighbours:
        if not known or neighbour.dev in change.created or neighbour not in known:
            yield NeighbourAdd(change.new.name, neighbour)


def delete_fdb_entries(change: Change) -> Iterator[Op]:
    """Yield the deletion of forwarding entries whose MAC address has no entry in the new State."""
    wanted = {(each.mac, each.dev) for each in change.new.fdb}
    for entry in change.old.fdb:
        if (entry.mac, entry.dev) not in wanted and entry.dev in change.kept:
            yield FdbDelete(change.new.name, entry)


def add_fdb_entries(change: Change) -> Iterator[Op]:
    """Yield Ops that add missing forwarding entries and replace those that differ."""
    for entry in change.new.fdb:
        if entry.dev in change.created or entry not in change.old.fdb:
            yield FdbSet(change.new.name, entry)


# --- entries that were learned ---


class Learned(NamedTuple):
    """An IP address whose MAC address a namespace may have learned on its link `dev`."""

    netns: str
    dev: str
    address: IPAddress


def flush_unresolved_neighbours(old: State, new: State, created: Set[Peer]) -> Iterator[Op]:
    """Yield the removal of learned neighbour entries for addresses that are new or get another MAC
    address, on every link in the same layer-2 segment.

    A namespace may have begun to resolve a new address before the address existed (NUD_INCOMPLETE).
    When the resolution fails, the kernel drops the packets that wait for it, even if the address
    exists by then.
    """
    return _flush(new, _lost(new, old), _kept(old, new, created))


def flush_stale_neighbours(old: State, new: State, created: Set[Peer]) -> Iterator[Op]:
    """Yield the removal of learned neighbour entries for addresses that are removed or get another
    MAC address, on every link in the same layer-2 segment."""
    return _flush(old, _lost(old, new), _kept(old, new, created))


def _flush(state: State, changed: Sequence[Learned], links: Set[Peer]) -> Iterator[Op]:
    """Yield the removal of neighbour entries for the `changed` addresses. An entry is removed if
    its link is one of `links` and in the address's layer-2 segment, and if the State does not list
    the entry."""
    if not changed:
        return
    wires = Wires(state)
    found = {
        Learned(station.netns, station.dev, each.address)
        for each in changed
        for station in wires.receivers(each.netns, each.dev)
        if Peer(station.netns, station.dev) in links
    }
    listed = {
        Learned(each.name, one.dev, one.address) for each in state.netns for one in each.neighbours
    }
    for learned in sorted(found - listed, key=str):
        yield NeighbourFlush(*learned)


def _kept(old: State, new: State, created: Set[Peer]) -> Set[Peer]:
    """Return the links that exist before and after. Recreated links are left out, because they have
    no learned entries."""
    before, after = (
        {Peer(each.name, link.name) for each in state.netns for link in each.interfaces}
        for state in (old, new)
    )
    return (before & after) - created


def _lost(old: State, new: State) -> list[Learned]:
    """Return the addresses of `old` that `new` does not have on the same link with the same MAC
    address."""
    after = {each.name: each for each in new.netns}
    return [each for netns in old.netns for each in _lost_in(netns, after.get(netns.name))]


def _lost_in(was: Netns, now: Netns | None) -> Iterator[Learned]:
    if now is not None and now.interfaces == was.interfaces:
        return
    kept = _mac_addresses(now) if now is not None else {}
    for dev, held in _mac_addresses(was).items():
        for address, _ in held - kept.get(dev, frozenset()):
            yield Learned(was.name, dev, address)


def _mac_addresses(netns: Netns) -> Mapping[str, frozenset[tuple[IPAddress, str]]]:
    """Return, for each link, its IP addresses, each paired with the link's MAC address."""
    return {
        link.name: frozenset((each.ip, link.mac) for each in link.addresses)
        for link in netns.interfaces
        if link.addresses
    }
