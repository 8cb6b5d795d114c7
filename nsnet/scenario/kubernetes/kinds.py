"""The kinds of Kubernetes objects that nsnet reads or recognises."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from nsnet.scenario.kubernetes.crd import GROUP
from nsnet.scenario.kubernetes.endpoints import Endpoints, EndpointSlice
from nsnet.scenario.kubernetes.gateways import Gateway, GatewayClass, ReferenceGrant
from nsnet.scenario.kubernetes.ingress import Ingress, IngressClass
from nsnet.scenario.kubernetes.interior import ConfigMap, Secret
from nsnet.scenario.kubernetes.nodes import Namespace, Node
from nsnet.scenario.kubernetes.pods import Job, Pod, ReplicationController, Workload
from nsnet.scenario.kubernetes.routes import HTTPRoute, TLSRoute
from nsnet.scenario.kubernetes.services import Service, ServiceExport
from nsnet.text import printable

Object: TypeAlias = (
    Namespace
    | Node
    | Pod
    | Workload
    | Service
    | EndpointSlice
    | Endpoints
    | ServiceExport
    | ConfigMap
    | Secret
    | Ingress
    | IngressClass
    | GatewayClass
    | Gateway
    | HTTPRoute
    | TLSRoute
    | ReferenceGrant
)

MODELS: dict[str, type[Object]] = {
    "Namespace": Namespace,
    "Node": Node,
    "Pod": Pod,
    "Deployment": Workload,
    "ReplicaSet": Workload,
    "StatefulSet": Workload,
    "DaemonSet": Workload,
    "ReplicationController": ReplicationController,
    "Job": Job,
    "Service": Service,
    "EndpointSlice": EndpointSlice,
    "Endpoints": Endpoints,
    "ServiceExport": ServiceExport,
    "ConfigMap": ConfigMap,
    "Secret": Secret,
    "Ingress": Ingress,
    "IngressClass": IngressClass,
    "GatewayClass": GatewayClass,
    "Gateway": Gateway,
    "HTTPRoute": HTTPRoute,
    "TLSRoute": TLSRoute,
    "ReferenceGrant": ReferenceGrant,
}

# The apiVersions of every kind that nsnet recognises, the preferred one first. A Service of another
# group, such as Knative's, is a different kind.
VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "Namespace": ("v1",),
    "Node": ("v1",),
    "Pod": ("v1",),
    "Service": ("v1",),
    "ReplicationController": ("v1",),
    "Deployment": ("apps/v1",),
    "ReplicaSet": ("apps/v1",),
    "StatefulSet": ("apps/v1",),
    "DaemonSet": ("apps/v1",),
    "Job": ("batch/v1",),
    "CronJob": ("batch/v1",),
    "Endpoints": ("v1",),
    "ConfigMap": ("v1",),
    "Secret": ("v1",),
    "EndpointSlice": ("discovery.k8s.io/v1",),
    "NetworkPolicy": ("networking.k8s.io/v1",),
    "Ingress": ("networking.k8s.io/v1",),
    "IngressClass": ("networking.k8s.io/v1",),
    "ServiceExport": ("multicluster.x-k8s.io/v1alpha1", "multicluster.x-k8s.io/v1beta1"),
    "GatewayClass": (f"{GROUP}/v1", f"{GROUP}/v1beta1"),
    "Gateway": (f"{GROUP}/v1", f"{GROUP}/v1beta1"),
    "HTTPRoute": (f"{GROUP}/v1", f"{GROUP}/v1beta1"),
    "TLSRoute": (f"{GROUP}/v1", f"{GROUP}/v1alpha3", f"{GROUP}/v1alpha2"),
    "ReferenceGrant": (f"{GROUP}/v1", f"{GROUP}/v1beta1"),
}

# The release of Kubernetes that stopped serving each apiVersion.
# Source: kubernetes.io, Deprecated API Migration Guide.
REMOVED: Final[Mapping[tuple[str, str], str]] = {
    ("Deployment", "extensions/v1beta1"): "1.16",
    ("Deployment", "apps/v1beta1"): "1.16",
    ("Deployment", "apps/v1beta2"): "1.16",
    ("ReplicaSet", "extensions/v1beta1"): "1.16",
    ("ReplicaSet", "apps/v1beta2"): "1.16",
    ("DaemonSet", "extensions/v1beta1"): "1.16",
    ("DaemonSet", "apps/v1beta2"): "1.16",
    ("StatefulSet", "apps/v1beta1"): "1.16",
    ("StatefulSet", "apps/v1beta2"): "1.16",
    ("NetworkPolicy", "extensions/v1beta1"): "1.16",
    ("Job", "extensions/v1beta1"): "1.6",
    ("CronJob", "batch/v2alpha1"): "1.21",
    ("CronJob", "batch/v1beta1"): "1.25",
    ("Ingress", "extensions/v1beta1"): "1.22",
    ("Ingress", "networking.k8s.io/v1beta1"): "1.22",
    ("IngressClass", "networking.k8s.io/v1beta1"): "1.22",
    ("EndpointSlice", "discovery.k8s.io/v1alpha1"): "1.20",
    ("EndpointSlice", "discovery.k8s.io/v1beta1"): "1.25",
}


def unserved(kind: str, version: str) -> str:
    """Return why Kubernetes has no such kind in this apiVersion, and what to write.

    Return "" if it has one, and for kinds that are not among VERSIONS.
    """
    served = VERSIONS.get(kind, ())
    if not served or version in served:
        return ""
    group = version.rpartition("/")[0]
    if "." in group and not group.endswith(".k8s.io") and group != served[0].rpartition("/")[0]:
        return ""  # a different kind of the same name
    release = REMOVED.get((kind, version))
    removed = f"Kubernetes {release} removed it; " if release else ""
    no_matches = f'no matches for kind "{kind}" in version "{printable(version)}"'
    return f"{no_matches}: {removed}write apiVersion: {served[0]}"
