"""What one lab has on this machine: its namespaces, its server and its record."""

import resource
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

from nsnet import __version__
from nsnet.errors import CleanupError, KernelError
from nsnet.kernel import (
    capabilities,
    carriers,
    daemons,
    enter,
    netfilter,
    netns,
    observe,
    processes,
)
from nsnet.kernel.apply import Applier
from nsnet.kernel.capacity import capacity
from nsnet.kernel.container import User
from nsnet.lab import folder
from nsnet.lab.commands import Commands, as_record
from nsnet.lab.compiled import Compiled
from nsnet.lab.needs import Needs, needs_of, require_capacity
from nsnet.plan.differences import Added, Changed, Difference, Missing, diff, missing_namespaces
from nsnet.plan.drift import drift
from nsnet.plan.ops import Listen, ListenerReplace, Op, ServersStart, Serving, Unlisten
from nsnet.probes.prober import Pace
from nsnet.probes.recording import frames
from nsnet.servers import control
from nsnet.state.bird import Bird
from nsnet.state.daemons import Daemon, path_of, program
from nsnet.state.haproxy import Haproxy
from nsnet.state.model import State
from nsnet.state.namespaces import netns_name, servers_netns
from nsnet.state.observed import Hung
from nsnet.topology.interior import Interior
from nsnet.topology.names import names_of
from nsnet.topology.references import Location

_SERVER_STARTS = 10.0  # seconds; 40 ms where no other process needs the CPU

Progress: TypeAlias = Callable[[str, int, int], None]  # the phase, steps done, all steps


def silent(phase: str, done: int, total: int) -> None:
    """Do nothing: the Progress that reports nothing."""
    del phase, done, total


