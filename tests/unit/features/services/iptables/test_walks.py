"""Which endpoints answer at a Service's other addresses, and the source that they see."""

from collections.abc import Collection
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from nsnet.features.compile import compile_state
from nsnet.ip import Protocol
from nsnet.state.model import Route, State, Sysctl
from nsnet.topology.model import Endpoint, Proxy, Service, ServicePort, Topology
from nsnet.walk.walker import walk
from tests.support.labs import ip, lab, net, pod

TCP, UDP = "{containerPort: 80}", "{containerPort: 80, protocol: UDP}"
# client and here on n1, other and there on n2, laptop outside.
LAB = lab(
    *(
        pod(name, spec=f"nodeName: {node}, containers: [{{ports: [{TCP}, {UDP}]}}]")
        for name, node in (("client", "n1"), ("here", "n1"), ("other", "n2"), ("there", "n2"))
    ),
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
CLIENT, OTHER = map(str, (ADDRESSES["client"], ADDRESSES["other"]))
# The addresses n1 masquerades with, out of its bridge and out of its eth0; and n2's.
BRIDGE, ETH0, N2 = "10.244.0.1", "192.168.10.2", "192.168.10.3"


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
    service = Service(
        "web",
        "default",
        "east/svc/web",
        (ip("10.96.0.10"),),
        ports,
        external_ips=(ip(EXTERNAL_IP),),
        load_balancer_ips=(ip(VIP),),
    )
    changed = replace(cluster, services=(replace(service, **what),), proxy=proxy or cluster.proxy)
    return _routed(replace(LAB.topology, clusters=(changed,)))


def _routed(found: Topology) -> State:
    """Return the State with the fabric's routes to those addresses through n1 only."""
    state = compile_state(found)
    fabric = state[found.fabric_netns]
    ways = {net(f"{each}/32"): ip(ETH0) for each in (VIP, EXTERNAL_IP)}
    others = (each for each in fabric.routes if each.destination not in ways)
    routed = replace(fabric, routes=(*others, *(Route(to, via) for to, via in ways.items())))
    return replace(state, netns=tuple(routed if each is fabric else each for each in state.netns))


def answers(state: State, source: str, kind: str, protocol: Protocol = Protocol.TCP) -> set[str]:
    """Each outcome there may be: "SERVER SOURCE" of those that succeed, else the verdict."""
    to, port = KINDS[kind]
    return {
        f"{(each.server or '').rpartition('/')[2]} {each.source}"
        if each.verdict == "ok"
        else str(each.verdict)
        for each in walk(state, NETNS[source], protocol, ip(to), port)
    }


@cache
def policies(names: str, external_local: bool = False, internal_local: bool = False) -> State:
    """The lab under these traffic policies."""
    return serving(names, external_local=external_local, internal_local=internal_local)


BOTH = "here there"
# The sources that servers see if n1 masquerades.
BY_N1 = {f"here {BRIDGE}", f"there {ETH0}"}


@pytest.mark.parametrize("kind", ["NodePort", "externalIP", "load balancer"])
@pytest.mark.parametrize("source", ["laptop", "other", "n2"])
@pytest.mark.parametrize("protocol", [Protocol.TCP, Protocol.UDP])
def test_under_policy_cluster_the_first_node_masquerades(
    kind: str, source: str, protocol: Protocol
) -> None:
    # In the cluster, every node translates addresses that belong to no node.
    first = "n2" if source in ("other", "n2") and kind != "NodePort" else "n1"
    by = {"n1": BY_N1, "n2": {f"here {N2}", "there 10.244.1.1"}}[first]
    assert answers(policies(BOTH), source, kind, protocol) == by


@pytest.mark.parametrize("kind", ["NodePort", "bridge", "externalIP", "load balancer"])
@pytest.mark.parametrize("source", ["client", "n1"])
def test_under_policy_cluster_a_node_masquerades_its_own_pods_and_itself(
    kind: str, source: str
) -> None:
    assert answers(policies(BOTH), source, kind) == BY_N1


@pytest.mark.parametrize(
    ("names", "source", "kind", "outcomes"),
    [
        # From outside: the endpoints of the node, which see the client.
        (BOTH, "laptop", "NodePort", {"here 203.0.113.10"}),
        (BOTH, "laptop", "externalIP", {"here 203.0.113.10"}),
        (BOTH, "laptop", "load balancer", {"here 203.0.113.10"}),
        (BOTH, "n2", "NodePort", {f"here {N2}"}),
        ("there", "laptop", "NodePort", {"timeout"}),
        ("there", "laptop", "externalIP", {"timeout"}),
        ("there", "laptop", "load balancer", {"timeout"}),
        ("there", "n2", "NodePort", {"timeout"}),
        ("", "laptop", "NodePort", {"refused"}),
        ("", "laptop", "externalIP", {"refused"}),
        ("", "laptop", "load balancer", {"refused"}),
        # Pods of the cluster: anywhere, as themselves.
        (BOTH, "client", "NodePort", {f"here {CLIENT}", f"there {CLIENT}"}),
        ("there", "client", "NodePort", {f"there {CLIENT}"}),
        ("there", "client", "externalIP", {f"there {CLIENT}"}),
        ("there", "client", "load balancer", {f"there {CLIENT}"}),
        ("here", "other", "load balancer", {f"here {OTHER}"}),
        ("here", "other", "NodePort", {f"here {OTHER}"}),
        # Through another node to a pod on the client's node: the reply goes to the client directly,
        # from another address than the one that it connected to.
        ("there", "other", "NodePort", {"timeout"}),
        # The node itself: anywhere, masqueraded.
        (BOTH, "n1", "NodePort", BY_N1),
        ("there", "n1", "NodePort", {f"there {ETH0}"}),
        ("there", "n1", "localhost", {f"there {ETH0}"}),
        ("there", "n1", "load balancer", {f"there {ETH0}"}),
        ("", "n1", "NodePort", {"refused"}),
        # The ClusterIP does not mind.
        (BOTH, "client", "ClusterIP", {f"here {CLIENT}", f"there {CLIENT}"}),
    ],
)
def test_under_policy_local_external_clients_reach_only_endpoints_of_the_node(
    names: str, source: str, kind: str, outcomes: Collection[str]
) -> None:
    assert answers(policies(names, external_local=True), source, kind) == outcomes


@pytest.mark.parametrize(
    ("names", "source", "outcomes"),
    [
        (BOTH, "client", {f"here {CLIENT}"}),
        (BOTH, "other", {f"there {OTHER}"}),
        (BOTH, "n1", {f"here {BRIDGE}"}),
        ("there", "client", {"timeout"}),  # dropped: there are endpoints, elsewhere
        ("there", "n1", {"timeout"}),
        ("there", "other", {f"there {OTHER}"}),
        ("", "client", {"refused"}),
    ],
)
def test_internal_policy_local_keeps_cluster_ip_traffic_on_the_node(
    names: str, source: str, outcomes: Collection[str]
) -> None:
    assert answers(policies(names, internal_local=True), source, "ClusterIP") == outcomes


def test_an_internal_policy_does_not_affect_external_addresses() -> None:
    assert answers(policies(BOTH, internal_local=True), "laptop", "NodePort") == BY_N1


# --- the node at 127.0.0.1 ---


@pytest.mark.parametrize("protocol", [Protocol.TCP, Protocol.UDP])
def test_a_node_reaches_node_ports_at_localhost_and_is_masqueraded(protocol: Protocol) -> None:
    assert answers(policies(BOTH), "n1", "localhost", protocol) == BY_N1


@pytest.mark.parametrize("source", ["client", "laptop"])
def test_pods_and_other_hosts_have_no_node_ports_at_their_localhost(source: str) -> None:
    assert answers(policies(BOTH), source, "localhost") == {"refused"}


@pytest.mark.parametrize(
    ("proxy", "kind", "outcomes"),
    [
        (Proxy("iptables", localhost_node_ports=False), "localhost", {"refused"}),
        (Proxy("iptables", localhost_node_ports=False), "NodePort", BY_N1),
        (
            Proxy("iptables", node_port_addresses=(net("192.168.10.0/24"),)),
            "localhost",
            {"refused"},
        ),
        (Proxy("iptables", node_port_addresses=(net("192.168.10.0/24"),)), "NodePort", BY_N1),
        (Proxy("iptables", node_port_addresses=(net("192.168.10.0/24"),)), "bridge", {"refused"}),
        (Proxy("iptables", node_port_addresses=(net("127.0.0.0/8"),)), "localhost", BY_N1),
        (Proxy("iptables", node_port_addresses=(net("127.0.0.0/8"),)), "NodePort", {"refused"}),
    ],
)
def test_node_port_addresses_set_where_node_ports_are_open(
    proxy: Proxy, kind: str, outcomes: Collection[str]
) -> None:
    assert answers(serving(BOTH, proxy=proxy), "n1", kind) == outcomes


def test_without_route_localnet_packets_from_127_0_0_1_to_another_host_are_lost() -> None:
    state = policies(BOTH)
    node = state[NETNS["n1"]]
    off = tuple(
        Sysctl(each.key, "0") if each.key.endswith("route_localnet") else each
        for each in node.sysctls
    )
    changed = replace(node, sysctls=off)
    netns = tuple(changed if each is node else each for each in state.netns)
    assert answers(replace(state, netns=netns), "n1", "localhost") == {"timeout"}


# --- source ranges, masqueradeAll, affinity ---


@pytest.mark.parametrize(
    ("ranges", "source", "kind", "outcomes"),
    [
        ("203.0.113.0/24", "laptop", "load balancer", BY_N1),
        ("203.0.113.99/32", "laptop", "load balancer", {"timeout"}),
        ("203.0.113.0/24", "client", "load balancer", {"timeout"}),
        ("203.0.113.0/24", "n1", "load balancer", {"timeout"}),
        ("10.244.0.0/16", "client", "load balancer", BY_N1),
        ("192.168.10.0/24", "n1", "load balancer", BY_N1),
        # Only that address is fenced.
        ("203.0.113.99/32", "laptop", "NodePort", BY_N1),
        ("203.0.113.99/32", "laptop", "externalIP", BY_N1),
    ],
)
def test_only_source_ranges_may_use_the_load_balancer(
    ranges: str, source: str, kind: str, outcomes: Collection[str]
) -> None:
    assert answers(serving(BOTH, source_ranges=(net(ranges),)), source, kind) == outcomes


def test_with_masquerade_all_servers_see_the_node_of_a_pod() -> None:
    state = serving(BOTH, proxy=Proxy("iptables", masquerade_all=True))
    assert answers(state, "client", "ClusterIP") == BY_N1


@pytest.mark.parametrize("kind", ["ClusterIP", "NodePort"])
def test_with_affinity_any_endpoint_may_answer_first(kind: str) -> None:
    state = serving(BOTH, affinity_seconds=10800)
    assert answers(state, "client", kind) == answers(policies(BOTH), "client", kind)
