"""The nodes of a cluster: their addresses, and the pod range of each."""

from tests.support.labs import (
    pod,
    topology,
)


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
