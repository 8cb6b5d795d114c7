"""Models of the Kubernetes objects that nsnet reads. Keys that nsnet does not need are ignored.

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
    check_label,
    name_check,
    parse_address,
)
from nsnet.text import quoted

HEADLESS: Final = "None"  # written instead of a ClusterIP


class Lenient(BaseModel):
    """A mapping of which nsnet reads some keys. A key that is null is treated as absent."""

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict) or None not in data.values():
            return data
        return {key: value for key, value in data.items() if value is not None}


def _null_is_empty(value: object) -> object:
    # Kubernetes keeps the key: the selector {app: null} means app="". Without the key it would
    # select every pod.
    if not isinstance(value, dict) or None not in value.values():
        return value
    return {key: "" if each is None else each for key, each in value.items()}


def _target_port(value: object) -> object:
    """Return the number or the name of a targetPort.

    Digits in quotes are a number, because the name of a port has at least one letter.
    """
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("expected the number or the name of a port")
    if isinstance(value, str) and not value.isdecimal():
        return value
    number = int(value) if len(str(value)) <= 5 else 0
    if not 1 <= number <= 65535:
        raise ValueError(f"{quoted(value)} is not a port (1-65535)")
    return number


def _decimal(value: object) -> object:
    """Return an IPv4 address without leading zeros, and any other value unchanged.

    Kubernetes reads 010.0.0.1 as 10.0.0.1, not as octal (CVE-2021-29923).
    """
    if isinstance(value, str) and "." in value and ":" not in value:
        return re.sub(r"\b0+(?=[0-9])", "", value)
    return value


def _cluster_address(value: object) -> object:
    """Return the address that a text represents, or the text itself if it is not an address.

    A text that is not an address is "None", "", or a mistake that topology.cluster_ips reports.
    """
    try:
        return parse_address(_decimal(value))
    except ValueError:
        if isinstance(value, str):
            return value
        raise


def _endpoint_address(value: IPAddress) -> IPAddress:
    for special, wrong in (
        ("a loopback", value.is_loopback),
        ("a link-local", value.is_link_local),
        ("a multicast", value.is_multicast),
        ("the unspecified", value.is_unspecified),
    ):
        if wrong:
            raise ValueError(f"{value} is {special} address; use one that other hosts can reach")
    return value


def _port_name(value: str) -> str:
    return value and check_label(value)


PortName = Annotated[str, AfterValidator(_port_name)]
EndpointAddress = Annotated[Address, BeforeValidator(_decimal), AfterValidator(_endpoint_address)]
ClusterAddress = Annotated[IPv4Address | IPv6Address | str, BeforeValidator(_cluster_address)]
Labels = Annotated[dict[str, str], BeforeValidator(_null_is_empty)]
ServiceName = Annotated[
    str,
    AfterValidator(
        name_check(
            f"(?![0-9]){LABEL}",
            63,
            "lower-case letters, digits and '-', with a letter first and a letter or digit last",
        )
    ),
]
TargetPort = Annotated[int | str, BeforeValidator(_target_port)]
PortProtocol = Literal["TCP", "UDP", "SCTP"]
ServiceType = Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]
FamilyName = Literal["IPv4", "IPv6"]
FamilyPolicy = Literal["SingleStack", "PreferDualStack", "RequireDualStack"]
Policy = Literal["Cluster", "Local"]


class ObjectMeta(Lenient):
    """The metadata of an object."""

    name: Subdomain
    namespace: Label = "default"
    labels: Labels = {}
    annotations: Labels = {}
    deletion_timestamp: str | None = None


class ServiceMeta(ObjectMeta):
    """The metadata of a Service, whose name is a DNS label that begins with a letter."""

    name: ServiceName


class TemplateMeta(Lenient):
    """The labels and annotations of a workload's pods."""

    labels: Labels = {}
    annotations: Labels = {}


class ContainerPort(Lenient):
    """A port on which a container listens."""

    name: PortName = ""
    container_port: Port
    protocol: PortProtocol = "TCP"


class Container(Lenient):
    """A container; nsnet reads only its ports."""

    name: str = ""
    ports: tuple[ContainerPort, ...] = ()


class PodSpec(Lenient):
    """The containers of a pod, its node, and whether it uses the host network."""

    containers: tuple[Container, ...] = ()
    node_name: str = ""
    node_selector: Labels = {}
    host_network: StrictBool = False


