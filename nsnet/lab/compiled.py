"""A scenario with its topology and its State. They are pure values, computed once and passed on."""

from dataclasses import dataclass, replace
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
    """A scenario, its topology with every address, and the State that Linux must hold for it."""

    scenario: Scenario
    topology: Topology
    state: State

    @property
    def name(self) -> str:
        """The lab's name, which is a part of every namespace's name."""
        return self.scenario.name

    @cached_property
    def model(self) -> Model:
        """The model that predicts the paths of packets in this State. It is built once, so that all
        probes share its indexes."""
        return Model(self.topology, self.state)

    def changed(self, scenario: Scenario, *, allow_commands: bool = False) -> "Compiled":
        """Return another scenario, compiled. What is in both scenarios keeps its addresses. The
        commands of containers that run and do not change go on; `allow_commands`: the others run,
        too. Raises ScenarioError, CompileError."""
        return compiled(scenario, self.topology.assignment(), allow_commands=allow_commands)

    def scaled(self, reference: str, replicas: int) -> "Compiled":
        """Return this scenario with this number of replicas of a Deployment or StatefulSet. The
        scenario's probes are not checked, because a probe may name a pod that no longer exists.
        Raises UsageError."""
        cluster, kind, name, namespace = _workload(self.topology, reference)
        try:
            scenario = scaled(self.scenario, cluster, kind, name, namespace, replicas)
        except KeyError as error:
            raise UsageError(f"{reference}: there is no such {KINDS[kind]}") from error
        return _unchecked(scenario, self.topology.assignment())

    def readdressed(self, pod: str) -> "Compiled":
        """Return this scenario with new addresses for one pod."""
        return _unchecked(self.scenario, self.topology.assignment().release(pod))


def compiled(
    scenario: Scenario, keep: Assignment | None = None, *, allow_commands: bool = False
) -> Compiled:
    """Return the scenario with its topology and its State. Its probes are checked, too. What has
    addresses in `keep` keeps them. `allow_commands`: containers may run their own commands. Raises
    ScenarioError with every problem, CompileError."""
    if allow_commands:
        keep = replace(keep or Assignment(), all_commands=True)
    topology = resolve(scenario, keep)
    check_probes(scenario, topology)
    return Compiled(scenario, topology, compile_state(topology))


def steps(old: Compiled, new: Compiled) -> list[Op]:
    """Return the Ops that change a lab from `old` to `new`. If a pod's addresses change, the pod is
    removed first, also from its Services, and then created again."""
    recreated = replaced_pods(old.topology, new.topology)
    between = compile_state(without_pods(old.topology, recreated)) if recreated else old.state
    return [*changes(old.state, between), *changes(between, new.state)]


def _unchecked(scenario: Scenario, keep: Assignment) -> Compiled:
    topology = resolve(scenario, keep)
    return Compiled(scenario, topology, compile_state(topology))


def _workload(topology: Topology, reference: str) -> tuple[str, str, str, str]:
    """Return the cluster, kind, name and namespace to which a reference to a workload refers.
    Raises UsageError for any other reference."""
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
