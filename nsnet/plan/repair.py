"""The Ops that undo changes made by hand. They are planned from the differences between a lab and
its State."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from nsnet.ip import Family
from nsnet.plan.differences import Added, Difference, Missing, missing_namespaces
from nsnet.plan.ops import (
    ConntrackDelete,
    LinkUp,
    NeighbourFlush,
    NetnsDelete,
    Op,
    ServersStart,
    TableLoad,
)
from nsnet.plan.order import changes
from nsnet.state.bird import Bird
from nsnet.state.haproxy import Haproxy
from nsnet.state.ipsets import IpSet
from nsnet.state.model import (
    FdbEntry,
    Interface,
    Neighbour,
    Netns,
    Piece,
    PolicyRule,
    Route,
    State,
    Sysctl,
    VirtualServer,
    identity,
)
from nsnet.state.namespaces import Role
from nsnet.state.observed import LO, Hung, ListedChain, ListedSet, Observable, OtherLink, key
from nsnet.state.rules import KUBE_PROXY, Chain, Match, NftMap, NftSet, Rule

_P = TypeVar("_P", bound=Piece)
_FAMILIES: tuple[Family, ...] = (4, 6)


def repairs(state: State, differences: Sequence[Difference], *, served: bool) -> list[Op]:
    """Return the Ops that change a lab with these differences back to its State.

    `served` says whether the lab's server runs in its present namespace. It does not if that
    namespace was deleted or recreated by hand.
    """
    by_netns: dict[str, list[Difference]] = {}
    for each in differences:
        by_netns.setdefault(each.netns, []).append(each)
    missing = missing_namespaces(differences)
    pairs = [
        (each, by_netns.get(each.name, [])) for each in state.netns if each.name not in missing
    ]
    actual = tuple(_actual(netns, found, served=served) for netns, found in pairs)
    return [
        *(step for netns, found in pairs for step in _starts(netns, found, served=served)),
        *_reloads(changes(replace(state, netns=actual), state), pairs),
    ]


def completion(
    state: State,
    before: Sequence[State],
    differences: Sequence[Difference],
    superfluous: Sequence[str],
) -> list[Op]:
    """Return the Ops that complete an interrupted change to this State, from the differences that
    remain.

    The lab may still hold parts of what was `before`. What was learned in it is forgotten: entries
    of conntrack and of neighbours, which are no differences. The lab's server does not run any
    more, because any ports of it might be open. The `superfluous` namespaces are deleted.
    """
    return [
        *repairs(state, differences, served=False),
        *dict.fromkeys(
            op
            for each in before
            for op in changes(each, state)
            if isinstance(op, ConntrackDelete | NeighbourFlush)
        ),
        *map(NetnsDelete, superfluous),
    ]


def _starts(netns: Netns, differences: Iterable[Difference], *, served: bool) -> Iterator[Op]:
    """Yield the start of the lab's server, and the Op that sets lo up, where they are needed. A
    change between two States includes these only for new namespaces."""
    if netns.role is Role.SERVERS and not served:
        yield ServersStart(netns.name)
    if any(not isinstance(each, Added) and each.wanted == LO for each in differences):
        yield LinkUp(netns.name, LO.name)


def _reloads(
    steps: Iterable[Op], pairs: Iterable[tuple[Netns, Sequence[Difference]]]
) -> Iterator[Op]:
    """Yield the `steps`. An Op that loads an nftables table replaces the whole table if that table
    exists and differs from the State."""
    existing = {
        (netns.name, family)
        for netns, differences in pairs
        for family, exists in _differing_tables(netns, differences).items()
        if exists
    }
    for op in steps:
        if isinstance(op, TableLoad) and (op.netns, op.family) in existing:
            yield replace(op, whole=True)
        else:
            yield op


def _actual(wanted: Netns, differences: Sequence[Difference], *, served: bool) -> Netns:
    """Return the namespace as it is now: what the State wants, with these differences."""
    missing = {key(each.wanted) for each in differences if isinstance(each, Missing)}
    lost = missing | {key(each.wanted) for each in differences if not isinstance(each, Added)}
    found = [
        piece
        for each in differences
        if not isinstance(each, Missing)
        for piece in _piece(each.found)
    ]

    def held(pieces: Iterable[_P], *kinds: type[_P]) -> tuple[_P, ...]:
        kept = (each for each in pieces if identity(each) not in lost) if lost else pieces
        return (*kept, *(each for each in found if isinstance(each, kinds)))

    reloaded = _differing_tables(wanted, differences)
    # If all its links are missing, the namespace was recreated under the same name, and the sockets
    # of the lab's server are in the old one.
    another = bool(wanted.interfaces) and {*map(identity, wanted.interfaces)} <= missing
    return replace(
        wanted,
        interfaces=held(wanted.interfaces, Interface),
        routes=held(wanted.routes, Route),
        policy_rules=held(wanted.policy_rules, PolicyRule),
        neighbours=held(wanted.neighbours, Neighbour),
        fdb=held(wanted.fdb, FdbEntry),
        sysctls=held(wanted.sysctls, Sysctl),
        chains=tuple(each for each in held(wanted.chains, Chain) if _table(each) not in reloaded),
        sets=tuple(each for each in held(wanted.sets, NftSet) if _table(each) not in reloaded),
        ipsets=held(wanted.ipsets, IpSet),
        virtual_servers=held(wanted.virtual_servers, VirtualServer),
        daemons=held(wanted.daemons, Haproxy, Bird),
        listeners=wanted.listeners if served and not another else (),
    )


def _piece(found: Observable) -> Iterator[Piece]:
    """Yield what was found as a piece of a State. Nothing is yielded for lo and for whole
    namespaces, because they are not pieces of a State, and for a daemon that hangs."""
    match found:
        case ListedChain(family, table, name, lines):
            # The text of a rule is not parsed: the rule only has to differ from any of the State.
            yield Chain(table, name, tuple(Rule(Match(comment=each)) for each in lines), family)
        case ListedSet(family, name):
            yield NftSet(name, family=family)
        case OtherLink(name):
            if name != LO.name:
                yield Interface(name)
        case Netns() | Hung():
            pass
        case _:
            yield found


def _differing_tables(wanted: Netns, differences: Sequence[Difference]) -> dict[Family, bool]:
    """Return the families in which kube-proxy's nftables table differs from the State. The value
    for each family says whether the live table exists. A table that the State does not have is left
    out.

    A table that differs is loaded as a whole, because the differences do not say which element was
    added.
    """
    if not differences:
        return {}
    missing = Counter(_table(each.wanted) for each in differences if isinstance(each, Missing))
    found = {_table(each.found) for each in differences if not isinstance(each, Missing)}
    held = Counter(map(_table, (*wanted.chains, *wanted.sets)))
    return {
        family: family in found or missing[family] < held[family]
        for family in _FAMILIES
        if held[family] and (missing[family] or family in found)
    }


def _table(piece: Observable | Piece) -> Family | None:
    """Return the family of the nftables table that the piece is in; None if it is in none."""
    match piece:
        case NftSet(family=family) | NftMap(family=family) | ListedSet(family=family):
            return family
        case Chain(table=table, family=family) | ListedChain(table=table, family=family):
            return family if table == KUBE_PROXY else None
        case _:
            return None
