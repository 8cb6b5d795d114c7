"""The endpoints that manifests list for a Service: its EndpointSlices and its Endpoints object.

An Endpoints object is mirrored into EndpointSlices, which kube-proxy reads. EndpointSlices that a
controller derived from pods or from an Endpoints object, in manifests that were read from a
cluster, are left out.

Source: kubernetes/pkg/controller/endpointslicemirroring and
kubernetes/pkg/proxy/endpointslicecache.go, v1.34.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from nsnet.ip import IPAddress
from nsnet.scenario import kubernetes
from nsnet.scenario.model import Manifest

SERVICE_NAME: Final = "kubernetes.io/service-name"  # label of a slice: its Service
MANAGED_BY: Final = "endpointslice.kubernetes.io/managed-by"  # label of a slice: its controller
FROM_PODS: Final = "endpointslice-controller.k8s.io"
FROM_ENDPOINTS: Final = "endpointslicemirroring-controller.k8s.io"
SKIP_MIRROR: Final = "endpointslice.kubernetes.io/skip-mirror"  # label of an Endpoints object
LEADER: Final = "control-plane.alpha.kubernetes.io/leader"  # annotation: it is a lock
MAX_MIRRORED: Final = 1000  # addresses of a subset

ServiceKey: TypeAlias = tuple[str, str]  # the namespace and the name


class ListedEndpoint(NamedTuple):
    """An endpoint that a manifest lists."""

    address: IPAddress
    node: str
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    zones: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    hostname: str = ""


class ListedEndpoints(NamedTuple):
    """Endpoints with the same ports: (name, protocol) of a Service port → number of the target."""

    ports: Mapping[tuple[str, str], int]
    endpoints: tuple[ListedEndpoint, ...]


def listed_endpoints(
    manifests: Iterable[Manifest], selecting: Collection[ServiceKey]
) -> dict[ServiceKey, list[ListedEndpoints]]:
    """Return the endpoints of each Service that manifests list.

    `selecting`: the Services that have a selector.
    """
    slices: list[kubernetes.EndpointSlice] = []
    mirrored: dict[ServiceKey, kubernetes.Endpoints] = {}
    for manifest in manifests:
        match manifest.object:
            case kubernetes.EndpointSlice() as found:
                slices.append(found)
            case kubernetes.Endpoints(metadata=meta) as found:
                if (meta.namespace, meta.name) not in selecting:
                    mirrored[meta.namespace, meta.name] = found
            case _:
                pass
    listed: dict[ServiceKey, list[ListedEndpoints]] = {}
    for each in slices:
        service = (each.metadata.namespace, each.metadata.labels.get(SERVICE_NAME, ""))
        manager = each.metadata.labels.get(MANAGED_BY)
        from_pods = manager == FROM_PODS and service in selecting
        from_endpoints = manager == FROM_ENDPOINTS and (service in selecting or service in mirrored)
        if not from_pods and not from_endpoints:
            listed.setdefault(service, []).append(_of_slice(each))
    for service, endpoints in mirrored.items():
        if _is_mirrored(endpoints.metadata):
            listed.setdefault(service, []).extend(map(_of_subset, endpoints.subsets))
    return listed


def _is_mirrored(meta: kubernetes.ObjectMeta) -> bool:
    return meta.labels.get(SKIP_MIRROR) != "true" and LEADER not in meta.annotations


def _of_slice(found: kubernetes.EndpointSlice) -> ListedEndpoints:
    return ListedEndpoints(
        ports={
            (each.name, each.protocol): each.port for each in found.ports if each.port is not None
        },
        endpoints=tuple(
            ListedEndpoint(
                address=address,
                node=each.node_name,
                ready=each.conditions.ready is not False,
                serving=each.conditions.serving is not False,
                terminating=bool(each.conditions.terminating),
                zones=tuple(hint.name for hint in each.hints.for_zones),
                nodes=tuple(hint.name for hint in each.hints.for_nodes),
                hostname=each.hostname,
            )
            for each in found.endpoints
            for address in each.addresses[:1]  # the API: only the first is used
        ),
    )


def _of_subset(found: kubernetes.EndpointSubset) -> ListedEndpoints:
    return ListedEndpoints(
        ports={(each.name, each.protocol): each.port for each in found.ports},
        endpoints=tuple(_of_addresses(found))[:MAX_MIRRORED],
    )


def _of_addresses(found: kubernetes.EndpointSubset) -> Iterator[ListedEndpoint]:
    for each in found.addresses:
        yield ListedEndpoint(each.ip, each.node_name, hostname=each.hostname)
    for each in found.not_ready_addresses:
        yield ListedEndpoint(each.ip, each.node_name, ready=False, hostname=each.hostname)
