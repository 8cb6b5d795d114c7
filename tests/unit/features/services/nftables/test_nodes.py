"""proxyMode nftables against what kube-proxy v1.30 writes: names, chains, maps, policies."""

from dataclasses import replace

import pytest

from nsnet.features.compile import compile_state
from nsnet.features.services.nftables.ports import name_base
from nsnet.state.rules import NftMap
from nsnet.topology.model import Proxy, Topology
from tests.support.labs import ip, lab, net, pod, service, topology
from tests.support.proxied import (
    EXTERNAL_IP,
    FAR,
    LAB,
    NEAR,
    SVC1,
    VIP,
    elements,
    node_of,
    offered,
    table,
)

MARK = "jump mark-for-masquerade"
DUAL_RANGES = (
    'podCIDR: "10.244.0.0/16,fd00:10:244::/56", serviceCIDR: "10.96.0.0/16,fd00:10:96::/112",'
    ' nodeCIDR: "192.168.10.0/24,fd00:192:168::/64"'
)
DUAL = topology(
    pod("web", labels="app: web"),
    service("web", spec="ipFamilyPolicy: RequireDualStack"),
    clusters=(f"{{name: east, nodes: 1, proxyMode: nftables, {DUAL_RANGES}}}",),
    spec="fabricCIDR: 198.18.0.0/16,fd98::/64",
)


# --- names ---


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("ns1/svc1/tcp/p80", "ULMVA6XW-ns1/svc1/tcp/p80"),
        ("ns2/svc2/tcp/p80", "42NFTM6N-ns2/svc2/tcp/p80"),
        ("ns1/svc1/tcp/p80__10.180.0.1/80", "5OJB2KTY-ns1/svc1/tcp/p80__10.180.0.1/80"),
        ("ns1/svc1/tcp/p80__fd00.10.180..1/80", "ZVRFLKHO-ns1/svc1/tcp/p80__fd00.10.180..1/80"),
    ],
)
def test_a_chain_has_the_name_that_kube_proxy_gives_it(name: str, base: str) -> None:
    assert name_base(name) == base


def test_a_name_that_is_too_long_is_cut_and_ends_in_dots() -> None:
    base = name_base(f"{'n' * 63}/{'s' * 63}/tcp/{'p' * 63}__{'.'.join(['fd00'] * 8)}/65535")
    assert len(base) == 240
    assert base.endswith("...")


def test_an_ipv6_endpoint_has_dots_in_its_name() -> None:
    (name,) = (each for each in table(DUAL, family=6) if each.startswith("endpoint-"))
    assert name.partition("__")[2] == "fd00.10.244..2/80"


# --- what is there without any Service ---

BASES = {
    "filter-prerouting": (
        "type filter hook prerouting priority dstnat - 10; policy accept;",
        "ct state new jump firewall-check",
    ),
    "filter-input": (
        "type filter hook input priority -110; policy accept;",
        "ct state new jump nodeport-endpoints-check",
        "ct state new jump service-endpoints-check",
    ),
    "filter-forward": (
        "type filter hook forward priority -110; policy accept;",
        "ct state new jump service-endpoints-check",
        "ct state new jump cluster-ips-check",
    ),
    "filter-output": (
        "type filter hook output priority -110; policy accept;",
        "ct state new jump service-endpoints-check",
        "ct state new jump firewall-check",
    ),
    "filter-output-post-dnat": (
        "type filter hook output priority -90; policy accept;",
        "ct state new jump cluster-ips-check",
    ),
    "nat-prerouting": (
        "type nat hook prerouting priority dstnat; policy accept;",
        "jump services",
    ),
    "nat-output": ("type nat hook output priority -100; policy accept;", "jump services"),
    "nat-postrouting": (
        "type nat hook postrouting priority srcnat; policy accept;",
        "jump masquerading",
    ),
    "nodeport-endpoints-check": (
        "ip daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports",
    ),
    "service-endpoints-check": ("ip daddr . meta l4proto . th dport vmap @no-endpoint-services",),
    "firewall-check": ("ip daddr . meta l4proto . th dport vmap @firewall-ips",),
    "services": (
        "ip daddr . meta l4proto . th dport vmap @service-ips",
        "ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports",
    ),
    "cluster-ips-check": (
        'ip daddr @cluster-ips reject comment "Reject traffic to invalid ports of ClusterIPs"',
        'ip daddr 172.30.0.0/16 drop comment "Drop traffic to unallocated ClusterIPs"',
    ),
    "masquerading": (
        "meta mark & 0x00004000 == 0x00000000 return",
        "meta mark set meta mark ^ 0x00004000",
        "masquerade fully-random",
    ),
    "mark-for-masquerade": ("meta mark set meta mark | 0x00004000",),
    "reject-chain": (
        'comment "helper for @no-endpoint-services / @no-endpoint-nodeports"',
        "reject",
    ),
    "cluster-ips": ("type ipv4_addr", 'comment "Active ClusterIPs"'),
    "nodeport-ips": (
        "type ipv4_addr",
        'comment "IPs that accept NodePort traffic"',
        "192.168.10.2",
    ),
    "firewall-ips": (
        "type ipv4_addr . inet_proto . inet_service : verdict",
        'comment "destinations that are subject to LoadBalancerSourceRanges"',
    ),
    "no-endpoint-nodeports": (
        "type inet_proto . inet_service : verdict",
        'comment "vmap to drop or reject packets to service nodeports with no endpoints"',
    ),
    "no-endpoint-services": (
        "type ipv4_addr . inet_proto . inet_service : verdict",
        'comment "vmap to drop or reject packets to services with no endpoints"',
    ),
    "service-ips": (
        "type ipv4_addr . inet_proto . inet_service : verdict",
        'comment "ClusterIP, ExternalIP and LoadBalancer IP traffic"',
    ),
    "service-nodeports": (
        "type inet_proto . inet_service : verdict",
        'comment "NodePort traffic"',
    ),
}


