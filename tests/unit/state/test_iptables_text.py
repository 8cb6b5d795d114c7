"""Rules as text: the lines that `iptables-save` prints and `iptables-restore` reads."""

import pytest

from nsnet.ip import Family, Protocol, endpoint
from nsnet.state.iptables_text import as_kernel_probability, families, line, restore
from nsnet.state.rules import (
    Accept,
    Chain,
    Dnat,
    Drop,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    Netmap,
    Recent,
    Reject,
    Return,
    Rule,
    SetMark,
    Target,
)
from tests.support.labs import ip, net

WEB = net("10.96.0.10/32")


@pytest.mark.parametrize(
    ("match", "text"),
    [
        (Match(), ""),
        (Match(src=net("10.244.0.0/24")), "-s 10.244.0.0/24 "),
        (Match(not_src=net("10.244.0.0/16"), dst=WEB), "! -s 10.244.0.0/16 -d 10.96.0.10/32 "),
        (Match(not_dst=net("10.244.0.0/16")), "! -d 10.244.0.0/16 "),
        (Match(dst=net("fd00::/64")), "-d fd00::/64 "),
        (Match(dst=net("0.0.0.0/0")), ""),  # iptables-save leaves out what matches all
        (Match(src=net("::/0")), ""),
        (Match(in_interface="cbr0", out_interface="eth0"), "-i cbr0 -o eth0 "),
        (Match(protocol=Protocol.TCP), "-p tcp -m tcp "),
        (Match(protocol=Protocol.UDP, dport=53), "-p udp -m udp --dport 53 "),
        (Match(protocol=Protocol.ICMP), "-p icmp "),
        (Match(comment="kubernetes"), "-m comment --comment kubernetes "),
        (Match(comment="default/web"), '-m comment --comment "default/web" '),
        (Match(ctstate=("INVALID",)), "-m conntrack --ctstate INVALID "),
        (
            Match(ctstate=("RELATED", "ESTABLISHED"), comment="an answer"),
            '-m comment --comment "an answer" -m conntrack --ctstate RELATED,ESTABLISHED ',
        ),
        (
            Match(ctstate=("NEW",), comment="service portals"),  # as kube-proxy's jumps write it
            '-m conntrack --ctstate NEW -m comment --comment "service portals" ',
        ),
        (Match(not_ctstate=("DNAT",)), "-m conntrack ! --ctstate DNAT "),
        (Match(mark=MarkMatch(0x4000, 0x4000)), "-m mark --mark 0x4000/0x4000 "),
        (
            Match(mark=MarkMatch(0x4000, 0x4000, negated=True)),
            "-m mark ! --mark 0x4000/0x4000 ",
        ),
        (
            Match(recent=Recent("KUBE-SEP-A", 10800)),
            "-m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-A --mask 255.255.255.255"
            " --rsource ",
        ),
        (
            Match(protocol=Protocol.UDP, comment="a", recent=Recent("KUBE-SEP-A")),
            "-p udp -m comment --comment a"
            " -m recent --set --name KUBE-SEP-A --mask 255.255.255.255 --rsource -m udp ",
        ),
        (Match(src_type="LOCAL"), "-m addrtype --src-type LOCAL "),
        (Match(dst_type="LOCAL"), "-m addrtype --dst-type LOCAL "),
        (Match(not_dst_type="LOCAL"), "-m addrtype ! --dst-type LOCAL "),
        (Match(probability=0.5), "-m statistic --mode random --probability 0.50000000000 "),
    ],
)
def test_a_match_as_iptables_save_prints_it(match: Match, text: str) -> None:
    assert line(Chain("nat", "C"), Rule(match)) == f"-A C {text}-j ACCEPT"


