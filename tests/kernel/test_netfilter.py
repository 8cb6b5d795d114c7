"""Rules are listed as the text that was loaded, with either variant of iptables."""

import os
import re
import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from subprocess import run

import pytest

from nsnet.errors import KernelError, UnsupportedError, UsageError
from nsnet.ip import Family, Protocol
from nsnet.kernel import capabilities, netfilter, netns, uapi
from nsnet.state.iptables_text import line, restore
from nsnet.state.rules import (
    Accept,
    Chain,
    Dnat,
    Drop,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    Recent,
    Reject,
    Return,
    Rule,
    SetMark,
)


def _unable() -> str:
    try:
        capabilities.require()
    except UnsupportedError as error:
        return str(error)
    return ""


UNABLE = _unable()
pytestmark = pytest.mark.skipif(bool(UNABLE), reason=UNABLE)

Maker = Callable[[], str]


def _recent(address: str) -> tuple[Rule, ...]:
    """Session affinity as kube-proxy writes it."""
    name = "KUBE-SEP-I77PXRDZVX7PMWMN"
    return (
        Rule(Match(comment="a -> b", recent=Recent(name, 10800)), Jump("KUBE-SEP")),
        Rule(Match(recent=Recent(name, 1)), Jump("KUBE-SEP")),
        Rule(
            Match(protocol=Protocol.TCP, comment="a/b", recent=Recent(name)),
            Dnat(ip_address(address), 8080),
        ),
        Rule(Match(protocol=Protocol.UDP, recent=Recent(name)), Dnat(ip_address(address), 53)),
    )


