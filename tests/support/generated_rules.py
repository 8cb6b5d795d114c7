"""Hypothesis strategies for netfilter rules that the renderers can write and the kernel accepts."""

from dataclasses import replace
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Final, Literal, TypeAlias

from hypothesis import strategies as st

from nsnet.ip import Family, IPAddress, IPNetwork, Protocol
from nsnet.state.ipsets import IpSet, Member, SetType
from nsnet.state.iptables_text import ICMP_TYPES
from nsnet.state.rules import (
    ALL_BITS,
    Accept,
    Dnat,
    Drop,
    Element,
    Goto,
    Jump,
    Lookup,
    MarkMatch,
    Masquerade,
    Match,
    Netmap,
    NftMap,
    NftSet,
    Recent,
    Reject,
    Remember,
    RestoreMark,
    Return,
    Rule,
    SetConnectionMark,
    SetMark,
    SetMatch,
    Snat,
    Spread,
    Target,
    VirtualMatch,
    Zone,
)

Table: TypeAlias = Literal["raw", "mangle", "nat", "filter"]
Matches: TypeAlias = st.SearchStrategy[dict[str, object]]  # fields of a Match

TABLES: Final[tuple[Table, ...]] = ("raw", "mangle", "nat", "filter")
OTHER: Final = "OTHER"  # the chain that jumps lead to
BITS: Final = {4: 32, 6: 128}
WITH_PORTS: Final = (Protocol.TCP, Protocol.UDP)
# In the order in which each tool prints them.
IPTABLES_STATES: Final = ("INVALID", "NEW", "RELATED", "ESTABLISHED", "UNTRACKED", "SNAT", "DNAT")
NFT_STATES: Final = ("INVALID", "ESTABLISHED", "RELATED", "NEW", "UNTRACKED")
IN_SETS: Final = {
    SetType.ADDRESS: 1,
    SetType.ADDRESS_PORT: 2,
    SetType.ADDRESS_PORT_ADDRESS: 3,
    SetType.ADDRESS_PORT_NETWORK: 3,
    SetType.PORT: 1,
}  # each type with the number of its fields

ports = st.integers(1, 65535)
port_ranges = st.tuples(ports, ports).map(lambda each: (min(each), max(each)))
words = st.integers(1, 2**32 - 1)
comments = st.text("abcXYZ0189 /:.,-_'%@()<>&;|=!#*+~[]{}?$", max_size=60)
links = st.sampled_from(["lo", "eth0", "cbr0", "vethwepl0a1b2c3"])
local = st.just("LOCAL")


@cache
def addresses(family: Family) -> st.SearchStrategy[IPAddress]:
    """One of 301 addresses of the family, so that some repeat."""
    first = int(ip_address("10.0.0.0" if family == 4 else "fd00::"))
    return st.integers(0, 300).map(lambda number: ip_address(first + number))


@cache
def networks(family: Family) -> st.SearchStrategy[IPNetwork]:
    """A network of the family, but not /0, which iptables-save omits.

    In IPv6 none of ::/96, whose addresses glibc prints like IPv4 (::10.0.0.1) and Python does not.
    """
    bits = BITS[family]
    kind = IPv4Network if family == 4 else IPv6Network
    first = 0 if family == 4 else 0xFC << 120
    return st.tuples(st.integers(1, 2 ** (bits - 8) - 1), st.integers(1, bits)).map(
        lambda each: kind((first + each[0], each[1]), strict=False)
    )


def either(**fields: st.SearchStrategy[object]) -> Matches:
    """At most one of these fields."""
    one = [st.fixed_dictionaries({name: values}) for name, values in fields.items()]
    return st.one_of(st.just({}), *one)


