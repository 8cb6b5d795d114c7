"""Mistakes in VNets, and in the settings of clusters in them."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Final

from nsnet.errors import Problem
from nsnet.scenario.kinds import MODEL_OF, AllowedRule, ClusterSpec
from nsnet.scenario.model import Scenario
from nsnet.scenario.vnets import IN_SUBNET, VnetSpec
from nsnet.sizing.azure import (
    FORBIDDEN,
    LONGEST_PREFIX,
    MOST_ROUTES,
    NODE_PREFIX,
    SERVICE_PREFIX,
)
from nsnet.text import did_you_mean, some_of
from nsnet.topology.outbound_checks import outbound_problems
from nsnet.topology.ranges import Range, cluster_ranges, fabric_ranges, peered_ranges, subnet_of

_RESERVED: Final[AllowedRule] = "reserved-range"
_OVERLAP: Final[AllowedRule] = "vnet-overlap"


def vnet_problems(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each mistake in the VNets and in the clusters that are in them."""
    names = [each.name for each in scenario.spec.vnets]
    for index, vnet in enumerate(scenario.spec.vnets):
        for path, message in (*_vnet(vnet), *_peerings(vnet, names)):
            yield scenario.problem(f"spec.vnets[{index}]{path}", message)
    for index, cluster in enumerate(scenario.spec.clusters):
        for key, message in _cluster(scenario, cluster):
            yield scenario.problem(f"spec.clusters[{index}].{key}", message)
    yield from _used_twice(scenario)
    yield from outbound_problems(scenario)
    yield from _shared_subnets(scenario)
    yield from _forbidden(scenario)
    yield from _overlaps(scenario)


def _vnet(vnet: VnetSpec) -> Iterator[tuple[str, str]]:
    """Yield the path below the VNet and the message of each mistake in it alone."""
    subnets = {each.name: each for each in vnet.subnets}
    for at, subnet in enumerate(vnet.subnets):
        path = f".subnets[{at}].range"
        if not any(subnet.range.subnet_of(each) for each in vnet.ranges):
            ranges = ", ".join(map(str, vnet.ranges))
            yield path, f"{subnet.range} is outside the ranges of {vnet.name}: {ranges}"
        if subnet.range.prefixlen > LONGEST_PREFIX:
            yield path, f"{subnet.range} is smaller than a /{LONGEST_PREFIX}, the smallest subnet"
        for earlier in vnet.subnets[:at]:
            if subnet.range.overlaps(earlier.range):
                message = f"{subnet.range} overlaps {earlier.range}, the subnet {earlier.name}"
                yield path, message
    for at, one in enumerate(vnet.ranges):
        for other in vnet.ranges[:at]:
            if one.overlaps(other):
                yield f".ranges[{at}]", f"{one} overlaps {other}"
    for at, machine in enumerate(vnet.machines):
        if machine.subnet not in subnets:
            near = did_you_mean(machine.subnet, [*subnets])
            message = f"{vnet.name} has no subnet {machine.subnet}; {near}"
            yield f".machines[{at}].subnet", message
    for at, firewall in enumerate(vnet.firewalls):
        if firewall.subnet not in subnets:
            near = did_you_mean(firewall.subnet, [*subnets])
            message = f"{vnet.name} has no subnet {firewall.subnet}; {near}"
            yield f".firewalls[{at}].subnet", message


