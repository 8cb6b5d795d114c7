"""The fabric's routes to the pods of a flat cluster, through their nodes.

With `routing: bgp` the nodes announce them instead (features/bgp).
"""

from collections.abc import Iterator

from nsnet.features.fabric import switch_of
from nsnet.features.routes import to_pods
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster, Topology


def fabric_routes(topology: Topology, cluster: Cluster) -> Iterator[Fact]:
    """Yield the fabric's routes to the pods of a flat cluster with static routing. For other models
    the fabric has no routes to pods."""
    if cluster.model == "flat" and cluster.routing == "static":
        for node in cluster.nodes:
            for route in to_pods(node, switch_of(cluster)):
                yield topology.fabric_netns, route
