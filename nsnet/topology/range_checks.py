"""Mistakes in the ranges of a Scenario: too small, overlapping, of the wrong family."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from itertools import combinations, product
from typing import Final, Literal

from nsnet.errors import Problem
from nsnet.ip import Family, IPNetwork
from nsnet.scenario.kinds import AllowedRule, ClusterSpec
from nsnet.scenario.model import Scenario
from nsnet.topology.ranges import (
    VIRTUAL,
    Range,
    all_ranges,
    cluster_ranges,
    external_ranges,
    fabric_ranges,
    node_cidrs,
    virtual_cidrs,
    virtual_ranges,
)

FUTURE_USE: Final = ip_network("240.0.0.0/4")
SPECIAL: Final[dict[IPNetwork, str]] = {
    ip_network("0.0.0.0/8"): "this host",
    ip_network("127.0.0.0/8"): "loopback",
    ip_network("224.0.0.0/4"): "multicast",
    FUTURE_USE: "future use",
    ip_network("255.255.255.255/32"): "broadcast",
    ip_network("::/127"): "this host and loopback",
    ip_network("fe80::/10"): "link-local addresses",
    ip_network("ff00::/8"): "multicast",
}


def range_problems(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each mistake in the ranges."""
    yield from _special(scenario)
    yield from too_small(scenario)
    yield from _overlaps(scenario)
    yield from _families(scenario)
    yield from _virtual(scenario)


