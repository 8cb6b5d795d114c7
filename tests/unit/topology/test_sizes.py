"""The sizes of the clusters of a file."""

from contextlib import nullcontext

import pytest

from nsnet.errors import ScenarioError
from nsnet.sizing.outbound import Outbound
from nsnet.sizing.pool import Network
from nsnet.sizing.size import Size
from nsnet.topology.resolve import resolve
from nsnet.topology.sizes import sizes_of
from tests.support.labs import SHIPPED, shipped, written

HUB = """
vnets:
- name: hub
  ranges: [10.0.0.0/8]
  subnets: [{name: aks, range: 10.0.0.0/24}, {name: vms, range: 10.1.0.0/24}]
  machines: [{name: a, subnet: aks}, {name: b, subnet: aks}, {name: c, subnet: vms}]
  peerings: [{name: office, ranges: [172.20.0.0/16]}]
"""
PLACE = "vnet: hub, subnet: aks, serviceCIDR: 172.24.0.0/16"


def sizes(*clusters: str, spec: str = HUB) -> tuple[Size, ...]:
    return sizes_of(written(clusters=clusters, spec=spec))


def size(cluster: str, spec: str = HUB) -> Size:
    (found,) = sizes(cluster, spec=spec)
    return found


def test_a_cluster_in_a_vnet() -> None:
    found = size(f"{{name: east, cni: azure-cni, maxPods: 10, nodes: 5, {PLACE}}}")
    assert (found.name, found.pool.network) == ("east", Network.AZURE_CNI)
    assert (found.pool.nodes, found.pool.max_pods, found.pool.surge) == (5, 10, 1)
    assert [str(each) for each in found.spaces] == ["subnet 10.0.0.0/24"]
    # 251 addresses, two of them those of machines.
    assert (found.room, found.shares(found.spaces[0])["others"]) == (22, 2)
    assert found.problems == ()


@pytest.mark.parametrize(
    ("cni", "max_pods", "ranges"),
    [
        ("kubenet", 110, ["subnet 10.1.0.0/24", "podCIDR 192.168.0.0/16"]),
        ("azure-cni", 30, ["subnet 10.1.0.0/24"]),
        ("azure-cni-overlay", 250, ["subnet 10.1.0.0/24", "podCIDR 192.168.0.0/16"]),
    ],
)
def test_the_defaults_of_each_network(cni: str, max_pods: int, ranges: list[str]) -> None:
    pods = "" if cni == "azure-cni" else "podCIDR: 192.168.0.0/16, "
    hub = HUB.replace(", {name: c, subnet: vms}", "")
    found = size(f"{{name: east, cni: {cni}, vnet: hub, subnet: vms, {pods}nodes: 2}}", hub)
    assert found.pool.max_pods == max_pods
    assert [str(each) for each in found.spaces] == ranges


@pytest.mark.parametrize(
    ("outbound", "expected"),
    [
        ("", Outbound()),
        ("outbound: {type: none},", Outbound("none")),
        ("outbound: {type: natGateway, addresses: 2},", Outbound("natGateway", 2)),
        (
            "outbound: {addresses: 2, portsPerNode: 32, portsPerAddress: 64},",
            Outbound("loadBalancer", 2, 32, 64),
        ),
    ],
)
def test_the_outbound_type_is_that_of_the_cluster(outbound: str, expected: Outbound) -> None:
    found = size(f"{{name: east, cni: azure-cni, nodes: 2, {outbound} {PLACE}}}")
    assert found.outbound == expected


def test_a_lab_has_room_for_as_many_nodes_as_its_ports_suffice_for() -> None:
    ports = "outbound: {addresses: 2, portsPerNode: 24, portsPerAddress: 64}"
    for nodes, full in ((4, False), (5, True)):
        cluster = f"{{name: east, cni: azure-cni, maxPods: 10, nodes: {nodes}, {ports}, {PLACE}}}"
        found = size(cluster)
        assert found.room == 4
        assert (
            "load balancer" in {each.where for each in found.problems if each.kind == "full"}
        ) is full
        with pytest.raises(ScenarioError) if full else nullcontext():
            resolve(written(clusters=(cluster,), spec=HUB))


def test_clusters_in_one_subnet_leave_each_other_less_room() -> None:
    azure = f"{{name: east, cni: azure-cni, maxPods: 10, nodes: 5, {PLACE}}}"
    overlay = f"{{name: west, cni: azure-cni-overlay, podCIDR: 192.168.0.0/16, nodes: 9, {PLACE}}}"
    east, west = sizes(azure, overlay)
    assert east.pool.others == 2 + (9 + 1)
    assert west.pool.others == 2 + (5 + 1) * (1 + 10)