def without_services() -> Topology:
    (cluster,) = LAB.clusters
    return replace(LAB, clusters=(replace(cluster, services=()),))


@pytest.mark.parametrize("name", BASES)
def test_a_node_without_services_has_these_chains_and_sets(name: str) -> None:
    assert tuple(table(without_services())[name]) == BASES[name]


def test_a_node_without_services_has_no_other_chains_and_sets() -> None:
    assert set(table(without_services())) == set(BASES)


def test_each_family_of_services_has_a_table() -> None:
    found = table(DUAL, family=6)
    (endpoint,) = (each for each in found if each.startswith("endpoint-"))
    assert found["services"][0] == "ip6 daddr . meta l4proto . th dport vmap @service-ips"
    assert found["cluster-ips"][0] == "type ipv6_addr"
    assert found["cluster-ips-check"][1].startswith("ip6 daddr fd00:10:96::/112 drop")
    assert found["nodeport-ips"][2:] == ["fd00:192:168::2"]
    assert found[endpoint] == [
        f"ip6 saddr fd00:10:244::2 {MARK}",
        "meta l4proto tcp dnat to [fd00:10:244::2]:80",
    ]
    assert len(found) == len(table(DUAL, family=4))


# --- where NodePorts are open ---


@pytest.mark.parametrize(
    ("ranges", "addresses"),
    [
        ((), ["192.168.10.2"]),  # kube-proxy's "primary"
        (("192.168.10.0/24",), ["192.168.10.2"]),
        (("10.180.0.0/16",), ["10.180.0.1"]),  # the bridge has an address of its own
        (("192.168.10.0/24", "10.180.0.0/16"), ["192.168.10.2", "10.180.0.1"]),
        (("10.99.0.0/16",), []),
        (("127.0.0.0/8", "192.168.10.0/24"), ["192.168.10.2"]),  # localhost never
    ],
)
def test_node_ports_are_open_at_these_addresses(
    ranges: tuple[str, ...], addresses: list[str]
) -> None:
    proxy = Proxy("nftables", node_port_addresses=tuple(map(net, ranges)))
    assert table(offered(proxy=proxy))["nodeport-ips"][2:] == addresses


@pytest.mark.parametrize("ranges", [("0.0.0.0/0",), ("10.0.0.0/8", "0.0.0.0/0"), ("fd00::/8",)])
def test_node_ports_at_every_address_need_no_set_and_exclude_localhost(
    ranges: tuple[str, ...],
) -> None:
    proxy = Proxy("nftables", node_port_addresses=tuple(map(net, ranges)))
    found = table(offered(proxy=proxy))
    assert "nodeport-ips" not in found
    where = "fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap"
    assert found["services"][1] == f"{where} @service-nodeports"
    assert found["nodeport-endpoints-check"] == [f"{where} @no-endpoint-nodeports"]


# --- one Service ---


def test_a_cluster_ip_is_spread_over_its_endpoints_equally() -> None:
    found = table(offered())
    assert found["cluster-ips"][2:] == ["172.30.0.41"]
    assert found["service-ips"][2:] == [f"172.30.0.41 . tcp . 80 : goto service-{SVC1}"]
    assert found[f"service-{SVC1}"] == [
        f"ip daddr 172.30.0.41 tcp dport 80 ip saddr != 10.180.0.0/16 {MARK}",
        f"numgen random mod 2 vmap {{ 0 : goto endpoint-{NEAR}, 1 : goto endpoint-{FAR} }}",
    ]
    assert found[f"endpoint-{NEAR}"] == [
        f"ip saddr 10.180.0.3 {MARK}",
        "meta l4proto tcp dnat to 10.180.0.3:80",
    ]


