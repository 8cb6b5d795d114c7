"""The steps (Ops) that build and change a lab.

Each Op has two implementations: the equivalent shell command (plan.shell), and what nsnet itself
does (kernel.apply).
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
    """Raise AssertionError if `value` sets one of these fields. Neither the shell command nor the
    netlink message of the Op can express them."""
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
    """The setting of a sysctl of the namespace."""

    netns: str
    sysctl: Sysctl


@dataclass(frozen=True, slots=True)
class BridgeAdd:
    """A new bridge, which is up. It has neither spanning tree nor multicast snooping, so that its
    ports forward at once."""

    netns: str
    interface: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "master", "hairpin", "vxlan")


@dataclass(frozen=True, slots=True)
class DummyAdd:
    """A new dummy link. It stays down, because it only holds addresses."""

    netns: str
    interface: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "master", "hairpin", "vxlan")


@dataclass(frozen=True, slots=True)
class VxlanAdd:
    """A new VXLAN tunnel, which is up and learns no MAC addresses."""

    netns: str
    interface: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "master", "hairpin")


@dataclass(frozen=True, slots=True)
class VethAdd:
    """A new veth pair. If `interface` has a master, it becomes a port of this bridge and is set up.
    The other end, `peer`, is created in `peer_netns` and stays down."""

    netns: str
    interface: Interface
    peer_netns: str
    peer: Interface

    def __post_init__(self) -> None:
        _refuse(self.interface, "vxlan")
        _refuse(self.peer, "master", "hairpin", "vxlan")


@dataclass(frozen=True, slots=True)
class LinkDelete:
    """Removal of a link. If it is one end of a veth pair, the kernel also removes the other end."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A link whose state changes to up."""

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
    """A link whose state changes to down. The kernel then removes the link's routes."""

    netns: str
    name: str


@dataclass(frozen=True, slots=True)
class AddressAdd:
    """A new address of the link. If it is `deprecated`, the kernel answers for it, but does not
    choose it as the source of the namespace's own packets."""

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
    """A new route in its routing table."""

    netns: str
    route: Route

    def __post_init__(self) -> None:
        _refuse_unwritable(self.route)


@dataclass(frozen=True, slots=True)
class RouteReplace:
    """A route that atomically replaces the existing route to the same destination."""

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
    """A new policy rule. For packets that match it, the kernel first looks for a route in the
    rule's table."""

    netns: str
    rule: PolicyRule

    def __post_init__(self) -> None:
        _refuse(self.rule, "foreign")


@dataclass(frozen=True, slots=True)
class PolicyRuleDelete:
    """Removal of a policy rule. If several rules have its priority, the kernel removes the
    oldest."""

    netns: str
    rule: PolicyRule


@dataclass(frozen=True, slots=True)
class NeighbourAdd:
    """A permanent neighbour entry: the kernel sends no ARP or NDP request for its address."""

    netns: str
    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class NeighbourDelete:
    """Removal of a permanent neighbour entry."""

    netns: str
    neighbour: Neighbour


@dataclass(frozen=True, slots=True)
class NeighbourFlush:
    """Removal of a learned neighbour entry, if there is one. For the next packet to this address,
    the kernel sends an ARP or NDP request again."""

    netns: str
    dev: str
    address: IPAddress


@dataclass(frozen=True, slots=True)
class FdbSet:
    """A new forwarding entry of a VXLAN tunnel. It replaces an existing entry for the same MAC
    address."""

    netns: str
    entry: FdbEntry


@dataclass(frozen=True, slots=True)
class FdbDelete:
    """Removal of a forwarding entry of a VXLAN tunnel."""

    netns: str
    entry: FdbEntry


@dataclass(frozen=True, slots=True)
class RulesLoad:
    """Chains of iptables to replace (`chains`) and to delete (`deleted`). The change is atomic in
    each table, and all other chains stay as they are."""

    netns: str
    family: Family
    chains: tuple[Chain, ...]
    deleted: tuple[Chain, ...] = ()


@dataclass(frozen=True, slots=True)
class ConntrackDelete:
    """Removal of conntrack's entries for UDP flows to the address `destination` or, if that is
    None, to the port `dport` of any address. With `endpoint`, only flows that were DNATed to this
    endpoint are removed."""

    netns: str
    family: Family
    destination: IPAddress | None = None
    dport: int | None = None
    endpoint: IPAddress | None = None


@dataclass(frozen=True, slots=True)
class Drain:
    """A wait of at most a second until no TCP connection to these endpoints is half open. When the
    wait begins, the rules already send new connections elsewhere."""

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
    """A change of IPVS virtual servers from `old` to `new`. Virtual servers that are in both keep
    their connections.

    A real server that is not in `new` is removed. If it still has TCP connections, its weight
    becomes 0, so that it gets no new ones; the first change after they have ended removes it.
    """

    netns: str
    old: tuple[VirtualServer, ...]
    new: tuple[VirtualServer, ...]


@dataclass(frozen=True, slots=True)
class TableLoad:
    """A change of chains, sets and maps in kube-proxy's nftables table, from `old` to `new`. Those
    that are in neither stay as they are.

    If `new` is empty, the table is deleted. With `whole`, everything in the live table is replaced
    by `new`. The change is one transaction, or several if the table is new and large. Afterwards,
    chains that only `old` has are deleted.
    """

    netns: str
    family: Family
    old: tuple[TableItem, ...]
    new: tuple[TableItem, ...]
    whole: bool = False


@dataclass(frozen=True, slots=True)
class DaemonStart:
    """Start of a daemon, and a wait until it is ready."""

    netns: str
    daemon: Daemon


@dataclass(frozen=True, slots=True)
class DaemonReload:
    """Reload of a running daemon with another configuration. The daemon keeps its connections."""

    netns: str
    daemon: Daemon


@dataclass(frozen=True, slots=True)
class DaemonStop:
    """End of a daemon."""

    netns: str
    daemon: Daemon


@dataclass(frozen=True, slots=True)
class RoutesAwait:
    """A wait until the namespace's daemons have learned exactly these routes."""

    netns: str
    routes: tuple[Route, ...]


@dataclass(frozen=True, slots=True)
class ServersStart:
    """Start of the lab's server in this namespace. It is one process, which answers for every
    pod."""

    netns: str


@dataclass(frozen=True, slots=True)
class Listen:
    """A port on which the lab's server starts to answer."""

    netns: str
    listener: Listens


@dataclass(frozen=True, slots=True)
class ListenerReplace:
    """A port that stays open, but on which the lab's server answers differently from now on."""

    netns: str
    listener: Listens


@dataclass(frozen=True, slots=True)
class Unlisten:
    """A port on which the lab's server stops answering."""

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
