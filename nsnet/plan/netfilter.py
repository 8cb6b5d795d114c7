"""The steps from one namespace's rules to another's: chains, sets, tables and virtual servers, and
the flows that conntrack must forget."""

from collections.abc import Iterator, Set

from nsnet.ip import Family, IPAddress
from nsnet.plan.ops import (
    ConntrackDelete,
    Op,
    RulesLoad,
    SetsDelete,
    SetsLoad,
    TableLoad,
    VirtualServersLoad,
)
from nsnet.state.model import Netns, Translation, identity
from nsnet.state.nftables_text import Piece
from nsnet.state.rules import KUBE_PROXY, Chain, NftSet, named_sets


def load(was: Netns, now: Netns) -> Iterator[Op]:
    """The chains of iptables that differ are replaced."""
    # Of tens of thousands most are the very same value, which needs no comparison.
    same = set(map(id, was.chains)) & set(map(id, now.chains))
    standing, wanted = _iptables(was, same), _iptables(now, same)
    for family in sorted({key[0] for key in standing | wanted}):
        changed = tuple(
            each for key, each in wanted.items() if key[0] == family and standing.get(key) != each
        )
        deleted = tuple(
            each for key, each in standing.items() if key[0] == family and key not in wanted
        )
        if changed or deleted:
            yield RulesLoad(now.name, family, changed, deleted)


def fill(was: Netns, now: Netns) -> Iterator[Op]:
    """Sets come before the rules that look packets up in them."""
    standing = set(was.ipsets)
    changed = tuple(each for each in now.ipsets if each not in standing)
    if changed:
        yield SetsLoad(now.name, changed)


def balance(was: Netns, now: Netns) -> Iterator[Op]:
    """The virtual servers that differ change over."""
    standing, wanted = set(was.virtual_servers), set(now.virtual_servers)
    old = tuple(each for each in was.virtual_servers if each not in wanted)
    new = tuple(each for each in now.virtual_servers if each not in standing)
    if old or new:
        yield VirtualServersLoad(now.name, old, new)


def empty(was: Netns, now: Netns) -> Iterator[Op]:
    """Sets go after the rules that looked packets up in them."""
    wanted = {each.name for each in now.ipsets}
    gone = tuple(each.name for each in was.ipsets if each.name not in wanted)
    if gone:
        yield SetsDelete(now.name, gone)


def _iptables(netns: Netns, same: Set[int]) -> dict[tuple[Family, str, str], Chain]:
    return {
        (each.family, each.table, each.name): each
        for each in netns.chains
        if id(each) not in same and each.table != KUBE_PROXY
    }


def load_tables(was: Netns, now: Netns) -> Iterator[Op]:
    """Once the tables of iptables are there: of two nat chains at one hook, the kernel asks the
    younger first."""
    for family in (4, 6):
        standing, wanted = _nftables(was, family), _nftables(now, family)
        differing = {
            name
            for name in {*standing, *wanted}
            if standing.get(name) is not wanted.get(name) and standing.get(name) != wanted.get(name)
        }
        differing |= _naming(_remade(standing, wanted), wanted)
        if differing:
            yield TableLoad(
                now.name,
                family,
                tuple(each for name, each in standing.items() if name in differing),
                tuple(each for name, each in wanted.items() if name in differing),
            )


def _remade(standing: dict[str, Piece], wanted: dict[str, Piece]) -> set[str]:
    """The sets that cannot change as they are: they go, and come again with another timeout."""
    return {
        name
        for name, each in standing.items()
        if isinstance(each, NftSet)
        and isinstance(now := wanted.get(name), NftSet)
        and each.timeout != now.timeout
    }


def _naming(sets: set[str], pieces: dict[str, Piece]) -> set[str]:
    """The chains whose rules name one of these sets: no set goes while they do."""
    chains = [each for each in pieces.values() if isinstance(each, Chain)] if sets else []
    return {
        each.name
        for each in chains
        if any(name in sets for rule in each.rules for name in named_sets(rule))
    }


def _nftables(netns: Netns, family: Family) -> dict[str, Piece]:
    pieces: tuple[Piece, ...] = (
        *netns.sets,
        *(each for each in netns.chains if each.table == KUBE_PROXY),
    )
    return {each.name: each for each in pieces if each.family == family}


def forget(was: Netns, now: Netns) -> Iterator[Op]:
    """The UDP flows that would go on as no rule says any more, each kind of them once.

    TCP is left alone, as by kube-proxy: a connection to an endpoint that is gone shall end, not
    begin again elsewhere in the middle of it.
    """
    before = {identity(each): each for each in was.translations}
    after = {identity(each): each for each in now.translations}
    stale: list[Op] = []
    for key, each in before.items():
        kept = after.get(key)
        if kept is None:
            stale.append(_stale(now.name, each, None))
        elif kept is not each:
            stay = set(kept.endpoints)
            gone = [end for end in each.endpoints if end not in stay]
            stale += [_stale(now.name, each, address) for address, _ in gone]
    for key, each in after.items():
        first = before.get(key)
        # What was sent while nothing translated it went somewhere else, and would go on to.
        if each.endpoints and (first is None or not first.endpoints):
            stale.append(_stale(now.name, each, None))
    yield from dict.fromkeys(stale)


def _stale(netns: str, each: Translation, endpoint: IPAddress | None) -> ConntrackDelete:
    # As kube-proxy: of an address all ports, and the port only where there is no address.
    dport = each.port if each.address is None else None
    return ConntrackDelete(netns, each.family, each.address, dport, endpoint)
