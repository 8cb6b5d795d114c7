"""A live lab is compared with its State once: every difference has a line in drift and a step in
repair."""

from dataclasses import fields, replace
from ipaddress import IPv4Address, ip_address, ip_interface, ip_network
from typing import Any

import pytest

from nsnet.ip import Protocol
from nsnet.plan.differences import Added, Changed, Difference, Missing, diff
from nsnet.plan.drift import drift
from nsnet.plan.repair import repairs
from nsnet.state.bird import Bird
from nsnet.state.haproxy import Haproxy
from nsnet.state.ipsets import IpSet, Member, SetType
from nsnet.state.model import (
    FdbEntry,
    Interface,
    Kind,
    Listener,
    Neighbour,
    Netns,
    Peer,
    PolicyRule,
    RealServer,
    Route,
    State,
    Sysctl,
    Translation,
    VirtualServer,
    Vxlan,
)
from nsnet.state.observed import LO, ListedChain, ListedSet, Observed, OtherLink, expected
from nsnet.state.rules import Accept, Chain, Drop, Element, Goto, NftMap, NftSet, Rule

NAME = "nsnet.demo.n1"
ONE, TWO = ip_address("192.168.10.2"), ip_address("192.168.10.3")
HTTP = Protocol.TCP

# A piece of each kind, and what each can be changed into by hand.
LINK = Interface(
    "eth0",
    peer=Peer("nsnet.demo.fabric", "br"),
    addresses=(ip_interface("192.168.10.2/24"),),
    mac="02:00:c0:a8:0a:02",
)
ROUTE = Route(ip_network("10.244.1.0/24"), via=TWO, dev="eth0")
SERVICES = Chain("nat", "KUBE-SERVICES", (Rule(target=Accept()), Rule(target=Drop())))
DISPATCH = Chain("kube-proxy", "services", (Rule(target=Accept()),))
VIRTUAL = VirtualServer(ONE, HTTP, 80, "rr", (RealServer(TWO, 8080), RealServer(ONE, 8080)))
IPSET = IpSet("KUBE-LOOP-BACK", SetType.ADDRESS, (Member(ONE), Member(TWO)))
MAP = NftMap("service-ips", True, (Element(HTTP, 80, Goto("services"), ONE),))
NODE = Netns(
    NAME,
    "east/node/n1",
    interfaces=(LINK,),
    routes=(ROUTE,),
    neighbours=(Neighbour(TWO, "02:00:c0:a8:0a:03", "eth0"),),
    sysctls=(
        Sysctl("net.ipv4.ip_forward", "1"),
        Sysctl("net.ipv4.icmp_msgs_burst", "100000", if_present=True),
    ),
    chains=(Chain("nat", "PREROUTING"), SERVICES, DISPATCH),
    listeners=(Listener(HTTP, 80, "east/node/n1"),),
    sets=(NftSet("cluster-ips", (ONE, TWO)), MAP),
    translations=(Translation(ONE, 53, ((TWO, 53),)),),
    ipsets=(IPSET,),
    virtual_servers=(VIRTUAL,),
    daemons=(Bird(IPv4Address("192.168.10.2"), 64512, ("eth0",), ()), Haproxy(())),
    policy_rules=(PolicyRule(100, 0x1, 0x1, 100),),
    fdb=(FdbEntry("02:00:0a:f4:01:00", TWO, "eth0"),),
)
FAR = Netns("nsnet.demo.fabric", "fabric", interfaces=(Interface("br", peer=Peer(NAME, "eth0")),))
STATE = State("demo", (NODE, FAR))
SEEN = expected(NODE)

ADDED: dict[str, Any] = {
    "interfaces": Interface("mine"),
    "other_links": OtherLink("mine", "macvlan"),
    "routes": Route(ip_network("192.0.2.0/24"), dev="eth0"),
    "policy_rules": PolicyRule(7, 0, 0, 7),
    "neighbours": Neighbour(ONE, "02:00:00:00:00:99", "eth0"),
    "fdb": FdbEntry("02:00:00:00:00:99", ONE, "eth0"),
    "chains": ListedChain(4, "filter", "MINE", ("-A MINE -j DROP",)),
    "ipsets": IpSet("MINE", SetType.ADDRESS),
    "virtual_servers": VirtualServer(TWO, HTTP, 81, "rr"),
    "sets": ListedSet(4, "mine", "set", ("type ipv4_addr",)),
}
CHANGED: dict[str, Any] = {
    "interfaces": replace(LINK, mac="02:00:00:00:00:99"),
    "other_links": LO._replace(up=False),
    "routes": replace(ROUTE, via=ONE),
    "policy_rules": PolicyRule(100, 0x2, 0x2, 100),
    "neighbours": Neighbour(TWO, "02:00:00:00:00:99", "eth0"),
    "fdb": FdbEntry("02:00:0a:f4:01:00", ONE, "eth0"),
    "sysctls": Sysctl("net.ipv4.ip_forward", "0"),
    "chains": ListedChain(4, "nat", "KUBE-SERVICES", ("-A KUBE-SERVICES -j ACCEPT",)),
    "ipsets": replace(IPSET, members=(Member(ONE),)),
    "virtual_servers": replace(VIRTUAL, scheduler="mh"),
    "sets": ListedSet(4, "cluster-ips", "set", ("type ipv4_addr", str(ONE))),
}
# no kernel shows these
UNSEEN = {"name", "reference", "role", "listeners", "translations"}
KINDS = [each.name for each in fields(Observed)]


def differences(found: Observed) -> tuple[Difference, ...]:
    """What differs where the node shows this."""
    return diff(STATE, {NAME: found, FAR.name: expected(FAR)})


