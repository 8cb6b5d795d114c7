"""The kernel we want, as a value: one `Netns` per network namespace, nothing but frozen data.

Planning, printing, drawing, explaining, comparing and applying all read a `State`. Features do
not build one; they yield facts, `(netns, piece)` pairs, and `merge` puts the facts of all
features together.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Literal, NamedTuple, TypeAlias, assert_never

from nsnet.errors import CompileError

IPAddress: TypeAlias = IPv4Address | IPv6Address
IPInterface: TypeAlias = IPv4Interface | IPv6Interface
IPNetwork: TypeAlias = IPv4Network | IPv6Network
Family: TypeAlias = Literal[4, 6]


class Protocol(StrEnum):
    """What a probe speaks and a port listens to, in the kernel's own lower case."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"


class Kind(StrEnum):
    """The kinds of link, as `ip link add type` says them."""

    VETH = "veth"
    BRIDGE = "bridge"
    DUMMY = "dummy"  # holds addresses that belong to no cable; it is never up


class Peer(NamedTuple):
    """The other end of a veth pair."""

    netns: str
    interface: str


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
    why: str = field(default="", compare=False)

    @property
    def gateways(self) -> tuple[IPAddress, ...]:
        """The neighbours that a packet may be handed to; none where it is handed to whom it is
        for, or to nobody."""
        return self.nexthops or ((self.via,) if self.via is not None else ())


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A permanent ARP or NDP entry."""

    address: IPAddress
    mac: str
    dev: str


@dataclass(frozen=True, slots=True)
class Sysctl:
    """One kernel setting of the namespace, by its dotted name."""

    key: str
    value: str
    dev: str = ""  # of this link: it can be set once the link is there
    if_present: bool = False  # older kernels do not have it, and do without


@dataclass(frozen=True, slots=True)
class Jump:
    """Go on in another chain, and come back."""

    chain: str


@dataclass(frozen=True, slots=True)
class Accept:
    """Let the packet through this hook."""


@dataclass(frozen=True, slots=True)
class Return:
    """Back to the chain that jumped here."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Forget the packet; nobody is told."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Answer with ICMP port unreachable."""


@dataclass(frozen=True, slots=True)
class Dnat:
    """Rewrite the destination, and the answers' source back."""

    address: IPAddress
    port: int


@dataclass(frozen=True, slots=True)
class Masquerade:
    """Rewrite the source to the address of the interface the packet leaves by."""

    random_fully: bool = False


@dataclass(frozen=True, slots=True)
class Snat:
    """Rewrite the source to this address, and the answers' destination back."""

    address: IPAddress


@dataclass(frozen=True, slots=True)
class SetMark:
    """mark = (mark and not mask) xor value: `--set-xmark value/mask`."""

    value: int
    mask: int


@dataclass(frozen=True, slots=True)
class Goto:
    """Go on in another chain; who jumped here goes on when that ends."""

    chain: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a map (NftMap) says of the packet's protocol and port, and of its destination where the
    map is about addresses; the next rule where it says nothing."""

    map: str
    by_address: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """Go to one of these chains, each as likely as the others."""

    chains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remember:
    """The source is in a set (NftSet) from now on, for as long as the set keeps it."""

    set: str


Target: TypeAlias = (
    Jump
    | Accept
    | Return
    | Drop
    | Reject
    | Dnat
    | Snat
    | Masquerade
    | SetMark
    | Goto
    | Lookup
    | Spread
    | Remember
)


@dataclass(frozen=True, slots=True)
class MarkMatch:
    """`[!] --mark value/mask`."""

    value: int
    mask: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class SetMatch:
    """`-m set --match-set name src,dst`: which fields of the packet, in the order of the set's
    type."""

    name: str
    fields: tuple[Literal["src", "dst"], ...]


@dataclass(frozen=True, slots=True)
class VirtualMatch:
    """`-m ipvs --vproto … --vaddr … --vport …`: a packet that a virtual server has taken."""

    address: IPAddress
    protocol: Protocol
    port: int


@dataclass(frozen=True, slots=True)
class Recent:
    """A list of sources that netfilter keeps by this name: xt_recent.

    With `seconds`, whoever was put on it in so many seconds matches, and who was earlier is
    forgotten; without, the packet's source is put on it, and matches.
    """

    name: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """What a packet must be for its rule to apply; what is not said matches all."""

    src: IPNetwork | None = None
    not_src: IPNetwork | None = None
    dst: IPNetwork | None = None
    not_dst: IPNetwork | None = None
    in_interface: str | None = None
    out_interface: str | None = None
    protocol: Protocol | None = None
    dport: int | None = None
    comment: str = ""
    ctstate: tuple[str, ...] = ()
    not_ctstate: tuple[str, ...] = ()
    mark: MarkMatch | None = None
    recent: Recent | None = None
    src_type: str | None = None  # addrtype: LOCAL
    dst_type: str | None = None
    not_dst_type: str | None = None
    not_src_type: str | None = None
    in_set: SetMatch | None = None
    not_bridged: bool = False  # physdev: it did not come in by a port of a bridge
    virtual: VirtualMatch | None = None
    probability: float | None = None
    # Only nftables can say these.
    src_set: str | None = None  # an NftSet
    dst_set: str | None = None
    not_src_in: tuple[IPNetwork, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One netfilter rule. Without a target it only counts. `why` is for people; what the kernel
    shows is in the match and the target."""

    match: Match = Match()
    target: Target | None = Accept()
    why: str = field(default="", compare=False)


