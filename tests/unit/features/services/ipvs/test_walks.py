"""Which endpoints answer for a Service of proxyMode ipvs, and the source that they see."""

from dataclasses import replace
from typing import Any

import pytest

from nsnet.cli.show import explanation
from nsnet.features.compile import compile_state
from nsnet.ip import Protocol
from nsnet.probes.model import Model
from nsnet.probes.question import explain, probe_spec
from nsnet.state.model import Route, State
from nsnet.topology.model import Endpoint, Proxy, Service, ServicePort, Topology
from nsnet.walk.walker import walk
from tests.support.labs import ip, lab, net, pod, service

TCP, UDP = "{containerPort: 80}", "{containerPort: 80, protocol: UDP}"
# client and here on n1, other and there on n2, laptop outside.
LAB = lab(
    *(
        pod(name, spec=f"nodeName: {node}, containers: [{{ports: [{TCP}, {UDP}]}}]")
        for name, node in (("client", "n1"), ("here", "n1"), ("other", "n2"), ("there", "n2"))
    ),
    clusters=("{name: east, nodes: 2, proxyMode: ipvs}",),
    spec="externals: [{name: laptop, address: 203.0.113.10}]",
)
ADDRESSES = {each.name: each.addresses[0] for each in LAB.topology.clusters[0].pods}
NETNS = {
    **{each.name: each.netns for each in LAB.topology.clusters[0].pods},
    **{each.name: each.netns for each in LAB.topology.clusters[0].nodes},
    "laptop": LAB.topology.externals[0].netns,
}
# The fabric routes the addresses of the load balancer and the externalIP to n1.
VIP, EXTERNAL_IP = "198.18.0.20", "198.51.100.7"
KINDS = {
    "ClusterIP": ("10.96.0.10", 80),
    "NodePort": ("192.168.10.2", 30080),
    "bridge": ("10.244.0.1", 30080),  # another address of n1
    "localhost": ("127.0.0.1", 30080),
    "externalIP": (EXTERNAL_IP, 80),
    "load balancer": (VIP, 80),
}
BRIDGE, ETH0 = "10.244.0.1", "192.168.10.2"  # what n1 masquerades with
CLIENT, OTHER, LAPTOP = str(ADDRESSES["client"]), str(ADDRESSES["other"]), "203.0.113.10"
BOTH = "here there"
BY_N1 = {f"here {BRIDGE}", f"there {ETH0}"}
REFUSED, TIMEOUT = {"refused"}, {"timeout"}


def serving(names: str, *, proxy: Proxy | None = None, **what: Any) -> State:
    """The lab with the Service web in front of these pods."""
    (cluster,) = LAB.topology.clusters
    behind = tuple(
        Endpoint(ADDRESSES[name], 80, f"east/pod/{name}", "n1" if name == "here" else "n2")
        for name in names.split()
    )
    ports = tuple(
        ServicePort(f"p80-{protocol}", 80, protocol, behind, 30080)
        for protocol in (Protocol.TCP, Protocol.UDP)
    )
    outside = {"external_ips": (ip(EXTERNAL_IP),), "load_balancer_ips": (ip(VIP),), **what}
    service = Service("web", "default", "east/svc/web", (ip("10.96.0.10"),), ports, **outside)
    changed = replace(cluster, services=(service,), proxy=proxy or cluster.proxy)
    return routed(replace(LAB.topology, clusters=(changed,)))


def routed(found: Topology) -> State:
    """Return the State with the fabric's routes to those addresses through n1."""
    state = compile_state(found)
    fabric = state[found.fabric_netns]
    ways = tuple(Route(net(f"{each}/32"), ip(ETH0)) for each in (VIP, EXTERNAL_IP))
    kept = tuple(each for each in fabric.routes if each.destination != ways[0].destination)
    with_ways = replace(fabric, routes=(*kept, *ways))
    return replace(
        state, netns=tuple(with_ways if each is fabric else each for each in state.netns)
    )


def answers(
    state: State, source: str, to: str, port: int | None, protocol: Protocol = Protocol.TCP
) -> set[str]:
    """Each outcome there may be: "SERVER SOURCE" of those that succeed, else the verdict."""
    return {
        f"{(each.server or '').rpartition('/')[2]} {each.source}"
        if each.verdict == "ok"
        else str(each.verdict)
        for each in walk(state, NETNS[source], protocol, ip(to), port)
    }


