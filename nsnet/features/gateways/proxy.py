"""Gateways of `kind: proxy`. At the gateway, haproxy accepts each connection to an exported
Service, and opens another connection to one of its endpoints. The pod therefore sees the gateway's
address instead of the client's, unless it accepts a PROXY header.

      client ─▶ haproxy at the Service's own address and port ─▶ one of its ready endpoints, in turn
      client ─▶ haproxy at the gateway's own address, port 443 ─▶ the Service of the TLS name (SNI)
      client ─▶ haproxy at the gateway's own address ─▶ by the routes of Ingresses and HTTPRoutes

Only TCP ports are exported in this way. Packets that leave the cluster are SNATed as with kind nat.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from nsnet.features.gateways.egress import egress
from nsnet.features.http_proxies import http_frontends, tls_frontends
from nsnet.ip import IPAddress, Protocol, ips_of
from nsnet.state.haproxy import Frontend, Haproxy
from nsnet.state.http import Backend, HttpFrontend, Server, TlsFrontend, TlsRule
from nsnet.state.model import Fact
from nsnet.topology.balancing import usable
from nsnet.topology.model import HTTPS, Cluster, Gateway, Service, ServicePort, Topology

AnyFrontend = TypeVar("AnyFrontend", HttpFrontend, TlsFrontend)


def proxy(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """Yield the gateway's routes, SNAT for packets that leave the cluster, and haproxy for
    connections to exported Services."""
    yield from egress(topology, cluster, gateway)
    # haproxy does not listen on a port without endpoints: the gateway refuses the connection.
    passing = tuple(each for each in _frontends(cluster) if each.servers)
    taken = {(each.address, each.port) for each in passing}
    tls: list[TlsFrontend] = []
    http: list[HttpFrontend] = []
    for address in ips_of(gateway.outside):
        named = _by_tls_name(cluster, gateway, address)
        by_name = [named] if named.rules else []
        # Of several proxies with one port, the first one has it here.
        for each in cluster.http_proxies:
            by_name += tls_frontends(each, address)
        tls += _unless_taken(by_name, taken)
        for each in cluster.http_proxies:
            http += _unless_taken(http_frontends(each, address), taken)
    yield gateway.netns, Haproxy(passing, tuple(tls), tuple(http))


def _unless_taken(
    frontends: Iterable[AnyFrontend], taken: set[tuple[IPAddress, int]]
) -> Iterator[AnyFrontend]:
    """Yield the frontends whose address and port are free, and add these to `taken`."""
    for each in frontends:
        if (each.address, each.port) not in taken:
            taken.add((each.address, each.port))
            yield each


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


def _by_tls_name(cluster: Cluster, gateway: Gateway, address: IPAddress) -> TlsFrontend:
    """Return the frontend for the Services that clients select by their TLS names. All these
    Services share port 443 of this address."""
    rules = []
    for service, port in _with_tls_name(cluster):
        if servers := tuple(_servers(cluster, port, address)):
            backend = Backend(service.reference, servers)
            rules.append(TlsRule(service.sni, service.reference, (backend,)))
    return TlsFrontend(address, HTTPS, tuple(rules), gateway.reference)


def _with_tls_name(cluster: Cluster) -> Iterator[tuple[Service, ServicePort]]:
    for service in cluster.services:
        for port in service.ports if service.sni else ():
            if (port.port, port.protocol) == (HTTPS, Protocol.TCP):
                yield service, port


def _servers(cluster: Cluster, port: ServicePort, address: IPAddress) -> Iterator[Server]:
    proxied = {each.reference for each in cluster.pods if each.proxy_protocol}
    for each in usable(port.endpoints, address.version):
        yield Server(each.address, each.port, each.reference in proxied)
