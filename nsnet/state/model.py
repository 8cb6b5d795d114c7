"""What Linux must hold for a lab, as an immutable value, the `State`. It has one `Netns` per
network namespace.

Everything that plans, prints, explains, compares or applies reads a `State`. A feature does not
build a State. It yields facts, which are pairs of a namespace's name and a piece (a link, a route,
a chain, …), and `merge` combines the facts of all features into a State.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple, TypeAlias, assert_never

from nsnet.ip import Family, IPAddress, IPInterface, IPNetwork, Protocol
from nsnet.names.zones import Names
from nsnet.state.bird import Bird
from nsnet.state.daemons import Daemon
from nsnet.state.haproxy import Haproxy
from nsnet.state.ipsets import IpSet
from nsnet.state.namespaces import Role
from nsnet.state.rules import Chain, Hook, NftMap, NftSet


class Kind(StrEnum):
    """The kind of a link, by its name in `ip link add type`."""

    VETH = "veth"
    BRIDGE = "bridge"
    DUMMY = "dummy"  # holds addresses and carries no packets; it is never up
    VXLAN = "vxlan"  # encapsulates frames in UDP


MTU = 1500  # of a link, in bytes, unless configured otherwise
VXLAN_PORT = 8472  # the default of Linux, which is older than IANA's 4789


class Peer(NamedTuple):
    """A link, by its namespace and name. In an `Interface`, it is the other end of the veth
    pair."""

    netns: str
    interface: str


@dataclass(frozen=True, slots=True)
class Vxlan:
    """The parameters of a VXLAN link. It sends frames in UDP packets from the address `local`, out
    of the link `dev`, to `port`, with the network identifier `vni`. It neither learns MAC addresses
    nor floods: it sends frames only to MAC addresses that have an `FdbEntry`."""

    vni: int
    local: IPAddress
    dev: str
    port: int

    @property
    def overhead(self) -> int:
        """The bytes that encapsulation adds to a packet: Ethernet 14, VXLAN 8, UDP 8, IP 20 or
        40."""
        return 50 if self.local.version == 4 else 70


@dataclass(frozen=True, slots=True)
class Interface:
    """A link of a namespace. `name` is its name in the namespace, such as eth0, cbr0 or web-0."""

    name: str
    kind: Kind = Kind.VETH
    peer: Peer | None = None
    master: str | None = None  # the bridge that this link is a port of
    addresses: tuple[IPInterface, ...] = ()
    mac: str = ""
    hairpin: bool = False
    up: bool = True
    mtu: int | None = None  # in bytes; None: 1500, the kernel's default
    vxlan: Vxlan | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """A route to `destination`, of one of four kinds.

    With `via`, packets go to this neighbour. With `nexthops`, a hash of the flow chooses one of
    these neighbours, all of which are on `dev`. With `dev` alone, packets go directly to their
    destination on this link. With `blackhole`, they are dropped without an ICMP error.
    """

    destination: IPNetwork
    via: IPAddress | None = None
    dev: str | None = None
    onlink: bool = False  # `via` is on `dev`, although no address of `dev` covers it
    nexthops: tuple[IPAddress, ...] = ()  # two or more, in ascending order, of equal cost
    blackhole: bool = False
    learned: bool = False  # by BGP: a daemon installs and removes it
    table: int | None = None  # None: the main table; others are used if a PolicyRule selects them
    mtu: int | None = None  # of packets sent there, in bytes; None: the link's
    why: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[int | None, IPNetwork]:
        """The routing table and the destination, which identify the route."""
        return self.table, self.destination

    @property
    def gateways(self) -> tuple[IPAddress, ...]:
        """The neighbours that packets may be sent to; empty if the route has no gateway."""
        return self.nexthops or ((self.via,) if self.via is not None else ())


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """A rule of `ip rule`: packets that the link `iif` has received, and whose mark, under `mask`,
    equals `mark`, are routed by `table`, if it has a route for them. The kernel evaluates rules in
    ascending priority, and the main table last."""

    priority: int
    mark: int
    mask: int
    table: int
    family: Family = 4
    iif: str = ""  # "lo": packets that this namespace itself sends; "": all packets
    foreign: bool = False  # read from a kernel, with a selector that nsnet never writes
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A permanent ARP or NDP entry: the MAC address of a neighbour on the link `dev`."""

    address: IPAddress
    mac: str
    dev: str


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """A forwarding entry of the VXLAN link `dev`. The link encapsulates frames to this MAC address
    and sends them to the IP address `dst`."""

    mac: str
    dst: IPAddress
    dev: str