class Base(NamedTuple):
    """Where the kernel calls a chain of nftables: those of the lowest priority come first."""

    kind: Literal["filter", "nat"]
    hook: str
    priority: int


@dataclass(frozen=True, slots=True)
class Chain:
    """A netfilter chain with its rules in order. A chain has one author; hooks jump to it
    (compile.HOOKS), or it has a base of its own (nftables)."""

    table: str
    name: str
    rules: tuple[Rule, ...] = ()
    family: Family = 4
    base: Base | None = None
    comment: str = ""

    @property
    def built_in(self) -> bool:
        """The kernel's own chains cannot be created or removed, only filled."""
        return self.name in BUILT_IN


BUILT_IN = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
KUBE_PROXY = "kube-proxy"  # the one table of nftables; all others are those of iptables


@dataclass(frozen=True, slots=True)
class NftSet:
    """A set of addresses that rules of nftables ask for. Where it has a timeout, in seconds, the
    packets fill it, and a lab at rest has it empty."""

    name: str
    elements: tuple[IPAddress, ...] = ()
    family: Family = 4
    comment: str = ""
    timeout: int = 0


class Element(NamedTuple):
    """One line of an NftMap: what becomes of the packets of this protocol to this port."""

    protocol: Protocol
    port: int
    target: Goto | Drop
    address: IPAddress | None = None  # the packets' destination, in a map that is about it
    comment: str = ""


@dataclass(frozen=True, slots=True)
class NftMap:
    """A map of nftables, from packets to what becomes of them."""

    name: str
    by_address: bool
    elements: tuple[Element, ...] = ()
    family: Family = 4
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """A port the echo server answers on; it says it is `reference`."""

    protocol: Protocol
    port: int
    reference: str


class SetType(StrEnum):
    """What an ipset is made of, as `ipset create` says it."""

    ADDRESS = "hash:ip"
    ADDRESS_PORT = "hash:ip,port"
    ADDRESS_PORT_ADDRESS = "hash:ip,port,ip"
    ADDRESS_PORT_NETWORK = "hash:ip,port,net"
    PORT = "bitmap:port"


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of an ipset; which fields it has follows from the set's type."""

    address: IPAddress | None = None
    protocol: Protocol | None = None
    port: int | None = None
    source: IPAddress | IPNetwork | None = None

    def __str__(self) -> str:
        port = str(self.port) if self.protocol is None else f"{self.protocol}:{self.port}"
        parts = (
            None if self.address is None else str(self.address),
            None if self.port is None else port,
            None if self.source is None else str(self.source),
        )
        return ",".join(each for each in parts if each is not None)


@dataclass(frozen=True, slots=True)
class IpSet:
    """A set that rules look packets up in."""

    name: str
    type: SetType
    members: tuple[Member, ...] = ()
    family: Family = 4


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
    | Neighbour
    | Sysctl
    | Chain
    | NftSet
    | NftMap
    | Listens
    | IpSet
    | VirtualServer
    | Translation
)
Fact: TypeAlias = tuple[str, Piece]


@dataclass(frozen=True, slots=True)
class Netns:
    """Everything one network namespace must hold; `reference` is what people call it."""

    name: str
    reference: str
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


def identity(piece: Piece) -> tuple[object, ...]:
    """What there can be only one of in a namespace: two pieces of one identity are the same piece
    or a mistake."""
    match piece:
        case Interface(name=name):
            return (Interface, name)
        case Route(destination=destination):
            return (Route, destination)
        case Neighbour(address=address, dev=dev):
            return (Neighbour, address, dev)
        case Sysctl(key=key):
            return (Sysctl, key)
        case Chain(table=table, name=name, family=family):
            return (Chain, family, table, name)
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
        case HealthCheck(port=port):
            return (Listener, Protocol.TCP, port)  # one port, whoever answers there
        case _:
            assert_never(piece)


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
    )


def _check_links(namespaces: tuple[Netns, ...]) -> None:
    """Both ends of a veth say so, masters and jump targets are there, no name is too long, no
    address twice."""
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


def next_chains(target: Target | None) -> tuple[str, ...]:
    """The chains in which a packet that meets this may go on."""
    match target:
        case Jump(chain) | Goto(chain):
            return (chain,)
        case Spread(chains):
            return chains
        case _:
            return ()


def named_sets(rule: Rule) -> list[str]:
    """The sets and maps of nftables that a rule asks or fills."""
    names = [each for each in (rule.match.src_set, rule.match.dst_set) if each is not None]
    match rule.target:
        case Lookup(name) | Remember(name):
            names.append(name)
    return names
