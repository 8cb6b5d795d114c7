"""Each difference of a live lab from its State is one line."""

from dataclasses import replace
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network

import pytest

from nsnet.ip import Protocol
from nsnet.plan.differences import diff
from nsnet.plan.drift import drift
from nsnet.state.bird import Bird
from nsnet.state.daemons import Daemon
from nsnet.state.haproxy import Haproxy
from nsnet.state.iptables_text import line
from nsnet.state.model import (
    Interface,
    Kind,
    Neighbour,
    Netns,
    Peer,
    Route,
    State,
    Sysctl,
    Vxlan,
)
from nsnet.state.observed import LO, Hung, ListedChain, ListedSet, Observed, OtherLink
from nsnet.state.rules import Accept, Chain, Drop, Element, Goto, Jump, Match, NftMap, NftSet, Rule

SERVICES = Chain(
    "nat",
    "KUBE-SERVICES",
    (
        Rule(Match(dst=ip_network("10.96.0.10/32"), comment="default/web"), Jump("KUBE-SVC-WEB")),
        Rule(Match(probability=1 / 3), Jump("KUBE-SEP-A")),
    ),
)
FIRST, SECOND = (line(SERVICES, rule) for rule in SERVICES.rules)
LISTED = ListedChain(4, "nat", "KUBE-SERVICES", (FIRST, SECOND))

BRIDGE = Interface(
    "cbr0", Kind.BRIDGE, addresses=(ip_interface("10.244.1.1/24"),), mac="02:00:0a:f4:01:01"
)
PORT = Interface("web-0", peer=Peer("nsnet.demo.web-0", "eth0"), master="cbr0", hairpin=True)
ROUTE = Route(ip_network("10.244.2.0/24"), via=ip_address("192.168.10.3"))
VIAS = (ip_address("192.168.10.3"), ip_address("192.168.10.4"))
HOLE = Route(ip_network("10.8.0.0/16"), blackhole=True)
NEIGHBOUR = Neighbour(ip_address("10.244.1.10"), "02:00:0a:f4:01:0a", "cbr0")

NODE = Netns(
    "nsnet.demo.n1",
    "east/node/n1",
    interfaces=(BRIDGE, PORT),
    routes=(ROUTE,),
    neighbours=(NEIGHBOUR,),
    sysctls=(
        Sysctl("net.ipv4.ip_forward", "1"),
        Sysctl("net.ipv4.ip_local_port_range", "32768 60999"),
        Sysctl("net.ipv4.icmp_msgs_burst", "100000", if_present=True),
    ),
    chains=(Chain("nat", "PREROUTING"), SERVICES),
)
STATE = State("demo", (NODE,))

AS_WANTED = Observed(
    interfaces=(BRIDGE, replace(PORT, mac="06:00:00:00:00:01")),
    routes=(replace(ROUTE, dev="eth0"),),
    neighbours=(NEIGHBOUR,),
    sysctls=NODE.sysctls[:2],
    chains=(LISTED, ListedChain(4, "nat", "OUTPUT")),
)


def drifted(state: State, observed: dict[str, Observed]) -> list[str]:
    return drift(state, diff(state, observed))


