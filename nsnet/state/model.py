"""The kernel we want, as a value: one `Netns` per network namespace, nothing but frozen data.

Planning, printing, drawing, explaining, comparing and applying all read a `State`. Features do
not build one; they yield facts, `(netns, piece)` pairs, and `merge` puts the facts of all
features together.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple, TypeAlias, assert_never

from nsnet.ip import Family, IPAddress, IPInterface, IPNetwork, Protocol
from nsnet.state.bird import Bird
from nsnet.state.daemons import Daemon
from nsnet.state.haproxy import Haproxy
from nsnet.state.ipsets import IpSet
from nsnet.state.namespaces import Role
from nsnet.state.rules import Chain, Hook, NftMap, NftSet


class Kind(StrEnum):
    """The kinds of link, as `ip link add type` says them."""

    VETH = "veth"
    BRIDGE = "bridge"
    DUMMY = "dummy"  # holds addresses that belong to no cable; it is never up
    VXLAN = "vxlan"  # packs frames into UDP and sends them through another network


MTU = 1500  # of a link, where nothing else is said
VXLAN_PORT = 8472  # Linux' default, older than IANA's 4789


class Peer(NamedTuple):
    """The other end of a veth pair."""

    netns: str
    interface: str


@dataclass(frozen=True, slots=True)
class Vxlan:
    """What makes a link a tunnel: frames leave from `local` out of `dev`, in UDP to `port`, marked
    with the number `vni`. Nothing is learned and nothing flooded: `FdbEntry` says all."""

    vni: int
    local: IPAddress
    dev: str
    port: int

    @property
    def overhead(self) -> int:
        """Bytes that a packet grows by: Ethernet 14, VXLAN 8, UDP 8, IP 20 or 40."""
        return 50 if self.local.version == 4 else 70


@dataclass(frozen=True, slots=True)
class Interface:
    """One link inside a namespace, by the name a learner sees there: eth0, cbr0, web-0."""

    name: str
    kind: Kind = Kind.VETH
    peer: Peer | None = None
    master: str | None = None  # the bridge this is a port of
    addresses: tuple[IPInterface, ...] = ()
    mac: str = ""
    hairpin: bool = False
    up: bool = True
    mtu: int | None = None  # None: 1500, as every link is born
    vxlan: Vxlan | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """Where packets for `destination` go: to `via`, straight out of `dev`, to one of `nexthops`
    (all on `dev`, chosen by a hash of the flow), or into a black hole, and nobody is told."""

    destination: IPNetwork
    via: IPAddress | None = None
    dev: str | None = None
    onlink: bool = False  # believe that `via` is a neighbour on `dev` although no address says so
    nexthops: tuple[IPAddress, ...] = ()  # two or more, in ascending order, of equal cost
    blackhole: bool = False
    learned: bool = False  # by BGP: a daemon puts it there, and takes it away
    table: int | None = None  # None: the main table; another is only asked where a rule says so
    mtu: int | None = None  # no larger packet is sent there; None: what the link takes
    why: str = field(default="", compare=False)

    @property
    def key(self) -> tuple[int | None, IPNetwork]:
        """What there is one route for: a destination, in a table."""
        return self.table, self.destination

    @property
    def gateways(self) -> tuple[IPAddress, ...]:
        """The neighbours that a packet may be handed to; none where it is handed to whom it is
        for, or to nobody."""
        return self.nexthops or ((self.via,) if self.via is not None else ())


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """`ip rule`: packets whose mark is `mark` under this mask are routed by this table, where it
    has a route for them. Rules of lower priority are asked first, and the main table last."""

    priority: int
    mark: int
    mask: int
    table: int
    family: Family = 4
    own: bool = False  # only packets that this machine itself makes (`iif lo`)
    foreign: bool = False  # of those found in a kernel: it asks something else, too
    why: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A permanent ARP or NDP entry."""

    address: IPAddress
    mac: str
    dev: str


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """Frames to this MAC address leave the tunnel `dev` towards the machine `dst`."""

    mac: str
    dst: IPAddress
    dev: str


@dataclass(frozen=True, slots=True)
class Sysctl:
    """One kernel setting of the namespace, by its dotted name."""

    key: str
    value: str
    dev: str = ""  # of this link: it can be set once the link is there
    if_present: bool = False  # older kernels do not have it, and do without


