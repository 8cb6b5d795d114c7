"""What clusters import from each other: Services, and destinations without masquerading.

Source: kubernetes-sigs/mcs-api, pkg/controllers (derivedName), KEP-1645.
"""

from base64 import b32hexencode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from nsnet.ip import IPNetwork, host_network
from nsnet.topology.model import Cluster, Service, ServicePort, reference_of


def with_imports(clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
    """Return the clusters with the Services and unmasqueraded destinations that they import."""
    return tuple(
        replace(
            each,
            services=(*each.services, *_derived(each, clusters)),
            unmasqueraded=tuple(_unmasqueraded(each, clusters)),
        )
        for each in clusters
    )


def _derived(cluster: Cluster, clusters: Sequence[Cluster]) -> Iterator[Service]:
    """Yield the Services that this cluster imports: one for each that other flat clusters export.

    Flat clusters share one address space, so every node can send packets to the endpoints directly.
    A cluster that is not flat imports none.
    """
    for other in clusters:
        if cluster is other or cluster.model != "flat" or other.model != "flat":
            continue
        for service in other.services:
            families = {each.version for each in cluster.service_cidrs}
            known = tuple(each for each in service.exported if each.version in families)
            if known:
                name = _derived_name(other, service)
                yield Service(
                    name=name,
                    namespace=service.namespace,
                    reference=reference_of(cluster.name, "svc", name, service.namespace),
                    addresses=known,
                    ports=tuple(map(_imported_port, service.ports)),
                    affinity_seconds=service.affinity_seconds,
                    imported_from=service.reference,
                )


def _imported_port(port: ServicePort) -> ServicePort:
    """Return the port as the importing cluster has it, without its NodePort.

    Its endpoints are on no node and in no zone of that cluster.
    """
    endpoints = tuple(replace(each, node="", zones=(), nodes=()) for each in port.endpoints)
    return replace(port, node_port=None, endpoints=endpoints)


def _derived_name(cluster: Cluster, service: Service) -> str:
    """Return the name of an imported Service, in the form that the MCS API controller uses.

    Unlike there, the hash in the name covers the exporting cluster, too. If several clusters export
    Services of one name, the MCS API imports them as one Service, but nsnet imports each of them
    separately, with its own address.
    """
    key = f"{cluster.name}/{service.namespace}/{service.name}"
    return "derived-" + b32hexencode(sha256(key.encode()).digest()).decode().lower()[:10]


def _unmasqueraded(cluster: Cluster, clusters: Sequence[Cluster]) -> Iterator[IPNetwork]:
    """Yield the virtual ranges of other clusters, and the addresses of Services that they export.

    Nodes do not masquerade packets to them, because the gateway translates the pod's address to its
    virtual address. There are none if this cluster has no virtual addresses.
    """
    for other in clusters if cluster.virtual_cidrs else ():
        if other is not cluster:
            yield from other.virtual_cidrs
            for service in other.services:
                yield from map(host_network, service.exported)
