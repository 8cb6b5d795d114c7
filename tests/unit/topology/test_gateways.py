"""Which gateways a lab has, and each cluster's side of them."""

import pytest

from nsnet.topology.model import Topology
from tests.support.labs import topology

SHARED = (
    "{name: east, gateway: {kind: nat, name: hub}}",
    "{name: west, gateway: {kind: nat, name: hub}}",
    "{name: north, gateway: {kind: nat}}",
)
REPLICAS = ("{name: east, gateway: {kind: nat, replicas: 2}}",)


def sides(found: Topology) -> list[tuple[str, str, str, str]]:
    """Return (cluster, gateway, its link to the cluster, its address there)."""
    return [
        (cluster.name, each.gateway.reference, each.link, str(each.addresses[0]))
        for cluster in found.clusters
        for each in cluster.attachments
    ]


@pytest.mark.parametrize(
    ("clusters", "expected"),
    [
        (("{name: east}",), []),
        (
            SHARED,
            [
                ("east", "east,west/gateway", "eth0", "192.168.10.1/24"),
                # eth1 is the gateway's link to the fabric.
                ("west", "east,west/gateway", "eth2", "192.168.20.1/24"),
                ("north", "north/gateway", "eth0", "192.168.30.1/24"),
            ],
        ),
        (
            REPLICAS,
            [
                ("east", "east/gateway/1", "eth0", "192.168.10.1/24"),
                ("east", "east/gateway/2", "eth0", "192.168.10.254/24"),
            ],
        ),
    ],
)
def test_a_cluster_is_attached_to_its_gateway_or_to_both_replicas(
    clusters: tuple[str, ...], expected: list[tuple[str, str, str, str]]
) -> None:
    assert sides(topology(clusters=clusters)) == expected


def test_clusters_that_share_a_gateway_share_one_machine() -> None:
    found = topology(clusters=SHARED)
    east, west, north = found.clusters
    (hub,) = east.gateways
    assert west.gateways == (hub,)
    assert hub.shared
    assert [each.name for each in found.behind(hub)] == ["east", "west"]
    assert not north.gateways[0].shared
    own = [each.reference for cluster in found.clusters for each in found.own_gateways(cluster)]
    assert own == ["east,west/gateway", "north/gateway"]


def test_replicas_are_two_machines_and_the_first_is_preferred() -> None:
    found = topology(clusters=REPLICAS)
    (east,) = found.clusters
    assert east.has_standby
    assert [each.replica for each in east.gateways] == ["preferred", "standby"]
    assert [each.netns for each in found.own_gateways(east)] == [
        "nsnet.lab.east.gateway.1",
        "nsnet.lab.east.gateway.2",
    ]
