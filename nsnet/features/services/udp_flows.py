"""The UDP ports that machines translate: what conntrack must be told of when endpoints go."""

from collections.abc import Iterator, Sequence

from nsnet.ip import Family, IPAddress, Protocol
from nsnet.state.model import Fact, Translation
from nsnet.topology.model import Cluster, Endpoint, Service


def translations(cluster: Cluster) -> Iterator[Fact]:
    """Every node translates the ports of all Services, whatever its proxyMode."""
    shared = tuple(each for service in cluster.services for each in _of_service(service))
    for node in cluster.nodes:
        for each in shared:
            yield node.netns, each


def translated(
    addresses: Sequence[IPAddress], port: int, endpoints: Sequence[Endpoint]
) -> Iterator[Translation]:
    """A UDP port of these addresses in front of these endpoints."""
    for address in addresses:
        found = serving(endpoints, address.version)
        yield Translation(address, port, found, address.version)


def serving(endpoints: Sequence[Endpoint], family: Family) -> tuple[tuple[IPAddress, int], ...]:
    """Those that flows may go on to, also while they are going and get no new ones."""
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
