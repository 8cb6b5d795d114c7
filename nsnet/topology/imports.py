"""What clusters know of each other: the Services that others export, and where their pods are
known by virtual addresses.

Source: kubernetes-sigs/mcs-api, pkg/controllers (derivedName), KEP-1645.
"""

from base64 import b32hexencode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from nsnet.ip import IPNetwork, single
from nsnet.topology.model import Cluster, Service, ServicePort, reference_of


def with_imports(clusters: Sequence[Cluster]) -> tuple[Cluster, ...]:
    """The clusters, each with what it knows of the others."""
    return tuple(
        replace(
            each,
            services=(*each.services, *_derived(each, clusters)),
            unmasqueraded=tuple(_as_themselves(each, clusters)),
        )
        for each in clusters
    )


def _derived(cluster: Cluster, clusters: Sequence[Cluster]) -> Iterator[Service]:
    """Flat clusters share one address space: every node can send to the endpoints of another
    cluster's exported Service by itself, as it sends to those of its own."""
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
    """As the MCS API's controller names it; but there a Service that several clusters export is
    one, and here each has its own address, so the cluster is a part of the name."""
    key = f"{cluster.name}/{service.namespace}/{service.name}"
    return "derived-" + b32hexencode(sha256(key.encode()).digest()).decode().lower()[:10]


def _as_themselves(cluster: Cluster, clusters: Sequence[Cluster]) -> Iterator[IPNetwork]:
    """Where a pod goes with its own address, for its gateway to make a virtual one of it: to
    others' virtual addresses and exported Services."""
    for other in clusters if cluster.virtual_cidrs else ():
        if other is not cluster:
            yield from other.virtual_cidrs
            for service in other.services:
                yield from map(single, service.exported)
