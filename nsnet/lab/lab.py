"""A lab: a scenario that is up. This module is the facade over its two parts. lab.compiled has the
pure values that follow from the file; lab.host has what this machine has of the lab."""

import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from nsnet.errors import KernelError, UsageError
from nsnet.kernel import netfilter, processes
from nsnet.kernel.container import User
from nsnet.lab import folder
from nsnet.lab.commands import lives
from nsnet.lab.compiled import Compiled, steps
from nsnet.lab.environment import process_environment
from nsnet.lab.host import Host, Progress, silent
from nsnet.plan.drift import past
from nsnet.plan.order import plan
from nsnet.plan.repair import completion, repairs
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
from nsnet.text import escaped, number_of
from nsnet.topology.commands import RUN_COMMAND, changed_commands, running_commands
from nsnet.topology.interior import interior
from nsnet.topology.model import Topology
from nsnet.topology.notation import without_only_cluster
from nsnet.topology.references import Location, expand, locate
from nsnet.topology.restart import pods_to_restart
from nsnet.walk.packet import Unknown

Repaired: TypeAlias = Callable[[Sequence[str]], None]  # called with what was repaired


def unheard(lines: Sequence[str]) -> None:
    """Do nothing: the Repaired that reports nothing."""
    del lines


class DefectWarning(UserWarning):
    """Warns that nsnet's model is wrong: the kernel did what the model did not predict."""


