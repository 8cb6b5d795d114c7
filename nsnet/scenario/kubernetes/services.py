"""Services, and their exports to other clusters."""

from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool

from nsnet.scenario.fields import LABEL, Cidr, Number, Port, name_check, parse_address
from nsnet.scenario.kubernetes.fields import (
    EndpointAddress,
    Labels,
    Lenient,
    ObjectMeta,
    PortName,
    PortProtocol,
    decimal,
)
from nsnet.text import quoted

HEADLESS: Final = "None"  # written instead of a ClusterIP


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


def _cluster_address(value: object) -> object:
    """Return the address that a text represents, or the text itself if it is not an address.

    A text that is not an address is "None", "", or a mistake that topology.cluster_ips reports.
    """
    try:
        return parse_address(decimal(value))
    except ValueError:
        if isinstance(value, str):
            return value
        raise


ClusterAddress = Annotated[IPv4Address | IPv6Address | str, BeforeValidator(_cluster_address)]
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
ServiceType = Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]
FamilyName = Literal["IPv4", "IPv6"]
FamilyPolicy = Literal["SingleStack", "PreferDualStack", "RequireDualStack"]
Policy = Literal["Cluster", "Local"]


class ServiceMeta(ObjectMeta):
    """The metadata of a Service, whose name is a DNS label that begins with a letter."""

    name: ServiceName


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


class ServiceExport(Lenient):
    """The export of the Service of the same name to other clusters (Multi-Cluster Services API)."""

    kind: Literal["ServiceExport"]
    metadata: ObjectMeta
