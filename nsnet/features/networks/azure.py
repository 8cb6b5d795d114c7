"""The networks of Azure CNI in a VNet. Pods are wired in transparent mode.

azure-cni: pods have addresses of the nodes' subnet, which are reserved for each node in advance. A
node answers ARP for its pods, so machines in the VNet reach them without a gateway. To destinations
outside the VNet, packets leave with the address of the node.

azure-cni-overlay: pods have addresses of podCIDR, which only the nodes of the cluster know. To
anything but pods, packets leave with the address of the node. So clusters of one VNet may have the
same podCIDR.

Source: "AKS Legacy Container Networking Interfaces (CNI)", "Overview of Azure CNI Overlay
networking".
"""

from collections.abc import Iterator

from nsnet.features.networks.masquerade import masquerade
from nsnet.features.networks.transparent import pods_by_routes
from nsnet.features.routes import for_others, to_pods
from nsnet.state.model import Fact, Sysctl
from nsnet.topology.model import Cluster, Topology


def azure_cni(topology: Topology, cluster: Cluster) -> Iterator[Fact]:
    """Yield each node's pods, ARP for them, and the masquerading of pods outside the VNet."""
    yield from pods_by_routes(cluster)
    for node in cluster.nodes:
        yield node.netns, Sysctl("net.ipv4.conf.eth0.proxy_arp", "1", dev="eth0")
        # By default the kernel waits for up to 0.8 s before it answers.
        yield node.netns, Sysctl("net.ipv4.neigh.eth0.proxy_delay", "0", dev="eth0")
    (vnet,) = (each for each in topology.vnets if each.name == cluster.vnet)
    yield from masquerade(cluster, vnet.ranges)


def azure_cni_overlay(topology: Topology, cluster: Cluster) -> Iterator[Fact]:
    """Yield each node's pods, its routes to the pods of other nodes, and the masquerading of
    pods."""
    yield from pods_by_routes(cluster)
    yield from for_others(cluster.nodes, lambda other: to_pods(other, "eth0"))
    yield from masquerade(cluster, cluster.pod_cidrs)
