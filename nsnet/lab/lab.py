"""A lab: a scenario that is up. The only module that joins the pure half and the kernel."""

import resource
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from nsnet import __version__
from nsnet.errors import KernelError, UsageError
from nsnet.features.compile import compile_state
from nsnet.kernel import capabilities as features
from nsnet.kernel import daemons, enter, netfilter, netns, observe, processes
from nsnet.kernel.apply import Applier
from nsnet.lab import folder
from nsnet.lab.folder import SCHEMA
from nsnet.lab.removal import remove
from nsnet.plan.drift import Observed, drift
from nsnet.plan.ops import Listen, ListenerReplace, Op, ServersStart, Serving, Unlisten
from nsnet.plan.order import changes, plan
from nsnet.plan.repair import repairs
from nsnet.probes.ask import Connection, ask
from nsnet.probes.model import Model
from nsnet.probes.question import Explanation, explain, question, simple
from nsnet.probes.recording import frames
from nsnet.probes.report import ProbeReport, Report
from nsnet.scenario.kinds import ProbeSpec
from nsnet.scenario.load import load
from nsnet.scenario.model import Scenario
from nsnet.scenario.scale import KINDS, scaled
from nsnet.servers.echo import control
from nsnet.state.daemons import path_of
from nsnet.state.model import State
from nsnet.text import number_of
from nsnet.topology.assignment import Assignment
from nsnet.topology.model import Topology, netns_name
from nsnet.topology.probe_checks import check_probes
from nsnet.topology.references import Place, locate, members
from nsnet.topology.resolve import resolve
from nsnet.topology.restart import replaced, restarting, without
from nsnet.walk.packet import Unknown

Progress: TypeAlias = Callable[[str, int, int], None]  # phase, done, of how many

Feature: TypeAlias = features.Feature
Recorded: TypeAlias = frames.Recorded


class DefectWarning(UserWarning):
    """The kernel did what nsnet's model did not predict: the model is wrong."""


def silent(phase: str, done: int, total: int) -> None:
    """Progress for nobody."""
    del phase, done, total


