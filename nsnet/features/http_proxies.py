"""HTTP proxies: haproxy in the pods that serve the routes of Ingresses and Gateways.

      client ─▶ Service of the proxy ─▶ haproxy in its pod ─▶ an endpoint of the route's Service

The proxy uses the endpoints themselves, not the ClusterIP, as most controllers do.
"""

from collections.abc import Iterator

from nsnet.ip import IPAddress
from nsnet.state.haproxy import Haproxy
from nsnet.state.http import HttpFrontend, TlsFrontend
from nsnet.state.model import Fact
from nsnet.topology.model import Cluster, HttpProxy


def http_proxies(cluster: Cluster) -> Iterator[Fact]:
    """Yield haproxy for each pod of the cluster's HTTP proxies."""
    pods = {each.reference: each for each in cluster.pods}
    for proxy in cluster.http_proxies:
        for pod in (pods[each] for each in proxy.pods if each in pods):
            tls = (one for each in pod.addresses for one in tls_frontends(proxy, each))
            http = (one for each in pod.addresses for one in http_frontends(proxy, each))
            yield pod.netns, Haproxy(tls=tuple(tls), http=tuple(http))


def http_frontends(proxy: HttpProxy, address: IPAddress) -> Iterator[HttpFrontend]:
    """Yield the frontends of an HTTP proxy at this address."""
    for each in proxy.listeners:
        yield HttpFrontend(address, each.port, each.rules, proxy.service, each.certificates)


def tls_frontends(proxy: HttpProxy, address: IPAddress) -> Iterator[TlsFrontend]:
    """Yield the frontends of an HTTP proxy at this address that pass TLS on."""
    for each in proxy.tls:
        yield TlsFrontend(address, each.port, each.rules, proxy.service)