def test_what_no_lab_has_room_for_has_a_size() -> None:
    hub = HUB.replace("machines: [", "machines: []\n  #")
    place = "vnet: hub, subnet: vms, serviceCIDR: 172.24.0.0/16, podCIDR: 192.168.0.0/16"
    found = size(f"{{name: east, cni: kubenet, nodes: 401, {place}}}", hub)
    assert [(each.kind, each.where) for each in found.problems] == [
        ("full", "subnet 10.1.0.0/24"),
        ("full", "podCIDR 192.168.0.0/16"),
        ("full", "route table"),
    ]


def test_conflicts_of_ranges_are_those_of_the_vnet_and_its_peers() -> None:
    cluster = "{name: east, cni: azure-cni-overlay, vnet: hub, subnet: aks, podCIDR: 10.9.0.0/16,"
    found = size(f"{cluster} serviceCIDR: 172.20.1.0/24}}")
    assert [each.message for each in found.problems if each.kind == "range"] == [
        "podCIDR 10.9.0.0/16 overlaps VNet hub 10.0.0.0/8",
        "serviceCIDR 172.20.1.0/24 overlaps peering office 172.20.0.0/16",
    ]


@pytest.mark.parametrize(
    ("cluster", "network", "unique"),
    [
        ("{name: east, model: flat, nodes: 3}", "flat", 4 + 4 * 256),
        ("{name: east, model: isolated, nodes: 3}", "island", 0),
        ("{name: east, nodes: 3}", "island", 4),
        ("{name: east, nodes: 3, gateway: {kind: nat}}", "island", 1),
        ("{name: east, nodes: 3, gateway: {kind: nat, replicas: 2}}", "island", 2),
        ("{name: east, nodes: 3, gateway: {kind: proxy}}", "island", 1),
        ("{name: east, nodes: 3, gateway: {kind: vip}}", "island", 65_537),
    ],
)
def test_clusters_outside_a_vnet(cluster: str, network: str, unique: int) -> None:
    found = size(cluster, "")
    assert (found.pool.network, found.pool.unique_addresses) == (network, unique)
    assert [str(each) for each in found.spaces] == [
        "nodeCIDR 192.168.10.0/24",
        "podCIDR 10.244.0.0/16",
    ]
    assert (found.outbound, found.ranges) == (None, ())


def test_a_standby_gateway_has_an_address_of_the_nodes() -> None:
    one, two = (
        size(f"{{name: east, gateway: {{kind: nat, replicas: {count}}}}}", "").spaces[0].room
        for count in (1, 2)
    )
    assert (one, two) == (253, 252)


def test_nodes_have_the_range_that_the_file_says_and_no_more_pods_than_fit() -> None:
    found = size("{name: east, nodeCIDRMaskSize: 28, podCIDR: 10.8.0.0/24}", "")
    assert (found.pool.max_pods, found.spaces[1].room) == (13, 16)
    assert found.problems == ()


def test_a_cluster_of_two_families_has_two_sizes() -> None:
    ranges = 'podCIDR: "10.244.0.0/16,fd00:10:244::/56", nodeCIDR: "10.9.0.0/24,fd00::/64"'
    four, six = sizes(f"{{name: east, nodes: 2, {ranges}}}", spec="")
    assert [each.name for each in (four, six)] == ["east (IPv4)", "east (IPv6)"]
    assert [str(each) for each in six.spaces] == ["nodeCIDR fd00::/64", "podCIDR fd00:10:244::/56"]
    assert six.room == 256


def test_entries_and_numbers_of_nodes_are_counted() -> None:
    assert size("{name: east, nodes: [{name: a}, {name: b}]}", "").pool.nodes == 2
    assert size("{name: east, nodes: 7}", "").pool.nodes == 7


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        (
            "{name: east, cni: kubenet, vnet: hub}",
            "hub has several subnets; add subnet: aks or vms",
        ),
        ("{name: east, cni: kubenet}", "cni kubenet needs a VNet: add vnet, and spec.vnets"),
        ("{name: east, nodeCIDRMaskSize: 100}", "nodeCIDRMaskSize: a /100 has no room for pods"),
    ],
)
def test_a_mistake_that_leaves_a_size_undefined_is_refused(cluster: str, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        size(cluster)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_scenario_has_room_for_its_nodes(name: str) -> None:
    for found in sizes_of(shipped(name).scenario):
        assert [each for each in found.problems if each.kind == "full"] == []
        assert found.room >= found.pool.nodes