# At least one rule for each match and target that a State can have.
CHAINS: dict[Family, tuple[Chain, ...]] = {
    4: (
        Chain(
            "filter",
            "FORWARD",
            (
                Rule(Match(ctstate=("NEW",), comment="load balancer"), Jump("KUBE-FORWARD")),
                Rule(Match(ctstate=("RELATED", "ESTABLISHED")), Accept()),
                Rule(Match(not_ctstate=("RELATED", "ESTABLISHED")), Return()),
            ),
        ),
        Chain(
            "filter",
            "KUBE-FORWARD",
            (
                Rule(Match(comment="kubernetes forwarding rules", mark=MarkMatch(0x4000, 0x4000))),
                Rule(Match(mark=MarkMatch(0x4000, 0x4000, negated=True)), Return()),
                Rule(Match(protocol=Protocol.ICMP), Drop()),
                Rule(
                    Match(
                        dst=ip_network("10.96.0.10/32"),
                        protocol=Protocol.TCP,
                        dport=80,
                        comment="default/web:http has no endpoints",
                    ),
                    Reject(),
                ),
                Rule(Match(in_interface="eth0", out_interface="cbr0"), Accept()),
            ),
        ),
        Chain("nat", "PREROUTING", (Rule(Match(comment="plain"), Jump("KUBE-SERVICES")),)),
        Chain(
            "nat",
            "POSTROUTING",
            (
                Rule(Match(not_dst=ip_network("10.0.0.0/8")), Masquerade()),
                Rule(Match(not_dst_type="LOCAL"), Masquerade(random_fully=True)),
            ),
        ),
        Chain(
            "nat",
            "KUBE-SERVICES",
            (
                Rule(
                    Match(
                        not_src=ip_network("10.244.0.0/16"),
                        dst=ip_network("10.96.0.10/32"),
                        protocol=Protocol.UDP,
                        dport=53,
                        comment="it's dns/udp: 100%",
                    ),
                    SetMark(0x4000, 0x4000),
                ),
                Rule(Match(comment="nodeports", dst_type="LOCAL"), Jump("KUBE-SEP")),
                *(
                    Rule(Match(comment="a -> b", probability=1 / several), Jump("KUBE-SEP"))
                    for several in range(2, 12)
                ),
            ),
        ),
        Chain(
            "nat",
            "KUBE-SEP",
            (
                Rule(Match(src=ip_network("10.244.1.10/32")), SetMark(0x1, 0xFFFFFFFF)),
                Rule(Match(protocol=Protocol.TCP), Dnat(ip_address("10.244.1.10"), 8080)),
            ),
        ),
        Chain(
            "nat",
            "KUBE-EXT",
            (
                Rule(Match(comment="from the node itself", src_type="LOCAL"), Jump("KUBE-SEP")),
                Rule(Match(src_type="LOCAL", dst_type="LOCAL"), Jump("KUBE-SEP")),
                Rule(Match(src=ip_network("0.0.0.0/0"), comment="anybody"), Jump("KUBE-SEP")),
                Rule(
                    Match(not_dst=ip_network("127.0.0.0/8"), comment="a: b", dst_type="LOCAL"),
                    Jump("KUBE-SEP"),
                ),
                Rule(Match(comment="other traffic will be dropped"), None),
                Rule(Match(), None),
                *_recent("10.244.1.10"),
            ),
        ),
        Chain(
            "filter",
            "KUBE-EXTERNAL-SERVICES",
            (
                Rule(
                    Match(protocol=Protocol.UDP, dport=30080, comment="has none", dst_type="LOCAL"),
                    Reject(),
                ),
            ),
        ),
        Chain("nat", "KUBE-EMPTY"),
    ),
    6: (
        Chain("filter", "FORWARD", (Rule(Match(protocol=Protocol.TCP, dport=80), Reject()),)),
        Chain("nat", "PREROUTING", (Rule(Match(src=ip_network("fd00::/8")), Jump("KUBE-SEP")),)),
        Chain(
            "nat",
            "KUBE-SEP",
            (Rule(Match(protocol=Protocol.TCP), Dnat(ip_address("fd00:244::10"), 8080)),),
        ),
        Chain(
            "nat",
            "KUBE-EXT",
            (
                Rule(Match(comment="from the node itself", src_type="LOCAL"), Jump("KUBE-SEP")),
                Rule(Match(src=ip_network("::/0"), comment="anybody"), Jump("KUBE-SEP")),
                Rule(
                    Match(not_dst=ip_network("::1/128"), comment="a: b", dst_type="LOCAL"),
                    Jump("KUBE-SEP"),
                ),
                Rule(Match(comment="other traffic will be dropped"), None),
                *_recent("fd00:244::10"),
            ),
        ),
    ),
}
CHAINS = {
    family: tuple(Chain(each.table, each.name, each.rules, family) for each in chains)
    for family, chains in CHAINS.items()
}
TEXTS: dict[Family, str] = {family: restore(chains) for family, chains in CHAINS.items()}


@pytest.fixture
def make() -> Iterator[Maker]:
    """Create named, empty namespaces; delete them after the test."""
    names: list[str] = []

    def make() -> str:
        names.append(f"nsnet.t{os.getpid()}.{len(names)}")
        with netns.returning():
            os.close(netns.create(names[-1]))
        return names[-1]

    netns.prepare()
    try:
        yield make
    finally:
        for name in names:
            netns.delete(name)


@pytest.fixture(params=netfilter.TOOLS)
def tool(request: pytest.FixtureRequest) -> str:
    with netns.returning():
        netns.unshare(uapi.CLONE_NEWNET)
        if not netfilter.works(request.param):
            pytest.skip(f"{request.param} does not work here")
    return str(request.param)


def asked(family: Family) -> dict[tuple[str, str], tuple[str, ...]]:
    return {
        (chain.table, chain.name): tuple(line(chain, rule) for rule in chain.rules)
        for chain in CHAINS[family]
    }


def save(name: str, tool: str, family: Family) -> dict[tuple[str, str], tuple[str, ...]]:
    """The chains of a namespace by table and name."""
    chains = netfilter.chains_of([name], tool, [family])[name]
    return {(each.table, each.name): each.lines for each in chains}


