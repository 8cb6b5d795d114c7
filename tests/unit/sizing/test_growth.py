"""What breaks first, and where, while a cluster grows."""

import random

import pytest

from nsnet.sizing.growth import Dimension, grow
from nsnet.sizing.outbound import Outbound
from nsnet.sizing.pool import Network, Pool
from nsnet.sizing.size import Size
from tests.support.labs import net

NAT = Outbound("natGateway")


def broken(size: Size, *targets: tuple[Dimension, int]) -> list[tuple[int, int, str, str]]:
    return [(each.nodes, each.max_pods, each.kind, each.where) for each in grow(size, targets)]


def azure_cni(nodes: int = 50, max_pods: int = 30, outbound: Outbound = NAT) -> Size:
    pool = Pool(
        network=Network.AZURE_CNI,
        nodes=nodes,
        max_pods=max_pods,
        node_range=net("10.240.0.0/21"),
    )
    return Size.of(pool, outbound)


SUBNET = "subnet 10.240.0.0/21"


def test_first_there_is_no_room_to_upgrade_and_then_none_for_a_node() -> None:
    assert broken(azure_cni(), ("nodes", 64)) == []
    assert broken(azure_cni(), ("nodes", 90)) == [
        (65, 30, "upgrade", SUBNET),
        (66, 30, "full", SUBNET),
    ]


def test_what_grows_first_breaks_first() -> None:
    nodes: tuple[Dimension, int] = ("nodes", 60)
    pods: tuple[Dimension, int] = ("maxPods", 50)
    assert broken(azure_cni(), nodes, pods) == [
        (60, 33, "upgrade", SUBNET),
        (60, 34, "full", SUBNET),
    ]
    # 51 nodes of 1 + 39 addresses fit into 2,043; 50 nodes of 1 + 40 do not.
    assert broken(azure_cni(), pods, nodes) == [(50, 40, "full", SUBNET)]


def test_what_does_not_fit_from_the_start_comes_first() -> None:
    assert broken(azure_cni(66), ("nodes", 66)) == [(66, 30, "full", SUBNET)]


@pytest.mark.parametrize(
    ("start", "target", "expected"),
    [
        (50, 51, [51]),
        (51, 100, []),
        (40, 250, [51, 101, 201]),
        (1, 1_000, [51, 101, 201, 401, 801]),
        (900, 1_002, []),  # none at all beyond 1,000, which is a limit of the number of nodes
    ],
)
def test_the_ports_of_each_node_become_fewer(start: int, target: int, expected: list[int]) -> None:
    pool = Pool(network=Network.OVERLAY, nodes=start, max_pods=30, node_range=net("10.0.0.0/16"))
    found = grow(Size.of(pool, Outbound()), [("nodes", target)])
    assert [each.nodes for each in found if each.kind == "ports"] == expected


def test_a_load_balancer_names_the_old_and_the_new_number_of_ports() -> None:
    (found,) = grow(azure_cni(outbound=Outbound()), [("nodes", 51)])
    assert found.as_json() == {
        "nodes": 51,
        "maxPods": 30,
        "kind": "ports",
        "where": "load balancer",
        "message": "load balancer: 512 SNAT ports per node, not 1,024: open connections may break",
    }


def test_ranges_that_are_not_chosen_are_the_smallest_of_the_start() -> None:
    pool = Pool(network=Network.AZURE_CNI, nodes=50, max_pods=30)
    assert broken(Size.of(pool, NAT), ("nodes", 66)) == [
        (65, 30, "upgrade", "subnet of /21"),
        (66, 30, "full", "subnet of /21"),
    ]


def test_kubenet_breaks_at_its_routes_in_a_large_subnet_and_pod_cidr() -> None:
    pool = Pool(
        network=Network.KUBENET,
        nodes=300,
        max_pods=110,
        node_range=net("10.0.0.0/16"),
        pod_range=net("10.64.0.0/12"),
    )
    assert broken(Size.of(pool, NAT), ("nodes", 500)) == [
        (400, 110, "upgrade", "route table"),
        (401, 110, "full", "route table"),
    ]


@pytest.mark.parametrize("seed", range(5))
def test_each_break_is_a_problem_at_its_step_and_none_before(seed: int) -> None:
    luck = random.Random(seed)
    for network in Network:
        pool = Pool(
            network=network,
            nodes=luck.randrange(1, 40),
            max_pods=luck.randrange(10, 60),
            surge=luck.randrange(3),
            node_range=net(luck.choice(("10.0.0.0/24", "10.0.0.0/21"))),
        )
        size = Size.of(pool, NAT)
        targets: list[tuple[Dimension, int]] = [
            ("nodes", pool.nodes + luck.randrange(60)),
            ("maxPods", pool.max_pods + luck.randrange(150)),
        ]
        luck.shuffle(targets)
        for each in grow(size, targets):
            here = {(one.kind, one.where) for one in size.grown(each.nodes, each.max_pods).problems}
            assert (each.kind, each.where) in here, (seed, network)
            if (each.nodes, each.max_pods) == (pool.nodes, pool.max_pods):
                continue
            grew = each.nodes > pool.nodes and (
                each.max_pods == pool.max_pods or targets[0][0] == "maxPods"
            )
            before = (each.nodes - grew, each.max_pods - (not grew))
            problems = size.grown(*before).problems
            assert (each.kind, each.where) not in {(one.kind, one.where) for one in problems}, (
                seed,
                network,
            )
