"""The HTTP proxies that nsnet adds to a cluster: a Deployment, and a Service with a load balancer.

A cluster with Ingresses has one, in nsnet-ingress.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from nsnet.scenario.documents import Document
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.kubernetes import Ingress, Object, Service, Workload
from nsnet.scenario.model import Manifest

NAMESPACE: Final = "nsnet-ingress"
NAME: Final = "ingress"
PORTS: Final = {"http": 80, "https": 443}


class WantedProxy(NamedTuple):
    """A proxy to add to a cluster. Its `selector` finds its pods; `labels` and `annotations` are
    further ones of its objects, `addresses` those of its load balancer, if they are given."""

    namespace: str
    name: str
    ports: Mapping[str, int]  # TCP, by name
    selector: Mapping[str, str]
    file: str = "HTTP proxy"  # that messages about these objects name
    labels: Mapping[str, str] = MappingProxyType({})
    annotations: Mapping[str, str] = MappingProxyType({})
    addresses: Sequence[str] = ()


_INGRESS: Final = WantedProxy(NAMESPACE, NAME, PORTS, {"app.kubernetes.io/name": NAME})


def ingress_manifests(
    clusters: Sequence[ClusterSpec], manifests: Sequence[Manifest]
) -> Iterator[Manifest]:
    """Yield the objects of the proxy of each cluster that has Ingresses."""
    for cluster in clusters:
        here = [each.object for each in manifests if cluster.name in each.clusters]
        if any(isinstance(each, Ingress) for each in here):
            yield from proxy_manifests(cluster, [_INGRESS], here)


def proxy_manifests(
    cluster: ClusterSpec, wanted: Iterable[WantedProxy], objects: Iterable[Object]
) -> Iterator[Manifest]:
    """Yield the Service and the Deployment of each proxy. An object of the files that has the name
    of one takes its place."""
    taken = {(each.kind, each.metadata.namespace, each.metadata.name) for each in objects}
    for proxy in wanted:
        models: tuple[tuple[dict[str, Any], type[Object]], ...] = (
            (_service(cluster, proxy), Service),
            (_deployment(proxy), Workload),
        )
        for data, model in models:
            found: Object = model.model_validate(data)
            if (found.kind, proxy.namespace, proxy.name) not in taken:
                yield Manifest(found, (cluster.name,), Document(proxy.file, data), own=True)


def _service(cluster: ClusterSpec, proxy: WantedProxy) -> dict[str, Any]:
    families = [f"IPv{each.version}" for each in cluster.service_cidr]
    spec = {
        "type": "LoadBalancer",
        "allocateLoadBalancerNodePorts": False,
        "selector": proxy.selector,
        "ipFamilies": families,
        "ipFamilyPolicy": "RequireDualStack" if len(families) > 1 else "SingleStack",
        "ports": [
            {"name": key, "port": port, "targetPort": key} for key, port in proxy.ports.items()
        ],
    }
    balanced = {"loadBalancer": {"ingress": [{"ip": each} for each in proxy.addresses]}}
    head = {"apiVersion": "v1", "kind": "Service", "metadata": _metadata(proxy)}
    return {**head, "spec": spec, "status": balanced}


def _metadata(proxy: WantedProxy) -> dict[str, Any]:
    return {
        "name": proxy.name,
        "namespace": proxy.namespace,
        "labels": {**proxy.labels, **proxy.selector},
        "annotations": {**proxy.annotations},
    }


def _deployment(proxy: WantedProxy) -> dict[str, Any]:
    listening = [{"name": key, "containerPort": port} for key, port in proxy.ports.items()]
    metadata = _metadata(proxy)
    pod = {
        "containers": [{"name": "haproxy", "ports": listening}],
        "nodeSelector": {"kubernetes.io/os": "linux"},
    }
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": proxy.selector},
        "template": {"metadata": {"labels": metadata["labels"]}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
