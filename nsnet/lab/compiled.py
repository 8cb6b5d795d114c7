"""A scenario with its topology and State, computed once and passed on: pure values."""

from dataclasses import dataclass
from functools import cached_property

from nsnet.errors import UsageError
from nsnet.features.compile import compile_state
from nsnet.plan.ops import Op
from nsnet.plan.order import changes
from nsnet.probes.model import Model
from nsnet.scenario.model import Scenario
from nsnet.scenario.scale import KINDS, scaled
from nsnet.state.model import State
from nsnet.topology.assignment import Assignment
from nsnet.topology.model import Topology
from nsnet.topology.probe_checks import check_probes
from nsnet.topology.resolve import resolve
from nsnet.topology.restart import replaced_pods, without_pods


@dataclass(frozen=True)
class Compiled:
    """A scenario, its topology with every address, and what Linux must hold for it."""

    scenario: Scenario
    topology: Topology
    state: State

    @property
    def name(self) -> str:
        """The lab's name, a part of every namespace's name."""
        return self.scenario.name

    @cached_property
    def model(self) -> Model:
        """The model of this State: all its probes share the indexes."""
        return Model(self.topology, self.state)

    def changed(self, scenario: Scenario) -> "Compiled":
        """Return the other scenario, compiled; what exists in both keeps its addresses. Raises
        ScenarioError, CompileError."""
        return compiled(scenario, self.topology.assignment())

    def scaled(self, reference: str, replicas: int) -> "Compiled":
        """Return this scenario with this number of replicas of a Deployment or StatefulSet. Its
        probes are not checked: one may name a pod that no longer exists. Raises UsageError."""
        cluster, kind, name, namespace = _workload(self.topology, reference)
        try:
            scenario = scaled(self.scenario, cluster, kind, name, namespace, replicas)
        except KeyError as error:
            raise UsageError(f"{reference}: there is no such {KINDS[kind]}") from error
        return _unchecked(scenario, self.topology.assignment())

    def readdressed(self, pod: str) -> "Compiled":
        """Return this scenario with other addresses for one pod."""
        return _unchecked(self.scenario, self.topology.assignment().release(pod))


def compiled(scenario: Scenario, keep: Assignment | None = None) -> Compiled:
    """Resolve the scenario, check its probes and compile it; objects in `keep` keep their
    addresses. Raises ScenarioError with every problem, CompileError."""
    topology = resolve(scenario, keep)
    check_probes(scenario, topology)
    return Compiled(scenario, topology, compile_state(topology))


def steps(old: Compiled, new: Compiled) -> list[Op]:
    """Return the Ops that change a lab from `old` to `new`. A pod whose addresses change is
    removed, also from its Services, before it is created again."""
    recreated = replaced_pods(old.topology, new.topology)
    between = compile_state(without_pods(old.topology, recreated)) if recreated else old.state
    return [*changes(old.state, between), *changes(between, new.state)]


def _unchecked(scenario: Scenario, keep: Assignment) -> Compiled:
    topology = resolve(scenario, keep)
    return Compiled(scenario, topology, compile_state(topology))


def _workload(topology: Topology, reference: str) -> tuple[str, str, str, str]:
    """Return (cluster, kind, name, namespace) of a reference to a workload. Raises UsageError."""
    *cluster, kind, name = reference.split("/")
    if kind not in KINDS or len(cluster) > 1:
        raise UsageError(
            f"{reference}: only {' and '.join(KINDS)} can be scaled, as in east/deploy/web"
        )
    if not cluster and len(topology.clusters) > 1:
        raise UsageError(
            f"{reference}: name its cluster, as in {topology.clusters[0].name}/{reference}"
        )
    plain, _, namespace = name.partition(".")
    return (cluster or [topology.clusters[0].name])[0], kind, plain, namespace or "default"