@pytest.mark.parametrize("protocol", [Protocol.TCP, Protocol.UDP])
@pytest.mark.parametrize(
    ("names", "what", "source", "kind", "outcomes"),
    [
        # A pod keeps its address, unless it connects to itself; a node uses one of its own that
        # endpoints can reply to, not the Service's.
        (BOTH, {}, "client", "ClusterIP", {f"here {CLIENT}", f"there {CLIENT}"}),
        (BOTH, {}, "here", "ClusterIP", {f"here {BRIDGE}", f"there {ADDRESSES['here']}"}),
        (BOTH, {}, "n1", "ClusterIP", BY_N1),
        # All sources are masqueraded at every other address.
        (BOTH, {}, "client", "NodePort", BY_N1),
        (BOTH, {}, "client", "bridge", BY_N1),
        (BOTH, {}, "n1", "NodePort", BY_N1),
        (BOTH, {}, "laptop", "NodePort", BY_N1),
        (BOTH, {}, "n2", "NodePort", BY_N1),
        (BOTH, {}, "laptop", "externalIP", BY_N1),
        (BOTH, {}, "client", "externalIP", BY_N1),
        (BOTH, {}, "laptop", "load balancer", BY_N1),
        (BOTH, {}, "client", "load balancer", BY_N1),
        # IPVS does not handle packets from 127.0.0.0/8.
        (BOTH, {}, "n1", "localhost", REFUSED),
        # Without endpoints, IPVS itself refuses.
        ("", {}, "client", "ClusterIP", REFUSED),
        ("", {}, "n1", "ClusterIP", REFUSED),
        ("", {}, "laptop", "NodePort", REFUSED),
        ("", {"external_local": True}, "laptop", "NodePort", REFUSED),
        # externalTrafficPolicy Local, also for pods of the node; the source is kept.
        (BOTH, {"external_local": True}, "laptop", "NodePort", {f"here {LAPTOP}"}),
        (BOTH, {"external_local": True}, "client", "NodePort", {f"here {CLIENT}"}),
        (BOTH, {"external_local": True}, "client", "load balancer", {f"here {CLIENT}"}),
        (BOTH, {"external_local": True}, "laptop", "load balancer", {f"here {LAPTOP}"}),
        (BOTH, {"external_local": True}, "laptop", "externalIP", {f"here {LAPTOP}"}),
        # Without local endpoints, pods of the node use others; replies to other clients are lost.
        ("there", {"external_local": True}, "client", "NodePort", {f"there {CLIENT}"}),
        ("there", {"external_local": True}, "laptop", "NodePort", TIMEOUT),
        ("there", {"external_local": True}, "n1", "NodePort", {f"there {ETH0}"}),
        # internalTrafficPolicy Local.
        (BOTH, {"internal_local": True}, "client", "ClusterIP", {f"here {CLIENT}"}),
        ("there", {"internal_local": True}, "client", "ClusterIP", {f"there {CLIENT}"}),
    ],
)
def test_which_endpoints_answer_and_which_source_they_see(
    names: str, what: dict[str, Any], source: str, kind: str, outcomes: set[str], protocol: Protocol
) -> None:
    assert answers(serving(names, **what), source, *KINDS[kind], protocol) == outcomes


def test_internal_policy_local_without_external_addresses_has_no_fallback() -> None:
    (cluster,) = LAB.topology.clusters
    behind = (Endpoint(ADDRESSES["there"], 80, "east/pod/there", "n2"),)
    port = ServicePort("", 80, Protocol.TCP, behind)
    own = (ip("10.96.0.10"),)
    service = Service("web", "default", "east/svc/web", own, (port,), internal_local=True)
    state = routed(replace(LAB.topology, clusters=(replace(cluster, services=(service,)),)))
    assert answers(state, "client", "10.96.0.10", 80) == REFUSED
    assert answers(state, "other", "10.96.0.10", 80) == {f"there {OTHER}"}


@pytest.mark.parametrize("source", ["client", "n1"])
@pytest.mark.parametrize("kind", ["ClusterIP", "externalIP", "load balancer"])
@pytest.mark.parametrize(
    ("port", "protocol"), [(81, Protocol.TCP), (30080, Protocol.TCP), (None, Protocol.ICMP)]
)
def test_a_virtual_address_refuses_other_ports_and_ping(
    source: str, kind: str, port: int | None, protocol: Protocol
) -> None:
    assert answers(serving(BOTH), source, KINDS[kind][0], port, protocol) == REFUSED


