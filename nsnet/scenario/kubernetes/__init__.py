"""Models of the Kubernetes objects that nsnet reads."""

from nsnet.scenario.kubernetes.endpoints import EndpointSlice
from nsnet.scenario.kubernetes.fields import Lenient
from nsnet.scenario.kubernetes.kinds import GROUPS, MODELS, Object
from nsnet.scenario.kubernetes.pods import Pod, PodSpec, PodStatus, Workload
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
    "Lenient",
    "Object",
    "Pod",
    "PodSpec",
    "PodStatus",
    "Service",
    "ServiceExport",
    "ServicePort",
    "ServiceSpec",
    "SessionAffinityConfig",
    "Workload",
    "source_range",
]
