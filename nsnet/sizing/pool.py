"""Pools of nodes, and the ranges that they take addresses of, by kind of network."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from nsnet.ip import Family, IPNetwork
from nsnet.sizing import azure
from nsnet.sizing.spaces import Space

_KUBELET_PODS: Final = 110  # the default of kubelet's maxPods
_NEEDED_BY_NODE: Final = 3  # of the pods' range of a node: network, bridge and broadcast address


class Network(StrEnum):
    """A kind of network: those of Azure, then nsnet's own models."""

    KUBENET = "kubenet"
    AZURE_CNI = "azure-cni"
    POD_SUBNET = "azure-cni-pod-subnet"  # dynamic allocation
    POD_SUBNET_STATIC = "azure-cni-pod-subnet-static"  # static block allocation
    OVERLAY = "azure-cni-overlay"
    FLAT = "flat"
    ISLAND = "island"

    @property
    def is_azure(self) -> bool:
        """Whether the nodes are in a subnet of an Azure VNet."""
        return self not in (Network.FLAT, Network.ISLAND)

    @property
    def has_pod_subnet(self) -> bool:
        """Whether the pods have a subnet of their own."""
        return self in (Network.POD_SUBNET, Network.POD_SUBNET_STATIC)

    @property
    def has_pod_cidr(self) -> bool:
        """Whether each node has a range of pod addresses, a part of podCIDR."""
        return self is not Network.AZURE_CNI and not self.has_pod_subnet


DEFAULT_MAX_PODS: Final = {
    Network.KUBENET: 110,
    Network.AZURE_CNI: 30,
    Network.POD_SUBNET: 110,
    Network.POD_SUBNET_STATIC: 110,
    Network.OVERLAY: 250,
    Network.FLAT: _KUBELET_PODS,
    Network.ISLAND: _KUBELET_PODS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """The nodes of a cluster, and the ranges that are chosen for them.

    During an upgrade there are `surge` nodes more. `node_prefix` is the length of each node's part
    of podCIDR. `others` are the addresses of the nodes' range that machines and other clusters
    have. An island has `gateway_addresses` in the network around it; None: it has no gateway, and
    its nodes are part of that network.
    """

    network: Network
    nodes: int
    max_pods: int
    surge: int = 1
    node_range: IPNetwork | None = None
    pod_range: IPNetwork | None = None
    node_prefix: int = azure.NODE_PREFIX
    others: int = 0
    gateway_addresses: int | None = 1
    family: Family = 4

    @property
    def during_upgrade(self) -> int:
        """The number of nodes during an upgrade."""
        return self.nodes + self.surge

    @property
    def pods(self) -> int:
        """The most pods of all nodes."""
        return self.nodes * self.max_pods

    @property
    def routes(self) -> int:
        """The number of routes to pods that the network around the nodes needs: one for the pods of
        each node, unless it knows these anyway, or may not know them."""
        return self.nodes if self.network in (Network.KUBENET, Network.FLAT) else 0

    @property
    def spaces(self) -> tuple[Space, ...]:
        """The ranges of the pool: first that of the nodes. One that is not chosen is the smallest
        with room for an upgrade."""
        return tuple(map(self._with_prefix, self.parts))

    @property
    def parts(self) -> tuple[Space, ...]:
        """The ranges of the pool before those that are not chosen have a size."""
        if not self.network.is_azure:
            return (self._node_cidr(), self._pod_cidr())
        nodes = self._subnet("subnet", self.node_range)
        nodes = replace(nodes, of_node=1, others=self.others)
        match self.network:
            case Network.AZURE_CNI:
                return (replace(nodes, of_pods=self.max_pods),)
            case Network.POD_SUBNET | Network.POD_SUBNET_STATIC:
                return (nodes, self._pod_subnet())
            case _:
                return (nodes, self._pod_cidr())

    @property
    def in_vnet(self) -> int:
        """The number of addresses of each node that count in its VNet; a block counts once."""
        match self.network:
            case Network.POD_SUBNET_STATIC:
                return 1 + self.parts[1].per_node // azure.BLOCK
            case Network.AZURE_CNI | Network.POD_SUBNET:
                return sum(each.per_node for each in self.parts)
            case _:
                return 1

    @property
    def unique_addresses(self) -> int:
        """The number of addresses, also during an upgrade, that no network around the cluster may
        use."""
        taken = sum(each.needs(self.during_upgrade) for each in self.spaces if each.unique)
        island = self.network is Network.ISLAND
        return taken + (self.gateway_addresses or 0 if island else 0)

    def mistakes(self) -> Iterator[str]:
        """Yield why there is no such pool."""
        low, high = azure.FEWEST_PODS, azure.MOST_PODS
        if self.network.is_azure and not low <= self.max_pods <= high:
            yield f"maxPods: {self.network} allows {low} to {high}, not {self.max_pods}"

    def _with_prefix(self, space: Space) -> Space:
        if space.network is not None:
            return replace(space, prefix=space.network.prefixlen)
        return space.with_prefix(space.smallest(self.during_upgrade) or 0)

    def _subnet(self, name: str, network: IPNetwork | None) -> Space:
        return Space(
            name=name,
            network=network,
            first=azure.RESERVED_FIRST,
            last=azure.RESERVED_LAST,
            longest=azure.LONGEST_PREFIX,
        )

    def _pod_subnet(self) -> Space:
        """Return the subnet of the pods. A node that is full holds whole batches or whole blocks.

        Of blocks, one address of each node is not for pods, so that 16 N - 1 pods waste none. A
        block here has no address that Azure reserves.
        """
        pods = self._subnet("pod subnet", self.pod_range)
        if self.network is Network.POD_SUBNET:
            held = _rounded_up(self.max_pods + azure.KEPT_FREE, azure.BATCH)
            return replace(pods, of_pods=self.max_pods, wasted=held - self.max_pods)
        held = _rounded_up(self.max_pods + 1, azure.BLOCK)
        return replace(
            pods,
            of_node=1,
            of_pods=self.max_pods,
            wasted=held - self.max_pods - 1,
            unit=azure.BLOCK,
        )

    def _pod_cidr(self) -> Space:
        bits = 32 if self.family == 4 else 128
        unit = 1 << (bits - self.node_prefix)
        return Space(
            name="podCIDR",
            network=self.pod_range,
            of_pods=min(self.max_pods, unit),
            wasted=max(unit - self.max_pods, 0),
            unit=unit,
            bits=bits,
            longest=self.node_prefix,
            unique=self.network is Network.FLAT,
        )

    def _node_cidr(self) -> Space:
        """Return the range of nodes that are in no VNet: its first addresses are those of the
        network and the router, the last one of IPv4 is for broadcasts."""
        bits = 32 if self.family == 4 else 128
        return Space(
            name="nodeCIDR",
            network=self.node_range,
            of_node=1,
            first=2,
            last=1 if self.family == 4 else 0,
            others=self.others,
            bits=bits,
            longest=bits - 2,
            unique=self.network is Network.FLAT or self.gateway_addresses is None,
        )


def pods_of_node(prefix: int, family: Family = 4) -> int:
    """Return the most pods for which a node's part of podCIDR, of this length, has addresses."""
    bits = 32 if family == 4 else 128
    return max((1 << (bits - prefix)) - _NEEDED_BY_NODE, 0)


def _rounded_up(number: int, step: int) -> int:
    """Return the smallest multiple of `step` that is not less than the number."""
    return -(-number // step) * step