class Lab:
    """A scenario and what it became; `build` puts it on the kernel that the calling thread stands
    on."""

    def __init__(self, scenario: Scenario, keep: Assignment | None = None, tool: str = "") -> None:
        self.original = scenario
        self.scenario = scenario
        self._touched = False  # somebody may have changed it, or a change was broken off
        self.tool = tool
        self.topology: Topology = resolve(scenario, keep)
        check_probes(scenario, self.topology)
        self._first = self.topology  # who had which address when it was built
        self.state: State = compile_state(self.topology)
        self._model = Model(self.topology, self.state)

    @property
    def model(self) -> Model:
        """The model of the lab as it is now: probes of one State share its indexes."""
        if self._model.topology is not self.topology or self._model.state is not self.state:
            self._model = Model(self.topology, self.state)
        return self._model

    @property
    def name(self) -> str:
        """The lab's name, a part of every namespace's."""
        return self.scenario.name

    def build(self, progress: Progress = silent) -> None:
        """The lab is up. The caller holds its lock. Raises KernelError, UnsupportedError."""
        features.require()
        features.require_for(self.state)
        _raise_file_limit()
        netns.prepare()
        self.tool = netfilter.choose()
        self.record(complete=False)
        self._apply(plan(self.state), progress)
        self.record(complete=True)

    def change(self, scenario: Scenario, progress: Progress = silent) -> int:
        """The lab is what this scenario says; what both have in common was not touched. Returns how
        many steps that took."""
        return self._become(scenario, resolve(scenario, self.topology.assignment()), progress)

    def apply(self, changed: str | Path | Scenario, progress: Progress = silent) -> int:
        """The lab is what this file says, and what was changed by hand is repaired; what exists
        keeps its addresses. Returns how many steps that took. Raises UsageError, ScenarioError,
        KernelError."""
        scenario = changed if isinstance(changed, Scenario) else load(Path(changed))
        if scenario.name != self.name:
            raise UsageError(f"{scenario.document.file} describes {scenario.name}, not {self.name}")
        topology = resolve(scenario, self.topology.assignment())
        check_probes(scenario, topology)
        repaired = self.repair(progress) if self._touched else 0
        return repaired + self._become(scenario, topology, progress)

    def restart(self, reference: str, progress: Progress = silent) -> tuple[str, ...]:
        """The pod, or one after the other every pod of the workload, is made anew, with another
        address; its Services lead to the new one. Returns who it was. Raises UsageError."""
        pods = restarting(self.topology, reference)
        for done, pod in enumerate(pods, 1):
            keep = self.topology.assignment().release(pod.reference)
            self._become(self.scenario, resolve(self.scenario, keep))
            progress("restarting", done, len(pods))
        return tuple(each.reference for each in pods)

    def require_restartable(self, reference: str) -> None:
        """Raises UsageError where this is nothing that can be restarted."""
        restarting(self.topology, reference)

    def repair(self, progress: Progress = silent) -> int:
        """What was changed by hand is again as the lab's file says. Returns how many steps that
        took. Raises KernelError with what is beyond nsnet."""
        observed = self._observed()
        if not self._drift(observed):
            return 0
        server = path_of(self.name) / "servers.sock"
        home = control.home(server)
        served = home is not None and home == netns.inode(netns_name(self.name, "servers"))
        if not served and home is not None and home != netns.here():
            processes.stop({home})  # its namespace has no name any more, and down would not find it
        for each in self.state.netns:
            if each.name not in observed:
                netns.delete(each.name)  # a name may be left of it
        steps = repairs(self.state, observed, served=served)
        self._carry_out(steps, progress)
        self.record(complete=True)
        if left := self.drift():
            more = f" (and {len(left) - 1} more)" if len(left) > 1 else ""
            raise KernelError(
                f"{self.name} cannot be repaired: {left[0]}{more}",
                hint=f"to build it anew: nsnet down {self.name}, then nsnet up FILE",
            )
        return len(steps)

    def _become(self, scenario: Scenario, topology: Topology, progress: Progress = silent) -> int:
        """The lab is this one; a pod that is made anew is gone before it comes."""
        state = compile_state(topology)
        features.require_for(state)
        anew = replaced(self.topology, topology)
        between = compile_state(without(self.topology, anew)) if anew else self.state
        steps = [*changes(self.state, between), *changes(between, state)]
        self._carry_out(steps, progress)
        self.scenario, self.topology, self.state = scenario, topology, state
        self.record(complete=True)
        return len(steps)

    def _carry_out(self, steps: Sequence[Op], progress: Progress) -> None:
        """The kernel holds what the steps say; broken off, they leave half a lab."""
        self.record(complete=False)
        touched, self._touched = self._touched, True
        self._apply(steps, progress)
        self._touched = touched

    def reset(self) -> None:
        """The lab is again what its file says, everybody's address included; where somebody changed
        it by hand, it is built anew."""
        if self._touched and self.drift():
            with folder.locked(self.name):
                remove(self.name)
                self.scenario, self.topology = self.original, self._first
                self.state = compile_state(self.topology)
                self.build()
        elif self.topology is not self._first:
            self._become(self.original, self._first)
        self._touched = False

    def scale(self, reference: str, replicas: int) -> None:
        """The Deployment or StatefulSet has so many pods. Raises UsageError."""
        cluster, kind, name, namespace = _workload(self.topology, reference)
        try:
            scenario = scaled(self.scenario, cluster, kind, name, namespace, replicas)
        except KeyError as error:
            raise UsageError(f"{reference}: there is no such {KINDS[kind]}") from error
        self.change(scenario)

    def probe(self, progress: Progress = silent, specs: Sequence[ProbeSpec] = ()) -> Report:
        """Sends what the scenario's probes say, or the given ones, and reports."""
        start = time.monotonic()
        asked = [question(self.topology, each) for each in specs or self.scenario.spec.probes]
        total = sum(each.spec.times for each in asked)
        with self.missing_namespaces_named():
            reports = ask(self.model, asked, lambda done: progress("probing", done, total))
        reports = self._drift_is_no_defect(reports)
        return Report(self.name, reports, round(time.monotonic() - start, 3))

    def connect(
        self, source: str, to: str, protocol: str = "tcp", *, path: bool = False, **fields: Any
    ) -> Connection:
        """Real packets from one place to another: `times`, `timeout`, `size`, `source_port` as in
        a probe.

        Warns with DefectWarning where the kernel differs from the prediction.
        """
        named = {{"source_port": "sourcePort"}.get(key, key): each for key, each in fields.items()}
        asked = question(self.topology, simple(source, to, protocol, **named), path=path)
        with self.missing_namespaces_named():
            reports = ask(self.model, [asked])
        (report,) = self._drift_is_no_defect(reports)
        for each in report.defects:
            warnings.warn(f"{report.name}: {each}", DefectWarning, stacklevel=2)
        return Connection(report)

    def explain(self, source: str, to: str, protocol: str = "tcp", size: int = 0) -> Explanation:
        """What walk predicts of such a packet, or of as many bytes."""
        return explain(self.model, simple(source, to, protocol, size=size))

    def endpoints(self, reference: str) -> frozenset[str]:
        """The pods behind a Service, or of a workload."""
        return members(self.topology, reference)

    def __getitem__(self, reference: str) -> Place:
        return locate(self.topology, reference)

    def exec(self, reference: str, *argv: str, timeout: float = 60.0) -> processes.Completed:
        """The command has run there, its output is text. Raises TimeoutError after so many
        seconds."""
        place = self[reference]
        command = enter.command(place.netns, hostname(place), argv)
        self._touched = True
        with self.missing_namespaces_named():
            return processes.run(command, place.netns, seconds=timeout)

    def counters(self, reference: str, table: str = "nat") -> tuple[netfilter.CountedRule, ...]:
        """The rules of a namespace's table with their packet and byte counters, read by python-
        iptables."""
        return netfilter.counters(self[reference].netns, self.tool, table)

    def places(self, references: Sequence[str] = ()) -> dict[str, str]:
        """The namespaces of these places, or of all, with what people call them. Raises
        UsageError."""
        named = {self[each].netns for each in references}
        return {
            name: reference
            for name, reference in self.topology.places()
            if (name in named if references else reference != "servers")
        }

    @contextmanager
    def recording(
        self, places: Mapping[str, str], count: int, seconds: int, snap_length: int
    ) -> Iterator[frames.Recording]:
        """From now on, nothing passes these places unheard. Raises KernelError."""
        limits = frames.Limits(count, seconds, snap_length)
        _raise_file_limit()
        with ExitStack() as stack:
            with self.missing_namespaces_named():
                made = stack.enter_context(frames.recording(self.name, places, limits))
            yield made

    def drift(self) -> list[str]:
        """How the kernel differs from what was asked of it, a line each."""
        return self._drift(self._observed())

    def _observed(self) -> dict[str, Observed]:
        keys = {each.name: [one.key for one in each.sysctls] for each in self.state.netns}
        found = observe.observe([each.name for each in self.state.netns], keys, self.tool)
        home = path_of(self.name)
        for each in self.state.netns:
            if each.daemons and each.name in found:
                running = tuple(one for one in each.daemons if daemons.runs(home, each.name, one))
                found[each.name] = replace(found[each.name], daemons=running)
        return found

    def _drift(self, observed: Mapping[str, Observed]) -> list[str]:
        lines = drift(self.state, observed)
        if not control.is_ready(path_of(self.name) / "servers.sock"):
            lines.append("servers: nsnet's server does not run")
        return lines

    @contextmanager
    def missing_namespaces_named(self) -> Iterator[None]:
        """What cannot be done for want of a namespace that somebody deleted is a KernelError."""
        try:
            yield
        except OSError as error:
            self.require_namespaces(error)
            raise

    def require_namespaces(self, cause: OSError | None = None) -> None:
        """Raises KernelError where somebody has deleted one of the lab's namespaces."""
        gone = [each for each in self.state.netns if netns.inode(each.name) is None]
        if gone:
            more = f" (and {len(gone) - 1} more)" if len(gone) > 1 else ""
            raise KernelError(
                f"{gone[0].reference}: namespace {gone[0].name} is gone{more}",
                hint=f"what else is not as it should be: nsnet status {self.name};"
                f" to repair it: nsnet apply {self.name} FILE",
            ) from cause

    def _drift_is_no_defect(self, reports: tuple[ProbeReport, ...]) -> tuple[ProbeReport, ...]:
        """Where the kernel differs from the prediction and somebody changed the lab by hand, that
        is why: such a report has no prediction, and nsnet no defect."""
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

    def _apply(self, ops: Sequence[Op], progress: Progress) -> None:
        applier = Applier(path_of(self.name), self.tool, self._serve)
        applier.apply(ops, lambda done: progress("building", done, len(ops)))

    def _serve(self, ops: Sequence[Serving]) -> None:
        """Starts the server, which gets ready while the lab is built, or tells it where to
        listen."""
        path = path_of(self.name)
        server = path / "servers.sock"
        listen = [(op.netns, op.listener) for op in ops if isinstance(op, Listen)]
        unlisten = [(op.netns, op.listener) for op in ops if isinstance(op, Unlisten)]
        replaced = [(op.netns, op.listener) for op in ops if isinstance(op, ListenerReplace)]
        for op in ops:
            if isinstance(op, ServersStart):
                processes.start(control.argv(server), op.netns, path / "servers.log")
        if listen or unlisten or replaced:
            _await_server(server)
            control.change(server, listen, unlisten, replaced)

    def record(self, *, complete: bool) -> None:
        """What must be known of the lab by another nsnet is on file."""
        folder.write(
            self.name,
            {
                "schema": SCHEMA,
                "version": __version__,
                "complete": complete,
                "tool": self.tool,
                "main": self.scenario.document.file,
                "sources": dict(self.scenario.sources),
                "assignment": self.topology.assignment().to_json(),
            },
        )


