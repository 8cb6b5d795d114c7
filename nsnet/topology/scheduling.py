"""The node of each pod, as the filters of the scheduler and the kubelet decide it.

Preferences and resources are ignored: pods are placed in turn on the nodes that the filters leave.

Source: kubernetes/pkg/scheduler/framework (plugins and FitError) and
kubernetes/pkg/kubelet/lifecycle/predicate.go, v1.32.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from nsnet.scenario.kubernetes import Pod, PodSpec
from nsnet.text import did_you_mean
from nsnet.topology.assignment import Assignment
from nsnet.topology.fitting import AFFINITY, matches_affinity, misfit, untolerated
from nsnet.topology.model import Node
from nsnet.topology.tallies import Labels, Needs, Tallies, Tally
from nsnet.topology.unplaced import UnplacedPod

PORTS: Final = "node(s) didn't have free ports for the requested pod ports"
SPREAD: Final = "node(s) didn't match pod topology spread constraints"
POD_AFFINITY: Final = "node(s) didn't match pod affinity rules"
POD_ANTI_AFFINITY: Final = "node(s) didn't match pod anti-affinity rules"
EXISTING_ANTI_AFFINITY: Final = "node(s) didn't satisfy existing pods anti-affinity rules"
OTHER_NODE: Final = "node(s) didn't satisfy plugin(s) [NodeAffinity]"
ANY: Final = "0.0.0.0"  # the hostIP of a port on all addresses of the node


class Placed(NamedTuple):
    """A pod and its node."""

    pod: UnplacedPod
    node: Node


class Unscheduled(NamedTuple):
    """A pod that does not run, and why; `node`: its nodeName, if there is no such node."""

    pod: UnplacedPod
    why: str
    node: str = ""


class HostPort(NamedTuple):
    """A port of a node that a pod needs for itself."""

    protocol: str
    number: int
    address: str


def place_pods(
    cluster: str,
    pods: Sequence[UnplacedPod],
    nodes: Sequence[Node],
    namespaces: Mapping[str, Labels],
    keep: Assignment,
) -> Iterator[Placed | Unscheduled]:
    """Yield each pod with its node, or with the reason why it has none.

    First come pods with a nodeName, which bypass the scheduler, then those that already run, which
    stay on their nodes, then those of DaemonSets, then all others in turn, nsnet's own ones last.
    All are sorted by namespace and name. `namespaces`: the labels of namespaces, by their names.
    """
    scheduler = _Scheduler(nodes, pods, namespaces)
    by_name = {node.name: node for node in nodes}
    kept: set[str] = set()
    ordered = sorted(pods, key=lambda pod: (pod.namespace, pod.name))
    daemons = [each for each in ordered if each.node and _is_daemon(each)]
    others = [each for each in ordered if not each.node and not each.manifest.own]
    own = [each for each in ordered if not each.node and each.manifest.own]
    for pod in (each for each in ordered if each.node and not _is_daemon(each)):
        node = by_name.get(pod.node)
        if node is None:
            near = did_you_mean(pod.node, by_name)
            why = f"is bound to node {pod.node}, which {cluster} does not have; {near}"
            yield Unscheduled(pod, why, node=pod.node)
        elif why := scheduler.rejection(pod, node):
            yield Unscheduled(pod, f"has ended: Failed ({why})")
        else:
            yield scheduler.bind(pod, node)
    for pod in (each for each in ordered if not each.node or _is_daemon(each)):
        node = by_name.get(keep.nodes.get(pod.reference, ""))
        if node is not None and pod.node in ("", node.name) and scheduler.keeps(pod, node):
            kept.add(pod.reference)
            yield scheduler.bind(pod, node)
    yield from scheduler.schedule(daemons, kept)
    yield from scheduler.schedule(others, kept)
    yield from scheduler.schedule(own, kept)
    yield from scheduler.retry()


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The nodes that fit a pod by themselves, and the number of the others, by reason."""

    nodes: Sequence[Node]
    misfits: Counter[str]


class Demands(NamedTuple):
    """All that the filters ask of a pod. Pods with equal demands fit the same nodes at the same
    time."""

    fit: Fit
    ports: tuple[HostPort, ...]
    needs: Needs
    matching: tuple[Tally, ...]


