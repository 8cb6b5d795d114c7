"""kind: proxy. haproxy ends every connection to an exported Service at the gateway, and makes
another one to an endpoint: the pod sees the gateway, unless it is told who the client is.

      client ─▶ haproxy at the Service's own address and port ─▶ one of its ready endpoints, in turn
      client ─▶ haproxy at the gateway's own address, port 443 ─▶ the Service that TLS names (SNI)

haproxy speaks TCP alone. What leaves the cluster does so as with kind nat.
"""

from collections.abc import Iterator

from nsnet.features.gateways.egress import egress
from nsnet.ip import IPAddress, Protocol, ips_of
from nsnet.state.haproxy import Frontend, Haproxy, Server
from nsnet.state.model import Fact
from nsnet.topology.balancing import usable
from nsnet.topology.model import HTTPS, Cluster, Gateway, Service, ServicePort, Topology


def proxy(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """The gateway's routes, what leaves, and the proxy for what comes in."""
    yield from egress(topology, cluster, gateway)
    frontends = [
        *_frontends(cluster),
        *(each for address in ips_of(gateway.outside) for each in _passed_on(cluster, address)),
    ]
    # Without an endpoint there is nobody to connect to: nothing listens there.
    yield gateway.netns, Haproxy(tuple(each for each in frontends if each.servers))


def _frontends(cluster: Cluster) -> Iterator[Frontend]:
    for service in cluster.services:
        for port in service.ports:
            for address in service.exported if port.protocol is Protocol.TCP else ():
                servers = tuple(_servers(cluster, port, address))
                yield Frontend(address, port.port, servers, service.reference)


def _passed_on(cluster: Cluster, address: IPAddress) -> Iterator[Frontend]:
    """TLS at an address that many Services share."""
    for service, port in _secure(cluster):
        servers = tuple(_servers(cluster, port, address))
        yield Frontend(address, HTTPS, servers, service.reference, service.sni)


def _secure(cluster: Cluster) -> Iterator[tuple[Service, ServicePort]]:
    for service in cluster.services:
        for port in service.ports if service.sni else ():
            if (port.port, port.protocol) == (HTTPS, Protocol.TCP):
                yield service, port


def _servers(cluster: Cluster, port: ServicePort, address: IPAddress) -> Iterator[Server]:
    told = {each.reference for each in cluster.pods if each.proxy_protocol}
    for each in usable(port.endpoints, address.version):
        yield Server(each.address, each.port, each.reference in told)