def _used_twice(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each machine and firewall with the name of an earlier one, in any VNet:
    references have no name of a VNet."""
    for key in ("machines", "firewalls"):
        taken: set[str] = set()
        for index, vnet in enumerate(scenario.spec.vnets):
            for at, each in enumerate(getattr(vnet, key)):
                if each.name in taken:
                    path = f"spec.vnets[{index}].{key}[{at}].name"
                    yield scenario.problem(path, f"{each.name} is used twice")
                taken.add(each.name)


def _peerings(vnet: VnetSpec, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    for at, each in enumerate(vnet.peerings):
        if each.name == vnet.name:
            yield f".peerings[{at}].name", f"{vnet.name} cannot be peered with itself"
        elif each.name in names and each.ranges:
            message = f"{each.name} is a VNet of this file, which has its own; remove ranges"
            yield f".peerings[{at}].ranges", message
        elif each.name not in names and not each.ranges:
            near = did_you_mean(each.name, names)
            message = f"there is no VNet {each.name}; {near}; a network outside needs ranges"
            yield f".peerings[{at}].name", message


def _cluster(scenario: Scenario, spec: ClusterSpec) -> Iterator[tuple[str, str]]:
    """Yield the key and the message of each setting of a cluster that its network cannot have."""
    cni = f"cni {spec.cni}"
    if spec.cni not in MODEL_OF:
        for key in ("vnet", "subnet", "max_pods", "outbound"):
            if getattr(spec, key) is not None:
                networks = ", ".join(MODEL_OF)
                yield _key(key), f"only a cluster in a VNet has it, with cni {networks}; not {cni}"
        return
    if spec.vnet is None:
        yield "cni", f"{cni} needs a VNet: add vnet, and spec.vnets with its ranges and subnets"
        return
    yield from _place(scenario, spec)
    if spec.model != MODEL_OF[spec.cni]:
        yield "model", f"{cni} is {MODEL_OF[spec.cni]}, not {spec.model}; remove model"
    if spec.node_cidr is not None:
        yield "nodeCIDR", "the nodes have addresses of the subnet; remove nodeCIDR"
    if spec.gateway is not None:
        yield "gateway", "the VNet routes for a cluster that is in it; remove gateway"
    if spec.routing == "bgp":
        yield "routing", "a VNet does not speak BGP with nodes; remove routing"
    if spec.cni in IN_SUBNET and "pod_cidr" in spec.model_fields_set:
        yield "podCIDR", f"with {cni}, the pods have addresses of the subnet; remove podCIDR"
    if spec.node_cidr_mask_size not in (None, NODE_PREFIX):
        yield "nodeCIDRMaskSize", f"with {cni}, the pods of a node have a /{NODE_PREFIX}"
    for key, ranges in (("podCIDR", spec.pod_cidr), ("serviceCIDR", spec.service_cidr)):
        for each in ranges:
            if each.version == 6:
                yield key, f"{each} is IPv6; networks in a VNet are IPv4 here"
    for each in spec.service_cidr:
        if each.prefixlen <= SERVICE_PREFIX:
            limit = f"has to be smaller than a /{SERVICE_PREFIX}"
            yield "serviceCIDR", f"{each} {limit}"
    nodes = spec.nodes if isinstance(spec.nodes, int) else len(spec.nodes)
    if spec.cni == "kubenet" and nodes > MOST_ROUTES:
        message = f"{nodes} nodes need {nodes} user-defined routes"
        yield "nodes", f"{message}, and a route table has at most {MOST_ROUTES}"


def _place(scenario: Scenario, spec: ClusterSpec) -> Iterator[tuple[str, str]]:
    vnets = {each.name: each for each in scenario.spec.vnets}
    vnet = vnets.get(spec.vnet or "")
    if vnet is None:
        yield "vnet", f"there is no VNet {spec.vnet}; {did_you_mean(spec.vnet or '', [*vnets])}"
    elif subnet_of(scenario.spec, spec) is None:
        names = [each.name for each in vnet.subnets]
        if spec.subnet is None:
            yield "vnet", f"{vnet.name} has several subnets; add subnet: {' or '.join(names)}"
        else:
            near = did_you_mean(spec.subnet, names)
            yield "subnet", f"{vnet.name} has no subnet {spec.subnet}; {near}"


def _shared_subnets(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each cluster of kubenet whose subnet has something else in it: its route
    table would hold for that, too."""
    spec = scenario.spec
    for index, cluster in enumerate(spec.clusters):
        found = subnet_of(spec, cluster)
        if cluster.cni != "kubenet" or found is None:
            continue
        others = [
            f"cluster {each.name}"
            for each in spec.clusters
            if each is not cluster and each.vnet == cluster.vnet and subnet_of(spec, each) == found
        ]
        (vnet,) = (each for each in spec.vnets if each.name == cluster.vnet)
        others += [f"machine {each.name}" for each in vnet.machines if each.subnet == found[0]]
        if others:
            message = f"kubenet cannot share subnet {found[0]} with {some_of(others)}"
            yield scenario.problem(
                f"spec.clusters[{index}].{'subnet' if cluster.subnet else 'vnet'}",
                f"{message}: the user-defined routes hold for the whole subnet",
            )


def _forbidden(scenario: Scenario) -> Iterator[Problem]:
    for each in (*_vnet_ranges(scenario), *_ranges_in_vnets(scenario)):
        for forbidden in FORBIDDEN:
            if each.network.overlaps(forbidden):
                message = f"{each.network} overlaps {forbidden}, which Azure reserves"
                yield scenario.problem(each.path, message, _RESERVED)


def _overlaps(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each range of a VNet, of what it is peered with, and of clusters in it
    that overlaps another one of these, or fabricCIDR."""
    spec = scenario.spec
    fabric = fabric_ranges(scenario)
    yield from _overlapping(scenario, _vnet_ranges(scenario), fabric, "")
    for index, vnet in enumerate(spec.vnets):
        own = _ranges_of(index, vnet)
        peered = [
            Range(f"peering {each.name} of {vnet.name}", f"spec.vnets[{index}].peerings[{at}]", one)
            for at, each in enumerate(vnet.peerings)
            for one in peered_ranges(spec, each)
        ]
        yield from _overlapping(scenario, peered, (*own, *fabric), "")
        for one, other in combinations(peered, 2):
            yield from _overlapping(scenario, [other], [one], "")
        for number, cluster in enumerate(spec.clusters):
            if cluster.vnet == vnet.name:
                ranges = [
                    each
                    for each in cluster_ranges(number, cluster)
                    if not each.path.endswith("nodeCIDR")
                ]
                yield from _overlapping(scenario, ranges, (*own, *peered), _OVERLAP)


def _overlapping(
    scenario: Scenario,
    ones: Sequence[Range],
    others: Sequence[Range],
    rule: str,
) -> Iterator[Problem]:
    for one, other in product(ones, others):
        if one.network.version == other.network.version and one.network.overlaps(other.network):
            message = f"{one.network} overlaps {other.network}, the {other.name}"
            yield scenario.problem(one.path, message, rule)


def _vnet_ranges(scenario: Scenario) -> list[Range]:
    vnets = enumerate(scenario.spec.vnets)
    return [each for index, vnet in vnets for each in _ranges_of(index, vnet)]


def _ranges_of(index: int, vnet: VnetSpec) -> list[Range]:
    return [
        Range(f"range of VNet {vnet.name}", f"spec.vnets[{index}].ranges[{at}]", each)
        for at, each in enumerate(vnet.ranges)
    ]


def _ranges_in_vnets(scenario: Scenario) -> list[Range]:
    return [
        each
        for index, spec in enumerate(scenario.spec.clusters)
        if spec.vnet is not None
        for each in cluster_ranges(index, spec)
        if each.network.version == 4
    ]


def _key(name: str) -> str:
    return {"max_pods": "maxPods"}.get(name, name)
