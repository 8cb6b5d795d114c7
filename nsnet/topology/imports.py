"""What clusters know of each other: exported Services, and destinations for virtual addresses.

Source: kubernetes-sigs/mcs-api, pkg/controllers (derivedName), KEP-1645.
"""

from base64 import b32hexencode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from nsnet.ip import IPNetwork, single
from nsnet.topology.model import Cluster, Service, ServicePort, reference_of


def with_imports(clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
    """Return the clusters, each with what it knows of the others."""
    return tuple(
        replace(
            each,
            services=(*each.services, *_derived(each, clusters)),
            unmasqueraded=tuple(_as_themselves(each, clusters)),
        )
        for each in clusters
    )


def _derived(cluster: Cluster, clusters: Sequence[Cluster]) -> Iterator[Service]:
    """Yield a Service for each that another flat cluster exports.

    Flat clusters share one address space: each node can send to the endpoints itself.
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
    """Return the port without a NodePort, its endpoints on no node or zone of this cluster."""
    endpoints = tuple(replace(each, node="", zones=()) for each in port.endpoints)
    return replace(port, node_port=None, endpoints=endpoints)


def _derived_name(cluster: Cluster, service: Service) -> str:
    """Return a name as the MCS API's controller makes it, but with the cluster as a part.

    There, a Service that several clusters export is one. Here, each has its own address.
    """
    key = f"{cluster.name}/{service.namespace}/{service.name}"
    return "derived-" + b32hexencode(sha256(key.encode()).digest()).decode().lower()[:10]


def _as_themselves(cluster: Cluster, clusters: Sequence[Cluster]) -> Iterator[IPNetwork]:
    """Yield the destinations to which a pod keeps its address up to the gateway.

    The gateway translates it to the virtual one. They are others' virtual ranges and exports.
    """
    for other in clusters if cluster.virtual_cidrs else ():
        if other is not cluster:
            yield from other.virtual_cidrs
            for service in other.services:
                yield from map(single, service.exported)
