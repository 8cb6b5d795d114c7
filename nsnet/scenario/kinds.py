"""The model of nsnet's own kind of document, `kind: Scenario`. Unknown keys are errors."""

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, Tag, model_validator

from nsnet.ip import Protocol
from nsnet.scenario.fields import (
    MANY,
    ONE,
    SETTINGS,
    SWITCH,
    Address,
    Addresses,
    Boolean,
    Cidr,
    Cidrs,
    Label,
    Number,
    OneOrMany,
    Port,
    PortSpec,
    Strict,
    Subdomain,
    SwitchOrSettings,
    TaintEffect,
    ZoneName,
    ZoneValue,
)
from nsnet.scenario.http import HttpSpec, Status
from nsnet.scenario.vnets import MaxPods, OutboundSpec, VnetSpec
from nsnet.verdict import ANSWERED, Verdict

RESERVED_NAMES = (
    "pod",
    "svc",
    "lb",
    "deploy",
    "statefulset",
    "node",
    "gateway",
    "external",
    "fabric",
    "clusterset",
    "vnet",
    "vm",
    "firewall",
)
LARGEST_DATAGRAM: Final = 65_000  # 65,535 bytes, less headers and the line that names the attempt
SMALLEST_MTU: Final = 576  # every IPv4 host accepts packets of this size (RFC 791)
SMALLEST_MTU6: Final = 1280  # the kernel disables IPv6 on a link with a smaller MTU
ETHERNET_MTU: Final = 1500
LARGEST_MTU: Final = 9000
ENOUGH_TO_BE_EVEN: Final = 300  # attempts: a chi-square test of fewer detects too little

# Names that a scenario can choose from; nsnet.features implements each.
Cni = Literal["bridge", "vxlan", "kubenet", "azure-cni", "azure-cni-overlay"]
OVERLAYS: Final[frozenset[Cni]] = frozenset({"vxlan"})  # each node has a tunnel with an address
NetworkModel = Literal["flat", "island", "isolated"]
# The model of each kind of network in a VNet.
MODEL_OF: Final[dict[str, NetworkModel]] = {
    "kubenet": "island",
    "azure-cni": "flat",
    "azure-cni-overlay": "island",
}
GatewayKind = Literal["nat", "vip", "proxy"]
ProxyMode = Literal["iptables", "nftables", "ipvs"]
IcmpType = Literal[
    "echo-request",
    "echo-reply",
    "network-unreachable",
    "host-unreachable",
    "port-unreachable",
    "fragmentation-needed",
]
# Mistakes that a Scenario can allow, to see what they do.
AllowedRule = Literal[
    "flat-overlap",
    "node-overlap",
    "service-overlap",
    "external-overlap",
    "vnet-overlap",
    "reserved-range",
    "missing-route",
]


def _not_reserved(value: str) -> str:
    if value in RESERVED_NAMES:
        raise ValueError(f"{value!r} is reserved for references; choose another name")
    return value


class Metadata(Strict):
    """The name of the lab. It is a part of the name of every network namespace of the lab."""

    name: Label


class TaintSpec(Strict):
    """What keeps pods away from a node that do not tolerate it."""

    key: str
    value: str = ""
    effect: TaintEffect


class NodeSpec(Strict):
    """A node: its name, what decides which pods run on it, its addresses and pod ranges.

    Topology-aware routing uses its labels, too.
    """

    name: Subdomain
    labels: dict[str, str] = {}
    taints: tuple[TaintSpec, ...] = ()
    addresses: Annotated[
        Addresses | tuple[()], Field(description="in nodeCIDR; default: the first free ones")
    ] = ()
    pod_cidr: Annotated[
        Cidrs | tuple[()],
        Field(alias="podCIDR", description="inside the cluster's; default: the first free one"),
    ] = ()


class GatewaySpec(Strict):
    """The gateway between an island and the other clusters."""

    kind: GatewayKind
    name: Annotated[
        Label | None, Field(description="clusters that name the same gateway share it")
    ] = None
    replicas: Annotated[
        Annotated[Number, Field(ge=1, le=2)],
        Field(
            description="2: an active and a standby gateway; if the active one fails, BGP moves its"
            " routes"
        ),
    ] = 1
    address: Annotated[
        Addresses | None,
        Field(
            description="in the fabric, at most one of each family; default: free addresses of"
            " fabricCIDR"
        ),
    ] = None
    virtual_cidr: Annotated[
        Cidrs | None,
        Field(
            alias="virtualCIDR",
            description="kind vip: the range whose addresses other clusters use for the pods;"
            " default for the i-th cluster: the i-th range of podCIDR's size in 100.64.0.0/10"
            " (IPv6: fd64::/16)",
        ),
    ] = None


