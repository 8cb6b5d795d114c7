"""States to plan, and the types of the Ops in a plan."""

from collections.abc import Iterable

from nsnet.features.compile import compile_state
from nsnet.plan.ops import Op
from nsnet.scenario.scale import scaled
from nsnet.state.model import State
from nsnet.topology.resolve import resolve
from tests.support.labs import exported, lab, service, shipped, workload


def web(replicas: int) -> State:
    """Return the shipped ClusterIP lab, its Deployment scaled."""
    scenario, old, _ = shipped("clusterip")
    new = scaled(scenario, "east", "deploy", "web", "default", replicas)
    return compile_state(resolve(new, old.assignment()))


def kinds(ops: Iterable[Op]) -> list[str]:
    """Return the types of these Ops, each once, in order of appearance."""
    return list(dict.fromkeys(type(op).__name__ for op in ops))


def served(cluster: str, replicas: int = 2, kind: str = "") -> State:
    """Return a lab of one cluster with an exported Service."""
    objects = workload("Deployment", "web", replicas), service("web", spec=kind), exported("web")
    return lab(*objects, clusters=(cluster,)).state
