"""What clusters import from each other: Services, and destinations without masquerading.

Source: kubernetes-sigs/mcs-api, pkg/controllers (derivedName), KEP-1645.
"""

from base64 import b32hexencode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256

from nsnet.ip import IPNetwork, host_network
from nsnet.topology.model import (
    CLUSTERSET,
    Cluster,
    ClusterSetService,
    Endpoint,
    Service,
    ServicePort,
    reference_of,
)


def with_imports(
    clusters: Sequence[Cluster], clusterset: Sequence[ClusterSetService]
) -> tuple[Cluster, ...]:
    """Return the clusters with the Services and unmasqueraded destinations that they import."""
    return tuple(
        replace(
            each,
            services=(
                *each.services,
                *_of_clusterset(each, clusterset),
                *_derived(each, clusters),
            ),
            unmasqueraded=tuple(_unmasqueraded(each, clusters)),
        )
        for each in clusters
    )


def _of_clusterset(cluster: Cluster, clusterset: Sequence[ClusterSetService]) -> Iterator[Service]:
    """Yield a Service for each ClusterSetIP that nodes of this cluster serve, which they do if it
    is flat. The other clusters' endpoints are on no node of it."""
    families = {each.version for each in cluster.service_cidrs}
    taken = {(each.namespace, each.name) for each in cluster.services}
    for each in clusterset if cluster.model == "flat" else ():
        known = tuple(address for address in each.addresses if address.version in families)
        if known:
            key = f"{each.namespace}/{each.name}"
            name = _hashed_name(key)
            if (each.namespace, name) in taken:  # in a dump, the MCS API controller's own Service
                name = _hashed_name(f"{CLUSTERSET}/{key}")
            yield Service(
                name=name,
                namespace=each.namespace,
                reference=reference_of(cluster.name, "svc", name, each.namespace),
                addresses=known,
                ports=tuple(_port_in(cluster, port) for port in each.ports),
                internal_local=each.internal_local,
                affinity_seconds=each.affinity_seconds,
                imported_from=each.reference,
            )


def _port_in(cluster: Cluster, port: ServicePort) -> ServicePort:
    """Return the port with its endpoints as the nodes of this cluster see them."""
    prefix = f"{cluster.name}/"

    def seen(each: Endpoint) -> Endpoint:
        nodes = tuple(one.removeprefix(prefix) for one in each.nodes)
        return replace(each, node=each.node.removeprefix(prefix), nodes=nodes)

    return replace(port, endpoints=tuple(map(seen, port.endpoints)))


def _derived(cluster: Cluster, clusters: Sequence[Cluster]) -> Iterator[Service]:
    """Yield a Service for each that another flat cluster exports, with the endpoints of that
    cluster alone.

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
    """Return the name of the Service that stands for the Service of one other cluster alone.

    In the MCS API there is only the one for all exporting clusters.
    """
    return _hashed_name(f"{cluster.name}/{service.namespace}/{service.name}")


def _hashed_name(key: str) -> str:
    """Return the name of an imported Service, in the form that the MCS API controller uses."""
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
