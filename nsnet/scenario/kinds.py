"""Our own kind of document, `kind: Scenario`. Strict: nothing unknown passes."""

from ipaddress import IPv4Network
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, Tag, model_validator
from pydantic.alias_generators import to_camel

from nsnet.ip import Protocol
from nsnet.scenario.fields import (
    MANY,
    ONE,
    Address,
    Addresses,
    Boolean,
    Cidr,
    Cidrs,
    Label,
    Number,
    OneOrMany,
    Port,
    Subdomain,
)
from nsnet.verdict import Verdict

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
)
LARGEST_DATAGRAM: Final = 65_000  # with headers, and a line that names the attempt, 65,535
SMALLEST_MTU: Final = 576  # what every host takes (RFC 791)
SMALLEST_MTU6: Final = 1280  # where a link has less, the kernel switches IPv6 off
ETHERNET_MTU: Final = 1500
LARGEST_MTU: Final = 9000
ENOUGH_TO_BE_EVEN: Final = 300  # attempts: fewer say little about shares

# What a scenario may ask for by name; nsnet.features has a function for each.
Cni = Literal["bridge", "vxlan"]
NetworkModel = Literal["flat", "island", "isolated"]
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
TransportProtocol = Literal["TCP", "UDP"]


def _not_reserved(value: str) -> str:
    if value in RESERVED_NAMES:
        raise ValueError(f"{value!r} is a word of references; choose another name")
    return value


