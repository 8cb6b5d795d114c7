"""The healthCheckNodePorts, at which kube-proxy answers load balancers, in every proxyMode."""

from collections.abc import Iterator

from nsnet.state.model import Fact, HealthCheck
from nsnet.topology.balancing import ready_pods_on
from nsnet.topology.model import Cluster


def health_checks(cluster: Cluster) -> Iterator[Fact]:
    """Yield for each node and Service with a healthCheckNodePort the number of local endpoints."""
    for service in cluster.services:
        if service.health_check_port is None or not service.proxied:
            continue
        for node in cluster.nodes:
            count = ready_pods_on(service, node)
            yield (
                node.netns,
                HealthCheck(service.health_check_port, service.namespace, service.name, count),
            )
