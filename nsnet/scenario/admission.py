"""The API server's checks of a Service, except those that need other objects.

Source: kubernetes/pkg/apis/core/validation/validation.go (ValidateService), v1.30.
"""

import re
from collections.abc import Iterator
from typing import Final

from nsnet.scenario.fields import LABEL
from nsnet.scenario.kubernetes import Service, ServicePort, ServiceSpec
from nsnet.text import quoted

MAX_CLUSTER_IPS: Final = 2  # at most one of each family
DNS_NAME: Final = rf"{LABEL}(\.{LABEL})*"  # no label is empty, or starts or ends with '-'


def refusals(service: Service) -> Iterator[tuple[str, str]]:
    """Yield the path of each field that the API server refuses, and the reason."""
    spec = service.spec
    yield from _ports(spec)
    yield from _cluster_ip(spec)
    yield from _external(spec)
    yield from _load_balancer(spec)
    if spec.type == "ExternalName":
        yield from _external_name(spec)
    if spec.session_affinity_config is not None and spec.session_affinity == "None":
        yield "spec.sessionAffinityConfig", "may only be set when sessionAffinity is ClientIP"


def _ports(spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    if not spec.ports and spec.has_cluster_ip:
        yield "spec.ports", "is empty; at least one is needed"
    ports: set[tuple[int, str]] = set()
    node_ports: set[tuple[int, str]] = set()
    names: set[str] = set()
    for index, each in enumerate(spec.ports):
        path = f"spec.ports[{index}]"
        if (each.port, each.protocol) in ports:
            yield (
                f"{path}.port",
                f"{each.port}/{each.protocol} is already the port of another entry",
            )
        ports.add((each.port, each.protocol))
        if not each.name and len(spec.ports) > 1:
            yield path, "needs a name, because the Service has several ports"
        elif each.name in names:
            yield f"{path}.name", f"{each.name} is already the name of another port"
        names.add(each.name)
        if each.node_port is not None:
            yield from _node_port(spec, f"{path}.nodePort", each, each.node_port, node_ports)


def _node_port(
    spec: ServiceSpec, path: str, port: ServicePort, number: int, seen: set[tuple[int, str]]
) -> Iterator[tuple[str, str]]:
    if spec.type == "ClusterIP":
        yield path, "may not be used when type is ClusterIP"
    if (number, port.protocol) in seen:
        yield path, f"{number}/{port.protocol} is already the nodePort of another entry"
    seen.add((number, port.protocol))


def _cluster_ip(spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    if spec.type == "ExternalName":
        for path, written in (
            ("clusterIP", spec.cluster_ip),
            ("clusterIPs", spec.cluster_ips),
            ("ipFamilies", spec.ip_families),
            ("ipFamilyPolicy", spec.ip_family_policy),
        ):
            if written:
                yield f"spec.{path}", "may not be set when type is ExternalName: it has no address"
        return
    path = "spec.clusterIPs" if spec.cluster_ips else "spec.clusterIP"
    if spec.headless and spec.type != "ClusterIP":
        yield path, f"may not be None when type is {spec.type}"
    if spec.cluster_ips and spec.cluster_ip not in ("", spec.cluster_ips[0]):
        first = spec.cluster_ips[0]
        yield "spec.clusterIP", f"{spec.cluster_ip} differs from {first}, the first of clusterIPs"
    if len(spec.cluster_ips) > MAX_CLUSTER_IPS or "" in spec.cluster_ips:
        yield "spec.clusterIPs", "takes one IPv4 address, one IPv6 address, or both"
    if spec.headless and len(spec.cluster_ips) > 1:
        yield "spec.clusterIPs", "None cannot be combined with an address"
    if len(set(spec.ip_families)) < len(spec.ip_families):
        yield "spec.ipFamilies", f"{spec.ip_families[0]} is listed twice"


def _external(spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    reachable = spec.type in ("NodePort", "LoadBalancer") or (
        spec.type == "ClusterIP" and spec.external_ips
    )
    if spec.external_traffic_policy is not None and not reachable:
        only = "may only be set when type is NodePort or LoadBalancer, or with externalIPs"
        yield "spec.externalTrafficPolicy", only
    if spec.health_check_node_port is not None and not spec.has_health_check:
        only = "may only be set when type is LoadBalancer and externalTrafficPolicy is Local"
        yield "spec.healthCheckNodePort", only


def _load_balancer(spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    if spec.type == "LoadBalancer":
        return
    for path, written in (
        ("loadBalancerSourceRanges", bool(spec.load_balancer_source_ranges)),
        ("allocateLoadBalancerNodePorts", spec.allocate_load_balancer_node_ports is not None),
    ):
        if written:
            yield f"spec.{path}", "may only be set when type is LoadBalancer"


def _external_name(spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    name = spec.external_name.removesuffix(".")  # of a fully qualified name
    if not name:
        yield (
            "spec.externalName",
            "is missing; set it to the DNS name that the Service is an alias of",
        )
    elif len(name) > 253 or not re.fullmatch(DNS_NAME, name):
        form = "use lower-case letters, digits and '-' between dots, at most 253 characters"
        yield "spec.externalName", f"{quoted(spec.external_name)} is not a DNS name: {form}"
