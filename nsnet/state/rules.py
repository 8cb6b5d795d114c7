"""netfilter as data: rules with their matches and targets, the chains that hold them, and the sets
and maps of nftables."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Literal, NamedTuple, TypeAlias

from nsnet.ip import Family, IPAddress, IPNetwork, Protocol


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
class Netmap:
    """Rewrite the network and keep the host: of the destination on the way in, of the source on
    the way out, and the answers back."""

    network: IPNetwork


@dataclass(frozen=True, slots=True)
class SetMark:
    """mark = (mark and not mask) xor value: `--set-xmark value/mask`."""

    value: int
    mask: int


@dataclass(frozen=True, slots=True)
class Zone:
    """The packet's connection is one of this zone of conntrack, in the direction of who asks: its
    addresses may be those of a connection of another zone."""

    number: int


@dataclass(frozen=True, slots=True)
class SetConnectionMark:
    """The same for the mark that conntrack keeps of a connection."""

    value: int
    mask: int


@dataclass(frozen=True, slots=True)
class RestoreMark:
    """These bits of the packet's mark become those of its connection's."""

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
    icmp_type: str | None = None  # by the name that iptables has for it, of both families
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
    not_bridged: bool = False  # physdev: it did not come in by a port of a bridge
    virtual: VirtualMatch | None = None
    probability: float | None = None
    # Only nftables can say these.
    src_set: str | None = None  # an NftSet
    dst_set: str | None = None
    not_src_in: tuple[IPNetwork, ...] = ()


ANY = Match()


def other_fields(written: Collection[str]) -> Callable[[Match], str]:
    """Return a function that names the fields of a Match that are set and not among these.

    A renderer without words for a field must refuse it: without it the kernel's rule would match
    more packets than ours. That holds for fields that are added to Match later, too.
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
    """A netfilter chain with its rules in order. A chain has one author; a `Hook` or another chain
    jumps to it, or it has a base of its own (nftables)."""

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


@dataclass(frozen=True, slots=True)
class Hook:
    """A jump from the kernel's own chain `hook` of a table to `chain`, for packets that match."""

    table: str
    hook: str
    chain: str
    match: Match = Match()
    family: Family = 4


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


TableItem: TypeAlias = Chain | NftSet | NftMap  # of the table of nftables


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
