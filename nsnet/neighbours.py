"""What a changed lab's namespaces have learnt of each other (ARP, NDP) and is true no more."""

from collections.abc import Iterator, Mapping, Set
from typing import NamedTuple

from nsnet.state import IPAddress, Netns, Peer, State
from nsnet.wires import Wires


class Learnt(NamedTuple):
    """An address that a namespace may know a MAC address of, by one of its links."""

    netns: str
    dev: str
    address: IPAddress


def outdated(old: State, new: State, laid: Set[Peer]) -> Iterator[Learnt]:
    """Each link on whose wire an address had another MAC address, or is nobody's any more; but for
    links that are gone, or `laid` anew, and have forgotten everybody."""
    standing = {
        Peer(each.name, link.name)
        for each in new.netns
        for link in each.interfaces
        if Peer(each.name, link.name) not in laid
    }
    after = {each.name: each for each in new.netns}
    wires: Wires | None = None
    for netns in old.netns:
        now = after.get(netns.name)
        if now is not None and now.interfaces == netns.interfaces:
            continue
        kept = _held(now) if now is not None else {}
        for dev, held in _held(netns).items():
            lost = held - kept.get(dev, frozenset())
            if not lost:
                continue
            wires = wires or Wires(old)
            for station in wires.heard(netns.name, dev):
                if Peer(station.netns, station.dev) in standing:
                    yield from (Learnt(station.netns, station.dev, each) for each, _ in lost)


def _held(netns: Netns) -> Mapping[str, frozenset[tuple[IPAddress, str | None]]]:
    return {
        link.name: frozenset((each.ip, link.mac) for each in link.addresses)
        for link in netns.interfaces
        if link.addresses
    }
