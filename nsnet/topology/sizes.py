"""The sizes of a Scenario's clusters, from what the file says: a lab that has no room for its nodes
has a size, too."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from nsnet.errors import Problem, ScenarioError
from nsnet.ip import IPNetwork, all_of_family
from nsnet.scenario.kinds import MODEL_OF, ClusterSpec
from nsnet.scenario.model import Scenario
from nsnet.scenario.vnets import OutboundSpec, VnetSpec
from nsnet.sizing.outbound import Outbound
from nsnet.sizing.pool import DEFAULT_MAX_PODS, Network, Pool, pods_of_node
from nsnet.sizing.ranges import Range
from nsnet.sizing.size import Size
from nsnet.topology.declared_nodes import declared_nodes
from nsnet.topology.ranges import node_cidrs, peered_ranges, subnet_of, virtual_cidrs
from nsnet.topology.vnet_checks import vnet_problems

_IPV6_PREFIX = 64  # of each node's pods


def sizes_of(scenario: Scenario) -> tuple[Size, ...]:
    """Return the size of each cluster; of one with two families, a size for each. Raises
    ScenarioError for mistakes that leave a size undefined."""
    if wrong := [*_problems(scenario)]:
        raise ScenarioError(wrong)
    found = [
        (index, spec, pool)
        for index, spec in enumerate(scenario.spec.clusters)
        for pool in _pools(scenario, index, spec)
    ]
    taken: Counter[IPNetwork | None] = Counter(_machines(scenario))
    for _, _, pool in found:
        taken[pool.node_range] += _needs(pool)
    return tuple(
        Size.of(
            replace(pool, others=pool.others + _of_others(pool, taken)),
            _outbound(spec),
            tuple(_ranges(scenario, spec)),
            _name(spec, pool),
        )
        for _, spec, pool in found
    )


def _problems(scenario: Scenario) -> Iterator[Problem]:
    """Yield the mistakes that are no matter of size: sizes include routes, room and conflicts."""
    yield from scenario.problems
    for each in vnet_problems(scenario):
        if not each.rule and not each.path.endswith(".nodes"):
            yield each
    for index, spec in enumerate(scenario.spec.clusters):
        for network in spec.pod_cidr:
            if _node_prefix(spec, network) > network.max_prefixlen - 2:
                path = f"spec.clusters[{index}].nodeCIDRMaskSize"
                yield scenario.problem(
                    path, f"a /{_node_prefix(spec, network)} has no room for pods"
                )


def _pools(scenario: Scenario, index: int, spec: ClusterSpec) -> Iterator[Pool]:
    """Yield the pool of nodes of a cluster, once for each family of its pods."""
    path = f"spec.clusters[{index}]"
    manifests = [each for each in scenario.manifests if spec.name in each.clusters]
    nodes = len(declared_nodes(path, spec, manifests))
    if spec.cni in MODEL_OF:
        network = Network(spec.cni)
        subnet = subnet_of(scenario.spec, spec)
        yield Pool(
            network=network,
            nodes=nodes,
            max_pods=spec.max_pods or DEFAULT_MAX_PODS[network],
            node_range=subnet[1] if subnet else None,
            pod_range=spec.pod_cidr[0] if network.has_pod_cidr else None,
        )
        return
    network = Network.FLAT if spec.model == "flat" else Network.ISLAND
    for pods in spec.pod_cidr:
        prefix = _node_prefix(spec, pods)
        yield Pool(
            network=network,
            nodes=nodes,
            max_pods=min(DEFAULT_MAX_PODS[network], pods_of_node(prefix, pods.version)),
            node_range=next(iter(all_of_family(node_cidrs(index, spec), pods.version)), None),
            pod_range=pods,
            node_prefix=prefix,
            others=spec.gateway.replicas - 1 if spec.gateway else 0,  # the standby gateway
            gateway_addresses=_gateway_addresses(index, spec, pods),
            family=pods.version,
        )


def _outbound(spec: ClusterSpec) -> Outbound:
    found = spec.outbound or OutboundSpec()
    return Outbound(
        found.type, found.addresses or 1, found.ports_per_node or 0, found.ports_per_address or 0
    )


def _node_prefix(spec: ClusterSpec, pods: IPNetwork) -> int:
    return (spec.node_cidr_mask_size or 24) if pods.version == 4 else _IPV6_PREFIX


def _gateway_addresses(index: int, spec: ClusterSpec, pods: IPNetwork) -> int | None:
    """Return the addresses that an island has in the fabric, besides one for each exported Service:
    of its gateways, and those by which other clusters address its pods."""
    if spec.gateway is None:
        return 0 if spec.model == "isolated" else None
    virtual = all_of_family(virtual_cidrs(index, spec), pods.version)
    return spec.gateway.replicas + sum(each.num_addresses for each in virtual)


def _machines(scenario: Scenario) -> dict[IPNetwork | None, int]:
    """Return the number of machines in each subnet."""
    return {
        subnet.range: sum(each.subnet == subnet.name for each in vnet.machines)
        for vnet in scenario.spec.vnets
        for subnet in vnet.subnets
    }


def _needs(pool: Pool) -> int:
    return pool.spaces[0].needs(pool.during_upgrade)


def _of_others(pool: Pool, taken: Counter[IPNetwork | None]) -> int:
    """Return the addresses of the nodes' subnet that machines and other clusters take."""
    return taken[pool.node_range] - _needs(pool) if pool.network.is_azure else 0


def _ranges(scenario: Scenario, spec: ClusterSpec) -> Iterator[Range]:
    """Yield the ranges that a cluster in a VNet may not share: those of the VNet, of what it is
    peered with, and its own."""
    for vnet in scenario.spec.vnets:
        if vnet.name == spec.vnet:
            yield from _ranges_of(scenario, vnet)
            if Network(spec.cni).has_pod_cidr:
                yield from (Range("podCIDR", "pods", each) for each in spec.pod_cidr)
            yield from (Range("serviceCIDR", "services", each) for each in spec.service_cidr)


def _ranges_of(scenario: Scenario, vnet: VnetSpec) -> Iterator[Range]:
    yield from (Range(f"VNet {vnet.name}", "network", each) for each in vnet.ranges)
    for peering in vnet.peerings:
        for each in peered_ranges(scenario.spec, peering):
            yield Range(f"peering {peering.name}", "network", each)


def _name(spec: ClusterSpec, pool: Pool) -> str:
    return f"{spec.name} (IPv{pool.family})" if len(spec.pod_cidr) > 1 else spec.name
