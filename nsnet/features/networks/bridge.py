"""The network of `cni: bridge`. Each node has a bridge for its pods, and routes to the pods of
other nodes through those nodes ("host-gw").

node ── eth0 ── fabric ── eth0 ── the other node
"""

from collections.abc import Iterator

from nsnet.features.networks.fabric_routes import fabric_routes
from nsnet.features.networks.masquerade import masquerade
from nsnet.features.networks.node_bridge import pods_on_bridges
from nsnet.features.routes import for_others, to_pods
from nsnet.state.model import MTU, Fact
from nsnet.topology.model import Cluster, Topology


def bridge(topology: Topology, cluster: Cluster) -> Iterator[Fact]:
    """Yield each node's bridge and pods, and its routes to other nodes' pods unless it learns them
    by BGP. For a flat cluster, also yield the fabric's routes to pods; for an island, the
    masquerading of pods."""
    yield from pods_on_bridges(cluster, cluster.mtu or MTU)
    yield from fabric_routes(topology, cluster)
    if cluster.routing == "static":
        yield from for_others(cluster.nodes, lambda other: to_pods(other, "eth0"))
    if cluster.model == "island":
        yield from masquerade(cluster, (*cluster.pod_cidrs, *cluster.node_cidrs))