@pytest.mark.parametrize("family", netfilter.FAMILIES)
def test_every_rule_is_listed_as_it_was_loaded(
    make: Maker, tool: str, family: Family, tmp_path: Path
) -> None:
    name = make()
    netfilter.load({name: {family: TEXTS[family]}}, tool, tmp_path / "lock")
    found = save(name, tool, family)
    assert {key: lines for key, lines in found.items() if key in asked(family)} == asked(family)
    assert not any(lines for key, lines in found.items() if key not in asked(family))


def test_both_families_of_several_namespaces_load_together(
    make: Maker, tool: str, tmp_path: Path
) -> None:
    names = [make() for _ in range(4)]
    netfilter.load(dict.fromkeys(names, TEXTS), tool, tmp_path / "lock")
    first, *others = netfilter.chains_of(names, tool).values()
    assert {each.family for each in first} == {4, 6}
    assert others == [first] * 3


def test_a_second_load_replaces_only_the_chains_it_names(
    make: Maker, tool: str, tmp_path: Path
) -> None:
    name = make()
    netfilter.load({name: {4: TEXTS[4]}}, tool, tmp_path / "lock")
    netfilter.load({name: {4: restore([Chain("nat", "KUBE-SEP")])}}, tool, tmp_path / "lock")
    found = save(name, tool, 4)
    assert found["nat", "KUBE-SEP"] == ()
    assert found["nat", "KUBE-SERVICES"] == asked(4)["nat", "KUBE-SERVICES"]


def test_other_chains_are_kept_where_there_is_a_table(
    make: Maker, tool: str, tmp_path: Path
) -> None:
    name = make()

    def command() -> str:
        with pytest.raises(KernelError) as raised:
            netfilter.load({name: {4: "rubbish\n"}}, tool, tmp_path / "lock")
        return str(raised.value).partition(" < ")[0]

    # With --noflush, iptables-nft looks for each chain among all: 5,000 Services take minutes.
    option = "" if tool == netfilter.NFT else " --noflush"
    assert command() == f"ip netns exec {name} {tool}-restore{option}"
    netfilter.load({name: {4: TEXTS[4]}}, tool, tmp_path / "lock")
    assert command() == f"ip netns exec {name} {tool}-restore --noflush"


def test_listing_creates_no_table(make: Maker, tool: str) -> None:
    name = make()
    assert save(name, tool, 4) == {}
    with netns.inside(name):
        assert Path("/proc/thread-self/net/ip_tables_names").read_text() == ""
        rules = run(["nft", "list", "ruleset"], capture_output=True, check=True)
    assert rules.stdout == b""


def test_a_policy_that_drops_is_listed(make: Maker, tool: str, tmp_path: Path) -> None:
    name = make()
    text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\nCOMMIT\n"
    netfilter.load({name: {4: text}}, tool, tmp_path / "lock")
    lines = save(name, tool, 4)["filter", "INPUT"]
    assert lines == ("-P INPUT DROP", "-A INPUT -i lo -j ACCEPT")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("*nat\n-A POSTROUTING -m nosuch -j ACCEPT\nCOMMIT\n", "-m nosuch -j ACCEPT"),
        ("*nat\n-A POSTROUTING -p tcp --dport 70000 -j ACCEPT\nCOMMIT\n", "--dport 70000"),
        ("*nat\nrubbish\nCOMMIT\n", "Bad argument `rubbish'"),
        ("*nat\n-X NOPE\nCOMMIT\n", "line 2 failed"),
    ],
)
def test_a_refused_rule_is_quoted_with_the_message_of_the_tool(
    make: Maker, tool: str, text: str, words: str, tmp_path: Path
) -> None:
    name = make()
    with pytest.raises(KernelError) as raised:
        netfilter.load({name: {4: text}}, tool, tmp_path / "lock")
    message = str(raised.value)
    assert re.match(rf"ip netns exec {name} {tool}-restore( --noflush)? < …: ", message)
    assert words in message
    assert "Try `" not in message
    assert "\n" not in message


