"""The addresses that nodes and pods take in each kind of network.

Numbers of Azure are those of worked examples in its documents, which the cases name.
"""

import pytest

from nsnet.sizing.pool import DEFAULT_MAX_PODS, Network, Pool, pods_of_node
from nsnet.sizing.size import Size
from tests.support.labs import net


def pool(network: str, nodes: int, max_pods: int = 0, *, surge: int = 1, subnet: str = "") -> Pool:
    kind = Network(network)
    return Pool(
        network=kind,
        nodes=nodes,
        max_pods=max_pods or DEFAULT_MAX_PODS[kind],
        surge=surge,
        node_range=net(subnet) if subnet else None,
    )


def needs(found: Pool) -> list[tuple[str, int, int]]:
    """The name of each range, the addresses needed of it, and the prefix length of the smallest."""
    return [
        (each.name, each.needs(found.during_upgrade), each.smallest(found.during_upgrade) or 0)
        for each in found.spaces
    ]


# "IP address planning for AKS": (nodes + 1) + (nodes + 1) × maxPods
@pytest.mark.parametrize(("nodes", "addresses"), [(50, 1_581), (60, 1_891)])
def test_azure_cni_reserves_the_addresses_of_all_pods_also_for_an_upgrade(
    nodes: int, addresses: int
) -> None:
    assert needs(pool("azure-cni", nodes, 30)) == [("subnet", addresses, 21)]


# "Use kubenet networking with your own IP address ranges"
@pytest.mark.parametrize(
    ("network", "subnet", "nodes", "max_pods", "pods"),
    [
        ("azure-cni", "10.0.0.0/24", 8, 30, 240),
        ("kubenet", "10.0.0.0/24", 251, 110, 27_610),
    ],
)
def test_the_nodes_and_pods_of_a_subnet(
    network: str, subnet: str, nodes: int, max_pods: int, pods: int
) -> None:
    full = Size.of(pool(network, nodes, max_pods, surge=0, subnet=subnet))
    assert (full.room, full.pool.pods, full.problems) == (nodes, pods, ())
    more = Size.of(pool(network, nodes + 1, max_pods, surge=0, subnet=subnet))
    assert [(each.kind, each.where) for each in more.problems] == [("full", f"subnet {subnet}")]


# "Use kubenet networking …": 20 to 25 nodes in a /27, thus 2,200 to 2,750 pods
@pytest.mark.parametrize(("nodes", "pods"), [(20, 2_200), (25, 2_750)])
def test_the_nodes_of_kubenet_that_a_small_subnet_leaves_room_to_upgrade(
    nodes: int, pods: int
) -> None:
    found = pool("kubenet", nodes)
    assert (found.pods, needs(found)[0]) == (pods, ("subnet", nodes + 1, 27))


# "Azure CNI Pod Subnet": blocks of 16 waste nothing if maxPods is 16 N - 1
@pytest.mark.parametrize(
    ("max_pods", "blocks", "wasted"),
    [(15, 1, 0), (16, 2, 15), (30, 2, 1), (31, 2, 0), (32, 3, 15), (47, 3, 0), (250, 16, 5)],
)
def test_the_blocks_of_a_node(max_pods: int, blocks: int, wasted: int) -> None:
    pods = pool("azure-cni-pod-subnet-static", 10, max_pods).spaces[1]
    assert (pods.per_node, pods.wasted) == (16 * blocks, wasted)


def test_blocks_waste_nothing_for_16_n_minus_1_pods_and_else_they_do() -> None:
    for max_pods in range(10, 251):
        pods = pool("azure-cni-pod-subnet-static", 1, max_pods).spaces[1]
        assert (pods.wasted == 0) is (max_pods % 16 == 15), max_pods