class KubeProxySpec(Strict):
    """The configuration of kube-proxy (kubeproxy.config.k8s.io/v1alpha1)."""

    masquerade_all: Boolean = False
    localhost_node_ports: Boolean = True
    node_port_addresses: tuple[Cidr, ...] = ()
    scheduler: Literal["rr", "wrr", "lc", "wlc", "sh", "mh"] = "rr"


class DnsSpec(Strict):
    """The DNS of a cluster."""

    domain: Annotated[Subdomain, Field(description="of the names of Services and pods")] = (
        "cluster.local"
    )
    stub_domains: Annotated[
        dict[Subdomain, Label],
        Field(
            description="the external host whose DNS server knows the names of a domain; all other"
            " names are those of the first external host with a zone"
        ),
    ] = {}


class DropSpec(Strict):
    """The packets that a fault drops: all of a protocol, to a port, or of an ICMP type.

    ICMP types have the names that iptables uses. For IPv6, the ICMPv6 type of the same meaning is
    dropped: packet-too-big for fragmentation-needed.
    """

    protocol: Protocol
    port: Port | None = None
    type: IcmpType | None = None

    @model_validator(mode="after")
    def _fits_its_protocol(self) -> Self:
        if self.protocol is Protocol.ICMP and self.port is not None:
            raise ValueError("icmp has no ports; remove port, or choose tcp or udp")
        if self.protocol is not Protocol.ICMP and self.type is not None:
            raise ValueError(f"{self.protocol} has no types; remove type, or choose icmp")
        return self


class FaultSpec(Strict):
    """A fault to inject, and the part of the lab (a node, pod, gateway …) to inject it into."""

    in_: Annotated[str, Field(alias="in")]
    drop: DropSpec | None = None
    down: Annotated[str | None, Field(description="a link to set down, such as eth0")] = None

    @model_validator(mode="after")
    def _has_one_action(self) -> Self:
        if (self.drop is None) is (self.down is None):
            raise ValueError("a fault needs exactly one of drop and down")
        return self


class ClusterSpec(Strict):
    """A cluster: its network, its address ranges, its nodes and its manifests."""

    name: Annotated[Label, AfterValidator(_not_reserved)]
    cni: Cni = "bridge"
    model: Annotated[NetworkModel, Field(description="in a VNet: that of the cni")] = "island"
    vnet: Annotated[
        Label | None, Field(description="the VNet with the nodes; needs a cni such as kubenet")
    ] = None
    subnet: Annotated[Label | None, Field(description="of the VNet; default: its only subnet")] = (
        None
    )
    max_pods: MaxPods = None
    outbound: Annotated[
        OutboundSpec | None, Field(description="in a VNet; default: that of a load balancer")
    ] = None
    pod_cidr: Annotated[
        Cidrs, Field(alias="podCIDR", json_schema_extra={"default": "10.244.0.0/16"})
    ] = (IPv4Network("10.244.0.0/16"),)
    service_cidr: Annotated[
        Cidrs, Field(alias="serviceCIDR", json_schema_extra={"default": "10.96.0.0/16"})
    ] = (IPv4Network("10.96.0.0/16"),)
    node_cidr: Annotated[Cidrs | None, Field(alias="nodeCIDR")] = None
    node_cidr_mask_size: Annotated[
        Annotated[Number, Field(ge=8, le=126)] | None, Field(alias="nodeCIDRMaskSize")
    ] = None
    non_masquerade_cidrs: Annotated[tuple[Cidr, ...], Field(alias="nonMasqueradeCIDRs")] = ()
    routing: Annotated[
        Literal["static", "bgp"],
        Field(
            description="how the fabric learns its routes to pods; bgp: from a bird on every node"
            " (a node that is cut off loses its routes within a second)"
        ),
    ] = "static"
    mtu: Annotated[
        Annotated[Number, Field(ge=SMALLEST_MTU, le=LARGEST_MTU)] | None,
        Field(description="of a pod's link; default: 1500, with cni vxlan 1450 (over IPv6 1430)"),
    ] = None
    proxy_mode: ProxyMode = "iptables"
    kube_proxy: KubeProxySpec = KubeProxySpec()
    nodes: Annotated[
        Annotated[Number, Field(ge=1, le=1000), Tag(ONE)]
        | Annotated[tuple[NodeSpec, ...], Field(min_length=1), Tag(MANY)],
        OneOrMany,
    ] = 1
    gateway: GatewaySpec | None = None
    dns: Annotated[
        Annotated[Boolean, Tag(SWITCH)] | Annotated[DnsSpec, Tag(SETTINGS)], SwitchOrSettings
    ] = True
    manifests: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _with_the_model_of_its_cni(cls, data: Any) -> Any:
        if isinstance(data, dict) and "model" not in data:
            model = MODEL_OF.get(str(data.get("cni")))
            return {**data, "model": model} if model else data
        return data

    @property
    def dns_settings(self) -> DnsSpec | None:
        """The settings of the cluster's DNS; None if the cluster has no DNS."""
        match self.dns:
            case DnsSpec() as settings:
                return settings
            case wanted:
                return DnsSpec() if wanted else None


