"""The address ranges of a Scenario: those that it sets, and the defaults of the others."""

from ipaddress import IPv4Network, ip_network
from typing import Final, NamedTuple

from nsnet.ip import IPNetwork
from nsnet.scenario.kinds import ClusterSpec, ScenarioSpec
from nsnet.scenario.model import Scenario
from nsnet.scenario.vnets import IN_SUBNET, FirewallSpec, OutboundSpec, PeeringSpec, VnetSpec

# Virtual addresses are taken from these ranges unless the file sets one: "shared address space"
# (RFC 6598), and a part of IPv6's unique local addresses (RFC 4193).
VIRTUAL: Final[tuple[IPNetwork, ...]] = (ip_network("100.64.0.0/10"), ip_network("fd64::/16"))


class Range(NamedTuple):
    """A range of a Scenario, or an external host's address as a range of one address."""

    name: str  # "serviceCIDR of east"
    path: str
    network: IPNetwork


def fabric_ranges(scenario: Scenario) -> list[Range]:
    """Return the ranges of fabricCIDR, at most one of each family."""
    return [Range("fabricCIDR", "spec.fabricCIDR", each) for each in scenario.spec.fabric_cidr]


def cluster_ranges(index: int, spec: ClusterSpec) -> list[Range]:
    """Return the ranges of the i-th cluster (from 0): pods, Services, nodes."""
    return [
        Range(f"{key} of {spec.name}", f"spec.clusters[{index}].{key}", network)
        for key, networks in (
            ("podCIDR", spec.pod_cidr),
            ("serviceCIDR", spec.service_cidr),
            ("nodeCIDR", node_cidrs(index, spec)),
        )
        if key not in _in_subnet(spec)
        for network in networks
    ]


def _in_subnet(spec: ClusterSpec) -> tuple[str, ...]:
    """Return the ranges that a cluster in a VNet does not have, because its subnet has them."""
    if spec.vnet is None:
        return ()
    return ("nodeCIDR", "podCIDR") if spec.cni in IN_SUBNET else ("nodeCIDR",)


def virtual_ranges(scenario: Scenario) -> list[Range]:
    """Return the ranges of virtual addresses.

    A range that the Scenario sets is returned whole, even if the pods use only a part of it.
    """
    return [
        Range(f"virtualCIDR of {spec.name}", f"spec.clusters[{index}].gateway.virtualCIDR", each)
        for index, spec in enumerate(scenario.spec.clusters)
        if spec.gateway is not None
        for found in [virtual_cidrs(index, spec)]
        for each in (found and spec.gateway.virtual_cidr) or found
    ]


def external_ranges(scenario: Scenario) -> list[Range]:
    """Return the addresses of external hosts, each as a range of one address."""
    return [
        Range(f"external {each.name}", f"spec.externals[{index}].address", ip_network(each.address))
        for index, each in enumerate(scenario.spec.externals)
    ]


def all_ranges(scenario: Scenario) -> list[Range]:
    """Return every range of the lab except fabricCIDR."""
    clusters = enumerate(scenario.spec.clusters)
    return [
        *(each for index, spec in clusters for each in cluster_ranges(index, spec)),
        *virtual_ranges(scenario),
        *external_ranges(scenario),
    ]


def node_cidrs(index: int, spec: ClusterSpec) -> tuple[IPNetwork, ...]:
    """Return the ranges of node addresses (the underlay) of the i-th cluster (from 0).

    The default is 192.168.(10·(i+1)).0/24.
    """
    if spec.node_cidr is not None:
        return spec.node_cidr
    return (IPv4Network((0xC0A80000 + ((10 * (index + 1)) % 256 << 8), 24)),)


def underlay_of(spec: ScenarioSpec, index: int) -> tuple[str, tuple[IPNetwork, ...]]:
    """Return the ranges of node addresses of the i-th cluster (from 0), and the name of the VNet's
    subnet that they are, or ""."""
    cluster = spec.clusters[index]
    if cluster.vnet is None:
        return "", node_cidrs(index, cluster)
    found = subnet_of(spec, cluster)
    return (found[0], (found[1],)) if found else ("", ())


def subnet_of(spec: ScenarioSpec, cluster: ClusterSpec) -> tuple[str, IPNetwork] | None:
    """Return the name and the range of the subnet with the nodes of a cluster; None if it is in no
    VNet, or names a subnet that does not exist."""
    for vnet in spec.vnets:
        if vnet.name == cluster.vnet:
            for each in vnet.subnets:
                if each.name == cluster.subnet or (
                    cluster.subnet is None and len(vnet.subnets) == 1
                ):
                    return each.name, each.range
    return None


def firewall_of(vnet: VnetSpec, outbound: OutboundSpec) -> FirewallSpec | None:
    """Return the firewall of the VNet through which packets leave: the one that is named, or the
    only one. None if there is none, or if several are and none is named."""
    named = [each for each in vnet.firewalls if outbound.firewall in (None, each.name)]
    return named[0] if len(named) == 1 else None


def peered_ranges(spec: ScenarioSpec, peering: PeeringSpec) -> tuple[IPNetwork, ...]:
    """Return the ranges of a peering: its own, or those of the VNet that it names."""
    other = next((each for each in spec.vnets if each.name == peering.name), None)
    return other.ranges if other is not None else peering.ranges


def virtual_cidrs(index: int, spec: ClusterSpec) -> tuple[IPNetwork, ...]:
    """Return the ranges by which other clusters address the pods of the i-th cluster (from 0).

    For each podCIDR there is one of the same size: the first part of the range that the Scenario
    sets, or the i-th part of the default range. There are none without a gateway of kind vip.
    """
    if spec.gateway is None or spec.gateway.kind != "vip":
        return ()
    written = spec.gateway.virtual_cidr
    found = []
    for pods in spec.pod_cidr:
        for space in written or VIRTUAL:
            part = 0 if written else index
            fits = space.version == pods.version and space.prefixlen <= pods.prefixlen
            if fits and part < 2 ** (pods.prefixlen - space.prefixlen):
                start = int(space[0]) + part * pods.num_addresses
                found.append(ip_network((start, pods.prefixlen)))
    return tuple(found)
