"""The HTTP proxies that nsnet adds to a cluster: a Deployment, and a Service with a load balancer.

A cluster with Ingresses has one, in nsnet-ingress.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from nsnet.scenario.documents import Document
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.kubernetes import Ingress, Object, Service, Workload
from nsnet.scenario.model import Manifest

NAMESPACE: Final = "nsnet-ingress"
NAME: Final = "ingress"
PORTS: Final = {"http": 80, "https": 443}
_FILE: Final = "HTTP proxy"  # the file that messages about these objects name
_LABEL: Final = "app.kubernetes.io/name"


def ingress_manifests(
    clusters: Sequence[ClusterSpec], manifests: Sequence[Manifest]
) -> Iterator[Manifest]:
    """Yield the objects of the proxy of each cluster that has Ingresses. What has their names in
    the files takes their place."""
    for cluster in clusters:
        here = [each.object for each in manifests if cluster.name in each.clusters]
        if not any(isinstance(each, Ingress) for each in here):
            continue
        taken = {(each.kind, each.metadata.namespace, each.metadata.name) for each in here}
        for each in proxy_manifests(cluster, NAMESPACE, NAME, PORTS):
            if (each.object.kind, NAMESPACE, NAME) not in taken:
                yield each


def proxy_manifests(
    cluster: ClusterSpec, namespace: str, name: str, ports: Mapping[str, int]
) -> Iterator[Manifest]:
    """Yield the Service and the Deployment of a proxy with these TCP ports, by their names."""
    models: tuple[tuple[dict[str, Any], type[Object]], ...] = (
        (_service(cluster, namespace, name, ports), Service),
        (_deployment(namespace, name, ports), Workload),
    )
    for data, model in models:
        found: Object = model.model_validate(data)
        yield Manifest(found, (cluster.name,), Document(_FILE, data), own=True)


def _service(
    cluster: ClusterSpec, namespace: str, name: str, ports: Mapping[str, int]
) -> dict[str, Any]:
    families = [f"IPv{each.version}" for each in cluster.service_cidr]
    spec = {
        "type": "LoadBalancer",
        "allocateLoadBalancerNodePorts": False,
        "selector": {_LABEL: name},
        "ipFamilies": families,
        "ipFamilyPolicy": "RequireDualStack" if len(families) > 1 else "SingleStack",
        "ports": [{"name": key, "port": port, "targetPort": key} for key, port in ports.items()],
    }
    metadata = {"name": name, "namespace": namespace, "labels": {_LABEL: name}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _deployment(namespace: str, name: str, ports: Mapping[str, int]) -> dict[str, Any]:
    listening = [{"name": key, "containerPort": port} for key, port in ports.items()]
    labels = {_LABEL: name}
    pod = {
        "containers": [{"name": "haproxy", "ports": listening}],
        "nodeSelector": {"kubernetes.io/os": "linux"},
    }
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
