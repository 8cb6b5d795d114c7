"""The merger of facts into a State: it combines what all features yield, and raises CompileError if
their facts are inconsistent.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import Any, Final, NamedTuple, TypeAlias

from nsnet.errors import CompileError
from nsnet.features.faults import with_faults
from nsnet.features.hooks import UNREACHED, built_in_chains
from nsnet.ip import Family
from nsnet.state.bird import Bird
from nsnet.state.haproxy import Haproxy
from nsnet.state.ipsets import IpSet
from nsnet.state.model import (
    Fact,
    FdbEntry,
    HealthCheck,
    Interface,
    Kind,
    Listener,
    NameServer,
    Neighbour,
    Netns,
    Peer,
    Piece,
    PolicyRule,
    Route,
    Shared,
    State,
    Sysctl,
    Translation,
    VirtualServer,
    identity,
)
from nsnet.state.namespaces import Namespace
from nsnet.state.rules import KUBE_PROXY, Chain, Hook, NftMap, NftSet, named_sets, next_chains
from nsnet.topology.model import Fault

_Name: TypeAlias = tuple[Family, str, str]
_Claims: TypeAlias = dict[object, tuple[str, Piece | Shared]]  # by identity: the author, the fact
_Rules: TypeAlias = tuple[tuple[Chain, ...], tuple[NftSet | NftMap, ...]]

_SETS: Final = "sets"  # in place of a table, for the names of nftables' sets and maps

# The field of Netns that holds the pieces of a type. A Hook becomes a rule of a built-in chain.
FIELDS: Final[Mapping[type, str]] = {
    Interface: "interfaces",
    Route: "routes",
    PolicyRule: "policy_rules",
    Neighbour: "neighbours",
    FdbEntry: "fdb",
    Sysctl: "sysctls",
    Chain: "rules",
    Hook: "rules",
    NftSet: "rules",
    NftMap: "rules",
    Listener: "listeners",
    HealthCheck: "listeners",
    NameServer: "listeners",
    IpSet: "ipsets",
    VirtualServer: "virtual_servers",
    Translation: "translations",
    Haproxy: "daemons",
    Bird: "daemons",
}


def merge(
    lab: str,
    namespaces: Iterable[Namespace],
    facts: Iterable[tuple[str, Iterable[Fact]]],
    faults: Sequence[Fault] = (),
) -> State:
    """Return the State that holds all facts, as these faults change it. Equal facts count once.

    `namespaces` are in creation order. `facts` are pairs of a feature's name (the author, in
    messages) and the facts that it yields. Raises CompileError if two authors contradict each
    other, if a fact refers to something that does not exist, or if nothing jumps to a chain.
    """
    places = tuple(namespaces)
    claims: dict[str, _Claims] = {each.name: {} for each in places}
    for author, yielded in facts:
        for netns, piece in yielded:
            if netns not in claims:
                raise CompileError(f"{author}: {netns} is no namespace of this lab")
            key = id(piece.pieces) if isinstance(piece, Shared) else identity(piece)
            first, earlier = claims[netns].setdefault(key, (author, piece))
            if earlier is not piece and earlier != piece:
                raise CompileError(
                    f"{netns}: {first} and {author} contradict each other: {earlier} and {piece}"
                )
    faults_in: dict[str, list[Fault]] = {}
    for fault in faults:
        faults_in.setdefault(fault.netns, []).append(fault)
    sharing, rules = _Sharing(), _RulesByPieces()
    found = []
    for place in places:
        sharing.check(place.name, claims[place.name])
        pieces = [piece for _, piece in claims[place.name].values()]
        if place.name in faults_in:
            changed = with_faults(place.reference, [*_each(pieces)], faults_in[place.name])
            pieces = list(changed)
        found.append(_netns(place, pieces, rules))
    _check(found)
    return State(lab, tuple(found))


def _each(pieces: Iterable[Piece | Shared]) -> Iterator[Piece]:
    for piece in pieces:
        yield from piece.held if isinstance(piece, Shared) else (piece,)


class _Sharing:
    """The check that pieces which namespaces share contradict no others. They are indexed once,
    however many namespaces share them."""

    def __init__(self) -> None:
        self._indexes: dict[int, Mapping[object, Piece]] = {}
        self._compared: set[tuple[int, int]] = set()

    def check(self, netns: str, claims: _Claims) -> None:
        """Raise CompileError if this namespace has a piece besides a shared one of the same
        identity, even if both are equal."""
        shared = [
            (author, self._index(author, fact))
            for author, fact in claims.values()
            if isinstance(fact, Shared)
        ]
        for number, (author, index) in enumerate(shared):
            again = next((key for key in claims if key in index), None)
            if again is not None:
                raise _twice(netns, author, index[again])
            for _, other in shared[:number]:
                pair = id(index), id(other)
                if pair not in self._compared and (keys := index.keys() & other.keys()):
                    raise _twice(netns, author, index[next(iter(keys))])
                self._compared.add(pair)

    def _index(self, author: str, shared: Shared) -> Mapping[object, Piece]:
        index = self._indexes.get(id(shared.pieces))
        if index is None:
            index = {identity(each): each for each in shared.pieces}
            if len(index) < len(shared.pieces):
                counted = Counter(map(identity, shared.pieces))
                raise _twice("shared", author, index[counted.most_common(1)[0][0]])
            self._indexes[id(shared.pieces)] = index
        return index


def _twice(netns: str, author: str, piece: Piece) -> CompileError:
    return CompileError(f"{netns}: {author} shares what is there already: {piece}")


def _netns(place: Namespace, pieces: Iterable[Piece | Shared], rules: "_RulesByPieces") -> Netns:
    held: dict[str, list[Any]] = {}
    of_rules: list[Piece | Shared] = []
    for piece in pieces:
        here = piece.held if isinstance(piece, Shared) else (piece,)
        field = FIELDS[type(here[0])] if here else ""
        if field == "rules":
            of_rules.append(piece)
        elif field:
            held.setdefault(field, []).extend(here)
    chains, sets = rules.of(place.name, of_rules)
    fields = {field: tuple(found) for field, found in held.items()}
    return Netns(place.name, place.reference, role=place.role, chains=chains, sets=sets, **fields)


class _RulesByPieces:
    """The chains and sets that follow from pieces. Namespaces with the same pieces share them, and
    pieces that namespaces share are checked once: the nodes of a cluster may have tens of thousands
    of rules each."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[Sequence[Piece | Shared], _Rules]] = {}
        self._shared: dict[tuple[int, int, int], tuple[Shared, _Part]] = {}

    def of(self, netns: str, pieces: Sequence[Piece | Shared]) -> _Rules:
        """Return the chains and sets. Raises CompileError if they do not fit together."""
        key = tuple(_key(each) if isinstance(each, Shared) else id(each) for each in pieces)
        if key not in self._known:
            # The pieces are kept, too: no other piece gets the id of one of them.
            self._known[key] = pieces, self._rules(netns, pieces)
        return self._known[key][1]

    def _rules(self, netns: str, pieces: Sequence[Piece | Shared]) -> _Rules:
        parts: list[_Part] = []
        own: list[Piece] = []  # since the last shared ones: the order of pieces stays
        for each in pieces:
            if isinstance(each, Shared):
                parts += (_part_of(own), self._part(each))
                own = []
            else:
                own.append(each)
        parts.append(_part_of(own))
        hooks = (hook for part in parts for hook in part.hooks)
        built_in = tuple(built_in_chains(netns, hooks))
        _check_rules(netns, [_part_of(built_in), *parts])
        tables = sorted({table for part in parts for table in part.chains})
        chains = list(built_in)
        for table in tables:
            for part in parts:
                chains += part.chains.get(table, ())
        return tuple(chains), tuple(one for part in parts for one in part.sets)

    def _part(self, shared: Shared) -> "_Part":
        key = _key(shared)
        if key not in self._shared:
            self._shared[key] = shared, _part_of(shared.held)
        return self._shared[key][1]