class Strict(BaseModel):
    """A mapping in which every key is known, written in camelCase."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=False
    )


class Metadata(Strict):
    """The lab's name: it becomes a part of every namespace's name."""

    name: Label


class NodeSpec(Strict):
    """A node by name, with the labels that selectors and topology read."""

    name: Subdomain
    labels: dict[str, str] = {}


class GatewaySpec(Strict):
    """How an island reaches the other clusters."""

    kind: GatewayKind
    name: Annotated[
        Label | None, Field(description="clusters that name the same gateway share it")
    ] = None
    replicas: Annotated[
        Annotated[Number, Field(ge=1, le=2)],
        Field(description="2: one that is preferred, one that takes its place (BGP moves routes)"),
    ] = 1
    address: Annotated[
        Addresses | None,
        Field(description="outside, one a family; default: free ones of fabricCIDR"),
    ] = None
    virtual_cidr: Annotated[
        Cidrs | None,
        Field(
            alias="virtualCIDR",
            description="vip: by which addresses others know the pods; default: the i-th range of"
            " podCIDR's size in 100.64.0.0/10 (IPv6: fd64::/16) for the i-th cluster",
        ),
    ] = None


class KubeProxySpec(Strict):
    """What kube-proxy is configured with (kubeproxy.config.k8s.io/v1alpha1)."""

    masquerade_all: Boolean = False
    localhost_node_ports: Boolean = True
    node_port_addresses: tuple[Cidr, ...] = ()
    scheduler: Literal["rr", "wrr", "lc", "wlc", "sh", "mh"] = "rr"


class DropSpec(Strict):
    """Which packets are dropped: of this protocol, to this port, of this type of ICMP as iptables
    calls it (IPv6 has its own name for some)."""

    protocol: Protocol
    port: Port | None = None
    type: IcmpType | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.protocol is Protocol.ICMP and self.port is not None:
            raise ValueError("icmp has no ports")
        if self.protocol is not Protocol.ICMP and self.type is not None:
            raise ValueError(f"only icmp has types, not {self.protocol}")
        return self


class FaultSpec(Strict):
    """What is wrong with this lab, on purpose, and where."""

    in_: Annotated[str, Field(alias="in")]
    drop: DropSpec | None = None
    down: Annotated[str | None, Field(description="a link, such as eth0")] = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.drop is None) is (self.down is None):
            raise ValueError("a fault is one thing: drop or down")
        return self


class ClusterSpec(Strict):
    """One cluster: its network model, its ranges, its nodes and the manifests that live in it."""

    name: Annotated[Label, AfterValidator(_not_reserved)]
    cni: Cni = "bridge"
    model: NetworkModel = "island"
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
            description="how the fabric knows where pods are; bgp: from a bird on every node, which"
            " is missed within a second when it is cut off"
        ),
    ] = "static"
    mtu: Annotated[
        Annotated[Number, Field(ge=SMALLEST_MTU, le=LARGEST_MTU)] | None,
        Field(description="of a pod's link; 1500, behind vxlan 1450 (1430 over IPv6)"),
    ] = None
    proxy_mode: ProxyMode = "iptables"
    kube_proxy: KubeProxySpec = KubeProxySpec()
    nodes: Annotated[
        Annotated[Number, Field(ge=1, le=1000), Tag(ONE)]
        | Annotated[tuple[NodeSpec, ...], Field(min_length=1), Tag(MANY)],
        OneOrMany,
    ] = 1
    gateway: GatewaySpec | None = None
    manifests: tuple[str, ...] = ()


class PortSpec(Strict):
    """A port that an external host serves."""

    port: Port
    protocol: TransportProtocol = "TCP"


class ExternalSpec(Strict):
    """A host outside every cluster: the other client, the other server."""

    name: Label
    address: Address
    ports: tuple[PortSpec, ...] = ()
    mtu: Annotated[
        Annotated[Number, Field(ge=SMALLEST_MTU, le=ETHERNET_MTU)] | None,
        Field(description="the widest packet that the fabric passes on towards it"),
    ] = None


class Expectation(Strict):
    """What the author of a probe says will happen."""

    verdict: (
        Annotated[
            Annotated[Verdict, Tag(ONE)]
            | Annotated[tuple[Verdict, ...], Field(min_length=1), Tag(MANY)],
            OneOrMany,
        ]
        | None
    ) = None
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


class ProbeSpec(Strict):
    """Real packets from one place to another, and what is expected of them."""

    name: str = ""
    from_: Annotated[str, Field(alias="from")]
    to: str
    protocol: Protocol = Protocol.TCP
    times: Annotated[Number, Field(ge=1, le=100_000)] = 1
    timeout: Annotated[float, Field(strict=True, gt=0, le=60)] = 1.0
    size: Annotated[Number, Field(ge=0, le=1_000_000)] = 0
    source_port: Port | None = None
    # Without a label a probe starts as soon as there is room, and others may have ended by then.
    together: Annotated[
        str, Field(description="a label: its probes start at once, before any of them has ended")
    ] = ""
    expect: Expectation = Expectation()

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.expect.balance == "even" and self.times < ENOUGH_TO_BE_EVEN:
            raise ValueError(
                f"balance is judged from {ENOUGH_TO_BE_EVEN} times on, not {self.times}"
            )
        if self.expect.balance == "sticky" and self.times < 2:
            raise ValueError("balance: sticky is judged from 2 times on, not 1")
        if self.protocol is not Protocol.TCP and self.size > LARGEST_DATAGRAM:
            most = f"a datagram holds {LARGEST_DATAGRAM} bytes"
            raise ValueError(f"size {self.size} needs tcp: {most}")
        return self


class ScenarioSpec(Strict):
    """The lab: clusters, the hosts around them, and the probes that prove it."""

    description: str = ""
    clusters: Annotated[tuple[ClusterSpec, ...], Field(min_length=1)]
    externals: tuple[ExternalSpec, ...] = ()
    fabric_cidr: Annotated[
        Cidrs, Field(alias="fabricCIDR", json_schema_extra={"default": "198.18.0.0/16"})
    ] = (IPv4Network("198.18.0.0/16"),)
    faults: tuple[FaultSpec, ...] = ()
    probes: tuple[ProbeSpec, ...] = ()


class ScenarioDocument(Strict):
    """The first document of a scenario file."""

    api_version: Literal["nsnet.dev/v1alpha1"]
    kind: Literal["Scenario"]
    metadata: Metadata
    spec: ScenarioSpec