def test_a_refusal_in_one_namespace_leaves_another_loaded(
    make: Maker, tool: str, tmp_path: Path
) -> None:
    good, bad = make(), make()
    with pytest.raises(KernelError, match=bad):
        netfilter.load({bad: {4: "rubbish\n"}, good: {4: TEXTS[4]}}, tool, tmp_path / "lock")
    assert save(good, tool, 4)["nat", "KUBE-SEP"] == asked(4)["nat", "KUBE-SEP"]


def test_a_missing_namespace_is_named(tool: str, tmp_path: Path) -> None:
    with pytest.raises(KernelError, match=r"nsnet\.t0\.gone .*there is no such namespace"):
        netfilter.load({"nsnet.t0.gone": {4: TEXTS[4]}}, tool, tmp_path / "lock")


def test_the_calling_thread_returns_to_its_namespace(
    make: Maker, tool: str, tmp_path: Path
) -> None:
    before = os.stat(netns.HERE).st_ino
    netfilter.choose_tool()
    netfilter.load({make(): TEXTS}, tool, tmp_path / "lock")
    assert os.stat(netns.HERE).st_ino == before


def test_the_environment_chooses_the_tool(tool: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NSNET_IPTABLES", tool)
    assert netfilter.choose_tool() == tool


def test_a_tool_that_does_not_exist_cannot_be_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NSNET_IPTABLES", "iptables")
    with pytest.raises(UsageError, match="NSNET_IPTABLES is iptables, not iptables-legacy or"):
        netfilter.choose_tool()


@pytest.fixture
def legacy() -> str:
    """The only variant that python-iptables reads."""
    with netns.returning():
        netns.unshare(uapi.CLONE_NEWNET)
        if not netfilter.works(netfilter.LEGACY):
            pytest.skip("this kernel has no iptables-legacy")
    return netfilter.LEGACY


def test_a_rule_counts_its_packets_and_bytes(make: Maker, legacy: str, tmp_path: Path) -> None:
    name = make()
    chain = Chain(
        "filter",
        "OUTPUT",
        (
            Rule(Match(dst=ip_network("127.0.0.1/32"), protocol=Protocol.UDP, dport=9)),
            Rule(Match(not_src=ip_network("10.0.0.0/8"), comment="the rest"), Jump("REST")),
        ),
    )
    text = restore([chain, Chain("filter", "REST")])
    netfilter.load({name: {4: text}}, legacy, tmp_path / "lock")
    with netns.inside(name):
        run(["ip", "link", "set", "lo", "up"], check=True)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", ("127.0.0.1", 9))
    first, second = netfilter.counters(name, legacy, "filter")
    assert first == netfilter.CountedRule(
        "OUTPUT",
        1,
        packets=1,
        bytes=28,
        target="ACCEPT",
        destination=ip_network("127.0.0.1/32"),
        protocol="udp",
    )
    assert (second.position, second.target, second.comment) == (2, "REST", "the rest")
    assert second.not_source == ip_network("10.0.0.0/8")


def test_counting_creates_no_table(make: Maker, legacy: str) -> None:
    name = make()
    assert netfilter.counters(name, legacy, "nat") == ()
    assert save(name, legacy, 4) == {}


def test_counters_of_both_families_can_be_read_in_turn(
    make: Maker, legacy: str, tmp_path: Path
) -> None:
    name = make()
    netfilter.load({name: TEXTS}, legacy, tmp_path / "lock")
    for family in netfilter.FAMILIES:
        rules = netfilter.counters(name, legacy, "nat", family)
        assert {rule.target for rule in rules} >= {"KUBE-SEP", "DNAT"}


def test_counters_of_iptables_nft_are_refused_with_a_command_that_reads_them() -> None:
    with pytest.raises(UnsupportedError, match="rule counters need iptables-legacy") as raised:
        netfilter.counters("nsnet.demo.n1", netfilter.NFT, "nat")
    assert raised.value.hint == "by hand: ip netns exec nsnet.demo.n1 iptables-nft-save -c -t nat"