def test_a_single_endpoint_is_also_chosen_by_numgen() -> None:
    chosen = f"numgen random mod 1 vmap {{ 0 : goto endpoint-{FAR} }}"
    assert table(offered("far"))[f"service-{SVC1}"][1] == chosen


def test_masquerade_all_includes_pods() -> None:
    found = table(offered(proxy=Proxy("nftables", masquerade_all=True)))
    assert found[f"service-{SVC1}"][0] == f"ip daddr 172.30.0.41 tcp dport 80 {MARK}"


def test_the_chain_of_a_port_without_a_name_ends_with_a_slash() -> None:
    found = lab(
        pod("web", labels="app: web"),
        service("web"),
        clusters=("{name: east, nodes: 1, proxyMode: nftables}",),
    )
    (element,) = table(found.topology)["service-ips"][2:]
    assert element.endswith("-default/web/tcp/")


def test_other_addresses_have_a_chain_that_masquerades() -> None:
    found = table(
        offered(node_port=30080, external_ips=(ip(EXTERNAL_IP),), load_balancer_ips=(ip(VIP),))
    )
    assert found["service-ips"][2:] == [
        f"172.30.0.41 . tcp . 80 : goto service-{SVC1}",
        f"203.0.113.5 . tcp . 80 : goto external-{SVC1}",
        f"203.0.113.10 . tcp . 80 : goto external-{SVC1}",
    ]
    assert found["service-nodeports"][2:] == [f"tcp . 30080 : goto external-{SVC1}"]
    assert found[f"external-{SVC1}"] == [MARK, f"goto service-{SVC1}"]


@pytest.mark.parametrize(
    ("node", "endpoints", "more"),
    [
        ("n1", "near far", [f"goto local-{SVC1}"]),
        ("n1", "far", []),  # only pods and the node itself are served, elsewhere
        ("n2", "far", [f"goto local-{SVC1}"]),
    ],
)
def test_external_traffic_of_policy_local(node: str, endpoints: str, more: list[str]) -> None:
    found = table(offered(endpoints, node_port=30080, external_local=True), node)
    assert found[f"external-{SVC1}"] == [
        f'ip saddr 10.180.0.0/16 goto service-{SVC1} comment "short-circuit pod traffic"',
        f'fib saddr type local {MARK} comment "masquerade local traffic"',
        f'fib saddr type local goto service-{SVC1} comment "short-circuit local traffic"',
        *more,
    ]
    assert (f"local-{SVC1}" in found) is bool(more)


def test_internal_traffic_of_policy_local_has_the_first_rule_in_its_own_chain() -> None:
    found = table(offered(internal_local=True))
    assert found["service-ips"][2:] == [f"172.30.0.41 . tcp . 80 : goto local-{SVC1}"]
    assert found[f"local-{SVC1}"] == [
        f"ip daddr 172.30.0.41 tcp dport 80 ip saddr != 10.180.0.0/16 {MARK}",
        f"numgen random mod 1 vmap {{ 0 : goto endpoint-{NEAR} }}",
    ]
    assert f"service-{SVC1}" not in found
    assert f"endpoint-{FAR}" not in found


def test_a_client_stays_with_its_endpoint_for_three_hours() -> None:
    found = table(offered(affinity_seconds=10800))
    assert found[f"affinity-{NEAR}"] == [
        "type ipv4_addr",
        "size 65535",
        "flags dynamic,timeout",
        "timeout 3h",
    ]
    assert found[f"service-{SVC1}"][1:3] == [
        f"ip saddr @affinity-{NEAR} goto endpoint-{NEAR}",
        f"ip saddr @affinity-{FAR} goto endpoint-{FAR}",
    ]
    assert found[f"endpoint-{NEAR}"][1] == f"update @affinity-{NEAR} {{ ip saddr }}"


BALANCED = (ip(VIP),)


@pytest.mark.parametrize(
    ("ranges", "allowed"),
    [
        ("198.51.100.0/24", "198.51.100.0/24"),
        ("198.51.100.0/24 10.0.0.0/8", "{ 10.0.0.0/8, 198.51.100.0/24 }"),
        # The node's own address is among them: then the VIP is, too, which a node may call from.
        ("192.168.10.0/24", "{ 192.168.10.0/24, 203.0.113.10 }"),
    ],
)
def test_source_ranges_limit_the_clients_of_a_load_balancer(ranges: str, allowed: str) -> None:
    sources = tuple(map(net, ranges.split()))
    found = table(offered(node_port=30080, source_ranges=sources, load_balancer_ips=BALANCED))
    firewall = f'203.0.113.10 . tcp . 80 comment "ns1/svc1:p80" : goto firewall-{SVC1}'
    assert found["firewall-ips"][2:] == [firewall]
    assert found[f"firewall-{SVC1}"] == [f"ip saddr != {allowed} drop"]