@dataclass(frozen=True, slots=True)
class Listener:
    """A port the echo server answers on; it says it is `reference`.

    With `proxy_protocol` it believes a PROXY header, version 2, that a TCP connection begins with.
    """

    protocol: Protocol
    port: int
    reference: str
    proxy_protocol: bool = False


@dataclass(frozen=True, slots=True)
class RealServer:
    """Where a virtual server sends connections: by NAT, in the share that its weight has."""

    address: IPAddress
    port: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class VirtualServer:
    """An address and port that IPVS answers for; `persistent`: a client keeps its server for so
    many seconds."""

    address: IPAddress
    protocol: Protocol
    port: int
    scheduler: str
    servers: tuple[RealServer, ...] = ()
    persistent: int | None = None


@dataclass(frozen=True, slots=True)
class Translation:
    """UDP to this address and port is sent on to one of these endpoints.

    The rules say so for a flow's first packet, and conntrack repeats it for as long as the flow
    goes on: so it must be told of an endpoint that is gone.
    """

    address: IPAddress | None  # None: any address of this machine, and the port is a NodePort
    port: int
    endpoints: tuple[tuple[IPAddress, int], ...] = ()
    family: Family = 4


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A TCP port of a node that says, in kube-proxy's words, how many ready endpoints of this
    Service the node has: HTTP 200, or 503 for none."""

    port: int
    namespace: str
    name: str
    local_endpoints: int

    @property
    def protocol(self) -> Protocol:
        """What it is asked over."""
        return Protocol.TCP

    @property
    def reference(self) -> str:
        """What people call it."""
        return f"the health check of {self.namespace}/{self.name} ({self.local_endpoints} here)"


Listens: TypeAlias = Listener | HealthCheck
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
Fact: TypeAlias = tuple[str, Piece]


@dataclass(frozen=True, slots=True)
class Netns:
    """Everything one network namespace must hold; `reference` is its name in reports."""

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
        """Every address this namespace holds, in the order of its interfaces."""
        return tuple(address.ip for each in self.interfaces for address in each.addresses)

    def setting(self, key: str) -> int:
        """A numeric sysctl as this State makes it; what it does not say is off."""
        return next((int(each.value) for each in self.sysctls if each.key == key), 0)


@dataclass(frozen=True, slots=True)
class State:
    """A whole lab: its namespaces in creation order."""

    lab: str
    netns: tuple[Netns, ...] = ()

    def __getitem__(self, name: str) -> Netns:
        for each in self.netns:
            if each.name == name:
                return each
        raise KeyError(name)


def mac_of(address: IPAddress) -> str:
    """The MAC address of whoever holds this address: 02:00 and the four bytes of an IPv4 address,
    02:06 and the last four of an IPv6 one. A reused address keeps its MAC, so no ARP entry goes
    stale."""
    head = (2, 0) if address.version == 4 else (2, 6)
    return ":".join(f"{byte:02x}" for byte in (*head, *address.packed[-4:]))


def mac_by_name(netns: str, interface: str) -> str:
    """The MAC address of a link that holds no address, such as the node's end of a pod's veth."""
    digest = sha256(f"{netns}/{interface}".encode()).digest()
    return ":".join(f"{byte:02x}" for byte in (6, *digest[:5]))


def with_mac(netns: str, interface: Interface) -> Interface:
    """The link with the MAC address that follows from its address, or else from its name."""
    if interface.addresses:
        return replace(interface, mac=mac_of(interface.addresses[0].ip))
    return replace(interface, mac=mac_by_name(netns, interface.name))


def veth(one: tuple[str, Interface], other: tuple[str, Interface]) -> Iterator[Fact]:
    """Both ends of a cable, each `(netns, interface)`."""
    for (netns, interface), (far, end) in ((one, other), (other, one)):
        yield netns, with_mac(netns, replace(interface, peer=Peer(far, end.name)))


def identity(piece: Piece) -> tuple[object, ...]:
    """What there can be only one of in a namespace: two pieces of one identity are the same piece
    or a mistake."""
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
            return (Listener, Protocol.TCP, port)  # one port, whoever answers there
        case _:
            assert_never(piece)
