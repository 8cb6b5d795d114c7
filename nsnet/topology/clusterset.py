"""The Services that clusters export under one name and namespace: to their clients, one Service.

Where the exports differ, the oldest one decides. Exports are as old as their order in the files.

Source: KEP-1645 (Multi-Cluster Services API), "Constraints and Conflict Resolution";
kubernetes-sigs/mcs-api, pkg/apis/v1beta1.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from nsnet.ip import IPAddress, Protocol, endpoint
from nsnet.scenario import kubernetes
from nsnet.scenario.model import Manifest
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import (
    CLUSTERSET,
    ZONE,
    Cluster,
    ClusterSetService,
    Endpoint,
    ExportedHost,
    Exporter,
    Service,
    ServicePort,
    reference_of,
)


class _Export(NamedTuple):
    """A Service that a cluster exports, and its ServiceExport."""

    cluster: Cluster
    service: Service
    manifest: Manifest

    @property
    def is_flat(self) -> bool:
        return self.cluster.model == "flat"


def clusterset_services(
    ledger: Ledger, clusters: Sequence[Cluster]
) -> tuple[ClusterSetService, ...]:
    """Return a Service for each name and namespace that clusters export, with its addresses. Record
    a warning about each whose exports differ."""
    found: dict[tuple[str, str], list[_Export]] = {}
    for each in _exports(ledger.scenario.manifests, clusters):
        found.setdefault((each.service.namespace, each.service.name), []).append(each)
    return tuple(_merged(ledger, each) for each in found.values())


def _exports(manifests: Iterable[Manifest], clusters: Sequence[Cluster]) -> Iterator[_Export]:
    """Yield every export, the oldest first."""
    services = {each.reference: each for cluster in clusters for each in cluster.services}
    for manifest in manifests:
        if isinstance(manifest.object, kubernetes.ServiceExport):
            meta = manifest.object.metadata
            for cluster in clusters:
                reference = reference_of(cluster.name, "svc", meta.name, meta.namespace)
                if cluster.name in manifest.clusters and reference in services:
                    yield _Export(cluster, services[reference], manifest)


def _merged(ledger: Ledger, exports: Sequence[_Export]) -> ClusterSetService:
    oldest = exports[0].service
    reference = reference_of(CLUSTERSET, "svc", oldest.name, oldest.namespace)
    ports = _merged_ports(exports)
    ledger.warnings += _conflicts(exports, ports)
    # Islands have an address of their own for each Service that another cluster exports.
    flat = [each for each in exports if each.is_flat]
    families = tuple(dict.fromkeys(each.version for each in oldest.addresses))
    return ClusterSetService(
        name=oldest.name,
        namespace=oldest.namespace,
        reference=reference,
        exporters=tuple(_exporter(each, headless=not oldest.addresses) for each in exports),
        headless=not oldest.addresses,
        addresses=ledger.allocate_fabric_ips(families, reference) if flat and families else (),
        ports=ports,
        affinity_seconds=oldest.affinity_seconds,
        internal_local=oldest.internal_local,
    )


def _exporter(each: _Export, *, headless: bool) -> Exporter:
    """Return the addresses of an exported Service: those of its endpoints if it is headless, or if
    the Service of all clusters is and they can send packets to the endpoints."""
    cluster, service = each.cluster, each.service
    inside, outside, hosts = service.addresses, service.exported, tuple[ExportedHost, ...]()
    if not service.addresses or (headless and each.is_flat):
        hosts = tuple(dict.fromkeys(_hosts(each)))
        inside = tuple(dict.fromkeys(one.inside for one in hosts))
        outside = tuple(dict.fromkeys(one.outside for one in hosts))
    return Exporter(
        cluster=cluster.name,
        service=service.reference,
        is_flat=each.is_flat,
        inside=inside,
        outside=outside,
        hosts=hosts,
    )


def _hosts(each: _Export) -> Iterator[ExportedHost]:
    """Yield the ready endpoints that other clusters can use."""
    known = {(one.reference, one.inside): one.outside for one in each.service.exported_pods}
    ports: dict[tuple[str, IPAddress], list[tuple[str, Protocol, int]]] = {}
    for port in each.service.ports:
        for one in port.endpoints:
            key = one.reference, one.address
            ports.setdefault(key, []).append((port.name, port.protocol, one.port))
    for one in each.service.endpoints:
        key = one.reference, one.address
        virtual = next(iter(each.cluster.virtual([one.address])), None)
        outside = one.address if each.is_flat else known.get(key, virtual)
        if one.ready and outside is not None:
            dashes = str(outside).replace(".", "-").replace(":", "-")
            yield ExportedHost(
                name=one.hostname.lower() or dashes,
                inside=one.address,
                outside=outside,
                ports=tuple(ports.get(key, ())),
            )


def _merged_ports(exports: Sequence[_Export]) -> tuple[ServicePort, ...]:
    """Return the union of the ports of all exports.

    Of the ports with one name, or with one number and protocol, that of the oldest export is used.
    A cluster serves a port only if its Service has the same port.
    """
    kept: dict[str, ServicePort] = {}
    for each in exports:
        for port in each.service.ports:
            numbers = {(one.port, one.protocol) for one in kept.values()}
            if port.name not in kept and (port.port, port.protocol) not in numbers:
                kept[port.name] = port
    oldest = exports[0].service
    return tuple(
        replace(
            port,
            # Clients of a headless Service connect to the port of the pod itself.
            port=port.port if oldest.addresses else next(iter(port.endpoints), port).port,
            node_port=None,
            endpoints=tuple(_merged_endpoints(exports, port, oldest.traffic_distribution)),
        )
        for port in kept.values()
    )


def _merged_endpoints(
    exports: Iterable[_Export], port: ServicePort, distribution: str
) -> list[Endpoint]:
    """Return the endpoints that flat clusters have for this port, each once, sorted by
    "address:port" as in kube-proxy."""
    found: dict[str, Endpoint] = {}
    for each in exports:
        zones = {node.name: node.labels.get(ZONE, "") for node in each.cluster.nodes}
        for own in each.service.ports if each.is_flat else ():
            if _key(own) == _key(port):
                for one in own.endpoints:
                    hinted = _hinted(one, each.cluster.name, zones.get(one.node, ""), distribution)
                    found.setdefault(endpoint(one.address, one.port), hinted)
    return [found[key] for key in sorted(found)]


def _hinted(one: Endpoint, cluster: str, zone: str, distribution: str) -> Endpoint:
    """Return the endpoint with the hints that this trafficDistribution asks for, and with its
    cluster in the name of its node."""
    node = f"{cluster}/{one.node}" if one.node else ""
    return replace(
        one,
        node=node,
        zones=(zone,) if zone and distribution else (),
        nodes=(node,) if node and distribution == "PreferSameNode" else (),
    )


def _key(port: ServicePort) -> tuple[str, int, str]:
    return port.name, port.port, port.protocol


def _conflicts(exports: Sequence[_Export], ports: Sequence[ServicePort]) -> Iterator[str]:
    """Yield a warning if exports differ: the condition Conflict of their ServiceExports."""
    reasons, sentences, where = [], [], list[_Export]()
    for reason, what, value in _PROPERTIES:
        used = value(exports[0].service)
        others = [each for each in exports[1:] if value(each.service) not in (used, None)]
        if others and used is not None:
            share = f"{len(others)}/{len(exports)} clusters disagree"
            result = f'Using "{used}" from oldest service export in "{exports[0].cluster.name}"'
            if reason == "PortConflict":
                result = f'Using the union "{_written(ports)}"; of ports that clash, the oldest'
            reasons.append(reason)
            sentences.append(f"Conflicting {what}. {result}. {share}.")
            where += others
    if reasons:
        first = min(where, key=exports.index)
        meta = first.manifest.object.metadata
        export = f"ServiceExport {meta.namespace}/{meta.name} of {first.cluster.name}"
        message = f"{export}: Conflict ({','.join(reasons)}): {' '.join(sentences)}"
        yield first.manifest.warning("metadata.name", message)


def _written(ports: Iterable[ServicePort]) -> str:
    return ", ".join(f"{each.name} {each.port}/{each.protocol.upper()}".strip() for each in ports)


def _type(service: Service) -> str:
    return "ClusterSetIP" if service.addresses else "Headless"


def _affinity(service: Service) -> str:
    return "None" if service.affinity_seconds is None else "ClientIP"


def _affinity_seconds(service: Service) -> str | None:
    return None if service.affinity_seconds is None else str(service.affinity_seconds)


def _ip_families(service: Service) -> str | None:
    families = sorted({each.version for each in service.addresses})
    return ", ".join(f"IPv{each}" for each in families) or None


# Of each property that exports must share: the reason of the condition, words, and its value. None
# conflicts with nothing.
_PROPERTIES: Sequence[tuple[str, str, Callable[[Service], str | None]]] = (
    ("PortConflict", "ports", lambda each: _written(sorted(each.ports, key=_key))),
    ("TypeConflict", "type", _type),
    ("SessionAffinityConflict", "session affinity", _affinity),
    ("SessionAffinityConfigConflict", "session affinity config", _affinity_seconds),
    (
        "InternalTrafficPolicyConflict",
        "internal traffic policy",
        lambda each: "Local" if each.internal_local else "Cluster",
    ),
    (
        "TrafficDistributionConflict",
        "traffic distribution",
        lambda each: each.traffic_distribution or "none",
    ),
    ("IPFamilyConflict", "IP families", _ip_families),
)
