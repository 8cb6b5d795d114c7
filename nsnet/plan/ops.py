"""The steps by which a lab is made and changed: all there are.

Each has two readings and no third: the line a person would type (shell), and what the kernel is
told (kernel.apply).
"""

from dataclasses import dataclass, fields
from typing import TypeAlias

from nsnet.ip import Family, IPAddress, IPInterface
from nsnet.state.daemons import Daemon
from nsnet.state.ipsets import IpSet
from nsnet.state.model import (
    FdbEntry,
    Interface,
    Listens,
    Neighbour,
    PolicyRule,
    Route,
    Sysctl,
    VirtualServer,
)
from nsnet.state.nftables_text import Piece
from nsnet.state.rules import Chain


def _refuse(value: Interface | Route | PolicyRule, *names: str) -> None:
    """Raise AssertionError if one of these fields is set: neither the shell nor netlink would be
    told of it."""
    for each in fields(value):
        if each.name in names and getattr(value, each.name) != each.default:
            raise AssertionError(f"{value}: {each.name} cannot be set by this Op")


def _refuse_unwritable(route: Route) -> None:
    if route.blackhole:
        _refuse(route, "via", "dev", "onlink", "nexthops", "mtu")
    if route.nexthops:
        _refuse(route, "via")
    _refuse(route, "learned")


@dataclass(frozen=True, slots=True)
class NetnsAdd:
    """A new, empty network namespace of this name."""

    netns: str


@dataclass(frozen=True, slots=True)
class NetnsDelete:
    """The namespace goes, and with it everything in it."""

    netns: str


@dataclass(frozen=True, slots=True)
class SysctlSet:
    """One kernel setting."""

    netns: str
    sysctl: Sysctl


@dataclass(frozen=True, slots=True)
class BridgeAdd:
    """A bridge, up, that learns and forwards at once: no spanning tree, no multicast snooping."""

    netns: str
    interface: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "master", "hairpin", "vxlan")


@dataclass(frozen=True, slots=True)
class DummyAdd:
    """A link to nowhere, down: it only holds addresses."""

    netns: str
    interface: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "master", "hairpin", "vxlan")


@dataclass(frozen=True, slots=True)
class VxlanAdd:
    """A tunnel, up, that learns nothing."""

    netns: str
    interface: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "master", "hairpin")


@dataclass(frozen=True, slots=True)
class VethAdd:
    """A cable: this end up and, if it has a master, plugged in; the other end born in its
    namespace."""

    netns: str
    interface: Interface
    peer_netns: str
    peer: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "vxlan")
        _refuse(self.peer, "master", "hairpin", "vxlan")


@dataclass(frozen=True, slots=True)
class LinkDelete:
    """A link goes, and the other end of a cable with it."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A link that was born down is up."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class MtuSet:
    """The link takes packets of up to so many bytes."""

    netns: str
    dev: str
    mtu: int


@dataclass(frozen=True, slots=True)
class LinkDown:
    """A link is down, and its routes are gone."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class AddressAdd:
    """The link holds this address; a `deprecated` one is for others to find, and the namespace's
    own packets leave with another."""

    netns: str
    dev: str
    address: IPInterface
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class AddressDelete:
    """The link holds this address no more."""

    netns: str
    dev: str
    address: IPInterface


@dataclass(frozen=True, slots=True)
class RouteAdd:
    """A route of the main table, or of another."""

    netns: str
    route: Route

    def __post_init__(self) -> None:
        _refuse_unwritable(self.route)


@dataclass(frozen=True, slots=True)
class RouteReplace:
    """The route to this destination leads elsewhere, from one moment to the next."""

    netns: str
    route: Route

    def __post_init__(self) -> None:
        _refuse_unwritable(self.route)


@dataclass(frozen=True, slots=True)
class RouteDelete:
    """A route goes."""

    netns: str
    route: Route


@dataclass(frozen=True, slots=True)
class PolicyRuleAdd:
    """Some packets ask another table of routes first."""

    netns: str
    rule: PolicyRule

    def __post_init__(self) -> None:
        _refuse(self.rule, "foreign")


@dataclass(frozen=True, slots=True)
class PolicyRuleDelete:
    """The older of the rules of this priority goes."""

    netns: str
    rule: PolicyRule


@dataclass(frozen=True, slots=True)
class NeighbourAdd:
    """A permanent neighbour, so that nobody has to ask."""

    netns: str
    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class NeighbourDelete:
    """A permanent neighbour goes."""

    netns: str
    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class NeighbourForget:
    """What was learnt of this neighbour, if anything, is forgotten: the next packet asks again."""

    netns: str
    dev: str
    address: IPAddress


