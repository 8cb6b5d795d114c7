"""The steps from one lab to another: each finds what it needs, and what stays is not touched."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.features.compile import compile_state
from nsnet.plan.ops import (
    AddressAdd,
    BridgeAdd,
    DaemonReload,
    DaemonStart,
    DaemonStop,
    LinkDelete,
    LinkUp,
    Listen,
    NeighbourDelete,
    NeighbourForget,
    NetnsAdd,
    NetnsDelete,
    Op,
    RouteAdd,
    RouteDelete,
    RouteReplace,
    RoutesAwait,
    RulesLoad,
    ServersStart,
    SysctlSet,
    VethAdd,
)
from nsnet.plan.order import changes, plan
from nsnet.scenario.scale import scaled
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
from tests.support.world import World


def web(replicas: int) -> State:
    """The shipped ClusterIP lab after its Deployment was scaled."""
    scenario, old, _ = shipped("clusterip")
    new = scaled(scenario, "east", "deploy", "web", "default", replicas)
    return compile_state(resolve(new, old.assignment()))


def kinds(ops: list[Op]) -> list[str]:
    """The kinds of steps, each once, in order of appearance."""
    return list(dict.fromkeys(type(op).__name__ for op in ops))


# --- from nothing ---


@pytest.mark.parametrize("name", SHIPPED)
def test_every_step_finds_what_it_needs(name: str) -> None:
    state = shipped(name).state
    World().apply(plan(state)).holds(state)


def test_the_order_of_things() -> None:
    assert kinds(plan(shipped("clusterip").state)) == [
        "NetnsAdd",
        "ServersStart",  # first of all, for it takes its time to get ready
        "SysctlSet",  # before links exist, or they would be born with IPv6
        "BridgeAdd",
        "VethAdd",
        "LinkUp",
        "AddressAdd",
        "RouteAdd",
        "Listen",
        "RulesLoad",  # last: nobody is sent to an endpoint that does not listen yet
    ]


def test_a_cable_is_laid_from_the_bridge_that_it_is_plugged_into() -> None:
    laid = [op for op in plan(shipped("island-nat").state) if isinstance(op, VethAdd)]
    assert all(op.interface.master is not None for op in laid)


def test_a_plan_has_no_step_twice() -> None:
    ops = plan(shipped("island-nat").state)
    assert len(set(ops)) == len(ops)


def test_a_crowded_lab_knows_its_neighbours_beforehand() -> None:
    crowd = lab(workload("Deployment", "web", 30), clusters=("{name: east, nodes: 1}",)).state
    World().apply(plan(crowd)).holds(crowd)
    assert len(crowd["nsnet.lab.east.node.n1"].neighbours) == 30
    assert len(crowd["nsnet.lab.east.pod.default.web-0"].neighbours) == 30  # 29, and the bridge
    assert all(not each.neighbours for each in shipped("clusterip").state.netns)


# --- from one lab to another ---


@pytest.mark.parametrize("name", SHIPPED)
def test_between_equal_labs_there_is_nothing_to_do(name: str) -> None:
    assert changes(shipped(name).state, shipped(name).state) == []


@pytest.mark.parametrize("name", SHIPPED)
def test_to_nothing(name: str) -> None:
    state = shipped(name).state
    nothing = State(state.lab)
    World().apply([*plan(state), *changes(state, nothing)]).holds(nothing)


def test_another_endpoint_is_a_pod_and_rules_and_nothing_else() -> None:
    ops = changes(web(3), web(4))
    pod_netns = "nsnet.clusterip.east.pod.default.web-3"
    known = RulesLoad | VethAdd | NeighbourForget
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


def test_the_last_endpoint_takes_the_services_chains_with_it() -> None:
    ops = changes(web(1), web(0))
    loads = [op for op in ops if isinstance(op, RulesLoad)]
    assert [each.name.split("-")[1] for each in loads[0].deleted] == ["SVC", "SEP"]
    assert [f"{each.table} {each.name}" for each in loads[0].chains] == [
        "filter KUBE-SERVICES",  # refuses now
        "nat KUBE-SERVICES",  # dispatches no more
    ]
    assert [op for op in ops if isinstance(op, NetnsDelete)] == [
        NetnsDelete("nsnet.clusterip.east.pod.default.web-0")
    ]


def test_a_cable_is_cut_before_its_pod_goes() -> None:
    # The kernel takes a namespace apart when it finds the time: until then the node's end of the
    # cable would still be there, and a new pod of that name could not have it.
    # And both come last, when no rule sends anybody there any more.
    ops = changes(web(1), web(0))
    steps = ["RulesLoad", "Drain", "Unlisten", "LinkDelete", "NetnsDelete", "NeighbourForget"]
    assert kinds(ops) == steps
    assert [op for op in ops if isinstance(op, LinkDelete | NetnsDelete)] == [
        LinkDelete("nsnet.clusterip.east.node.n1", "web-0"),
        NetnsDelete("nsnet.clusterip.east.pod.default.web-0"),
    ]


def test_who_is_gone_is_forgotten_by_everybody_on_its_wire() -> None:
    both = (pod("client", spec="nodeName: n1"), pod("far", spec="nodeName: n2"))
    old = topology(*both, pod("web", spec="nodeName: n1"))
    new = resolve(written(*both), old.assignment())
    (address,) = next(each.addresses for each in old.clusters[0].pods if each.name == "web")
    ops = changes(compile_state(old), compile_state(new))
    assert [op for op in ops if isinstance(op, NeighbourForget)] == [
        NeighbourForget("nsnet.lab.east.node.n1", "cbr0", address),
        NeighbourForget("nsnet.lab.east.pod.default.client", "eth0", address),
    ]


def test_what_was_told_of_who_is_gone_is_deleted_and_need_not_be_forgotten() -> None:
    # A crowded lab's neighbours are permanent.
    one = ("{name: east, nodes: 1}",)
    old, new = (lab(workload("Deployment", "web", n), clusters=one).state for n in (30, 29))
    found = [op for op in changes(old, new) if isinstance(op, NeighbourDelete | NeighbourForget)]
    assert kinds([*found]) == ["NeighbourDelete"]


def test_who_comes_is_asked_for_anew_by_everybody_on_its_wire_before_any_rule_leads_there() -> None:
    # Who asked in vain for its address, when that was another's, would give up on all that waits.
    ops = changes(web(3), web(4))
    asked = [op for op in ops if isinstance(op, NeighbourForget)]
    (address,) = {op.address for op in asked}
    assert address in web(4)["nsnet.clusterip.east.pod.default.web-3"].addresses
    assert {(op.netns, op.dev) for op in asked} == {
        ("nsnet.clusterip.east.node.n2", "cbr0"),
        ("nsnet.clusterip.east.pod.default.web-1", "eth0"),
    }
    loads = [index for index, op in enumerate(ops) if isinstance(op, RulesLoad)]
    assert max(map(ops.index, asked)) < min(loads)


def test_in_a_new_lab_nobody_has_asked_for_anybody() -> None:
    assert [op for op in plan(web(2)) if isinstance(op, NeighbourForget)] == []


@pytest.mark.parametrize(("before", "after"), [(3, 5), (3, 1), (3, 0), (0, 3), (1, 2)])
def test_there_and_back_again(before: int, after: int) -> None:
    world = World().apply(plan(web(before)))
    world.apply(changes(web(before), web(after))).holds(web(after))
    world.apply(changes(web(after), web(before))).holds(web(before))


def test_a_new_port_of_a_pod_is_one_more_listener() -> None:
    two = "containers: [{ports: [{containerPort: 80}, {containerPort: 81}]}]"
    (op,) = changes(lab(pod("web")).state, lab(pod("web", spec=two)).state)
    assert isinstance(op, Listen)
    assert (op.netns, op.listener.port) == ("nsnet.lab.east.pod.default.web", 81)


def test_a_changed_setting_is_set() -> None:
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


def test_a_pod_that_moves_gets_a_cable_to_its_new_node() -> None:
    there = topology(pod("web", spec="nodeName: n1"))
    here = resolve(written(pod("web", spec="nodeName: n2")), there.assignment())
    old, new = compile_state(there), compile_state(here)
    ops = changes(old, new)
    assert [op for op in ops if isinstance(op, LinkDelete)] == [
        LinkDelete("nsnet.lab.east.node.n1", "web")  # its other end goes with it
    ]
    assert [op.netns for op in ops if isinstance(op, VethAdd)] == ["nsnet.lab.east.node.n2"]
    World().apply([*plan(old), *ops]).holds(new)


def test_a_pod_that_gets_another_address_gets_another_cable() -> None:
    # The MAC address follows from the address, so that nobody's ARP entry goes stale.
    old = compile_state(topology(pod("b")))
    new = compile_state(topology(pod("a"), pod("b"), clusters=("{name: east, nodes: 1}",)))
    ops = changes(old, new)
    assert LinkDelete("nsnet.lab.east.node.n1", "b") in ops
    World().apply([*plan(old), *ops]).holds(new)


def test_when_a_bridge_is_made_anew_so_are_its_ports() -> None:
    old = topology(pod("web"))
    far = ("{name: east, nodes: 2, podCIDR: 10.250.0.0/16}",)
    new = resolve(written(pod("web"), clusters=far), old.assignment())
    ops = changes(compile_state(old), compile_state(new))
    assert [op.interface.name for op in ops if isinstance(op, BridgeAdd)] == ["cbr0", "cbr0"]
    assert [op.interface.name for op in ops if isinstance(op, VethAdd)] == ["web"]
    World().apply([*plan(compile_state(old)), *ops]).holds(compile_state(new))


def test_a_host_outside_that_goes_takes_its_route_along() -> None:
    two = "externals:\n- {name: api, address: 203.0.113.80}\n- {name: log, address: 203.0.113.81}"
    one = "externals:\n- {name: api, address: 203.0.113.80}"
    old, new = lab(spec=two).state, lab(spec=one).state
    steps = ["RouteDelete", "LinkDelete", "NetnsDelete", "NeighbourForget"]
    assert kinds(changes(old, new)) == steps
    World().apply([*plan(old), *changes(old, new)]).holds(new)


def test_the_server_is_started_once() -> None:
    assert [type(op) for op in changes(web(0), web(3)) if isinstance(op, ServersStart)] == []
    assert sum(isinstance(op, ServersStart) for op in plan(web(3))) == 1


def test_only_what_is_new_is_brought_up() -> None:
    ops = changes(web(3), web(4))
    fresh = "nsnet.clusterip.east.pod.default.web-3"
    assert {op.netns for op in ops if isinstance(op, LinkUp | AddressAdd | NetnsAdd)} == {fresh}


# --- programs of the field ---


DAEMONS = DaemonStart | DaemonReload | DaemonStop | RoutesAwait
PROXIED = "{name: west, nodes: 1, gateway: {kind: proxy}}"
NATTED = PROXIED.replace("proxy", "nat")
SPOKEN = "{name: west, nodes: 2, model: flat, routing: bgp}"
WRITTEN = SPOKEN.replace(", routing: bgp", "")
GATEWAY, FABRIC, NODES = "west.gateway", "fabric", ("west.node.n1", "west.node.n2")


def served(cluster: str, replicas: int = 2, kind: str = "") -> State:
    """A cluster with an exported Service."""
    objects = workload("Deployment", "web", replicas), service("web", spec=kind), exported("web")
    return lab(*objects, clusters=(cluster,)).state


def tended(before: State, after: State) -> list[str]:
    """What is done to programs, and where."""
    return [
        f"{type(op).__name__} {op.netns.removeprefix('nsnet.lab.')}"
        for op in changes(before, after)
        if isinstance(op, DAEMONS)
    ]


@pytest.mark.parametrize(
    ("case", "before", "after", "steps"),
    [
        ("a proxy for a router", served(NATTED), served(PROXIED), [f"DaemonStart {GATEWAY}"]),
        ("a router for a proxy", served(PROXIED), served(NATTED), [f"DaemonStop {GATEWAY}"]),
        ("an endpoint more", served(PROXIED), served(PROXIED, 3), [f"DaemonReload {GATEWAY}"]),
        ("none any more", served(PROXIED), served(PROXIED, 0), [f"DaemonReload {GATEWAY}"]),
        ("nothing", served(PROXIED), served(PROXIED), []),
        ("something else", web(2), web(3), []),
        (
            "speakers for written routes",
            served(WRITTEN),
            served(SPOKEN),
            [
                *(f"DaemonStart {each}" for each in (FABRIC, *NODES)),
                *(f"RoutesAwait {each}" for each in (FABRIC, *NODES)),
            ],
        ),
        (
            "written routes for speakers, who take along what they have learned",
            served(SPOKEN),
            served(WRITTEN),
            [f"DaemonStop {each}" for each in (FABRIC, *NODES)],
        ),
        ("the same speakers", served(SPOKEN), served(SPOKEN), []),
    ],
)
def test_a_program_is_started_told_anew_or_ended(
    case: str, before: State, after: State, steps: list[str]
) -> None:
    assert tended(before, after) == steps, case


def test_a_program_ends_before_its_namespace_goes_and_after_its_clients_have_left() -> None:
    """The kernel would let it run on, in a namespace without a name."""
    old, nothing = served(PROXIED), State("lab")
    order = kinds(changes(old, nothing))
    assert order.index("DaemonStop") < order.index("NetnsDelete")
    assert order.index("Unlisten") < order.index("DaemonStop")
    World().apply(plan(old)).apply(changes(old, nothing)).holds(nothing)


def test_a_program_starts_when_its_addresses_and_routes_are_there() -> None:
    """It binds to addresses, and talks to neighbours."""
    for state in (served(PROXIED), served(SPOKEN)):
        order = kinds(plan(state))
        for before in ("LinkUp", "AddressAdd", "RouteAdd", "Listen", "RulesLoad"):
            assert order.index(before) < order.index("DaemonStart")


def test_the_routes_are_awaited_when_all_speak_and_are_told_what_there_is() -> None:
    state = served(SPOKEN)
    ops = [op for op in plan(state) if isinstance(op, DAEMONS)]
    assert kinds([*ops]) == ["DaemonStart", "RoutesAwait"]
    awaited = {
        op.netns: [(str(each.destination), *map(str, each.gateways)) for each in op.routes]
        for op in ops
        if isinstance(op, RoutesAwait)
    }
    (a, b) = (f"nsnet.lab.{each}" for each in NODES)
    assert awaited == {
        "nsnet.lab.fabric": [
            ("10.244.0.0/24", "192.168.10.2"),
            ("10.244.1.0/24", "192.168.10.3"),
            ("198.18.0.2/32", "192.168.10.2", "192.168.10.3"),
        ],
        a: [("10.244.1.0/24", "192.168.10.3")],
        b: [("10.244.0.0/24", "192.168.10.2")],
    }


def test_written_routes_stand_until_they_are_learned() -> None:
    ops = changes(served(WRITTEN), served(SPOKEN))
    learned = max(at for at, op in enumerate(ops) if isinstance(op, RoutesAwait))
    goes = [at for at, op in enumerate(ops) if isinstance(op, RouteDelete)]
    assert goes
    assert min(goes) > learned
    World().apply(plan(served(WRITTEN))).apply(ops).holds(served(SPOKEN))


def test_nobody_adds_or_deletes_a_route_that_is_learned() -> None:
    written = {
        op.route
        for before, after in ((State("lab"), served(SPOKEN)), (served(SPOKEN), State("lab")))
        for op in changes(before, after)
        if isinstance(op, RouteAdd | RouteDelete | RouteReplace)
    }
    assert written
    assert not any(each.learned for each in written)


def test_of_the_ipv6_addresses_of_a_link_only_the_first_is_spoken_with() -> None:
    """A gateway's own, not those of the Services that it exports."""
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
    """A lab that differs from the next in one or all of these."""
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


def test_tunnels_take_the_place_of_routes_between_nodes_in_both_families() -> None:
    routes, tunnels = (variant(each, 2, 1, False) for each in ("dual", "dual tunnels"))
    world = World().apply(plan(routes))
    world.apply(changes(routes, tunnels)).holds(tunnels)
    world.apply(changes(tunnels, routes)).holds(routes)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(before=variants, after=variants)
def test_from_any_lab_to_any_other_and_back(before: State, after: State) -> None:
    world = World().apply(plan(before))
    world.apply(changes(before, after)).holds(after)
    world.apply(changes(after, before)).holds(before)
