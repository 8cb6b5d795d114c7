"""The merger of facts into a State: it combines what all features yield, and raises CompileError if
their facts are inconsistent.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

from nsnet.errors import CompileError
from nsnet.features.faults import with_faults
from nsnet.features.hooks import built_in_chains
from nsnet.features.services.kube_proxy import UNREACHED
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
    Neighbour,
    Netns,
    Peer,
    Piece,
    PolicyRule,
    Route,
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
    claims: dict[str, dict[object, tuple[str, Piece]]] = {each.name: {} for each in places}
    for author, yielded in facts:
        for netns, piece in yielded:
            if netns not in claims:
                raise CompileError(f"{author}: {netns} is no namespace of this lab")
            first, earlier = claims[netns].setdefault(identity(piece), (author, piece))
            if earlier is not piece and earlier != piece:
                raise CompileError(
                    f"{netns}: {first} and {author} contradict each other: {earlier} and {piece}"
                )
    found = []
    for place in places:
        pieces = [piece for _, piece in claims[place.name].values()]
        here = [each for each in faults if each.netns == place.name]
        found.append(_netns(place, with_faults(place.reference, pieces, here)))
    _check(found)
    return State(lab, tuple(found))


def _netns(place: Namespace, pieces: Sequence[Piece]) -> Netns:
    chains = [each for each in pieces if isinstance(each, Chain)]
    if chains:  # there can be tens of thousands, and little of anything else
        pieces = [each for each in pieces if not isinstance(each, Chain)]
    chains.sort(key=lambda each: (each.family, each.table))
    hooks = (each for each in pieces if isinstance(each, Hook))
    interfaces = [each for each in pieces if isinstance(each, Interface)]
    return Netns(
        name=place.name,
        reference=place.reference,
        role=place.role,
        # A bridge is created before its ports.
        interfaces=tuple(sorted(interfaces, key=lambda each: each.kind is not Kind.BRIDGE)),
        routes=tuple(each for each in pieces if isinstance(each, Route)),
        neighbours=tuple(each for each in pieces if isinstance(each, Neighbour)),
        sysctls=tuple(each for each in pieces if isinstance(each, Sysctl)),
        chains=(*built_in_chains(place.name, hooks), *chains),
        listeners=tuple(each for each in pieces if isinstance(each, Listener | HealthCheck)),
        sets=tuple(each for each in pieces if isinstance(each, NftSet | NftMap)),
        translations=tuple(each for each in pieces if isinstance(each, Translation)),
        ipsets=tuple(each for each in pieces if isinstance(each, IpSet)),
        virtual_servers=tuple(each for each in pieces if isinstance(each, VirtualServer)),
        daemons=tuple(each for each in pieces if isinstance(each, Haproxy | Bird)),
        policy_rules=tuple(each for each in pieces if isinstance(each, PolicyRule)),
        fdb=tuple(each for each in pieces if isinstance(each, FdbEntry)),
    )


def _check(namespaces: Sequence[Netns]) -> None:
    """Raise CompileError if a link, a rule, a set or a map refers to something that does not exist,
    if the name of a link is too long, or if two links of a namespace have the same address."""
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
        _check_rules(netns)


def _check_rules(netns: Netns) -> None:
    """Raise CompileError if a rule or a map refers to a chain or set that does not exist, or if
    nothing jumps to a chain that UNREACHED does not list."""
    defined: dict[_Table, set[str]] = {}
    reached: dict[_Table, set[str]] = {}
    for chain in netns.chains:
        table = chain.family, chain.table
        defined.setdefault(table, set()).add(chain.name)
        called = reached.setdefault(table, set())
        if chain.built_in or chain.base is not None:
            called.add(chain.name)
    sets = {(each.family, each.name) for each in netns.sets}
    for chain in netns.chains:
        table = chain.family, chain.table
        here, called = defined[table], reached[table]
        for rule in chain.rules:
            for name in next_chains(rule.target):
                called.add(name)
                if name not in here:
                    raise _dangling(netns, chain, "jumps to", name)
            for name in named_sets(rule) if sets else ():
                if (chain.family, name) not in sets:
                    raise _dangling(netns, chain, "looks up", name)
    for each in netns.sets:
        table = each.family, KUBE_PROXY
        here, called = defined.get(table, set()), reached.setdefault(table, set())
        for element in each.elements if isinstance(each, NftMap) else ():
            for name in next_chains(element.target):
                called.add(name)
                if name not in here:
                    raise CompileError(
                        f"{netns.name}: {each.name} sends packets to {name}, which does not exist"
                    )
    for table, names in defined.items():
        for name in sorted(names - reached[table]):
            if (table[1], name) not in UNREACHED:
                raise CompileError(f"{netns.name}: nothing jumps to {table[1]} {name}")


def _dangling(netns: Netns, chain: Chain, how: str, name: str) -> CompileError:
    where = f"{netns.name}: {chain.table} {chain.name}"
    return CompileError(f"{where} {how} {name}, which does not exist")
