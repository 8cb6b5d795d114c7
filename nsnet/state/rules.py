"""netfilter as data: rules with their matches and targets, the chains that hold them, and the sets
and maps of nftables."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Literal, NamedTuple, TypeAlias

from nsnet.ip import Family, IPAddress, IPNetwork, Protocol


@dataclass(frozen=True, slots=True)
class Jump:
    """Jump to another chain. At its end, the packet continues with the next rule of this chain."""

    chain: str


@dataclass(frozen=True, slots=True)
class Accept:
    """Accept the packet at this hook."""


@dataclass(frozen=True, slots=True)
class Return:
    """Return to the chain that jumped to this one."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Drop the packet without an ICMP error."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Drop the packet and send ICMP port unreachable to its source, or a TCP reset."""

    tcp_reset: bool = False


@dataclass(frozen=True, slots=True)
class Dnat:
    """Translate the destination to this address and port. The source of replies is translated
    back."""

    address: IPAddress
    port: int


@dataclass(frozen=True, slots=True)
class Masquerade:
    """Translate the source to the address of the outgoing interface. The destination of replies is
    translated back."""

    random_fully: bool = False


@dataclass(frozen=True, slots=True)
class Snat:
    """Translate the source to this address and, with `ports`, to a free port from the first of them
    to the last one. The destination of replies is translated back.

    A port is free if no connection has it that goes to the same destination and port. If none is,
    the packet is dropped.
    """

    address: IPAddress
    ports: tuple[int, int] | None = None  # None: the packet's own port, if it is free


@dataclass(frozen=True, slots=True)
class Netmap:
    """Replace the network part of the destination (PREROUTING, OUTPUT) or source (POSTROUTING), and
    keep the host part. Replies are translated back."""

    network: IPNetwork


@dataclass(frozen=True, slots=True)
class SetMark:
    """Set the packet's mark to (mark and not `mask`) xor `value`: `MARK --set-xmark value/mask`."""

    value: int
    mask: int


@dataclass(frozen=True, slots=True)
class Zone:
    """Assign packets in the connection's original direction to this conntrack zone
    (`CT --zone-orig`). Connections in different zones may have the same addresses and ports."""

    number: int


@dataclass(frozen=True, slots=True)
class SetConnectionMark:
    """Set the connection's mark to (mark and not `mask`) xor `value`:
    `CONNMARK --set-xmark value/mask`."""

    value: int
    mask: int


@dataclass(frozen=True, slots=True)
class RestoreMark:
    """Copy the bits of `mask` from the connection's mark to the packet's mark."""

    mask: int


@dataclass(frozen=True, slots=True)
class Goto:
    """Go to another chain. At its end, the packet does not come back to this chain, but returns to
    the chain that jumped to this one."""

    chain: str


@dataclass(frozen=True, slots=True)
class Lookup:
    """Look up the packet's protocol, port and, if `by_address`, destination in a map (NftMap), and
    apply the verdict found there. If the map has no such element, continue with the next rule."""

    map: str
    by_address: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """Go to one of these chains, chosen at random with equal probability."""

    chains: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remember:
    """Add the packet's source to a set (NftSet). If it is already there, restart its timeout."""

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
    | Netmap
    | SetMark
    | Zone
    | SetConnectionMark
    | RestoreMark
    | Goto
    | Lookup
    | Spread
    | Remember
)


ALL_BITS = 0xFFFFFFFF  # of a mark


@dataclass(frozen=True, slots=True)
class MarkMatch:
    """A match of the packet's mark: `-m mark --mark value/mask`, or with `!` if `negated`."""

    value: int
    mask: int
    negated: bool = False


@dataclass(frozen=True, slots=True)
class SetMatch:
    """A match of packets that are in an ipset: `-m set --match-set name src,dst`. For each field of
    the set's type, in order, `fields` says which side of the packet is looked up."""

    name: str
    fields: tuple[Literal["src", "dst"], ...]


@dataclass(frozen=True, slots=True)
class VirtualMatch:
    """A match of packets that this virtual server of IPVS handles:
    `-m ipvs --vproto … --vaddr … --vport …`."""

    address: IPAddress
    protocol: Protocol
    port: int


