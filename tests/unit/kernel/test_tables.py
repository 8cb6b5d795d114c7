"""What rtnetlink messages say is read back as the value they were made from; what the kernel adds
itself is left out."""

from dataclasses import replace
from typing import Any

import pytest
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from nsnet.kernel import rtnetlink, tables, uapi
from nsnet.kernel.netlink import encoded
from nsnet.plan.ops import FdbSet, NeighbourAdd, PolicyRuleAdd, RouteAdd
from nsnet.state.model import FdbEntry, Neighbour, PolicyRule, Route
from tests.support.labs import ip, net

NETNS = "nsnet.demo.n1"
INDEXES = {"eth0": 2, "cbr0": 3, "flannel.1": 4}
NAMES = {index: name for name, index in INDEXES.items()}
DIRECT = Route(net("10.244.0.0/24"), dev="cbr0")


@pytest.mark.parametrize(
    "route",
    [
        DIRECT,
        Route(net("10.244.1.0/24"), via=ip("192.168.0.2"), dev="eth0"),
        Route(net("fd00:1::/64"), via=ip("fd00::2"), dev="eth0"),
        Route(net("0.0.0.0/0"), via=ip("192.168.0.1"), dev="eth0"),
        Route(net("::/0"), via=ip("fd00::1"), dev="eth0"),
        Route(net("10.244.1.0/24"), via=ip("10.244.1.0"), dev="flannel.1", onlink=True),
        Route(net("10.244.1.0/24"), dev="eth0", nexthops=(ip("192.168.0.2"), ip("192.168.0.3"))),
        Route(net("10.0.0.0/8"), blackhole=True),
        Route(net("10.244.1.0/24"), via=ip("192.168.0.2"), dev="eth0", table=100, mtu=1450),
    ],
    ids=str,
)
def test_a_route_is_read_back_as_it_was_written(route: Route) -> None:
    message = rtnetlink.new_route(RouteAdd(NETNS, route), INDEXES)
    assert list(tables.routes([message], NAMES)) == [route]


def message_of(protocol: int = uapi.RTPROT_BOOT, **fields: Any) -> bytes:
    """A route to 10.244.0.0/24 out of cbr0, as the kernel dumps it."""
    message = rtmsg()
    message["family"], message["dst_len"], message["proto"] = 2, 24, protocol
    message["table"], message["type"] = uapi.RT_TABLE_MAIN, uapi.RTN_UNICAST
    message["attrs"] = [
        ("RTA_TABLE", uapi.RT_TABLE_MAIN),
        ("RTA_DST", "10.244.0.0"),
        ("RTA_OIF", 3),
    ]
    for name, value in fields.items():
        message[name] = value
    return encoded(message, uapi.RTM_NEWROUTE)


def test_a_route_of_bird_is_learned() -> None:
    found = tables.routes([message_of(uapi.RTPROT_BIRD)], NAMES)
    assert list(found) == [replace(DIRECT, learned=True)]


@pytest.mark.parametrize(
    "message",
    [
        message_of(uapi.RTPROT_KERNEL),
        message_of(table=uapi.RT_TABLE_LOCAL),
        message_of(flags=uapi.RTM_F_CLONED),
    ],
    ids=["of an address", "local", "cached"],
)
def test_what_the_kernel_adds_itself_is_left_out(message: bytes) -> None:
    assert list(tables.routes([message], NAMES)) == []


def test_next_hops_of_different_weights_are_several_routes() -> None:
    hops = [
        {"oif": 2, "flags": 0, "hops": weight, "attrs": [("RTA_GATEWAY", f"192.168.0.{weight}")]}
        for weight in (1, 2)
    ]
    message = message_of(attrs=[("RTA_DST", "10.244.1.0"), ("RTA_MULTIPATH", hops)])
    assert list(tables.routes([message], NAMES)) == [
        Route(net("10.244.1.0/24"), via=ip(f"192.168.0.{weight}"), dev="eth0") for weight in (1, 2)
    ]


RULE = PolicyRule(priority=100, mark=0x1, mask=0xFF, table=100)


@pytest.mark.parametrize(
    "rule", [RULE, replace(RULE, family=6), replace(RULE, iif="br-aks")], ids=str
)
def test_a_policy_rule_is_read_back_as_it_was_written(rule: PolicyRule) -> None:
    message = rtnetlink.new_policy_rule(PolicyRuleAdd(NETNS, rule), INDEXES)
    assert list(tables.policy_rules([message])) == [rule]


def rule_of(priority: int, table: int, *attrs: tuple[str, object]) -> bytes:
    message = fibmsg()
    message["family"], message["table"], message["action"] = 2, table, uapi.FR_ACT_TO_TBL
    message["attrs"] = [("FRA_PRIORITY", priority), ("FRA_TABLE", table), *attrs]
    return encoded(message, uapi.RTM_NEWRULE)


def test_the_kernels_default_policy_rules_are_left_out() -> None:
    defaults = [rule_of(0, 255), rule_of(32766, 254), rule_of(32767, 253)]
    assert list(tables.policy_rules(defaults)) == []


def test_a_policy_rule_with_a_match_that_no_state_has_is_foreign() -> None:
    (found,) = tables.policy_rules([rule_of(7, 254, ("FRA_OIFNAME", "eth0"))])
    assert (found.priority, found.table, found.foreign) == (7, 254, True)


@pytest.mark.parametrize("address", ["10.244.0.2", "fd00::2"])
def test_a_permanent_neighbour_is_read_back_as_it_was_written(address: str) -> None:
    neighbour = Neighbour(ip(address), "02:00:0a:f4:00:02", "cbr0")
    message = rtnetlink.set_neighbour(NeighbourAdd(NETNS, neighbour), INDEXES)
    assert list(tables.neighbours([message], NAMES)) == [neighbour]


def test_a_learned_neighbour_is_left_out() -> None:
    neighbour = Neighbour(ip("10.244.0.2"), "02:00:0a:f4:00:02", "cbr0")
    message = bytearray(rtnetlink.set_neighbour(NeighbourAdd(NETNS, neighbour), INDEXES))
    message[24:26] = (0x02).to_bytes(2, "little")  # NUD_REACHABLE
    assert list(tables.neighbours([bytes(message)], NAMES)) == []


def test_a_forwarding_entry_is_read_back_from_a_tunnel_alone() -> None:
    entry = FdbEntry("02:00:0a:f4:01:00", ip("192.168.0.2"), "flannel.1")
    message = rtnetlink.set_fdb(FdbSet(NETNS, entry), INDEXES)
    assert list(tables.fdb([message], NAMES, {4})) == [entry]
    assert list(tables.fdb([message], NAMES, {2})) == []
