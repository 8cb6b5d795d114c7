"""The steps to proxyMode ipvs, from it, and within it, on a kernel of paper."""

from dataclasses import replace
from itertools import permutations

import pytest

from nsnet.features.compile import compile_state
from nsnet.plan.differences import diff
from nsnet.plan.drift import drift
from nsnet.plan.ops import (
    AddressAdd,
    DummyAdd,
    LinkDelete,
    Op,
    RulesLoad,
    SetsDelete,
    SetsLoad,
    VirtualServersLoad,
)
from nsnet.plan.order import changes, plan
from nsnet.state.model import Netns, State
from nsnet.state.namespaces import netns_name
from nsnet.state.observed import Observed, expected
from tests.support.labs import service, topology, workload
from tests.support.world import World

N1, N2 = (netns_name("lab", f"east.node.{each}") for each in ("n1", "n2"))


def web(mode: str = "ipvs", replicas: int = 2, ranges: str = "") -> State:
    """Two nodes with a Deployment web and two Services, one of them in front of it."""
    clusters = (f"{{name: east, nodes: 2, proxyMode: {mode}{ranges}}}",)
    objects = (workload("Deployment", "web", replicas), service("empty", app=""), service("web"))
    return compile_state(topology(*objects, clusters=clusters))


DUAL = ", podCIDR: '10.244.0.0/16,fd00:1::/56', serviceCIDR: '10.96.0.0/16,fd00:2::/112'"
DUAL += ", nodeCIDR: '192.168.10.0/24,fd00:3::/64'"


def at(name: str, ops: list[Op]) -> list[Op]:
    """The steps in this namespace that are about Services."""
    kinds = (DummyAdd, RulesLoad, SetsDelete, SetsLoad, VirtualServersLoad)
    return [each for each in ops if isinstance(each, kinds) and each.netns == name]


def kinds(ops: list[Op]) -> list[str]:
    return [type(op).__name__ for op in ops]


@pytest.mark.parametrize("ranges", ["", DUAL], ids=["IPv4", "dual stack"])
def test_every_step_follows_those_that_it_needs(ranges: str) -> None:
    state = web(ranges=ranges)
    World().apply(plan(state)).holds(state)
    assert plan(state) == changes(State("lab"), state)


def test_the_order_is_addresses_sets_rules_and_virtual_servers() -> None:
    ops = plan(web())
    steps = kinds(at(N1, ops))
    assert steps == ["DummyAdd", "SetsLoad", "RulesLoad", "VirtualServersLoad"]
    held = [op for op in ops if isinstance(op, AddressAdd) and op.dev == "kube-ipvs0"]
    assert [str(op.address) for op in held if op.netns == N1] == ["10.96.0.2/32", "10.96.0.3/32"]
    assert max(map(ops.index, held)) < ops.index(at(N1, ops)[1])


@pytest.mark.parametrize(("old", "new"), [*permutations(("iptables", "nftables", "ipvs"), 2)])
def test_a_change_of_proxy_mode_removes_all_pieces_of_the_old_one(old: str, new: str) -> None:
    before, after = web(old), web(new)
    World().apply(plan(before)).apply(changes(before, after)).holds(after)


def test_rules_are_removed_before_the_sets_that_they_use() -> None:
    ops = changes(web(), web("iptables"))
    assert kinds(at(N1, ops)) == ["RulesLoad", "VirtualServersLoad", "SetsDelete"]
    gone = [op for op in ops if isinstance(op, LinkDelete)]
    assert gone == [LinkDelete(N1, "kube-ipvs0"), LinkDelete(N2, "kube-ipvs0")]


def test_a_new_endpoint_changes_virtual_servers_and_no_rule() -> None:
    before, after = web(replicas=2), web(replicas=3)  # the third on n1
    ops = changes(before, after)
    World().apply(plan(before)).apply(ops).holds(after)
    loaded, balanced = at(N1, ops)
    assert isinstance(loaded, SetsLoad)
    assert [each.name for each in loaded.sets] == ["KUBE-LOOP-BACK"]
    assert isinstance(balanced, VirtualServersLoad)
    assert [str(each.address) for each in (*balanced.old, *balanced.new)] == ["10.96.0.3"] * 2
    assert [len(each.servers) for each in (*balanced.old, *balanced.new)] == [2, 3]
    assert kinds(at(N2, ops)) == ["VirtualServersLoad"]


def test_differences_are_listed_for_each_set_and_virtual_server() -> None:
    wanted, other = (state[N1] for state in (web(replicas=3), web(replicas=2)))
    state = State("lab", (wanted,))
    assert diff(state, {N1: seen(wanted)}) == ()
    lines = drift(state, diff(state, {N1: seen(wanted, other)}))
    server = "virtual server tcp 10.96.0.3:80 → 10.244.0.3:80 weight 1 is missing"
    member = "ipset KUBE-LOOP-BACK: 10.244.0.3,tcp:80,10.244.0.3 is missing"
    assert lines == [f"east/node/n1: {each}" for each in (member, server)]


def seen(netns: Netns, balance: Netns | None = None) -> Observed:
    """What a node shows that is as it should be, but for the IPVS of another State."""
    of = balance or netns
    return replace(expected(netns), ipsets=of.ipsets, virtual_servers=of.virtual_servers)
