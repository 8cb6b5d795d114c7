"""proxyMode ipvs against what kube-proxy v1.30 writes: sets, rules, virtual servers, addresses."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from nsnet.features.compile import compile_state
from nsnet.ip import Family, Protocol
from nsnet.state.ipsets import SetType
from nsnet.state.iptables_text import line
from nsnet.state.model import Kind, Netns
from nsnet.topology.model import Endpoint, Proxy, Service, ServicePort, Topology
from tests.support.labs import ip, net, topology

# Nodes n1 192.168.10.2 and n2 192.168.10.3; pods in 10.244.0.0/24 and 10.244.1.0/24.
PLAIN = topology(clusters=("{name: east, nodes: 2, proxyMode: ipvs}",))
DUAL = topology(
    clusters=(
        "{name: east, nodes: 2, proxyMode: ipvs, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
        " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
        " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
    )
)
VIP, OUTSIDE, BALANCED = "10.96.0.10", "198.51.100.7", "198.18.0.20"
HERE = Endpoint(ip("10.244.0.5"), 8080, "east/pod/here", "n1")
THERE = Endpoint(ip("10.244.1.5"), 8080, "east/pod/there", "n2")
GOING = replace(THERE, address=ip("10.244.1.6"), ready=False, serving=True, terminating=True)


def node(
    endpoints: Sequence[Endpoint] = (HERE, THERE),
    *,
    lab: Topology = PLAIN,
    proxy: Proxy | None = None,
    node_port: int | None = None,
    addresses: tuple[str, ...] = (VIP,),
    **what: Any,
) -> Netns:
    """n1 of a cluster with one Service, which has these endpoints behind TCP port 80."""
    (cluster,) = lab.clusters
    port = ServicePort("", 80, Protocol.TCP, tuple(endpoints), node_port)
    own = tuple(map(ip, addresses))
    service = Service("web", "default", "east/svc/web", own, (port,), **what)
    changed = replace(cluster, services=(service,), proxy=proxy or cluster.proxy)
    return compile_state(replace(lab, clusters=(changed,)))[cluster.nodes[0].netns]


def everything(**what: Any) -> Netns:
    """n1 where the Service has an address of every kind."""
    return node(
        node_port=30080, external_ips=(ip(OUTSIDE),), load_balancer_ips=(ip(BALANCED),), **what
    )


def sets(found: Netns) -> dict[str, list[str]]:
    """The members of each set that has some, as `ipset` writes them."""
    return {each.name: [str(one) for one in each.members] for each in found.ipsets if each.members}


def servers(found: Netns) -> dict[str, list[str]]:
    """The real servers of each virtual server."""
    return {
        f"{each.address} {each.port}": [f"{one.address} {one.port}" for one in each.servers]
        for each in found.virtual_servers
    }


def rules(found: Netns, chain: str, family: Family = 4) -> list[str]:
    """A chain's rules, without their comments."""
    table, name = chain.split()
    (it,) = (
        each
        for each in found.chains
        if (each.table, each.name, each.family) == (table, name, family)
    )
    plain = (replace(each, match=replace(each.match, comment="")) for each in it.rules)
    return [line(it, each).removeprefix(f"-A {name} ") for each in plain]


def bound(found: Netns) -> list[str]:
    """What kube-ipvs0 holds."""
    (dummy,) = (each for each in found.interfaces if each.kind is Kind.DUMMY)
    assert dummy.name == "kube-ipvs0"
    return [str(each) for each in dummy.addresses]


# --- sets ---


def test_every_set_exists_even_without_a_service() -> None:
    (cluster,) = PLAIN.clusters
    found = compile_state(PLAIN)[cluster.nodes[0].netns]
    assert {each.name: str(each.type) for each in found.ipsets} == {
        "KUBE-CLUSTER-IP": "hash:ip,port",
        "KUBE-EXTERNAL-IP": "hash:ip,port",
        "KUBE-EXTERNAL-IP-LOCAL": "hash:ip,port",
        "KUBE-LOAD-BALANCER": "hash:ip,port",
        "KUBE-LOAD-BALANCER-FW": "hash:ip,port",
        "KUBE-LOAD-BALANCER-LOCAL": "hash:ip,port",
        "KUBE-LOOP-BACK": "hash:ip,port,ip",
        "KUBE-LOAD-BALANCER-SOURCE-IP": "hash:ip,port,ip",
        "KUBE-LOAD-BALANCER-SOURCE-CIDR": "hash:ip,port,net",
        "KUBE-NODE-PORT-TCP": "bitmap:port",
        "KUBE-NODE-PORT-LOCAL-TCP": "bitmap:port",
        "KUBE-NODE-PORT-UDP": "bitmap:port",
        "KUBE-NODE-PORT-LOCAL-UDP": "bitmap:port",
        "KUBE-HEALTH-CHECK-NODE-PORT": "bitmap:port",
        "KUBE-IPVS-IPS": "hash:ip",
    }
    assert sets(found) == {}
    assert bound(found) == []


