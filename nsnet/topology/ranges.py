"""Which address ranges may not overlap, and who would suffer if they did."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, ip_network
from itertools import combinations, product
from typing import Final, NamedTuple

from nsnet.errors import Problem
from nsnet.ip import IPNetwork
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.model import Scenario

SPECIAL: Final[dict[IPNetwork, str]] = {
    ip_network("0.0.0.0/8"): "this host",
    ip_network("127.0.0.0/8"): "loopback",
    ip_network("224.0.0.0/4"): "multicast",
    ip_network("240.0.0.0/4"): "reserved",
    ip_network("::/127"): "this host and loopback",
    ip_network("fe80::/10"): "link-local",
    ip_network("ff00::/8"): "multicast",
}
# Where virtual addresses are unless the file says so: "shared address space" (RFC 6598), and a part
# of what is private in IPv6.
VIRTUAL: Final[tuple[IPNetwork, ...]] = (ip_network("100.64.0.0/10"), ip_network("fd64::/16"))


class Range(NamedTuple):
    """A range of the file: what it is called and where it is written."""

    name: str  # "serviceCIDR of east"
    path: str
    network: IPNetwork


def node_cidrs(index: int, spec: ClusterSpec) -> tuple[IPNetwork, ...]:
    """The underlay of the i-th cluster (from 0): as written, or 192.168.(10·(i+1)).0/24."""
    if spec.node_cidr is not None:
        return spec.node_cidr
    return (IPv4Network((0xC0A80000 + ((10 * (index + 1)) % 256 << 8), 24)),)


def virtual_cidrs(index: int, spec: ClusterSpec) -> tuple[IPNetwork, ...]:
    """The ranges by which others know the pods of the i-th cluster (from 0), one for each of
    podCIDR and as large: the first part of what is written, or the i-th part of VIRTUAL."""
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


def unpresentable(scenario: Scenario) -> Iterator[Problem]:
    """Every cluster whose pods would not all have a virtual address, or one that is another's."""
    for index, cluster in enumerate(scenario.spec.clusters):
        if cluster.gateway is not None and cluster.gateway.kind == "vip":
            for message in _unpresentable(index, cluster, cluster.gateway.virtual_cidr):
                yield scenario.problem(f"spec.clusters[{index}].gateway.virtualCIDR", message)
    everything = list(all_ranges(scenario))
    virtual = [each for each in everything if each.path.endswith(".virtualCIDR")]
    fabric = [Range("fabricCIDR", "spec.fabricCIDR", each) for each in scenario.spec.fabric_cidr]
    others = [*fabric, *(each for each in everything if each not in virtual)]
    twice = ((later, earlier) for earlier, later in combinations(virtual, 2))
    yield from _overlapping(scenario, (*twice, *product(virtual, others)))


def _unpresentable(
    index: int, cluster: ClusterSpec, written: tuple[IPNetwork, ...] | None
) -> Iterator[str]:
    for pods in cluster.pod_cidr:
        mine = [each for each in written or VIRTUAL if each.version == pods.version]
        if any(each.version == pods.version for each in virtual_cidrs(index, cluster)):
            continue
        if written and not mine:
            family = f"IPv{pods.version}"
            yield f"has no {family} range, and the pods of {cluster.name} have one"
        elif written:
            yield f"VIP range too small: {mine[0]} has no address for every pod of {pods}"
        else:
            yield f"{mine[0]} has no part for cluster {index + 1} as large as {pods}: write another"
    for each in written or ():
        if each.version not in {pods.version for pods in cluster.pod_cidr}:
            yield f"{each} is no range for pods that have no IPv{each.version} address"


def overlaps(scenario: Scenario) -> Iterator[Problem]:
    """Every pair of ranges that must be apart and is not.

    Inside a cluster all ranges are apart. Between clusters the node ranges are, and the pod
    ranges of flat clusters, which all others must be able to tell from any other place. Islands
    reuse pod ranges.
    """
    spec = scenario.spec
    fabric = [Range("fabricCIDR", "spec.fabricCIDR", each) for each in spec.fabric_cidr]
    outside = [
        Range(
            f"external {each.name}",
            f"spec.externals[{index}].address",
            ip_network(each.address),
        )
        for index, each in enumerate(spec.externals)
    ]
    public = [*fabric]
    for index, cluster in enumerate(spec.clusters):
        pods, services, nodes = (
            [
                Range(f"{key} of {cluster.name}", f"spec.clusters[{index}].{key}", each)
                for each in networks
            ]
            for key, networks in (
                ("podCIDR", cluster.pod_cidr),
                ("serviceCIDR", cluster.service_cidr),
                ("nodeCIDR", node_cidrs(index, cluster)),
            )
        )
        yield from _overlapping(scenario, combinations((*pods, *services, *nodes), 2))
        around = [*fabric, *outside]
        yield from _overlapping(
            scenario, ((mine, other) for mine in (*pods, *services, *nodes) for other in around)
        )
        seen = [*nodes, *(pods if cluster.model == "flat" else [])]
        yield from _overlapping(
            scenario, ((mine, other) for mine in seen for other in public if other not in fabric)
        )
        public.extend(seen)
    yield from _overlapping(scenario, ((host, each) for host in outside for each in fabric))