# "Azure CNI Pod Subnet": 16 at first, 16 more if fewer than 8 are free
@pytest.mark.parametrize(
    ("max_pods", "held"), [(10, 32), (24, 32), (25, 48), (30, 48), (110, 128), (250, 272)]
)
def test_the_addresses_that_a_full_node_holds_of_a_pod_subnet(max_pods: int, held: int) -> None:
    pods = pool("azure-cni-pod-subnet", 1, max_pods).spaces[1]
    assert (pods.per_node, pods.wasted) == (held, held - max_pods)


@pytest.mark.parametrize(
    ("network", "expected", "unique", "routes"),
    [
        ("kubenet", [("subnet", 51, 26), ("podCIDR", 13_056, 18)], 51, 50),
        ("azure-cni", [("subnet", 1_581, 21)], 1_581, 0),
        ("azure-cni-pod-subnet", [("subnet", 51, 26), ("pod subnet", 6_528, 19)], 6_579, 0),
        ("azure-cni-pod-subnet-static", [("subnet", 51, 26), ("pod subnet", 5_712, 19)], 5_763, 0),
        ("azure-cni-overlay", [("subnet", 51, 26), ("podCIDR", 13_056, 18)], 51, 0),
        ("flat", [("nodeCIDR", 51, 26), ("podCIDR", 13_056, 18)], 13_107, 50),
        ("island", [("nodeCIDR", 51, 26), ("podCIDR", 13_056, 18)], 1, 0),
    ],
)
def test_50_nodes_in_each_network(
    network: str, expected: list[tuple[str, int, int]], unique: int, routes: int
) -> None:
    found = pool(network, 50)
    assert needs(found) == expected
    assert (found.unique_addresses, found.routes) == (unique, routes)


def test_every_address_of_a_range_has_a_use() -> None:
    for network in Network:
        for subnet in ("", "10.0.0.0/20"):
            found = Size.of(pool(network, 40, 31, surge=2, subnet=subnet))
            for space in found.spaces:
                shares = found.shares(space)
                parts = ("nodes", "pods", "wasted", "upgrade", "others", "reserved", "free")
                assert sum(shares[each] for each in parts) == shares["addresses"], network


@pytest.mark.parametrize("network", Network)
def test_more_nodes_and_more_pods_never_need_fewer_addresses(network: Network) -> None:
    by_nodes = [sum(need for _, need, _ in needs(pool(network, n))) for n in range(1, 300)]
    assert by_nodes == sorted(set(by_nodes))
    by_pods = [sum(need for _, need, _ in needs(pool(network, 9, n))) for n in range(10, 251)]
    assert by_pods == sorted(by_pods)


def test_an_island_has_the_addresses_of_its_gateway_or_of_its_nodes_outside() -> None:
    for gateways, unique in ((1, 1), (2, 2), (0, 0), (None, 4)):
        found = Pool(network=Network.ISLAND, nodes=3, max_pods=30, gateway_addresses=gateways)
        assert found.unique_addresses == unique


@pytest.mark.parametrize(("prefix", "pods"), [(24, 253), (29, 5), (30, 1), (31, 0), (32, 0)])
def test_the_pods_of_a_node_of_nsnet(prefix: int, pods: int) -> None:
    assert pods_of_node(prefix) == pods


def test_an_ipv6_node_has_more_addresses_for_pods_than_it_can_run() -> None:
    found = Pool(network=Network.FLAT, nodes=5, max_pods=110, family=6, node_prefix=64)
    assert needs(found) == [("nodeCIDR", 6, 125), ("podCIDR", 6 * 2**64, 61)]


@pytest.mark.parametrize(
    ("network", "max_pods", "mistakes"),
    [
        ("azure-cni", 9, ["maxPods: azure-cni allows 10 to 250, not 9"]),
        ("kubenet", 251, ["maxPods: kubenet allows 10 to 250, not 251"]),
        ("azure-cni", 10, []),
        ("kubenet", 250, []),
        ("flat", 5, []),
    ],
)
def test_the_limits_of_max_pods(network: str, max_pods: int, mistakes: list[str]) -> None:
    assert [*pool(network, 3, max_pods).mistakes()] == mistakes
