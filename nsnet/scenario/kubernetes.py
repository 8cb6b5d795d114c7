"""The Kubernetes objects nsnet reads, lenient: what it does not need it does not look at.

Field names and meanings are those of the Kubernetes API reference, v1.30.
"""

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)
from pydantic.alias_generators import to_camel

from nsnet.ip import IPAddress
from nsnet.scenario.fields import (
    LABEL,
    Address,
    Cidr,
    Label,
    Number,
    Port,
    Subdomain,
    address,
    named,
)
from nsnet.text import quoted

HEADLESS: Final = "None"  # in the place of a ClusterIP


class Lenient(BaseModel):
    """A mapping of which nsnet reads some keys and no others; a null is as good as no key."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict) or None not in data.values():
            return data
        return {key: value for key, value in data.items() if value is not None}


def _null_is_empty(value: object) -> object:
    # Not absent: a selector {app: null} asks for app="", and must not come to select every pod.
    if not isinstance(value, dict) or None not in value.values():
        return value
    return {key: "" if each is None else each for key, each in value.items()}


def _target_port(value: object) -> object:
    """A number, or the name of a port; a number in quotes is one too: no name is all digits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("expected a port's number or name")
    if isinstance(value, str) and not value.isdecimal():
        return value
    number = int(value) if len(str(value)) <= 5 else 0
    if not 1 <= number <= 65535:
        raise ValueError(f"{quoted(value)} is not a port (1-65535)")
    return number


def _decimal(value: object) -> object:
    """Leading zeros are no sign of octal numbers here (CVE-2021-29923): 010.0.0.1 is 10.0.0.1."""
    if isinstance(value, str) and "." in value and ":" not in value:
        return re.sub(r"\b0+(?=[0-9])", "", value)
    return value


def _cluster_address(value: object) -> object:
    """An address, or what stands in its place: "None", "", or a mistake that is found when the
    range is known, too."""
    try:
        return address(_decimal(value))
    except ValueError:
        if isinstance(value, str):
            return value
        raise


def _endpoint_address(value: IPAddress) -> IPAddress:
    if value.is_loopback or value.is_link_local or value.is_multicast or value.is_unspecified:
        raise ValueError(f"{value} means another place, or none, on every machine")
    return value


def _port_name(value: str) -> str:
    return value and named(LABEL, "'-'", 63)(value)


PortName = Annotated[str, AfterValidator(_port_name)]
EndpointAddress = Annotated[Address, BeforeValidator(_decimal), AfterValidator(_endpoint_address)]
ClusterAddress = Annotated[IPv4Address | IPv6Address | str, BeforeValidator(_cluster_address)]
Labels = Annotated[dict[str, str], BeforeValidator(_null_is_empty)]
ServiceName = Annotated[
    str, AfterValidator(named(f"(?![0-9]){LABEL}", "'-'", 63, ", a letter first"))
]
TargetPort = Annotated[int | str, BeforeValidator(_target_port)]
PortProtocol = Literal["TCP", "UDP", "SCTP"]
ServiceType = Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]
FamilyName = Literal["IPv4", "IPv6"]
FamilyPolicy = Literal["SingleStack", "PreferDualStack", "RequireDualStack"]
Policy = Literal["Cluster", "Local"]


class ObjectMeta(Lenient):
    """The name of an object, and what is said about it."""

    name: Subdomain
    namespace: Label = "default"
    labels: Labels = {}
    annotations: Labels = {}
    deletion_timestamp: str | None = None


class ServiceMeta(ObjectMeta):
    """A Service's name becomes a DNS label, so it has no dot, and one that begins with a letter."""

    name: ServiceName


class TemplateMeta(Lenient):
    """The labels and annotations a workload gives to its pods."""

    labels: Labels = {}
    annotations: Labels = {}


class ContainerPort(Lenient):
    """A port on which a container listens."""

    name: PortName = ""
    container_port: Port
    protocol: PortProtocol = "TCP"


class Container(Lenient):
    """A container: of it only the ports matter here."""

    name: str = ""
    ports: tuple[ContainerPort, ...] = ()


class PodSpec(Lenient):
    """Where a pod may run and what it listens on."""

    containers: tuple[Container, ...] = ()
    node_name: str = ""
    node_selector: Labels = {}
    host_network: StrictBool = False


class Condition(Lenient):
    """One condition of a status; of a pod's only Ready is read."""

    type: str
    status: str


class PodStatus(Lenient):
    """A manifest may carry the status it was saved with."""

    conditions: tuple[Condition, ...] = ()


class Pod(Lenient):
    """One pod."""

    kind: Literal["Pod"]
    metadata: ObjectMeta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class PodTemplate(Lenient):
    """What each pod of a workload is made from."""

    metadata: TemplateMeta = TemplateMeta()
    spec: PodSpec = PodSpec()


class WorkloadSpec(Lenient):
    """How many pods, and from which template."""

    replicas: Annotated[Number, Field(ge=0, le=10_000)] = 1
    template: PodTemplate = PodTemplate()