def test_a_lab_as_its_state_has_no_drift() -> None:
    assert drifted(STATE, {NODE.name: AS_WANTED}) == []


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (
            replace(AS_WANTED, interfaces=(BRIDGE,)),
            ["interface web-0 is missing"],
        ),
        (
            replace(AS_WANTED, interfaces=(*AS_WANTED.interfaces, Interface("mine"))),
            ["interface mine was added by hand"],
        ),
        (
            replace(AS_WANTED, other_links=(LO, OtherLink("mine", "macvlan"))),
            ["interface mine (macvlan) was added by hand"],
        ),
        (
            replace(
                AS_WANTED,
                interfaces=(BRIDGE, replace(PORT, up=False)),
                other_links=(LO._replace(up=False),),
            ),
            ["interface web-0 is down", "interface lo is down"],
        ),
        (
            replace(AS_WANTED, interfaces=(BRIDGE, replace(PORT, master=None, hairpin=False))),
            [
                "interface web-0: bridge is none, should be cbr0",
                "interface web-0: hairpin is off, should be on",
            ],
        ),
        (
            replace(AS_WANTED, interfaces=(BRIDGE, replace(PORT, peer=None))),
            ["interface web-0: other end is missing, should be eth0 in nsnet.demo.web-0"],
        ),
        (
            replace(
                AS_WANTED,
                interfaces=(
                    replace(
                        BRIDGE, mac="02:00:00:00:00:01", addresses=(ip_interface("10.9.9.9/24"),)
                    ),
                    PORT,
                ),
            ),
            [
                "interface cbr0: MAC address is 02:00:00:00:00:01, should be 02:00:0a:f4:01:01",
                "address 10.244.1.1/24 on cbr0 is missing",
                "address 10.9.9.9/24 on cbr0 was added by hand",
            ],
        ),
        (
            replace(AS_WANTED, routes=()),
            ["route 10.244.2.0/24 via 192.168.10.3 is missing"],
        ),
        (
            replace(
                AS_WANTED,
                routes=(*AS_WANTED.routes, Route(ip_network("10.9.0.0/16"), dev="eth0")),
            ),
            ["route 10.9.0.0/16 dev eth0 was added by hand"],
        ),
        (
            replace(AS_WANTED, routes=(*AS_WANTED.routes, HOLE)),
            ["blackhole route 10.8.0.0/16 was added by hand"],
        ),
        (
            replace(AS_WANTED, routes=(replace(ROUTE, via=None, dev="eth0", nexthops=VIAS),)),
            [
                "route 10.244.2.0/24 via 192.168.10.3 is missing",
                "route 10.244.2.0/24 via 192.168.10.3 or 192.168.10.4 dev eth0 was added by hand",
            ],
        ),
        (
            replace(AS_WANTED, neighbours=()),
            ["neighbour 10.244.1.10 at 02:00:0a:f4:01:0a dev cbr0 is missing"],
        ),
        (
            replace(AS_WANTED, sysctls=(Sysctl("net.ipv4.ip_forward", "0"), NODE.sysctls[1])),
            ["sysctl net.ipv4.ip_forward is 0, should be 1"],
        ),
        (
            replace(AS_WANTED, sysctls=NODE.sysctls[1:2]),
            ["sysctl net.ipv4.ip_forward is not there, should be 1"],
        ),
        (
            replace(AS_WANTED, chains=(LISTED._replace(lines=()),)),
            [f"nat KUBE-SERVICES: rule missing: {each}" for each in (FIRST, SECOND)],
        ),
        (
            replace(AS_WANTED, chains=(LISTED._replace(lines=(FIRST,)),)),
            [f"nat KUBE-SERVICES: rule missing: {SECOND}"],
        ),
        (
            replace(
                AS_WANTED,
                chains=(LISTED._replace(lines=(FIRST, SECOND, "-A KUBE-SERVICES -j DROP")),),
            ),
            ["nat KUBE-SERVICES: rule added by hand: -A KUBE-SERVICES -j DROP"],
        ),
        (
            replace(AS_WANTED, chains=(LISTED._replace(lines=(FIRST, FIRST, SECOND)),)),
            [f"nat KUBE-SERVICES: rule added by hand: {FIRST}"],
        ),
        (
            replace(AS_WANTED, chains=(LISTED._replace(lines=(SECOND, FIRST)),)),
            ["nat KUBE-SERVICES: the rules are in another order"],
        ),
        (
            replace(AS_WANTED, chains=()),
            ["nat KUBE-SERVICES: chain is missing"],
        ),
        (
            replace(AS_WANTED, chains=(LISTED, ListedChain(6, "filter", "MINE"))),
            ["IPv6 filter MINE: chain was added by hand"],
        ),
        (
            replace(
                AS_WANTED,
                chains=(LISTED, ListedChain(4, "filter", "INPUT", ("-P INPUT DROP",))),
            ),
            ["filter INPUT: rule added by hand: -P INPUT DROP"],
        ),
    ],
)
def test_each_difference_is_one_line(found: Observed, lines: list[str]) -> None:
    assert drifted(STATE, {NODE.name: found}) == [f"east/node/n1: {each}" for each in lines]