def all_ranges(scenario: Scenario) -> Iterator[Range]:
    """Every range and address of the lab beside the fabric's own."""
    for index, each in enumerate(scenario.spec.clusters):
        path = f"spec.clusters[{index}]"
        for key, networks in (
            ("podCIDR", each.pod_cidr),
            ("serviceCIDR", each.service_cidr),
            ("nodeCIDR", node_cidrs(index, each)),
        ):
            for network in networks:
                yield Range(f"{key} of {each.name}", f"{path}.{key}", network)
        for network in _virtual(index, each):
            yield Range(f"virtualCIDR of {each.name}", f"{path}.gateway.virtualCIDR", network)
    for index, host in enumerate(scenario.spec.externals):
        where = f"spec.externals[{index}].address"
        yield Range(f"external {host.name}", where, ip_network(host.address))


def too_small(scenario: Scenario) -> Iterator[Problem]:
    """Every range that has no address for a router and another for a host."""
    ranges = [("spec.fabricCIDR", each) for each in scenario.spec.fabric_cidr]
    for index, cluster in enumerate(scenario.spec.clusters):
        path = f"spec.clusters[{index}].nodeCIDR"
        ranges += [(path, each) for each in node_cidrs(index, cluster)]
    for path, each in ranges:
        if each.num_addresses < 4:
            yield scenario.problem(path, f"{each} has no room for a router and a host")


def special(scenario: Scenario) -> Iterator[Problem]:
    """Every range that means something else to every machine."""
    ranges = [("spec.fabricCIDR", each) for each in scenario.spec.fabric_cidr]
    for index, cluster in enumerate(scenario.spec.clusters):
        path = f"spec.clusters[{index}]"
        ranges += [(f"{path}.podCIDR", each) for each in cluster.pod_cidr]
        ranges += [(f"{path}.serviceCIDR", each) for each in cluster.service_cidr]
        ranges += [(f"{path}.nodeCIDR", each) for each in node_cidrs(index, cluster)]
        ranges += [(f"{path}.gateway.virtualCIDR", each) for each in _virtual(index, cluster)]
    for index, external in enumerate(scenario.spec.externals):
        ranges.append((f"spec.externals[{index}].address", ip_network(external.address)))
    for path, each in ranges:
        for reserved, meaning in SPECIAL.items():
            if each.version == reserved.version and each.overlaps(reserved):
                yield scenario.problem(path, f"{each} overlaps {reserved}, which is {meaning}")


def unfit(scenario: Scenario) -> Iterator[Problem]:
    """Every family that the pods of a cluster have and the ranges around them lack, or the other
    way round; and every host outside for whose family the fabric has no address."""
    outside = {each.version for each in scenario.spec.fabric_cidr}
    for index, external in enumerate(scenario.spec.externals):
        if external.address.version not in outside:
            message = f"fabricCIDR has no IPv{external.address.version} range to reach it by"
            yield scenario.problem(f"spec.externals[{index}].address", message)
    for index, cluster in enumerate(scenario.spec.clusters):
        path = f"spec.clusters[{index}]"
        pods = {each.version for each in cluster.pod_cidr}
        nodes = {each.version for each in node_cidrs(index, cluster)}
        for version in sorted(pods - nodes):
            message = f"has no IPv{version} range, and the pods of {cluster.name} have one"
            yield scenario.problem(f"{path}.nodeCIDR", message)
        for each in cluster.service_cidr:
            if each.version not in pods:
                message = f"{each} is no range for pods that have no IPv{each.version} address"
                yield scenario.problem(f"{path}.serviceCIDR", message)
        for version in sorted(pods - outside) if cluster.gateway is not None else ():
            message = (
                f"fabricCIDR has no IPv{version} range, and the pods of {cluster.name} have one"
            )
            yield scenario.problem(f"{path}.gateway", message)


def _overlapping(scenario: Scenario, pairs: Iterable[tuple[Range, Range]]) -> Iterator[Problem]:
    for one, other in pairs:
        if one.network.version == other.network.version and one.network.overlaps(other.network):
            yield scenario.problem(
                one.path, f"{one.network} overlaps {other.network}, the {other.name}"
            )


def _virtual(index: int, spec: ClusterSpec) -> tuple[IPNetwork, ...]:
    """All of the range that is written, even where the pods do not need it."""
    found = virtual_cidrs(index, spec)
    return (spec.gateway.virtual_cidr if spec.gateway and found else None) or found