def _key(shared: Shared) -> tuple[int, int, int]:
    return id(shared.pieces), shared.start, shared.stop


def _check(namespaces: Sequence[Netns]) -> None:
    """Raise CompileError if a link refers to something that does not exist, if its name is too
    long, or if two links of a namespace have the same address."""
    ends = {
        Peer(netns.name, each.name): each.peer
        for netns in namespaces
        for each in netns.interfaces
        if each.kind is Kind.VETH
    }
    for end, peer in ends.items():
        if peer is None or ends.get(peer) != end:
            raise CompileError(f"{end.netns}: {end.interface} has no other end that names it")
    for netns in namespaces:
        bridges = {each.name for each in netns.interfaces if each.kind is Kind.BRIDGE}
        for each in netns.interfaces:
            if len(each.name) > 15:
                raise CompileError(f"{netns.name}: {each.name} is too long a name for a link")
            if each.master is not None and each.master not in bridges:
                raise CompileError(
                    f"{netns.name}: {each.name} is a port of {each.master}, which is no bridge"
                )
        links = {each.name for each in netns.interfaces if each.vxlan is None}
        for each in netns.interfaces:
            if each.vxlan is not None and each.vxlan.dev not in links:
                dev = each.vxlan.dev
                raise CompileError(
                    f"{netns.name}: {each.name} sends through {dev}, which does not exist"
                )
        held = Counter(netns.addresses)
        for address, times in held.items():
            if times > 1:
                raise CompileError(f"{netns.name}: address {address} is on {times} links")