class _Scheduler:
    """The nodes, and what the pods that are bound to them use."""

    def __init__(
        self, nodes: Sequence[Node], pods: Sequence[UnplacedPod], namespaces: Mapping[str, Labels]
    ) -> None:
        self._nodes = nodes
        self._tallies = Tallies(nodes, pods, namespaces)
        self._used: dict[tuple[str, str, int], set[str]] = {}  # addresses, by node and port
        self._ports: dict[int, tuple[HostPort, ...]] = {}  # by the identity of the spec
        self._fits: dict[object, Fit] = {}
        self._turn = 0
        self._waiting: dict[Demands, deque[UnplacedPod]] = {}  # pods that no node fits
        self._changes: dict[Tally, dict[Demands, None]] = {}  # what waits for a tally
        self._ready: deque[Demands] = deque()  # those to try again

    def bind(self, pod: UnplacedPod, node: Node) -> Placed:
        """Let the pod run on the node."""
        for each in self._ports_of(pod.spec):
            self._used.setdefault((node.name, each.protocol, each.number), set()).add(each.address)
        for tally in self._tallies.add(pod, node):
            self._ready += self._changes.pop(tally, ())
        return Placed(pod, node)

    def rejection(self, pod: UnplacedPod, node: Node) -> str:
        """Return why the kubelet would not run a pod that names its node, or "" if it would."""
        written = pod.manifest.object
        runs = isinstance(written, Pod) and written.status.phase == "Running"
        if not runs and not matches_affinity(pod.spec, node):
            return f"NodeAffinity: {AFFINITY}"
        if self._lacks_ports(self._ports_of(pod.spec), node):
            return f"NodePorts: {PORTS}"
        if not runs and untolerated(pod.spec.tolerations, node, ("NoExecute",)):
            return "TaintToleration: node(s) had taints that the pod didn't tolerate"
        return ""

    def keeps(self, pod: UnplacedPod, node: Node) -> bool:
        """Return whether a pod that already runs can stay.

        Affinity is ignored during execution, but a taint NoExecute evicts.
        """
        evicted = untolerated(pod.spec.tolerations, node, ("NoExecute",))
        return evicted is None and not self._lacks_ports(self._ports_of(pod.spec), node)

    def schedule(self, pods: Iterable[UnplacedPod], kept: Collection[str]) -> Iterator[Placed]:
        """Yield each pod that fits a node; the others wait.

        `kept`: the pods that have stayed on their nodes. They take their turn, but are not yielded.
        """
        for pod in pods:
            if pod.reference in kept:
                self._take_turn(pod)
                continue
            demands = self._demands(pod)
            node = None if demands in self._waiting else self._choice(demands)
            if node is None:
                self._waiting.setdefault(demands, deque()).append(pod)
            else:
                yield self._schedule(pod, node)

    def retry(self) -> Iterator[Placed | Unscheduled]:
        """Yield the waiting pods: those that fit a node by now, then those that never will."""
        self._ready = deque(self._waiting)
        while self._ready:
            demands = self._ready.popleft()
            pods = self._waiting[demands]
            while pods and (node := self._choice(demands)):
                yield self._schedule(pods.popleft(), node)
            # Ports are never freed, but other pods may still bring affinity or an even spread.
            for tally in (*demands.needs.affinity, *(each.tally for each in demands.needs.spread)):
                self._changes.setdefault(tally, {})[demands] = None
        for demands, pods in self._waiting.items():
            why = f"is Pending: {self._reasons(demands)}" if pods else ""
            for pod in pods:
                yield Unscheduled(pod, why)

    def _schedule(self, pod: UnplacedPod, node: Node) -> Placed:
        self._take_turn(pod)
        return self.bind(pod, node)

    def _take_turn(self, pod: UnplacedPod) -> None:
        self._turn += not pod.node  # the pods of DaemonSets take no turn

    def _demands(self, pod: UnplacedPod) -> Demands:
        return Demands(
            fit=self._fit_of_daemon(pod.node) if pod.node else self._fit_of(pod.spec),
            ports=self._ports_of(pod.spec),
            needs=self._tallies.needs(pod),
            matching=tuple(self._tallies.matching(pod)),
        )

    def _fit_of(self, spec: PodSpec) -> Fit:
        selected = frozenset(spec.node_selector.items())
        key = (selected, spec.affinity.node_affinity, spec.tolerations)
        if key not in self._fits:
            reasons = {node.name: misfit(spec, node) for node in self._nodes}
            nodes = [node for node in self._nodes if not reasons[node.name]]
            self._fits[key] = Fit(nodes, Counter(each for each in reasons.values() if each))
        return self._fits[key]

    def _fit_of_daemon(self, name: str) -> Fit:
        """Return the node for which a DaemonSet has created a pod, with tolerations of its own."""
        if name not in self._fits:
            nodes = [node for node in self._nodes if node.name == name]
            self._fits[name] = Fit(nodes, Counter({OTHER_NODE: len(self._nodes) - len(nodes)}))
        return self._fits[name]

    def _choice(self, demands: Demands) -> Node | None:
        """Return the next node in turn that fits pods with these demands, or None."""
        nodes = demands.fit.nodes
        for term in demands.needs.affinity[:1]:  # it rules most nodes out
            if term.counts:
                nodes = [each for each in nodes if term.domains.get(each.name) in term.counts]
        for index in range(len(nodes)):
            node = nodes[(self._turn + index) % len(nodes)]
            if not self._obstacle(demands, node):
                return node
        return None

    def _obstacle(self, demands: Demands, node: Node) -> str:
        """Return why pods that are bound already rule the node out for these demands, or ""."""
        if self._lacks_ports(demands.ports, node):
            return PORTS
        for spread in demands.needs.spread:
            domain = node.labels.get(spread.topology_key)
            if domain is None:
                return f"{SPREAD} (missing required label)"
            if not spread.allows(domain, itself=spread.tally in demands.matching):
                return SPREAD
        affinity = demands.needs.affinity
        if affinity and not _is_satisfied(affinity, node, demands.matching):
            return POD_AFFINITY
        if any(each.counts[domain] for each, domain in _domains(demands.needs.anti_affinity, node)):
            return POD_ANTI_AFFINITY
        if any(each.repelling[domain] for each, domain in _domains(demands.matching, node)):
            return EXISTING_ANTI_AFFINITY
        return ""

    def _lacks_ports(self, ports: Iterable[HostPort], node: Node) -> bool:
        for each in ports:
            used = self._used.get((node.name, each.protocol, each.number))
            if used and (each.address == ANY or used & {ANY, each.address}):
                return True
        return False

    def _ports_of(self, spec: PodSpec) -> tuple[HostPort, ...]:
        if id(spec) not in self._ports:
            self._ports[id(spec)] = host_ports(spec)
        return self._ports[id(spec)]

    def _reasons(self, demands: Demands) -> str:
        """Return why no node fits, as the scheduler's event says it."""
        found = Counter(self._obstacle(demands, node) for node in demands.fit.nodes)
        reasons = histogram(demands.fit.misfits + found)
        return f"0/{len(self._nodes)} nodes are available: {reasons}."