class Lab:
    """A compiled scenario. After `build`, it is up on this machine.

    `touched` is true if the kernel may differ from the file, because of changes by hand. If a
    change was interrupted, the lab may also hold parts of what was `before`.
    """

    def __init__(
        self,
        wanted: Compiled,
        tool: str = "",
        *,
        touched: bool = False,
        version: tuple[int, int] | None = None,
        before: Sequence[Compiled] = (),
        user: User | None = None,
    ) -> None:
        self.compiled = wanted
        self._before = tuple(before)
        self._first = wanted  # what `reset` goes back to
        self._touched = touched
        self._version = version  # of the record that this Lab was read from, or has written
        self._host = Host(wanted.name, tool, user)

    @property
    def name(self) -> str:
        """The lab's name, which is a part of every namespace's name."""
        return self.compiled.name

    @property
    def scenario(self) -> Scenario:
        """The scenario that is up, as it was loaded from its file."""
        return self.compiled.scenario

    @property
    def topology(self) -> Topology:
        """The clusters, nodes, pods and Services of the lab, with their addresses."""
        return self.compiled.topology

    @property
    def state(self) -> State:
        """The State: what Linux must hold for this lab."""
        return self.compiled.state

    @property
    def model(self) -> Model:
        """The model, which predicts the paths of packets in this lab."""
        return self.compiled.model

    @property
    def tool(self) -> str:
        """The variant of iptables with which the lab's rules were loaded: iptables-legacy or
        iptables-nft."""
        return self._host.tool

    def build(self, progress: Progress = silent) -> None:
        """Build the lab. The caller must hold the lab's lock. Raises KernelError, UnsupportedError,
        UsageError."""
        self._host.prepare(self.state)
        self._record(self.compiled, complete=False)
        self._host.apply(plan(self.state), progress, phase="building")
        self._host.settle(self.state)
        self._start_commands(self.compiled, progress)
        self._record(self.compiled, complete=True)
        self._before = ()

    def _start_commands(self, what: Compiled, progress: Progress = silent) -> None:
        if found := list(running_commands(what.topology)):
            progress("starting commands", 0, len(found))
            self._host.commands.start(found, self._host.user)
            progress("starting commands", len(found), len(found))

    def run_commands_as(self, user: User | None) -> None:
        """Set the user as whom commands are started from now on; None: the caller."""
        self._host.user = user

    def lives(self) -> Mapping[str, tuple[str, ...]]:
        """Return how the commands of each pod's containers fare, by the pod's reference."""
        return lives(self._host.commands, running_commands(self.topology))

    def output(
        self, reference: str, container: str = "", *, follow: bool = False
    ) -> Iterator[bytes]:
        """Return the output of a container's command. With `follow`, more is yielded until the
        command has ended. Raises UsageError if the container runs none."""
        pod = self[reference].reference
        name = interior(self.topology, reference).container(container).name
        for each in running_commands(self.topology):
            if (each.pod.reference, each.container.name) == (pod, name):
                return self._host.commands.output(each, follow=follow)
        raise UsageError(
            f"{reference} ({name}) runs no command: the echo server answers",
            hint=f"annotate the pod with {RUN_COMMAND}: 'true', and add --allow-commands to nsnet"
            " up or apply",
        )

    def _record(self, what: Compiled, *, complete: bool, before: Sequence[Compiled] = ()) -> None:
        self._host.record(what, complete=complete, before=before)
        self._version = folder.version(self.name)

    @property
    def is_half_changed(self) -> bool:
        """Whether a change of the lab was interrupted. `apply` completes it."""
        return bool(self._before)

    def is_whole(self) -> bool:
        """Return whether every namespace of the lab exists and a process runs in the server's
        namespace."""
        return self._host.is_whole(self.state)

    def change(self, scenario: Scenario, progress: Progress = silent) -> int:
        """Change the lab to another scenario. What both scenarios have in common is not touched.
        Return the number of steps taken."""
        return self._become(self.compiled.changed(scenario), progress)

    def apply(
        self,
        changed: str | Path | Scenario | Compiled,
        progress: Progress = silent,
        repaired: Repaired = unheard,
    ) -> int:
        """Change the lab to what this file or scenario says, and repair what was changed by hand. A
        change that was interrupted is completed, to this scenario. What exists before and after
        keeps its addresses. Return the number of steps taken. `repaired` is called with a line of
        text for each difference that was repaired. Raises UsageError, ScenarioError, KernelError.
        """
        if isinstance(changed, Compiled):
            wanted = changed
        else:
            scenario = changed if isinstance(changed, Scenario) else load(Path(changed))
            wanted = self.next(scenario)
        if self._before:
            return self._complete(wanted, progress, repaired)
        steps_of_repair = self.repair(progress, repaired) if self._touched else 0
        return steps_of_repair + self._become(wanted, progress)

    def next(self, scenario: Scenario, *, allow_commands: bool = False) -> Compiled:
        """Return what the lab would be after `apply` with this scenario. Raises UsageError if the
        scenario is of a lab with another name, ScenarioError, CompileError.

        A lab that was built under another name than its file has goes on with its own name.
        """
        if scenario.name not in (self.name, self.scenario.written_name):
            raise UsageError(f"{scenario.document.file} describes {scenario.name}, not {self.name}")
        named = scenario.named(self.name)
        return self.compiled.changed(named, allow_commands=allow_commands)

    def restart(self, reference: str, progress: Progress = silent) -> tuple[str, ...]:
        """Recreate a pod with new addresses, or all pods of a workload one after the other. Return
        the pods' references. Raises UsageError."""
        pods = pods_to_restart(self.topology, reference)
        for done, pod in enumerate(pods):
            progress("restarting", done, len(pods))
            self._become(self.compiled.readdressed(pod.reference))
        return tuple(each.reference for each in pods)

    def require_restartable(self, reference: str) -> None:
        """Raise UsageError unless the reference is to a pod or workload that can be restarted."""
        pods_to_restart(self.topology, reference)

    def scale(self, reference: str, replicas: int) -> None:
        """Set the number of replicas of a Deployment or StatefulSet. Raises UsageError."""
        self._become(self.compiled.scaled(reference, replicas))

    def repair(self, progress: Progress = silent, repaired: Repaired = unheard) -> int:
        """Undo what was changed by hand, or complete a change that was interrupted. Return the
        number of steps taken. `repaired` is called with a line of text for each difference. Raises
        KernelError with the first difference that remains."""
        if self._before:
            return self._complete(self.compiled, progress, repaired)
        differences, served = self._host.differences(self.state), self._host.is_served()
        lines = self._host.drift(self.state, differences, served=served)
        if not lines:
            return 0
        with self._changing(self.compiled):
            self._host.clear(differences, served=served)
            ops = repairs(self.state, differences, served=served)
            self._host.apply(ops, progress)
        self._require_no_drift()
        repaired([without_only_cluster(past(each), self.topology) for each in lines])
        return len(ops)

    def _complete(self, wanted: Compiled, progress: Progress, repaired: Repaired) -> int:
        """Complete an interrupted change, so that the lab becomes `wanted`. Only what the kernel
        shows counts, because the change may have ended anywhere."""
        self._host.require(wanted.state)
        before = [each.state for each in (self.compiled, *self._before)]
        with self._changing(wanted):
            differences = self._host.differences(wanted.state, before)
            superfluous = self._host.superfluous(wanted.state)
            self._host.clear(differences, served=False, superfluous=superfluous)
            ops = completion(wanted.state, before, differences, superfluous)
            self._host.apply(ops, progress)
        self._require_no_drift()
        repaired(["an earlier change was interrupted"])
        return len(ops)

    def _require_no_drift(self) -> None:
        """Raise KernelError with the first difference between the kernel and the State."""
        if left := self.drift():
            more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
            raise KernelError(
                f"{self.name} cannot be repaired: {left[0]}{more}",
                hint=f"to build it again: nsnet down {self.name}, then nsnet up FILE",
            )

    def reset(self) -> None:
        """Restore the lab to what its file says, with the addresses that it had at first. If it was
        changed by hand, it is removed and built again."""
        if self._before or (self._touched and self.drift()):
            with folder.locked(self.name):
                self._host.remove()
                self.compiled = self._first
                self.build()
        elif self.compiled is not self._first:
            self._become(self._first)
        self._touched = False

    def _become(self, wanted: Compiled, progress: Progress = silent) -> int:
        self._host.require(wanted.state, self.state)
        ops = steps(self.compiled, wanted)
        commands = changed_commands(self.topology, wanted.topology)
        with self._changing(wanted):
            self._host.apply(ops, progress)
        return len(ops) + commands

    @contextmanager
    def _changing(self, wanted: Compiled) -> Iterator[None]:
        """Record that the lab becomes `wanted` in the block, and after the block that it has become
        so. If the block is interrupted, the lab is half-changed: the record says what it was to
        become, and what it was before."""
        before = (self.compiled, *(each for each in self._before if each is not wanted))
        self._record(wanted, complete=False, before=before)
        self._before = (wanted, *before[1:])
        self._host.commands.end_others(running_commands(wanted.topology))
        yield
        self._host.settle(wanted.state)
        self._start_commands(wanted)
        self._before = ()
        self.compiled = wanted
        self._record(wanted, complete=True)

    def probe(
        self,
        progress: Progress = silent,
        specs: Sequence[ProbeSpec] = (),
        announce: Callable[[str], None] = lambda line: None,
    ) -> Report:
        """Run the given probes, or the scenario's if none are given. Return a report. `announce` is
        called with a line if they will take long."""
        start = time.monotonic()
        asked = [question(self.topology, each) for each in specs or self.scenario.spec.probes]
        total = sum(each.spec.times for each in asked)
        with self._host.missing_namespaces_named(self.state):
            reports = ask(
                self.model,
                asked,
                lambda done: progress("probing", done, total),
                self._host.pace,
                announce,
            )
        reports = self._change_is_no_defect(reports)
        return Report(self.name, reports, round(time.monotonic() - start, 3))

    def connect(
        self, source: str, to: str, protocol: str = "tcp", *, path: bool = False, **fields: Any
    ) -> Connection:
        """Send real packets from a pod, node or other machine of the lab to a destination. Return
        the outcome; with `path`, it includes the path of the packets. `fields` are those of a
        probe: `times`, `timeout`, `size`, `source_port`, and `http` for protocol http.

        Warns with DefectWarning if the kernel does not do what the model predicts.
        """
        named = {{"source_port": "sourcePort"}.get(key, key): each for key, each in fields.items()}
        asked = question(self.topology, probe_spec(source, to, protocol, **named), path=path)
        with self._host.missing_namespaces_named(self.state):
            reports = ask(self.model, [asked], pace=self._host.pace)
        (report,) = self._change_is_no_defect(reports)
        for each in report.defects:
            message = escaped(f"{report.name}: {each}")
            warnings.warn(message, DefectWarning, stacklevel=2)
        return Connection(report)

    def _change_is_no_defect(self, reports: tuple[ProbeReport, ...]) -> tuple[ProbeReport, ...]:
        """Return the reports, without defects if the lab was changed, by hand or by another nsnet.
        The prediction does not include that change, so a report with defects loses its defects and
        its prediction."""
        if not any(each.defects for each in reports):
            return reports
        if self._version not in (None, folder.version(self.name)):
            unknown = Unknown("the lab was changed meanwhile, by another nsnet")
        elif drifted := self.drift():
            differences = number_of(len(drifted), "difference")
            unknown = Unknown(
                f"the lab is not as its file says ({differences}: nsnet status {self.name}):"
                f" {drifted[0]}"
            )
        else:
            return reports
        return tuple(
            replace(each, predicted=unknown, defects=()) if each.defects else each
            for each in reports
        )

    def explain(
        self, source: str, to: str, protocol: str = "tcp", size: int = 0, **fields: Any
    ) -> Explanation:
        """Return the paths that the model predicts for a packet from `source` to `to`. `size` is
        the length of the request's body in bytes; `fields` are others of a probe, such as `http`.
        Nothing is sent."""
        return explain(self.model, probe_spec(source, to, protocol, size=size, **fields))

    def endpoints(self, reference: str) -> frozenset[str]:
        """Return the references of a workload's pods, of a Service's endpoints that get new
        connections, or of a gateway's replicas. Any other reference is returned alone."""
        return expand(self.topology, reference)

    def __getitem__(self, reference: str) -> Location:
        return locate(self.topology, reference)

    def exec(
        self, reference: str, *argv: str, container: str = "", timeout: float = 60.0
    ) -> processes.Completed:
        """Run a command in the pod, node or other machine of this reference. In a pod, it has the
        environment of the container, or of the first one. Return its exit status, and its output
        as text. Raises TimeoutError after `timeout` seconds."""
        place, inside = self[reference], interior(self.topology, reference)
        self._touched = True
        environment = process_environment(inside, container, os.environ)
        with self._host.missing_namespaces_named(self.state):
            return self._host.run(place, inside, argv, environment, timeout)

    def enter(
        self, reference: str, container: str = "", *, keep_environment: bool = False
    ) -> dict[str, str]:
        """Move this process into the namespace of this reference for good, and return the
        environment of its processes. It can then execute another program there. In a pod, that is
        the environment of the container, or of the first one; `keep_environment`: besides that of
        this process."""
        place, inside = self[reference], interior(self.topology, reference)
        known = process_environment(inside, container, os.environ, keep=keep_environment)
        with self._host.missing_namespaces_named(self.state):
            self._host.enter(place, inside)
        return known

    def counters(self, reference: str, table: str = "nat") -> tuple[netfilter.CountedRule, ...]:
        """Return the rules of an iptables table in the namespace of this reference, with their
        packet and byte counters. They are read by python-iptables."""
        return self._host.counters(self[reference], table)

    def places(self, references: Sequence[str] = ()) -> dict[str, str]:
        """Return the namespaces that these references name, as a dict from the namespace's name to
        the reference. Without references, return all namespaces but the server's. Raises
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
        """Record every packet that passes these namespaces, which `places` maps to their
        references. Raises KernelError."""
        limits = frames.Limits(count, seconds, snap_length)
        with self._host.recording(self.state, places, limits) as made:
            yield made

    def drift(self) -> list[str]:
        """Return a line of text for each difference between the kernel and the State, one if the
        lab's server does not answer, and one if a change was interrupted."""
        served = self._host.is_served()
        lines = self._host.drift(self.state, self._host.differences(self.state), served=served)
        return (
            ["the lab is half-changed: a change was interrupted", *lines] if self._before else lines
        )

    def require_namespaces(self) -> None:
        """Raise KernelError if one of the lab's namespaces does not exist, because it was deleted
        by hand."""
        self._host.require_namespaces(self.state)
