"""kube-proxy's table as text: what `nft list` prints and `nft -f` reads, and what changes it."""

import re
from dataclasses import replace

import pytest

from nsnet.ip import Family, Protocol
from nsnet.plan.ops import TableLoad
from nsnet.plan.order import changes, plan
from nsnet.state.model import Netns, State
from nsnet.state.nftables_text import delete, line, lines, load
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
    NftMap,
    NftSet,
    Reject,
    Remember,
    Return,
    Rule,
    SetMark,
    Snat,
    Spread,
    Target,
)
from tests.support.labs import ip, net

TO_PORT = Match(dst=net("10.0.0.1/32"), protocol=Protocol.TCP, dport=80)


@pytest.mark.parametrize(
    ("match", "family", "text"),
    [
        (Match(), 4, "drop"),
        (Match(ctstate=("NEW",)), 4, "ct state new drop"),
        (Match(mark=MarkMatch(0, 0x4000)), 4, "meta mark & 0x00004000 == 0x00000000 drop"),
        (Match(dst=net("10.96.0.0/16")), 4, "ip daddr 10.96.0.0/16 drop"),
        (Match(dst=net("10.96.0.1/32")), 4, "ip daddr 10.96.0.1 drop"),
        (Match(dst=net("fd00::1/128")), 6, "ip6 daddr fd00::1 drop"),
        (Match(not_dst=net("::1/128")), 6, "ip6 daddr != ::1 drop"),
        (Match(dst_set="cluster-ips"), 6, "ip6 daddr @cluster-ips drop"),
        (Match(src_set="affinity-x"), 4, "ip saddr @affinity-x drop"),
        (Match(protocol=Protocol.UDP), 4, "meta l4proto udp drop"),
        (
            Match(
                dst=net("10.0.0.1/32"), not_src=net("10.0.0.0/8"), protocol=Protocol.TCP, dport=80
            ),
            4,
            "ip daddr 10.0.0.1 tcp dport 80 ip saddr != 10.0.0.0/8 drop",
        ),
        (
            Match(dst_type="LOCAL", not_dst=net("127.0.0.0/8")),
            4,
            "fib daddr type local ip daddr != 127.0.0.0/8 drop",
        ),
        (Match(src_type="LOCAL", comment="ours"), 4, 'fib saddr type local drop comment "ours"'),
    ],
)
def test_a_match_reads_as_nft_prints_it(match: Match, family: Family, text: str) -> None:
    assert line(Rule(match, Drop()), family) == text


@pytest.mark.parametrize(
    ("target", "family", "text"),
    [
        (Jump("services"), 4, "jump services"),
        (Goto("reject-chain"), 4, "goto reject-chain"),
        (Accept(), 4, "accept"),
        (Return(), 4, "return"),
        (Drop(), 4, "drop"),
        (Reject(), 6, "reject"),
        (Dnat(ip("10.0.0.1"), 80), 4, "dnat to 10.0.0.1:80"),
        (Dnat(ip("fd00::1"), 80), 6, "dnat to [fd00::1]:80"),
        (Snat(ip("10.0.0.1")), 4, "snat to 10.0.0.1"),
        (Masquerade(), 4, "masquerade"),
        (Masquerade(random_fully=True), 4, "masquerade fully-random"),
        (SetMark(0x4000, 0x4000), 4, "meta mark set meta mark | 0x00004000"),
        (SetMark(0x4000, 0), 4, "meta mark set meta mark ^ 0x00004000"),
        (
            Lookup("service-ips", True),
            6,
            "ip6 daddr . meta l4proto . th dport vmap @service-ips",
        ),
        (Lookup("service-nodeports", False), 4, "meta l4proto . th dport vmap @service-nodeports"),
        (Spread(("a", "b")), 4, "numgen random mod 2 vmap { 0 : goto a, 1 : goto b }"),
        (Remember("affinity-x"), 6, "update @affinity-x { ip6 saddr }"),
    ],
)
def test_a_target_reads_as_nft_prints_it(target: Target, family: Family, text: str) -> None:
    assert line(Rule(target=target), family) == text


@pytest.mark.parametrize(
    ("ranges", "text"),
    [
        ("203.0.113.0/25", "203.0.113.0/25"),
        ("203.0.113.7/32", "203.0.113.7"),
        ("203.0.113.0/25 10.0.0.0/8", "{ 10.0.0.0/8, 203.0.113.0/25 }"),
        ("203.0.113.7/32 10.0.0.0/8", "{ 10.0.0.0/8, 203.0.113.7 }"),
        ("10.0.0.0/24 10.0.0.9/32 8.0.0.0/8", "{ 8.0.0.0/8, 10.0.0.0/24 }"),  # one in another
        ("10.0.0.0/24 10.0.1.0/25 9.9.9.9/32", "{ 9.9.9.9, 10.0.0.0-10.0.1.127 }"),  # they touch
        ("10.0.0.3/32 10.0.0.2/32", "{ 10.0.0.2, 10.0.0.3 }"),  # so do these, but are no networks
        ("fd00::/64 fd01::1/128", "{ fd00::/64, fd01::1 }"),
    ],
)
def test_adjacent_ranges_are_merged_as_nft_does(ranges: str, text: str) -> None:
    family: Family = 6 if ":" in ranges else 4
    match = Match(not_src_in=tuple(map(net, ranges.split())))
    ip_ = "ip6" if family == 6 else "ip"
    assert line(Rule(match, Drop()), family) == f"{ip_} saddr != {text} drop"