NONE = '172.30.0.41 . tcp . 80 comment "ns1/svc1:p80" : goto reject-chain'


@pytest.mark.parametrize(
    ("case", "found", "held"),
    [
        ("no endpoints", offered(""), {"no-endpoint-services": [NONE]}),
        (
            "no endpoints, with a NodePort and a load balancer",
            offered("", node_port=30080, load_balancer_ips=BALANCED),
            {
                "no-endpoint-services": [
                    NONE,
                    '203.0.113.10 . tcp . 80 comment "ns1/svc1:p80" : goto reject-chain',
                ],
                "no-endpoint-nodeports": ['tcp . 30080 comment "ns1/svc1:p80" : goto reject-chain'],
            },
        ),
        (
            "no local endpoints, internalTrafficPolicy Local",
            offered("far", internal_local=True),
            {"no-endpoint-services": ['172.30.0.41 . tcp . 80 comment "ns1/svc1:p80" : drop']},
        ),
        (
            "no local endpoints, externalTrafficPolicy Local: only external clients are dropped",
            offered("far", external_local=True, node_port=30080, load_balancer_ips=BALANCED),
            {
                "service-ips": [
                    f"172.30.0.41 . tcp . 80 : goto service-{SVC1}",
                    f"203.0.113.10 . tcp . 80 : goto external-{SVC1}",
                ],
                "service-nodeports": [f"tcp . 30080 : goto external-{SVC1}"],
                "no-endpoint-services": ['203.0.113.10 . tcp . 80 comment "ns1/svc1:p80" : drop'],
                "no-endpoint-nodeports": ['tcp . 30080 comment "ns1/svc1:p80" : drop'],
            },
        ),
    ],
)
def test_where_there_is_no_endpoint(case: str, found: Topology, held: dict[str, list[str]]) -> None:
    assert elements(found) == held, case


def test_a_terminating_endpoint_is_used_if_there_is_no_other() -> None:
    assert f"endpoint-{NEAR}" in table(offered("(near)"))
    assert f"endpoint-{NEAR}" not in table(offered("(near) far"))


def test_a_service_of_another_proxy_is_not_in_the_table() -> None:
    assert elements(offered(proxied=False)) == {}


def test_a_node_uses_the_endpoints_hinted_for_its_zone() -> None:
    found = offered()
    (cluster,) = found.clusters
    zone = "topology.kubernetes.io/zone"
    zones = {"n1": "a", "n2": "b"}
    nodes = tuple(replace(each, labels={zone: zones[each.name]}) for each in cluster.nodes)
    (svc1,) = cluster.services
    near, far = svc1.ports[0].endpoints
    hinted = (replace(near, zones=("a",)), replace(far, zones=("b",)))
    services = (replace(svc1, ports=(replace(svc1.ports[0], endpoints=hinted),)),)
    found = replace(found, clusters=(replace(cluster, nodes=nodes, services=services),))
    for node, chosen in (("n1", NEAR), ("n2", FAR)):
        numgen = f"numgen random mod 1 vmap {{ 0 : goto endpoint-{chosen} }}"
        assert table(found, node)[f"service-{SVC1}"][1] == numgen
    # The same nodes, now in each other's zone.
    nodes = tuple(
        replace(each, labels={zone: zones[{"n1": "n2", "n2": "n1"}[each.name]]}) for each in nodes
    )
    found = replace(found, clusters=(replace(cluster, nodes=nodes, services=services),))
    assert FAR in table(found, "n1")[f"service-{SVC1}"][1]


# --- beside the table ---


def test_neither_route_localnet_nor_tcp_be_liberal_is_set() -> None:
    keys = {each.key for each in node_of(compile_state(LAB), "n1").sysctls}
    assert not keys & {
        "net.ipv4.conf.all.route_localnet",
        "net.netfilter.nf_conntrack_tcp_be_liberal",
    }


def test_packets_that_leave_the_cluster_are_masqueraded_by_iptables() -> None:
    chains = {f"{each.table} {each.name}" for each in node_of(compile_state(LAB), "n1").chains}
    assert {each for each in chains if not each.startswith("kube-proxy ")} == {
        "nat POSTROUTING",
        "nat IP-MASQ-AGENT",
    }


def test_nodes_share_equal_chains_in_memory() -> None:
    state = compile_state(offered(node_port=30080))
    one, other = node_of(state, "n1"), node_of(state, "n2")
    maps = [[each for each in node.sets if isinstance(each, NftMap)] for node in (one, other)]
    assert all(mine is theirs for mine, theirs in zip(*maps, strict=True))
