"""The load balancer in front of a cluster: the nodes that it sends to, and the packets' paths."""

from dataclasses import replace

import pytest

from nsnet.features.compile import compile_state
from nsnet.ip import Protocol
from nsnet.plan.ops import (
    Listen,
    ListenerReplace,
    Op,
    RouteAdd,
    RouteDelete,
    RouteReplace,
    RulesLoad,
    Unlisten,
)
from nsnet.plan.order import changes, plan
from nsnet.state.iptables_text import line
from nsnet.state.model import HealthCheck, Route, State
from nsnet.topology.model import Topology
from nsnet.walk.walker import walk
from tests.support.labs import answering, in_clusters, ip, net, offered, pod, service, topology
from tests.support.world import World

VIP = "172.18.0.1"
FABRIC = "nsnet.lab.fabric"
CLIENT = "nsnet.lab.external.client"
OUTSIDE = "externals:\n- {name: client, address: 203.0.113.9}"
GATEWAY = ", gateway: {kind: nat}"
DUAL = (
    ", podCIDR: '10.244.0.0/16,fd00:10:244::/56', serviceCIDR: '10.96.0.0/16,fd00:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'"
)


def balanced(
    *on: str, local: bool = False, more: str = "", nodes: int = 3, vips: tuple[str, ...] = (VIP,)
) -> Topology:
    """Return a lab with a LoadBalancer Service that has an endpoint on each of these nodes."""
    web = [
        pod(f"web-{number}", labels="app: web", spec=f"nodeName: {node}")
        for number, node in enumerate(on)
    ]
    found = topology(
        *web,
        service("web"),
        clusters=(f"{{name: east, nodes: {nodes}{more}}}",),
        spec=OUTSIDE,
    )
    return offered(found, "web", *vips, local=local, health=32000 if local else None)


def routes(state: State, netns: str, to: str = VIP) -> list[Route]:
    """Return the routes to this one address."""
    return [each for each in state[netns].routes if each.destination == net(to)]


def gateways(found: Topology, netns: str = FABRIC, to: str = VIP) -> str:
    """Return the next hops of the one route to the load balancer's address."""
    (route,) = routes(compile_state(found), netns, to)
    return "black hole" if route.blackhole else " ".join(map(str, route.gateways))


@pytest.mark.parametrize(
    ("on", "local", "leads_to"),
    [
        ("n1", False, "192.168.0.2 192.168.0.3 192.168.0.4"),  # every node passes it on
        ("", False, "192.168.0.2 192.168.0.3 192.168.0.4"),  # and every node refuses
        ("n1 n2 n3", True, "192.168.0.2 192.168.0.3 192.168.0.4"),
        ("n3 n1", True, "192.168.0.2 192.168.0.4"),
        ("n2 n2", True, "192.168.0.3"),
        ("", True, "black hole"),
    ],
)
def test_a_load_balancer_sends_to_the_nodes_that_are_healthy(
    on: str, local: bool, leads_to: str
) -> None:
    more = ", nodeCIDR: 192.168.0.0/24"
    assert gateways(balanced(*on.split(), local=local, more=more)) == leads_to


@pytest.mark.parametrize(("ready", "terminating"), [(False, False), (False, True)])
def test_an_endpoint_that_is_not_ready_makes_no_node_healthy(
    ready: bool, terminating: bool
) -> None:
    found = balanced("n1", "n2", local=True, more=", nodeCIDR: 192.168.0.0/24")
    (cluster,) = found.clusters
    (web,) = cluster.services
    (port,) = web.ports
    first, second = port.endpoints
    going = replace(first, ready=ready, terminating=terminating)
    port = replace(port, endpoints=(going, second))
    cluster = replace(cluster, services=(replace(web, ports=(port,)),))
    assert gateways(replace(found, clusters=(cluster,))) == "192.168.0.3"


def test_the_gateway_of_an_island_spreads_flows_over_its_nodes() -> None:
    found = balanced(
        "n1", "n2", local=True, more=f"{GATEWAY}, nodeCIDR: 192.168.0.0/24", vips=(VIP,)
    )
    (cluster,) = found.clusters
    assert gateways(found) == str(cluster.gateways[0].outside[0].ip)
    assert gateways(found, cluster.gateways[0].netns) == "192.168.0.2 192.168.0.3"


def test_an_isolated_cluster_has_no_load_balancer() -> None:
    state = compile_state(balanced("n1", more=", model: isolated"))
    assert [each for netns in state.netns for each in routes(state, netns.name)] == []


def test_a_load_balancer_has_an_address_of_each_family() -> None:
    found = balanced("n1", "n2", local=True, more=DUAL, vips=(VIP, "fd18::1"))
    assert gateways(found) == "192.168.10.2 192.168.10.3"
    assert gateways(found, to="fd18::1") == "fd00:192:168::2 fd00:192:168::3"