def test_servers_of_a_node_are_not_reachable_at_a_virtual_address() -> None:
    state = serving(BOTH, external_local=True, health_check_port=32000)
    assert answers(state, "client", ETH0, 32000) == {f"n1 {CLIENT}"}
    # Its port is excepted, whatever the address.
    assert answers(state, "client", VIP, 32000) == {f"n1 {CLIENT}"}
    assert answers(state, "client", VIP, 32001) == REFUSED


def test_an_address_in_the_range_that_no_service_has_is_routed() -> None:
    assert answers(serving(BOTH), "client", "10.96.0.99", 80) == {"net-unreachable"}


@pytest.mark.parametrize(
    ("ranges", "source", "outcomes"),
    [
        ("203.0.113.0/24", "laptop", BY_N1),
        ("192.0.2.0/24", "laptop", TIMEOUT),
        ("10.244.0.0/16", "client", BY_N1),
        ("203.0.113.0/24", "client", TIMEOUT),
        ("192.168.10.0/24", "n1", BY_N1),
        ("203.0.113.0/24", "n1", TIMEOUT),
    ],
)
def test_source_ranges_apply_to_the_load_balancer(
    ranges: str, source: str, outcomes: set[str]
) -> None:
    state = serving(BOTH, source_ranges=(net(ranges),))
    assert answers(state, source, VIP, 80) == outcomes
    assert answers(state, "client", *KINDS["NodePort"]) == BY_N1


def test_masquerade_all() -> None:
    state = serving(BOTH, proxy=Proxy("ipvs", masquerade_all=True))
    assert answers(state, "client", *KINDS["ClusterIP"]) == BY_N1


def test_each_real_server_is_a_path_and_its_hop_names_it() -> None:
    paths = walk(serving(BOTH), NETNS["client"], Protocol.TCP, ip("10.96.0.10"), 80)
    rules = [hop.rule for path in paths for hop in path.request if hop.rule is not None]
    assert [(each.table, each.chain, each.rule.why) for each in rules] == [
        ("ipvs", "tcp 10.96.0.10:80", "rr chooses real server 1 of 2"),
        ("ipvs", "tcp 10.96.0.10:80", "rr chooses real server 2 of 2"),
    ]


HOST = lab(
    pod(
        "host",
        labels="app: host",
        spec=f"nodeName: n1, hostNetwork: true, containers: [{{ports: [{TCP}, {UDP}]}}]",
    ),
    pod("client", spec="nodeName: n1"),
    pod("other", spec="nodeName: n2"),
    service(
        "host",
        "{name: t, port: 80, nodePort: 30080}, {name: u, port: 80, nodePort: 30080, protocol: UDP}",
        spec="type: NodePort",
    ),
    clusters=("{name: east, nodes: 2, proxyMode: ipvs}",),
    spec="externals: [{name: laptop, address: 203.0.113.10}]",
)


@pytest.mark.parametrize("protocol", [Protocol.TCP, Protocol.UDP])
@pytest.mark.parametrize(
    ("source", "to", "outcomes"),
    [
        # Handed in at INPUT: it never comes to POSTROUTING, marked or not.
        ("client", ("10.96.0.2", 80), {f"host {CLIENT}"}),
        ("client", (ETH0, 30080), {f"host {CLIENT}"}),
        ("other", (ETH0, 30080), {f"host {OTHER}"}),
        ("laptop", (ETH0, 30080), {f"host {LAPTOP}"}),
        # The node's own packets do, on their way to lo.
        ("n1", ("10.96.0.2", 80), {f"host {ETH0}"}),
        ("n1", (ETH0, 30080), {f"host {ETH0}"}),
        # From another node it is an endpoint like any other.
        ("other", ("10.96.0.2", 80), {f"host {OTHER}"}),
        ("n2", ("10.96.0.2", 80), {"host 192.168.10.3"}),
    ],
)
def test_an_endpoint_on_the_node_sees_the_client(
    source: str, to: tuple[str, int], outcomes: set[str], protocol: Protocol
) -> None:
    assert answers(HOST.state, source, *to, protocol) == outcomes


def test_the_explanation_names_the_virtual_server(capsys: pytest.CaptureFixture[str]) -> None:
    for names in (BOTH, ""):
        model = Model(LAB.topology, serving(names))
        explanation(explain(model, probe_spec("pod/client", "10.96.0.10:80")), LAB.topology)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    title = "by virtual server tcp 10.96.0.10:80:"
    assert [lines[at + 1] for at, line in enumerate(lines) if line == title] == [
        "rr chooses real server 1 of 2",
        "rr chooses real server 2 of 2",
        "it has no real server",
    ]