class Workload(Lenient):
    """Whatever makes several pods of one template."""

    kind: Literal["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]
    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()


class ServicePort(Lenient):
    """A port of a Service; without a targetPort the pods listen on the same number."""

    name: PortName = ""
    port: Port
    target_port: TargetPort | None = None
    protocol: PortProtocol = "TCP"
    node_port: Port | None = None


class ClientIPConfig(Lenient):
    """How long a client keeps its endpoint, in seconds."""

    timeout_seconds: Annotated[Number, Field(ge=1, le=86_400)] = 10_800


class SessionAffinityConfig(Lenient):
    """The settings of sessionAffinity: ClientIP."""

    client_ip: Annotated[ClientIPConfig, Field(alias="clientIP")] = ClientIPConfig()


class ServiceSpec(Lenient):
    """A static virtual address in front of the pods that the selector finds."""

    type: ServiceType = "ClusterIP"
    selector: Labels = {}
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: Annotated[ClusterAddress, Field(alias="clusterIP")] = ""
    cluster_ips: Annotated[tuple[ClusterAddress, ...], Field(alias="clusterIPs")] = ()
    ip_families: tuple[FamilyName, ...] = ()
    ip_family_policy: FamilyPolicy | None = None
    external_ips: Annotated[tuple[EndpointAddress, ...], Field(alias="externalIPs")] = ()
    external_name: str = ""
    external_traffic_policy: Policy | None = None
    internal_traffic_policy: Policy = "Cluster"
    traffic_distribution: Literal["PreferClose"] | None = None
    health_check_node_port: Port | None = None
    load_balancer_ip: Annotated[EndpointAddress | None, Field(alias="loadBalancerIP")] = None
    load_balancer_source_ranges: tuple[Cidr, ...] = ()
    allocate_load_balancer_node_ports: StrictBool | None = None
    publish_not_ready_addresses: StrictBool = False
    session_affinity: Literal["None", "ClientIP"] = "None"
    session_affinity_config: SessionAffinityConfig | None = None

    @property
    def headless(self) -> bool:
        """It has endpoints, and no address in front of them."""
        return HEADLESS in (self.cluster_ip, *self.cluster_ips)

    @property
    def has_cluster_ip(self) -> bool:
        """It has an address inside the cluster, and kube-proxy serves it."""
        return not self.headless and self.type != "ExternalName"

    @property
    def has_health_check(self) -> bool:
        """Its load balancer asks every node whether an endpoint is there."""
        return self.type == "LoadBalancer" and self.external_traffic_policy == "Local"


class Ingress(Lenient):
    """One address at which a load balancer offers the Service."""

    ip: EndpointAddress | None = None
    ip_mode: Literal["VIP", "Proxy"] = "VIP"


class LoadBalancerStatus(Lenient):
    """The addresses that a load balancer was given."""

    ingress: tuple[Ingress, ...] = ()


class ServiceStatus(Lenient):
    """A manifest may carry the status it was saved with."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Lenient):
    """A Service."""

    kind: Literal["Service"]
    metadata: ServiceMeta
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class EndpointConditions(Lenient):
    """Ready unless said otherwise."""

    ready: StrictBool | None = None
    serving: StrictBool | None = None
    terminating: StrictBool | None = None


class Zone(Lenient):
    """A zone by its name."""

    name: str


class EndpointHints(Lenient):
    """The zones whose clients an endpoint is meant for."""

    for_zones: tuple[Zone, ...] = ()


class SliceEndpoint(Lenient):
    """Addresses that are one endpoint."""

    addresses: tuple[EndpointAddress, ...]
    conditions: EndpointConditions = EndpointConditions()
    node_name: str = ""
    hints: EndpointHints = EndpointHints()


class SlicePort(Lenient):
    """The port on which every endpoint of the slice answers for the Service port of this name."""

    name: PortName = ""
    port: Port
    protocol: PortProtocol = "TCP"


class EndpointSlice(Lenient):
    """Endpoints written by hand, for a Service without a selector."""

    kind: Literal["EndpointSlice"]
    metadata: ObjectMeta
    endpoints: tuple[SliceEndpoint, ...] = ()
    ports: tuple[SlicePort, ...] = ()


class ServiceExport(Lenient):
    """Other clusters may use the Service of this name (Multi-Cluster Services API)."""

    kind: Literal["ServiceExport"]
    metadata: ObjectMeta


Object: TypeAlias = Pod | Workload | Service | EndpointSlice | ServiceExport

MODELS: dict[str, type[Object]] = {
    "Pod": Pod,
    "Deployment": Workload,
    "ReplicaSet": Workload,
    "StatefulSet": Workload,
    "DaemonSet": Workload,
    "Service": Service,
    "EndpointSlice": EndpointSlice,
    "ServiceExport": ServiceExport,
}

# The API group of every kind nsnet knows: a Service of another group (Knative's) is another thing.
GROUPS: dict[str, str] = {
    "Namespace": "",
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