def test_sets_of_ipv6_have_other_names_of_at_most_31_characters() -> None:
    found = node(lab=DUAL, addresses=("fd00:10:96::a",), endpoints=())
    six = [each for each in found.ipsets if each.name.startswith("KUBE-6-")]
    assert len(six) == len(found.ipsets) - len(six)
    # A set of ports is of no family; ipset save shows none.
    assert all((each.family == 6) is (each.type is not SetType.PORT) for each in six)
    assert max(len(each.name) for each in found.ipsets) == 31
    assert "KUBE-6-LOAD-BALANCER-SOURCE-CID" in {each.name for each in six}
    assert sets(found) == {
        "KUBE-6-CLUSTER-IP": ["fd00:10:96::a,tcp:80"],
        "KUBE-6-IPVS-IPS": ["fd00:10:96::a"],
    }


@pytest.mark.parametrize(
    ("what", "more"),
    [
        (
            {},
            {
                "KUBE-EXTERNAL-IP": [f"{OUTSIDE},tcp:80"],
                "KUBE-LOAD-BALANCER": [f"{BALANCED},tcp:80"],
                "KUBE-NODE-PORT-TCP": ["30080"],
            },
        ),
        (
            {"external_local": True, "health_check_port": 32000},
            {
                "KUBE-EXTERNAL-IP-LOCAL": [f"{OUTSIDE},tcp:80"],
                "KUBE-LOAD-BALANCER": [f"{BALANCED},tcp:80"],
                "KUBE-LOAD-BALANCER-LOCAL": [f"{BALANCED},tcp:80"],
                "KUBE-NODE-PORT-TCP": ["30080"],
                "KUBE-NODE-PORT-LOCAL-TCP": ["30080"],
                "KUBE-HEALTH-CHECK-NODE-PORT": ["32000"],
            },
        ),
        (
            {"source_ranges": (net("203.0.113.0/24"), net("192.168.10.0/24"))},
            {
                "KUBE-EXTERNAL-IP": [f"{OUTSIDE},tcp:80"],
                "KUBE-LOAD-BALANCER": [f"{BALANCED},tcp:80"],
                "KUBE-LOAD-BALANCER-FW": [f"{BALANCED},tcp:80"],
                "KUBE-LOAD-BALANCER-SOURCE-CIDR": [
                    f"{BALANCED},tcp:80,203.0.113.0/24",
                    f"{BALANCED},tcp:80,192.168.10.0/24",
                ],
                # The node is in a range: and it speaks to itself with that very address.
                "KUBE-LOAD-BALANCER-SOURCE-IP": [f"{BALANCED},tcp:80,{BALANCED}"],
                "KUBE-NODE-PORT-TCP": ["30080"],
            },
        ),
    ],
    ids=["Cluster", "Local", "ranges"],
)
def test_each_address_is_in_the_sets_of_its_kind(
    what: dict[str, Any], more: dict[str, list[str]]
) -> None:
    assert sets(everything(**what)) == {
        "KUBE-CLUSTER-IP": [f"{VIP},tcp:80"],
        "KUBE-LOOP-BACK": ["10.244.0.5,tcp:8080,10.244.0.5"],  # of this node's alone
        "KUBE-IPVS-IPS": [VIP, OUTSIDE, BALANCED],
        **more,
    }


def test_kube_ipvs0_holds_every_address_but_the_nodes_own() -> None:
    assert bound(everything()) == [f"{VIP}/32", f"{OUTSIDE}/32", f"{BALANCED}/32"]
    assert bound(node(external_ips=(ip("192.168.10.2"),))) == [f"{VIP}/32"]


# --- virtual servers ---

ANY, LOCAL = ["10.244.0.5 8080", "10.244.1.5 8080"], ["10.244.0.5 8080"]


def test_each_address_and_each_nodeport_on_each_address_of_the_node_is_a_virtual_server() -> None:
    assert servers(everything()) == {
        f"{VIP} 80": ANY,
        f"{OUTSIDE} 80": ANY,
        f"{BALANCED} 80": ANY,
        "192.168.10.2 30080": ANY,
        "10.244.0.1 30080": ANY,  # cbr0
    }


def test_nodeports_can_be_limited_to_some_addresses() -> None:
    proxy = Proxy("ipvs", node_port_addresses=(net("192.168.0.0/16"),))
    found = servers(everything(proxy=proxy))
    assert [each for each in found if each.endswith("30080")] == ["192.168.10.2 30080"]


