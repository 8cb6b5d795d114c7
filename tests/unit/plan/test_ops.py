"""Each field of what an Op holds is written, in the shell and over netlink, or refused."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from nsnet.ip import Protocol
from nsnet.kernel import rtnetlink
from nsnet.plan.ops import (
    AddressAdd,
    AddressDelete,
    BridgeAdd,
    ConntrackDelete,
    DummyAdd,
    FdbDelete,
    FdbSet,
    LinkDelete,
    LinkDown,
    LinkUp,
    MtuSet,
    NeighbourAdd,
    NeighbourDelete,
    NeighbourFlush,
    Op,
    PolicyRuleAdd,
    PolicyRuleDelete,
    RouteAdd,
    RouteDelete,
    RouteReplace,
    RulesLoad,
    SysctlSet,
    TableLoad,
    VethAdd,
    VirtualServersLoad,
    VxlanAdd,
)
from nsnet.plan.shell import render
from nsnet.state.model import (
    FdbEntry,
    Interface,
    Kind,
    Neighbour,
    Peer,
    PolicyRule,
    RealServer,
    Route,
    Sysctl,
    VirtualServer,
    Vxlan,
)
from nsnet.state.rules import KUBE_PROXY, Chain
from tests.support.labs import held, ip, net

INDEXES = {"eth0": 2, "eth1": 3, "cbr0": 4, "web": 5, "other": 6, "flannel.1": 7}
BRIDGE = Interface("cbr0", Kind.BRIDGE, mac="02:00:00:00:00:01")
DUMMY = Interface("other", Kind.DUMMY, mac="02:00:00:00:00:01")
VETH = Interface("web", mac="02:00:00:00:00:01")
PEER = Interface("eth0", mac="02:00:00:00:00:02")
TUNNEL = Vxlan(1, ip("10.0.0.1"), "eth0", 8472)
VXLAN = Interface("flannel.1", Kind.VXLAN, mac="02:00:00:00:00:01", vxlan=TUNNEL)
VIA = Route(net("10.1.0.0/24"), via=ip("10.0.0.2"), dev="eth0")
HOPS = Route(net("10.1.0.0/24"), dev="eth0", nexthops=(ip("10.0.0.2"), ip("10.0.0.3")))
RULE = PolicyRule(101, 0x1, 0xFF, 101)
NEIGHBOUR = Neighbour(ip("10.0.0.2"), "02:00:00:00:00:02", "eth0")
ENTRY = FdbEntry("02:00:00:00:00:02", ip("10.0.0.2"), "eth0")
REAL = RealServer(ip("10.244.0.2"), 80)
SERVER = VirtualServer(ip("10.96.0.2"), Protocol.TCP, 80, "rr", servers=(REAL,))

# What another Op says, or nothing has to.
ELSEWHERE = {
    Interface: {
        "kind",  # each kind has its Op
        "peer",  # VethAdd holds both ends
        "addresses",  # AddressAdd
        "up",  # LinkUp, LinkDown
        "mtu",  # MtuSet
    },
    Route: {"why"},
    PolicyRule: {"why"},
    Sysctl: {"dev"},  # only when to set it
}

# An Op with a value of some type in it, the value, other values of its fields, and the fields that
# the Op refuses.
CASES: list[tuple[str, Callable[[Any], Op], Any, dict[str, Any], dict[str, Any]]] = [
    (
        "BridgeAdd",
        lambda link: BridgeAdd("n", link),
        BRIDGE,
        {"name": "other", "mac": PEER.mac},
        {"master": "eth0", "hairpin": True, "vxlan": TUNNEL},
    ),
    (
        "DummyAdd",
        lambda link: DummyAdd("n", link),
        DUMMY,
        {"name": "cbr0", "mac": PEER.mac},
        {"master": "cbr0", "hairpin": True, "vxlan": TUNNEL},
    ),
    (
        "VxlanAdd",
        lambda link: VxlanAdd("n", link),
        VXLAN,
        {"name": "other", "mac": PEER.mac, "vxlan": replace(TUNNEL, vni=2)},
        {"master": "cbr0", "hairpin": True},
    ),
    (
        "VxlanAdd, its tunnel",
        lambda tunnel: VxlanAdd("n", replace(VXLAN, vxlan=tunnel)),
        TUNNEL,
        {"vni": 2, "local": ip("fd00::1"), "dev": "eth1", "port": 4789},
        {},
    ),
    (
        "VethAdd, this end",
        lambda link: VethAdd("n", link, "m", PEER),
        VETH,
        {"name": "other", "mac": PEER.mac, "master": "cbr0", "hairpin": True},
        {"vxlan": TUNNEL},
    ),
    (
        "VethAdd, the other end",
        lambda link: VethAdd("n", VETH, "m", link),
        PEER,
        {"name": "eth1", "mac": VETH.mac},
        {"master": "cbr0", "hairpin": True, "vxlan": TUNNEL},
    ),
    (
        "RouteAdd",
        lambda route: RouteAdd("n", route),
        VIA,
        {
            "destination": net("10.2.0.0/24"),
            "via": ip("10.0.0.9"),
            "dev": "eth1",
            "onlink": True,
            "table": 101,
            "mtu": 1400,
        },
        {"nexthops": HOPS.nexthops, "blackhole": True, "learned": True},
    ),
    (
        "RouteReplace, next hops",
        lambda route: RouteReplace("n", route),
        HOPS,
        {
            "destination": net("10.2.0.0/24"),
            "dev": "eth1",
            "onlink": True,
            "nexthops": HOPS.nexthops[:1],
            "table": 101,
            "mtu": 1400,
        },
        {"via": ip("10.0.0.2"), "blackhole": True, "learned": True},
    ),
    (
        "RouteAdd, a blackhole",
        lambda route: RouteAdd("n", route),
        Route(net("10.1.0.0/24"), blackhole=True),
        {"destination": net("10.2.0.0/24"), "table": 101, "blackhole": False},
        {
            "via": ip("10.0.0.2"),
            "dev": "eth0",
            "onlink": True,
            "nexthops": HOPS.nexthops,
            "mtu": 1400,
            "learned": True,
        },
    ),
    (
        "PolicyRuleAdd",
        lambda rule: PolicyRuleAdd("n", rule),
        RULE,
        {"priority": 102, "mark": 0x2, "mask": 0xFFFF, "table": 102, "family": 6, "iif": "lo"},
        {"foreign": True},
    ),
    (
        "NeighbourAdd",
        lambda neighbour: NeighbourAdd("n", neighbour),
        NEIGHBOUR,
        {"address": ip("10.0.0.3"), "mac": "02:00:00:00:00:03", "dev": "eth1"},
        {},
    ),
    (
        "FdbSet",
        lambda entry: FdbSet("n", entry),
        ENTRY,
        {"mac": "02:00:00:00:00:03", "dst": ip("10.0.0.3"), "dev": "eth1"},
        {},
    ),
    (
        "SysctlSet",
        lambda sysctl: SysctlSet("n", sysctl),
        Sysctl("net.ipv4.ip_forward", "1"),
        {"key": "net.ipv4.ip_default_ttl", "value": "0", "if_present": True},
        {},
    ),
    (
        "VirtualServersLoad",
        lambda server: VirtualServersLoad("n", (), (server,)),
        SERVER,
        {
            "address": ip("10.96.0.3"),
            "protocol": Protocol.UDP,
            "port": 81,
            "scheduler": "mh",
            "servers": (),
            "persistent": 60,
        },
        {},
    ),
    (
        "VirtualServersLoad, a real server",
        lambda real: VirtualServersLoad("n", (), (replace(SERVER, servers=(real,)),)),
        REAL,
        {"address": ip("10.244.0.3"), "port": 81, "weight": 2},
        {},
    ),
]
NAMED = [pytest.param(*case, id=name) for name, *case in CASES]

MESSAGES: dict[type[Op], Callable[[Any], list[bytes]]] = {
    BridgeAdd: lambda op: [rtnetlink.bridge(op, INDEXES)],
    DummyAdd: lambda op: [rtnetlink.dummy(op, INDEXES)],
    VxlanAdd: lambda op: [rtnetlink.vxlan(op, INDEXES)],
    VethAdd: lambda op: [
        rtnetlink.veth(op, INDEXES, INDEXES, 9),
        *([rtnetlink.hairpin(op, INDEXES)] if op.interface.hairpin else []),
    ],
    RouteAdd: lambda op: [rtnetlink.new_route(op, INDEXES)],
    RouteReplace: lambda op: [rtnetlink.replace_route(op, INDEXES)],
    PolicyRuleAdd: lambda op: [rtnetlink.new_policy_rule(op, INDEXES)],
    NeighbourAdd: lambda op: [rtnetlink.set_neighbour(op, INDEXES)],
    FdbSet: lambda op: [rtnetlink.set_fdb(op, INDEXES)],
}


@pytest.mark.parametrize(("make", "value", "others", "refused"), NAMED)
def test_every_field_is_written_or_refused(
    make: Callable[[Any], Op], value: Any, others: dict[str, Any], refused: dict[str, Any]
) -> None:
    known = {*others, *refused, *ELSEWHERE.get(type(value), ())}
    assert known == {each.name for each in fields(value)}


@pytest.mark.parametrize(("make", "value", "others", "refused"), NAMED)
def test_another_value_of_a_field_is_another_command(
    make: Callable[[Any], Op], value: Any, others: dict[str, Any], refused: dict[str, Any]
) -> None:
    commands = {render(make(replace(value, **{name: other}))) for name, other in others.items()}
    assert len(commands | {render(make(value))}) == 1 + len(others)


@pytest.mark.parametrize(
    ("make", "value", "others", "refused"),
    [each for each in NAMED if type(each.values[0](each.values[1])) in MESSAGES],  # type: ignore[operator]
)
def test_another_value_of_a_field_is_another_message(
    make: Callable[[Any], Op], value: Any, others: dict[str, Any], refused: dict[str, Any]
) -> None:
    ops = [make(value), *(make(replace(value, **{name: other})) for name, other in others.items())]
    messages = {tuple(MESSAGES[type(op)](op)) for op in ops}
    assert len(messages) == 1 + len(others)


@pytest.mark.parametrize(("make", "value", "others", "refused"), NAMED)
def test_what_no_writer_can_say_is_refused(
    make: Callable[[Any], Op], value: Any, others: dict[str, Any], refused: dict[str, Any]
) -> None:
    for name, other in refused.items():
        with pytest.raises(AssertionError, match="cannot be set by this Op"):
            make(replace(value, **{name: other}))


def test_what_is_said_elsewhere_is_no_reason_to_refuse_a_link() -> None:
    link = replace(
        VETH, peer=Peer("m", "eth0"), addresses=(held("10.0.0.1/24"),), up=False, mtu=1400
    )
    assert render(VethAdd("n", link, "m", PEER)) == render(VethAdd("n", VETH, "m", PEER))


CHAIN, CHAIN_OF_NFT = Chain("nat", "A"), Chain(KUBE_PROXY, "a")

# Ops, and other values of their own fields.
OPS: list[tuple[Op, dict[str, Any]]] = [
    (
        AddressAdd("n", "eth0", held("10.0.0.1/24")),
        {"dev": "eth1", "address": held("10.0.0.2/24"), "deprecated": True},
    ),
    (
        AddressDelete("n", "eth0", held("10.0.0.1/24")),
        {"dev": "eth1", "address": held("10.0.0.2/24")},
    ),
    (LinkDelete("n", "eth0"), {"name": "eth1"}),
    (LinkUp("n", "eth0"), {"name": "eth1"}),
    (LinkDown("n", "eth0"), {"name": "eth1"}),
    (MtuSet("n", "eth0", 1400), {"dev": "eth1", "mtu": 1450}),
    (RouteDelete("n", VIA), {"route": replace(VIA, table=101)}),
    (PolicyRuleDelete("n", RULE), {"rule": replace(RULE, priority=102)}),
    (NeighbourDelete("n", NEIGHBOUR), {"neighbour": replace(NEIGHBOUR, dev="eth1")}),
    (NeighbourFlush("n", "eth0", ip("10.0.0.2")), {"dev": "eth1", "address": ip("10.0.0.3")}),
    (FdbDelete("n", ENTRY), {"entry": replace(ENTRY, dst=ip("10.0.0.3"))}),
    (RulesLoad("n", 4, ()), {"family": 6, "chains": (CHAIN,), "deleted": (CHAIN,)}),
    (
        TableLoad("n", 4, (), (CHAIN_OF_NFT,)),
        {"family": 6, "old": (CHAIN_OF_NFT,), "new": (), "whole": True},
    ),
    (
        ConntrackDelete("n", 4, None, 53),
        {"family": 6, "destination": ip("10.0.0.2"), "dport": 54, "endpoint": ip("10.0.0.3")},
    ),
]
OWN_MESSAGES: dict[type[Op], Callable[[Any, rtnetlink.Indexes], bytes]] = {
    AddressAdd: rtnetlink.new_address,
    AddressDelete: rtnetlink.delete_address,
    LinkUp: rtnetlink.link_up,
    LinkDown: rtnetlink.link_down,
    MtuSet: rtnetlink.mtu,
    RouteDelete: rtnetlink.delete_route,
    PolicyRuleDelete: rtnetlink.delete_policy_rule,
    NeighbourDelete: rtnetlink.delete_neighbour,
    NeighbourFlush: rtnetlink.flush_neighbour,
    FdbDelete: rtnetlink.delete_fdb,
}


@pytest.mark.parametrize(("op", "others"), OPS, ids=lambda each: type(each).__name__)
def test_each_field_of_an_op_itself_is_written(op: Op, others: dict[str, Any]) -> None:
    assert {*others, "netns"} == {each.name for each in fields(op)}
    changed: list[Op] = [replace(op, **{name: other}) for name, other in others.items()]
    assert len({render(each) for each in (op, *changed)}) == 1 + len(others)
    if message := OWN_MESSAGES.get(type(op)):
        assert len({message(each, INDEXES) for each in (op, *changed)}) == 1 + len(others)
