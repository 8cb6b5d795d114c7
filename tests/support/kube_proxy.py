"""What kube-proxy v1.30 makes of Services: the names of their chains, and the endpoints that a node
chooses.

With kube_proxy_rules.py, this is an independent implementation of kube-proxy, from its
specification alone. It shares no code with nsnet, so what both agree on is likely to be right.
"""

import base64
import hashlib
from dataclasses import dataclass
from ipaddress import ip_address, ip_network


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address and port behind a Service port, with the conditions of its EndpointSlice."""

    address: str
    port: int
    node: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    zones: frozenset[str] = frozenset()  # hints.forZones

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"

    @property
    def still_serves(self) -> bool:
        """Whether it is terminating but still serves: it is used if no ready endpoint is left."""
        return self.serving and self.terminating


@dataclass(frozen=True, slots=True)
class Port:
    """One port of a Service, with its endpoints."""

    name: str
    port: int
    protocol: str = "TCP"
    node_port: int = 0
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """A Service as Kubernetes describes it."""

    name: str
    namespace: str = "default"
    type: str = "ClusterIP"
    cluster_ips: tuple[str, ...] = ()  # none, or "None": headless
    ports: tuple[Port, ...] = ()
    external_policy: str = "Cluster"
    internal_policy: str = "Cluster"
    affinity_seconds: int | None = None  # sessionAffinity: ClientIP
    source_ranges: tuple[str, ...] = ()
    ingress: tuple[str, ...] = ()  # status.loadBalancer.ingress[].ip
    ip_mode: str = "VIP"  # of `ingress`; kube-proxy ignores addresses with mode Proxy
    external_ips: tuple[str, ...] = ()
    health_check_node_port: int = 0
    topology_mode: str = ""  # the annotation service.kubernetes.io/topology-mode
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Node:
    """The node that the rules are for."""

    name: str
    addresses: tuple[str, ...]
    zone: str = ""


def hashed(text: str) -> str:
    """Return the sixteen characters at the end of a chain's name."""
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:16]


def spn(service: Service, port: Port) -> str:
    """Return kube-proxy's name of a Service port: ns/name:port."""
    name = f"{service.namespace}/{service.name}"
    return f"{name}:{port.name}" if port.name else name


def chain(kind: str, service: Service, port: Port, endpoint: Endpoint | None = None) -> str:
    """Return the name of a chain: KUBE-SVC-…, KUBE-SVL-…, KUBE-EXT-…, KUBE-FW-… or KUBE-SEP-…"""
    what = spn(service, port) + port.protocol.lower() + (str(endpoint) if endpoint else "")
    return f"KUBE-{kind}-{hashed(what)}"


def is_skipped(service: Service) -> bool:
    """Return whether kube-proxy ignores the Service: it has no ClusterIP, or a label excludes
    it."""
    return (
        service.type == "ExternalName"
        or not service.cluster_ips
        or service.cluster_ips[0] == "None"
        or "service.kubernetes.io/service-proxy-name" in service.labels
        or "service.kubernetes.io/headless" in service.labels
    )


# --- which endpoints ---


@dataclass(frozen=True, slots=True)
class Choice:
    """The endpoints of a port as one node sees them."""

    cluster: tuple[Endpoint, ...]  # for traffic policy Cluster
    local: tuple[Endpoint, ...]  # for traffic policy Local
    exist: bool  # on any node


def is_external(service: Service, port: Port, family: int) -> bool:
    """Return whether the port is reached at an address other than the ClusterIP."""
    return bool(port.node_port or vips(service, family) or external_ips(service, family))


def external_local(service: Service) -> bool:
    """Return whether externalTrafficPolicy is Local, and the Service has external traffic to which
    the policy applies."""
    outside = service.type in ("NodePort", "LoadBalancer") or bool(service.external_ips)
    return outside and service.external_policy == "Local"


def choose(service: Service, port: Port, node: Node, family: int) -> Choice:
    """Return the endpoints that this node uses. In every chain, they are in the order of their
    text."""
    unique = {str(each): each for each in port.endpoints if version(each.address) == family}
    endpoints = [unique[text] for text in sorted(unique)]
    ready = [each for each in endpoints if each.ready]
    leaving = [each for each in endpoints if not each.ready and each.still_serves]
    external = is_external(service, port, family)
    internal_local = service.internal_policy == "Local"
    cluster: list[Endpoint] = []
    local: list[Endpoint] = []
    if not internal_local or external:
        hinted = hints_usable(service, ready, node)
        # If only terminating endpoints are left, hints are ignored.
        cluster = [each for each in ready if not hinted or node.zone in each.zones] or leaving
    if internal_local or (external_local(service) and external):
        local = [each for each in ready if each.node == node.name]
        local = local or [each for each in leaving if each.node == node.name]
    return Choice(tuple(cluster), tuple(local), bool(ready or leaving))


def hints_usable(service: Service, ready: list[Endpoint], node: Node) -> bool:
    """Return whether every ready endpoint has zone hints, and at least one has the node's zone."""
    return (
        service.topology_mode not in ("", "disabled", "Disabled")
        and bool(node.zone)
        and all(each.zones for each in ready)
        and any(node.zone in each.zones for each in ready)
    )


# --- addresses of a family ---


def version(address: str) -> int:
    """Return the family of an address: 4 or 6."""
    return ip_address(address).version


def of_family(addresses: tuple[str, ...], family: int) -> list[str]:
    """Return the addresses of one family."""
    return [each for each in addresses if version(each) == family]


def vips(service: Service, family: int) -> list[str]:
    """Return the load balancer addresses of the Service."""
    if service.type != "LoadBalancer" or service.ip_mode != "VIP":
        return []
    return of_family(service.ingress, family)


def external_ips(service: Service, family: int) -> list[str]:
    """Return the externalIPs of the Service."""
    return of_family(service.external_ips, family)


def source_ranges(service: Service, family: int) -> list[str]:
    """Return the clients' ranges that may use the load balancer."""
    if service.type != "LoadBalancer":
        return []
    return [each for each in service.source_ranges if ip_network(each).version == family]
