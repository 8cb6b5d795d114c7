"""What limits the number of nodes, and what does not fit."""

import pytest

from nsnet.sizing.outbound import Outbound
from nsnet.sizing.pool import Network, Pool
from nsnet.sizing.size import Size
from tests.support.labs import net

LARGE = net("10.0.0.0/12")
PODS = net("100.64.0.0/10")


def sized(
    network: str,
    nodes: int,
    max_pods: int = 30,
    *,
    surge: int = 1,
    outbound: Outbound | None = None,
) -> Size:
    kind = Network(network)
    pool = Pool(
        network=kind,
        nodes=nodes,
        max_pods=max_pods,
        surge=surge,
        node_range=LARGE,
        pod_range=None if kind is Network.AZURE_CNI else PODS,
    )
    return Size.of(pool, outbound)


def said(found: Size) -> list[tuple[str, str]]:
    return [(each.kind, each.message) for each in found.problems]


ROUTES = "route table: 400 user-defined routes, 1 per node: room for 400 nodes"


@pytest.mark.parametrize(
    ("nodes", "surge", "problems"),
    [
        (399, 1, []),
        (400, 0, []),
        (400, 1, [("upgrade", f"{ROUTES}, and during an upgrade there are 401")]),
        (401, 0, [("full", f"{ROUTES}, not for 401")]),
    ],
)
def test_kubenet_has_at_most_400_routes(
    nodes: int, surge: int, problems: list[tuple[str, str]]
) -> None:
    assert said(sized("kubenet", nodes, surge=surge)) == problems


@pytest.mark.parametrize(
    ("network", "max_pods", "most", "where"),
    [
        ("kubenet", 110, 400, "route table"),
        ("azure-cni", 30, 2_114, "VNet"),
        ("azure-cni-pod-subnet", 30, 1_337, "VNet"),
        ("azure-cni-pod-subnet-static", 31, 21_845, "VNet"),  # a block counts as one address
        ("azure-cni-overlay", 250, 5_000, "cluster"),
        ("flat", 30, 16_384, "podCIDR 100.64.0.0/10"),
        ("island", 30, 16_384, "podCIDR 100.64.0.0/10"),
    ],
)
def test_what_limits_a_network_in_large_ranges(
    network: str, max_pods: int, most: int, where: str
) -> None:
    found = sized(network, 5, max_pods)
    assert found.room == most
    assert [each.where for each in found.limits if each.nodes == most] == [where]


@pytest.mark.parametrize("network", [each for each in Network if each.is_azure])
def test_the_load_balancer_limits_every_network_of_azure(network: Network) -> None:
    fixed = Outbound(addresses=2, ports_per_node=1_000)
    ports = "load balancer: 128,000 SNAT ports, 1,000 per node: room for 128 nodes"
    assert said(sized(network, 127, outbound=fixed)) == []
    upgrade = f"{ports}, and during an upgrade there are 129"
    assert said(sized(network, 128, outbound=fixed)) == [("upgrade", upgrade)]
    assert said(sized(network, 129, outbound=fixed)) == [("full", f"{ports}, not for 129")]


def test_by_default_there_are_no_snat_ports_beyond_1000_nodes() -> None:
    (problem,) = said(sized("azure-cni-overlay", 1_001, outbound=Outbound()))
    assert problem == (
        "full",
        "load balancer: no SNAT ports by default beyond 1,000 nodes: room for 1,000 nodes,"
        " not for 1,001",
    )


def test_outside_azure_there_is_no_outbound_type() -> None:
    assert sized("flat", 5_000, outbound=Outbound()).outbound is None


def test_a_subnet_that_is_too_small_names_the_smallest_that_is_not() -> None:
    pool = Pool(network=Network.AZURE_CNI, nodes=50, max_pods=30, node_range=net("10.240.0.0/22"))
    assert said(Size.of(pool)) == [
        (
            "full",
            "subnet 10.240.0.0/22: 1,019 free addresses, 31 per node: room for 32 nodes,"
            " not for 50; that takes a /21",
        )
    ]


def test_the_default_pod_cidr_has_room_for_256_nodes_of_kubenet() -> None:
    pool = Pool(
        network=Network.KUBENET,
        nodes=256,
        max_pods=110,
        node_range=LARGE,
        pod_range=net("10.244.0.0/16"),
    )
    assert said(Size.of(pool)) == [
        (
            "upgrade",
            "podCIDR 10.244.0.0/16: 65,536 free addresses, 256 per node: room for 256 nodes,"
            " and during an upgrade there are 257; that takes a /15",
        )
    ]


def test_a_pool_has_room_for_30_pods() -> None:
    fewest = "fewer than 30, which a pool has to have room for"
    assert said(sized("azure-cni", 2, 10)) == [("pods", f"pool: room for 20 pods, {fewest}")]
    assert said(sized("azure-cni", 3, 10)) == []
    assert said(sized("flat", 2, 10)) == []


def test_the_part_of_a_node_has_addresses_for_its_pods() -> None:
    assert said(sized("flat", 2, 253)) == []
    (problem,) = said(sized("island", 2, 254))
    assert problem == ("pods", "/24 of a node: room for 253 pods, not for 254")


def test_more_than_all_addresses() -> None:
    pool = Pool(network=Network.FLAT, nodes=300, max_pods=110, node_prefix=8)
    (problem,) = said(Size.of(pool))
    assert problem[1].startswith("podCIDR of /0: 4,294,967,296 free addresses, 16,777,216 per node")
    assert problem[1].endswith("room for 256 nodes, not for 300")


def test_a_size_in_every_network_has_the_same_nodes_and_as_many_pods_as_it_allows() -> None:
    found = sized("flat", 9, 300, surge=2).in_every_network()
    assert [each.pool.network for each in found] == [*Network]
    assert {(each.pool.nodes, each.pool.surge) for each in found} == {(9, 2)}
    assert [each.pool.max_pods for each in found] == [*[250] * 5, 300, 300]
    assert [each.outbound for each in found] == [*[Outbound()] * 5, None, None]
