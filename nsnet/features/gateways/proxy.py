"""Gateways of `kind: proxy`. At the gateway, haproxy accepts each connection to an exported
Service, and opens another connection to one of its endpoints. The pod therefore sees the gateway's
address instead of the client's, unless it accepts a PROXY header.

      client ─▶ haproxy at the Service's own address and port ─▶ one of its ready endpoints, in turn
      client ─▶ haproxy at the gateway's own address, port 443 ─▶ the Service of the TLS name (SNI)
      client ─▶ haproxy at the gateway's own address, port 80 or 443 ─▶ by the routes of Ingresses

Only TCP ports are exported in this way. Packets that leave the cluster are SNATed as with kind nat.
"""

from collections.abc import Iterator
from dataclasses import replace

from nsnet.features.gateways.egress import egress
from nsnet.features.http_proxies import http_frontends
from nsnet.ip import IPAddress, Protocol, ips_of
from nsnet.state.haproxy import Frontend, Haproxy
from nsnet.state.http import Server
from nsnet.state.model import Fact
from nsnet.topology.balancing import usable
from nsnet.topology.model import HTTPS, Cluster, Gateway, Service, ServicePort, Topology


def proxy(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """Yield the gateway's routes, SNAT for packets that leave the cluster, and haproxy for
    connections to exported Services."""
    yield from egress(topology, cluster, gateway)
    frontends = [
        *_frontends(cluster),
        *(each for address in ips_of(gateway.outside) for each in _by_tls_name(cluster, address)),
    ]
    # haproxy does not listen on a port without endpoints: the gateway refuses the connection.
    passing = tuple(each for each in frontends if each.servers)
    taken = {(each.address, each.port) for each in passing}
    http = (
        each
        for address in ips_of(gateway.outside)
        for one in cluster.http_proxies
        for each in http_frontends(one, address)
        if (each.address, each.port) not in taken
    )
    yield gateway.netns, Haproxy(passing, tuple(http))


def _frontends(cluster: Cluster) -> Iterator[Frontend]:
    for service in cluster.services:
        for port in service.ports:
            if port.protocol is Protocol.TCP:
                yield from _by_port(cluster, service, port)


def _by_port(cluster: Cluster, service: Service, port: ServicePort) -> Iterator[Frontend]:
    """Yield a frontend for a port at each address of the Service: for all endpoints, or, if it is
    headless, for the one that has this address."""
    if service.exported_pods:
        pods = {(each.reference, each.inside): each.outside for each in service.exported_pods}
        for each in port.endpoints:
            address = pods[each.reference, each.address]
            servers = tuple(_servers(cluster, replace(port, endpoints=(each,)), address))
            yield Frontend(address, each.port, servers, service.reference)
        return
    for address in service.exported:
        servers = tuple(_servers(cluster, port, address))
        yield Frontend(address, port.port, servers, service.reference)


def _by_tls_name(cluster: Cluster, address: IPAddress) -> Iterator[Frontend]:
    """Yield a frontend for each Service that clients select by its TLS name. All these Services
    share port 443 of this address."""
    for service, port in _with_tls_name(cluster):
        servers = tuple(_servers(cluster, port, address))
        yield Frontend(address, HTTPS, servers, service.reference, service.sni)


def _with_tls_name(cluster: Cluster) -> Iterator[tuple[Service, ServicePort]]:
    for service in cluster.services:
        for port in service.ports if service.sni else ():
            if (port.port, port.protocol) == (HTTPS, Protocol.TCP):
                yield service, port


def _servers(cluster: Cluster, port: ServicePort, address: IPAddress) -> Iterator[Server]:
    proxied = {each.reference for each in cluster.pods if each.proxy_protocol}
    for each in usable(port.endpoints, address.version):
        yield Server(each.address, each.port, each.reference in proxied)
