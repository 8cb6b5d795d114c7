"""kind: nat. On the way out everything gets the gateway's address; on the way in each exported
Service has its own.
"""

from collections.abc import Iterator

from nsnet.features.gateways.egress import egress
from nsnet.features.gateways.exports import exports
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster, Gateway, Topology


def nat(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """The gateway's routes, and its translation in both directions."""
    yield from exports(cluster.services, gateway)
    yield from egress(topology, cluster, gateway)