@pytest.mark.parametrize(
    ("target", "family", "text"),
    [
        (Accept(), 4, "ACCEPT"),
        (Return(), 4, "RETURN"),
        (Drop(), 4, "DROP"),
        (Jump("KUBE-SVC-X"), 4, "KUBE-SVC-X"),
        (Reject(), 4, "REJECT --reject-with icmp-port-unreachable"),
        (Reject(), 6, "REJECT --reject-with icmp6-port-unreachable"),
        (Dnat(ip("10.244.0.2"), 8080), 4, "DNAT --to-destination 10.244.0.2:8080"),
        (Dnat(ip("fd00::2"), 8080), 6, "DNAT --to-destination [fd00::2]:8080"),
        (Masquerade(), 4, "MASQUERADE"),
        (Netmap(net("100.64.0.0/16")), 4, "NETMAP --to 100.64.0.0/16"),
        (Netmap(net("fd64::/56")), 6, "NETMAP --to fd64::/56"),
        (Masquerade(random_fully=True), 4, "MASQUERADE --random-fully"),
        (SetMark(0x4000, 0x4000), 4, "MARK --set-xmark 0x4000/0x4000"),
        (SetMark(0x4000, 0), 4, "MARK --set-xmark 0x4000/0x0"),
    ],
)
def test_a_target_as_iptables_save_prints_it(target: Target, family: Family, text: str) -> None:
    assert line(Chain("nat", "C", family=family), Rule(target=target)) == f"-A C -j {text}"


def test_a_rule_without_a_target_has_only_a_match() -> None:
    rest = Rule(Match(comment="other traffic"), target=None)
    assert line(Chain("nat", "C"), rest) == '-A C -m comment --comment "other traffic"'


def test_a_list_of_recent_sources_holds_whole_addresses_of_its_family() -> None:
    known = line(Chain("nat", "C", family=6), Rule(Match(recent=Recent("KUBE-SEP-A", 1))))
    assert " --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource " in known


def test_ping_has_another_name_in_ipv6() -> None:
    ping = Rule(Match(protocol=Protocol.ICMP))
    assert line(Chain("filter", "C", family=6), ping) == "-A C -p ipv6-icmp -j ACCEPT"


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (1 / 2, "0.50000000000"),
        (1 / 3, "0.33333333349"),  # the kernel keeps 31 bits of it
        (1 / 4, "0.25000000000"),
        (1 / 10, "0.10000000009"),
        (1 / 1000, "0.00100000016"),
    ],
)
def test_a_probability_is_shown_as_the_kernel_keeps_it(probability: float, text: str) -> None:
    assert as_kernel_probability(probability) == text


@pytest.mark.parametrize(
    ("address", "text"), [("10.0.0.1", "10.0.0.1:80"), ("fd00::1", "[fd00::1]:80")]
)
def test_an_endpoint_is_an_address_and_a_port(address: str, text: str) -> None:
    assert endpoint(ip(address), 80) == text


def test_a_restore_replaces_its_chains_and_leaves_others() -> None:
    chains = [
        Chain("nat", "PREROUTING", (Rule(target=Jump("KUBE-SERVICES")),)),
        Chain("nat", "KUBE-SERVICES", (Rule(Match(dst=WEB), Return()),)),
        Chain("filter", "KUBE-FORWARD"),
    ]
    assert restore(chains, deleted=[Chain("nat", "KUBE-SVC-OLD", (Rule(),))]) == (
        "*filter\n"
        ":KUBE-FORWARD - [0:0]\n"
        "COMMIT\n"
        "*nat\n"
        ":PREROUTING ACCEPT [0:0]\n"
        ":KUBE-SERVICES - [0:0]\n"
        ":KUBE-SVC-OLD - [0:0]\n"
        "-F PREROUTING\n"  # with --noflush a built-in chain is emptied by name only
        "-A PREROUTING -j KUBE-SERVICES\n"
        "-A KUBE-SERVICES -d 10.96.0.10/32 -j RETURN\n"
        "-X KUBE-SVC-OLD\n"
        "COMMIT\n"
    )


def test_a_built_in_chain_is_emptied_and_never_removed() -> None:
    gone = Chain("nat", "PREROUTING", (Rule(target=Jump("KUBE-SERVICES")),))
    assert restore([], [gone]) == "*nat\n:PREROUTING ACCEPT [0:0]\n-F PREROUTING\nCOMMIT\n"


def test_families_come_four_before_six() -> None:
    assert families([Chain("nat", "A", family=6), Chain("nat", "B")]) == (4, 6)