class ExternalSpec(Strict):
    """A host outside all clusters. It can be a client, a server, or both."""

    name: Label
    address: Address
    ports: tuple[PortSpec, ...] = ()
    mtu: Annotated[
        Annotated[Number, Field(ge=SMALLEST_MTU, le=ETHERNET_MTU)] | None,
        Field(description="of the fabric's link to it"),
    ] = None
    zone: Annotated[
        dict[ZoneName, ZoneValue],
        Field(
            description="the names that its DNS server, on port 53, knows: each with an address, a"
            " list of addresses, or another name (CNAME); *.x: every name below x"
        ),
    ] = {}


class ProbeProtocol(StrEnum):
    """The protocol of a probe. HTTP is carried over TCP."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    HTTP = "http"

    @property
    def transport(self) -> Protocol:
        """The protocol of its packets."""
        return Protocol.TCP if self is ProbeProtocol.HTTP else Protocol(self.value)


class Expectation(Strict):
    """The result that the author of a probe expects."""

    verdict: (
        Annotated[
            Annotated[Verdict, Tag(ONE)]
            | Annotated[tuple[Verdict, ...], Field(min_length=1), Tag(MANY)],
            OneOrMany,
        ]
        | None
    ) = None
    verdicts: Annotated[
        dict[Verdict, Annotated[Number, Field(ge=1)]] | None,
        Field(description="how many attempts end with each verdict", min_length=1),
    ] = None
    source: str | None = None
    servers: tuple[str, ...] | None = None
    path: tuple[str, ...] | None = None
    balance: Annotated[
        Literal["even", "sticky"] | None,
        Field(
            description="even: all servers answer equally often (chi-square, p = 1e-6);"
            " sticky: one server answers all attempts (sessionAffinity)"
        ),
    ] = None
    status: (
        Annotated[
            Annotated[Status, Tag(ONE)]
            | Annotated[tuple[Status, ...], Field(min_length=1), Tag(MANY)],
            OneOrMany,
        ]
        | None
    ) = None

    queries: Annotated[
        Annotated[Number, Field(ge=0)] | None,
        Field(description="if `to` is a DNS name: the queries that it takes to find its address"),
    ] = None

    @model_validator(mode="after")
    def _is_no_contradiction(self) -> Self:
        if self.verdicts and self.verdict:
            raise ValueError("verdict: verdicts says more; remove one of them")
        verdicts: tuple[Verdict | None, ...] = (*(self.verdicts or ()),)
        if not verdicts:
            verdicts = self.verdict if isinstance(self.verdict, tuple) else (self.verdict,)
        if self.servers and None not in verdicts and ANSWERED.isdisjoint(verdicts):
            wanted = " or ".join(str(each) for each in verdicts)
            raise ValueError(
                f"servers: none answers if the verdict is {wanted}; remove servers, or expect ok"
            )
        if self.status and None not in verdicts and ANSWERED.isdisjoint(verdicts):
            wanted = " or ".join(str(each) for each in verdicts)
            raise ValueError(
                f"status: there is none if the verdict is {wanted}; remove it, or expect ok"
            )
        return self


class ProbeSpec(Strict):
    """A probe: the packets to send, their source and destination, and the expected result."""

    name: str = ""
    from_: Annotated[str, Field(alias="from")]
    container: Annotated[
        str, Field(description="a container of the pod; all of them have the same network")
    ] = ""
    to: str
    protocol: ProbeProtocol = ProbeProtocol.TCP
    http: HttpSpec | None = None
    times: Annotated[Number, Field(ge=1, le=100_000)] = 1
    timeout: Annotated[float, Field(strict=True, gt=0, le=60)] = 1.0
    size: Annotated[Number, Field(ge=0, le=1_000_000)] = 0
    source_port: Port | None = None
    held: Annotated[
        Boolean,
        Field(description="the connections stay open until the last attempt has ended; tcp only"),
    ] = False
    idle: Annotated[
        float,
        Field(
            strict=True,
            ge=0,
            le=60,
            description="seconds for which the connection is idle before the request; tcp only",
        ),
    ] = 0
    keepalive: Annotated[
        Number,
        Field(
            ge=0,
            le=60,
            description="seconds after which an idle connection sends a keepalive; 0: none",
        ),
    ] = 0
    # Without a label a probe starts when the limit of concurrent probes allows it, so others may
    # have ended by then.
    together: Annotated[
        str,
        Field(
            description="a label: probes with the same label start at once, before any of them"
            " has ended"
        ),
    ] = ""
    expect: Expectation = Expectation()

    @property
    def default_port(self) -> int | None:
        """The port of a destination that names none; None if it has to name one."""
        if self.protocol is not ProbeProtocol.HTTP:
            return None
        return 443 if self.http and self.http.tls else 80

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.held and self.protocol is not ProbeProtocol.TCP:
            raise ValueError(f"held: needs protocol: tcp, not {self.protocol}")
        for key in ("idle", "keepalive"):
            if getattr(self, key) and self.protocol is not ProbeProtocol.TCP:
                raise ValueError(f"{key}: needs protocol: tcp, not {self.protocol}")
        if self.keepalive and not self.idle:
            raise ValueError("keepalive: a connection that is not idle sends none; add idle")
        if self.held and self.source_port is not None:
            raise ValueError("held: two open connections cannot have one sourcePort; remove one")
        if (counted := sum((self.expect.verdicts or {}).values())) not in (0, self.times):
            raise ValueError(f"verdicts: they are of {counted} attempts, but times is {self.times}")
        if self.expect.balance == "even" and self.times < ENOUGH_TO_BE_EVEN:
            enough = f"at least {ENOUGH_TO_BE_EVEN} times"
            raise ValueError(f"balance: even needs {enough}, not {self.times}")
        if self.expect.balance == "sticky" and self.times < 2:
            raise ValueError("balance: sticky needs at least 2 times, not 1")
        if self.protocol is ProbeProtocol.HTTP and self.size:
            raise ValueError("size: a request over http has no body; use tcp")
        if self.protocol is not ProbeProtocol.HTTP and (self.http or self.expect.status):
            wrong = "http" if self.http else "expect.status"
            raise ValueError(f"{wrong}: needs protocol: http")
        if self.protocol.transport is not Protocol.TCP and self.size > LARGEST_DATAGRAM:
            most = f"{self.protocol} carries at most {LARGEST_DATAGRAM} bytes"
            raise ValueError(f"size: {most}, not {self.size}; use tcp")
        return self


class ScenarioSpec(Strict):
    """The lab: its clusters, VNets, the hosts outside them, its faults and its probes."""

    description: str = ""
    vnets: tuple[VnetSpec, ...] = ()
    clusters: Annotated[tuple[ClusterSpec, ...], Field(min_length=1)]
    externals: tuple[ExternalSpec, ...] = ()
    fabric_cidr: Annotated[
        Cidrs, Field(alias="fabricCIDR", json_schema_extra={"default": "198.18.0.0/16"})
    ] = (IPv4Network("198.18.0.0/16"),)
    allow: Annotated[
        tuple[AllowedRule, ...],
        Field(
            description="mistakes that become warnings: their names are in brackets after their"
            " messages"
        ),
    ] = ()
    faults: tuple[FaultSpec, ...] = ()
    probes: tuple[ProbeSpec, ...] = ()


class ScenarioDocument(Strict):
    """The Scenario: the first document of the main file."""

    api_version: Literal["nsnet.dev/v1alpha1"]
    kind: Literal["Scenario"]
    metadata: Metadata
    spec: ScenarioSpec
