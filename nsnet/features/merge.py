"""Facts → State: what all features yield, put together, and refused where two contradict each
other."""

from collections import Counter
from collections.abc import Iterable, Mapping

from nsnet.errors import CompileError
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
from nsnet.state.rules import KUBE_PROXY, Chain, NftMap, NftSet, named_sets, next_chains


def merge(
    lab: str, places: Mapping[str, str], facts: Iterable[tuple[str, Iterable[Fact]]]
) -> State:
    """One State of all facts, grouped by namespace; equal facts count once.

    `places` maps every namespace to its reference, in creation order; `facts` are (author, facts)
    pairs. Raises CompileError where two authors contradict each other or one names what is not
    there.
    """
    claims: dict[str, dict[object, tuple[str, Piece]]] = {name: {} for name in places}
    for author, yielded in facts:
        for netns, piece in yielded:
            if netns not in claims:
                raise CompileError(f"{author}: {netns} is no namespace of this lab")
            first, standing = claims[netns].setdefault(identity(piece), (author, piece))
            if standing is not piece and standing != piece:
                raise CompileError(
                    f"{netns}: {first} and {author} contradict each other: {standing} and {piece}"
                )
    namespaces = tuple(
        _netns(name, reference, [piece for _, piece in claims[name].values()])
        for name, reference in places.items()
    )
    _check_links(namespaces)
    return State(lab, namespaces)


def _netns(name: str, reference: str, pieces: list[Piece]) -> Netns:
    chains = [each for each in pieces if isinstance(each, Chain)]
    if chains:  # tens of thousands, and few of all else
        pieces = [each for each in pieces if not isinstance(each, Chain)]
    interfaces = [each for each in pieces if isinstance(each, Interface)]
    return Netns(
        name,
        reference,
        # A bridge comes before its ports, whoever yielded them first.
        tuple(sorted(interfaces, key=lambda each: each.kind is not Kind.BRIDGE)),
        tuple(each for each in pieces if isinstance(each, Route)),
        tuple(each for each in pieces if isinstance(each, Neighbour)),
        tuple(each for each in pieces if isinstance(each, Sysctl)),
        tuple(sorted(chains, key=lambda each: (each.family, each.table, not each.built_in))),
        tuple(each for each in pieces if isinstance(each, Listener | HealthCheck)),
        tuple(each for each in pieces if isinstance(each, NftSet | NftMap)),
        tuple(each for each in pieces if isinstance(each, Translation)),
        tuple(each for each in pieces if isinstance(each, IpSet)),
        tuple(each for each in pieces if isinstance(each, VirtualServer)),
        tuple(each for each in pieces if isinstance(each, Haproxy | Bird)),
        tuple(each for each in pieces if isinstance(each, PolicyRule)),
        tuple(each for each in pieces if isinstance(each, FdbEntry)),
    )


def _check_links(namespaces: tuple[Netns, ...]) -> None:
    """Both ends of a veth say so, masters, jump targets and what tunnels go through are there, no
    name is too long, no address twice."""
    ends = {
        Peer(netns.name, each.name): each.peer
        for netns in namespaces
        for each in netns.interfaces
        if each.kind is Kind.VETH
    }
    for end, peer in ends.items():
        if peer is None or ends.get(peer) != end:
            raise CompileError(f"{end.netns}: {end.interface} has no other end that agrees")
    for netns in namespaces:
        bridges = {each.name for each in netns.interfaces if each.kind is Kind.BRIDGE}
        for each in netns.interfaces:
            if len(each.name) > 15:
                raise CompileError(f"{netns.name}: {each.name} is too long a name for a link")
            if each.master is not None and each.master not in bridges:
                raise CompileError(
                    f"{netns.name}: {each.name} is a port of {each.master}, no bridge"
                )
        links = {each.name for each in netns.interfaces if each.vxlan is None}
        for each in netns.interfaces:
            if each.vxlan is not None and each.vxlan.dev not in links:
                dev = each.vxlan.dev
                raise CompileError(f"{netns.name}: {each.name} goes through {dev}, no link")
        held = Counter(netns.addresses)
        for address, times in held.items():
            if times > 1:
                raise CompileError(f"{netns.name}: address {address} stands there {times} times")
        _check_rules(netns)


def _check_rules(netns: Netns) -> None:
    """The chains, sets and maps that rules and maps name are there."""
    chains: dict[tuple[Family, str], set[str]] = {}
    for chain in netns.chains:
        chains.setdefault((chain.family, chain.table), set()).add(chain.name)
    sets = {(each.family, each.name) for each in netns.sets}
    for chain in netns.chains:
        family, table = chain.family, chain.table
        here = chains[family, table]
        for rule in chain.rules:
            for name in next_chains(rule.target):
                if name not in here:
                    raise CompileError(
                        f"{netns.name}: {table} {chain.name} jumps to {name}, which nobody made"
                    )
            for name in named_sets(rule) if sets else ():
                if (family, name) not in sets:
                    raise CompileError(
                        f"{netns.name}: {table} {chain.name} asks {name}, which nobody made"
                    )
    for each in netns.sets:
        for element in each.elements if isinstance(each, NftMap) else ():
            for name in next_chains(element.target):
                if name not in chains.get((each.family, KUBE_PROXY), ()):
                    raise CompileError(
                        f"{netns.name}: {each.name} sends packets to {name}, which nobody made"
                    )