def too_small(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each fabricCIDR or nodeCIDR without room for a router and a host."""
    for each in (*fabric_ranges(scenario), *all_ranges(scenario)):
        if each.path.endswith(("fabricCIDR", "nodeCIDR")) and each.network.num_addresses < 4:
            message = f"{each.network} has no room for a router and a host"
            yield scenario.problem(each.path, message)


def _special(scenario: Scenario) -> Iterator[Problem]:
    for each in (*fabric_ranges(scenario), *all_ranges(scenario)):
        for special, meaning in SPECIAL.items():
            if _overlap(each.network, special):
                message = f"{each.network} overlaps {special}, reserved for {meaning}"
                # Linux routes addresses of future use like any others.
                rule: AllowedRule | Literal[""] = "reserved-range" if special == FUTURE_USE else ""
                yield scenario.problem(each.path, message, rule)


def _overlaps(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each pair of ranges that overlap but must not.

    The ranges of one cluster must not overlap each other. The node ranges of all clusters and the
    pod ranges of flat clusters must not overlap, because every cluster routes to them. Islands may
    use the same pod ranges. fabricCIDR and external hosts must be outside the ranges of all
    clusters, and external hosts must be outside fabricCIDR.
    """
    fabric, external = fabric_ranges(scenario), external_ranges(scenario)
    public: list[Range] = []
    for index, spec in enumerate(scenario.spec.clusters):
        ranges = cluster_ranges(index, spec)
        yield from _overlapping(scenario, combinations(ranges, 2))
        yield from _overlapping(scenario, product(ranges, (*fabric, *external)))
        keys = ("nodeCIDR", "podCIDR") if spec.model == "flat" else ("nodeCIDR",)
        mine = [each for each in ranges if each.path.endswith(keys)]
        yield from _overlapping(scenario, product(mine, public))
        public += mine
    yield from _overlapping(scenario, product(external, fabric))


def _rule(scenario: Scenario, one: Range, other: Range) -> AllowedRule | Literal[""]:
    """Return the rule by which the overlap of two ranges can be allowed, or "" if it cannot.

    It can if Linux has one clear answer to which of both gets a packet: the more specific route, or
    the translation by kube-proxy. Two equal routes learned by BGP, or two links in one subnet,
    have none.
    """
    keys = [each.path.rpartition(".")[2] for each in (one, other)]
    match keys:
        case ["podCIDR", "serviceCIDR"]:  # of one cluster: others are not compared
            return "service-overlap"
        case ["podCIDR" | "serviceCIDR", "address"]:
            return "external-overlap"
        case ["podCIDR", "podCIDR"]:
            static = all(each.routing == "static" for each in scenario.spec.clusters)
            return "flat-overlap" if static else ""
        case ["nodeCIDR", "nodeCIDR"]:
            hidden = all(_hides_nodes(each) for each in scenario.spec.clusters)
            return "node-overlap" if hidden else ""
    return ""


def _hides_nodes(spec: ClusterSpec) -> bool:
    """Return whether the fabric routes to no node of the cluster, which has a gateway for itself.

    A shared gateway would have two links in one subnet, and replicas are routed to by BGP.
    """
    return spec.gateway is not None and spec.gateway.name is None and spec.gateway.replicas == 1


def _families(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each IP family that pods or external hosts need, but a range lacks.

    Also yield a problem for each service range whose IP family the pods lack.
    """
    fabric = {each.version for each in scenario.spec.fabric_cidr}
    for index, external in enumerate(scenario.spec.externals):
        if external.address.version not in fabric:
            message = (
                f"fabricCIDR has no IPv{external.address.version} range, so nothing could reach it"
            )
            yield scenario.problem(f"spec.externals[{index}].address", message)
    for index, cluster in enumerate(scenario.spec.clusters):
        for key, message in _family_mistakes(index, cluster, fabric):
            yield scenario.problem(f"spec.clusters[{index}].{key}", message)


def _family_mistakes(
    index: int, spec: ClusterSpec, fabric: set[Family]
) -> Iterator[tuple[str, str]]:
    pods = {each.version for each in spec.pod_cidr}
    nodes = pods if spec.vnet else {each.version for each in node_cidrs(index, spec)}
    for version in sorted(pods - nodes):
        yield "nodeCIDR", f"has {_missing_family(version, spec)}"
    for each in spec.service_cidr:
        if each.version not in pods:
            yield "serviceCIDR", _unused_family(each)
    for version in sorted(pods - fabric) if spec.gateway is not None else ():
        yield "gateway", f"fabricCIDR has {_missing_family(version, spec)}"


def _virtual(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each virtual range that is missing, too small, unused or overlapping."""
    for index, spec in enumerate(scenario.spec.clusters):
        if spec.gateway is not None and spec.gateway.kind == "vip":
            for message in _virtual_mistakes(index, spec, spec.gateway.virtual_cidr):
                yield scenario.problem(f"spec.clusters[{index}].gateway.virtualCIDR", message)
    virtual = virtual_ranges(scenario)
    others = [each for each in all_ranges(scenario) if each not in virtual]
    twice = ((later, earlier) for earlier, later in combinations(virtual, 2))
    yield from _overlapping(scenario, twice)
    yield from _overlapping(scenario, product(virtual, (*fabric_ranges(scenario), *others)))


def _virtual_mistakes(
    index: int, spec: ClusterSpec, written: tuple[IPNetwork, ...] | None
) -> Iterator[str]:
    found = {each.version for each in virtual_cidrs(index, spec)}
    for pods in (each for each in spec.pod_cidr if each.version not in found):
        same = [each for each in written or VIRTUAL if each.version == pods.version]
        if not same:
            yield f"has {_missing_family(pods.version, spec)}"
        elif written:
            yield f"VIP range too small: {same[0]} has fewer addresses than podCIDR {pods}"
        else:
            default = f"the default range {same[0]} has no room for podCIDR {pods}"
            yield f"{default} of cluster {index + 1}; set another range"
    for each in written or ():
        if each.version not in {pods.version for pods in spec.pod_cidr}:
            yield _unused_family(each)


def _missing_family(version: int, spec: ClusterSpec) -> str:
    return f"no IPv{version} range, but the pods of {spec.name} have one"


def _unused_family(network: IPNetwork) -> str:
    return f"{network} is IPv{network.version}, and podCIDR has no IPv{network.version} range"


def _overlapping(scenario: Scenario, pairs: Iterable[tuple[Range, Range]]) -> Iterator[Problem]:
    for one, other in pairs:
        if _overlap(one.network, other.network):
            message = f"{one.network} overlaps {other.network}, the {other.name}"
            yield scenario.problem(one.path, message, _rule(scenario, one, other))


def _overlap(one: IPNetwork, other: IPNetwork) -> bool:
    return one.version == other.version and one.overlaps(other)