def test_node_port_addresses_of_one_family_do_not_affect_the_other() -> None:
    proxy = Proxy("ipvs", node_port_addresses=(net("fd00::/8"),))
    assert servers(everything(proxy=proxy)) == servers(everything())


@pytest.mark.parametrize(
    ("endpoints", "what", "inside", "outside"),
    [
        ([HERE, THERE], {"external_local": True}, ANY, LOCAL),
        ([HERE, THERE], {"internal_local": True}, LOCAL, ANY),
        # With none on this node: all the same, for there is no short way for its own pods.
        ([THERE], {"external_local": True}, ["10.244.1.5 8080"], ["10.244.1.5 8080"]),
        ([THERE], {"internal_local": True}, ["10.244.1.5 8080"], ["10.244.1.5 8080"]),
        ([THERE, GOING], {}, ["10.244.1.5 8080"], ["10.244.1.5 8080"]),
        ([GOING], {}, ["10.244.1.6 8080"], ["10.244.1.6 8080"]),
        ([], {}, [], []),
    ],
)
def test_real_servers_are_the_endpoints_of_the_policy(
    endpoints: list[Endpoint], what: dict[str, Any], inside: list[str], outside: list[str]
) -> None:
    found = servers(everything(endpoints=endpoints, **what))
    assert found[f"{VIP} 80"] == inside
    assert {tuple(each) for name, each in found.items() if name != f"{VIP} 80"} == {tuple(outside)}


def test_internal_policy_local_without_external_addresses_has_no_fallback() -> None:
    assert servers(node([THERE], internal_local=True)) == {f"{VIP} 80": []}


def test_the_scheduler_is_configurable_and_affinity_is_persistence() -> None:
    found = node(proxy=Proxy("ipvs", scheduler="sh"), affinity_seconds=10800)
    assert {(each.scheduler, each.persistent) for each in found.virtual_servers} == {("sh", 10800)}
    (plain,) = node().virtual_servers
    assert (plain.scheduler, plain.persistent) == ("rr", None)
    assert {each.weight for each in plain.servers} == {1}


# --- rules ---

CLUSTER_IP = "-m set --match-set KUBE-CLUSTER-IP dst,dst"


def test_packets_of_pods_to_a_clusterip_keep_their_source() -> None:
    assert rules(node(), "nat KUBE-SERVICES") == [
        "-s 127.0.0.0/8 -j RETURN",
        f"! -s 10.244.0.0/16 {CLUSTER_IP} -j KUBE-MARK-MASQ",
        "-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT",
        f"{CLUSTER_IP} -j ACCEPT",
    ]


def test_masquerade_all_masquerades_packets_of_pods_to_a_clusterip() -> None:
    found = rules(node(proxy=Proxy("ipvs", masquerade_all=True)), "nat KUBE-SERVICES")
    assert found[1] == f"{CLUSTER_IP} -j KUBE-MARK-MASQ"


@pytest.mark.parametrize("local", [False, True])
def test_kube_services_has_its_rules_in_kube_proxys_order(local: bool) -> None:
    outside = f"-m set --match-set KUBE-EXTERNAL-IP{'-LOCAL' if local else ''} dst,dst"
    marked = [] if local else [f"{outside} -j KUBE-MARK-MASQ"]
    assert rules(everything(external_local=local), "nat KUBE-SERVICES") == [
        "-s 127.0.0.0/8 -j RETURN",
        "-m set --match-set KUBE-LOAD-BALANCER dst,dst -j KUBE-LOAD-BALANCER",
        f"! -s 10.244.0.0/16 {CLUSTER_IP} -j KUBE-MARK-MASQ",
        *marked,
        f"{outside} -m physdev ! --physdev-is-in -m addrtype ! --src-type LOCAL -j ACCEPT",
        f"{outside} -m addrtype --dst-type LOCAL -j ACCEPT",
        "-m addrtype --dst-type LOCAL -j KUBE-NODE-PORT",
        f"{CLUSTER_IP} -j ACCEPT",
        "-m set --match-set KUBE-LOAD-BALANCER dst,dst -j ACCEPT",
    ]


@pytest.mark.parametrize(
    ("chain", "cluster", "local"),
    [
        (
            "nat KUBE-LOAD-BALANCER",
            ["-j KUBE-MARK-MASQ"],
            ["-m set --match-set KUBE-LOAD-BALANCER-LOCAL dst,dst -j RETURN", "-j KUBE-MARK-MASQ"],
        ),
        (
            "nat KUBE-NODE-PORT",
            ["-p tcp -m set --match-set KUBE-NODE-PORT-TCP dst -j KUBE-MARK-MASQ"],
            [
                "-p tcp -m set --match-set KUBE-NODE-PORT-LOCAL-TCP dst -j RETURN",
                "-p tcp -m set --match-set KUBE-NODE-PORT-TCP dst -j KUBE-MARK-MASQ",
            ],
        ),
    ],
)
def test_under_policy_local_the_source_is_kept(
    chain: str, cluster: list[str], local: list[str]
) -> None:
    assert rules(everything(), chain) == cluster
    assert rules(everything(external_local=True), chain) == local


