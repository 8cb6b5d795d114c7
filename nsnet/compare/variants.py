"""A scenario in another network model: the same clusters, nodes, pods and Services, with the
addresses and gateways that the model asks for. What it cannot have is listed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Any, Final, NamedTuple

from nsnet.errors import UsageError
from nsnet.scenario.kinds import MODEL_OF, ClusterSpec, ExternalSpec, GatewaySpec, ScenarioSpec
from nsnet.scenario.model import Manifest, Scenario
from nsnet.scenario.vnets import IN_SUBNET, VnetSpec
from nsnet.text import did_you_mean, some_of

# The models that a scenario can be rewritten to, each with its cni or its kind of gateway.
ISLANDS: Final = {"island-nat": "nat", "island-vip": "vip", "island-proxy": "proxy"}
MODELS: Final = ("flat", *ISLANDS, *MODEL_OF)
VNET: Final = "compared"  # the VNet of a variant whose clusters are in one
_MACHINES: Final = "compared-machines"  # the subnet of the file's machines
_VNETS: Final = ("10.224.0.0/12", "10.128.0.0/12", "172.16.0.0/13")
_OUTSIDE: Final = {"name": "compared", "address": "203.0.113.200", "ports": [{"port": 443}]}


class Variant(NamedTuple):
    """A scenario to compare, and what of the file it does not have."""

    name: str
    scenario: Scenario
    lost: tuple[str, ...] = ()


def as_they_are(scenarios: Sequence[Scenario]) -> list[Variant]:
    """Return the variants that several files are."""
    written = [each.name for each in scenarios]
    names = [
        f"{name}-{written[:at].count(name) + 1}" if written.count(name) > 1 else name
        for at, name in enumerate(written)
    ]
    return [
        _variant(name, each, each.spec, []) for name, each in zip(names, scenarios, strict=True)
    ]


def in_models(scenario: Scenario, models: Sequence[str]) -> list[Variant]:
    """Return the scenario in each of these models. Raises UsageError for an unknown one."""
    for model in models:
        if model not in MODELS:
            raise UsageError(f"there is no model {model}; {did_you_mean(model, MODELS)}")
    return [_rewritten(scenario, model) for model in models]


def _rewritten(scenario: Scenario, model: str) -> Variant:
    lost: list[str] = []
    spec = scenario.spec
    clusters = tuple(
        _cluster(spec, index, each, model, lost) for index, each in enumerate(spec.clusters)
    )
    machines = [f"vm/{one.name}" for each in spec.vnets for one in each.machines]
    if model in MODEL_OF:
        vnets: tuple[VnetSpec, ...] = (_vnet(spec),)
        if spec.vnets:
            lost.append("subnets: each cluster has one of its own, and machines another")
    else:
        vnets = ()
        if spec.vnets:
            walls = [f"firewall/{one.name}" for each in spec.vnets for one in each.firewalls]
            names = [*(f"vnet/{each.name}" for each in spec.vnets), *walls, *machines]
            lost.append(f"only clusters in VNets have {some_of(names)}")
    changed = spec.model_copy(update={"clusters": clusters, "vnets": vnets})
    return _variant(model, scenario, changed, lost)


def _variant(name: str, scenario: Scenario, spec: ScenarioSpec, lost: list[str]) -> Variant:
    """Return a variant with this spec, without probes and faults."""
    if spec.faults:
        lost.append("faults")
    externals = spec.externals
    if not any(_answers(each) for each in externals):
        externals = (*externals, ExternalSpec.model_validate(_OUTSIDE))
    spec = spec.model_copy(update={"probes": (), "faults": (), "externals": externals})
    exporting = [each.name for each in spec.clusters if exports(each)]
    manifests = tuple(_manifests(scenario, exporting, lost))
    changed = replace(scenario, name=f"{scenario.name}-{name}", spec=spec, manifests=manifests)
    return Variant(name, changed, tuple(lost))


def _answers(external: ExternalSpec) -> bool:
    return any(each.protocol == "TCP" for each in external.ports)


def exports(cluster: ClusterSpec) -> bool:
    """Return whether a cluster can export Services."""
    if cluster.vnet is not None or cluster.model == "isolated":
        return False
    return cluster.model == "flat" or cluster.gateway is not None


def _manifests(scenario: Scenario, exporting: Sequence[str], lost: list[str]) -> Iterator[Manifest]:
    left_out = []
    for each in scenario.manifests:
        here = tuple(name for name in each.clusters if name in exporting)
        if each.object.kind != "ServiceExport" or here == each.clusters:
            yield each
            continue
        left_out.append(f"ServiceExport {each.object.metadata.name}")
        if here:
            yield replace(each, clusters=here)
    if left_out:
        lost.append(f"{some_of(left_out)}: load balancers take the place of exports")


def _cluster(
    spec: ScenarioSpec, index: int, cluster: ClusterSpec, model: str, lost: list[str]
) -> ClusterSpec:
    """Return the cluster in this model."""
    update: dict[str, Any] = {"gateway": None, "routing": "static"}
    if cluster.routing != "static":
        lost.append(f"{cluster.name}: routing: {cluster.routing}")
    if model in MODEL_OF:
        update |= {"cni": model, "model": MODEL_OF[model], "vnet": VNET, "subnet": cluster.name}
        update |= {"node_cidr": None, "node_cidr_mask_size": None, "mtu": None}
    else:
        cni = "bridge" if cluster.cni in MODEL_OF else cluster.cni
        update |= {"cni": cni, "model": "flat", "vnet": None, "subnet": None, "max_pods": None}
    if model == "flat" and _overlap(spec):
        update["pod_cidr"] = (IPv4Network((0x0AA00000 + (index << 16), 16)),)  # 10.160.0.0/16, …
        lost.append(f"{cluster.name}: podCIDR: the pods of flat clusters have {_pods(update)}")
    if model in ISLANDS:
        gateway = GatewaySpec.model_validate({"kind": ISLANDS[model]})
        update |= {"model": "island", "gateway": gateway}
    if cluster.gateway is not None and (cluster.gateway.replicas > 1 or cluster.gateway.name):
        lost.append(f"{cluster.name}: a gateway of its own, without replicas")
    written = {each: getattr(cluster, each) for each in cluster.model_fields_set} | update
    if model not in MODEL_OF and written.pop("outbound", None):
        lost.append(f"{cluster.name}: outbound: a cluster outside of VNets has none")
    if model in MODEL_OF and cluster.outbound and cluster.outbound.type == "userDefinedRouting":
        del written["outbound"]
        lost.append(f"{cluster.name}: outbound: by a load balancer, not by a firewall")
    if model in IN_SUBNET and written.pop("pod_cidr", None):
        lost.append(f"{cluster.name}: podCIDR: the pods have addresses of the subnet")
    return ClusterSpec.model_construct(**written)


def _pods(update: dict[str, Any]) -> str:
    return ", ".join(map(str, update["pod_cidr"]))


def _overlap(spec: ScenarioSpec) -> bool:
    """Return whether two clusters have the same pod addresses."""
    ranges = [each for cluster in spec.clusters for each in cluster.pod_cidr]
    return any(
        one.version == other.version and one.overlaps(other)
        for at, one in enumerate(ranges)
        for other in ranges[:at]
    )


def _vnet(spec: ScenarioSpec) -> VnetSpec:
    """Return a VNet with a subnet for each cluster and one for the machines of the file, in a range
    that the file leaves free. Raises UsageError if it leaves none."""
    taken = [*spec.fabric_cidr]
    for each in spec.clusters:
        taken += (*each.pod_cidr, *each.service_cidr)
    peerings = [one for each in spec.vnets for one in each.peerings if one.ranges]
    taken += [one for each in peerings for one in each.ranges]
    networks = [
        network
        for network in map(IPv4Network, _VNETS)
        if not any(isinstance(one, IPv4Network) and one.overlaps(network) for one in taken)
    ]
    if not networks:
        raise UsageError(f"the file leaves none of {', '.join(_VNETS)} free for a VNet")
    names = [*(each.name for each in spec.clusters), _MACHINES]
    parts = networks[0].subnets(new_prefix=16)
    machines = [
        {"name": one.name, "subnet": _MACHINES, "ports": [port.model_dump() for port in one.ports]}
        for each in spec.vnets
        for one in each.machines
    ]
    data = {
        "name": VNET,
        "ranges": [str(networks[0])],
        "subnets": [
            {"name": name, "range": str(part)} for name, part in zip(names, parts, strict=False)
        ],
        "machines": machines,
    }
    vnet = VnetSpec.model_validate(data)
    return vnet.model_copy(
        update={"peerings": tuple({each.name: each for each in peerings}.values())}
    )
