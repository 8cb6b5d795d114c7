"""SNAT ports: Azure's default by the number of nodes, and fixed numbers."""

import pytest

from nsnet.sizing.outbound import Outbound, OutboundType

# "Use Source Network Address Translation (SNAT) for outbound connections"
TABLE = [
    (1, 1_024), (50, 1_024), (51, 512), (100, 512), (101, 256), (200, 256), (201, 128),
    (400, 128), (401, 64), (800, 64), (801, 32), (1_000, 32), (1_001, 0),
]  # fmt: skip


@pytest.mark.parametrize(("nodes", "ports"), TABLE)
def test_the_default_number_of_ports_of_a_node(nodes: int, ports: int) -> None:
    assert Outbound().ports_of(nodes) == ports


# The same document: 100 machines have 512 ports, with a second address 1,024, with a third no more.
@pytest.mark.parametrize(("addresses", "ports"), [(1, 512), (2, 1_024), (3, 1_024)])
def test_by_default_further_addresses_give_a_node_at_most_1024_ports(
    addresses: int, ports: int
) -> None:
    assert Outbound(addresses=addresses).ports_of(100) == ports


def test_from_which_number_of_nodes_there_are_fewer_ports() -> None:
    halved = ((51, 512), (101, 256), (201, 128), (401, 64), (801, 32), (1_001, 0))
    assert Outbound().fewer_ports == halved
    assert Outbound(addresses=2).fewer_ports == (
        (101, 512), (201, 256), (401, 128), (801, 64), (1_001, 0),
    )  # fmt: skip
    assert Outbound(ports_per_node=64).fewer_ports == ()
    assert Outbound("natGateway").fewer_ports == ()


def test_the_ports_of_all_nodes_never_exceed_those_of_the_addresses() -> None:
    for nodes in range(1, 1_100):
        assert nodes * (Outbound().ports_of(nodes) or 0) <= Outbound().ports, nodes


# "Use a public standard load balancer in Azure Kubernetes Service"
@pytest.mark.parametrize(
    ("ports", "addresses", "nodes"),
    [(1_000, 2, 128), (4_000, 7, 112), (64_000, 1, 1), (8, 1, 8_000)],
)
def test_the_nodes_for_which_fixed_ports_suffice(ports: int, addresses: int, nodes: int) -> None:
    found = Outbound(addresses=addresses, ports_per_node=ports)
    assert (found.room, found.ports_of(5_000)) == (nodes, ports)


@pytest.mark.parametrize(
    ("kind", "addresses", "ports"),
    [
        ("loadBalancer", 2, 128_000),
        ("natGateway", 1, 64_512),
        ("natGateway", 16, 1_032_192),
        ("userDefinedRouting", 1, 0),
        ("none", 1, 0),
    ],
)
def test_the_ports_of_all_addresses(kind: OutboundType, addresses: int, ports: int) -> None:
    assert Outbound(kind, addresses).ports == ports
    assert Outbound(kind, addresses, ports_per_address=100).ports == (
        100 * addresses if ports else 0
    )


def test_a_node_has_all_its_ports_at_one_address() -> None:
    assert (
        Outbound(addresses=2, ports_per_node=24_000).room == 4
    )  # 2 at each; 16,000 ports are left


def test_few_ports_per_address_leave_each_node_fewer_and_at_least_8() -> None:
    few = Outbound(ports_per_address=64)
    assert few.fewer_ports == ((2, 32), (3, 16), (5, 8), (9, 0))
    assert few.room == 8


def test_only_a_load_balancer_limits_the_number_of_nodes() -> None:
    assert Outbound().room == 1_000
    assert {Outbound(kind).room for kind in ("natGateway", "userDefinedRouting", "none")} == {None}


@pytest.mark.parametrize(
    ("outbound", "mistakes"),
    [
        (Outbound(), []),
        (Outbound(addresses=100), []),
        (Outbound(addresses=101), ["addresses: a loadBalancer has at most 100, not 101"]),
        (Outbound("natGateway", 16), []),
        (Outbound("natGateway", 17), ["addresses: a natGateway has at most 16, not 17"]),
        (Outbound(ports_per_node=1_024), []),
        (
            Outbound(ports_per_node=1_020),
            ["portsPerNode: has to be a multiple of 8, such as 1016 or 1024, not 1020"],
        ),
        (
            Outbound(ports_per_node=7),
            ["portsPerNode: has to be a multiple of 8, such as 8, not 7"],
        ),
        (Outbound(ports_per_node=64_008), ["portsPerNode: at most 64,000, not 64,008"]),
        (
            Outbound("natGateway", ports_per_node=8),
            ["portsPerNode: only a loadBalancer has them; the outbound type is natGateway"],
        ),
    ],
    ids=str,
)
def test_what_no_outbound_type_can_be(outbound: Outbound, mistakes: list[str]) -> None:
    assert [*outbound.mistakes()] == mistakes


@pytest.mark.parametrize(
    ("outbound", "text"),
    [
        (Outbound(), "loadBalancer, 1 frontend address"),
        (Outbound(addresses=2), "loadBalancer, 2 frontend addresses"),
        (Outbound("natGateway", 2), "natGateway, 2 public addresses"),
        (Outbound("none"), "none"),
        (Outbound("userDefinedRouting"), "userDefinedRouting"),
    ],
)
def test_how_an_outbound_type_reads(outbound: Outbound, text: str) -> None:
    assert str(outbound) == text