@dataclass(frozen=True, slots=True)
class Sysctl:
    """A sysctl of the namespace. `key` is its dotted name, such as net.ipv4.ip_forward."""

    key: str
    value: str
    dev: str = ""  # the link that it belongs to: it can be set once the link exists
    if_present: bool = False  # skipped if the kernel lacks it: older ones do not need it


@dataclass(frozen=True, slots=True)
class Listener:
    """A port on which the echo server answers. In its answers, the server gives `reference` as its
    name.

    With `proxy_protocol`, the server accepts a PROXY header, version 2, at the start of a TCP
    connection.
    """

    protocol: Protocol
    port: int
    reference: str
    proxy_protocol: bool = False


@dataclass(frozen=True, slots=True)
class RealServer:
    """A destination to which a virtual server sends connections by NAT. Its share of the
    connections follows its weight."""

    address: IPAddress
    port: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class VirtualServer:
    """A virtual server of IPVS. `persistent` is the number of seconds for which a client keeps its
    real server; None means that each connection is scheduled by itself."""

    address: IPAddress
    protocol: Protocol
    port: int
    scheduler: str
    servers: tuple[RealServer, ...] = ()
    persistent: int | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """The translation of UDP packets to `address` and `port`: rules change their destination to one
    of `endpoints`.

    Rules translate only the first packet of a flow. conntrack translates the later packets to
    the endpoint of the first. So when an endpoint is removed, conntrack's entries for it must be
    deleted.
    """

    address: IPAddress | None  # None: any address of this node, and the port is a NodePort
    port: int
    endpoints: tuple[tuple[IPAddress, int], ...] = ()
    family: Family = 4


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A healthCheckNodePort. Like kube-proxy's, it answers HTTP 200 with the number of this
    Service's ready endpoints on the node, or HTTP 503 if there are none."""

    port: int
    namespace: str
    name: str
    local_endpoints: int

    @property
    def protocol(self) -> Protocol:
        """The transport protocol of the health check."""
        return Protocol.TCP

    @property
    def reference(self) -> str:
        """The name of the health check in reports."""
        return f"the health check of {self.namespace}/{self.name} ({self.local_endpoints} here)"


@dataclass(frozen=True, slots=True)
class NameServer:
    """A port on which a DNS server answers from its `names`. To a probe it answers as the echo
    server does, with `reference` as its name."""

    protocol: Protocol
    port: int
    reference: str
    names: Names = field(hash=False, repr=False)

    @property
    def size(self) -> int:
        """The number of names that have records."""
        return sum(bool(each) for zone in self.names.zones for each in zone.records.values())


Listens: TypeAlias = Listener | HealthCheck | NameServer
Piece: TypeAlias = (
    Interface
    | Route
    | PolicyRule
    | Neighbour
    | FdbEntry
    | Sysctl
    | Chain
    | Hook
    | NftSet
    | NftMap
    | Listens
    | IpSet
    | VirtualServer
    | Translation
    | Daemon
)


class Shared(NamedTuple):
    """Pieces that many namespaces hold, all in one field of theirs. A namespace holds all of them,
    except those from number `start` up to `stop`, which are its own: a node needs no route to its
    own pods.

    Namespaces share the pieces, so that 1,000 nodes with a route to each other are 1,000 routes
    here, and not a million.
    """

    pieces: tuple[Piece, ...]
    start: int = 0
    stop: int = 0

    @property
    def held(self) -> tuple[Piece, ...]:
        """The pieces that the namespace holds."""
        if self.start == self.stop:
            return self.pieces
        return (*self.pieces[: self.start], *self.pieces[self.stop :])


Fact: TypeAlias = tuple[str, Piece | Shared]