class Host:
    """The machine's side of one lab. The methods that change a lab that stays up need the lab's
    lock."""

    def __init__(self, lab: str, tool: str = "", user: User | None = None) -> None:
        self.lab = lab
        self.tool = tool  # the variant of iptables: iptables-legacy or iptables-nft
        self.user = user  # as which commands of containers run; None: as the caller
        self.folder = path_of(lab)
        self.commands = Commands(self.folder)
        self.pace = Pace(self.folder / "pace")  # shared by all processes that probe the lab

    def require(self, state: State, held: State | None = None) -> None:
        """Raise UnsupportedError if this machine lacks something that the state needs, or cannot
        carry it. `held` is the state of the lab if it is up."""
        capabilities.require_for(state)
        needed = needs_of(state)
        require_capacity(needed, needs_of(held) if held else Needs(), capacity())

    def prepare(self, state: State) -> None:
        """Make this machine ready to build the state, and choose the lab's variant of iptables.
        Raises UnsupportedError, UsageError."""
        capabilities.require()
        self.require(state)
        _raise_file_limit()
        netns.prepare()
        self.tool = netfilter.choose_tool()

    def apply(
        self, ops: Sequence[Op], progress: Progress = silent, phase: str = "changing"
    ) -> None:
        """Carry out the Ops. `progress` is called with the phase, the number of Ops done, and the
        number of all Ops. Raises KernelError."""
        applier = Applier(self.folder, self.tool, self._serve)
        applier.apply(ops, lambda done: progress(phase, done, len(ops)))
        if any(isinstance(op, ServersStart) for op in ops):
            self._await_server()  # a lab in which nothing listens has not waited for it yet

    def settle(self, state: State) -> None:
        """Make the kernel act now on the loss of carrier that links which are down cause."""
        near = set()
        for each in state.netns:
            for link in each.interfaces:
                if link.peer is not None and not link.up:
                    near |= {each.name, link.peer.netns}
        for name in near:
            carriers.settle(name)

    def _serve(self, ops: Sequence[Serving]) -> None:
        """Start the server, or change its ports, as the Ops say. Only a change of ports waits until
        the server is ready, so that the server starts while the rest of the lab is built."""
        listen = [(op.netns, op.listener) for op in ops if isinstance(op, Listen)]
        unlisten = [(op.netns, op.listener) for op in ops if isinstance(op, Unlisten)]
        replaced = [(op.netns, op.listener) for op in ops if isinstance(op, ListenerReplace)]
        for op in ops:
            if isinstance(op, ServersStart):
                processes.start(control.argv(self.folder), op.netns, control.log_of(self.folder))
        if listen or unlisten or replaced:
            self._await_server()
            control.change(self.folder, listen, unlisten, replaced)

    def _await_server(self) -> None:
        """Wait until the server that was just started is ready. Raises KernelError with the last
        line of the server's log."""
        try:
            processes.until(
                lambda: control.is_ready(self.folder),
                what="the lab's server is not ready",
                seconds=_SERVER_STARTS,
            )
        except TimeoutError as error:
            text = control.log_of(self.folder).read_text(errors="replace").strip()
            raise KernelError(
                f"{error}: {(text or 'its log is empty').splitlines()[-1]}"
            ) from error

    def record(self, what: Compiled, *, complete: bool, before: Sequence[Compiled] = ()) -> None:
        """Write the lab's record. From it, another process of nsnet can attach to the lab.

        `what` is what the lab is, or will be when a change is complete. Until then the lab may
        still hold parts of what was `before`.
        """
        folder.write(
            self.lab,
            {
                "schema": folder.SCHEMA,
                "version": __version__,
                "complete": complete,
                "tool": self.tool,
                "user": as_record(self.user),
                **_as_record(what),
                "before": [*map(_as_record, before)],
            },
            {
                "complete": complete,
                "changing": bool(before),
                **names_of(what.topology).to_json(),
            },
        )

    def differences(self, state: State, before: Iterable[State] = ()) -> tuple[Difference, ...]:
        """Return the differences between what the namespaces hold and the state.

        If a change was interrupted, the lab may still hold parts of what was `before`. Daemons do
        not tell which configuration they have read: if they had another one before, it counts as
        theirs.
        """
        keys = {each.name: [one.key for one in each.sysctls] for each in state.netns}
        found = observe.observe([each.name for each in state.netns], keys, self.tool)
        wanted = _daemons(state)
        asked = wanted | {
            key: daemon
            for each in before
            for key, daemon in _daemons(each).items()
            if wanted.get(key) != daemon
        }
        looked_for = [(name, daemon) for (name, _), daemon in asked.items() if name in found]
        answering = daemons.answering(self.folder, looked_for)
        for (name, one), answers in zip(looked_for, answering, strict=True):
            if answers or daemons.pids(self.folder, name, one):
                here = (*found[name].daemons, one if answers else Hung(one))
                found[name] = replace(found[name], daemons=here)
        return diff(state, found)

    def is_served(self) -> bool:
        """Return whether the lab's server answers, and runs in the namespace of its name."""
        return control.answers_in(self.folder, netns.inode(servers_netns(self.lab)))

    def drift(self, state: State, differences: Sequence[Difference], *, served: bool) -> list[str]:
        """Return a line of text for each of these differences, and one if the lab's server is not
        `served`: it does not run, or does not answer."""
        lines = drift(state, differences)
        if not served:
            home = netns.inode(servers_netns(self.lab))
            hangs = home is not None and processes.pids_in({home})
            lines.append(f"servers: the lab's server does not {'answer' if hangs else 'run'}")
        return lines

    def superfluous(self, state: State) -> list[str]:
        """Return the names of the lab's namespaces that the state does not have."""
        wanted = {each.name for each in state.netns}
        return [each for each in self.namespaces() if each not in wanted]

    def clear(
        self, differences: Sequence[Difference], *, served: bool, superfluous: Sequence[str] = ()
    ) -> None:
        """Remove what would prevent a repair: a server and daemons that hang, or that run in a
        namespace whose name was deleted; processes in superfluous namespaces; and names on which no
        namespace is mounted."""
        servers = netns.inode(servers_netns(self.lab))
        ended = self._homes() - {netns.inode(each) for each in self.namespaces()}
        ended |= {inode for each in superfluous if (inode := netns.inode(each)) is not None}
        if not served and servers is not None:
            ended.add(servers)
        if ended:
            processes.stop(ended)
        for each in differences:
            match each:
                case Missing(name, (Haproxy() | Bird()) as daemon):
                    daemons.kill(self.folder, name, daemon)
                case Changed(name, (Haproxy() | Bird()) as daemon, Hung()) | Added(
                    name, Hung(daemon)
                ):
                    daemons.kill(self.folder, name, daemon)
                case _:
                    pass
        for name in missing_namespaces(differences):
            netns.delete(name)  # its name may be left without a namespace

    def _homes(self) -> set[int]:
        """Return the inodes of the namespaces in which the lab's server and daemons run. Some may
        have no name any more."""
        return processes.homes(self.folder.parent).get(self.lab, set())

    def remove(self) -> None:
        """Remove everything of the lab but its folder. Raises CleanupError.

        The processes in the lab's namespaces are ended first. Then the namespaces are deleted, the
        server's last. They are found in the kernel; the lab's record is not needed.
        """
        inodes = {inode for each in self.namespaces() if (inode := netns.inode(each)) is not None}
        # A namespace whose name was deleted by hand exists as long as a process is in it.
        inodes |= self._homes()
        if inodes:
            processes.stop(inodes)
        servers = servers_netns(self.lab)
        for each in sorted(self.namespaces(), key=lambda one: one == servers):
            netns.delete(each)
        if left := self.namespaces():
            raise CleanupError(
                f"these namespaces of {self.lab} could not be removed: {', '.join(left)}"
            )

    def namespaces(self) -> list[str]:
        """Return the names of the lab's namespaces that exist."""
        return netns.names(netns_name(self.lab, ""))

    def is_whole(self, state: State) -> bool:
        """Return whether every namespace of the state exists and a process runs in the server's
        namespace."""
        inodes = {each.name: netns.inode(each.name) for each in state.netns}
        home = inodes.get(servers_netns(self.lab))
        return None not in inodes.values() and home is not None and bool(processes.pids_in({home}))

    @contextmanager
    def missing_namespaces_named(self, state: State) -> Iterator[None]:
        """Replace an error raised inside the block by a KernelError if one of the state's
        namespaces is missing. The KernelError names that namespace. If none is missing, the error
        is raised as it is."""
        try:
            yield
        except (OSError, KernelError) as error:
            self.require_namespaces(state, error)
            raise

    def require_namespaces(self, state: State, cause: Exception | None = None) -> None:
        """Raise KernelError if one of the state's namespaces does not exist, because it was deleted
        by hand. `cause` is the error that led to this check."""
        gone = [each for each in state.netns if netns.inode(each.name) is None]
        if gone:
            more = f" (and {len(gone) - 1} more)" if len(gone) > 1 else ""
            raise KernelError(
                f"{gone[0].reference}: namespace {gone[0].name} is gone{more}",
                hint=f"what else differs: nsnet status {self.lab};"
                f" to repair it: nsnet apply {self.lab} FILE",
            ) from cause

    def run(
        self,
        place: Location,
        inside: Interior,
        argv: Sequence[str],
        environment: Mapping[str, str],
        seconds: float,
    ) -> processes.Completed:
        """Run a command in a namespace of the lab to its end, with these environment variables.
        Return its exit status and output. Raises TimeoutError after `seconds`."""
        command = enter.command(place.netns, inside.hostname, inside.files, argv)
        return processes.run(command, place.netns, environment, seconds=seconds)

    def enter(self, place: Location, inside: Interior) -> None:
        """Move this process into a namespace of the lab for good. It can then execute another
        program there."""
        enter.enter(place.netns, inside.hostname, inside.files)

    def counters(self, place: Location, table: str) -> tuple[netfilter.CountedRule, ...]:
        """Return the rules of an iptables table in a namespace of the lab, with their counters."""
        return netfilter.counters(place.netns, self.tool, table)

    @contextmanager
    def recording(
        self, state: State, places: Mapping[str, str], limits: frames.Limits
    ) -> Iterator[frames.Recording]:
        """Record every packet that passes these namespaces, which `places` maps to their
        references. Raises KernelError."""
        _raise_file_limit()
        with ExitStack() as stack:
            with self.missing_namespaces_named(state):
                made = stack.enter_context(frames.recording(self.lab, places, limits))
            yield made


def _as_record(what: Compiled) -> dict[str, Any]:
    """Return a scenario as a record has it. folder.scenario_of() reads it."""
    return {
        "main": what.scenario.document.file,
        "sources": dict(what.scenario.sources),
        "assignment": what.topology.assignment().to_json(),
    }


def _daemons(state: State) -> dict[tuple[str, str], Daemon]:
    """Return the daemons of a State by their namespace and program."""
    return {(each.name, program(one)): one for each in state.netns for one in each.daemons}


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
