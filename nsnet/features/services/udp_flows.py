"""UDP ports that are DNATed. When one of their endpoints is removed, its conntrack entries must be
deleted.
"""

from collections.abc import Iterator, Sequence

from nsnet.ip import Family, IPAddress, Protocol
from nsnet.state.model import Translation
from nsnet.topology.model import Cluster, Endpoint, Service


def translations(cluster: Cluster) -> Iterator[tuple[str, Translation]]:
    """Yield, for each node, a Translation for every UDP port of all Services. They do not depend on
    the proxyMode."""
    shared = tuple(each for service in cluster.services for each in _of_service(service))
    for node in cluster.nodes:
        for each in shared:
            yield node.netns, each


def translated(
    addresses: Sequence[IPAddress], port: int, endpoints: Sequence[Endpoint]
) -> Iterator[Translation]:
    """Yield, for each address, a Translation from its UDP port `port` to the endpoints of its
    family."""
    for address in addresses:
        found = serving(endpoints, address.version)
        yield Translation(address, port, found, address.version)


def serving(endpoints: Sequence[Endpoint], family: Family) -> tuple[tuple[IPAddress, int], ...]:
    """Return the endpoints of this family that existing flows may use: ready ones, and those that
    still serve while they terminate."""
    return tuple(
        (each.address, each.port)
        for each in endpoints
        if each.address.version == family and (each.ready or each.serving)
    )


def _of_service(service: Service) -> Iterator[Translation]:
    addresses = (*service.addresses, *service.external_ips, *service.load_balancer_ips)
    for port in service.ports if service.proxied else ():
        if port.protocol is not Protocol.UDP:
            continue
        yield from translated(addresses, port.port, port.endpoints)
        if port.node_port is not None:
            for family in sorted({each.version for each in service.addresses}):
                found = serving(port.endpoints, family)
                yield Translation(None, port.node_port, found, family)
