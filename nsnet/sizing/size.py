"""The size of a cluster: what its nodes and pods need, what that leaves, and what does not fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from nsnet.sizing import azure
from nsnet.sizing.outbound import Outbound
from nsnet.sizing.pool import Network, Pool, pods_of_node
from nsnet.sizing.ranges import Range, conflicts
from nsnet.sizing.spaces import Space
from nsnet.text import amount, number_of

SCHEMA = "nsnet.dev/size/v1"
ProblemKind = Literal["full", "upgrade", "pods", "range"]


@dataclass(frozen=True, slots=True)
class Limit:
    """The most nodes for which something, such as a range of addresses, has room, and why."""

    where: str
    why: str
    nodes: int
    space: Space | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not fit: "full" the nodes, "upgrade" the further nodes of an upgrade, "pods" the
    pods of a node or of all nodes, "range" an address range."""

    kind: ProblemKind
    where: str
    message: str


@dataclass(frozen=True, slots=True)
class Size:
    """The numbers of a cluster. `spaces` are the ranges of its pool, `ranges` those in which
    conflicts are looked for; `outbound` is None outside Azure."""

    name: str
    pool: Pool
    spaces: tuple[Space, ...]
    outbound: Outbound | None = None
    ranges: tuple[Range, ...] = ()

    @classmethod
    def of(
        cls,
        pool: Pool,
        outbound: Outbound | None = None,
        ranges: Sequence[Range] = (),
        name: str = "",
    ) -> Self:
        """Return the size of a pool. Without a name, it has that of its network."""
        azure_only = outbound if pool.network.is_azure else None
        return cls(name or pool.network, pool, pool.spaces, azure_only, tuple(ranges))

    def grown(self, nodes: int, max_pods: int) -> Self:
        """Return the size of so many nodes and pods in the same ranges."""
        pool = replace(self.pool, nodes=nodes, max_pods=max_pods)
        kept = zip(pool.parts, self.spaces, strict=True)
        spaces = tuple(replace(new, prefix=old.prefix) for new, old in kept)
        return replace(self, pool=pool, spaces=spaces)

    def in_every_network(self) -> tuple[Self, ...]:
        """Return the size of the same nodes and pods in each kind of network, in the smallest
        ranges. maxPods is as near to that of the pool as the network allows."""
        low, high = azure.FEWEST_PODS, azure.MOST_PODS
        pods = self.pool.max_pods
        pools = [
            Pool(
                network=each,
                nodes=self.pool.nodes,
                max_pods=min(max(pods, low), high) if each.is_azure else pods,
                surge=self.pool.surge,
            )
            for each in Network
        ]
        outbound = self.outbound or Outbound()
        return tuple(self.of(each, outbound, name=self.name) for each in pools)

    @property
    def room(self) -> int:
        """The most nodes for which there is room."""
        return min(each.nodes for each in self.limits)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What limits the number of nodes."""
        return tuple(self._limits())

    def _limits(self) -> Iterator[Limit]:
        network = self.pool.network
        for each in self.spaces:
            free = number_of(max(each.usable - each.others, 0), "free address")
            why = f"{free}, {amount(each.per_node)} per node"
            yield Limit(str(each), why, each.room, each)
        if network is Network.KUBENET:
            why = f"{azure.MOST_ROUTES} user-defined routes, 1 per node"
            yield Limit("route table", why, azure.MOST_ROUTES)
        if network.is_azure:
            most, per_node = azure.MOST_IN_VNET, self.pool.in_vnet
            unit = "addresses and blocks" if network is Network.POD_SUBNET_STATIC else "addresses"
            yield Limit("VNet", f"{most:,} {unit}, {per_node} per node", most // per_node)
        if network is Network.OVERLAY:
            most = azure.MOST_NODES_OF_OVERLAY
            yield Limit("cluster", f"{most:,} nodes with {network}", most)
        outbound = self.outbound
        if outbound is not None and outbound.room is not None:
            why = f"{outbound.ports:,} SNAT ports, {outbound.ports_per_node:,} per node"
            if not outbound.ports_per_node:
                why = f"no SNAT ports by default beyond {outbound.room:,} nodes"
            yield Limit("load balancer", why, outbound.room)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What does not fit, ranges last."""
        return tuple(self._problems())

    def _problems(self) -> Iterator[Problem]:
        nodes, upgraded = self.pool.nodes, self.pool.during_upgrade
        for limit in self.limits:
            has = f"{limit.where}: {limit.why}: room for {number_of(limit.nodes, 'node')}"
            prefix = limit.space.smallest(upgraded) if limit.space is not None else None
            needed = f"; that takes a /{prefix}" if prefix is not None else ""
            if limit.nodes < nodes:
                yield Problem("full", limit.where, f"{has}, not for {nodes:,}{needed}")
            elif limit.nodes < upgraded:
                message = f"{has}, and during an upgrade there are {upgraded:,}{needed}"
                yield Problem("upgrade", limit.where, message)
        yield from self._pods()
        for where, message in conflicts(self.ranges):
            yield Problem("range", where, message)

    def _pods(self) -> Iterator[Problem]:
        pool = self.pool
        if pool.network.is_azure:
            if pool.pods < azure.FEWEST_IN_POOL:
                fewest = f"fewer than {azure.FEWEST_IN_POOL}, which a pool has to have room for"
                yield Problem("pods", "pool", f"pool: room for {pool.pods} pods, {fewest}")
            return
        most = pods_of_node(pool.node_prefix, pool.family)
        if pool.max_pods > most:
            where = f"/{pool.node_prefix} of a node"
            message = f"{where}: room for {number_of(most, 'pod')}, not for {pool.max_pods:,}"
            yield Problem("pods", where, message)

    def as_json(self) -> dict[str, Any]:
        """Return the numbers as plain data for JSON: an entry of `sizes` in nsnet.dev/size/v1."""
        pool = self.pool
        return {
            "name": self.name,
            "network": pool.network.value,
            "nodes": pool.nodes,
            "surge": pool.surge,
            "maxPods": pool.max_pods,
            "pods": pool.pods,
            "ranges": [self._space_as_json(each) for each in self.spaces],
            "uniqueAddresses": pool.unique_addresses,
            "routes": pool.routes,
            "mostRoutes": azure.MOST_ROUTES if pool.network is Network.KUBENET else None,
            "room": self.room,
            "roomToUpgrade": max(self.room - pool.surge, 0),
            "limits": [
                {"where": each.where, "why": each.why, "nodes": each.nodes} for each in self.limits
            ],
            "outbound": self._outbound_as_json(),
            "problems": [
                {"kind": each.kind, "where": each.where, "message": each.message}
                for each in self.problems
            ],
        }

    def _space_as_json(self, space: Space) -> dict[str, Any]:
        pool = self.pool
        return {
            "name": space.name,
            "range": None if space.network is None else str(space.network),
            "prefix": space.prefix,
            "smallestPrefix": space.smallest(pool.during_upgrade),
            "unique": space.unique,
            **self.shares(space),
        }

    def shares(self, space: Space) -> dict[str, int]:
        """Return how many addresses of a range are for what; all of them are `addresses`. `free` is
        negative if there are too few."""
        pool = self.pool
        taken = space.needs(pool.during_upgrade)
        return {
            "addresses": space.size,
            "needed": taken,
            "nodes": pool.nodes * space.of_node,
            "pods": pool.nodes * space.of_pods,
            "wasted": pool.nodes * space.wasted,
            "upgrade": pool.surge * space.per_node,
            "others": space.others,
            "reserved": space.reserved,
            "free": space.usable - space.others - taken,
        }

    def _outbound_as_json(self) -> dict[str, Any] | None:
        outbound = self.outbound
        if outbound is None:
            return None
        return {
            "type": outbound.type,
            "addresses": outbound.addresses,
            "ports": outbound.ports,
            "portsPerNode": outbound.ports_of(self.pool.nodes),
            "portsPerNodeDuringUpgrade": outbound.ports_of(self.pool.during_upgrade),
            "fewerPorts": [
                {"nodes": nodes, "portsPerNode": ports} for nodes, ports in outbound.fewer_ports
            ],
        }