class Condition(Lenient):
    """A condition in the status of a pod. nsnet uses only the condition Ready."""

    type: str
    status: str


class PodStatus(Lenient):
    """The status of a pod, if its manifest has one."""

    conditions: tuple[Condition, ...] = ()


class Pod(Lenient):
    """A pod."""

    kind: Literal["Pod"]
    metadata: ObjectMeta
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class PodTemplate(Lenient):
    """The template of a workload's pods."""

    metadata: TemplateMeta = TemplateMeta()
    spec: PodSpec = PodSpec()


class WorkloadSpec(Lenient):
    """The number of pods of a workload, and their template."""

    replicas: Annotated[Number, Field(ge=0, le=10_000)] = 1
    template: PodTemplate = PodTemplate()


class Workload(Lenient):
    """A workload: an object that creates pods from a template."""

    kind: Literal["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]
    metadata: ObjectMeta
    spec: WorkloadSpec = WorkloadSpec()


class ServicePort(Lenient):
    """A port of a Service. Without a targetPort, the pods receive packets on this port number."""

    name: PortName = ""
    port: Port
    target_port: TargetPort | None = None
    protocol: PortProtocol = "TCP"
    node_port: Port | None = None


class ClientIPConfig(Lenient):
    """The number of seconds after which a client without new connections loses its endpoint."""

    timeout_seconds: Annotated[Number, Field(ge=1, le=86_400)] = 10_800


class SessionAffinityConfig(Lenient):
    """The settings of sessionAffinity: ClientIP."""

    client_ip: Annotated[ClientIPConfig, Field(alias="clientIP")] = ClientIPConfig()


class ServiceSpec(Lenient):
    """The spec of a Service: its addresses, its ports and the selector of its pods."""

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
        """Whether the Service has "None" instead of a ClusterIP."""
        return HEADLESS in (self.cluster_ip, *self.cluster_ips)

    @property
    def has_cluster_ip(self) -> bool:
        """Whether the Service has a ClusterIP, which kube-proxy serves."""
        return not self.headless and self.type != "ExternalName"

    @property
    def has_health_check(self) -> bool:
        """Whether the load balancer of the Service checks which nodes have ready endpoints."""
        return self.type == "LoadBalancer" and self.external_traffic_policy == "Local"


class Ingress(Lenient):
    """One address of a Service's load balancer."""

    ip: EndpointAddress | None = None
    ip_mode: Literal["VIP", "Proxy"] = "VIP"


class LoadBalancerStatus(Lenient):
    """All addresses of a Service's load balancer."""

    ingress: tuple[Ingress, ...] = ()


class ServiceStatus(Lenient):
    """The status of a Service, if its manifest has one."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Lenient):
    """A Service."""

    kind: Literal["Service"]
    metadata: ServiceMeta
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class EndpointConditions(Lenient):
    """The conditions of an endpoint. It is ready unless `ready` is false."""

    ready: StrictBool | None = None
    serving: StrictBool | None = None
    terminating: StrictBool | None = None


class Zone(Lenient):
    """A zone, by name."""

    name: str


class EndpointHints(Lenient):
    """The zones from which clients should use an endpoint."""

    for_zones: tuple[Zone, ...] = ()


class SliceEndpoint(Lenient):
    """An endpoint of an EndpointSlice: its addresses, conditions, node and zone hints."""

    addresses: tuple[EndpointAddress, ...]
    conditions: EndpointConditions = EndpointConditions()
    node_name: str = ""
    hints: EndpointHints = EndpointHints()


class SlicePort(Lenient):
    """The port on which the endpoints of a slice serve the Service port of the same name."""

    name: PortName = ""
    port: Port
    protocol: PortProtocol = "TCP"


class EndpointSlice(Lenient):
    """Endpoints that a manifest lists for a Service, usually for one without a selector."""

    kind: Literal["EndpointSlice"]
    metadata: ObjectMeta
    endpoints: tuple[SliceEndpoint, ...] = ()
    ports: tuple[SlicePort, ...] = ()


class ServiceExport(Lenient):
    """The export of the Service of the same name to other clusters (Multi-Cluster Services API)."""

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

# The API group of every kind that nsnet recognises. A Service of another group, such as Knative's,
# is a different kind.
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