def answered(found: Observed) -> tuple[int, int]:
    """How many lines drift has for this, and how many steps repair has."""
    differing = differences(found)
    return len(drift(STATE, differing)), len(repairs(STATE, differing, served=True))


def test_what_a_kernel_shows_is_every_piece_of_a_namespace() -> None:
    assert {each.name for each in fields(Netns)} - UNSEEN == {*KINDS} - {"other_links"}


def test_a_lab_as_its_state_has_no_difference() -> None:
    assert differences(SEEN) == ()
    assert answered(SEEN) == (0, 0)


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"other_links"}))  # lo cannot be deleted
def test_a_piece_that_is_missing_has_a_line_and_a_step(kind: str) -> None:
    first, *others = getattr(SEEN, kind)
    found = replace(SEEN, **{kind: tuple(others)})
    if kind == "chains":
        first = SEEN.chains[1]  # PREROUTING has no rules: it is not missed
        found = replace(SEEN, chains=(SEEN.chains[0], *SEEN.chains[2:]))
    assert differences(found) == (Missing(NAME, first),)
    lines, steps = answered(found)
    assert (lines > 0, steps > 0) == (True, True)


# Only the sysctls and the daemons of the State are looked for.
@pytest.mark.parametrize("kind", sorted({*KINDS} - {"sysctls", "daemons"}))
def test_a_piece_that_was_added_has_a_line_and_a_step(kind: str) -> None:
    found = replace(SEEN, **{kind: (*getattr(SEEN, kind), ADDED[kind])})
    assert differences(found) == (Added(NAME, ADDED[kind]),)
    lines, steps = answered(found)
    assert (lines > 0, steps > 0) == (True, True)


@pytest.mark.parametrize("kind", sorted({*KINDS} - {"daemons"}))  # a daemon shows no configuration
def test_a_piece_that_was_changed_has_a_line_and_a_step(kind: str) -> None:
    at = 1 if kind == "chains" else 0
    pieces = list(getattr(SEEN, kind))
    wanted, pieces[at] = pieces[at], CHANGED[kind]
    found = replace(SEEN, **{kind: tuple(pieces)})
    assert differences(found) == (Changed(NAME, wanted, CHANGED[kind]),)
    lines, steps = answered(found)
    assert (lines > 0, steps > 0) == (True, True)


TUNNEL = Vxlan(1, ONE, "eth0", 8472)
FIELDS: dict[str, Any] = {
    "kind": Kind.BRIDGE,
    "peer": None,
    "master": "cbr0",
    "addresses": (),
    "mac": "02:00:00:00:00:99",
    "hairpin": True,
    "up": False,
    "mtu": 1400,
    "vxlan": TUNNEL,
}


@pytest.mark.parametrize("name", [each.name for each in fields(Interface) if each.name != "name"])
def test_each_property_of_a_link_that_was_changed_has_a_line_and_a_step(name: str) -> None:
    lines, steps = answered(
        replace(SEEN, interfaces=(replace(LINK, **{name: FIELDS[name]}),)),
    )
    assert (lines, steps > 0) == (1, True)


def test_a_namespace_that_is_missing_and_one_that_was_added() -> None:
    mine = Netns("nsnet.demo.mine", "nsnet.demo.mine")
    observed = {mine.name: Observed(), FAR.name: expected(FAR)}
    assert diff(STATE, observed) == (Missing(NAME, NODE), Added(mine.name, mine))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (replace(NODE, routes=(replace(ROUTE, dev=None),)), SEEN),
        (replace(NODE, interfaces=(replace(LINK, mac=""),)), SEEN),
        (replace(NODE, interfaces=(replace(LINK, mtu=1500),)), SEEN),
        (
            replace(NODE, interfaces=(replace(LINK, kind=Kind.DUMMY),)),
            replace(SEEN, interfaces=(replace(LINK, kind=Kind.DUMMY, up=False),)),
        ),
        (NODE, replace(SEEN, sysctls=SEEN.sysctls[:1])),
        (
            replace(NODE, sysctls=(Sysctl("a", "1   2"),)),
            replace(SEEN, sysctls=(Sysctl("a", "1 2"),)),
        ),
        (NODE, replace(SEEN, chains=SEEN.chains[1:])),
        (NODE, replace(SEEN, chains=(*SEEN.chains, ListedChain(6, "raw", "OUTPUT")))),
        (NODE, replace(SEEN, ipsets=(replace(IPSET, members=IPSET.members[::-1]),))),
        (NODE, replace(SEEN, virtual_servers=(replace(VIRTUAL, servers=VIRTUAL.servers[::-1]),))),
        (
            NODE,
            replace(SEEN, sets=tuple(one._replace(lines=one.lines[::-1]) for one in SEEN.sets)),
        ),
    ],
    ids=[
        "a route leaves its interface open",
        "a link leaves its MAC address open",
        "an MTU of 1500 is the default",
        "a dummy link works without being up",
        "an older kernel lacks a sysctl",
        "the kernel writes a sysctl with single blanks",
        "a built-in chain without rules does not exist",
        "an empty built-in chain exists",
        "an ipset has no order",
        "real servers have no order",
        "an nftables set has no order",
    ],
)
def test_what_a_state_leaves_open_is_no_difference(wanted: Netns, found: Observed) -> None:
    assert diff(State("demo", (wanted,)), {NAME: found}) == ()


def test_of_two_routes_to_one_destination_only_the_other_was_added() -> None:
    other = replace(ROUTE, via=ONE)
    found = replace(SEEN, routes=(other, ROUTE))
    assert differences(found) == (Added(NAME, other),)