@pytest.mark.parametrize(
    ("base", "text"),
    [
        (Base("filter", "prerouting", -110), "filter hook prerouting priority dstnat - 10"),
        (Base("nat", "prerouting", -100), "nat hook prerouting priority dstnat"),
        (Base("nat", "output", -100), "nat hook output priority -100"),
        (Base("filter", "output", -90), "filter hook output priority -90"),
        (Base("nat", "postrouting", 100), "nat hook postrouting priority srcnat"),
        (Base("nat", "postrouting", 105), "nat hook postrouting priority srcnat + 5"),
        (Base("filter", "input", 0), "filter hook input priority 0"),
    ],
)
def test_a_base_chain_has_its_hook_and_priority(base: Base, text: str) -> None:
    assert lines(Chain(KUBE_PROXY, "x", base=base)) == (f"type {text}; policy accept;",)


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1s"), (60, "1m"), (10800, "3h"), (86400, "1d"), (90061, "1d1h1m1s")]
)
def test_a_time_reads_as_nft_prints_it(seconds: int, words: str) -> None:
    assert lines(NftSet("affinity-x", timeout=seconds))[-1] == f"timeout {words}"


# --- loading ---

ENDPOINT = Chain(KUBE_PROXY, "endpoint-a", (Rule(target=Dnat(ip("10.0.0.1"), 80)),))
OTHER = Chain(KUBE_PROXY, "endpoint-b", (Rule(target=Dnat(ip("10.0.0.2"), 80)),))
BOTH = Chain(KUBE_PROXY, "service-x", (Rule(target=Spread(("endpoint-a", "endpoint-b"))),))
ONE = Chain(KUBE_PROXY, "service-x", (Rule(target=Spread(("endpoint-a",))),))
TO_X = Element(Protocol.TCP, 80, Goto("service-x"), ip("10.96.0.1"))
NOBODY = Element(Protocol.UDP, 53, Drop(), ip("10.96.0.2"), comment="a/b:c")
SERVICES = NftMap("service-ips", True, (TO_X,), comment="ClusterIP")
IPS = NftSet("cluster-ips", (ip("10.96.0.1"), ip("10.96.0.2")))
STICKY = NftSet("affinity-a", timeout=10800)
REMEMBERING = Chain(KUBE_PROXY, "endpoint-a", (Rule(target=Remember("affinity-a")),))


def test_a_new_table_is_loaded_as_it_is_listed() -> None:
    (text,) = load(4, (), (IPS, SERVICES, ONE, ENDPOINT))
    assert text == (
        "table ip kube-proxy {\n"
        '\tcomment "rules for kube-proxy"\n'
        "\tset cluster-ips {\n"
        "\t\ttype ipv4_addr\n"
        "\t\telements = { 10.96.0.1,\n"
        "\t\t\t     10.96.0.2 }\n"
        "\t}\n\n"
        "\tmap service-ips {\n"
        "\t\ttype ipv4_addr . inet_proto . inet_service : verdict\n"
        '\t\tcomment "ClusterIP"\n'
        "\t\telements = { 10.96.0.1 . tcp . 80 : goto service-x }\n"
        "\t}\n\n"
        "\tchain service-x {\n"
        "\t\tnumgen random mod 1 vmap { 0 : goto endpoint-a }\n"
        "\t}\n\n"
        "\tchain endpoint-a {\n"
        "\t\tdnat to 10.0.0.1:80\n"
        "\t}\n"
        "}\n"
    )


def body(texts: tuple[str, ...]) -> tuple[list[str], str]:
    """What comes before the table's block, and the block without its frame."""
    (text,) = texts
    before, _, block = text.partition('table ip kube-proxy {\n\tcomment "rules for kube-proxy"\n')
    return before.splitlines(), block.removesuffix("}\n")


def test_all_rules_of_a_changed_chain_are_replaced() -> None:
    before, block = body(load(4, (BOTH, OTHER), (ONE,)))
    assert before == [
        "flush chain ip kube-proxy service-x",
        "flush chain ip kube-proxy endpoint-b",
    ]
    assert (
        block == "\tchain service-x {\n\t\tnumgen random mod 1 vmap { 0 : goto endpoint-a }\n\t}\n"
    )


