"""Scenario → Topology: names, placement, addresses and endpoints, with every mistake reported at
once.

A pure function of the file and, for a lab that is already up, of what that lab has given to whom.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_interface

from nsnet.errors import Problem, ScenarioError
from nsnet.ip import IPAddress, IPInterface, IPNetwork, Protocol
from nsnet.scenario.kinds import SMALLEST_MTU6, ClusterSpec, NodeSpec
from nsnet.scenario.model import Scenario
from nsnet.topology.assignment import Assignment
from nsnet.topology.gateway_ips import gateway_ips, hold_gateways
from nsnet.topology.imports import acquainted
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import (
    Cluster,
    Down,
    Dropped,
    External,
    Fault,
    Gateway,
    ListenPort,
    Node,
    Proxy,
    Topology,
    netns_name,
    reference_of,
)
from nsnet.topology.notation import UnknownReferenceError
from nsnet.topology.outside_ips import hold_written
from nsnet.topology.placement import drafts, workloads
from nsnet.topology.pods import pods
from nsnet.topology.pool import Pool
from nsnet.topology.ranges import (
    node_cidrs,
    overlaps,
    special,
    too_small,
    unfit,
    unpresentable,
    virtual_cidrs,
)
from nsnet.topology.references import locate, members, target
from nsnet.topology.services import services
from nsnet.topology.sharing import gateways_of, refuse_mixtures, sharing


def resolve(scenario: Scenario, keep: Assignment | None = None) -> Topology:
    """The lab that the file describes. Raises ScenarioError with every problem."""
    ranges = [
        *special(scenario),
        *too_small(scenario),
        *overlaps(scenario),
        *unfit(scenario),
        *unpresentable(scenario),
    ]
    if any(too_small(scenario)):
        raise ScenarioError(ranges)  # nobody could be given an address
    ledger = Ledger(scenario, keep or Assignment())
    ledger.problems.extend(ranges)
    topology = _Resolver(ledger).topology()
    if ledger.problems:
        raise ScenarioError(ledger.problems)
    return topology


def check_probes(scenario: Scenario, topology: Topology) -> None:
    """Every reference in the probes names something. Raises ScenarioError with every problem."""
    problems = list(_probe_problems(scenario, topology))
    if problems:
        raise ScenarioError(problems)


class _Resolver:
    """One pass over the file, cluster by cluster."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.scenario = ledger.scenario
        self.gateways: dict[str, tuple[IPAddress, ...]] = {}

    def topology(self) -> Topology:
        spec = self.scenario.spec
        self.ledger.refuse_twice("spec.clusters", [each.name for each in spec.clusters])
        self.ledger.refuse_twice("spec.externals", [each.name for each in spec.externals])
        # What is written comes before what is given, and all gateways before all exported Services
        # and load balancers, whichever cluster they belong to.
        hold_written(self.ledger)
        hold_gateways(self.ledger)
        self.ledger.keep_outside()
        refuse_mixtures(self.ledger)
        self.gateways = gateway_ips(self.ledger)
        clusters = tuple(self._cluster(index, each) for index, each in enumerate(spec.clusters))
        topology = Topology(
            self.scenario.name,
            acquainted(clusters),
            tuple(self._externals()),
            tuple(ip_interface(f"{each[1]}/{each.prefixlen}") for each in spec.fabric_cidr),
            tuple(self.ledger.warnings),
        )
        for name, reference in topology.places():
            if len(name.encode()) > 255:
                message = f"the namespace of {reference} would be named {name}: over 255 bytes"
                self.ledger.wrong("metadata.name", message)
        # What lacks a part cannot be asked for it.
        faults = () if self.ledger.problems else tuple(self._faults(topology))
        return replace(topology, faults=faults)

    def _externals(self) -> Iterator[External]:
        seen: dict[IPAddress, str] = {}
        for index, spec in enumerate(self.scenario.spec.externals):
            if seen.setdefault(spec.address, spec.name) != spec.name:
                path = f"spec.externals[{index}].address"
                self.ledger.wrong(path, f"{spec.address} belongs to {seen[spec.address]} already")
            yield External(
                spec.name,
                netns_name(self.scenario.name, "external", spec.name),
                f"external/{spec.name}",
                spec.address,
                tuple(
                    ListenPort(each.port, Protocol(each.protocol.lower())) for each in spec.ports
                ),
                spec.mtu,
            )
            if spec.mtu is not None and spec.address.version == 6:
                self._wide_enough(f"spec.externals[{index}].mtu", spec.mtu)

    def _wide_enough(self, path: str, mtu: int) -> None:
        if mtu < SMALLEST_MTU6:
            self.ledger.wrong(path, f"IPv6 needs {SMALLEST_MTU6} at least, not {mtu}")

    def _faults(self, topology: Topology) -> Iterator[Fault]:
        for index, spec in enumerate(self.scenario.spec.faults):
            try:
                place = locate(topology, spec.in_)
            except UnknownReferenceError as error:
                self.ledger.wrong(f"spec.faults[{index}].in", str(error))
                continue
            if spec.drop is not None:
                dropped = Dropped(spec.drop.protocol, spec.drop.port, spec.drop.type)
                yield Fault(place.netns, dropped)
            if spec.down is not None:
                yield Fault(place.netns, Down(spec.down))

    def _cluster(self, index: int, spec: ClusterSpec) -> Cluster:
        path = f"spec.clusters[{index}]"
        manifests = [each for each in self.scenario.manifests if spec.name in each.clusters]
        underlay = node_cidrs(index, spec)
        nodes = tuple(self._nodes(path, spec, underlay))
        if spec.mtu is not None and any(each.version == 6 for each in spec.pod_cidr):
            self._wide_enough(f"{path}.mtu", spec.mtu)
        housed = pods(self.ledger, path, spec, nodes, list(drafts(spec.name, manifests, nodes)))
        if spec.gateway is not None and spec.model != "island":
            self.ledger.wrong(
                f"{path}.gateway", f"only an island has one; {spec.name} is {spec.model}"
            )
        if spec.routing == "bgp" and spec.model != "flat":
            message = f"the fabric learns where the pods of flat clusters are; {spec.name} is"
            self.ledger.wrong(f"{path}.routing", f"{message} {spec.model}")
        if spec.gateway is not None and spec.gateway.virtual_cidr and spec.gateway.kind != "vip":
            message = (
                f"only kind vip has virtual addresses; this gateway is of kind {spec.gateway.kind}"
            )
            self.ledger.wrong(f"{path}.gateway.virtualCIDR", message)
        return Cluster(
            spec.name,
            spec.cni,
            spec.model,
            _proxy(spec),
            spec.pod_cidr,
            spec.service_cidr,
            underlay,
            spec.non_masquerade_cidrs,
            nodes,
            housed,
            services(self.ledger, path, spec, manifests, nodes, housed),
            tuple(workloads(spec.name, manifests)),
            *self._gateways(path, spec, underlay),
            spec.routing,
            virtual_cidrs(index, spec),
            mtu=spec.mtu,
        )

    def _nodes(self, path: str, spec: ClusterSpec, underlay: Sequence[IPNetwork]) -> Iterator[Node]:
        specs = (
            spec.nodes
            if isinstance(spec.nodes, tuple)
            else [NodeSpec(name=f"n{number}") for number in range(1, spec.nodes + 1)]
        )
        self.ledger.refuse_twice(f"{path}.nodes", [each.name for each in specs])
        owners = {reference_of(spec.name, "node", each.name): each for each in specs}
        replicas = spec.gateway.replicas if spec.gateway is not None else 1
        addresses = self._interfaces(f"{path}.nodeCIDR", underlay, list(owners), replicas)
        ranges = self._pod_cidrs(path, spec, list(owners))
        for owner, each in owners.items():
            yield Node(
                each.name,
                netns_name(self.scenario.name, spec.name, "node", each.name),
                owner,
                {"kubernetes.io/hostname": each.name, **each.labels},
                addresses.get(owner, ()),
                ranges.get(owner, ()),
                _overlay(ranges.get(owner, ())) if spec.cni == "vxlan" else (),
            )

    def _interfaces(
        self, path: str, networks: Sequence[IPNetwork], owners: Sequence[str], replicas: int
    ) -> dict[str, tuple[IPInterface, ...]]:
        """An address of each range for each owner; the first of each range is the router's, and
        where two stand there, the last, too."""
        given: dict[str, tuple[IPInterface, ...]] = {}
        for network in networks:
            taken = (network[1], network[-2])[:replicas] if network.num_addresses > 2 else ()
            pool = Pool(network, taken)
            for owner, address in self.ledger.allocate(path, pool, owners).items():
                interface = ip_interface(f"{address}/{network.prefixlen}")
                given[owner] = (*given.get(owner, ()), interface)
        return given

    def _pod_cidrs(
        self, path: str, spec: ClusterSpec, owners: Sequence[str]
    ) -> dict[str, tuple[IPNetwork, ...]]:
        """A range of pod addresses for each node: what it had, else the first free."""
        given: dict[str, tuple[IPNetwork, ...]] = {}
        for network in spec.pod_cidr:
            size = (spec.node_cidr_mask_size or 24) if network.version == 4 else 64
            room = 2 ** (size - network.prefixlen) if size >= network.prefixlen else 0
            if room < len(owners) or size > network.max_prefixlen - 2:
                message = (
                    f"{network} has room for {room} nodes, a /{size} each, not {len(owners)}"
                    if size <= network.max_prefixlen - 2
                    else f"a /{size} has no room for pods"
                )
                self.ledger.wrong(f"{path}.podCIDR", message)
                continue
            kept = {
                owner: held
                for owner in owners
                for held in self.ledger.keep.pod_cidrs.get(owner, ())
                if held.prefixlen == size and held.overlaps(network)
            }
            free = (each for each in network.subnets(new_prefix=size) if each not in kept.values())
            for owner in owners:
                given[owner] = (*given.get(owner, ()), kept.get(owner) or next(free))
        return given

    def _gateways(
        self, path: str, spec: ClusterSpec, underlay: Sequence[IPNetwork]
    ) -> tuple[Gateway | None, Gateway | None]:
        """The gateway, and who takes its place."""
        if spec.gateway is None:
            return None, None
        members, name = sharing(self.scenario, spec), spec.gateway.name
        number = members.index(spec) + 1 if len(members) > 1 else 0
        place = ("gateway", name) if name is not None else (spec.name, "gateway")
        prefixes = {each.version: each.prefixlen for each in self.scenario.spec.fabric_cidr}
        references = gateways_of(members)
        made = [
            Gateway(
                spec.gateway.kind,
                netns_name(self.scenario.name, *place, *([str(replica)] if replica else [])),
                reference,
                tuple(ip_interface(f"{each[end]}/{each.prefixlen}") for each in underlay),
                tuple(
                    ip_interface(f"{each}/{prefixes[each.version]}")
                    for each in self.gateways[reference]
                ),
                name or "",
                f"eth{number}" if number > 1 else "eth0",  # eth1 is its way out
                number,
                replica,
            )
            for reference, replica, end in zip(
                references, (1, 2) if len(references) > 1 else (0,), (1, -2), strict=False
            )
        ]
        if len(made) > 1 and any(each.num_addresses < 8 for each in underlay):
            self.ledger.wrong(f"{path}.nodeCIDR", "has no room for two gateways and a node")
        return made[0], made[1] if len(made) > 1 else None


