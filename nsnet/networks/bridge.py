"""cni: bridge. A bridge per node; the nodes are each other's gateways to their pods ("host-gw").

node ── eth0 ── fabric ── eth0 ── the other node
"""

from collections.abc import Iterator

from nsnet.ip import of_family, only
from nsnet.networks.masquerade import masquerade
from nsnet.networks.node_bridge import pods_on_bridges
from nsnet.state import MTU, Fact, Route
from nsnet.topology import Cluster, Node


def bridge(cluster: Cluster) -> Iterator[Fact]:
    """Every node with its pods, the routes between nodes, and masquerade where the model asks for
    it."""
    yield from pods_on_bridges(cluster, cluster.mtu or MTU)
    for node in cluster.nodes:
        for other in cluster.nodes if cluster.routing == "static" else ():
            if other is not node:
                yield from _host_gateway(node, other)
    if cluster.model == "island":
        yield from masquerade(cluster)


def _host_gateway(node: Node, other: Node) -> Iterator[Fact]:
    """Pods of another node are behind that node's address in the shared underlay."""
    for pods in other.pod_cidrs:
        via = of_family(only(other.addresses), pods.version)
        yield node.netns, Route(pods, via, "eth0", why=f"pods of {other.reference}")
