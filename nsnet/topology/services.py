"""The Services of a cluster, with their addresses, ports and endpoints."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from nsnet.errors import ScenarioError
from nsnet.scenario import kubernetes
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.model import Manifest
from nsnet.scenario.service_admission import SOURCE_RANGES, endpoint_refusals, service_refusals
from nsnet.text import number_of, some_of
from nsnet.topology.assignment import health_check_owner
from nsnet.topology.cluster_ips import cluster_ips, families
from nsnet.topology.declared_services import DeclaredService, declared_services
from nsnet.topology.dumps import replacements
from nsnet.topology.endpoints import EndpointSources
from nsnet.topology.exports import exports, with_export
from nsnet.topology.ledger import Ledger
from nsnet.topology.limits import MOST_ENDPOINTS, over
from nsnet.topology.model import Node, Pod, Service
from nsnet.topology.node_ports import node_ports
from nsnet.topology.outside_ips import external_ips, load_balancer_ips, refuse_clashes
from nsnet.topology.ranges import all_ranges

_WRITTEN_OUT: Final = 3  # warnings of a kind
# Labels of Services that kube-proxy ignores: another proxy handles them.
NOT_PROXIED: Final = (
    "service.kubernetes.io/service-proxy-name",
    "service.kubernetes.io/headless",
)


def resolve_services(
    ledger: Ledger,
    path: str,
    spec: ClusterSpec,
    manifests: Sequence[Manifest],
    nodes: Sequence[Node],
    pods: Sequence[Pod],
) -> tuple[Service, ...]:
    """Return every Service of the cluster, in the order of the manifests."""
    taken = [each.network for each in all_ranges(ledger.scenario)]
    declared = {each.reference: each for each in declared_services(spec, manifests, taken)}
    replaced = [(each.reference, each.replaced) for each in declared.values()]
    ledger.warnings += replacements(spec, replaced)
    snis = exports(ledger, spec, declared, manifests)
    externals = ledger.scenario.spec.externals
    outside = {each.address: f"external/{each.name}" for each in externals}
    sources = EndpointSources(manifests, declared.values(), nodes, pods, outside)
    _check_endpoints(ledger, manifests)
    versions = {owner: families(ledger, spec, each) for owner, each in declared.items()}
    inside = cluster_ips(ledger, path, spec, declared, versions)
    numbers = node_ports(ledger, list(declared.values()), pods)
    balanced = load_balancer_ips(ledger, spec, declared, versions)
    offered: list[tuple[DeclaredService, Service]] = []
    for owner, each in declared.items():
        if each.manifest.own and len(inside[owner]) < len(versions[owner]):
            ledger.warnings.append(f"{owner} is left out: serviceCIDR has no address left for it")
            continue
        _check_service(ledger, each, sources)
        ports = sources.service_ports(each, numbers, versions[owner])
        service = Service(
            name=each.service.metadata.name,
            namespace=each.service.metadata.namespace,
            reference=owner,
            addresses=inside[owner],
            ports=ports,
            type=each.spec.type,
            external_name=each.spec.external_name if each.spec.type == "ExternalName" else "",
            external_ips=external_ips(ledger, each, inside[owner]),
            load_balancer_ips=balanced.get(owner, ()),
            source_ranges=each.spec.load_balancer_source_ranges,
            external_local=each.spec.external_traffic_policy == "Local",
            internal_local=each.spec.internal_traffic_policy == "Local",
            affinity_seconds=_affinity_seconds(each.spec),
            traffic_distribution=each.spec.traffic_distribution or "",
            health_check_port=numbers.get(health_check_owner(owner)),
            sni=snis.get(owner, ""),
            portless=sources.portless(each, ports, versions[owner]),
            proxied=not any(label in each.service.metadata.labels for label in NOT_PROXIED),
        )
        if owner in snis:
            service = with_export(ledger, spec, each, service)
        offered.append((each, service))
    ledger.warnings += _warnings(list(declared.values()), sources)
    refuse_clashes(ledger, offered)
    return tuple(service for _, service in offered)


def _check_service(ledger: Ledger, each: DeclaredService, sources: EndpointSources) -> None:
    ledger.endpoints += len(sources.selected(each)) * len(each.spec.ports)
    if ledger.endpoints > MOST_ENDPOINTS:
        refused = each.problem("spec.selector", over(MOST_ENDPOINTS, "endpoints of Services"))
        raise ScenarioError([*ledger.problems, refused])
    ledger.problems += (each.problem(*wrong) for wrong in service_refusals(each.service))


def _warnings(services: Sequence[DeclaredService], sources: EndpointSources) -> Iterator[str]:
    """Yield the warnings about Services: of each kind the first ones, and one for the others."""
    idle, closed, annotated = [], [], []
    for each in services:
        closed += [(each, *warning) for warning in sources.warnings(each)]
        ranges = each.spec.load_balancer_source_ranges
        if SOURCE_RANGES in each.service.metadata.annotations and not ranges:
            message = f"{SOURCE_RANGES} configures a cloud's firewall alone, which the lab has not"
            instead = f"{message}: set spec.loadBalancerSourceRanges, which kube-proxy reads"
            annotated.append((each, "metadata.annotations", instead))
        selecting = each.spec.selector and each.spec.type != "ExternalName"
        if selecting and not each.manifest.own and not sources.selected(each):
            message = f"the selector of {each.reference} matches no running pod"
            idle.append((each, "spec.selector", message))
    for found, those in (
        (idle, "the selectors of {} match no running pod"),
        (closed, "ports of {} have no endpoints, because no pod has their targetPort's name"),
        (annotated, f"{{}} have the annotation {SOURCE_RANGES}"),
    ):
        yield from (each.warning(path, message) for each, path, message in found[:_WRITTEN_OUT])
        others = dict.fromkeys(each.reference for each, _, _ in found[_WRITTEN_OUT:])
        if others:
            yield f"{those.format(number_of(len(others), 'more Service'))}: {some_of(others)}"


def _check_endpoints(ledger: Ledger, manifests: Iterable[Manifest]) -> None:
    untyped = []
    for manifest in manifests:
        found = manifest.object
        if isinstance(found, kubernetes.EndpointSlice | kubernetes.Endpoints):
            ledger.problems += (manifest.problem(*each) for each in endpoint_refusals(found))
        if isinstance(found, kubernetes.EndpointSlice) and found.address_type is None:
            untyped.append(f"{found.metadata.namespace}/{found.metadata.name}")
    if untyped:
        message = "the API server refuses an EndpointSlice without addressType"
        ledger.warnings.append(f"{message}: {some_of(untyped)}")


def _affinity_seconds(spec: kubernetes.ServiceSpec) -> int | None:
    if spec.session_affinity == "None":
        return None
    config = spec.session_affinity_config or kubernetes.SessionAffinityConfig()
    return config.client_ip.timeout_seconds