def _overlay(pod_cidrs: Sequence[IPNetwork]) -> tuple[IPInterface, ...]:
    """As flannel has it: the first address of each pod range is the tunnel's own, all alone."""
    return tuple(ip_interface(each[0]) for each in pod_cidrs)


def _proxy(spec: ClusterSpec) -> Proxy:
    said = spec.kube_proxy
    return Proxy(
        spec.proxy_mode,
        said.masquerade_all,
        said.localhost_node_ports,
        said.node_port_addresses,
        said.scheduler,
    )


def _probe_problems(scenario: Scenario, topology: Topology) -> Iterator[Problem]:
    """Every reference in the probes names something, and can stand where it stands."""
    ports: dict[tuple[str, Protocol, int], int] = {}
    for index, probe in enumerate(scenario.spec.probes):
        path = f"spec.probes[{index}]"
        try:
            source = locate(topology, probe.from_)
            if probe.source_port is not None:
                place = (source.netns, probe.protocol, probe.source_port)
                first = ports.setdefault(place, index)
                if first != index:
                    message = f"probes[{first}] has {probe.source_port} there: all start at once"
                    yield scenario.problem(f"{path}.sourcePort", message)
        except UnknownReferenceError as error:
            yield scenario.problem(f"{path}.from", str(error))
            continue
        try:
            target(topology, probe.to, source, probe.protocol)
        except UnknownReferenceError as error:
            yield scenario.problem(f"{path}.to", str(error))
        expect = probe.expect
        named = [
            *(("source", each) for each in [expect.source] if each is not None),
            *((f"servers[{number}]", each) for number, each in enumerate(expect.servers or ())),
            *((f"path[{number}]", each) for number, each in enumerate(expect.path or ())),
        ]
        for key, reference in named:
            try:
                members(topology, reference)
            except UnknownReferenceError as error:
                yield scenario.problem(f"{path}.expect.{key}", str(error))
