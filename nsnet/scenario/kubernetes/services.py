"""Services, and their exports to other clusters."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StrictBool

from nsnet.ip import IPAddress, IPNetwork
from nsnet.scenario.field_errors import invalid
from nsnet.scenario.fields import Number, parse_address, parse_range
from nsnet.scenario.kubernetes.fields import (
    Lenient,
    ObjectMeta,
    PortNumber,
    PortProtocol,
    check_port,
    zero_means,
)
from nsnet.scenario.kubernetes.labels import Labels
from nsnet.scenario.kubernetes.names import (
    EndpointAddress,
    PortName,
    ServiceName,
    check_endpoint,
    decimal,
)

HEADLESS: Final = "None"  # written instead of a ClusterIP


def _target_port(value: object) -> object:
    """Return the number or the name of a targetPort. The API server checks names in admission."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("expected the number or the name of a port")
    return value if isinstance(value, str) else check_port(value)


def _address_or_text(check: Callable[[IPAddress], IPAddress]) -> BeforeValidator:
    """Return a validator that reads a text as an address that passes the check, else as text."""

    def read(value: object) -> object:
        try:
            return check(parse_address(decimal(value)))
        except ValueError:
            if isinstance(value, str):
                return value
            raise

    return BeforeValidator(read)


def source_range(value: object) -> IPNetwork:
    """Return a range of clients, whose text may have spaces around it and host bits.

    Raises ValueError, with the API server's message, for any other value.
    """
    text = value.strip() if isinstance(value, str) else value
    try:
        return parse_range(decimal(text))
    except ValueError:
        reason = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
        raise ValueError(invalid(text, reason)) from None


# A text is "None", "", or a mistake that service_admission reports.
ClusterAddress = Annotated[
    IPv4Address | IPv6Address | str, _address_or_text(lambda address: address)
]
# The API server accepts any text.
BalancedAddress = Annotated[IPv4Address | IPv6Address | str, _address_or_text(check_endpoint)]
SourceRange = Annotated[IPv4Network | IPv6Network, BeforeValidator(source_range)]
TargetPort = Annotated[int | str, BeforeValidator(_target_port)]
ServiceType: TypeAlias = Literal["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]
FamilyName: TypeAlias = Literal["IPv4", "IPv6"]
FamilyPolicy: TypeAlias = Literal["PreferDualStack", "RequireDualStack", "SingleStack"]
Policy: TypeAlias = Literal["Cluster", "Local"]
Affinity: TypeAlias = Literal["ClientIP", "None"]
Distribution: TypeAlias = Literal["PreferClose", "PreferSameZone", "PreferSameNode"]
# The port of a socket, or any other number, which the API server compares with its ranges.
AllocatedPort = Annotated[Number | None, zero_means(None)]


class ServiceMeta(ObjectMeta):
    """The metadata of a Service, whose name is a DNS label that begins with a letter."""

    name: ServiceName
    uid: Any = None
    resource_version: Any = None
    creation_timestamp: Any = None

    @property
    def is_read(self) -> bool:
        """Whether the Service was read from a cluster: the API server sets these fields."""
        set_by_server = (self.uid, self.resource_version, self.creation_timestamp)
        return any(each is not None for each in set_by_server)


class ServicePort(Lenient):
    """A port of a Service. Without a targetPort, the pods receive packets on this port number."""

    unread = "appProtocol"

    name: PortName = ""
    port: PortNumber
    target_port: Annotated[TargetPort | None, zero_means(None)] = None
    protocol: PortProtocol = "TCP"
    node_port: AllocatedPort = None


class ClientIPConfig(Lenient):
    """The number of seconds after which a client without new connections loses its endpoint."""

    timeout_seconds: Number = 10_800


class SessionAffinityConfig(Lenient):
    """The settings of sessionAffinity: ClientIP."""

    client_ip: Annotated[ClientIPConfig, Field(alias="clientIP")] = ClientIPConfig()


class ServiceSpec(Lenient):
    """The spec of a Service: its addresses, its ports and the selector of its pods.

    Fields that are pointers in the API (`| None` without `zero_means`) may be absent, but not "".
    """

    unread = "ipFamily topologyKeys"  # fields of earlier releases

    type: Annotated[ServiceType, zero_means("ClusterIP")] = "ClusterIP"
    selector: Labels = {}
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: Annotated[ClusterAddress, Field(alias="clusterIP")] = ""
    cluster_ips: Annotated[tuple[ClusterAddress, ...], Field(alias="clusterIPs")] = ()
    ip_families: tuple[FamilyName, ...] = ()
    ip_family_policy: FamilyPolicy | None = None
    external_ips: Annotated[tuple[EndpointAddress, ...], Field(alias="externalIPs")] = ()
    external_name: str = ""
    external_traffic_policy: Annotated[Policy | None, zero_means(None)] = None
    internal_traffic_policy: Policy = "Cluster"
    traffic_distribution: Distribution | None = None
    health_check_node_port: AllocatedPort = None
    load_balancer_ip: Annotated[BalancedAddress, Field(alias="loadBalancerIP")] = ""
    load_balancer_class: str | None = None
    load_balancer_source_ranges: tuple[SourceRange, ...] = ()
    allocate_load_balancer_node_ports: StrictBool | None = None
    publish_not_ready_addresses: StrictBool = False
    session_affinity: Annotated[Affinity, zero_means("None")] = "None"
    session_affinity_config: SessionAffinityConfig | None = None

    @property
    def headless(self) -> bool:
        """Whether the Service has "None" instead of a ClusterIP."""
        return HEADLESS in (self.cluster_ip, *self.cluster_ips)

    @property
    def selectorless(self) -> bool:
        """Whether the Service is headless and has no selector, so its families have no effect."""
        return self.headless and not self.selector

    @property
    def has_cluster_ip(self) -> bool:
        """Whether the Service has a ClusterIP, which kube-proxy serves."""
        return not self.headless and self.type != "ExternalName"

    @property
    def has_health_check(self) -> bool:
        """Whether the load balancer of the Service checks which nodes have ready endpoints."""
        return self.type == "LoadBalancer" and self.external_traffic_policy == "Local"


class LoadBalancerIngress(Lenient):
    """One address of a Service's load balancer."""

    ip: Annotated[EndpointAddress | None, zero_means(None)] = None
    ip_mode: Literal["Proxy", "VIP"] = "VIP"


class LoadBalancerStatus(Lenient):
    """All addresses of a Service's load balancer."""

    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Lenient):
    """The status of a Service, if its manifest has one."""

    load_balancer: LoadBalancerStatus = LoadBalancerStatus()


class Service(Lenient):
    """A Service."""

    unread = "apiVersion"

    kind: Literal["Service"]
    metadata: ServiceMeta
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()


class ServiceExport(Lenient):
    """The export of the Service of the same name to other clusters (Multi-Cluster Services API)."""

    kind: Literal["ServiceExport"]
    metadata: ObjectMeta