@dataclass(frozen=True, slots=True)
class FdbSet:
    """Frames to this MAC address go where the entry says, whatever was said before."""

    netns: str
    entry: FdbEntry


@dataclass(frozen=True, slots=True)
class FdbDelete:
    """Frames to this MAC address go nowhere."""

    netns: str
    entry: FdbEntry


@dataclass(frozen=True, slots=True)
class RulesLoad:
    """Exactly these chains are replaced or deleted, in one atomic step a table; all others stay."""

    netns: str
    family: Family
    chains: tuple[Chain, ...]
    deleted: tuple[Chain, ...] = ()


@dataclass(frozen=True, slots=True)
class ConntrackDelete:
    """Conntrack forgets the UDP flows to this address, or to this port of any address: all, or
    those that were translated to this endpoint."""

    netns: str
    family: Family
    destination: IPAddress | None = None
    dport: int | None = None
    endpoint: IPAddress | None = None


@dataclass(frozen=True, slots=True)
class Drain:
    """Who was on the way to one of these endpoints has connected, or a second is over: no rule
    leads anybody there any more."""

    netns: str
    endpoints: tuple[IPAddress, ...]


@dataclass(frozen=True, slots=True)
class SetsLoad:
    """These ipsets hold exactly these members."""

    netns: str
    sets: tuple[IpSet, ...]


@dataclass(frozen=True, slots=True)
class SetsDelete:
    """These ipsets go; no rule names them any more."""

    netns: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VirtualServersLoad:
    """The `new` virtual servers are there instead of the `old` ones; one that is in both is not
    interrupted.

    A real server that is no longer wanted gets no new connection, and goes with its last.
    """

    netns: str
    old: tuple[VirtualServer, ...]
    new: tuple[VirtualServer, ...]


@dataclass(frozen=True, slots=True)
class TableLoad:
    """These chains, sets and maps of kube-proxy's nftables table change over from `old` to `new`
    in one atomic step; all others stay. Nothing new: the table goes. `anew`: all of it goes,
    whatever it holds, and comes as it is in `new`, in one step, too."""

    netns: str
    family: Family
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]
    anew: bool = False


@dataclass(frozen=True, slots=True)
class DaemonStart:
    """The program runs, and answers."""

    netns: str
    daemon: Daemon


@dataclass(frozen=True, slots=True)
class DaemonReload:
    """The program, which runs, does what this configuration says; its connections go on."""

    netns: str
    daemon: Daemon


@dataclass(frozen=True, slots=True)
class DaemonStop:
    """The program has ended."""

    netns: str
    daemon: Daemon


@dataclass(frozen=True, slots=True)
class RoutesAwait:
    """A daemon has learnt these routes here, and knows no others any more."""

    netns: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class ServersStart:
    """The process that answers for every pod runs in this namespace, and awaits its listeners."""

    netns: str


@dataclass(frozen=True, slots=True)
class Listen:
    """The server answers on this port."""

    netns: str
    listener: Listens


@dataclass(frozen=True, slots=True)
class ListenerReplace:
    """The server answers otherwise on this port, which was open and is never closed."""

    netns: str
    listener: Listens


@dataclass(frozen=True, slots=True)
class Unlisten:
    """The server answers there no more."""

    netns: str
    listener: Listens


Op: TypeAlias = (
    NetnsAdd
    | NetnsDelete
    | SysctlSet
    | BridgeAdd
    | DummyAdd
    | VxlanAdd
    | VethAdd
    | LinkDelete
    | LinkUp
    | LinkDown
    | MtuSet
    | AddressAdd
    | AddressDelete
    | RouteAdd
    | RouteReplace
    | RouteDelete
    | PolicyRuleAdd
    | PolicyRuleDelete
    | NeighbourAdd
    | NeighbourDelete
    | NeighbourForget
    | FdbSet
    | FdbDelete
    | RulesLoad
    | ConntrackDelete
    | Drain
    | SetsLoad
    | SetsDelete
    | VirtualServersLoad
    | TableLoad
    | DaemonStart
    | DaemonReload
    | DaemonStop
    | RoutesAwait
    | ServersStart
    | Listen
    | ListenerReplace
    | Unlisten
)


# What the process that answers for every pod is told.
Serving: TypeAlias = ServersStart | Listen | ListenerReplace | Unlisten
