"""Gateways of `kind: nat`. Packets that leave the cluster are SNATed to the gateway's address. Each
exported Service has an address of its own on the gateway, and packets to this address are DNATed to
one of the Service's endpoints.
"""

from collections.abc import Iterator

from nsnet.features.gateways.egress import egress
from nsnet.features.gateways.exports import exports
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster, Gateway, Topology


def nat(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """Yield the gateway's routes, SNAT for packets that leave the cluster, and DNAT to exported
    Services."""
    yield from exports(cluster.services, gateway)
    yield from egress(topology, cluster, gateway)