def test_a_missing_namespace_is_one_line() -> None:
    assert drifted(STATE, {}) == ["east/node/n1: namespace nsnet.demo.n1 is gone"]


def test_a_namespace_that_was_added_is_named() -> None:
    observed = {NODE.name: AS_WANTED, "nsnet.demo.mine": Observed()}
    assert drifted(STATE, observed) == ["nsnet.demo.mine: namespace was added by hand"]


def test_a_route_that_names_its_interface_must_leave_by_it() -> None:
    node = replace(NODE, routes=(replace(ROUTE, dev="eth1"),))
    assert drifted(State("demo", (node,)), {NODE.name: AS_WANTED}) == [
        "east/node/n1: route 10.244.2.0/24 via 192.168.10.3 dev eth1 is missing",
        "east/node/n1: route 10.244.2.0/24 via 192.168.10.3 dev eth0 was added by hand",
    ]


def test_a_missing_rule_of_a_built_in_chain_is_named_even_if_its_table_does_not_exist() -> None:
    forward = Chain("filter", "FORWARD", (Rule(target=Accept()),))
    node = replace(NODE, chains=(*NODE.chains, forward))
    assert drifted(State("demo", (node,)), {NODE.name: AS_WANTED}) == [
        "east/node/n1: filter FORWARD: rule missing: -A FORWARD -j ACCEPT"
    ]


def test_a_flushed_chain_is_one_line() -> None:
    full = Chain("filter", "FORWARD", (Rule(target=Accept()), Rule(), Rule(target=Drop())))
    node = replace(NODE, chains=(*NODE.chains, full))
    assert drifted(State("demo", (node,)), {NODE.name: AS_WANTED}) == [
        "east/node/n1: filter FORWARD: all 3 rules are missing"
    ]


# --- daemons, and the routes that they learn ---

SPEAKER = Bird(IPv4Address("192.168.10.1"), 64512, ("br-east",), ())
PROXY = Haproxy(())
LEARNED = replace(ROUTE, dev="br-east", learned=True)
FABRIC = Netns("nsnet.demo.fabric", "fabric", routes=(LEARNED,), daemons=(SPEAKER, PROXY))


@pytest.mark.parametrize(
    ("daemons", "routes", "lines"),
    [
        ((SPEAKER, PROXY), (LEARNED,), []),
        ((PROXY,), (LEARNED,), ["bird does not run"]),
        ((), (LEARNED,), ["bird does not run", "haproxy does not run"]),
        (
            (SPEAKER, PROXY),
            (),
            ["route 10.244.2.0/24 via 192.168.10.3 dev br-east learned by BGP is missing"],
        ),
        (
            (SPEAKER, PROXY),
            (LEARNED, replace(LEARNED, destination=ip_network("10.244.3.0/24"))),
            ["route 10.244.3.0/24 via 192.168.10.3 dev br-east learned by BGP was added by hand"],
        ),
        ((SPEAKER, Hung(PROXY)), (LEARNED,), ["haproxy does not answer"]),
        (  # a static route instead: it would remain when its node is removed
            (SPEAKER, PROXY),
            (replace(LEARNED, learned=False),),
            [
                "route 10.244.2.0/24 via 192.168.10.3 dev br-east learned by BGP is missing",
                "route 10.244.2.0/24 via 192.168.10.3 dev br-east was added by hand",
            ],
        ),
    ],
)
def test_a_daemon_that_does_not_run_and_a_route_that_was_not_learned_are_named(
    daemons: tuple[Daemon | Hung, ...], routes: tuple[Route, ...], lines: list[str]
) -> None:
    found = Observed(routes=routes, daemons=daemons)
    expected = [f"fabric: {each}" for each in lines]
    assert drifted(State("demo", (FABRIC,)), {FABRIC.name: found}) == expected


