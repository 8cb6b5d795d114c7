"""cni: bridge. A bridge per node; each node routes to other nodes' pods through those nodes
("host-gw").

node ── eth0 ── fabric ── eth0 ── the other node
"""

from collections.abc import Iterator

from nsnet.features.networks.fabric_routes import fabric_routes
from nsnet.features.networks.masquerade import masquerade
from nsnet.features.networks.node_bridge import pods_on_bridges
from nsnet.features.routes import to_pods
from nsnet.state.model import MTU, Fact
from nsnet.topology.model import Cluster, Topology


def bridge(topology: Topology, cluster: Cluster) -> Iterator[Fact]:
    """Yield each node with its pods, the routes to other nodes' pods, and what the model of
    the cluster adds."""
    yield from pods_on_bridges(cluster, cluster.mtu or MTU)
    yield from fabric_routes(topology, cluster)
    for node in cluster.nodes:
        for other in cluster.nodes if cluster.routing == "static" else ():
            if other is not node:
                yield from ((node.netns, each) for each in to_pods(other, "eth0"))
    yield from masquerade(cluster)
