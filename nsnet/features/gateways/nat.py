"""kind: nat. Packets that leave are SNATed to the gateway's address; each exported Service has an
address of its own, which is DNATed.
"""

from collections.abc import Iterator

from nsnet.features.gateways.egress import egress
from nsnet.features.gateways.exports import exports
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster, Gateway, Topology


def nat(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """Yield the gateway's routes, and its translation in both directions."""
    yield from exports(cluster.services, gateway)
    yield from egress(topology, cluster, gateway)
