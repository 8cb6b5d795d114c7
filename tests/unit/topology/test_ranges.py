"""The address ranges of a scenario: those that are written, and those that follow from others."""

import pytest

from nsnet.scenario.kinds import ClusterSpec
from nsnet.topology.ranges import all_ranges, fabric_ranges, node_cidrs, virtual_cidrs
from tests.support.labs import written


def cluster(text: str) -> ClusterSpec:
    """The spec of one cluster."""
    return written(clusters=(f"{{name: east, {text}}}",)).spec.clusters[0]


@pytest.mark.parametrize(
    ("index", "text", "cidrs"),
    [
        (0, "", ["192.168.10.0/24"]),
        (1, "", ["192.168.20.0/24"]),
        (24, "", ["192.168.250.0/24"]),
        (25, "", ["192.168.4.0/24"]),  # 260 modulo 256
        (1, "nodeCIDR: 10.0.0.0/16", ["10.0.0.0/16"]),
        (0, "nodeCIDR: '10.0.0.0/16,fd00::/64'", ["10.0.0.0/16", "fd00::/64"]),
    ],
)
def test_the_underlay_of_a_cluster(index: int, text: str, cidrs: list[str]) -> None:
    assert list(map(str, node_cidrs(index, cluster(text)))) == cidrs


VIP = "gateway: {kind: vip}"


@pytest.mark.parametrize(
    ("index", "text", "cidrs"),
    [
        (0, "", []),  # no gateway
        (0, "gateway: {kind: nat}", []),
        (0, VIP, ["100.64.0.0/16"]),
        (1, VIP, ["100.65.0.0/16"]),  # as large as podCIDR
        (63, VIP, ["100.127.0.0/16"]),
        (64, VIP, []),  # 100.64.0.0/10 has 64 parts of /16
        (3, f"{VIP}, podCIDR: 10.0.0.0/24", ["100.64.3.0/24"]),
        (1, "gateway: {kind: vip, virtualCIDR: 172.16.0.0/12}", ["172.16.0.0/16"]),
        (1, "gateway: {kind: vip, virtualCIDR: 172.16.0.0/24}", []),  # smaller than podCIDR
        (1, "gateway: {kind: vip, virtualCIDR: 'fd64::/16'}", []),  # of another family
        (
            1,
            f"{VIP}, podCIDR: '10.244.0.0/16,fd00:10:244::/56'",
            ["100.65.0.0/16", "fd64:0:0:100::/56"],
        ),
    ],
)
def test_the_virtual_ranges_of_a_cluster(index: int, text: str, cidrs: list[str]) -> None:
    assert list(map(str, virtual_cidrs(index, cluster(text)))) == cidrs


def test_every_range_has_a_name_and_a_path() -> None:
    scenario = written(
        clusters=(
            "{name: east, podCIDR: 10.1.0.0/16, serviceCIDR: 10.2.0.0/16}",
            "{name: west, gateway: {kind: vip, virtualCIDR: 172.16.0.0/12}}",
        ),
        spec="externals: [{name: api, address: 203.0.113.80}]",
    )
    assert [(each.name, each.path, str(each.network)) for each in all_ranges(scenario)] == [
        ("podCIDR of east", "spec.clusters[0].podCIDR", "10.1.0.0/16"),
        ("serviceCIDR of east", "spec.clusters[0].serviceCIDR", "10.2.0.0/16"),
        ("nodeCIDR of east", "spec.clusters[0].nodeCIDR", "192.168.10.0/24"),
        ("podCIDR of west", "spec.clusters[1].podCIDR", "10.244.0.0/16"),
        ("serviceCIDR of west", "spec.clusters[1].serviceCIDR", "10.96.0.0/16"),
        ("nodeCIDR of west", "spec.clusters[1].nodeCIDR", "192.168.20.0/24"),
        # As written, although the pods need a /16 of it.
        ("virtualCIDR of west", "spec.clusters[1].gateway.virtualCIDR", "172.16.0.0/12"),
        ("external api", "spec.externals[0].address", "203.0.113.80/32"),
    ]
    assert [each.name for each in fabric_ranges(scenario)] == ["fabricCIDR"]