def states(of: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    """One or more of these states, in this order."""
    chosen = st.sets(st.sampled_from(of), min_size=1)
    return chosen.map(lambda found: tuple(each for each in of if each in found))


# nft prints a mask of the highest bits as a prefix length.
masks = st.one_of(st.just(ALL_BITS), st.integers(1, 2**31 - 1))
marks = st.builds(MarkMatch, words, masks, st.booleans())
with_port: Matches = st.fixed_dictionaries({"protocol": st.sampled_from(WITH_PORTS)}).flatmap(
    lambda each: st.one_of(st.just(each), ports.map(lambda port: {**each, "dport": port}))
)


def joined(*parts: Matches) -> st.SearchStrategy[Match]:
    """A Match with the fields of all parts."""
    return st.tuples(*parts).map(
        lambda found: Match(**{name: each for part in found for name, each in part.items()})
    )


# --- iptables ---


def _icmp(family: Family) -> Matches:
    types = [name for name, numbers in ICMP_TYPES.items() if family in numbers]
    ping = {"protocol": Protocol.ICMP}
    return st.one_of(
        st.just(ping), st.sampled_from(types).map(lambda each: {**ping, "icmp_type": each})
    )


def ipsets(family: Family) -> tuple[IpSet, ...]:
    """An empty set of each type, for rules to name."""
    return tuple(
        IpSet(f"of-{kind.name}-{family}", kind, (), 4 if kind is SetType.PORT else family)
        for kind in SetType
    )


def _set_matches(family: Family) -> st.SearchStrategy[SetMatch]:
    def sides(ipset: IpSet) -> st.SearchStrategy[SetMatch]:
        count = IN_SETS[ipset.type]
        chosen = st.tuples(*[st.sampled_from(["src", "dst"])] * count)
        return chosen.map(lambda fields: SetMatch(ipset.name, fields))

    return st.sampled_from(ipsets(family)).flatmap(sides)


def iptables_matches(family: Family, *, needs_port: bool, ipvs: bool) -> st.SearchStrategy[Match]:
    """A Match that iptables can express; with `ipvs`, also with xt_ipvs, which few kernels have."""
    there = networks(family)
    recents = st.builds(
        Recent, st.sampled_from(["KUBE-SEP-A", "b"]), st.one_of(st.none(), st.integers(1, 86400))
    )
    virtual = st.builds(VirtualMatch, addresses(family), st.sampled_from(WITH_PORTS), ports)
    return joined(
        either(src=there, not_src=there),
        either(dst=there, not_dst=there),
        either(in_interface=links),
        either(out_interface=links),
        with_port if needs_port else st.one_of(st.just({}), with_port, _icmp(family)),
        either(comment=comments),
        either(ctstate=states(IPTABLES_STATES)),
        either(not_ctstate=states(IPTABLES_STATES)),
        either(is_answer=st.just(True)),
        either(mark=marks),
        either(recent=recents),
        either(src_type=local, not_src_type=local),
        either(dst_type=local, not_dst_type=local),
        either(in_set=_set_matches(family)),
        either(not_bridged=st.just(True)),
        either(virtual=virtual) if ipvs else st.just({}),
        either(probability=st.integers(1, 2**31 - 1).map(lambda each: each / 2**31)),
    )


def _iptables_targets(table: Table, family: Family) -> st.SearchStrategy[Target | None]:
    there = addresses(family)
    everywhere: list[st.SearchStrategy[Target | None]] = [
        st.sampled_from([None, Accept(), Return(), Jump(OTHER)])
    ]
    match table:
        case "raw":
            own: list[st.SearchStrategy[Target | None]] = [
                st.builds(Zone, st.integers(1, 65535)),
                st.just(Drop()),
            ]
        case "mangle":
            own = [
                st.builds(SetMark, words, words),
                st.builds(SetConnectionMark, words, words),
                st.builds(RestoreMark, words),
            ]
        case "nat":
            own = [
                st.builds(Dnat, there, ports),
                st.builds(Snat, there, st.none() | port_ranges),
                st.builds(Masquerade, st.booleans()),
                st.builds(Netmap, networks(family)),
            ]
        case "filter":
            own = [st.sampled_from([Reject(), Drop()])]
    return st.one_of(*own, *everywhere)


@cache
def iptables_rules(table: Table, family: Family, *, ipvs: bool = False) -> st.SearchStrategy[Rule]:
    """A rule that this table accepts; with `ipvs`, also with xt_ipvs, which few kernels have."""

    def matching(target: Target | None) -> st.SearchStrategy[Rule]:
        of_ports = isinstance(target, Dnat) or (isinstance(target, Snat) and bool(target.ports))
        found = iptables_matches(family, needs_port=of_ports, ipvs=ipvs)
        return found.map(lambda match: Rule(match, target))

    return _iptables_targets(table, family).flatmap(matching)


def members(kind: SetType, family: Family) -> st.SearchStrategy[Member]:
    """A member of a set of this type."""
    there, protocol = addresses(family), st.sampled_from(WITH_PORTS)
    match kind:
        case SetType.ADDRESS:
            return st.builds(Member, there)
        case SetType.ADDRESS_PORT:
            return st.builds(Member, there, protocol, ports)
        case SetType.ADDRESS_PORT_ADDRESS:
            return st.builds(Member, there, protocol, ports, there)
        case SetType.ADDRESS_PORT_NETWORK:
            # ipset prints the network of one address as that address.
            ranges = networks(family).filter(lambda each: each.num_addresses > 1)
            return st.builds(Member, there, protocol, ports, ranges)
        case SetType.PORT:
            return st.builds(Member, port=ports)


@cache
def filled_ipsets(family: Family) -> st.SearchStrategy[tuple[IpSet, ...]]:
    """A set of each type, with some members."""
    each_of = []
    for ipset in ipsets(family):
        some = st.lists(members(ipset.type, family), unique=True, max_size=8).map(tuple)
        named = st.tuples(st.just(ipset), some)
        each_of.append(
            named.map(lambda each: IpSet(each[0].name, each[0].type, each[1], each[0].family))
        )
    return st.tuples(*each_of)


# --- nftables ---

SETS: Final = ("cluster-ips", "nodeport-ips")
CLIENTS: Final = "affinity-a"  # a set that packets fill
BY_ADDRESS, BY_PORT = "service-ips", "service-nodeports"


def nft_matches(family: Family, *, needs_port: bool) -> st.SearchStrategy[Match]:
    """A Match that nftables_text can express."""
    there = networks(family)
    several = st.lists(there, min_size=2, max_size=5).map(tuple)
    # These are often adjacent or equal.
    close = st.lists(addresses(family).map(ip_network), min_size=2, max_size=5).map(tuple)
    protocols: Matches = st.fixed_dictionaries({"protocol": st.just(Protocol.ICMP)})
    return joined(
        either(ctstate=states(NFT_STATES)),
        either(mark=marks),
        either(dst_type=local),
        either(src_type=local),
        either(dst=there),
        either(not_dst=there),
        either(dst_set=st.sampled_from(SETS)),
        with_port if needs_port else st.one_of(st.just({}), with_port, protocols),
        either(src=there),
        either(not_src=there, not_src_in=st.one_of(several, close)),
        either(src_set=st.sampled_from([*SETS, CLIENTS])),
        either(comment=comments),
    )


@cache
def nft_rules(family: Family) -> st.SearchStrategy[Rule]:
    """A rule that kube-proxy's nftables table accepts."""
    there = addresses(family)
    set_bits = words.map(lambda each: SetMark(each, each))
    flip_bits = words.map(lambda each: SetMark(each, 0))
    targets: st.SearchStrategy[Target | None] = st.one_of(
        st.sampled_from([None, Accept(), Return(), Drop(), Reject(), Jump(OTHER), Goto(OTHER)]),
        st.builds(Dnat, there, ports),
        st.builds(Snat, there),
        st.builds(Masquerade, st.booleans()),
        set_bits,
        flip_bits,
        st.sampled_from([Lookup(BY_ADDRESS, True), Lookup(BY_PORT, False), Remember(CLIENTS)]),
        st.integers(1, 5).map(lambda count: Spread((OTHER,) * count)),
    )

    def matching(target: Target | None) -> st.SearchStrategy[Rule]:
        found = nft_matches(family, needs_port=isinstance(target, Dnat))
        if isinstance(target, Lookup):
            # After a match on the protocol, nft lists `th dport` as `tcp dport` or `udp dport`.
            found = found.map(lambda match: replace(match, protocol=None, dport=None))
        if target is None:
            # nft accepts no rule without match and statement.
            found = found.filter(lambda match: match != Match(comment=match.comment))
        return found.map(lambda match: Rule(match, target))

    return targets.flatmap(matching)


@cache
def nft_sets(family: Family) -> st.SearchStrategy[tuple[NftSet | NftMap, ...]]:
    """The sets and maps that the rules name, with some elements."""
    there = addresses(family)
    some = st.lists(there, unique=True, max_size=6).map(tuple)
    plain = st.tuples(
        *(st.builds(NftSet, st.just(name), some, st.just(family), comments) for name in SETS)
    )
    clients = st.integers(1, 10**6).map(lambda each: NftSet(CLIENTS, (), family, timeout=each))
    maps = st.tuples(_map(BY_ADDRESS, family, there), _map(BY_PORT, family, st.none()))
    return st.tuples(plain, clients, maps).map(lambda each: (*each[0], each[1], *each[2]))


def _map(
    name: str, family: Family, where: st.SearchStrategy[IPAddress | None]
) -> st.SearchStrategy[NftMap]:
    verdicts: st.SearchStrategy[Goto | Drop] = st.sampled_from([Drop(), Goto(OTHER)])
    said = st.text("abc/:-09", max_size=20)  # the name of a Service port
    elements = st.builds(Element, st.sampled_from(WITH_PORTS), ports, verdicts, where, said)
    some = st.lists(elements, unique_by=lambda each: each[:2] + each[3:4], max_size=6).map(tuple)
    by_address = name == BY_ADDRESS
    return st.builds(NftMap, st.just(name), st.just(by_address), some, st.just(family), comments)
