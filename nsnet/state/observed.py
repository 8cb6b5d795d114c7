"""What the kernel shows of a namespace, as a value. It is read from a live namespace, or computed
from a State.

Rules are text here: the lines that `iptables-save` and `nft list` print. Everything else has the
same form as in a `Netns`. Listeners and translations are missing, because the kernel does not show
them.
"""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, TypeAlias

from nsnet.ip import Family
from nsnet.state import iptables_text
from nsnet.state import nftables_text as nft
from nsnet.state.daemons import Daemon
from nsnet.state.ipsets import IpSet
from nsnet.state.model import (
    FdbEntry,
    Interface,
    Neighbour,
    Netns,
    PolicyRule,
    Route,
    Sysctl,
    VirtualServer,
    identity,
)
from nsnet.state.rules import BUILT_IN, KUBE_PROXY, Chain, NftMap, NftSet


class OtherLink(NamedTuple):
    """A link that no State has as an `Interface`: lo, or a link of a kind that nsnet never adds."""

    name: str
    kind: str
    up: bool = True


class ListedChain(NamedTuple):
    """A chain, with its rules as `iptables-save` or `nft list` prints them."""

    family: Family
    table: str
    name: str
    lines: tuple[str, ...] = ()

    @property
    def built_in(self) -> bool:
        """Whether the kernel creates this chain itself, together with its table."""
        return self.name in BUILT_IN


class ListedSet(NamedTuple):
    """A set or map of kube-proxy's nftables table as `nft list` prints it. Its lines are its
    declaration, then its elements, whose order means nothing."""

    family: Family
    name: str
    kind: Literal["set", "map"]
    lines: tuple[str, ...] = ()


class Hung(NamedTuple):
    """A daemon whose processes exist, but do not answer."""

    daemon: Daemon


Observable: TypeAlias = (
    Netns
    | Interface
    | OtherLink
    | Route
    | PolicyRule
    | Neighbour
    | FdbEntry
    | Sysctl
    | ListedChain
    | IpSet
    | VirtualServer
    | ListedSet
    | Daemon
    | Hung
)
LO: Final = OtherLink("lo", "loopback")


@dataclass(frozen=True, slots=True)
class Observed:
    """What the kernel shows of one namespace, without the routes that the kernel adds itself."""

    interfaces: tuple[Interface, ...] = ()
    other_links: tuple[OtherLink, ...] = (LO,)
    routes: tuple[Route, ...] = ()
    policy_rules: tuple[PolicyRule, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()
    sysctls: tuple[Sysctl, ...] = ()  # of those that were asked for, the ones that exist
    chains: tuple[ListedChain, ...] = ()
    ipsets: tuple[IpSet, ...] = ()
    virtual_servers: tuple[VirtualServer, ...] = ()
    sets: tuple[ListedSet, ...] = ()
    daemons: tuple[Daemon | Hung, ...] = ()  # of those that were looked for, the ones that exist


def expected(netns: Netns) -> Observed:
    """Return what the kernel shows of a namespace that holds exactly what this `Netns` says."""
    return Observed(
        interfaces=netns.interfaces,
        routes=netns.routes,
        policy_rules=netns.policy_rules,
        neighbours=netns.neighbours,
        fdb=netns.fdb,
        sysctls=tuple(replace(each, value=" ".join(each.value.split())) for each in netns.sysctls),
        chains=tuple(map(_listed_chain, netns.chains)),
        ipsets=netns.ipsets,
        virtual_servers=netns.virtual_servers,
        sets=tuple(map(_listed_set, netns.sets)),
        daemons=netns.daemons,
    )


def _listed_chain(chain: Chain) -> ListedChain:
    lines = (
        nft.lines(chain)
        if chain.table == KUBE_PROXY
        else tuple(iptables_text.line(chain, rule) for rule in chain.rules)
    )
    return ListedChain(chain.family, chain.table, chain.name, lines)


def _listed_set(each: NftSet | NftMap) -> ListedSet:
    kind: Literal["set", "map"] = "set" if isinstance(each, NftSet) else "map"
    return ListedSet(each.family, each.name, kind, nft.lines(each))


def key(piece: Observable) -> Hashable:
    """Return the key that identifies the piece. It equals the `identity` that the piece has in a
    State.

    The key is unique in a State, but not always in a live namespace, which may have two routes to
    one destination with different metrics.
    """
    match piece:
        case ListedChain(family, table, name):
            return (Chain, family, table, name)
        case ListedSet(family, name):
            return (NftSet, family, name)
        case OtherLink(name) | Netns(name=name):
            return (type(piece), name)
        case Hung(daemon):
            return identity(daemon)
        case _:
            return identity(piece)
