"""The model of virtual networks (VNets) of a cloud, and of the clusters' settings in them.

Names and limits are those of Azure.
"""

from ipaddress import IPv4Network
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, WithJsonSchema

from nsnet.scenario.fields import (
    CIDR_SCHEMA,
    Address,
    Label,
    Number,
    PortSpec,
    Strict,
    parse_network,
)

# For each kind of network in a VNet, the largest number of pods on a node, unless it is set.
MAX_PODS: Final[dict[str, int]] = {
    "kubenet": 110,
    "azure-cni": 30,
    "azure-cni-overlay": 250,
}
# The networks whose pods have addresses of the VNet's subnet.
IN_SUBNET: Final[frozenset[str]] = frozenset({"azure-cni"})
FEWEST_PODS: Final = 10  # that maxPods may be
MOST_PODS: Final = 250


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
    peerings: tuple[PeeringSpec, ...] = ()


MaxPods = Annotated[
    Annotated[Number, Field(ge=FEWEST_PODS, le=MOST_PODS)] | None,
    Field(
        description="on a node, in a VNet; default: "
        + ", ".join(f"{cni} {number}" for cni, number in MAX_PODS.items())
    ),
]
