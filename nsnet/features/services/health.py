"""The healthCheckNodePorts, at which kube-proxy answers the health checks of load balancers, in
every proxyMode.
"""

from collections.abc import Iterator

from nsnet.state.model import Fact, HealthCheck
from nsnet.topology.balancing import ready_pods_on
from nsnet.topology.model import Cluster


def health_checks(cluster: Cluster) -> Iterator[Fact]:
    """Yield a HealthCheck for each node and each Service with a healthCheckNodePort. It has the
    number of the Service's ready pods on that node."""
    for service in cluster.services:
        if service.health_check_port is None or not service.proxied:
            continue
        for node in cluster.nodes:
            count = ready_pods_on(service, node)
            yield (
                node.netns,
                HealthCheck(service.health_check_port, service.namespace, service.name, count),
            )
