"""Scenario → Topology: names, placement, addresses and endpoints, with every mistake reported at
once.

A pure function of the file and, for a lab that is already up, of what that lab has given to whom.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_interface

from nsnet.addressing import AddressError, Assignment, Pool, allocate
from nsnet.endpoints import selected_pods, service_ports
from nsnet.errors import Problem, ScenarioError
from nsnet.placement import Draft, drafts, place, workloads
from nsnet.ranges import node_cidrs, overlaps, too_small, unfit
from nsnet.references import UnknownReferenceError, locate, members, target
from nsnet.scenario import kubernetes
from nsnet.scenario.kinds import ClusterSpec, NodeSpec
from nsnet.scenario.load import Manifest, Scenario
from nsnet.state import IPAddress, IPInterface, IPNetwork, Protocol
from nsnet.topology import (
    Cluster,
    External,
    Gateway,
    ListenPort,
    Node,
    Pod,
    Service,
    Topology,
    export_of,
    netns_name,
    only,
    reference_of,
)

KEPT_FREE = (1, 10)  # of every service range: kubernetes.default and the cluster's DNS


def resolve(scenario: Scenario, keep: Assignment | None = None) -> Topology:
    """The lab that the file describes. Raises ScenarioError with every problem."""
    ranges = [*too_small(scenario), *overlaps(scenario), *unfit(scenario)]
    if any(too_small(scenario)):
        raise ScenarioError(ranges)  # nobody could be given an address
    resolver = _Resolver(scenario, keep or Assignment())
    resolver.problems.extend(ranges)
    topology = resolver.topology()
    if resolver.problems:
        raise ScenarioError(resolver.problems)
    return topology


def check_probes(scenario: Scenario, topology: Topology) -> None:
    """Every reference in the probes names something. Raises ScenarioError with every problem."""
    problems = list(_probe_problems(scenario, topology))
    if problems:
        raise ScenarioError(problems)


class _Resolver:
    """One pass over the file; a part that is wrong is left out, and the rest still checked."""

    def __init__(self, scenario: Scenario, keep: Assignment) -> None:
        self.scenario = scenario
        self.keep = keep
        self.problems: list[Problem] = []
        self.warnings: list[str] = list(scenario.warnings)
        self.gateways: dict[str, tuple[IPAddress, ...]] = {}
        self.fabric_pools = [Pool(each, (each[1],)) for each in scenario.spec.fabric_cidr]
        for pool in self.fabric_pools:
            for owner in keep.addresses:
                held = keep.of(owner, pool.network)
                if held is not None:
                    pool.hold(held, owner)

    def wrong(self, path: str, message: str) -> None:
        self.problems.append(self.scenario.problem(path, message))

    def topology(self) -> Topology:
        spec = self.scenario.spec
        self._refuse_twice("spec.clusters", [each.name for each in spec.clusters])
        self._refuse_twice("spec.externals", [each.name for each in spec.externals])
        # All gateways come before all exported Services, whichever cluster they belong to.
        for each in spec.clusters:
            if each.gateway is not None:
                self.gateways[each.name] = self._fabric_addresses(each, f"{each.name}/gateway")
        clusters = tuple(self._cluster(index, each) for index, each in enumerate(spec.clusters))
        topology = Topology(
            self.scenario.name,
            clusters,
            tuple(self._externals()),
            tuple(ip_interface(f"{each[1]}/{each.prefixlen}") for each in spec.fabric_cidr),
            tuple(self.warnings),
        )
        for name, reference in topology.places():
            if len(name.encode()) > 255:
                message = f"the namespace of {reference} would be named {name}: over 255 bytes"
                self.wrong("metadata.name", message)
        return topology

    def _refuse_twice(self, path: str, names: Sequence[str]) -> None:
        for index, name in enumerate(names):
            if name in names[:index]:
                self.wrong(f"{path}[{index}].name", f"{name} is there twice")

    def _externals(self) -> Iterator[External]:
        seen: dict[IPAddress, str] = {}
        for index, spec in enumerate(self.scenario.spec.externals):
            if seen.setdefault(spec.address, spec.name) != spec.name:
                path = f"spec.externals[{index}].address"
                self.wrong(path, f"{spec.address} belongs to {seen[spec.address]} already")
            yield External(
                spec.name,
                netns_name(self.scenario.name, "external", spec.name),
                f"external/{spec.name}",
                spec.address,
                tuple(
                    ListenPort(each.port, Protocol(each.protocol.lower())) for each in spec.ports
                ),
            )

    def _cluster(self, index: int, spec: ClusterSpec) -> Cluster:
        path = f"spec.clusters[{index}]"
        manifests = [each for each in self.scenario.manifests if spec.name in each.clusters]
        underlay = node_cidrs(index, spec)
        nodes = tuple(self._nodes(path, spec, underlay))
        pods = self._pods(spec, nodes, list(drafts(spec.name, manifests, nodes)))
        if spec.gateway is not None and spec.model != "island":
            self.wrong(f"{path}.gateway", f"only an island has one; {spec.name} is {spec.model}")
        return Cluster(
            spec.name,
            spec.cni,
            spec.model,
            spec.proxy_mode,
            spec.pod_cidr,
            spec.service_cidr,
            underlay,
            spec.non_masquerade_cidrs,
            nodes,
            pods,
            tuple(self._services(path, spec, manifests, pods)),
            tuple(workloads(spec.name, manifests)),
            self._gateway(spec, underlay),
        )

    def _nodes(self, path: str, spec: ClusterSpec, underlay: Sequence[IPNetwork]) -> Iterator[Node]:
        specs = (
            spec.nodes
            if isinstance(spec.nodes, tuple)
            else [NodeSpec(name=f"n{number}") for number in range(1, spec.nodes + 1)]
        )
        self._refuse_twice(f"{path}.nodes", [each.name for each in specs])
        owners = {reference_of(spec.name, "node", each.name): each for each in specs}
        addresses = self._interfaces(f"{path}.nodeCIDR", underlay, list(owners))
        ranges = self._pod_cidrs(path, spec, list(owners))
        for owner, each in owners.items():
            yield Node(
                each.name,
                netns_name(self.scenario.name, spec.name, "node", each.name),
                owner,
                {"kubernetes.io/hostname": each.name, **each.labels},
                addresses.get(owner, ()),
                ranges.get(owner, ()),
            )

    def _interfaces(
        self, path: str, networks: Sequence[IPNetwork], owners: Sequence[str]
    ) -> dict[str, tuple[IPInterface, ...]]:
        """An address of each range for each owner; the first of each range is the router's."""
        given: dict[str, tuple[IPInterface, ...]] = {}
        for network in networks:
            pool = Pool(network, (network[1],) if network.num_addresses > 1 else ())
            for owner, address in self._allocate(path, pool, owners).items():
                interface = ip_interface(f"{address}/{network.prefixlen}")
                given[owner] = (*given.get(owner, ()), interface)
        return given

    def _allocate(self, path: str, pool: Pool, owners: Sequence[str]) -> Mapping[str, IPAddress]:
        kept = {owner: self.keep.of(owner, pool.network) for owner in owners}
        try:
            return allocate(pool, owners, {owner: held for owner, held in kept.items() if held})
        except AddressError as error:
            self.wrong(path, str(error))
            return {}

    def _pod_cidrs(
        self, path: str, spec: ClusterSpec, owners: Sequence[str]
    ) -> dict[str, tuple[IPNetwork, ...]]:
        """A range of pod addresses for each node: what it had, else the first free."""
        given: dict[str, tuple[IPNetwork, ...]] = {}
        for network in spec.pod_cidr:
            size = (spec.node_cidr_mask_size or 24) if network.version == 4 else 64
            room = 2 ** (size - network.prefixlen) if size >= network.prefixlen else 0
            if room < len(owners) or size > network.max_prefixlen - 2:
                message = f"{network} has room for {room} nodes, a /{size} each, not {len(owners)}"
                self.wrong(f"{path}.podCIDR", message)
                continue
            kept = {
                owner: held
                for owner in owners
                for held in self.keep.pod_cidrs.get(owner, ())
                if held.prefixlen == size and held.overlaps(network)
            }
            free = (each for each in network.subnets(new_prefix=size) if each not in kept.values())
            for owner in owners:
                given[owner] = (*given.get(owner, ()), kept.get(owner) or next(free))
        return given

    def _pods(
        self, spec: ClusterSpec, nodes: Sequence[Node], drafted: Sequence[Draft]
    ) -> tuple[Pod, ...]:
        placed: list[tuple[Draft, Node]] = []
        seen: set[str] = set()
        bound: dict[tuple[str, int, Protocol], str] = {}
        for outcome in place(spec.name, drafted, nodes, self.keep):
            if isinstance(outcome, Problem):
                self.problems.append(outcome)
                continue
            draft, node = outcome
            reference = reference_of(spec.name, "pod", draft.name, draft.namespace)
            if reference in seen:
                message = f"two pods would be named {draft.name}"
                self.problems.append(draft.manifest.problem("metadata.name", message))
            elif not self._ports_clash(draft) and not self._bound(draft, node, bound):
                seen.add(reference)
                placed.append((draft, node))
        addresses = self._pod_addresses(spec, nodes, placed)
        return tuple(self._pod(spec, draft, node, addresses) for draft, node in placed)

    def _ports_clash(self, draft: Draft) -> bool:
        """The containers of a pod share one namespace: a port can be bound once."""
        bound = [(each.port, each.protocol) for each in draft.ports]
        twice = {each for each in bound if bound.count(each) > 1}
        for port, protocol in sorted(twice):
            where = f"port {port}/{protocol.upper()} stands there twice"
            message = f"{where}: containers of a pod share one network"
            self.problems.append(draft.manifest.problem(f"{draft.path}.containers", message))
        return bool(twice)

    def _bound(self, draft: Draft, node: Node, bound: dict[tuple[str, int, Protocol], str]) -> bool:
        """Pods of the host's network share it with each other: on a node a port can be bound
        once."""
        for each in draft.ports if draft.spec.host_network else ():
            me = f"{draft.namespace}/{draft.name}"
            owner = bound.setdefault((node.name, each.port, each.protocol), me)
            if owner != me:
                where = f"port {each.port}/{each.protocol.upper()} of node {node.name}"
                message = f"{where} is taken by pod {owner}, on the host's network, too"
                self.problems.append(draft.manifest.problem(f"{draft.path}.containers", message))
                return True
        return False

    def _pod_addresses(
        self, spec: ClusterSpec, nodes: Sequence[Node], placed: Iterable[tuple[Draft, Node]]
    ) -> dict[str, tuple[IPAddress, ...]]:
        by_node: dict[str, list[str]] = {node.name: [] for node in nodes}
        manifests: dict[str, Draft] = {}
        for draft, node in placed:
            if not draft.spec.host_network:
                reference = reference_of(spec.name, "pod", draft.name, draft.namespace)
                by_node[node.name].append(reference)
                manifests[reference] = draft
        given: dict[str, tuple[IPAddress, ...]] = {}
        for node in nodes:
            for bridge, network in zip(node.bridge, node.pod_cidrs, strict=True):
                pool = Pool(network, (bridge.ip,))
                index = [each.name for each in self.scenario.spec.clusters].index(spec.name)
                path = f"spec.clusters[{index}].podCIDR"
                for owner, address in self._allocate(path, pool, by_node[node.name]).items():
                    given[owner] = (*given.get(owner, ()), address)
        return given

    def _pod(
        self,
        spec: ClusterSpec,
        draft: Draft,
        node: Node,
        addresses: Mapping[str, tuple[IPAddress, ...]],
    ) -> Pod:
        reference = reference_of(spec.name, "pod", draft.name, draft.namespace)
        shared = draft.spec.host_network
        return Pod(
            draft.name,
            draft.namespace,
            node.netns
            if shared
            else netns_name(self.scenario.name, spec.name, "pod", draft.namespace, draft.name),
            reference,
            node.name,
            draft.labels,
            only(node.addresses) if shared else addresses.get(reference, ()),
            draft.ports,
            draft.workload,
            draft.ready,
            draft.terminating,
            shared,
        )

    def _services(
        self, path: str, spec: ClusterSpec, manifests: Sequence[Manifest], pods: Sequence[Pod]
    ) -> Iterator[Service]:
        mine = [each for each in manifests if isinstance(each.object, kubernetes.Service)]
        externals = self.scenario.spec.externals
        outside = {each.address: f"external/{each.name}" for each in externals}
        exported = self._exported(path, spec, manifests)
        owners = {_service_reference(spec, each): each for each in mine}
        addresses = self._service_addresses(path, spec, owners)
        for reference, manifest in owners.items():
            service = manifest.object
            assert isinstance(service, kubernetes.Service)
            if service.spec.selector and not selected_pods(service, pods):
                problem = manifest.problem("spec.selector", "")
                place_ = f"{problem.file}:{problem.line}"
                self.warnings.append(f"{place_}: the selector of {reference} matches no pod")
            yield Service(
                service.metadata.name,
                service.metadata.namespace,
                reference,
                addresses.get(reference, ()),
                service_ports(service, pods, manifests, outside),
                self._fabric_addresses(spec, export_of(reference)) if reference in exported else (),
            )

    def _service_addresses(
        self, path: str, spec: ClusterSpec, owners: Mapping[str, Manifest]
    ) -> dict[str, tuple[IPAddress, ...]]:
        """A ClusterIP of each family for each Service that has one: as written, as it was, or the
        first free."""
        given: dict[str, tuple[IPAddress, ...]] = {}
        pools = [
            Pool(each, [each[host] for host in KEPT_FREE if host < each.num_addresses])
            for each in spec.service_cidr
        ]
        for reference, manifest in owners.items():
            written = _written_cluster_ip(manifest)
            try:
                wanted = ip_address(written) if written else None
                family = next((each for each in pools if wanted and wanted in each.network), None)
                if wanted and family is None:
                    ranges = ", ".join(str(each) for each in spec.service_cidr)
                    raise AddressError(f"{wanted} is outside serviceCIDR {ranges}")
                if wanted and family:
                    family.hold(wanted, reference)
                    given[reference] = (wanted,)
            except (ValueError, AddressError) as error:
                message = (
                    str(error)
                    if isinstance(error, AddressError)
                    else f"{written!r} is not an IP address"
                )
                self.problems.append(manifest.problem("spec.clusterIP", message))
        waiting = [each for each in owners if each not in given and _has_cluster_ip(owners[each])]
        for pool in pools:
            for owner, address in self._allocate(f"{path}.serviceCIDR", pool, waiting).items():
                given[owner] = (*given.get(owner, ()), address)
        return given

    def _exported(
        self, path: str, spec: ClusterSpec, manifests: Sequence[Manifest]
    ) -> frozenset[str]:
        services = {
            _service_reference(spec, each)
            for each in manifests
            if isinstance(each.object, kubernetes.Service)
        }
        exported = set()
        for manifest in manifests:
            if not isinstance(manifest.object, kubernetes.ServiceExport):
                continue
            reference = _service_reference(spec, manifest)
            if reference not in services:
                name = manifest.object.metadata.name
                message = f"{spec.name} has no Service {name} to export"
                self.problems.append(manifest.problem("metadata.name", message))
            elif spec.gateway is None:
                message = f"a Service is exported by a gateway, and {spec.name} has none"
                self.problems.append(manifest.problem("kind", message))
            else:
                exported.add(reference)
        return frozenset(exported)

    def _fabric_addresses(self, spec: ClusterSpec, owner: str) -> tuple[IPAddress, ...]:
        """Addresses outside every cluster, of the cluster's families."""
        versions = {each.version for each in spec.pod_cidr}
        given: list[IPAddress] = []
        for pool in self.fabric_pools:
            if pool.network.version in versions:
                given.extend(self._allocate("spec.fabricCIDR", pool, [owner]).values())
        return tuple(given)

    def _gateway(self, spec: ClusterSpec, underlay: Sequence[IPNetwork]) -> Gateway | None:
        if spec.gateway is None:
            return None
        reference = f"{spec.name}/gateway"
        prefixes = {each.version: each.prefixlen for each in self.scenario.spec.fabric_cidr}
        outside = self.gateways[spec.name]
        return Gateway(
            spec.gateway.kind,
            netns_name(self.scenario.name, spec.name, "gateway"),
            reference,
            tuple(ip_interface(f"{each[1]}/{each.prefixlen}") for each in underlay),
            tuple(ip_interface(f"{each}/{prefixes[each.version]}") for each in outside),
        )


def _service_reference(spec: ClusterSpec, manifest: Manifest) -> str:
    meta = manifest.object.metadata
    return reference_of(spec.name, "svc", meta.name, meta.namespace)


def _written_cluster_ip(manifest: Manifest) -> str:
    service = manifest.object
    assert isinstance(service, kubernetes.Service)
    return "" if service.spec.cluster_ip == "None" else service.spec.cluster_ip


def _has_cluster_ip(manifest: Manifest) -> bool:
    service = manifest.object
    assert isinstance(service, kubernetes.Service)
    return service.spec.cluster_ip != "None" and service.spec.type != "ExternalName"


def _probe_problems(scenario: Scenario, topology: Topology) -> Iterator[Problem]:
    """Every reference in the probes names something, and can stand where it stands."""
    for index, probe in enumerate(scenario.spec.probes):
        path = f"spec.probes[{index}]"
        try:
            source = locate(topology, probe.from_)
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
