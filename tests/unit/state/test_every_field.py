"""A renderer writes every field of a rule, set, map or daemon, or refuses it.

A rule of the kernel that lacks a match would apply to more packets than the model's.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from ipaddress import IPv4Address
from typing import Any, TypeAlias, get_args

import pytest

from nsnet.ip import Family, Protocol
from nsnet.state import bird, haproxy, iptables_text, nftables_text
from nsnet.state.bird import Bird, Session
from nsnet.state.haproxy import Frontend, Haproxy
from nsnet.state.http import Server
from nsnet.state.ipsets import IpSet, Member, SetType, fill_input
from nsnet.state.rules import (
    KUBE_PROXY,
    Accept,
    Base,
    Chain,
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
    TableItem,
    Target,
    VirtualMatch,
    Zone,
)
from tests.support.labs import ip, net

Renderer: TypeAlias = Callable[[Rule, Family], str]

A, B = ip("10.0.0.1"), ip("10.0.0.2")
NETWORK: dict[Family, str] = {4: "10.244.0.0/24", 6: "fd00:244::/64"}
TCP, UDP = Protocol.TCP, Protocol.UDP


def iptables(rule: Rule, family: Family) -> str:
    return iptables_text.line(Chain("nat", "C", family=family), rule)


RENDERERS: dict[str, tuple[Renderer, frozenset[str]]] = {
    "iptables": (iptables, iptables_text.WRITTEN),
    "nftables": (nftables_text.line, nftables_text.WRITTEN),
}


def asked(family: Family) -> dict[str, Match]:
    """For each field of Match, a match that sets it, with other fields only where it needs them."""
    there = net(NETWORK[family])
    address = ip("10.0.0.1") if family == 4 else ip("fd00::1")
    return {
        "src": Match(src=there),
        "not_src": Match(not_src=there),
        "dst": Match(dst=there),
        "not_dst": Match(not_dst=there),
        "in_interface": Match(in_interface="eth0"),
        "out_interface": Match(out_interface="eth0"),
        "protocol": Match(protocol=UDP),
        "dport": Match(protocol=UDP, dport=53),
        "dports": Match(protocol=UDP, dports=(53, 80)),
        "icmp_type": Match(protocol=Protocol.ICMP, icmp_type="echo-request"),
        "comment": Match(comment="default/web"),
        "ctstate": Match(ctstate=("NEW",)),
        "not_ctstate": Match(not_ctstate=("DNAT",)),
        "is_answer": Match(is_answer=True),
        "mark": Match(mark=MarkMatch(1, 3)),
        "recent": Match(recent=Recent("clients", 60)),
        "src_type": Match(src_type="LOCAL"),
        "dst_type": Match(dst_type="LOCAL"),
        "not_dst_type": Match(not_dst_type="LOCAL"),
        "not_src_type": Match(not_src_type="LOCAL"),
        "in_set": Match(in_set=SetMatch("KUBE-CLUSTER-IP", ("dst", "dst"))),
        "not_bridged": Match(not_bridged=True),
        "virtual": Match(virtual=VirtualMatch(address, TCP, 80)),
        "probability": Match(probability=0.5),
        "src_set": Match(src_set="affinity-a"),
        "dst_set": Match(dst_set="cluster-ips"),
        "not_src_in": Match(not_src_in=(there,)),
    }


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("tool", RENDERERS)
@pytest.mark.parametrize("name", [each.name for each in fields(Match)])
def test_a_field_of_a_match_is_written_or_refused(name: str, tool: str, family: Family) -> None:
    render, written = RENDERERS[tool]
    match = asked(family)[name]
    without: Match = replace(match, **{name: getattr(Match(), name)})
    if name in written:
        assert render(Rule(match), family) != render(Rule(without), family)
    else:
        with pytest.raises(AssertionError, match=rf"\b{name}="):
            render(Rule(match), family)


@pytest.mark.parametrize("tool", RENDERERS)
@pytest.mark.parametrize("protocol", [None, Protocol.ICMP])
def test_a_port_without_tcp_or_udp_is_refused(tool: str, protocol: Protocol | None) -> None:
    render, _ = RENDERERS[tool]
    for match in (Match(protocol=protocol, dport=80), Match(protocol=protocol, dports=(80,))):
        with pytest.raises(AssertionError, match=r"ports are those of TCP or UDP|dports="):
            render(Rule(match), 4)


@pytest.mark.parametrize("tool", RENDERERS)
def test_a_comment_of_two_lines_is_refused(tool: str) -> None:
    render, _ = RENDERERS[tool]
    with pytest.raises(AssertionError, match="a comment"):
        render(Rule(Match(comment="one\ntwo")), 4)


def test_quotes_in_a_comment_are_escaped_for_iptables_and_refused_for_nft() -> None:
    rule = Rule(Match(comment='" -j DROP \\'))
    assert iptables(rule, 4) == r'-A C -m comment --comment "\" -j DROP \\" -j ACCEPT'
    with pytest.raises(AssertionError, match="a comment"):
        nftables_text.line(rule, 4)


@pytest.mark.parametrize("tool", RENDERERS)
def test_a_negated_match_of_all_addresses_is_written(tool: str) -> None:
    render, _ = RENDERERS[tool]
    nowhere = render(Rule(Match(not_src=net("0.0.0.0/0"))), 4)
    assert nowhere != render(Rule(Match()), 4)


# --- targets, and what matches, sets, maps and chains are made of ---

TARGETS: tuple[tuple[Target, Target], ...] = (
    (Jump("a"), Jump("b")),
    (Accept(), Accept()),
    (Return(), Return()),
    (Drop(), Drop()),
    (Reject(), Reject(tcp_reset=True)),
    (Dnat(A, 80), Dnat(B, 81)),
    (Snat(A), Snat(B, (1024, 2047))),
    (Snat(A, (1, 2)), Snat(B, (1, 3))),
    (Masquerade(), Masquerade(random_fully=True)),
    (Netmap(net("10.0.0.0/8")), Netmap(net("11.0.0.0/8"))),
    (SetMark(1, 1), SetMark(2, 3)),
    (Zone(1), Zone(2)),
    (SetConnectionMark(1, 1), SetConnectionMark(2, 3)),
    (RestoreMark(1), RestoreMark(2)),
    (Goto("a"), Goto("b")),
    (Lookup("a", True), Lookup("b", False)),
    (Spread(("a",)), Spread(("a", "b"))),
    (Remember("a"), Remember("b")),
)
CHAIN = Chain(KUBE_PROXY, "a")
# Their rules differ between the families.
RULES = (
    Chain("nat", "a", (Rule(target=Reject()),)),
    Chain("filter", "b", (Rule(),), family=6, base=Base("nat", "output", 0), comment="c"),
)
PIECES = (replace(CHAIN, rules=(Rule(target=Remember("s")),)), RULES[1])
BASES = (Base("nat", "output", 0), Base("filter", "input", 1))
SETS = (NftSet("a", (), 4), NftSet("b", (A,), 6, "c", 60))
MAPS = (NftMap("a", True), NftMap("b", False, (Element(TCP, 80, Drop()),), 6, "c"))
ELEMENTS = (Element(TCP, 80, Drop()), Element(UDP, 53, Goto("a"), A, "c"))
IPSETS = (IpSet("a", SetType.PORT), IpSet("b", SetType.ADDRESS, (Member(A),), 6))
MEMBERS = (Member(A, TCP, 80), Member(B, UDP, 53, B))
SESSIONS = (Session("a", A, B, 1), Session("b", B, A, 2, True))
HERE, THERE = (net("10.1.0.0/24"),), (net("10.2.0.0/24"),)
BIRDS = (
    Bird(IPv4Address("10.0.0.1"), 1, ("eth0",), SESSIONS[:1], HERE, HERE),
    Bird(IPv4Address("10.0.0.2"), 2, ("eth1",), SESSIONS[1:], THERE, THERE, True, 1, "eth1"),
)
SERVERS = (Server(A, 80), Server(B, 81, True))
FRONTENDS = (Frontend(A, 80, SERVERS[:1], "a"), Frontend(B, 81, SERVERS[1:], "b"))


def in_iptables(**match: Any) -> str:
    return iptables(Rule(Match(**match)), 4)


def in_nft(piece: TableItem) -> str:
    return "".join(nftables_text.load(4, (), (piece,))) + "".join(nftables_text.lines(piece))


Pair: TypeAlias = tuple[object, object, Callable[[Any], str]]
PAIRS: tuple[Pair, ...] = (
    *((*each, lambda target: iptables(Rule(target=target), 4)) for each in TARGETS),
    *((*each, lambda target: nftables_text.line(Rule(target=target), 4)) for each in TARGETS),
    (MarkMatch(1, 1), MarkMatch(0, 3, True), lambda mark: in_iptables(mark=mark)),
    (
        MarkMatch(1, 1),
        MarkMatch(0, 3, True),
        lambda mark: nftables_text.line(Rule(Match(mark=mark)), 4),
    ),
    (SetMatch("a", ("dst",)), SetMatch("b", ("src",)), lambda each: in_iptables(in_set=each)),
    (
        VirtualMatch(A, TCP, 80),
        VirtualMatch(B, UDP, 53),
        lambda each: in_iptables(virtual=each),
    ),
    (Recent("a"), Recent("b", 60), lambda each: in_iptables(recent=each)),
    (Rule(), Rule(Match(dst=net("10.0.0.0/8")), Drop()), lambda rule: iptables(rule, 4)),
    (Rule(), Rule(Match(dst=net("10.0.0.0/8")), Drop()), lambda rule: nftables_text.line(rule, 4)),
    (*RULES, lambda chain: iptables_text.restore([chain])),
    (*PIECES, in_nft),
    (*BASES, lambda base: in_nft(replace(CHAIN, base=base))),
    (*SETS, in_nft),
    (*MAPS, in_nft),
    (*ELEMENTS, lambda element: in_nft(replace(MAPS[0], elements=(element,)))),
    (*IPSETS, lambda ipset: fill_input([ipset])),
    (*MEMBERS, str),
    (*BIRDS, bird.configuration),
    (*SESSIONS, lambda session: bird.configuration(replace(BIRDS[0], sessions=(session,)))),
    (*FRONTENDS, lambda frontend: haproxy.configuration(Haproxy((frontend,)))),
    (
        *SERVERS,
        lambda server: haproxy.configuration(Haproxy((FRONTENDS[0]._replace(servers=(server,)),))),
    ),
)


def variants(first: Any, second: Any) -> Iterator[tuple[str, Any]]:
    """Yield the first record with one field replaced by the second's, for each field."""
    if is_dataclass(first):
        names: Iterable[str] = [each.name for each in fields(first) if each.compare]
        change: Callable[..., Any] = replace
    else:
        names, change = first._fields, type(first)._replace
    for name in names:
        yield name, change(first, **{name: getattr(second, name)})


@pytest.mark.parametrize(("first", "second", "render"), PAIRS)
def test_records_that_differ_in_a_field_have_different_text(
    first: object, second: object, render: Callable[[Any], str]
) -> None:
    alike = []
    for name, each in variants(first, second):
        assert each != first, f"both have the same {name}"
        try:
            if render(each) == render(first):
                alike.append(name)
        except AssertionError:
            continue
    assert alike == []


def test_the_table_has_every_target() -> None:
    assert {type(each) for each, _ in TARGETS} == {*get_args(Target)}
