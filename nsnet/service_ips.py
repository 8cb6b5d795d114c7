"""Services and their addresses: the ClusterIP inside, and outside that of an exported Service."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final

from nsnet.addressing import AddressError, Pool
from nsnet.endpoints import selected_pods, service_ports
from nsnet.ledger import Ledger
from nsnet.scenario import kubernetes
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.load import Manifest
from nsnet.state import IPAddress
from nsnet.topology import Pod, Service, export_of, reference_of

PROXY_NAME: Final = "service.kubernetes.io/service-proxy-name"  # somebody else's than kube-proxy's
KEPT_FREE: Final = (1, 10)  # of every service range: kubernetes.default and the cluster's DNS


def services(
    ledger: Ledger, path: str, spec: ClusterSpec, manifests: Sequence[Manifest], pods: Sequence[Pod]
) -> Iterator[Service]:
    """Every Service of the cluster, with its addresses and its endpoints, in the order of the
    file."""
    mine = [each for each in manifests if isinstance(each.object, kubernetes.Service)]
    externals = ledger.scenario.spec.externals
    outside = {each.address: f"external/{each.name}" for each in externals}
    exported = _exported(ledger, spec, manifests)
    owners = {_service_reference(spec, each): each for each in mine}
    addresses = _service_addresses(ledger, path, spec, owners)
    for reference, manifest in owners.items():
        service = manifest.object
        assert isinstance(service, kubernetes.Service)
        if service.spec.selector and not selected_pods(service, pods):
            _warn(ledger, manifest, "spec.selector", f"the selector of {reference} matches no pod")
        for key, meaning in _not_yet(service.spec):
            _warn(ledger, manifest, f"spec.{key}", f"{reference}: {meaning}")
        _refuse_ports_twice(ledger, manifest, service)
        yield Service(
            service.metadata.name,
            service.metadata.namespace,
            reference,
            addresses.get(reference, ()),
            service_ports(service, pods, manifests, outside),
            ledger.outside(spec, export_of(reference)) if reference in exported else (),
            **_policies(service),
        )


def _policies(service: kubernetes.Service) -> dict[str, Any]:
    """What a Service says beside its addresses and ports."""
    spec = service.spec
    return {
        "type": spec.type,
        "external_name": spec.external_name,
        "external_ips": spec.external_ips,
        "source_ranges": spec.load_balancer_source_ranges,
        "external_local": spec.external_traffic_policy == "Local",
        "internal_local": spec.internal_traffic_policy == "Local",
        "affinity_seconds": (
            spec.session_affinity_config.client_ip.timeout_seconds
            if spec.session_affinity == "ClientIP"
            else None
        ),
        "proxied": PROXY_NAME not in service.metadata.labels,
    }


def _not_yet(spec: kubernetes.ServiceSpec) -> Iterator[tuple[str, str]]:
    """What a Service asks for and nsnet does not do yet: nobody shall take it for done."""
    if spec.type in ("NodePort", "LoadBalancer"):
        yield "type", f"of a {spec.type}, only the ClusterIP works yet"
    if spec.session_affinity != "None":
        yield "sessionAffinity", "affinity does not work yet"
    if spec.internal_traffic_policy != "Cluster":
        yield "internalTrafficPolicy", "traffic policies do not work yet"
    if spec.external_ips:
        yield "externalIPs", "external addresses do not work yet"


def _refuse_ports_twice(ledger: Ledger, manifest: Manifest, service: kubernetes.Service) -> None:
    seen: set[tuple[int, str]] = set()
    for index, each in enumerate(service.spec.ports):
        if (each.port, each.protocol) in seen:
            message = f"{each.port}/{each.protocol} stands there twice"
            ledger.problems.append(manifest.problem(f"spec.ports[{index}].port", message))
        seen.add((each.port, each.protocol))


def _warn(ledger: Ledger, manifest: Manifest, path: str, message: str) -> None:
    problem = manifest.problem(path, "")
    ledger.warnings.append(f"{problem.file}:{problem.line}: {message}")


def _service_addresses(
    ledger: Ledger, path: str, spec: ClusterSpec, owners: Mapping[str, Manifest]
) -> dict[str, tuple[IPAddress, ...]]:
    """A ClusterIP of each family for each Service that has one: as written, as it was, or the
    first free."""
    given: dict[str, tuple[IPAddress, ...]] = {}
    pools = [
        Pool(each, [each[host] for host in KEPT_FREE if host < each.num_addresses])
        for each in spec.service_cidr
    ]
    for reference, manifest in owners.items():
        written = _written_cluster_ip(manifest)
        try:
            wanted = ip_address(written) if written else None
            family = next((each for each in pools if wanted and wanted in each.network), None)
            if wanted and family is None:
                ranges = ", ".join(str(each) for each in spec.service_cidr)
                raise AddressError(f"{wanted} is outside serviceCIDR {ranges}")
            if wanted and family:
                family.hold(wanted, reference)
                given[reference] = (wanted,)
        except (ValueError, AddressError) as error:
            message = (
                str(error)
                if isinstance(error, AddressError)
                else f"{written!r} is not an IP address"
            )
            ledger.problems.append(manifest.problem("spec.clusterIP", message))
    waiting = [each for each in owners if each not in given and _has_cluster_ip(owners[each])]
    for pool in pools:
        for owner, address in ledger.allocate(f"{path}.serviceCIDR", pool, waiting).items():
            given[owner] = (*given.get(owner, ()), address)
    return given


def _exported(ledger: Ledger, spec: ClusterSpec, manifests: Sequence[Manifest]) -> frozenset[str]:
    services = {
        _service_reference(spec, each)
        for each in manifests
        if isinstance(each.object, kubernetes.Service)
    }
    exported = set()
    for manifest in manifests:
        if not isinstance(manifest.object, kubernetes.ServiceExport):
            continue
        reference = _service_reference(spec, manifest)
        if reference not in services:
            name = manifest.object.metadata.name
            message = f"{spec.name} has no Service {name} to export"
            ledger.problems.append(manifest.problem("metadata.name", message))
        elif spec.gateway is None:
            message = f"a Service is exported by a gateway, and {spec.name} has none"
            ledger.problems.append(manifest.problem("kind", message))
        else:
            exported.add(reference)
    return frozenset(exported)


def _service_reference(spec: ClusterSpec, manifest: Manifest) -> str:
    meta = manifest.object.metadata
    return reference_of(spec.name, "svc", meta.name, meta.namespace)


def _written_cluster_ip(manifest: Manifest) -> str:
    service = manifest.object
    assert isinstance(service, kubernetes.Service)
    return "" if service.spec.cluster_ip == "None" else service.spec.cluster_ip


def _has_cluster_ip(manifest: Manifest) -> bool:
    service = manifest.object
    assert isinstance(service, kubernetes.Service)
    return service.spec.cluster_ip != "None" and service.spec.type != "ExternalName"