def test_islands_route_to_each_others_load_balancers_through_the_fabric() -> None:
    """Their addresses are from the fabric's own range, on the gateways' link."""
    web = [
        pod("web", labels="app: web", meta=in_clusters("west")),
        service("web", spec="type: LoadBalancer", meta=in_clusters("west")),
        pod("client", meta=in_clusters("east")),
    ]
    found = topology(
        *web,
        clusters=(
            f"{{name: east, nodes: 1{GATEWAY}}}",
            f"{{name: west, nodes: 2{GATEWAY}}}",
            "{name: alone, nodes: 1, model: isolated}",
        ),
    )
    east, west, _ = found.clusters
    (vip,) = west.services[0].load_balancer_ips
    assert vip in found.fabric[0].network
    assert gateways(found, east.gateways[0].netns, str(vip)) == str(found.fabric[0].ip)
    assert gateways(found, west.gateways[0].netns, str(vip)).count(" ") == 1
    paths = walk(compile_state(found), "nsnet.lab.east.pod.default.client", Protocol.TCP, vip, 80)
    assert {(path.verdict, path.server) for path in paths} == {("ok", "west/pod/web")}


# --- health checks ---


def test_each_node_counts_its_own_ready_endpoints() -> None:
    state = compile_state(balanced("n1", "n1", "n2", local=True))
    assert {
        each.reference: [one for one in each.listeners if isinstance(one, HealthCheck)]
        for each in state.netns
        if "/node/" in each.reference
    } == {
        "east/node/n1": [HealthCheck(32000, "default", "web", 2)],
        "east/node/n2": [HealthCheck(32000, "default", "web", 1)],
        "east/node/n3": [HealthCheck(32000, "default", "web", 0)],
    }


def test_a_pod_of_two_ports_and_families_is_one_endpoint() -> None:
    two = "containers: [{ports: [{containerPort: 80}, {containerPort: 81}]}], nodeName: n1"
    found = topology(
        pod("web", labels="app: web", spec=two),
        service(
            "web",
            "{name: a, port: 80}, {name: b, port: 81}",
            spec="ipFamilyPolicy: RequireDualStack",
        ),
        clusters=(f"{{name: east, nodes: 1{DUAL}}}",),
    )
    state = compile_state(offered(found, "web", VIP, local=True, health=32000))
    assert state["nsnet.lab.east.node.n1"].listeners == (HealthCheck(32000, "default", "web", 1),)


def test_the_services_of_another_proxy_have_no_health_check() -> None:
    found = balanced("n1", local=True)
    (cluster,) = found.clusters
    (web,) = cluster.services
    others = replace(cluster, services=(replace(web, proxied=False),))
    state = compile_state(replace(found, clusters=(others,)))
    assert state["nsnet.lab.east.node.n1"].listeners == ()


# --- changes ---


def concerned(ops: list[Op]) -> list[Op]:
    """Return the steps that concern the load balancer."""
    kinds = RouteAdd | RouteReplace | RouteDelete | Listen | ListenerReplace | Unlisten
    own = {CLIENT, FABRIC, *(f"nsnet.lab.east.node.n{number}" for number in (1, 2, 3))}
    return [op for op in ops if isinstance(op, kinds) and op.netns in own]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("n1 n2", "n1 n2 n3"),
        ("n1 n2 n3", "n1"),
        ("n1", "n2"),
        ("n1", ""),
        ("", "n2 n3"),
        ("n1 n3", "n2 n3"),
    ],
)
def test_other_healthy_nodes_are_one_route_replaced(before: str, after: str) -> None:
    old = compile_state(balanced(*before.split(), local=True))
    new = compile_state(balanced(*after.split(), local=True))
    steps = concerned(changes(old, new))
    assert [op for op in steps if not isinstance(op, ListenerReplace)] == [
        RouteReplace(FABRIC, *routes(new, FABRIC))
    ]
    moved = set(before.split()) ^ set(after.split())
    nodes = {op.netns.split(".")[-1] for op in steps if isinstance(op, ListenerReplace)}
    assert nodes == moved
    World().apply([*plan(old), *changes(old, new)]).holds(new)


@pytest.mark.parametrize(
    ("before", "after", "order"),
    [
        ("n1 n2", "n1", "RouteReplace RulesLoad"),  # no more to a node that is about to drop
        ("n1", "n1 n2", "RulesLoad RouteReplace"),  # not yet to a node that still drops
        ("n1", "", "RouteReplace RulesLoad"),
        ("", "n1", "RulesLoad RouteReplace"),
    ],
)
def test_a_node_receives_packets_only_while_it_has_the_rules_for_them(
    before: str, after: str, order: str
) -> None:
    old = compile_state(balanced(*before.split(), local=True))
    new = compile_state(balanced(*after.split(), local=True))
    kinds = dict.fromkeys(type(op).__name__ for op in changes(old, new))
    assert [each for each in kinds if each in order.split()] == order.split()


