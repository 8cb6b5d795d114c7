"""What a changed lab's namespaces have learnt of each other (ARP, NDP), or asked for in vain, and
is true no more."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from nsnet.ip import IPAddress
from nsnet.state.model import Netns, Peer, State
from nsnet.state.wires import Wires


class Learnt(NamedTuple):
    """An address that a namespace may know a MAC address of, by one of its links."""

    netns: str
    dev: str
    address: IPAddress


def outdated(old: State, new: State, laid: Set[Peer]) -> set[Learnt]:
    """Each link on whose wire an address had another MAC address, or is nobody's any more. But for
    links that are gone, or `laid` anew, and have forgotten everybody; and for what was not learnt
    but told."""
    lost = _lost(old, new)
    return _heard(old, lost, _standing(old, new, laid)) - _told(old) if lost else set()


def awaited(old: State, new: State, laid: Set[Peer]) -> set[Learnt]:
    """Each link on whose wire an address is new: somebody may have asked for it in vain, and would
    give up on all that waits for the answer, in a moment in which it is there."""
    come = _lost(new, old)
    return _heard(new, come, _standing(old, new, laid)) - _told(new) if come else set()


def _heard(state: State, changed: Sequence[Learnt], links: Set[Peer]) -> set[Learnt]:
    """Who hears of these addresses, by these links."""
    wires = Wires(state)
    return {
        Learnt(station.netns, station.dev, each.address)
        for each in changed
        for station in wires.heard(each.netns, each.dev)
        if Peer(station.netns, station.dev) in links
    }


def _standing(old: State, new: State, laid: Set[Peer]) -> set[Peer]:
    """The links that are there before and after."""
    before, after = (
        {Peer(each.name, link.name) for each in state.netns for link in each.interfaces}
        for state in (old, new)
    )
    return (before & after) - laid


def _told(state: State) -> set[Learnt]:
    """What nobody has to learn."""
    return {
        Learnt(each.name, one.dev, one.address) for each in state.netns for one in each.neighbours
    }


def _lost(old: State, new: State) -> list[Learnt]:
    after = {each.name: each for each in new.netns}
    return [each for netns in old.netns for each in _lacking(netns, after.get(netns.name))]


def _lacking(was: Netns, now: Netns | None) -> Iterator[Learnt]:
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
