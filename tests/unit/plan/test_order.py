"""Which Ops change one lab into another, and in which order."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.features.compile import compile_state
from nsnet.plan.ops import (
    AddressAdd,
    BridgeAdd,
    DummyAdd,
    LinkDelete,
    LinkUp,
    Listen,
    NeighbourFlush,
    NetnsAdd,
    NetnsDelete,
    Op,
    RulesLoad,
    ServersStart,
    SysctlSet,
    VethAdd,
    VxlanAdd,
)
from nsnet.plan.order import changes, plan
from nsnet.state.model import State
from nsnet.topology.resolve import resolve
from tests.support.labs import (
    SHIPPED,
    exported,
    lab,
    pod,
    service,
    shipped,
    topology,
    workload,
    written,
)
from tests.support.plans import kinds, web
from tests.support.world import World

# --- from nothing ---


@pytest.mark.parametrize("name", SHIPPED)
def test_every_op_finds_what_it_needs(name: str) -> None:
    state = shipped(name).state
    World().apply(plan(state)).holds(state)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_kernel_lists_addressed_links_in_the_order_of_the_state(name: str) -> None:
    """The model takes the first address of the State where the kernel takes that of its list."""
    state = shipped(name).state
    assert listed(plan(state)) == {
        each.name: [link.name for link in each.interfaces if link.addresses]
        for each in state.netns
        if any(link.addresses for link in each.interfaces)
    }


def test_eth0_stays_the_first_link_when_it_is_recreated() -> None:
    state = lab(pod("web"), clusters=("{name: east, nodes: 1, cni: vxlan}",)).state
    node = state["nsnet.lab.east.node.n1"]
    cut = replace(node, interfaces=tuple(each for each in node.interfaces if each.name != "eth0"))
    old = replace(state, netns=tuple(cut if each is node else each for each in state.netns))
    assert listed(changes(old, state))[node.name] == ["eth0", "cbr0", "flannel.1"]


def listed(ops: Sequence[Op]) -> dict[str, list[str]]:
    """Return the links with addresses that Ops create in each namespace, in this order."""
    created: dict[str, list[str]] = {}
    addressed = {(each.netns, each.dev) for each in ops if isinstance(each, AddressAdd)}
    for op in ops:
        match op:
            case BridgeAdd(netns, link) | DummyAdd(netns, link) | VxlanAdd(netns, link):
                ends = [(netns, link.name)]
            case VethAdd(netns, link, far, peer):
                ends = [(netns, link.name), (far, peer.name)]
            case _:
                ends = []
        for netns, name in ends:
            if (netns, name) in addressed:
                created.setdefault(netns, []).append(name)
    return created


def test_the_order_of_ops() -> None:
    assert kinds(plan(shipped("clusterip").state)) == [
        "NetnsAdd",
        "ServersStart",  # early: it takes time until it is ready
        "SysctlSet",  # before links exist: they inherit disable_ipv6
        "BridgeAdd",
        "VethAdd",
        "LinkUp",
        "AddressAdd",
        "RouteAdd",
        "Listen",
        "RulesLoad",  # last: no packet is sent to an endpoint that does not listen yet
    ]


def test_a_veth_pair_is_created_from_the_end_that_is_a_port_of_a_bridge() -> None:
    created = [op for op in plan(shipped("island-nat").state) if isinstance(op, VethAdd)]
    assert all(op.interface.master is not None for op in created)


def test_a_plan_has_no_op_twice() -> None:
    ops = plan(shipped("island-nat").state)
    assert len(set(ops)) == len(ops)


# --- from one lab to another ---


@pytest.mark.parametrize("name", SHIPPED)
def test_between_equal_labs_there_are_no_ops(name: str) -> None:
    assert changes(shipped(name).state, shipped(name).state) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_a_lab_is_removed(name: str) -> None:
    state = shipped(name).state
    nothing = State(state.lab)
    World().apply([*plan(state), *changes(state, nothing)]).holds(nothing)


def test_another_endpoint_is_a_pod_and_rules_and_nothing_else() -> None:
    ops = changes(web(3), web(4))
    pod_netns = "nsnet.clusterip.east.pod.default.web-3"
    known = RulesLoad | VethAdd | NeighbourFlush
    assert {op.netns for op in ops if not isinstance(op, known)} == {pod_netns}
    assert [(op.netns, op.peer_netns) for op in ops if isinstance(op, VethAdd)] == [
        ("nsnet.clusterip.east.node.n2", pod_netns)
    ]
    loaded = {
        op.netns: [f"{each.table} {each.name}" for each in op.chains]
        for op in ops
        if isinstance(op, RulesLoad)
    }
    assert list(loaded) == ["nsnet.clusterip.east.node.n1", "nsnet.clusterip.east.node.n2"]
    assert [each.split("-")[1] for each in loaded["nsnet.clusterip.east.node.n1"]] == ["SVC", "SEP"]


def test_with_its_last_endpoint_a_service_loses_its_chains() -> None:
    ops = changes(web(1), web(0))
    loads = [op for op in ops if isinstance(op, RulesLoad)]
    assert [each.name.split("-")[1] for each in loads[0].deleted] == ["SVC", "SEP"]
    assert [f"{each.table} {each.name}" for each in loads[0].chains] == [
        "filter KUBE-SERVICES",  # rejects now
        "nat KUBE-SERVICES",  # no longer jumps to the Service
    ]
    assert [op for op in ops if isinstance(op, NetnsDelete)] == [
        NetnsDelete("nsnet.clusterip.east.pod.default.web-0")
    ]


def test_a_veth_pair_is_deleted_before_the_namespace_of_its_pod() -> None:
    # The kernel takes a namespace apart in its own time: until then the node's end of the veth pair
    # would exist, and its name would not be free for a new pod of that name.
    # And both come last, when no rule leads there any more.
    ops = changes(web(1), web(0))
    steps = ["RulesLoad", "Drain", "Unlisten", "LinkDelete", "NetnsDelete", "NeighbourFlush"]
    assert kinds(ops) == steps
    assert [op for op in ops if isinstance(op, LinkDelete | NetnsDelete)] == [
        LinkDelete("nsnet.clusterip.east.node.n1", "web-0"),
        NetnsDelete("nsnet.clusterip.east.pod.default.web-0"),
    ]


@pytest.mark.parametrize(("before", "after"), [(3, 5), (3, 1), (3, 0), (0, 3), (1, 2)])
def test_a_deployment_is_scaled_and_scaled_back(before: int, after: int) -> None:
    world = World().apply(plan(web(before)))
    world.apply(changes(web(before), web(after))).holds(web(after))
    world.apply(changes(web(after), web(before))).holds(web(before))


def test_a_new_port_of_a_pod_is_one_more_listener() -> None:
    two = "containers: [{ports: [{containerPort: 80}, {containerPort: 81}]}]"
    (op,) = changes(lab(pod("web")).state, lab(pod("web", spec=two)).state)
    assert isinstance(op, Listen)
    assert (op.netns, op.listener.port) == ("nsnet.lab.east.pod.default.web", 81)


def test_a_sysctl_that_differs_is_set() -> None:
    state = shipped("one-node").state
    node = state["nsnet.one-node.east.node.n1"]
    strict = tuple(
        replace(each, value="1") if each.key.endswith("all.rp_filter") else each
        for each in node.sysctls
    )
    other = replace(
        state,
        netns=tuple(
            replace(node, sysctls=strict) if each is node else each for each in state.netns
        ),
    )
    (op,) = changes(state, other)
    assert isinstance(op, SysctlSet)
    assert (op.sysctl.key, op.sysctl.value) == ("net.ipv4.conf.all.rp_filter", "1")


def test_a_pod_that_moves_gets_a_veth_pair_to_its_new_node() -> None:
    on_n1 = topology(pod("web", spec="nodeName: n1"))
    on_n2 = resolve(written(pod("web", spec="nodeName: n2")), on_n1.assignment())
    old, new = compile_state(on_n1), compile_state(on_n2)
    ops = changes(old, new)
    assert [op for op in ops if isinstance(op, LinkDelete)] == [
        LinkDelete("nsnet.lab.east.node.n1", "web")  # its other end is deleted with it
    ]
    assert [op.netns for op in ops if isinstance(op, VethAdd)] == ["nsnet.lab.east.node.n2"]
    World().apply([*plan(old), *ops]).holds(new)


def test_a_pod_that_gets_another_address_gets_another_veth_pair() -> None:
    # The MAC address follows from the IP address, so that no ARP entry is outdated.
    old = compile_state(topology(pod("b")))
    new = compile_state(topology(pod("a"), pod("b"), clusters=("{name: east, nodes: 1}",)))
    ops = changes(old, new)
    assert LinkDelete("nsnet.lab.east.node.n1", "b") in ops
    World().apply([*plan(old), *ops]).holds(new)


def test_when_a_bridge_is_recreated_so_are_its_ports() -> None:
    old = topology(pod("web"))
    far = ("{name: east, nodes: 2, podCIDR: 10.250.0.0/16}",)
    new = resolve(written(pod("web"), clusters=far), old.assignment())
    ops = changes(compile_state(old), compile_state(new))
    assert [op.interface.name for op in ops if isinstance(op, BridgeAdd)] == ["cbr0", "cbr0"]
    assert [op.interface.name for op in ops if isinstance(op, VethAdd)] == ["web"]
    World().apply([*plan(compile_state(old)), *ops]).holds(compile_state(new))


def test_the_route_to_a_removed_external_host_is_deleted() -> None:
    two = "externals:\n- {name: api, address: 203.0.113.80}\n- {name: log, address: 203.0.113.81}"
    one = "externals:\n- {name: api, address: 203.0.113.80}"
    old, new = lab(spec=two).state, lab(spec=one).state
    steps = ["RouteDelete", "LinkDelete", "NetnsDelete", "NeighbourFlush"]
    assert kinds(changes(old, new)) == steps
    World().apply([*plan(old), *changes(old, new)]).holds(new)


def test_the_server_is_started_once() -> None:
    assert [type(op) for op in changes(web(0), web(3)) if isinstance(op, ServersStart)] == []
    assert sum(isinstance(op, ServersStart) for op in plan(web(3))) == 1


def test_only_new_links_are_set_up() -> None:
    ops = changes(web(3), web(4))
    fresh = "nsnet.clusterip.east.pod.default.web-3"
    assert {op.netns for op in ops if isinstance(op, LinkUp | AddressAdd | NetnsAdd)} == {fresh}


# --- links ---


def test_of_the_ipv6_addresses_of_a_link_only_the_first_is_a_source_address() -> None:
    """A gateway sends from its own address, not from those of the Services that it exports."""
    cluster = f"{{name: east, nodes: 1, gateway: {{kind: nat}}{DUAL}}}"
    dual = service("web", spec="ipFamilyPolicy: RequireDualStack")
    built = lab(
        pod("web", labels="app: web"),
        dual,
        exported("web"),
        clusters=(cluster,),
        spec="fabricCIDR: 198.18.0.0/16,fd98::/64",
    )
    added = [op for op in plan(built.state) if isinstance(op, AddressAdd) and op.dev == "eth1"]
    assert [(str(op.address), op.deprecated) for op in added] == [
        ("198.18.0.2/16", False),
        ("fd98::2/64", False),
        ("198.18.0.3/32", False),
        ("fd98::3/128", True),
    ]


# --- any change ---


DUAL = (
    ", podCIDR: '10.244.0.0/16,fd00:10:244::/56', serviceCIDR: '10.96.0.0/16,fd00:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'"
)
CLUSTERS = {
    "island": "",
    "flat": ", model: flat",
    "isolated": ", model: isolated",
    "gateway": ", gateway: {kind: nat}",
    "proxy": ", gateway: {kind: proxy}",
    "bgp": ", model: flat, routing: bgp",
    "other pods": ", podCIDR: 10.250.0.0/16",
    "other nodes": ", nodeCIDR: 192.168.77.0/24",
    "tunnels": ", cni: vxlan",
    "tunnels, too wide": ", cni: vxlan, mtu: 1500",
    "narrow": ", mtu: 1400",
    "dual": DUAL,
    "dual tunnels": f"{DUAL}, cni: vxlan",
}


@cache
def variant(model: str, nodes: int, replicas: int, host: bool) -> State:
    """Return a lab that differs from the others in one or more of these."""
    found = lab(
        pod("client", spec="hostNetwork: true" if host else ""),
        workload("Deployment", "web", replicas),
        workload("DaemonSet", "agent"),
        service("web"),
        *([exported("web")] if model in ("gateway", "proxy", "bgp") else []),
        clusters=(f"{{name: east, nodes: {nodes}{CLUSTERS[model]}}}",),
    )
    return found.state


variants = st.builds(
    variant,
    st.sampled_from(sorted(CLUSTERS)),
    st.integers(1, 3),
    st.integers(0, 3),
    st.booleans(),
)


def test_vxlan_tunnels_replace_routes_between_nodes_in_both_families() -> None:
    routes, tunnels = (variant(each, 2, 1, False) for each in ("dual", "dual tunnels"))
    world = World().apply(plan(routes))
    world.apply(changes(routes, tunnels)).holds(tunnels)
    world.apply(changes(tunnels, routes)).holds(routes)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(before=variants, after=variants)
def test_any_lab_changes_into_any_other_and_back(before: State, after: State) -> None:
    world = World().apply(plan(before))
    world.apply(changes(before, after)).holds(after)
    world.apply(changes(after, before)).holds(before)
