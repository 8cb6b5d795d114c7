"""What a changed lab's namespaces have learnt of each other (ARP, NDP) and is true no more."""

from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from nsnet.ip import IPAddress
from nsnet.state import Netns, Peer, State
from nsnet.wires import Wires


class Learnt(NamedTuple):
    """An address that a namespace may know a MAC address of, by one of its links."""

    netns: str
    dev: str
    address: IPAddress


def outdated(old: State, new: State, laid: Set[Peer]) -> set[Learnt]:
    """Each link on whose wire an address had another MAC address, or is nobody's any more. But for
    links that are gone, or `laid` anew, and have forgotten everybody; and for what was not learnt
    but told."""
    after = {each.name: each for each in new.netns}
    lost = [each for netns in old.netns for each in _lost(netns, after.get(netns.name))]
    if not lost:
        return set()
    wires = Wires(old)
    links = {Peer(each.name, link.name) for each in new.netns for link in each.interfaces}
    standing = links - laid
    heard = {
        Learnt(station.netns, station.dev, each.address)
        for each in lost
        for station in wires.heard(each.netns, each.dev)
        if Peer(station.netns, station.dev) in standing
    }
    told = {
        Learnt(each.name, one.dev, one.address) for each in old.netns for one in each.neighbours
    }
    return heard - told


def _lost(was: Netns, now: Netns | None) -> Iterator[Learnt]:
    """The addresses that a namespace does not hold any more, or by another MAC address."""
    if now is not None and now.interfaces == was.interfaces:
        return
    kept = _held(now) if now is not None else {}
    for dev, held in _held(was).items():
        for address, _ in held - kept.get(dev, frozenset()):
            yield Learnt(was.name, dev, address)


def _held(netns: Netns) -> Mapping[str, frozenset[tuple[IPAddress, str | None]]]:
    return {
        link.name: frozenset((each.ip, link.mac) for each in link.addresses)
        for link in netns.interfaces
        if link.addresses
    }
