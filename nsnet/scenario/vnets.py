"""The model of virtual networks (VNets) of a cloud, and of the clusters' settings in them.

Names and limits are those of Azure.
"""

from ipaddress import IPv4Network
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from nsnet.scenario.fields import (
    CIDR_SCHEMA,
    Address,
    Label,
    Number,
    Port,
    PortSpec,
    Strict,
    parse_network,
)
from nsnet.sizing.azure import FEWEST_PODS, MOST_ADDRESSES, MOST_PODS, PORT_STEP, PORTS
from nsnet.sizing.outbound import OutboundType
from nsnet.sizing.pool import DEFAULT_MAX_PODS, Network

# For each kind of network in a VNet, the largest number of pods on a node, unless it is set.
MAX_PODS: Final[dict[str, int]] = {
    each.value: DEFAULT_MAX_PODS[each]
    for each in (Network.KUBENET, Network.AZURE_CNI, Network.OVERLAY)
}
# The networks whose pods have addresses of the VNet's subnet.
IN_SUBNET: Final[frozenset[str]] = frozenset({"azure-cni"})


def _parse_ipv4(value: object) -> IPv4Network:
    network = parse_network(value)
    if not isinstance(network, IPv4Network):
        raise ValueError(f"{network} is IPv6; networks in a VNet are IPv4 here")
    return network


Ipv4Cidr = Annotated[IPv4Network, BeforeValidator(_parse_ipv4), WithJsonSchema(CIDR_SCHEMA)]


class SubnetSpec(Strict):
    """A subnet of a VNet. Azure reserves its first four addresses and its last one."""

    name: Label
    range: Ipv4Cidr


class MachineSpec(Strict):
    """A virtual machine in a subnet. It can be a client, a server, or both."""

    name: Label
    subnet: Label
    address: Annotated[
        Address | None, Field(description="in the subnet; default: the first free one")
    ] = None
    ports: tuple[PortSpec, ...] = ()


class AllowedSpec(Strict):
    """Packets that a firewall lets through, and their replies."""

    to: Annotated[Ipv4Cidr, Field(description="their destination")]
    port: Annotated[Port | None, Field(description="default: every port")] = None
    protocol: Literal["TCP", "UDP", "ICMP"] = "TCP"

    @model_validator(mode="after")
    def _fits_its_protocol(self) -> Self:
        if self.protocol == "ICMP" and self.port is not None:
            raise ValueError("ICMP has no ports; remove port, or choose TCP or UDP")
        return self


class FirewallSpec(Strict):
    """A firewall in a subnet of its own. Clusters with outbound of type userDefinedRouting route
    to the internet through it. It drops what its list does not allow."""

    name: Label
    subnet: Label
    allow: tuple[AllowedSpec, ...] = ()


class PeeringSpec(Strict):
    """What a VNet is connected to: another VNet, or the network of some external hosts."""

    name: Annotated[Label, Field(description="another VNet, or a name of your own with ranges")]
    ranges: Annotated[
        tuple[Ipv4Cidr, ...],
        Field(description="of a network outside; external hosts with addresses in it belong to it"),
    ] = ()


class VnetSpec(Strict):
    """A virtual network: its ranges, its subnets, and what is in it besides clusters."""

    name: Label
    ranges: Annotated[tuple[Ipv4Cidr, ...], Field(min_length=1)]
    subnets: Annotated[tuple[SubnetSpec, ...], Field(min_length=1)]
    machines: tuple[MachineSpec, ...] = ()
    firewalls: tuple[FirewallSpec, ...] = ()
    peerings: tuple[PeeringSpec, ...] = ()


def _check_step(value: int) -> int:
    if value % PORT_STEP:
        raise ValueError(f"{value} is not a multiple of {PORT_STEP}")
    return value


class OutboundSpec(Strict):
    """How packets of a cluster in a VNet get to the internet: with a public address of a load
    balancer, in which each node has some ports; with those of a NAT gateway, which all nodes share;
    by a route to a firewall; or not at all."""

    type: OutboundType = "loadBalancer"
    addresses: Annotated[
        Annotated[Number, Field(ge=1, le=max(MOST_ADDRESSES.values()))] | None,
        Field(description="public addresses, of fabricCIDR; default: 1"),
    ] = None
    ports_per_node: Annotated[
        Annotated[
            Number, Field(ge=PORT_STEP, le=PORTS["loadBalancer"]), AfterValidator(_check_step)
        ]
        | None,
        Field(description="loadBalancer; default: 1024 up to 50 nodes, half above 50, 100, 200 …"),
    ] = None
    ports_per_address: Annotated[
        Annotated[Number, Field(ge=PORT_STEP, le=max(PORTS.values()))] | None,
        Field(
            description="of a public address; default: "
            + ", ".join(f"{name} {number}" for name, number in PORTS.items())
            + "; set few to see what happens when they are exhausted"
        ),
    ] = None
    firewall: Annotated[
        Label | None,
        Field(description="userDefinedRouting: of the VNet; default: its only firewall"),
    ] = None
    idle_minutes: Annotated[
        Annotated[Number, Field(ge=4, le=120)] | None,
        Field(description="after which an idle connection is forgotten, as Azure counts them"),
    ] = None
    idle_seconds: Annotated[
        Annotated[Number, Field(ge=1, le=7200)] | None,
        Field(
            description="after which the lab forgets an idle connection, and resets it; the same in"
            " all clusters of a VNet; default: never"
        ),
    ] = None


MaxPods = Annotated[
    Annotated[Number, Field(ge=FEWEST_PODS, le=MOST_PODS)] | None,
    Field(
        description="on a node, in a VNet; default: "
        + ", ".join(f"{cni} {number}" for cni, number in MAX_PODS.items())
    ),
]
