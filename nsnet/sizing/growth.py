"""What breaks, and where, while a cluster grows in the ranges that it has."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from nsnet.sizing.size import ProblemKind, Size

Dimension = Literal["nodes", "maxPods"]


@dataclass(frozen=True, slots=True)
class Break:
    """What breaks at some number of nodes and pods: a kind of problem, or "ports" if each node has
    fewer SNAT ports than before."""

    nodes: int
    max_pods: int
    kind: ProblemKind | Literal["ports"]
    where: str
    message: str

    def as_json(self) -> dict[str, Any]:
        """Return it as plain data for JSON: an entry of `growth` in nsnet.dev/size/v1."""
        return {
            "nodes": self.nodes,
            "maxPods": self.max_pods,
            "kind": self.kind,
            "where": self.where,
            "message": self.message,
        }


def grow(size: Size, targets: Sequence[tuple[Dimension, int]]) -> Iterator[Break]:
    """Yield what breaks while nodes or maxPods rise by one at a time to these targets, one after
    the other. The first ones are the problems that the cluster has at the start."""
    known: set[tuple[str, str]] = set()
    for before, after in pairwise((size, *_steps(size, targets))):
        nodes, max_pods = after.pool.nodes, after.pool.max_pods
        if (message := _fewer_ports(before, after)) is not None:
            yield Break(nodes, max_pods, "ports", "load balancer", message)
        for each in after.problems:
            if (each.kind, each.where) not in known:
                known.add((each.kind, each.where))
                yield Break(nodes, max_pods, each.kind, each.where, each.message)


def _steps(size: Size, targets: Sequence[tuple[Dimension, int]]) -> Iterator[Size]:
    at = {"nodes": size.pool.nodes, "maxPods": size.pool.max_pods}
    yield size
    for dimension, target in targets:
        for number in range(at[dimension] + 1, target + 1):
            at[dimension] = number
            yield size.grown(at["nodes"], at["maxPods"])


def _fewer_ports(before: Size, after: Size) -> str | None:
    outbound = after.outbound
    if outbound is None:
        return None
    old, new = outbound.ports_of(before.pool.nodes), outbound.ports_of(after.pool.nodes)
    if not old or not new or new >= old:  # none at all is a limit of the number of nodes
        return None
    return f"load balancer: {new:,} SNAT ports per node, not {old:,}: open connections may break"