def hostname(place: Place) -> str:
    """What a machine calls itself: the last part of its reference; a gateway has its cluster's
    name, too."""
    parts = place.reference.split("/")
    return "-".join(parts).replace(",", "-") if "gateway" in parts[1:] else parts[-1]


def _await_server(at: Path) -> None:
    """The server that was started a moment ago answers. Raises KernelError with its last words."""
    try:
        processes.until(lambda: control.is_ready(at), what="the lab's server is not ready")
    except TimeoutError as error:
        said = at.with_name("servers.log").read_text(errors="replace").strip() or "it said nothing"
        raise KernelError(f"{error}: {said.splitlines()[-1]}") from error


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _workload(topology: Topology, reference: str) -> tuple[str, str, str, str]:
    """(cluster, kind, name, namespace) of a reference to a workload."""
    *cluster, kind, name = reference.split("/")
    if kind not in KINDS or len(cluster) > 1:
        raise UsageError(
            f"{reference}: only {' and '.join(KINDS)} can be scaled, as in east/deploy/web"
        )
    if not cluster and len(topology.clusters) > 1:
        raise UsageError(f"{reference}: say of which cluster")
    plain, _, namespace = name.partition(".")
    return (cluster or [topology.clusters[0].name])[0], kind, plain, namespace or "default"
