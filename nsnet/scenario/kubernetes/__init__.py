"""Models of the Kubernetes objects that nsnet reads."""

from nsnet.scenario.kubernetes.endpoints import Endpoints, EndpointSlice, EndpointSubset
from nsnet.scenario.kubernetes.fields import UNNAMED, Lenient, ObjectMeta
from nsnet.scenario.kubernetes.gateways import Gateway, GatewayClass, Listener, ReferenceGrant
from nsnet.scenario.kubernetes.ingress import Ingress, IngressClass
from nsnet.scenario.kubernetes.interior import ConfigMap, EnvVar, Secret
from nsnet.scenario.kubernetes.kinds import MODELS, VERSIONS, Object, unserved
from nsnet.scenario.kubernetes.nodes import Namespace, Node
from nsnet.scenario.kubernetes.pods import (
    Container,
    Job,
    Pod,
    PodSpec,
    PodStatus,
    ReplicationController,
    Workload,
)
from nsnet.scenario.kubernetes.routes import (
    BackendReference,
    HTTPRoute,
    HTTPRouteFilter,
    HTTPRouteMatch,
    HTTPRouteRule,
    ParentReference,
    TLSRoute,
)
from nsnet.scenario.kubernetes.scheduling import (
    PodAffinityTerm,
    Taint,
    Toleration,
    TopologySpreadConstraint,
)
from nsnet.scenario.kubernetes.selectors import LabelSelector, Requirement
from nsnet.scenario.kubernetes.services import (
    HEADLESS,
    Service,
    ServiceExport,
    ServicePort,
    ServiceSpec,
    SessionAffinityConfig,
    source_range,
)

__all__ = [
    "HEADLESS",
    "MODELS",
    "UNNAMED",
    "VERSIONS",
    "BackendReference",
    "ConfigMap",
    "Container",
    "EndpointSlice",
    "EndpointSubset",
    "Endpoints",
    "EnvVar",
    "Gateway",
    "GatewayClass",
    "HTTPRoute",
    "HTTPRouteFilter",
    "HTTPRouteMatch",
    "HTTPRouteRule",
    "Ingress",
    "IngressClass",
    "Job",
    "LabelSelector",
    "Lenient",
    "Listener",
    "Namespace",
    "Node",
    "Object",
    "ObjectMeta",
    "ParentReference",
    "Pod",
    "PodAffinityTerm",
    "PodSpec",
    "PodStatus",
    "ReferenceGrant",
    "ReplicationController",
    "Requirement",
    "Secret",
    "Service",
    "ServiceExport",
    "ServicePort",
    "ServiceSpec",
    "SessionAffinityConfig",
    "TLSRoute",
    "Taint",
    "Toleration",
    "TopologySpreadConstraint",
    "Workload",
    "source_range",
    "unserved",
]
