"""Mistakes in a Scenario that can be found before allocation (for ranges: range_checks)."""

from collections.abc import Iterator, Sequence

from nsnet.errors import Problem
from nsnet.ip import IPAddress
from nsnet.scenario.ingress_admission import ingress_refusals
from nsnet.scenario.interior_admission import config_refusals
from nsnet.scenario.kinds import SMALLEST_MTU6, ClusterSpec
from nsnet.scenario.kubernetes import ConfigMap, Ingress, IngressClass, Pod, Secret, Workload
from nsnet.scenario.model import Scenario
from nsnet.scenario.pod_admission import pod_refusals
from nsnet.topology.limits import MOST_NODES, over


def scenario_problems(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each name or address used twice, each option that cannot apply, and each
    pod, workload, ConfigMap, Secret or Ingress that the API server would refuse."""
    spec = scenario.spec
    named = [("spec.clusters", [each.name for each in spec.clusters])]
    named.append(("spec.externals", [each.name for each in spec.externals]))
    named.append(("spec.vnets", [each.name for each in spec.vnets]))
    for index, vnet in enumerate(spec.vnets):
        path = f"spec.vnets[{index}]"
        named.append((f"{path}.subnets", [each.name for each in vnet.subnets]))
        named.append((f"{path}.peerings", [each.name for each in vnet.peerings]))
    for index, cluster in enumerate(spec.clusters):
        if isinstance(cluster.nodes, tuple):
            path = f"spec.clusters[{index}].nodes"
            named.append((path, [each.name for each in cluster.nodes]))
    found = [each for path, names in named for each in _duplicates(path, names)]
    found += _externals(scenario)
    for index, cluster in enumerate(spec.clusters):
        found += ((f"spec.clusters[{index}].{key}", each) for key, each in _cluster(cluster))
    for path, message in found:
        yield scenario.problem(path, message)
    for manifest in scenario.manifests:
        if isinstance(manifest.object, Pod | Workload):
            for path, message in pod_refusals(manifest.object):
                yield manifest.problem(path, message)
        elif isinstance(manifest.object, ConfigMap | Secret):
            for path, message in config_refusals(manifest.object):
                yield manifest.problem(path, message)
        elif isinstance(manifest.object, Ingress | IngressClass):
            for path, message in ingress_refusals(manifest.object):
                yield manifest.problem(path, message)


def too_many_nodes(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem if the clusters have more nodes than a lab can have."""
    total = 0
    for index, cluster in enumerate(scenario.spec.clusters):
        total += cluster.nodes if isinstance(cluster.nodes, int) else len(cluster.nodes)
        if total > MOST_NODES:
            message = over(MOST_NODES, "nodes")
            yield scenario.problem(f"spec.clusters[{index}].nodes", message)
            return


def _duplicates(path: str, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield f"{path}[{index}].name", f"{name} is used twice"
        seen.add(name)


def _externals(scenario: Scenario) -> Iterator[tuple[str, str]]:
    first: dict[IPAddress, str] = {}
    for index, each in enumerate(scenario.spec.externals):
        owner = first.setdefault(each.address, each.name)
        if owner != each.name:
            path = f"spec.externals[{index}].address"
            yield path, f"{each.address} is already the address of {owner}"
        if each.address.version == 6 and each.mtu is not None and each.mtu < SMALLEST_MTU6:
            yield f"spec.externals[{index}].mtu", _too_narrow(each.mtu)


def _cluster(spec: ClusterSpec) -> Iterator[tuple[str, str]]:
    has_ipv6 = any(each.version == 6 for each in spec.pod_cidr)
    if has_ipv6 and spec.mtu is not None and spec.mtu < SMALLEST_MTU6:
        yield "mtu", _too_narrow(spec.mtu)
    if spec.gateway is not None and spec.model != "island":
        message = "only a cluster of model island has a gateway"
        yield "gateway", f"{message}; {spec.name} is {spec.model}"
    if spec.routing == "bgp" and spec.model != "flat":
        message = "only a cluster of model flat can announce its pods by BGP"
        yield "routing", f"{message}; {spec.name} is {spec.model}"
    if spec.gateway is not None and spec.gateway.virtual_cidr and spec.gateway.kind != "vip":
        message = "only kind vip has virtual addresses; this gateway is of kind"
        yield "gateway.virtualCIDR", f"{message} {spec.gateway.kind}"


def _too_narrow(mtu: int) -> str:
    return f"IPv6 needs an MTU of at least {SMALLEST_MTU6}, not {mtu}"