def test_a_chain_is_deleted_once_nothing_refers_to_it() -> None:
    assert delete(4, (BOTH, OTHER), (ONE,)) == "delete chain ip kube-proxy endpoint-b\n"
    assert delete(6, (BOTH,), (ONE,)) == ""


def test_only_elements_of_a_map_that_differ_are_replaced() -> None:
    same = Element(Protocol.TCP, 81, Goto("service-x"), ip("10.96.0.1"))
    old = replace(SERVICES, elements=(TO_X, same))
    new = replace(SERVICES, elements=(same, NOBODY))
    before, block = body(load(4, (old,), (new,)))
    assert before == ["delete element ip kube-proxy service-ips { 10.96.0.1 . tcp . 80 }"]
    assert block.splitlines()[3:-1] == [
        '\t\telements = { 10.96.0.2 . udp . 53 comment "a/b:c" : drop }'
    ]


def test_only_addresses_of_a_set_that_differ_are_replaced() -> None:
    before, block = body(load(4, (IPS,), (replace(IPS, elements=(ip("10.96.0.2"),)),)))
    assert before == ["delete element ip kube-proxy cluster-ips { 10.96.0.1 }"]
    assert "elements" not in block


def test_a_set_with_another_timeout_is_recreated() -> None:
    before, block = body(load(4, (STICKY, REMEMBERING), (replace(STICKY, timeout=60), REMEMBERING)))
    assert before == [
        "flush chain ip kube-proxy endpoint-a",  # a set is deleted after the rules that refer to it
        "delete set ip kube-proxy affinity-a",
    ]
    assert "timeout 1m" in block


def test_a_table_that_no_state_has_is_deleted() -> None:
    assert load(6, (IPS, ONE), ()) == ("delete table ip6 kube-proxy\n",)
    assert delete(6, (IPS, ONE), ()) == ""


def test_a_large_new_table_is_loaded_in_parts_each_piece_after_those_it_refers_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("nsnet.state.nftables_text.AT_ONCE", 2)
    calls = Chain(
        KUBE_PROXY,
        "nat-prerouting",
        (Rule(target=Lookup("service-ips", True)),),
        base=Base("nat", "prerouting", -100),
    )
    sticky = replace(REMEMBERING, name="endpoint-b")
    texts = load(4, (), (calls, SERVICES, BOTH, sticky, ENDPOINT, STICKY))
    names = [re.findall(r"^\t(?:chain|set|map) (\S+)", each, re.MULTILINE) for each in texts]
    assert names == [
        ["endpoint-a", "affinity-a"],
        ["endpoint-b", "service-x"],
        ["service-ips", "nat-prerouting"],
    ]


def test_a_change_is_one_transaction_however_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nsnet.state.nftables_text.AT_ONCE", 2)
    assert len(load(4, (IPS,), (IPS, SERVICES, BOTH, OTHER, ENDPOINT))) == 1


# --- which pieces a change is about ---


def node(*pieces: Chain | NftSet | NftMap) -> State:
    """A lab of one namespace."""
    chains = tuple(each for each in pieces if isinstance(each, Chain))
    sets = tuple(each for each in pieces if not isinstance(each, Chain))
    return State("lab", (Netns("n1", "node/n1", chains=chains, sets=sets),))


def names(old: State, new: State) -> tuple[list[str], list[str]]:
    """What the only load of a change replaces, and by what."""
    (op,) = (each for each in changes(old, new) if isinstance(each, TableLoad))
    return [each.name for each in op.old], [each.name for each in op.new]


def test_a_change_loads_only_pieces_that_differ() -> None:
    old, new = node(SERVICES, BOTH, ENDPOINT, OTHER), node(SERVICES, ONE, ENDPOINT)
    assert names(old, new) == (["service-x", "endpoint-b"], ["service-x"])


def test_no_change_loads_nothing() -> None:
    again = node(replace(SERVICES), replace(ONE), replace(ENDPOINT))
    ops = changes(node(SERVICES, ONE, ENDPOINT), again)
    assert not [each for each in ops if isinstance(each, TableLoad)]


def test_a_set_that_is_recreated_reloads_the_rules_that_refer_to_it() -> None:
    old, new = node(STICKY, REMEMBERING), node(replace(STICKY, timeout=60), REMEMBERING)
    assert names(old, new) == (["affinity-a", "endpoint-a"], ["affinity-a", "endpoint-a"])


def test_a_change_of_a_map_leaves_the_rules_that_use_it() -> None:
    asks = Chain(KUBE_PROXY, "services", (Rule(target=Lookup("service-ips", True)),))
    more = replace(SERVICES, elements=(TO_X, NOBODY))
    assert names(node(SERVICES, asks), node(more, asks)) == (["service-ips"], ["service-ips"])


def test_each_family_is_loaded_separately() -> None:
    six = Chain(KUBE_PROXY, "services", family=6)
    loads = [each for each in plan(node(ONE, six)) if isinstance(each, TableLoad)]
    assert [each.family for each in loads] == [4, 6]