@dataclass(frozen=True, slots=True)
class Netns:
    """Everything that one network namespace must hold. `reference` is its name in reports."""

    name: str
    reference: str
    role: Role = field(default=Role.NODE, kw_only=True, compare=False)
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    sysctls: tuple[Sysctl, ...] = ()
    chains: tuple[Chain, ...] = ()
    listeners: tuple[Listens, ...] = ()
    sets: tuple[NftSet | NftMap, ...] = ()
    translations: tuple[Translation, ...] = ()
    ipsets: tuple[IpSet, ...] = ()
    virtual_servers: tuple[VirtualServer, ...] = ()
    daemons: tuple[Daemon, ...] = ()
    policy_rules: tuple[PolicyRule, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()

    @property
    def addresses(self) -> tuple[IPAddress, ...]:
        """All IP addresses of the namespace, in the order of its interfaces."""
        return tuple(address.ip for each in self.interfaces for address in each.addresses)

    def setting(self, key: str) -> int:
        """Return the value of a numeric sysctl, by its dotted name; 0 if the State does not set
        it."""
        return next((int(each.value) for each in self.sysctls if each.key == key), 0)


@dataclass(frozen=True, slots=True)
class State:
    """What Linux must hold for a lab: the lab's namespaces, in the order in which they are
    created."""

    lab: str
    netns: tuple[Netns, ...] = ()

    def __getitem__(self, name: str) -> Netns:
        for each in self.netns:
            if each.name == name:
                return each
        raise KeyError(name)


def mac_of(address: IPAddress) -> str:
    """Return the MAC address of the link that holds this IP address: 02:00 and the four bytes of an
    IPv4 address, or 02:06 and the last four bytes of an IPv6 address.

    When a new link gets an IP address that an old link had, it also gets the MAC address of the
    old link, so no neighbour entry becomes stale.
    """
    head = (2, 0) if address.version == 4 else (2, 6)
    return ":".join(f"{byte:02x}" for byte in (*head, *address.packed[-4:]))


def mac_by_name(netns: str, interface: str) -> str:
    """Return the MAC address of a link that has no IP address, such as the node's end of a pod's
    veth pair. It is derived from the names of the namespace and the link."""
    digest = sha256(f"{netns}/{interface}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (6, *digest[:5]))


def with_mac(netns: str, interface: Interface) -> Interface:
    """Return the link with its MAC address. It is derived from the link's first IP address, or from
    its name if it has no IP address."""
    return replace(interface, mac=_mac(netns, interface))


def veth(one: tuple[str, Interface], other: tuple[str, Interface]) -> Iterator[Fact]:
    """Yield the two facts that make up a veth pair: each end with its MAC address, and with the
    other end as its peer. Both ends are given as `(netns, interface)`."""
    for (netns, interface), (far, end) in ((one, other), (other, one)):
        peer = Peer(far, end.name)
        yield netns, replace(interface, peer=peer, mac=_mac(netns, interface))


def _mac(netns: str, interface: Interface) -> str:
    if interface.addresses:
        return mac_of(interface.addresses[0].ip)
    return mac_by_name(netns, interface.name)


def identity(piece: Piece) -> tuple[object, ...]:
    """Return the key that identifies a piece in its namespace. Two pieces of a namespace that
    have the same key must be equal; otherwise they contradict each other."""
    match piece:
        case Interface(name=name):
            return (Interface, name)
        case Route(key=key):
            return (Route, key)
        case PolicyRule(priority=priority, family=family):
            return (PolicyRule, family, priority)
        case Neighbour(address=address, dev=dev):
            return (Neighbour, address, dev)
        case FdbEntry(mac=mac, dev=dev):
            return (FdbEntry, mac, dev)
        case Sysctl(key=key):
            return (Sysctl, key)
        case Chain(table=table, name=name, family=family):
            return (Chain, family, table, name)
        case Hook(table=table, hook=hook, chain=chain, family=family):
            return (Hook, family, table, hook, chain)
        case NftSet(name=name, family=family) | NftMap(name=name, family=family):
            return (NftSet, family, name)
        case Listener(protocol=protocol, port=port):
            return (Listener, protocol, port)
        case Translation(address=address, port=port, family=family):
            return (Translation, family, address, port)
        case IpSet(name=name):
            return (IpSet, name)
        case VirtualServer(address=address, protocol=protocol, port=port):
            return (VirtualServer, address, protocol, port)
        case Haproxy() | Bird():
            return (type(piece),)
        case HealthCheck(port=port):
            return (Listener, Protocol.TCP, port)  # a port has one listener
        case NameServer(protocol=protocol, port=port):
            return (Listener, protocol, port)
        case _:
            assert_never(piece)
