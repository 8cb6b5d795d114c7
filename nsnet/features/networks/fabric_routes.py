"""The fabric's routes to the pods of a flat cluster, through their nodes.

With `routing: bgp` the nodes announce them instead (features/bgp).
"""

from collections.abc import Iterator
from itertools import product, takewhile

from nsnet.features.fabric import switch_of
from nsnet.features.routes import to_pods
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster, Topology


def fabric_routes(topology: Topology, cluster: Cluster) -> Iterator[Fact]:
    """Yield the fabric's routes to the pods of a flat cluster with static routing. For other models
    the fabric has no routes to pods.

    If the Scenario allows flat clusters to overlap, the first cluster's route to a range is the
    only one: a second one to the same range would be refused by the kernel.
    """
    if not _is_routed(cluster):
        return
    earlier = takewhile(lambda each: each is not cluster, topology.clusters)
    taken = {
        pods
        for each in earlier
        if _is_routed(each) and _overlap(each, cluster)
        for node in each.nodes
        for pods in node.pod_cidrs
    }
    for node in cluster.nodes:
        for route in to_pods(node, switch_of(cluster)):
            if route.destination not in taken:
                yield topology.fabric_netns, route


def _is_routed(cluster: Cluster) -> bool:
    return cluster.model == "flat" and cluster.routing == "static"


def _overlap(one: Cluster, other: Cluster) -> bool:
    return any(
        mine.version == its.version and mine.overlaps(its)
        for mine, its in product(one.pod_cidrs, other.pod_cidrs)
    )
