"""Permanent neighbour entries of pods, in labs whose pods could learn more than the kernel keeps.

The kernel has one neighbour table, of 1,024 entries by default, for all namespaces of the machine.
If it is full, packets to further neighbours are lost. Permanent entries do not count towards its
limit.
"""

from collections.abc import Iterator
from typing import Final

from nsnet.features.networks.node_bridge import BRIDGE
from nsnet.state.model import Fact, Neighbour, Shared, mac_of
from nsnet.topology.model import Node, Pod, Topology

THAT_FIT: Final = 800  # of a lab


def permanent_neighbours(topology: Topology) -> Iterator[Fact]:
    """Yield the neighbour entries of every node and its pods, for every pair of them, if the pods
    of the whole lab could learn more than THAT_FIT."""
    nodes = {node.netns: node for each in topology.clusters for node in each.nodes}
    pods_on: dict[str, list[Pod]] = {netns: [] for netns in nodes}
    for cluster in topology.clusters:
        netns_of = {node.name: node.netns for node in cluster.nodes}
        for pod in cluster.pods:
            if not pod.host_network:
                pods_on[netns_of[pod.node]].append(pod)
    if sum(len(pods) ** 2 for pods in pods_on.values()) > THAT_FIT:
        for netns, pods in pods_on.items():
            yield from _on_node(nodes[netns], pods)


def _on_node(node: Node, pods: list[Pod]) -> Iterator[Fact]:
    bridge_mac = mac_of(node.bridge[0].ip)
    macs = {each: mac_of(pod.addresses[0]) for pod in pods for each in pod.addresses}
    entries = (
        *(Neighbour(each.ip, bridge_mac, "eth0") for each in node.bridge),
        *(Neighbour(address, mac, "eth0") for address, mac in macs.items()),
    )
    start = len(node.bridge)
    for pod in pods:
        stop = start + len(pod.addresses)
        yield pod.netns, Shared(entries, start, stop)
        start = stop
    for address, mac in macs.items():
        yield node.netns, Neighbour(address, mac, BRIDGE)
