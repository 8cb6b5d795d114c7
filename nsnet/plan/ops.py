"""The steps that build and change a lab.

Each has two implementations: the equivalent shell command (plan.shell), and what nsnet itself does
(kernel.apply).
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
from nsnet.state.rules import Chain, TableItem


def _refuse(value: Interface | Route | PolicyRule, *names: str) -> None:
    """Raise AssertionError if one of these fields is set: the shell command and the netlink message
    of the Op do not contain it."""
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
    """Creation of a network namespace."""

    netns: str


@dataclass(frozen=True, slots=True)
class NetnsDelete:
    """Removal of the namespace and of everything in it."""

    netns: str


@dataclass(frozen=True, slots=True)
class SysctlSet:
    """A sysctl of the namespace to set."""

    netns: str
    sysctl: Sysctl


@dataclass(frozen=True, slots=True)
class BridgeAdd:
    """A new bridge, up, without spanning tree or multicast snooping: ports forward at once."""

    netns: str
    interface: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "master", "hairpin", "vxlan")


@dataclass(frozen=True, slots=True)
class DummyAdd:
    """A new dummy link, down: it only holds addresses."""

    netns: str
    interface: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "master", "hairpin", "vxlan")


@dataclass(frozen=True, slots=True)
class VxlanAdd:
    """A new VXLAN tunnel, up, that learns no MAC addresses."""

    netns: str
    interface: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "master", "hairpin")


@dataclass(frozen=True, slots=True)
class VethAdd:
    """A new veth pair. This end is up if it has a master, whose port it becomes; the other end is
    created in `peer_netns`, down."""

    netns: str
    interface: Interface
    peer_netns: str
    peer: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "vxlan")
        _refuse(self.peer, "master", "hairpin", "vxlan")


@dataclass(frozen=True, slots=True)
class LinkDelete:
    """Removal of a link, and of the other end of a veth pair with it."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A link to set up."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class MtuSet:
    """The MTU to set on a link, in bytes."""

    netns: str
    dev: str
    mtu: int


@dataclass(frozen=True, slots=True)
class LinkDown:
    """A link to set down; the kernel removes its routes."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class AddressAdd:
    """A new address of the link. The kernel answers for a `deprecated` one, but does not choose it
    as the source of the namespace's own packets."""

    netns: str
    dev: str
    address: IPInterface
    deprecated: bool = False


@dataclass(frozen=True, slots=True)
class AddressDelete:
    """Removal of an address from the link."""

    netns: str
    dev: str
    address: IPInterface


@dataclass(frozen=True, slots=True)
class RouteAdd:
    """A new route, in its table."""

    netns: str
    route: Route

    def __post_init__(self) -> None:
        _refuse_unwritable(self.route)


@dataclass(frozen=True, slots=True)
class RouteReplace:
    """A route that atomically replaces the one to the same destination."""

    netns: str
    route: Route

    def __post_init__(self) -> None:
        _refuse_unwritable(self.route)


@dataclass(frozen=True, slots=True)
class RouteDelete:
    """Removal of a route."""

    netns: str
    route: Route


@dataclass(frozen=True, slots=True)
class PolicyRuleAdd:
    """A new policy rule: packets that match it are first looked up in another routing table."""

    netns: str
    rule: PolicyRule

    def __post_init__(self) -> None:
        _refuse(self.rule, "foreign")


@dataclass(frozen=True, slots=True)
class PolicyRuleDelete:
    """Removal of the oldest policy rule of this priority."""

    netns: str
    rule: PolicyRule


@dataclass(frozen=True, slots=True)
class NeighbourAdd:
    """A permanent neighbour: the kernel sends no ARP or NDP request for it."""

    netns: str
    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class NeighbourDelete:
    """Removal of a permanent neighbour."""

    netns: str
    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class NeighbourFlush:
    """Removal of a learned neighbour, if there is one: the next packet sends a request again."""

    netns: str
    dev: str
    address: IPAddress


@dataclass(frozen=True, slots=True)
class FdbSet:
    """A forwarding entry of a VXLAN tunnel; it replaces the one of the same MAC address."""

    netns: str
    entry: FdbEntry


@dataclass(frozen=True, slots=True)
class FdbDelete:
    """Removal of a forwarding entry of a VXLAN tunnel."""

    netns: str
    entry: FdbEntry


@dataclass(frozen=True, slots=True)
class RulesLoad:
    """Chains of iptables to replace and to delete, atomically per table; all others are kept."""

    netns: str
    family: Family
    chains: tuple[Chain, ...]
    deleted: tuple[Chain, ...] = ()


@dataclass(frozen=True, slots=True)
class ConntrackDelete:
    """Removal of conntrack's entries of UDP flows to this address, or to this port of any address:
    all of them, or those that were DNATed to this endpoint."""

    netns: str
    family: Family
    destination: IPAddress | None = None
    dport: int | None = None
    endpoint: IPAddress | None = None


@dataclass(frozen=True, slots=True)
class Drain:
    """A wait of at most a second until no TCP connection to these endpoints is half open. The rules
    already send new connections elsewhere."""

    netns: str
    endpoints: tuple[IPAddress, ...]


@dataclass(frozen=True, slots=True)
class SetsLoad:
    """Ipsets to create or replace, with all their members."""

    netns: str
    sets: tuple[IpSet, ...]


@dataclass(frozen=True, slots=True)
class SetsDelete:
    """Removal of ipsets that no rule uses any more."""

    netns: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VirtualServersLoad:
    """Virtual servers of IPVS to change from `old` to `new`; those in both keep their connections.

    A real server that is not in `new` gets no new connections. One that still has TCP connections
    is kept with weight 0 until the next change.
    """

    netns: str
    old: tuple[VirtualServer, ...]
    new: tuple[VirtualServer, ...]


@dataclass(frozen=True, slots=True)
class TableLoad:
    """Chains, sets and maps of kube-proxy's nftables table to change from `old` to `new` in one
    transaction; all others are kept. Without `new` the table is deleted. `whole`: `new` replaces
    the table, whatever it contains. Only a large new table takes several transactions."""

    netns: str
    family: Family
    old: tuple[TableItem, ...]
    new: tuple[TableItem, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class DaemonStart:
    """Start of a program, and a wait until it is ready."""

    netns: str
    daemon: Daemon


@dataclass(frozen=True, slots=True)
class DaemonReload:
    """A reload of a running program with another configuration; it keeps its connections."""

    netns: str
    daemon: Daemon


@dataclass(frozen=True, slots=True)
class DaemonStop:
    """End of a program."""

    netns: str
    daemon: Daemon


@dataclass(frozen=True, slots=True)
class RoutesAwait:
    """A wait until daemons have learned exactly these routes."""

    netns: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class ServersStart:
    """Start of the server, one process in this namespace that answers for every pod."""

    netns: str


@dataclass(frozen=True, slots=True)
class Listen:
    """A port on which the server is to answer."""

    netns: str
    listener: Listens


@dataclass(frozen=True, slots=True)
class ListenerReplace:
    """A port that stays open, on which the server is to answer differently."""

    netns: str
    listener: Listens


@dataclass(frozen=True, slots=True)
class Unlisten:
    """A port on which the server is to stop answering."""

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
    | NeighbourFlush
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


# Ops that concern the server.
Serving: TypeAlias = ServersStart | Listen | ListenerReplace | Unlisten
