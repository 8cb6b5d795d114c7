"""The kinds of Kubernetes objects that nsnet reads or recognises."""

from typing import TypeAlias

from nsnet.scenario.kubernetes.endpoints import EndpointSlice
from nsnet.scenario.kubernetes.nodes import Node
from nsnet.scenario.kubernetes.pods import Pod, Workload
from nsnet.scenario.kubernetes.services import Service, ServiceExport

Object: TypeAlias = Node | Pod | Workload | Service | EndpointSlice | ServiceExport

MODELS: dict[str, type[Object]] = {
    "Node": Node,
    "Pod": Pod,
    "Deployment": Workload,
    "ReplicaSet": Workload,
    "StatefulSet": Workload,
    "DaemonSet": Workload,
    "Service": Service,
    "EndpointSlice": EndpointSlice,
    "ServiceExport": ServiceExport,
}

# The API group of every kind that nsnet recognises. A Service of another group, such as Knative's,
# is a different kind.
GROUPS: dict[str, str] = {
    "Namespace": "",
    "Node": "",
    "Pod": "",
    "Service": "",
    "Deployment": "apps",
    "ReplicaSet": "apps",
    "StatefulSet": "apps",
    "DaemonSet": "apps",
    "EndpointSlice": "discovery.k8s.io",
    "NetworkPolicy": "networking.k8s.io",
    "ServiceExport": "multicluster.x-k8s.io",
}