def histogram(reasons: Mapping[str, int]) -> str:
    """Return the number of nodes for each reason, as the scheduler writes it."""
    return ", ".join(sorted(f"{number} {reason}" for reason, number in reasons.items() if number))


def host_ports(spec: PodSpec) -> tuple[HostPort, ...]:
    """Return the ports of its node that a pod needs: on the host network, all that it declares."""
    return tuple(
        HostPort(port.protocol, number, port.host_ip or ANY)
        for container in spec.serving
        for port in container.ports
        if (number := port.container_port if spec.host_network else port.host_port)
    )


def _is_daemon(pod: UnplacedPod) -> bool:
    """Return whether a DaemonSet creates the pod: the scheduler then binds it to pod.node."""
    return pod.manifest.object.kind == "DaemonSet"


def _domains(tallies: Iterable[Tally], node: Node) -> Iterator[tuple[Tally, str]]:
    """Yield each tally with the node's domain, if the node has one."""
    return ((each, each.domains[node.name]) for each in tallies if node.name in each.domains)


def _is_satisfied(affinity: Sequence[Tally], node: Node, matching: Sequence[Tally]) -> bool:
    """Return whether the affinity is satisfied on the node, by pods that run, or by the pod itself
    if it is the first of a group that has affinity to itself."""
    if not all(node.name in each.domains for each in affinity):
        return False
    if all(each.counts[each.domains[node.name]] for each in affinity):
        return True
    return not any(each.counts for each in affinity) and all(each in matching for each in affinity)
