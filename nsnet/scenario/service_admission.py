"""The API server's checks of Services and listed endpoints, except those that need other objects.

Source: kubernetes/pkg/apis/core/validation/validation.go (ValidateService), v1.30 to v1.35. Values
are validated after the defaults are set (SetDefaults_Service): fields that these clear, such as the
sessionAffinityConfig of a Service without session affinity, are not checked.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, assert_never

from nsnet.ip import Family, IPAddress
from nsnet.scenario.field_errors import Refusal, duplicate, forbidden, invalid, required
from nsnet.scenario.fields import SUBDOMAIN
from nsnet.scenario.kubernetes import (
    HEADLESS,
    Endpoints,
    EndpointSlice,
    Service,
    ServicePort,
    ServiceSpec,
    source_range,
)
from nsnet.scenario.kubernetes.fields import NO_LETTER, port_name_mistakes
from nsnet.scenario.kubernetes.labels import NAME_FORM, is_qualified

MAX_CLUSTER_IPS: Final = 2  # at most one of each family
MAX_AFFINITY_SECONDS: Final = 86_400
SOURCE_RANGES: Final = "service.beta.kubernetes.io/load-balancer-source-ranges"  # annotation
# The annotations that ask for zone hints, the new one and the old one.
TOPOLOGY: Final = (
    "service.kubernetes.io/topology-mode",
    "service.kubernetes.io/topology-aware-hints",
)


def service_refusals(service: Service) -> Iterator[Refusal]:
    """Yield the path of each field that the API server refuses, and the reason."""
    spec = service.spec
    yield from _annotations(service.metadata.annotations, spec)
    yield from _ports(spec)
    yield from _session_affinity(spec)
    if spec.type == "ExternalName":
        yield from _external_name(spec)
    else:
        yield from _cluster_ips(spec)
    yield from _load_balancer(spec)
    yield from _external_traffic(spec)


def endpoint_refusals(found: EndpointSlice | Endpoints) -> Iterator[Refusal]:
    """Yield the path of each field that the API server refuses, and the reason."""
    match found:
        case EndpointSlice():
            yield from _slice(found)
        case Endpoints():
            yield from _subsets(found)
        case _:
            assert_never(found)


def _slice(found: EndpointSlice) -> Iterator[Refusal]:
    names: set[str] = set()
    for index, port in enumerate(found.ports):
        if port.name in names:
            yield f"ports[{index}].name", duplicate(port.name)
        names.add(port.name)
    for index, each in enumerate(found.endpoints):
        path = f"endpoints[{index}].addresses"
        if not each.addresses:
            yield path, required("must contain at least 1 address")
        for number, address in enumerate(each.addresses):
            if found.address_type not in (None, f"IPv{address.version}"):
                reason = f"must be a valid {found.address_type} address"
                yield f"{path}[{number}]", invalid(str(address), reason)


def _subsets(found: Endpoints) -> Iterator[Refusal]:
    for index, subset in enumerate(found.subsets):
        path = f"subsets[{index}]"
        if not subset.addresses and not subset.not_ready_addresses:
            yield path, required("must specify `addresses` or `notReadyAddresses`")
        for number, port in enumerate(subset.ports):
            if not port.name and len(subset.ports) > 1:
                yield f"{path}.ports[{number}].name", required()


def _annotations(annotations: Mapping[str, str], spec: ServiceSpec) -> Iterator[Refusal]:
    new, old = (annotations.get(each) for each in TOPOLOGY)
    if None not in (new, old) and new != old:
        reason = f"must match annotations[{TOPOLOGY[1]}] when both are specified"
        yield f"metadata.annotations.{TOPOLOGY[0]}", invalid(new, reason)
    ranges = annotations.get(SOURCE_RANGES)
    if ranges is None or spec.load_balancer_source_ranges:
        return
    path = f"metadata.annotations.{SOURCE_RANGES}"
    if spec.type != "LoadBalancer":
        yield path, forbidden("may only be used when `type` is 'LoadBalancer'")
    for each in ranges.strip().split(",") if ranges.strip() else ():
        try:
            source_range(each)
        except ValueError as error:
            yield path, str(error)


def _ports(spec: ServiceSpec) -> Iterator[Refusal]:
    if not spec.ports and spec.has_cluster_ip:
        yield "spec.ports", required("at least one port")
    ports: set[tuple[int, str]] = set()
    node_ports: set[tuple[int, str]] = set()
    names: set[str] = set()
    for index, each in enumerate(spec.ports):
        path = f"spec.ports[{index}]"
        if not each.name and len(spec.ports) > 1:
            yield f"{path}.name", required("the Service has several ports")
        elif each.name in names:
            yield f"{path}.name", duplicate(each.name)
        names.add(each.name)
        if (each.port, each.protocol) in ports:
            yield path, duplicate({"port": each.port, "protocol": each.protocol})
        ports.add((each.port, each.protocol))
        if isinstance(each.target_port, str):
            for reason in port_name_mistakes(each.target_port):
                number = each.target_port.isdecimal() and reason == NO_LETTER
                advice = "; for the number of a port, remove the quotes" if number else ""
                yield f"{path}.targetPort", invalid(each.target_port, f"{reason}{advice}")
        yield from _node_port(spec, f"{path}.nodePort", each, node_ports)


def _node_port(
    spec: ServiceSpec, path: str, port: ServicePort, seen: set[tuple[int, str]]
) -> Iterator[Refusal]:
    if port.node_port is None:
        return
    if spec.type == "ClusterIP":
        yield path, forbidden("may not be used when `type` is 'ClusterIP'")
    if (port.node_port, port.protocol) in seen:
        yield path, duplicate(port.node_port)
    seen.add((port.node_port, port.protocol))


def _session_affinity(spec: ServiceSpec) -> Iterator[Refusal]:
    if spec.session_affinity == "None" or spec.session_affinity_config is None:
        return
    seconds = spec.session_affinity_config.client_ip.timeout_seconds
    if not 0 < seconds <= MAX_AFFINITY_SECONDS:
        reason = f"must be greater than 0 and less than {MAX_AFFINITY_SECONDS}"
        yield "spec.sessionAffinityConfig.clientIP.timeoutSeconds", invalid(seconds, reason)


def _cluster_ips(spec: ServiceSpec) -> Iterator[Refusal]:
    path = "spec.clusterIPs" if spec.cluster_ips else "spec.clusterIP"
    if spec.headless and spec.type != "ClusterIP":
        yield path, invalid(HEADLESS, f"may not be set to 'None' for {spec.type} services")
    if spec.cluster_ips and spec.cluster_ip == "":
        yield path, invalid(spec.cluster_ips, "must be empty when `clusterIP` is not specified")
    elif spec.cluster_ips and spec.cluster_ip != spec.cluster_ips[0]:
        yield path, invalid(spec.cluster_ips, "first value must match `clusterIP`")
    if len(set(spec.ip_families)) < len(spec.ip_families):
        yield "spec.ipFamilies[1]", duplicate(spec.ip_families[0])
    if spec.headless and len(spec.cluster_ips) > 1:
        yield path, invalid(spec.cluster_ips, "'None' must be the first and only value")
    if len(spec.cluster_ips) > MAX_CLUSTER_IPS:
        yield path, invalid(spec.cluster_ips, "may only hold up to 2 values")
    yield from _families(spec)
    yield from _written_ips(spec)


def _families(spec: ServiceSpec) -> Iterator[Refusal]:
    # A Service without a policy gets SingleStack, unless it is headless and has no selector.
    policy = spec.ip_family_policy or ("RequireDualStack" if spec.selectorless else "SingleStack")
    if policy != "SingleStack":
        return
    for many, what in ((spec.cluster_ips, "cluster IPs"), (spec.ip_families, "IP families")):
        if len(many) == MAX_CLUSTER_IPS:
            reason = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
            yield "spec.ipFamilyPolicy", invalid(policy, f"{reason} {what} are specified")


def _written_ips(spec: ServiceSpec) -> Iterator[Refusal]:
    versions: list[Family] = []
    for index, (path, each) in enumerate(written_cluster_ips(spec)):
        if isinstance(each, str):
            yield path, invalid(each, "must be a valid IP address, (e.g. 10.9.8.7)")
            continue
        versions.append(each.version)
        named = spec.ip_families[index : index + 1]
        if named and named[0] != f"IPv{each.version}":
            reason = f"expected an {named[0]} value as indicated by `ipFamilies[{index}]`"
            yield path, invalid(each, reason)
    if len(set(versions)) < len(versions) <= MAX_CLUSTER_IPS:
        reason = "may specify no more than one IP for each IP family"
        yield "spec.clusterIPs", invalid(spec.cluster_ips, reason)


def written_cluster_ips(spec: ServiceSpec) -> Iterator[tuple[str, IPAddress | str]]:
    """Yield (field path, value) for each ClusterIP that the manifest sets, "None" excepted.

    A value that is not an address is a text.
    """
    if spec.type == "ExternalName":
        return
    if not spec.cluster_ips and spec.cluster_ip not in ("", HEADLESS):
        yield "spec.clusterIP", spec.cluster_ip
    for index, each in enumerate(spec.cluster_ips):
        if each != HEADLESS:
            yield f"spec.clusterIPs[{index}]", each


def _external_traffic(spec: ServiceSpec) -> Iterator[Refusal]:
    accessible = spec.type in ("NodePort", "LoadBalancer") or (
        spec.type == "ClusterIP" and spec.external_ips
    )
    if spec.external_traffic_policy is not None and not accessible:
        only = "may only be set for externally-accessible services"
        yield "spec.externalTrafficPolicy", invalid(spec.external_traffic_policy, only)
    if spec.health_check_node_port is not None and not spec.has_health_check:
        only = (
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
        )
        yield "spec.healthCheckNodePort", invalid(spec.health_check_node_port, only)


def _load_balancer(spec: ServiceSpec) -> Iterator[Refusal]:
    if spec.type == "LoadBalancer":
        name = spec.load_balancer_class
        if name is not None and not is_qualified(name):
            yield "spec.loadBalancerClass", invalid(name, f"name part {NAME_FORM}")
        return
    for path, written in (
        ("loadBalancerSourceRanges", bool(spec.load_balancer_source_ranges)),
        ("allocateLoadBalancerNodePorts", spec.allocate_load_balancer_node_ports is not None),
        ("loadBalancerClass", spec.load_balancer_class is not None),
    ):
        if written:
            yield f"spec.{path}", forbidden("may only be used when `type` is 'LoadBalancer'")


def _external_name(spec: ServiceSpec) -> Iterator[Refusal]:
    for path, written in (
        ("clusterIP", spec.cluster_ip != ""),
        ("clusterIPs", bool(spec.cluster_ips)),
        ("ipFamilies", bool(spec.ip_families)),
        ("ipFamilyPolicy", spec.ip_family_policy is not None),
    ):
        if written:
            yield f"spec.{path}", forbidden("may not be set for ExternalName services")
    name = spec.external_name.removesuffix(".")  # of a fully qualified name
    if not name:
        yield "spec.externalName", required("the DNS name that the Service is an alias of")
    elif len(name) > 253:
        yield "spec.externalName", invalid(name, "must be no more than 253 characters")
    elif not re.fullmatch(SUBDOMAIN, name):
        form = "must consist of lower case alphanumeric characters, '-' or '.', and must start and"
        subdomain = f"a lowercase RFC 1123 subdomain {form} end with an alphanumeric character"
        yield "spec.externalName", invalid(spec.external_name, subdomain)
