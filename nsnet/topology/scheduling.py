"""The node of each pod, as the filters of the scheduler and the kubelet decide it.

Preferences and resources are ignored: pods are placed in turn on the nodes that the filters leave.

Source: kubernetes/pkg/scheduler/framework (plugins and FitError) and
kubernetes/pkg/kubelet/lifecycle/predicate.go, v1.32.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
NEAR: Final = "node(s) didn't match pod affinity rules"
APART: Final = "node(s) didn't match pod anti-affinity rules"
REPELLED: Final = "node(s) didn't satisfy existing pods anti-affinity rules"
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
    stay on their nodes, then those of DaemonSets, then all others in turn. All are sorted by
    namespace and name. `namespaces`: the labels of namespaces, by their names.
    """
    scheduler = _Scheduler(nodes, pods, namespaces)
    by_name = {node.name: node for node in nodes}
    daemons: list[UnplacedPod] = []
    others: list[UnplacedPod] = []
    kept: set[str] = set()
    ordered = sorted(pods, key=lambda pod: (pod.namespace, pod.name))
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
        elif pod.node:
            daemons.append(pod)
        if not pod.node:
            others.append(pod)
    yield from scheduler.schedule(daemons, kept)
    yield from scheduler.schedule(others, kept)
    yield from scheduler.retry()


class Candidates:
    """The nodes that fit a pod by themselves, and the number of the others, by reason."""

    def __init__(self, fitting: Sequence[Node], others: Mapping[str, int]) -> None:
        self.fitting = fitting
        self.others = Counter(others)


class Kind(NamedTuple):
    """All that the filters ask of a pod. Pods of one kind fit the same nodes at the same time."""

    candidates: Candidates
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
        self._candidates: dict[object, Candidates] = {}
        self._turn = 0
        self._waiting: dict[Kind, deque[UnplacedPod]] = {}  # pods that no node fits
        self._changes: dict[Tally, dict[Kind, None]] = {}  # the kinds that wait for a tally
        self._ready: deque[Kind] = deque()  # those to try again

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
        """Yield each pod that fits a node; the others wait. Kept pods only take their turn."""
        for pod in pods:
            if pod.reference in kept:
                self._turn += 1
                continue
            kind = self._kind(pod)
            node = None if kind in self._waiting else self._choice(kind)
            if node is None:
                self._waiting.setdefault(kind, deque()).append(pod)
            else:
                yield self._schedule(pod, node)

    def retry(self) -> Iterator[Placed | Unscheduled]:
        """Yield the waiting pods: those that fit a node by now, then those that never will."""
        self._ready = deque(self._waiting)
        while self._ready:
            kind = self._ready.popleft()
            pods = self._waiting[kind]
            while pods and (node := self._choice(kind)):
                yield self._schedule(pods.popleft(), node)
            # Ports are never freed, but other pods may still bring affinity or an even spread.
            for tally in (*kind.needs.near, *(each.tally for each in kind.needs.spread)):
                self._changes.setdefault(tally, {})[kind] = None
        for kind, pods in self._waiting.items():
            why = f"is Pending: {self._reasons(kind)}" if pods else ""
            for pod in pods:
                yield Unscheduled(pod, why)

    def _schedule(self, pod: UnplacedPod, node: Node) -> Placed:
        self._turn += not pod.node  # the pods of DaemonSets take no turn
        return self.bind(pod, node)

    def _kind(self, pod: UnplacedPod) -> Kind:
        return Kind(
            candidates=self._only(pod.node) if pod.node else self._fitting(pod.spec),
            ports=self._ports_of(pod.spec),
            needs=self._tallies.needs(pod),
            matching=tuple(self._tallies.matching(pod)),
        )

    def _fitting(self, spec: PodSpec) -> Candidates:
        selected = frozenset(spec.node_selector.items())
        key = (selected, spec.affinity.node_affinity, spec.tolerations)
        if key not in self._candidates:
            reasons = {node.name: misfit(spec, node) for node in self._nodes}
            fitting = [node for node in self._nodes if not reasons[node.name]]
            others = Counter(reason for reason in reasons.values() if reason)
            self._candidates[key] = Candidates(fitting, others)
        return self._candidates[key]

    def _only(self, name: str) -> Candidates:
        """Return the node for which a DaemonSet has created a pod, with tolerations of its own."""
        if name not in self._candidates:
            fitting = [node for node in self._nodes if node.name == name]
            others = {OTHER_NODE: len(self._nodes) - len(fitting)}
            self._candidates[name] = Candidates(fitting, others)
        return self._candidates[name]

    def _choice(self, kind: Kind) -> Node | None:
        """Return the next node in turn that fits pods of this kind, or None."""
        nodes = kind.candidates.fitting
        for near in kind.needs.near[:1]:  # most nodes are not near the pods of one term
            if near.counts:
                nodes = [each for each in nodes if near.domains.get(each.name) in near.counts]
        for index in range(len(nodes)):
            node = nodes[(self._turn + index) % len(nodes)]
            if not self._obstacle(kind, node):
                return node
        return None

    def _obstacle(self, kind: Kind, node: Node) -> str:
        """Return why pods that are bound already keep this kind away from the node, or ""."""
        if self._lacks_ports(kind.ports, node):
            return PORTS
        for spread in kind.needs.spread:
            domain = node.labels.get(spread.topology_key)
            if domain is None:
                return f"{SPREAD} (missing required label)"
            if not spread.allows(domain, itself=spread.tally in kind.matching):
                return SPREAD
        if kind.needs.near and not _is_near(kind.needs.near, node, kind.matching):
            return NEAR
        if any(each.counts[domain] for each, domain in _domains(kind.needs.apart, node)):
            return APART
        if any(each.repelling[domain] for each, domain in _domains(kind.matching, node)):
            return REPELLED
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

    def _reasons(self, kind: Kind) -> str:
        """Return why no node fits, as the scheduler's event says it."""
        found = Counter(self._obstacle(kind, node) for node in kind.candidates.fitting)
        reasons = histogram(kind.candidates.others + found)
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


def _is_near(near: Sequence[Tally], node: Node, matching: Sequence[Tally]) -> bool:
    """Return whether the affinity is satisfied on the node.

    The first pod of a group that has affinity to itself is.
    """
    if not all(node.name in each.domains for each in near):
        return False
    if all(each.counts[each.domains[node.name]] for each in near):
        return True
    return not any(each.counts for each in near) and all(each in matching for each in near)