def test_a_load_balancer_is_added_and_removed() -> None:
    without = balanced("n1", "n2", vips=())
    plain, offers = compile_state(without), compile_state(balanced("n1", "n2", local=True))
    (route,) = routes(offers, FABRIC)
    assert {type(op) for op in changes(plain, offers)} == {RouteAdd, Listen, RulesLoad}
    assert {type(op) for op in changes(offers, plain)} == {RouteDelete, Unlisten, RulesLoad}
    assert RouteDelete(FABRIC, route) in changes(offers, plain)
    unhealthy = compile_state(balanced(local=True))
    empty = compile_state(balanced(vips=()))
    assert RouteDelete(FABRIC, *routes(unhealthy, FABRIC)) in changes(unhealthy, empty)


def test_a_port_that_becomes_a_health_check_is_not_closed() -> None:
    two = "containers: [{ports: [{containerPort: 32000}]}], hostNetwork: true, nodeName: n1"
    old = compile_state(topology(pod("own", spec=two), service("web")))
    new = compile_state(offered(topology(service("web")), "web", local=True, health=32000))
    here = "nsnet.lab.east.node.n1"
    assert [op for op in concerned(changes(old, new)) if op.netns == here] == [
        ListenerReplace(here, HealthCheck(32000, "default", "web", 0))
    ]


# --- packets ---


@pytest.mark.parametrize(
    ("more", "on", "through"),
    [
        ("", "n1 n3", ["fabric"]),
        (", model: flat", "n1 n3", ["fabric"]),
        (GATEWAY, "n1 n3", ["fabric", "east/gateway", "fabric"]),  # the last only switches it
        (GATEWAY, "n2", ["fabric", "east/gateway", "fabric"]),
    ],
)
def test_a_client_outside_reaches_any_healthy_node_with_its_own_address(
    more: str, on: str, through: list[str]
) -> None:
    state = answering(compile_state(balanced(*on.split(), local=True, more=more)), VIP)
    paths = walk(state, CLIENT, Protocol.TCP, ip(VIP), 80)
    assert [(each.verdict, each.server, str(each.source), each.path) for each in paths] == [
        ("ok", node, "203.0.113.9", ("external/client", *through, node))
        for node in (f"east/node/{each}" for each in on.split())
    ]


@pytest.mark.parametrize("source", [CLIENT, FABRIC, "nsnet.lab.east.node.n1"])
def test_without_a_healthy_node_packets_are_dropped_without_an_error(source: str) -> None:
    state = compile_state(balanced(local=True))
    (path,) = walk(state, source, Protocol.UDP, ip(VIP), 80)
    assert (path.verdict, path.path[-1], path.request[-1].what) == (
        "timeout",
        "fabric",
        f"blackhole route to {VIP}",
    )


@pytest.mark.parametrize(
    ("more", "router"), [("", "fabric"), (GATEWAY, "east/gateway"), (DUAL, "fabric")]
)
@pytest.mark.parametrize("source", ["external.client", "east.node.n1", "east.pod.default.web-0"])
@pytest.mark.parametrize(
    ("protocol", "port"), [(Protocol.TCP, 81), (Protocol.UDP, 80), (Protocol.ICMP, None)]
)
def test_a_port_that_no_service_offers_there_is_dropped_by_the_router(
    more: str, router: str, source: str, protocol: Protocol, port: int | None
) -> None:
    state = compile_state(balanced("n1", "n2", more=more))
    (path,) = walk(state, f"nsnet.lab.{source}", protocol, ip(VIP), port)
    assert (path.verdict, path.path[-1], path.request[-1].what) == ("timeout", router, "DROP")


def test_services_that_share_an_address_offer_it_together() -> None:
    found = balanced("n1", "n2")
    (cluster,) = found.clusters
    (web,) = cluster.services
    (port,) = web.ports
    other = replace(web, name="other", ports=(replace(port, port=81),))
    both = replace(found, clusters=(replace(cluster, services=(web, other)),))
    (chain,) = (each for each in compile_state(both)[FABRIC].chains if each.name == "NSNET-LB")
    comment = '-m comment --comment "no Service\'s port"'
    assert [line(chain, each) for each in chain.rules] == [
        f"-A NSNET-LB -d {VIP}/32 -p tcp -m comment --comment {words}"
        for words in (
            '"default/web" -m tcp --dport 80 -j RETURN',
            '"default/other" -m tcp --dport 81 -j RETURN',
        )
    ] + [
        # None: a later fragment of a datagram, which has no port.
        f"-A NSNET-LB -d {VIP}/32 -p {words} -j DROP"
        for words in (f"tcp {comment} -m tcp", f"udp {comment} -m udp", f"icmp {comment}")
    ]