# --- nftables ---

TO_WEB = Element(Protocol.TCP, 80, Goto("service-web"), ip_address("10.96.0.10"))
TABLE = Netns(
    "nsnet.demo.n2",
    "east/node/n2",
    chains=(Chain("kube-proxy", "service-web", (Rule(target=Jump("mark")), Rule(target=Drop()))),),
    sets=(
        NftSet("cluster-ips", (ip_address("10.96.0.10"), ip_address("10.96.0.11"))),
        NftMap("service-ips", True, (TO_WEB,), family=6),
        NftSet("affinity-web", timeout=60),
    ),
)
RULES = ListedChain(4, "kube-proxy", "service-web", ("jump mark", "drop"))
LOADED = Observed(
    chains=(RULES,),
    sets=(
        ListedSet(4, "cluster-ips", "set", ("type ipv4_addr", "10.96.0.11", "10.96.0.10")),
        ListedSet(
            6,
            "service-ips",
            "map",
            (
                "type ipv6_addr . inet_proto . inet_service : verdict",
                "10.96.0.10 . tcp . 80 : goto service-web",
            ),
        ),
        ListedSet(
            4,
            "affinity-web",
            "set",
            ("type ipv4_addr", "size 65535", "flags dynamic,timeout", "timeout 1m"),
        ),
    ),
)


def without(name: str, *instead: ListedSet) -> Observed:
    """The table without this set, or with another instead."""
    others = (each for each in LOADED.sets if each.name != name)
    return replace(LOADED, sets=(*others, *instead))


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (LOADED, []),
        (
            replace(LOADED, chains=(RULES._replace(lines=("drop",)),)),
            ["kube-proxy service-web: rule missing: jump mark"],
        ),
        (
            replace(LOADED, chains=(RULES._replace(lines=("drop", "jump mark")),)),
            ["kube-proxy service-web: the rules are in another order"],
        ),
        (
            without(
                "cluster-ips", ListedSet(4, "cluster-ips", "set", ("type ipv4_addr", "10.96.0.10"))
            ),
            ["kube-proxy cluster-ips: element missing: 10.96.0.11"],
        ),
        (without("service-ips"), ["IPv6 kube-proxy service-ips: map is missing"]),
        (without("affinity-web"), ["kube-proxy affinity-web: set is missing"]),
        (
            without("", ListedSet(6, "mine", "map", ("type ipv6_addr : verdict",))),
            ["IPv6 kube-proxy mine: map was added by hand"],
        ),
    ],
)
def test_an_nftables_table_is_compared_line_by_line(found: Observed, lines: list[str]) -> None:
    state = State("demo", (TABLE,))
    assert drifted(state, {TABLE.name: found}) == [f"east/node/n2: {each}" for each in lines]


def test_a_tunnel_that_floods_or_learns_is_another_tunnel() -> None:
    vxlan = Vxlan(vni=1, local=ip_address("192.168.10.2"), dev="eth0", port=8472)
    tunnel = Interface("flannel.1", Kind.VXLAN, vxlan=vxlan)
    state = State("demo", (Netns("n1", "east/node/n1", interfaces=(tunnel,)),))
    observed = Observed(interfaces=(replace(tunnel, vxlan=None),), other_links=(LO,))
    assert drifted(state, {"n1": observed}) == [
        "east/node/n1: interface flannel.1: tunnel is one that floods, learns, or has no local"
        " address or device, should be 1 from 192.168.10.2 dev eth0 port 8472"
    ]
