"""The network of `cni: kubenet` in a VNet. Each node has a bridge for its pods. A node has no
routes to the pods of other nodes: it sends to the VNet, which has a user-defined route to each
node's pods.

pod ── cbr0 ── node ── VNet (a route per node) ── node ── cbr0 ── pod

To anything but pods, a pod's packets leave with the address of its node.

Source: "Use kubenet networking with your own IP address ranges in Azure Kubernetes Service".
"""

from collections.abc import Iterator

from nsnet.features.networks.masquerade import masquerade
from nsnet.features.networks.node_bridge import pods_on_bridges
from nsnet.state.model import MTU, Fact
from nsnet.topology.model import Cluster, Topology


def kubenet(topology: Topology, cluster: Cluster) -> Iterator[Fact]:
    """Yield each node's bridge and pods, and the masquerading of pods."""
    yield from pods_on_bridges(cluster, cluster.mtu or MTU)
    yield from masquerade(cluster, cluster.pod_cidrs)
