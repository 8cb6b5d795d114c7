"""The addresses of a VNet: of its machines, and of nodes and pods in its subnets."""

import pytest

from nsnet.topology.assignment import Assignment
from nsnet.topology.model import Topology
from nsnet.topology.vnets import reserved_by_azure
from tests.support.labs import net, pod, refused, topology

HUB = """
vnets:
- name: hub
  ranges: [10.0.0.0/8]
  subnets: [{name: aks, range: 10.0.0.0/24}, {name: vms, range: 10.1.0.0/24}]
  machines:
  - {name: b, subnet: aks}
  - {name: a, subnet: aks, address: 10.0.0.9}
  - {name: c, subnet: vms}
"""
PLACE = "vnet: hub, subnet: aks, serviceCIDR: 172.20.0.0/16"
AZURE = f"{{name: east, cni: azure-cni, maxPods: 10, {PLACE}, nodes: 2}}"
OVERLAY = f"{{name: west, cni: azure-cni-overlay, podCIDR: 172.24.0.0/16, {PLACE}, nodes: 2}}"


def described(found: Topology) -> list[str]:
    """Each machine and node with its address, and the addresses reserved for a node's pods."""
    machines = [each for vnet in found.vnets for each in vnet.machines]
    lines = [f"{each.reference} {each.address}" for each in machines]
    for each in (node for cluster in found.clusters for node in cluster.nodes):
        reserved = f" {each.reserved[0]}-{each.reserved[-1]}" if each.reserved else ""
        lines.append(f"{each.reference} {each.addresses[0]}{reserved}")
    return lines


def pods(found: Topology) -> list[str]:
    """Each pod of the first cluster with its address."""
    return [f"{each.name} {each.addresses[0]}" for each in found.clusters[0].pods]


MACHINES = ["vm/b 10.0.0.4/24", "vm/a 10.0.0.9/24", "vm/c 10.1.0.4/24"]


def test_machines_come_first_and_then_the_nodes_of_one_cluster_after_the_other() -> None:
    assert described(topology(clusters=(AZURE, OVERLAY), spec=HUB)) == [
        *MACHINES,
        # 5 to 8 are too few in a row for a node and its 10 pods.
        "east/node/n1 10.0.0.10/24 10.0.0.11-10.0.0.20",
        "east/node/n2 10.0.0.21/24 10.0.0.22-10.0.0.31",
        "west/node/n1 10.0.0.32/24",
        "west/node/n2 10.0.0.33/24",
    ]


def test_pods_have_the_addresses_that_are_reserved_for_their_node() -> None:
    nodes = ("n1", "n2", "n1")
    objects = [pod(f"p{at}", spec=f"nodeName: {each}") for at, each in enumerate(nodes)]
    found = topology(*objects, clusters=(AZURE,), spec=HUB)
    assert pods(found) == ["p0 10.0.0.11", "p1 10.0.0.22", "p2 10.0.0.12"]


def test_a_node_has_no_more_pods_than_addresses() -> None:
    objects = [pod(f"p{at}", spec="nodeName: n1") for at in range(11)]
    message = "maxPods: 10.0.0.11-10.0.0.20 has no free address left for east/pod/p9"
    assert message in refused(*objects, clusters=(AZURE,), spec=HUB)


def test_what_is_there_keeps_its_addresses() -> None:
    one = topology(pod("web"), clusters=(AZURE,), spec=HUB)
    more = f"{HUB}  - {{name: new, subnet: aks}}\n"
    both = topology(
        pod("web"),
        pod("other"),
        clusters=(AZURE.replace("nodes: 2", "nodes: 3"),),
        spec=more,
        keep=one.assignment(),
    )
    assert {*described(one)} < {*described(both)}
    assert {*pods(one)} < {*pods(both)}
    new = {*described(both)} - {*described(one)}
    assert new == {"vm/new 10.0.0.5/24", "east/node/n3 10.0.0.32/24 10.0.0.33-10.0.0.42"}


def test_a_node_that_needs_more_addresses_gets_others() -> None:
    keep = topology(clusters=(AZURE,), spec=HUB).assignment()
    larger = AZURE.replace("maxPods: 10", "maxPods: 20")
    found = topology(clusters=(larger,), spec=HUB, keep=keep)
    assert described(found)[3:] == [
        "east/node/n1 10.0.0.10/24 10.0.0.11-10.0.0.30",
        "east/node/n2 10.0.0.31/24 10.0.0.32-10.0.0.51",
    ]


def test_what_is_kept_may_be_of_another_subnet() -> None:
    keep = Assignment(addresses={"east/node/n1": (net("10.1.0.0/24")[9],)})
    found = topology(clusters=(AZURE,), spec=HUB, keep=keep)
    assert "east/node/n1 10.0.0.10/24 10.0.0.11-10.0.0.20" in described(found)


@pytest.mark.parametrize(
    ("network", "reserved"),
    [
        ("10.0.0.0/24", [0, 1, 2, 3, 255]),
        ("10.0.0.0/29", [0, 1, 2, 3, 7]),
        ("10.0.0.0/30", [0, 1, 2, 3]),
        ("10.0.0.0/32", [0]),
    ],
)
def test_azure_reserves_the_first_four_addresses_and_the_last(
    network: str, reserved: list[int]
) -> None:
    assert [int(each) & 0xFF for each in reserved_by_azure(net(network))] == reserved


def test_a_subnet_that_is_too_small_is_refused() -> None:
    small = HUB.replace("10.0.0.0/24", "10.0.0.0/27")
    message = "10.0.0.0/27 has no 11 free addresses in a row left for east/node/n2"
    assert message in refused(clusters=(AZURE,), spec=small)
