"""The merger of facts into a State: it combines what all features yield, and raises CompileError if
their facts are inconsistent.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

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

_Table: TypeAlias = tuple[Family, str]
_Claims: TypeAlias = dict[object, tuple[str, Piece | Shared]]  # by identity: the author, the fact
_Rules: TypeAlias = tuple[tuple[Chain, ...], tuple[NftSet | NftMap, ...]]

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
    """The chains and sets that follow from pieces. Namespaces with the same pieces share them, so
    they are checked once: the nodes of a cluster may have tens of thousands of rules each."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], tuple[Sequence[Piece | Shared], _Rules]] = {}

    def of(self, netns: str, pieces: Sequence[Piece | Shared]) -> _Rules:
        """Return the chains and sets. Raises CompileError if they do not fit together."""
        key = tuple(
            (id(each.pieces), each.start, each.stop) if isinstance(each, Shared) else id(each)
            for each in pieces
        )
        if key not in self._known:
            # The pieces are kept, too: no other piece gets the id of one of them.
            self._known[key] = pieces, _rules(netns, [*_each(pieces)])
        return self._known[key][1]


def _rules(netns: str, pieces: Iterable[Piece]) -> _Rules:
    chains = sorted(
        (each for each in pieces if isinstance(each, Chain)),
        key=lambda each: (each.family, each.table),
    )
    hooks = (each for each in pieces if isinstance(each, Hook))
    found = (*built_in_chains(netns, hooks), *chains)
    sets = tuple(each for each in pieces if isinstance(each, NftSet | NftMap))
    _check_rules(netns, found, sets)
    return found, sets


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


def _check_rules(netns: str, chains: Iterable[Chain], sets: Sequence[NftSet | NftMap]) -> None:
    """Raise CompileError if a rule or a map refers to a chain or set that does not exist, or if
    nothing jumps to a chain that UNREACHED does not list."""
    defined: dict[_Table, set[str]] = {}
    reached: dict[_Table, set[str]] = {}
    for chain in chains:
        table = chain.family, chain.table
        defined.setdefault(table, set()).add(chain.name)
        called = reached.setdefault(table, set())
        if chain.built_in or chain.base is not None:
            called.add(chain.name)
    names_of_sets = {(each.family, each.name) for each in sets}
    for chain in chains:
        table = chain.family, chain.table
        here, called = defined[table], reached[table]
        for rule in chain.rules:
            for name in next_chains(rule.target):
                called.add(name)
                if name not in here:
                    raise _dangling(netns, chain, "jumps to", name)
            for name in named_sets(rule) if sets else ():
                if (chain.family, name) not in names_of_sets:
                    raise _dangling(netns, chain, "looks up", name)
    for each in sets:
        table = each.family, KUBE_PROXY
        here, called = defined.get(table, set()), reached.setdefault(table, set())
        for element in each.elements if isinstance(each, NftMap) else ():
            for name in next_chains(element.target):
                called.add(name)
                if name not in here:
                    raise CompileError(
                        f"{netns}: {each.name} sends packets to {name}, which does not exist"
                    )
    for table, names in defined.items():
        for name in sorted(names - reached[table]):
            if (table[1], name) not in UNREACHED:
                raise CompileError(f"{netns}: nothing jumps to {table[1]} {name}")


def _dangling(netns: str, chain: Chain, how: str, name: str) -> CompileError:
    where = f"{netns}: {chain.table} {chain.name}"
    return CompileError(f"{where} {how} {name}, which does not exist")