def test_a_pod_that_connects_to_itself_is_masqueraded_first() -> None:
    assert rules(node(), "nat KUBE-POSTROUTING") == [
        "-m set --match-set KUBE-LOOP-BACK dst,dst,src -j MASQUERADE",
        "-m mark ! --mark 0x4000/0x4000 -j RETURN",
        "-j MARK --set-xmark 0x4000/0x0",
        "-j MASQUERADE --random-fully",
    ]
    assert len(rules(node([THERE]), "nat KUBE-POSTROUTING")) == 3


def test_other_ports_of_a_virtual_address_are_refused() -> None:
    found = node()
    assert rules(found, "filter KUBE-IPVS-FILTER") == [
        "-m set --match-set KUBE-LOAD-BALANCER dst,dst -j RETURN",
        f"{CLUSTER_IP} -j RETURN",
        "-m set --match-set KUBE-EXTERNAL-IP dst,dst -j RETURN",
        "-m set --match-set KUBE-EXTERNAL-IP-LOCAL dst,dst -j RETURN",
        "-m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j RETURN",
        "-m conntrack --ctstate NEW -m set --match-set KUBE-IPVS-IPS dst"
        " -j REJECT --reject-with icmp-port-unreachable",
    ]
    health = "-m set --match-set KUBE-HEALTH-CHECK-NODE-PORT dst -j ACCEPT"
    assert rules(found, "filter KUBE-NODE-PORT") == [health]


RANGES = {"source_ranges": (net("203.0.113.0/24"),)}
WITH_NODE = {"source_ranges": (net("203.0.113.0/24"), net("192.168.10.0/24"))}


def test_source_ranges_are_a_set_and_other_sources_are_dropped() -> None:
    assert rules(everything(), "filter KUBE-PROXY-FIREWALL") == []
    found = everything(**RANGES)
    assert rules(found, "filter KUBE-PROXY-FIREWALL") == [
        "-m set --match-set KUBE-LOAD-BALANCER-FW dst,dst -j KUBE-SOURCE-RANGES-FIREWALL"
    ]
    cidr = "-m set --match-set KUBE-LOAD-BALANCER-SOURCE-CIDR dst,dst,src -j RETURN"
    itself = "-m set --match-set KUBE-LOAD-BALANCER-SOURCE-IP dst,dst,src -j RETURN"
    assert rules(found, "filter KUBE-SOURCE-RANGES-FIREWALL") == [cidr, "-j DROP"]
    with_node = rules(everything(**WITH_NODE), "filter KUBE-SOURCE-RANGES-FIREWALL")
    assert with_node == [cidr, itself, "-j DROP"]


def test_a_node_outside_the_source_ranges_is_dropped_too() -> None:
    taken = f"-m ipvs --vproto 6 --vaddr {BALANCED} --vport 80"
    barred = rules(everything(**RANGES), "filter KUBE-IPVS-OUT-FILTER")
    assert barred == [f"-s {BALANCED}/32 {taken} -j DROP"]
    assert rules(everything(**WITH_NODE), "filter KUBE-IPVS-OUT-FILTER") == []


@pytest.mark.parametrize(
    ("hook", "chains"),
    [
        ("nat PREROUTING", ["KUBE-SERVICES"]),
        ("nat OUTPUT", ["KUBE-SERVICES"]),
        ("filter INPUT", ["KUBE-IPVS-FILTER", "KUBE-PROXY-FIREWALL", "KUBE-NODE-PORT"]),
        ("filter FORWARD", ["KUBE-PROXY-FIREWALL", "KUBE-FORWARD"]),
        ("filter OUTPUT", ["KUBE-IPVS-OUT-FILTER"]),
    ],
)
def test_the_kernels_chains_jump_in_kube_proxys_order(hook: str, chains: list[str]) -> None:
    assert [each.split()[-1] for each in rules(node(), hook)] == chains


def test_ipvs_keeps_conntrack() -> None:
    settings = {each.key: each.value for each in node().sysctls}
    assert {key: settings[key] for key in settings if ".vs." in key} == {
        "net.ipv4.vs.conntrack": "1",
        "net.ipv4.vs.expire_nodest_conn": "1",
        "net.ipv4.vs.expire_quiescent_template": "1",
    }
    assert settings["net.ipv4.ip_forward"] == "1"
