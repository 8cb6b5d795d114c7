"""The node of each pod, as the filters of the scheduler and the kubelet decide it.

Preferences and resources are ignored: pods are placed in turn on the nodes that the filters leave.

Source: kubernetes/pkg/scheduler/framework (plugins and FitError) and
kubernetes/pkg/kubelet/lifecycle/predicate.go, v1.32.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nsnet.scenario.kubernetes import Pod, PodSpec
from nsnet.text import did_you_mean
from nsnet.topology.assignment import Assignment
from nsnet.topology.fitting import AFFINITY, matches_affinity, misfit, untolerated
from nsnet.topology.model import Node
from nsnet.topology.tallies import Tallies, Tally
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
    cluster: str, pods: Sequence[UnplacedPod], nodes: Sequence[Node], keep: Assignment
) -> Iterator[Placed | Unscheduled]:
    """Yield each pod with its node, or with the reason why it has none.

    First come pods with a nodeName, which bypass the scheduler, then those that already run, which
    stay on their nodes, then those of DaemonSets, then all others in turn. All are sorted by
    namespace and name.
    """
    scheduler = _Scheduler(nodes, pods)
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


class _Scheduler:
    """The nodes, and what the pods that are bound to them use."""

    def __init__(self, nodes: Sequence[Node], pods: Sequence[UnplacedPod]) -> None:
        self._nodes = nodes
        self._tallies = Tallies(nodes, pods)
        self._ports: dict[tuple[str, str, int], set[str]] = {}  # addresses by node and port
        self._needed: dict[int, tuple[HostPort, ...]] = {}  # ports of each spec, by its identity
        self._candidates: dict[object, tuple[list[Node], Counter[str]]] = {}
        self._turn = 0
        self._waiting: dict[
            object, deque[UnplacedPod]
        ] = {}  # pods that no node fits, by their kind

    def bind(self, pod: UnplacedPod, node: Node) -> Placed:
        """Let the pod run on the node."""
        for each in self._ports_of(pod.spec):
            used = self._ports.setdefault((node.name, each.protocol, each.number), set())
            used.add(each.address)
        self._tallies.add(pod, node)
        return Placed(pod, node)

    def rejection(self, pod: UnplacedPod, node: Node) -> str:
        """Return why the kubelet would not run a pod that names its node, or "" if it would."""
        runs = (
            isinstance(pod.manifest.object, Pod) and pod.manifest.object.status.phase == "Running"
        )
        if not runs and not matches_affinity(pod.spec, node):
            return f"NodeAffinity: {AFFINITY}"
        if self._lacks_ports(pod, node):
            return f"NodePorts: {PORTS}"
        if not runs and untolerated(pod.spec.tolerations, node, ("NoExecute",)):
            return "TaintToleration: node(s) had taints that the pod didn't tolerate"
        return ""

    def keeps(self, pod: UnplacedPod, node: Node) -> bool:
        """Return whether a pod that already runs can stay.

        Affinity is ignored during execution, but a taint NoExecute evicts.
        """
        evicted = untolerated(pod.spec.tolerations, node, ("NoExecute",))
        return evicted is None and not self._lacks_ports(pod, node)

    def schedule(self, pods: Sequence[UnplacedPod], kept: set[str]) -> Iterator[Placed]:
        """Yield each pod that fits a node; the others wait. Kept pods only take their turn."""
        for pod in pods:
            if pod.reference in kept:
                self._turn += 1
                continue
            kind = self._kind(pod)
            placed = None if kind in self._waiting else self._attempt(pod)
            if placed is None:
                self._waiting.setdefault(kind, deque()).append(pod)
            else:
                yield placed

    def retry(self) -> Iterator[Placed | Unscheduled]:
        """Yield the waiting pods: those that fit a node by now, then those that never will."""
        progress = True
        while progress:
            progress = False
            for pods in self._waiting.values():
                while pods and (placed := self._attempt(pods[0])):
                    progress = True
                    pods.popleft()
                    yield placed
        for pods in self._waiting.values():
            why = f"is Pending: {self._reasons(pods[0])}" if pods else ""
            for pod in pods:
                yield Unscheduled(pod, why)

    def _kind(self, pod: UnplacedPod) -> object:
        """Return a value that is the same for pods that fit the same nodes at the same time."""
        tallies = sorted(map(id, self._tallies.matching(pod)))
        return (id(pod.spec), pod.namespace, pod.node, *tallies)

    def _attempt(self, pod: UnplacedPod) -> Placed | None:
        candidates, _ = self._candidates_of(pod)
        matching = self._tallies.matching(pod)
        for index in range(len(candidates)):
            node = candidates[(self._turn + index) % len(candidates)]
            if not self._obstacle(pod, node, matching):
                self._turn += not pod.node
                return self.bind(pod, node)
        return None

    def _candidates_of(self, pod: UnplacedPod) -> tuple[list[Node], Counter[str]]:
        """Return the nodes that fit by themselves, and the number of other nodes by reason."""
        spec = pod.spec
        affinity = spec.affinity.node_affinity
        key = (frozenset(spec.node_selector.items()), affinity, spec.tolerations, pod.node)
        if key not in self._candidates:
            fitting: list[Node] = []
            reasons = Counter[str]()
            for node in self._nodes:
                reason = misfit(spec, node)
                if pod.node:  # the DaemonSet has chosen the node, with tolerations of its own
                    reason = OTHER_NODE if node.name != pod.node else ""
                if reason:
                    reasons[reason] += 1
                else:
                    fitting.append(node)
            self._candidates[key] = fitting, reasons
        return self._candidates[key]

    def _obstacle(self, pod: UnplacedPod, node: Node, matching: Sequence[Tally]) -> str:
        """Return why the pods of the cluster keep this one away from the node, or ""."""
        if self._lacks_ports(pod, node):
            return PORTS
        needs = self._tallies.needs(pod)
        for spread in needs.spread:
            domain = node.labels.get(spread.constraint.topology_key)
            if domain is None:
                return f"{SPREAD} (missing required label)"
            if not spread.allows(domain, itself=spread.tally.has(pod)):
                return SPREAD
        if needs.near and not _is_near(needs.near, node, matching):
            return NEAR
        if any(each.counts[domain] for each, domain in _domains(needs.apart, node)):
            return APART
        if any(each.repelling[domain] for each, domain in _domains(matching, node)):
            return REPELLED
        return ""

    def _lacks_ports(self, pod: UnplacedPod, node: Node) -> bool:
        for each in self._ports_of(pod.spec):
            used = self._ports.get((node.name, each.protocol, each.number))
            if used and (each.address == ANY or used & {ANY, each.address}):
                return True
        return False

    def _ports_of(self, spec: PodSpec) -> tuple[HostPort, ...]:
        if id(spec) not in self._needed:
            self._needed[id(spec)] = host_ports(spec)
        return self._needed[id(spec)]

    def _reasons(self, pod: UnplacedPod) -> str:
        """Return why no node fits, as the scheduler's event says it."""
        candidates, others = self._candidates_of(pod)
        matching = self._tallies.matching(pod)
        reasons = others + Counter(self._obstacle(pod, node, matching) for node in candidates)
        return f"0/{len(self._nodes)} nodes are available: {histogram(reasons)}."


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
