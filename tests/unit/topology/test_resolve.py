"""From the file to the lab: which pods there are, where they run, who has which address, and what
stands behind each Service."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.errors import ScenarioError
from nsnet.topology.model import Topology
from tests.support.labs import (
    endpoint_slice,
    exported,
    in_clusters,
    pod,
    pods,
    service,
    services,
    topology,
    workload,
)

ZONES = (
    "{name: east, nodes: [{name: n1, labels: {zone: a}}, {name: n2, labels: {zone: b}},"
    " {name: n3, labels: {zone: b}}]}",
)
DUAL = (
    "{name: east, nodes: 2, podCIDR: '10.244.0.0/16,fd00:10:244::/56',"
    " serviceCIDR: '10.96.0.0/16,fd00:10:96::/112',"
    " nodeCIDR: '192.168.10.0/24,fd00:192:168::/64'}",
)


def placed(found: Topology) -> dict[str, str]:
    """The node of every pod."""
    return {name.removeprefix("east/pod/"): each.node for name, each in pods(found).items()}


def behind(found: Topology, name: str = "east/svc/web", port: int = 0) -> list[str]:
    """The endpoints of a Service port, each with a word for its condition."""
    words = []
    for each in services(found)[name].ports[port].endpoints:
        state = "ready" if each.ready else "terminating" if each.terminating else "not ready"
        words.append(f"{each.address}:{each.port} {each.reference} {state}")
    return words


def refused(*objects: str, clusters: tuple[str, ...] = ("{name: east}",), spec: str = "") -> str:
    """What is wrong with these objects."""
    with pytest.raises(ScenarioError) as caught:
        topology(*objects, clusters=clusters, spec=spec)
    return str(caught.value)


# --- pods and their nodes ---


def test_pods_take_turns_on_the_nodes_by_namespace_and_name() -> None:
    found = topology(pod("z"), pod("a"), pod("m", namespace="alpha"), pod("b"))
    assert placed(found) == {"m.alpha": "n1", "a": "n2", "b": "n1", "z": "n2"}


def test_a_node_name_wins_and_takes_no_turn() -> None:
    found = topology(pod("a"), pod("b", spec="nodeName: n1"), pod("c"), pod("d"))
    assert placed(found) == {"a": "n1", "b": "n1", "c": "n2", "d": "n1"}


def test_a_node_selector_wins() -> None:
    there = "nodeSelector: {zone: b}"
    found = topology(*(pod(name, spec=there) for name in "abc"), clusters=ZONES)
    assert set(placed(found).values()) == {"n2", "n3"}


def test_every_node_has_its_own_name_as_a_label() -> None:
    found = topology(pod("a", spec="nodeSelector: {kubernetes.io/hostname: n2}"))
    assert placed(found) == {"a": "n2"}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("Deployment", {"web-0": "n1", "web-1": "n2", "web-2": "n3"}),
        ("ReplicaSet", {"web-0": "n1", "web-1": "n2", "web-2": "n3"}),
        ("StatefulSet", {"web-0": "n1", "web-1": "n2", "web-2": "n3"}),
        ("DaemonSet", {"web-n1": "n1", "web-n2": "n2", "web-n3": "n3"}),
    ],
)
def test_what_a_workload_makes(kind: str, names: dict[str, str]) -> None:
    found = topology(workload(kind, "web", 3), clusters=("{name: east, nodes: 3}",))
    assert placed(found) == names


def test_a_daemon_set_keeps_to_the_nodes_it_selects() -> None:
    found = topology(workload("DaemonSet", "web", spec="nodeSelector: {zone: b}"), clusters=ZONES)
    assert placed(found) == {"web-n2": "n2", "web-n3": "n3"}


def test_a_workload_without_pods_is_still_known() -> None:
    found = topology(workload("Deployment", "web", 0))
    assert (placed(found), found.clusters[0].workloads) == ({}, ("east/deploy/web",))


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ([pod("a", spec="nodeName: n7")], "spec.nodeName: east has no node n7; it has n1"),
        ([pod("a", spec="nodeSelector: {disk: ssd}")], "matches no node of east"),
        (
            [pod("web-0"), workload("Deployment", "web")],
            "metadata.name: two pods would be called east/pod/web-0",
        ),
        (
            [pod("a", spec="hostNetwork: true"), pod("b", spec="hostNetwork: true")],
            "port 80/TCP of node n1 is taken by pod default/a, on the host's network, too",
        ),
        (
            [pod("a", spec="containers: [{ports: [{containerPort: 80}, {containerPort: 80}]}]")],
            "port 80/TCP stands there twice: containers of a pod share one network",
        ),
    ],
)
def test_a_pod_that_cannot_be(objects: list[str], message: str) -> None:
    assert message in refused(*objects)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(names=st.lists(st.sampled_from("abcdefghijk"), unique=True), nodes=st.integers(1, 4))
def test_round_robin_is_even_and_blind_to_the_order_of_the_file(
    names: list[str], nodes: int
) -> None:
    clusters = (f"{{name: east, nodes: {nodes}}}",)
    found = placed(topology(*map(pod, names), clusters=clusters))
    assert found == placed(topology(*map(pod, reversed(names)), clusters=clusters))
    counts = [list(found.values()).count(f"n{number}") for number in range(1, nodes + 1)]
    assert max(counts) - min(counts) <= 1


# --- addresses ---


def test_every_node_has_a_range_for_its_pods_and_is_their_first_address() -> None:
    cluster = topology(pod("a"), pod("b"), pod("c")).clusters[0]
    assert [str(node.pod_cidrs[0]) for node in cluster.nodes] == ["10.244.0.0/24", "10.244.1.0/24"]
    assert [str(node.bridge[0]) for node in cluster.nodes] == ["10.244.0.1/24", "10.244.1.1/24"]
    assert [str(node.addresses[0]) for node in cluster.nodes] == [
        "192.168.10.2/24",
        "192.168.10.3/24",
    ]
    assert [str(each.addresses[0]) for each in cluster.pods] == [
        "10.244.0.2",
        "10.244.1.2",
        "10.244.0.3",
    ]


def test_each_cluster_stands_in_an_underlay_of_its_own() -> None:
    found = topology(clusters=("{name: east}", "{name: west}", "{name: north}"))
    assert [str(each.node_cidrs[0]) for each in found.clusters] == [
        "192.168.10.0/24",
        "192.168.20.0/24",
        "192.168.30.0/24",
    ]


def test_a_node_may_have_a_smaller_range() -> None:
    clusters = ("{name: east, nodes: 2, podCIDR: 10.0.0.0/25, nodeCIDRMaskSize: 26}",)
    nodes = topology(clusters=clusters).clusters[0].nodes
    assert [str(each.pod_cidrs[0]) for each in nodes] == ["10.0.0.0/26", "10.0.0.64/26"]


def test_the_first_and_the_tenth_service_address_are_reserved() -> None:
    found = topology(*(service(f"s{number}") for number in range(1, 10)))
    assert [str(each.addresses[0]) for each in services(found).values()] == [
        f"10.96.0.{number}" for number in (2, 3, 4, 5, 6, 7, 8, 9, 11)
    ]


def test_a_service_has_the_address_that_it_asks_for() -> None:
    found = topology(service("first"), service("web", spec="clusterIP: 10.96.0.2"))
    assert {name: str(each.addresses[0]) for name, each in services(found).items()} == {
        "east/svc/first": "10.96.0.3",  # although it comes first in the file
        "east/svc/web": "10.96.0.2",
    }


@pytest.mark.parametrize(
    ("objects", "message"),
    [
        ([service("web", spec="clusterIP: 10.97.0.1")], "10.97.0.1 is outside serviceCIDR 10.96."),
        ([service("web", spec="clusterIP: web")], "spec.clusterIP: 'web' is not an IP address"),
        (
            [service(name, spec="clusterIP: 10.96.0.7") for name in ("web", "api")],
            "10.96.0.7 is taken by east/svc/web",
        ),
    ],
)
def test_an_address_that_a_service_cannot_have(objects: list[str], message: str) -> None:
    assert message in refused(*objects)


def test_a_headless_service_has_endpoints_and_no_address() -> None:
    found = topology(pod("web", labels="app: web"), service("web", spec="clusterIP: None"))
    assert services(found)["east/svc/web"].addresses == ()
    assert behind(found) == ["10.244.0.2:80 east/pod/web ready"]


def test_an_external_name_has_neither() -> None:
    found = topology(
        pod("web", labels="app: web"),
        service("web", spec="type: ExternalName, externalName: example.org"),
    )
    assert services(found)["east/svc/web"].addresses == ()
    assert behind(found) == []


def test_in_a_dual_stack_cluster_everybody_has_an_address_of_each_family() -> None:
    found = topology(
        pod("web", labels="app: web"),
        service("web", spec="ipFamilyPolicy: PreferDualStack"),
        clusters=DUAL,
    )
    node = found.clusters[0].nodes[1]
    assert list(map(str, node.pod_cidrs)) == ["10.244.1.0/24", "fd00:10:244:1::/64"]
    assert list(map(str, node.addresses)) == ["192.168.10.3/24", "fd00:192:168::3/64"]
    web = pods(found)["east/pod/web"]
    assert list(map(str, web.addresses)) == ["10.244.0.2", "fd00:10:244::2"]
    assert list(map(str, services(found)["east/svc/web"].addresses)) == [
        "10.96.0.2",
        "fd00:10:96::2",
    ]
    assert behind(found) == [
        "10.244.0.2:80 east/pod/web ready",
        "fd00:10:244::2:80 east/pod/web ready",
    ]


def test_gateways_and_exported_services_have_addresses_outside() -> None:
    clusters = ("{name: east, gateway: {kind: nat}}", "{name: west, gateway: {kind: nat}}")
    there = in_clusters("west")
    found = topology(service("web", meta=there), exported("web", there), clusters=clusters)
    assert [str(each.gateways[0].outside[0]) for each in found.clusters] == [
        "198.18.0.2/16",  # the first belongs to the fabric
        "198.18.0.3/16",
    ]
    assert str(services(found)["west/svc/web"].exported[0]) == "198.18.0.4"


def test_addresses_of_islands_may_be_equal_and_of_flat_clusters_may_not() -> None:
    topology(clusters=("{name: east}", "{name: west}"))
    message = refused(clusters=("{name: east, model: flat}", "{name: west, model: flat}"))
    assert "10.244.0.0/16 overlaps 10.244.0.0/16, the podCIDR of east" in message


@pytest.mark.parametrize(
    ("cluster", "spec", "message"),
    [
        ("nodeCIDR: 10.0.0.0/31", "", "nodeCIDR: 10.0.0.0/31 has no room for a router and a host"),
        ("", "fabricCIDR: 198.18.0.0/32", "fabricCIDR: 198.18.0.0/32 has no room for a router"),
        ("nodes: 300, podCIDR: 10.0.0.0/16", "", "10.0.0.0/16 has room for 256 nodes, a /24 each"),
        ("podCIDR: 10.0.0.0/29, nodeCIDRMaskSize: 31", "", "a /31 has no room for pods"),
        ("nodes: 4, nodeCIDR: 10.0.0.0/30", "", "10.0.0.0/30 has no free address left for east/n"),
        (
            "podCIDR: '10.244.0.0/16,fd00:10:244::/56'",
            "",
            "nodeCIDR: has no IPv6 range, and the pods of east have one",
        ),
        (
            "serviceCIDR: '10.96.0.0/16,fd00:10:96::/112'",
            "",
            "serviceCIDR: fd00:10:96::/112 is no range for pods that have no IPv6 address",
        ),
        (
            "gateway: {kind: nat}",
            "fabricCIDR: fd98::/64",
            "gateway: fabricCIDR has no IPv4 range, and the pods of east have one",
        ),
        ("model: flat, gateway: {kind: nat}", "", "only an island has one; east is flat"),
    ],
)
def test_ranges_that_do_not_fit(cluster: str, spec: str, message: str) -> None:
    assert message in refused(clusters=(f"{{name: east, {cluster}}}",), spec=spec)


# --- what stands behind a Service ---


def test_a_selector_finds_pods_of_its_own_namespace_with_all_of_its_labels() -> None:
    found = topology(
        pod("a", labels="app: web, tier: front"),
        pod("b", labels="app: web", namespace="prod"),
        pod("c", labels="app: api"),
        service("web"),
        clusters=("{name: east}",),
    )
    assert behind(found) == ["10.244.0.2:80 east/pod/a ready"]


@pytest.mark.parametrize(
    ("condition", "behind_it"),
    [
        ("", "ready"),
        ("\nstatus: {conditions: [{type: Ready, status: 'True'}]}", "ready"),
        ("\nstatus: {conditions: [{type: Ready, status: 'False'}]}", "not ready"),
        ("\nstatus: {conditions: [{type: Ready, status: Unknown}]}", "not ready"),
        ("\nstatus: {conditions: [{type: Initialized, status: 'False'}]}", "ready"),
    ],
)
def test_a_pod_is_ready_unless_its_status_says_otherwise(condition: str, behind_it: str) -> None:
    found = topology(pod("web", labels="app: web") + condition, service("web"))
    assert behind(found) == [f"10.244.0.2:80 east/pod/web {behind_it}"]


def test_a_pod_that_is_being_deleted_is_terminating() -> None:
    leaving = pod("web", labels="app: web", meta="deletionTimestamp: '2024-01-01T00:00:00Z'")
    found = topology(leaving, service("web"))
    assert behind(found) == ["10.244.0.2:80 east/pod/web terminating"]
    assert services(found)["east/svc/web"].ports[0].endpoints[0].serving


def test_a_named_target_port_may_be_another_number_in_each_pod() -> None:
    found = topology(
        pod(
            "a", labels="app: web", spec="containers: [{ports: [{name: http, containerPort: 80}]}]"
        ),
        pod(
            "b",
            labels="app: web",
            spec="containers: [{ports: [{name: http, containerPort: 8080}]}]",
        ),
        pod("c", labels="app: web", spec="containers: [{ports: [{name: x, containerPort: 80}]}]"),
        service("web", "{port: 80, targetPort: http}"),
        clusters=("{name: east}",),
    )
    assert behind(found) == [
        "10.244.0.2:80 east/pod/a ready",
        "10.244.0.3:8080 east/pod/b ready",  # and c has no port of that name: no endpoint
    ]


def test_a_named_target_port_is_one_of_its_own_protocol() -> None:
    both = "{name: dns, containerPort: 5353}, {name: dns, containerPort: 53, protocol: UDP}"
    found = topology(
        pod("dns", labels="app: web", spec=f"containers: [{{ports: [{both}]}}]"),
        service("web", "{port: 53, protocol: UDP, targetPort: dns}"),
    )
    assert behind(found) == ["10.244.0.2:53 east/pod/dns ready"]


@pytest.mark.parametrize(
    ("ports", "number"), [("{port: 80}", 80), ("{port: 80, targetPort: 8080}", 8080)]
)
def test_a_target_port_is_the_port_unless_it_is_said(ports: str, number: int) -> None:
    found = topology(pod("web", labels="app: web"), service("web", ports))
    assert behind(found) == [f"10.244.0.2:{number} east/pod/web ready"]


def test_a_pod_of_the_hosts_network_is_found_at_its_nodes_address() -> None:
    found = topology(pod("web", labels="app: web", spec="hostNetwork: true"), service("web"))
    web = pods(found)["east/pod/web"]
    assert web.netns == found.clusters[0].nodes[0].netns
    assert behind(found) == ["192.168.10.2:80 east/pod/web ready"]
    assert web.netns in {each.name: each.reference for each in found.namespaces()}


@pytest.mark.parametrize(
    ("endpoint", "behind_it"),
    [
        ("{addresses: [10.244.0.2]}", "10.244.0.2:80 east/pod/client ready"),
        ("{addresses: [203.0.113.80]}", "203.0.113.80:80 external/api ready"),
        ("{addresses: [192.0.2.9]}", "192.0.2.9:80 192.0.2.9 ready"),
        ("{addresses: [192.0.2.9, 192.0.2.10]}", "192.0.2.9:80 192.0.2.9 ready"),
        (
            "{addresses: [192.0.2.9], conditions: {ready: false}}",
            "192.0.2.9:80 192.0.2.9 not ready",
        ),
        (
            "{addresses: [192.0.2.9], conditions: {ready: false, terminating: true}}",
            "192.0.2.9:80 192.0.2.9 terminating",
        ),
    ],
)
def test_endpoints_written_by_hand_are_used_as_they_are(endpoint: str, behind_it: str) -> None:
    found = topology(
        pod("client"),
        service("web", app=""),
        endpoint_slice("web", endpoint),
        spec="externals: [{name: api, address: 203.0.113.80}]",
    )
    assert behind(found) == [behind_it]


def test_a_slice_is_for_the_service_port_of_its_ports_name() -> None:
    found = topology(
        service("web", "{name: http, port: 80}, {name: admin, port: 90}", app=""),
        endpoint_slice("web", "{addresses: [192.0.2.9]}", "{name: admin, port: 9090}"),
    )
    assert behind(found) == []
    assert behind(found, port=1) == ["192.0.2.9:9090 192.0.2.9 ready"]


def test_a_selector_that_finds_nobody_is_worth_a_warning() -> None:
    assert topology(service("web"), service("idle", app="")).warnings == (
        "lab.yaml:11: the selector of east/svc/web matches no pod",
    )


# --- names ---


def test_the_names_of_namespaces_are_their_places_in_the_lab() -> None:
    clusters = ("{name: east, gateway: {kind: nat}}",)
    found = topology(
        pod("web"),
        pod("db", namespace="prod"),
        clusters=clusters,
        spec="externals: [{name: api, address: 203.0.113.80}]",
    )
    assert [tuple(each) for each in found.namespaces()] == [
        ("nsnet.lab.servers", "servers", "servers"),
        ("nsnet.lab.fabric", "fabric", "fabric"),
        ("nsnet.lab.external.api", "external/api", "external"),
        ("nsnet.lab.east.gateway", "east/gateway", "gateway"),
        ("nsnet.lab.east.node.n1", "east/node/n1", "node"),
        ("nsnet.lab.east.pod.default.web", "east/pod/web", "pod"),
        ("nsnet.lab.east.pod.prod.db", "east/pod/db.prod", "pod"),
    ]


def test_a_name_that_no_namespace_can_have() -> None:
    assert "over 255 bytes" in refused(pod("a" * 250))
