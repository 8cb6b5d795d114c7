"""The public addresses of clusters in VNets, and the ports that each node has of them."""

import pytest

from nsnet.sizing.outbound import default_ports
from nsnet.topology.model import Outbound
from tests.support.labs import refused, topology

HUB = """
vnets:
- {name: hub, ranges: [10.0.0.0/9], subnets: [{name: aks, range: 10.0.0.0/16}]}
"""


def cluster(outbound: str, nodes: int = 2) -> str:
    place = "vnet: hub, subnet: aks, serviceCIDR: 172.20.0.0/16"
    wanted = f"outbound: {{{outbound}}}, " if outbound else ""
    return f"{{name: east, cni: azure-cni-overlay, {place}, {wanted}nodes: {nodes}}}"


def resolved(outbound: str, nodes: int = 2) -> Outbound:
    found = topology(clusters=(cluster(outbound, nodes),), spec=HUB).clusters[0].outbound
    assert found is not None
    return found


def blocks(outbound: str, nodes: int = 2) -> list[str]:
    """Each block of ports, with the last byte of its address."""
    return [
        f".{each.address.packed[-1]} {each.ports[0]}-{each.ports[1]}"
        for each in resolved(outbound, nodes).blocks
    ]


@pytest.mark.parametrize(
    ("nodes", "addresses", "ports"),
    [
        # The table of "Source Network Address Translation (SNAT) for outbound connections".
        (1, 1, 1024),
        (50, 1, 1024),
        (51, 1, 512),
        (100, 1, 512),
        (101, 1, 256),
        (200, 1, 256),
        (201, 1, 128),
        (400, 1, 128),
        (401, 1, 64),
        (800, 1, 64),
        (801, 1, 32),
        (1000, 1, 32),
        # With more addresses a node has as many of each, up to 1,024.
        (51, 2, 1024),
        (51, 3, 1024),
        (201, 3, 384),
        (1000, 16, 512),
    ],
)
def test_a_node_has_as_many_ports_as_in_azure(nodes: int, addresses: int, ports: int) -> None:
    assert default_ports(nodes, addresses, 64_000) == ports


@pytest.mark.parametrize(
    ("nodes", "addresses", "of_each", "ports"),
    [(2, 1, 64, 32), (3, 1, 64, 16), (3, 2, 64, 32), (2, 2, 64, 64), (9, 1, 64, 8)],
)
def test_of_few_ports_each_node_has_an_equal_share(
    nodes: int, addresses: int, of_each: int, ports: int
) -> None:
    assert default_ports(nodes, addresses, of_each) == ports


@pytest.mark.parametrize(("addresses", "ports", "nodes"), [(2, 1000, 128), (7, 4000, 112)])
def test_so_many_nodes_fit(addresses: int, ports: int, nodes: int) -> None:
    # The examples of "Use a public standard load balancer in Azure Kubernetes Service".
    settings = f"addresses: {addresses}, portsPerNode: {ports}"
    assert len(blocks(settings, nodes)) == nodes
    message = f"{nodes + 1} nodes × {ports} ports do not fit {addresses} public addresses"
    assert message in refused(clusters=(cluster(settings, nodes + 1),), spec=HUB)


@pytest.mark.parametrize(
    ("outbound", "expected"),
    [
        ("", [".3 1024-2047", ".3 2048-3071"]),
        ("type: loadBalancer, addresses: 2", [".3 1024-2047", ".3 2048-3071"]),
        ("portsPerNode: 16, portsPerAddress: 32", [".3 1024-1039", ".3 1040-1055"]),
        ("portsPerNode: 64000, addresses: 2", [".3 1024-65023", ".4 1024-65023"]),
        ("portsPerAddress: 24, addresses: 2", [".3 1024-1047", ".4 1024-1047"]),
        ("type: natGateway", [".3 1024-65535"]),
        ("type: natGateway, addresses: 2, portsPerAddress: 64", [".3 1024-1087", ".4 1024-1087"]),
        ("type: none", []),
    ],
)
def test_which_ports_of_which_address(outbound: str, expected: list[str]) -> None:
    assert blocks(outbound) == expected


def test_no_two_nodes_share_a_port() -> None:
    found = resolved("portsPerNode: 24, portsPerAddress: 100, addresses: 3", 12).blocks
    taken = [(each.address, port) for each in found for port in range(*each.ports)]
    assert len(taken) == len({*taken}) == 12 * 23
    assert all(last - first == 23 for _, (first, last) in found)


def test_public_addresses_and_ports_stay_when_clusters_and_nodes_are_added() -> None:
    few = topology(clusters=(cluster("portsPerNode: 64"),), spec=HUB)
    other = (
        cluster("addresses: 2")
        .replace("east", "west")
        .replace("overlay", "overlay, podCIDR: 172.24.0.0/16")
    )
    more = topology(
        clusters=(other, cluster("portsPerNode: 64, addresses: 2", 3)),
        spec=HUB,
        keep=few.assignment(),
    )
    before, after = few.clusters[0].outbound, more.clusters[1].outbound
    assert before is not None
    assert after is not None
    assert after.blocks[:2] == before.blocks
    assert after.addresses[:1] == before.addresses
    addresses = [each for one in more.clusters if one.outbound for each in one.outbound.addresses]
    assert len(addresses) == len({*addresses}) == 4


def test_a_cluster_outside_of_vnets_has_none() -> None:
    assert topology().clusters[0].outbound is None


def test_a_fabric_without_room_for_public_addresses_is_refused() -> None:
    spec = f"{HUB}fabricCIDR: 198.18.0.0/29"
    message = "198.18.0.0/29 has no free address left for east (outbound 5)"
    assert message in refused(clusters=(cluster("addresses: 9"),), spec=spec)
