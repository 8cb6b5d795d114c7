"""A lab: a scenario that is up. The facade over its two parts: lab.compiled, the pure values that
follow from the file, and lab.host, its side of this machine."""

import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from nsnet.errors import KernelError, UsageError
from nsnet.kernel import netfilter, processes
from nsnet.lab import folder
from nsnet.lab.compiled import Compiled, steps
from nsnet.lab.host import Host, Progress, silent
from nsnet.plan.ops import Op
from nsnet.plan.order import plan
from nsnet.plan.repair import repairs
from nsnet.probes.ask import Connection, ask
from nsnet.probes.model import Model
from nsnet.probes.question import Explanation, explain, probe_spec, question
from nsnet.probes.recording import frames
from nsnet.probes.report import ProbeReport, Report
from nsnet.scenario.kinds import ProbeSpec
from nsnet.scenario.load import load
from nsnet.scenario.model import Scenario
from nsnet.state.model import State
from nsnet.state.namespaces import Role
from nsnet.text import number_of
from nsnet.topology.model import Topology
from nsnet.topology.references import Location, expand, locate
from nsnet.topology.restart import pods_to_restart
from nsnet.walk.packet import Unknown


class DefectWarning(UserWarning):
    """The kernel did what nsnet's model did not predict: the model is wrong."""