class _Part(NamedTuple):
    """The rules of some pieces: chains by family and table, hooks, and sets; and what these have to
    do with other pieces."""

    chains: Mapping[tuple[Family, str], Sequence[Chain]]
    hooks: Sequence[Hook]
    sets: Sequence[NftSet | NftMap]
    defined: Set[_Name]
    used: Mapping[_Name, Chain | NftMap]  # the names in rules and elements, with one that has it
    missing: Set[_Name]  # names that it uses, and others have to define
    unreached: Set[_Name]  # chains of it that others have to jump to


def _part_of(pieces: Iterable[Piece]) -> _Part:
    chains: dict[tuple[Family, str], list[Chain]] = {}
    hooks: list[Hook] = []
    sets: list[NftSet | NftMap] = []
    for each in pieces:
        match each:
            case Chain(family=family, table=table):
                chains.setdefault((family, table), []).append(each)
            case Hook():
                hooks.append(each)
            case NftSet() | NftMap():
                sets.append(each)
            case _:
                pass
    every = [each for several in chains.values() for each in several]
    reachable = {
        (each.family, each.table, each.name)
        for each in every
        if not (each.built_in or each.base or (each.table, each.name) in UNREACHED)
    }
    defined = {(each.family, each.table, each.name) for each in every}
    defined |= {(each.family, _SETS, each.name) for each in sets}
    used = dict(_used(every, sets))
    return _Part(chains, hooks, sets, defined, used, used.keys() - defined, reachable - used.keys())


def _used(
    chains: Iterable[Chain], sets: Iterable[NftSet | NftMap]
) -> Iterator[tuple[_Name, Chain | NftMap]]:
    for chain in chains:
        for rule in chain.rules:
            for name in next_chains(rule.target):
                yield (chain.family, chain.table, name), chain
            for name in named_sets(rule):
                yield (chain.family, _SETS, name), chain
    for each in sets:
        if isinstance(each, NftMap):
            for element in each.elements:
                for name in next_chains(element.target):
                    yield (each.family, KUBE_PROXY, name), each


def _check_rules(netns: str, parts: Sequence[_Part]) -> None:
    """Raise CompileError if a rule or a map refers to a chain or set that does not exist, or if
    nothing jumps to a chain that UNREACHED does not list. `parts` are those of the namespace."""
    for part in parts:
        for name in sorted(part.missing):
            if not any(name in each.defined for each in parts):
                raise CompileError(
                    f"{netns}: {_using(part.used[name], name)}, which does not exist"
                )
        for name in sorted(part.unreached):
            if not any(name in each.used for each in parts):
                raise CompileError(f"{netns}: nothing jumps to {name[1]} {name[2]}")


def _using(user: Chain | NftMap, name: _Name) -> str:
    if isinstance(user, NftMap):
        return f"{user.name} sends packets to {name[2]}"
    how = "looks up" if name[1] == _SETS else "jumps to"
    return f"{user.table} {user.name} {how} {name[2]}"