@dataclass(frozen=True, slots=True)
class Recent:
    """A match of the packet's source against the list `name` (xt_recent).

    With `seconds`, a packet matches if its source was added to the list in the last so many
    seconds, and older entries are deleted. Without `seconds`, every packet matches, and its source
    is added to the list.
    """

    name: str
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The conditions of a rule. A packet must meet all of them; a field that is not set is no
    condition."""

    src: IPNetwork | None = None
    not_src: IPNetwork | None = None
    dst: IPNetwork | None = None
    not_dst: IPNetwork | None = None
    in_interface: str | None = None
    out_interface: str | None = None
    protocol: Protocol | None = None
    dport: int | None = None
    dports: tuple[int, ...] = ()  # multiport: any of these, of which it takes 15
    icmp_type: str | None = None  # iptables' name of the type, in both families
    comment: str = ""
    ctstate: tuple[str, ...] = ()
    not_ctstate: tuple[str, ...] = ()
    is_answer: bool = False  # conntrack --ctdir REPLY
    mark: MarkMatch | None = None
    recent: Recent | None = None
    src_type: Literal["LOCAL"] | None = None  # addrtype: an address of this host
    dst_type: Literal["LOCAL"] | None = None
    not_dst_type: Literal["LOCAL"] | None = None
    not_src_type: Literal["LOCAL"] | None = None
    in_set: SetMatch | None = None
    not_bridged: bool = False  # physdev: it was not received by a port of a bridge
    virtual: VirtualMatch | None = None
    probability: float | None = None
    # Only nftables has the following.
    src_set: str | None = None  # an NftSet
    dst_set: str | None = None
    not_src_in: tuple[IPNetwork, ...] = ()


ANY = Match()


def other_fields(written: Collection[str]) -> Callable[[Match], str]:
    """Return a function that lists, as text, the fields that a Match sets and that are not in
    `written`.

    A renderer must refuse a field that it cannot write, because without that field, the kernel's
    rule would match more packets than ours. This includes fields that are added to Match later.
    """
    others = [each.name for each in fields(Match) if each.name not in written]
    values = attrgetter(*others)
    unset = values(ANY)

    def named(match: Match) -> str:
        if values(match) == unset:
            return ""
        pairs = ((name, getattr(match, name)) for name in others)
        return ", ".join(f"{name}={each!r}" for name, each in pairs if each != getattr(ANY, name))

    return named


@dataclass(frozen=True, slots=True)
class Rule:
    """One netfilter rule. A rule without a target only counts packets. `why` is shown to users and
    is not part of the kernel's rule."""

    match: Match = Match()
    target: Target | None = Accept()
    why: str = field(default="", compare=False)


class Base(NamedTuple):
    """The type (`kind`), hook and priority of an nftables base chain. At each hook, the kernel
    calls the chain of lowest priority first."""

    kind: Literal["filter", "nat"]
    hook: str
    priority: int


@dataclass(frozen=True, slots=True)
class Chain:
    """A netfilter chain with its rules in order. All rules of a chain come from one feature, except
    in a built-in chain, which is made from the Hooks of all features.

    Packets reach the chain from a `Hook` or another chain. The kernel itself calls built-in chains
    and, in nftables, base chains.
    """

    table: str
    name: str
    rules: tuple[Rule, ...] = ()
    family: Family = 4
    base: Base | None = None
    comment: str = ""

    @property
    def built_in(self) -> bool:
        """Whether the kernel creates the chain itself. Such a chain cannot be created or deleted,
        only filled."""
        return self.name in BUILT_IN


@dataclass(frozen=True, slots=True)
class Hook:
    """A jump from the built-in chain `hook` of the table `table` to `chain`, for packets that
    match."""

    table: str
    hook: str
    chain: str
    match: Match = Match()
    family: Family = 4


BUILT_IN = ("PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING")
KUBE_PROXY = "kube-proxy"  # the only table of nftables; all others are of iptables


@dataclass(frozen=True, slots=True)
class NftSet:
    """A set of addresses in nftables. If it has a timeout, in seconds, rules add the sources of
    packets to it, and it has no elements in a State."""

    name: str
    elements: tuple[IPAddress, ...] = ()
    family: Family = 4
    comment: str = ""
    timeout: int = 0


class Element(NamedTuple):
    """One element of an NftMap: the verdict for packets of this protocol to this port and, in a map
    with `by_address`, to this address."""

    protocol: Protocol
    port: int
    target: Goto | Drop
    address: IPAddress | None = None  # the packets' destination, in a map with `by_address`
    comment: str = ""


@dataclass(frozen=True, slots=True)
class NftMap:
    """A verdict map of nftables. Its key is a protocol, a port and, if `by_address`, a
    destination."""

    name: str
    by_address: bool
    elements: tuple[Element, ...] = ()
    family: Family = 4
    comment: str = ""


TableItem: TypeAlias = Chain | NftSet | NftMap  # of the table of nftables


def next_chains(target: Target | None) -> tuple[str, ...]:
    """Return the names of the chains that this target may send a packet to."""
    match target:
        case Jump(chain) | Goto(chain):
            return (chain,)
        case Spread(chains):
            return chains
        case _:
            return ()


def named_sets(rule: Rule) -> list[str]:
    """Return the names of the nftables sets and maps that a rule reads or adds elements to."""
    names = [each for each in (rule.match.src_set, rule.match.dst_set) if each is not None]
    match rule.target:
        case Lookup(name) | Remember(name):
            names.append(name)
    return names
