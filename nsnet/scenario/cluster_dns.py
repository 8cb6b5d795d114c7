"""The cluster DNS that nsnet adds to a cluster, as kubeadm does: a Deployment and a Service in
kube-system.

Source: kubernetes/cmd/kubeadm/app/phases/addons/dns/manifests.go, v1.32.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any, Final

from nsnet.ip import IPAddress, IPNetwork
from nsnet.scenario.documents import Document
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.kubernetes import Object, Service, Workload
from nsnet.scenario.model import Manifest

NAMESPACE: Final = "kube-system"
SERVICE: Final = "kube-dns"
DEPLOYMENT: Final = "coredns"
PORT: Final = 53
_FILE: Final = "cluster DNS"  # the file that messages about these objects name
_POSITION: Final = 10  # of its address in the service range
_APP: Final = {"k8s-app": "kube-dns"}
_PORTS: Final = (("dns", "UDP"), ("dns-tcp", "TCP"))
_TOLERATIONS: Final = (
    {"key": "CriticalAddonsOnly", "operator": "Exists"},
    {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
)


def dns_address(network: IPNetwork) -> IPAddress | None:
    """Return the address of the cluster DNS in a service range; None if the range is too small."""
    return network[_POSITION] if network.num_addresses > _POSITION + 1 else None


def dns_manifests(
    clusters: Sequence[ClusterSpec], manifests: Sequence[Manifest]
) -> Iterator[Manifest]:
    """Yield the objects of the DNS of each cluster that has DNS, but no DNS Service of its own
    among its manifests."""
    for cluster in clusters:
        here = [each.object for each in manifests if cluster.name in each.clusters]
        if not cluster.dns or dns_service(cluster, here) is not None:
            continue
        taken = {address for each in here if isinstance(each, Service) for address in _ips(each)}
        for data, model in ((_service(cluster, taken), Service), (_deployment(), Workload)):
            found: Object = model.model_validate(data)
            if not any(_is_same(found, each) for each in here):
                yield Manifest(found, (cluster.name,), Document(_FILE, data), own=True)


def dns_service(cluster: ClusterSpec, objects: Iterable[Object]) -> Service | None:
    """Return the DNS Service of a cluster: kube-system/kube-dns, else one with port 53 at the
    address of the cluster DNS, else None."""
    services = [each for each in objects if isinstance(each, Service)]
    named = (each for each in services if _key(each) == (NAMESPACE, SERVICE))
    known = {str(dns_address(each)) for each in cluster.service_cidr}
    there = (each for each in services if _ips(each) & known and _serves_dns(each))
    return next(named, None) or next(there, None)


def _ips(service: Service) -> set[str]:
    return {str(each) for each in (service.spec.cluster_ip, *service.spec.cluster_ips)}


def _serves_dns(service: Service) -> bool:
    return any(each.port == PORT for each in service.spec.ports)


def _is_same(one: Object, other: Object) -> bool:
    return one.kind == other.kind and _key(one) == _key(other)


def _key(each: Object) -> tuple[str, str]:
    return each.metadata.namespace, each.metadata.name


def _service(cluster: ClusterSpec, taken: Collection[str]) -> dict[str, Any]:
    """Return the Service, with the addresses of the cluster DNS unless other Services have them."""
    wanted = (str(dns_address(each) or "") for each in cluster.service_cidr)
    addresses = [*takewhile(lambda each: each and each not in taken, wanted)]
    families = [f"IPv{each.version}" for each in cluster.service_cidr]
    spec: dict[str, Any] = {
        "selector": _APP,
        "ipFamilies": families,
        "ipFamilyPolicy": "RequireDualStack" if len(families) > 1 else "SingleStack",
        "ports": [{"name": name, "port": PORT, "protocol": each} for name, each in _PORTS],
    }
    if addresses:
        spec |= {"clusterIP": addresses[0], "clusterIPs": addresses}
    metadata = {"name": SERVICE, "namespace": NAMESPACE, "labels": _APP}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _deployment() -> dict[str, Any]:
    ports = [
        {"name": name, "containerPort": PORT, "protocol": protocol} for name, protocol in _PORTS
    ]
    pod = {
        "containers": [{"name": DEPLOYMENT, "ports": ports}],
        "tolerations": list(_TOLERATIONS),
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "dnsPolicy": "Default",
    }
    metadata = {"name": DEPLOYMENT, "namespace": NAMESPACE, "labels": _APP}
    spec = {
        "replicas": 1,
        "selector": {"matchLabels": _APP},
        "template": {"metadata": {"labels": _APP}, "spec": pod},
    }
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}