class Lab:
    """A compiled scenario, and the machine that holds it after `build`.

    `touched`: the kernel may differ from the file, because of changes by hand or an interrupted
    change.
    """

    def __init__(self, wanted: Compiled, tool: str = "", *, touched: bool = False) -> None:
        self.compiled = wanted
        self._first = wanted  # what `reset` goes back to
        self._touched = touched
        self._host = Host(wanted.name, tool)

    @property
    def name(self) -> str:
        """The lab's name, a part of every namespace's name."""
        return self.compiled.name

    @property
    def scenario(self) -> Scenario:
        """The file, as it was loaded."""
        return self.compiled.scenario

    @property
    def topology(self) -> Topology:
        """Clusters, nodes, pods and Services with their addresses."""
        return self.compiled.topology

    @property
    def state(self) -> State:
        """What Linux must hold."""
        return self.compiled.state

    @property
    def model(self) -> Model:
        """The model that predicts the paths of packets."""
        return self.compiled.model

    @property
    def tool(self) -> str:
        """The iptables that the lab's rules were loaded with: legacy or nft."""
        return self._host.tool

    def build(self, progress: Progress = silent) -> None:
        """Build the lab. The caller holds its lock. Raises KernelError, UnsupportedError."""
        self._host.prepare(self.state)
        self.record(complete=False)
        self._host.apply(plan(self.state), progress, phase="building")
        self.record(complete=True)

    def record(self, *, complete: bool) -> None:
        """Write the lab's record, from which another nsnet attaches to it."""
        self._host.record(self.compiled, complete=complete)

    def is_whole(self) -> bool:
        """Return whether every namespace exists and the lab's server runs."""
        return self._host.is_whole(self.state)

    def change(self, scenario: Scenario, progress: Progress = silent) -> int:
        """Change the lab to another scenario without touching what both have in common. Return
        the number of steps."""
        return self._become(self.compiled.changed(scenario), progress)

    def apply(self, changed: str | Path | Scenario | Compiled, progress: Progress = silent) -> int:
        """Change the lab to what this file says, and repair what was changed by hand; what exists
        keeps its addresses. Return the number of steps. Raises UsageError, ScenarioError,
        KernelError."""
        if isinstance(changed, Compiled):
            wanted = changed
        else:
            scenario = changed if isinstance(changed, Scenario) else load(Path(changed))
            wanted = self.next(scenario)
        repaired = self.repair(progress) if self._touched else 0
        return repaired + self._become(wanted, progress)

    def next(self, scenario: Scenario) -> Compiled:
        """Return what `apply` would make of this lab. Raises UsageError where the scenario has
        another name, ScenarioError, CompileError."""
        if scenario.name != self.name:
            raise UsageError(f"{scenario.document.file} describes {scenario.name}, not {self.name}")
        return self.compiled.changed(scenario)

    def restart(self, reference: str, progress: Progress = silent) -> tuple[str, ...]:
        """Recreate the pod, or every pod of the workload one after the other, with other
        addresses. Return the pods' references. Raises UsageError."""
        pods = pods_to_restart(self.topology, reference)
        for done, pod in enumerate(pods):
            progress("restarting", done, len(pods))
            self._become(self.compiled.readdressed(pod.reference))
        return tuple(each.reference for each in pods)

    def require_restartable(self, reference: str) -> None:
        """Raise UsageError unless the reference is that of a pod or a workload."""
        pods_to_restart(self.topology, reference)

    def scale(self, reference: str, replicas: int) -> None:
        """Set the number of replicas of a Deployment or StatefulSet. Raises UsageError."""
        self._become(self.compiled.scaled(reference, replicas))

    def repair(self, progress: Progress = silent) -> int:
        """Undo what was changed by hand. Return the number of steps. Raises KernelError with what
        cannot be repaired."""
        differences = self._host.differences(self.state)
        if not self._host.drift(self.state, differences):
            return 0
        served = self._host.clear(differences)
        ops = repairs(self.state, differences, served=served)
        self._carry_out(ops, progress)
        self.record(complete=True)
        if left := self.drift():
            more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
            raise KernelError(
                f"{self.name} cannot be repaired: {left[0]}{more}",
                hint=f"to build it again: nsnet down {self.name}, then nsnet up FILE",
            )
        return len(ops)

    def reset(self) -> None:
        """Return the lab to what its file says, with its first addresses. A lab that was changed by
        hand is built again."""
        if self._touched and self.drift():
            with folder.locked(self.name):
                self._host.remove()
                self.compiled = self._first
                self.build()
        elif self.compiled is not self._first:
            self._become(self._first)
        self._touched = False

    def _become(self, wanted: Compiled, progress: Progress = silent) -> int:
        self._host.require(wanted.state)
        ops = steps(self.compiled, wanted)
        self._carry_out(ops, progress)
        self.compiled = wanted
        self.record(complete=True)
        return len(ops)

    def _carry_out(self, ops: Sequence[Op], progress: Progress) -> None:
        """Apply Ops. If this is interrupted, the record says that the lab is incomplete."""
        self.record(complete=False)
        touched, self._touched = self._touched, True
        self._host.apply(ops, progress)
        self._touched = touched

    def probe(self, progress: Progress = silent, specs: Sequence[ProbeSpec] = ()) -> Report:
        """Run the scenario's probes, or the given ones, and report."""
        start = time.monotonic()
        asked = [question(self.topology, each) for each in specs or self.scenario.spec.probes]
        total = sum(each.spec.times for each in asked)
        with self._host.missing_namespaces_named(self.state):
            reports = ask(self.model, asked, lambda done: progress("probing", done, total))
        reports = self._drift_is_no_defect(reports)
        return Report(self.name, reports, round(time.monotonic() - start, 3))

    def connect(
        self, source: str, to: str, protocol: str = "tcp", *, path: bool = False, **fields: Any
    ) -> Connection:
        """Send real packets from one place to another: `times`, `timeout`, `size`, `source_port`
        as in a probe.

        Warns with DefectWarning where the kernel differs from the prediction.
        """
        named = {{"source_port": "sourcePort"}.get(key, key): each for key, each in fields.items()}
        asked = question(self.topology, probe_spec(source, to, protocol, **named), path=path)
        with self._host.missing_namespaces_named(self.state):
            reports = ask(self.model, [asked])
        (report,) = self._drift_is_no_defect(reports)
        for each in report.defects:
            warnings.warn(f"{report.name}: {each}", DefectWarning, stacklevel=2)
        return Connection(report)

    def _drift_is_no_defect(self, reports: tuple[ProbeReport, ...]) -> tuple[ProbeReport, ...]:
        """Return the reports; if the lab was changed by hand, those with defects lose these and
        their prediction, which does not include the change."""
        if not any(each.defects for each in reports):
            return reports
        drifted = self.drift()
        if not drifted:
            return reports
        differences = number_of(len(drifted), "difference")
        unknown = Unknown(
            f"the lab is not as its file says ({differences}: nsnet status {self.name})"
        )
        return tuple(
            replace(each, predicted=unknown, defects=()) if each.defects else each
            for each in reports
        )

    def explain(self, source: str, to: str, protocol: str = "tcp", size: int = 0) -> Explanation:
        """Return the predicted paths of such a packet; `size` is in bytes of body."""
        return explain(self.model, probe_spec(source, to, protocol, size=size))

    def endpoints(self, reference: str) -> frozenset[str]:
        """Return the pods behind a Service, or of a workload."""
        return expand(self.topology, reference)

    def __getitem__(self, reference: str) -> Location:
        return locate(self.topology, reference)

    def exec(self, reference: str, *argv: str, timeout: float = 60.0) -> processes.Completed:
        """Run a command in a place; its output is text. Raises TimeoutError after `timeout`
        seconds."""
        place = self[reference]
        self._touched = True
        with self._host.missing_namespaces_named(self.state):
            return self._host.run(place, argv, timeout)

    def enter(self, reference: str) -> None:
        """Move this process into a place for good, so that it can execute another program there."""
        place = self[reference]
        with self._host.missing_namespaces_named(self.state):
            self._host.enter(place)

    def counters(self, reference: str, table: str = "nat") -> tuple[netfilter.CountedRule, ...]:
        """Return the rules of a place's iptables table with their packet and byte counters, read
        by python-iptables."""
        return self._host.counters(self[reference], table)

    def places(self, references: Sequence[str] = ()) -> dict[str, str]:
        """Return the namespaces of these places, or of all, with their references. Raises
        UsageError."""
        named = {self[each].netns for each in references}
        return {
            name: reference
            for name, reference, role in self.topology.namespaces()
            if (name in named if references else role is not Role.SERVERS)
        }

    @contextmanager
    def recording(
        self, places: Mapping[str, str], count: int, seconds: int, snap_length: int
    ) -> Iterator[frames.Recording]:
        """Record every packet that passes these places. Raises KernelError."""
        limits = frames.Limits(count, seconds, snap_length)
        with self._host.recording(self.state, places, limits) as made:
            yield made

    def drift(self) -> list[str]:
        """Return a line for each difference between the kernel and the State."""
        return self._host.drift(self.state, self._host.differences(self.state))

    def require_namespaces(self) -> None:
        """Raise KernelError where one of the lab's namespaces was deleted by hand."""
        self._host.require_namespaces(self.state)
