"""Services: all that the file says of each and the cluster gives to it, as one value."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from nsnet.ip import Family, IPAddress
from nsnet.scenario import kubernetes
from nsnet.scenario.admission import refusals
from nsnet.scenario.fields import SUBDOMAIN
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.model import Manifest
from nsnet.topology.cluster_ips import cluster_ips, families
from nsnet.topology.declared import Declared, declared
from nsnet.topology.endpoints import Backends
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import HTTPS, Node, Pod, Service, export_of, health_check_of, reference_of
from nsnet.topology.node_ports import node_ports
from nsnet.topology.outside_ips import external_ips, load_balancer_ips, refuse_clashes

# kube-proxy does not even hear of a Service with one of these labels: it is somebody else's.
NOT_PROXIED: Final = (
    "service.kubernetes.io/service-proxy-name",
    "service.kubernetes.io/headless",
)

# Of a ServiceExport: the name by which TLS to the gateway of its cluster asks for the Service.
SNI: Final = "nsnet.dev/sni"


def services(
    ledger: Ledger,
    path: str,
    spec: ClusterSpec,
    manifests: Sequence[Manifest],
    nodes: Sequence[Node],
    pods: Sequence[Pod],
) -> tuple[Service, ...]:
    """Every Service of the cluster, with its addresses and its endpoints, in the order of the
    file."""
    mine = {each.reference: each for each in declared(spec.name, manifests)}
    exported = dict(_exported(ledger, spec, mine, manifests))
    externals = ledger.scenario.spec.externals
    outside = {each.address: f"external/{each.name}" for each in externals}
    backends = Backends(manifests, nodes, pods, outside)
    versions = {owner: families(ledger, spec, each) for owner, each in mine.items()}
    inside = cluster_ips(ledger, path, spec, mine, versions)
    numbers = node_ports(ledger, list(mine.values()), pods)
    balanced = load_balancer_ips(ledger, spec, mine, versions)
    offered: list[tuple[Declared, Service]] = []
    for owner, each in mine.items():
        _check(ledger, each, backends)
        said = each.spec
        address = _export(ledger, each, versions[owner]) if owner in exported else ()
        # A gateway holds the address; without one it leads to the nodes, as externalIPs do.
        known = address if spec.gateway is None else ()
        service = Service(
            each.service.metadata.name,
            each.service.metadata.namespace,
            owner,
            inside[owner],
            backends.ports(each, numbers, versions[owner]),
            address,
            type=said.type,
            external_name=said.external_name if said.type == "ExternalName" else "",
            external_ips=(*external_ips(ledger, each, inside[owner]), *known),
            load_balancer_ips=balanced.get(owner, ()),
            source_ranges=said.load_balancer_source_ranges,
            external_local=said.external_traffic_policy == "Local",
            internal_local=said.internal_traffic_policy == "Local",
            affinity_seconds=_affinity(said),
            health_check_port=numbers.get(health_check_of(owner)),
            sni=exported.get(owner, ""),
            proxied=not any(label in each.service.metadata.labels for label in NOT_PROXIED),
        )
        offered.append((each, service))
    refuse_clashes(ledger, offered)
    return tuple(service for _, service in offered)


def _check(ledger: Ledger, each: Declared, backends: Backends) -> None:
    """What the Service itself has wrong, and its selector."""
    wrong = (*refusals(each.service), *backends.refusals(each))
    ledger.problems.extend(each.problem(path, message) for path, message in wrong)
    if each.spec.selector and each.spec.type != "ExternalName" and not backends.selected(each):
        message = f"the selector of {each.reference} matches no pod"
        ledger.warnings.append(each.warning("spec.selector", message))


def _affinity(spec: kubernetes.ServiceSpec) -> int | None:
    """For how long a client keeps its endpoint, if it does."""
    if spec.session_affinity == "None":
        return None
    config = spec.session_affinity_config or kubernetes.SessionAffinityConfig()
    return config.client_ip.timeout_seconds


def _export(ledger: Ledger, each: Declared, families: tuple[Family, ...]) -> tuple[IPAddress, ...]:
    """The address at which others use the Service, of each of its families."""
    given = ledger.allocate_fabric_ips(families, export_of(each.reference))
    if not given:
        ranges = ", ".join(map(str, ledger.scenario.spec.fabric_cidr))
        message = f"{each.reference} is exported, and has no address of its family in {ranges}"
        ledger.warnings.append(each.warning("spec", message))
    return given


def _exported(
    ledger: Ledger,
    spec: ClusterSpec,
    services: Mapping[str, Declared],
    manifests: Sequence[Manifest],
) -> Iterator[tuple[str, str]]:
    """The Services that other clusters may use, by reference, each with the name by which TLS asks
    for it."""
    names: dict[str, str] = {}
    for manifest in manifests:
        if not isinstance(manifest.object, kubernetes.ServiceExport):
            continue
        meta = manifest.object.metadata
        reference = reference_of(spec.name, "svc", meta.name, meta.namespace)
        if reference not in services:
            message = f"{spec.name} has no Service {meta.name} to export"
            ledger.problems.append(manifest.problem("metadata.name", message))
        elif spec.model == "isolated":
            message = f"{spec.name} is isolated: no other cluster could use the Service"
            ledger.problems.append(manifest.problem("kind", message))
        elif spec.model == "island" and spec.gateway is None:
            message = f"an island exports a Service by its gateway, and {spec.name} has none"
            ledger.problems.append(manifest.problem("kind", message))
        elif spec.model == "flat" and not services[reference].spec.has_cluster_ip:
            message = f"{reference} has no ClusterIP, so kube-proxy would serve it nowhere"
            ledger.problems.append(manifest.problem("metadata.name", message))
        else:
            sni = meta.annotations.get(SNI, "")
            for path, message in _sni(spec, sni, services[reference], names):
                ledger.problems.append(manifest.problem(path, message))
            _say_what_a_proxy_leaves_out(ledger, spec, services[reference])
            yield reference, sni


def _sni(
    spec: ClusterSpec, sni: str, service: Declared, names: dict[str, str]
) -> Iterator[tuple[str, str]]:
    path = f"metadata.annotations.{SNI}"
    if not sni:
        return
    if spec.gateway is None or spec.gateway.kind != "proxy":
        yield path, f"only a gateway of kind proxy looks at TLS, and {spec.name} has none"
    elif not re.fullmatch(SUBDOMAIN, sni) or len(sni) > 253:
        yield path, f"{sni!r} is no DNS name, which is what TLS asks by"
    elif names.setdefault(sni, service.reference) != service.reference:
        yield path, f"{sni} asks for {names[sni]} already"
    elif not any((each.port, each.protocol) == (HTTPS, "TCP") for each in service.spec.ports):
        yield path, f"{service.reference} has no port {HTTPS}/TCP, at which TLS would come"


def _say_what_a_proxy_leaves_out(ledger: Ledger, spec: ClusterSpec, service: Declared) -> None:
    if spec.gateway is None or spec.gateway.kind != "proxy":
        return
    for index, port in enumerate(service.spec.ports):
        if port.protocol == "UDP":
            message = f"a proxy gateway speaks TCP: {service.reference} is not exported over UDP"
            ledger.warnings.append(service.warning(f"spec.ports[{index}]", message))
