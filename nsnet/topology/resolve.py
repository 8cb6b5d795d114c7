"""Scenario → Topology: names, placement, addresses and endpoints, or all mistakes at once.

scenario ─ checks ─ reserved addresses ─ each cluster: nodes → pods → Services ─ imports ─ faults

The result depends only on the scenario and, if the lab is up, on what it has allocated.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from nsnet.errors import Problem, ScenarioError
from nsnet.ip import Protocol, first_host
from nsnet.scenario.kinds import ClusterSpec, ExternalSpec
from nsnet.scenario.kubernetes import ConfigMap, Namespace, Secret
from nsnet.scenario.model import Manifest, Scenario
from nsnet.scenario.vnets import IN_SUBNET
from nsnet.state.namespaces import netns_name
from nsnet.topology.assignment import Assignment
from nsnet.topology.births import births
from nsnet.topology.clusterset import clusterset_services
from nsnet.topology.commands import with_commands
from nsnet.topology.dns import cluster_dns
from nsnet.topology.environment import unset_variables
from nsnet.topology.gateway_api import gateway_proxies
from nsnet.topology.gateways import (
    attachments,
    refuse_mixed_gateways,
    reserve_gateway_ips,
    resolve_gateways,
)
from nsnet.topology.imports import with_imports
from nsnet.topology.ingress import ingress_proxy
from nsnet.topology.interior import hostname_warnings
from nsnet.topology.ledger import Ledger
from nsnet.topology.limits import MOST_PODS
from nsnet.topology.listening import listening_pods
from nsnet.topology.model import (
    DNS_PORT,
    Cluster,
    Configuration,
    DroppedPackets,
    External,
    Fault,
    Gateway,
    LinkFailure,
    ListenPort,
    Proxy,
    Topology,
)
from nsnet.topology.nodes import resolve_nodes
from nsnet.topology.notation import UnknownReferenceError
from nsnet.topology.outbound import resolve_outbound
from nsnet.topology.outside_ips import reserve_written_ips
from nsnet.topology.pending import idle_daemon_sets
from nsnet.topology.pods import resolve_pods
from nsnet.topology.range_checks import range_problems, too_small
from nsnet.topology.ranges import underlay_of, virtual_cidrs
from nsnet.topology.references import locate
from nsnet.topology.scenario_checks import scenario_problems, too_many_nodes
from nsnet.topology.services import resolve_services
from nsnet.topology.unplaced import bound_twice
from nsnet.topology.vnet_checks import vnet_problems
from nsnet.topology.vnets import ResolvedVnets, resolve_vnets
from nsnet.topology.workloads import absence_warning, declared_pods, workloads


def resolve(scenario: Scenario, keep: Assignment | None = None) -> Topology:
    """Return the lab that the scenario describes.

    `keep`: the allocations of the lab if it is already up, which are kept. Raises ScenarioError
    with every problem, also with those that were found while the objects were read.
    """
    found = [
        *range_problems(scenario),
        *vnet_problems(scenario),
        *scenario_problems(scenario),
    ]
    problems = [*scenario.problems]
    problems += (each for each in found if each.rule not in scenario.spec.allow)
    crowded = list(too_many_nodes(scenario))
    if crowded or any(too_small(scenario)):
        # Nothing can be allocated from a range without hosts, nor to too many nodes.
        raise ScenarioError([*problems, *crowded])
    ledger = Ledger(scenario, keep or Assignment(), problems)
    ledger.warnings += (str(each) for each in found if each not in problems)
    topology = _without_faults(ledger)
    ledger.problems += _overlong_names(scenario, topology)
    if not ledger.problems:  # a fault may name a part that was left out because of a problem
        topology = replace(topology, faults=tuple(_faults(ledger, topology)))
    if ledger.problems:
        raise ScenarioError(ledger.problems)
    return with_commands(topology, ledger.keep)


def _without_faults(ledger: Ledger) -> Topology:
    spec = ledger.scenario.spec
    # Addresses in the files are reserved before free ones are allocated, and the addresses of all
    # gateways are allocated before those of any cluster's Services.
    reserve_written_ips(ledger)
    reserve_gateway_ips(ledger)
    ledger.reserve_kept_fabric_ips()
    refuse_mixed_gateways(ledger)
    all_gateways = resolve_gateways(ledger)
    vnets = resolve_vnets(ledger)
    clusters = tuple(
        _cluster(ledger, index, each, all_gateways, vnets)
        for index, each in enumerate(spec.clusters)
    )
    clusterset = clusterset_services(ledger, clusters)
    return Topology(
        lab=ledger.scenario.name,
        clusters=with_imports(clusters, clusterset),
        externals=tuple(_externals(ledger.scenario)),
        fabric=tuple(map(first_host, spec.fabric_cidr)),
        vnets=vnets.vnets,
        clusterset=clusterset,
        warnings=tuple(ledger.warnings),
    )


def _cluster(
    ledger: Ledger,
    index: int,
    spec: ClusterSpec,
    all_gateways: Mapping[str, Gateway],
    vnets: ResolvedVnets,
) -> Cluster:
    path = f"spec.clusters[{index}]"
    manifests = [each for each in ledger.scenario.manifests if spec.name in each.clusters]
    subnet, underlay = underlay_of(ledger.scenario.spec, index)
    addresses = vnets.addresses.get((spec.vnet or "", subnet))
    nodes = resolve_nodes(ledger, path, spec, manifests, underlay, addresses)
    way_out = resolve_outbound(ledger, path, spec, len(nodes))
    unplaced, absent = declared_pods(spec.name, manifests, nodes, MOST_PODS - ledger.pods)
    ledger.pods += len(unplaced)
    ledger.warnings += [*absence_warning(absent), *bound_twice(unplaced)]
    ledger.warnings += idle_daemon_sets(spec.name, manifests, nodes)
    configuration = _configuration(manifests)
    ledger.warnings += unset_variables(unplaced, configuration)
    pods, unscheduled = resolve_pods(ledger, path, spec, manifests, nodes, unplaced)
    services = resolve_services(ledger, path, spec, manifests, nodes, pods)
    ingress = ingress_proxy(ledger, spec.name, manifests, services, pods, configuration)
    served = gateway_proxies(ledger, spec.name, manifests, services, pods, configuration)
    cluster = Cluster(
        name=spec.name,
        cni=spec.cni,
        model=spec.model,
        proxy=_proxy(spec),
        pod_cidrs=underlay if spec.cni in IN_SUBNET else spec.pod_cidr,
        service_cidrs=spec.service_cidr,
        node_cidrs=underlay,
        non_masquerade_cidrs=spec.non_masquerade_cidrs,
        nodes=nodes,
        pods=listening_pods(pods, services),
        services=services,
        absent=(*absent, *unscheduled),
        workloads=tuple(workloads(spec.name, manifests)),
        attachments=attachments(ledger, path, spec, underlay, all_gateways),
        routing=spec.routing,
        virtual_cidrs=virtual_cidrs(index, spec),
        mtu=spec.mtu,
        vnet=spec.vnet or "",
        subnet=subnet,
        outbound=way_out,
        namespaces=tuple(dict.fromkeys(map(_namespace, manifests))),
        dns=cluster_dns(ledger, path, spec, manifests, services),
        http_proxies=(*((ingress,) if ingress else ()), *served),
        births=births(spec.name, manifests, pods, services, configuration, ledger.keep),
    )
    ledger.warnings += hostname_warnings(cluster)
    return cluster


def _configuration(manifests: Iterable[Manifest]) -> Configuration:
    """Return the values of the ConfigMaps and Secrets."""
    found: dict[tuple[str, str, str], Mapping[str, str]] = {}
    for each in manifests:
        if isinstance(each.object, ConfigMap | Secret):
            meta = each.object.metadata
            found[each.object.kind, meta.namespace, meta.name] = each.object.values
    return found


def _namespace(manifest: Manifest) -> str:
    """Return the namespace that an object is in, or is."""
    meta = manifest.object.metadata
    return meta.name if isinstance(manifest.object, Namespace) else meta.namespace


def _proxy(spec: ClusterSpec) -> Proxy:
    return Proxy(
        mode=spec.proxy_mode,
        masquerade_all=spec.kube_proxy.masquerade_all,
        localhost_node_ports=spec.kube_proxy.localhost_node_ports,
        node_port_addresses=spec.kube_proxy.node_port_addresses,
        scheduler=spec.kube_proxy.scheduler,
    )


def _externals(scenario: Scenario) -> Iterator[External]:
    for spec in scenario.spec.externals:
        yield External(
            name=spec.name,
            netns=netns_name(scenario.name, "external", spec.name),
            reference=f"external/{spec.name}",
            address=spec.address,
            ports=_external_ports(spec),
            mtu=spec.mtu,
            zone=spec.zone,
        )


def _external_ports(spec: ExternalSpec) -> tuple[ListenPort, ...]:
    ports = [ListenPort(each.port, Protocol(each.protocol.lower())) for each in spec.ports]
    if spec.zone:
        ports += [ListenPort(DNS_PORT, each, "dns") for each in (Protocol.UDP, Protocol.TCP)]
    return tuple({(each.port, each.protocol): each for each in ports}.values())


def _faults(ledger: Ledger, topology: Topology) -> Iterator[Fault]:
    for index, spec in enumerate(ledger.scenario.spec.faults):
        try:
            netns = locate(topology, spec.in_).netns
        except UnknownReferenceError as error:
            ledger.refuse(f"spec.faults[{index}].in", str(error))
            continue
        if spec.drop is not None:
            yield Fault(netns, DroppedPackets(spec.drop.protocol, spec.drop.port, spec.drop.type))
        if spec.down is not None:
            yield Fault(netns, LinkFailure(spec.down))


def _overlong_names(scenario: Scenario, topology: Topology) -> Iterator[Problem]:
    for name, reference, _ in topology.namespaces():
        if len(name.encode()) > 255:
            message = f"the namespace of {reference} would be named {name}: over 255 bytes"
            yield scenario.problem("metadata.name", message)
