"""Models of the Kubernetes objects that nsnet reads."""

from nsnet.scenario.kubernetes.endpoints import EndpointSlice
from nsnet.scenario.kubernetes.fields import Lenient
from nsnet.scenario.kubernetes.kinds import GROUPS, MODELS, Object
from nsnet.scenario.kubernetes.nodes import Node
from nsnet.scenario.kubernetes.pods import Pod, PodSpec, PodStatus, Workload
from nsnet.scenario.kubernetes.scheduling import Taint, Toleration
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
    "GROUPS",
    "HEADLESS",
    "MODELS",
    "EndpointSlice",
    "LabelSelector",
    "Lenient",
    "Node",
    "Object",
    "Pod",
    "PodSpec",
    "PodStatus",
    "Requirement",
    "Service",
    "ServiceExport",
    "ServicePort",
    "ServiceSpec",
    "SessionAffinityConfig",
    "Taint",
    "Toleration",
    "Workload",
    "source_range",
]
