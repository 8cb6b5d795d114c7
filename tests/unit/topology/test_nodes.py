"""The nodes of a cluster: their addresses, and the pod range of each."""

import pytest

from nsnet.topology.model import Node
from tests.support.labs import (
    node,
    pod,
    refused,
    topology,
)


def described(found: tuple[Node, ...]) -> list[str]:
    """Return the name, the addresses and the pod ranges of each node."""
    return [
        " ".join(map(str, (each.name, *(ip.ip for ip in each.addresses), *each.pod_cidrs)))
        for each in found
    ]


def test_every_node_has_a_pod_range_and_its_first_address() -> None:
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


def test_each_cluster_has_an_underlay_of_its_own() -> None:
    found = topology(clusters=("{name: east}", "{name: west}", "{name: north}"))
    assert [str(each.node_cidrs[0]) for each in found.clusters] == [
        "192.168.10.0/24",
        "192.168.20.0/24",
        "192.168.30.0/24",
    ]


def test_the_mask_size_is_that_of_a_nodes_pod_range() -> None:
    clusters = ("{name: east, nodes: 2, podCIDR: 10.0.0.0/25, nodeCIDRMaskSize: 26}",)
    nodes = topology(clusters=clusters).clusters[0].nodes
    assert [str(each.pod_cidrs[0]) for each in nodes] == ["10.0.0.0/26", "10.0.0.64/26"]


def test_removing_a_node_changes_no_other() -> None:
    old = topology(clusters=("{name: east, nodes: [{name: n1}, {name: n2}, {name: n3}]}",))
    new = topology(
        clusters=("{name: east, nodes: [{name: n0}, {name: n3}]}",), keep=old.assignment()
    )
    assert [
        (each.name, str(each.addresses[0]), str(each.pod_cidrs[0]))
        for each in new.clusters[0].nodes
    ] == [("n0", "192.168.10.2/24", "10.244.0.0/24"), ("n3", "192.168.10.4/24", "10.244.2.0/24")]


def test_an_entry_sets_the_addresses_and_the_pod_range_of_a_node() -> None:
    entry = "{name: n2, addresses: [192.168.10.2], podCIDR: 10.244.0.0/22}"
    clusters = (f"{{name: east, nodes: [{{name: n1}}, {entry}, {{name: n3}}]}}",)
    assert described(topology(clusters=clusters).clusters[0].nodes) == [
        "n1 192.168.10.3 10.244.4.0/24",
        "n2 192.168.10.2 10.244.0.0/22",
        "n3 192.168.10.4 10.244.5.0/24",
    ]


def test_a_small_pod_range_takes_a_whole_block_from_the_others() -> None:
    clusters = ("{name: east, nodes: [{name: n1}, {name: n2, podCIDR: 10.244.0.128/30}]}",)
    nodes = topology(clusters=clusters).clusters[0].nodes
    assert [str(each.pod_cidrs[0]) for each in nodes] == ["10.244.1.0/24", "10.244.0.128/30"]


def test_both_families_of_a_node_object_are_used() -> None:
    ranges = 'podCIDRs: [10.244.7.0/24, "fd00:10:244:7::/64"]'
    found = topology(
        node("w", spec=ranges, addresses="192.168.10.9 fd00:192::9"),
        clusters=(
            '{name: east, podCIDR: "10.244.0.0/16,fd00:10:244::/56",'
            ' serviceCIDR: "10.96.0.0/16,fd00:10:96::/112",'
            ' nodeCIDR: "192.168.10.0/24,fd00:192::/64"}',
        ),
    )
    assert described(found.clusters[0].nodes) == [
        "w 192.168.10.9 fd00:192::9 10.244.7.0/24 fd00:10:244:7::/64"
    ]


def test_a_running_lab_yields_to_an_address_and_a_range_of_the_file() -> None:
    two = ("{name: east, nodes: [{name: n1}, {name: n2}]}",)
    written = "addresses: [192.168.10.2], podCIDR: 10.244.0.0/24"
    changed = (f"{{name: east, nodes: [{{name: n1}}, {{name: n2, {written}}}]}}",)
    found = topology(clusters=changed, keep=topology(clusters=two).assignment())
    assert described(found.clusters[0].nodes) == [
        "n1 192.168.10.3 10.244.1.0/24",
        "n2 192.168.10.2 10.244.0.0/24",
    ]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("addresses: [172.18.0.2]", "addresses: 172.18.0.2 is outside nodeCIDR 192.168.10.0/24"),
        ("addresses: [192.168.10.1]", "addresses: 192.168.10.1 is the address of a router"),
        ("addresses: [192.168.10.255]", "addresses: 192.168.10.255 is the broadcast address"),
        ("addresses: [192.168.10.7]", "addresses: 192.168.10.7 is taken by east/node/n0"),
        ("podCIDR: 10.42.0.0/24", "podCIDR: 10.42.0.0/24 is outside podCIDR 10.244.0.0/16"),
        ("podCIDR: 10.0.0.0/8", "podCIDR: 10.0.0.0/8 is outside podCIDR 10.244.0.0/16"),
        ("podCIDR: 10.244.9.0/31", "podCIDR: 10.244.9.0/31 has no room for pods"),
        ("podCIDR: 10.244.8.0/23", "podCIDR: 10.244.8.0/23 overlaps the pod range of another node"),
        ("podCIDR: 10.244.0.0/16", "podCIDR: 10.244.0.0/16 overlaps the pod range of another node"),
    ],
)
def test_an_entry_must_fit_the_ranges_of_its_cluster(written: str, message: str) -> None:
    first = "{name: n0, addresses: [192.168.10.7], podCIDR: 10.244.9.0/24}"
    clusters = (f"{{name: east, nodes: [{first}, {{name: n1, {written}}}]}}",)
    assert f"lab.yaml:6: spec.clusters[0].nodes[1].{message}" in refused(clusters=clusters)


def test_no_range_is_left_beside_written_ones() -> None:
    nodes = "[{name: n1}, {name: n2, podCIDR: 10.0.0.0/24}]"
    clusters = (f"{{name: east, podCIDR: 10.0.0.0/24, nodes: {nodes}}}",)
    assert "10.0.0.0/24 has room for 1 nodes, a /24 each, not 2" in refused(clusters=clusters)


def test_node_objects_of_other_ranges_load_with_one_warning() -> None:
    dump = [
        node(f"w{number}", spec=f"podCIDR: 10.42.{number}.0/24", addresses=f"172.18.0.{number}")
        for number in range(1, 6)
    ]
    found = topology(*dump, clusters=("{name: east}",))
    assert described(found.clusters[0].nodes)[0] == "w1 192.168.10.2 10.244.0.0/24"
    assert found.warnings == (
        "lab.yaml:8: nodes of east get other addresses or pod ranges than their Node objects have,"
        " which do not fit nodeCIDR 192.168.10.0/24 and podCIDR 10.244.0.0/16:"
        " w1 (172.18.0.1, 10.42.1.0/24), w2 (172.18.0.2, 10.42.2.0/24),"
        " w3 (172.18.0.3, 10.42.3.0/24) and 2 more",
    )
