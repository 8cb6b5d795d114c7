"""What one lab has on this machine: its namespaces, its server and its record."""

import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TypeAlias

from nsnet import __version__
from nsnet.errors import CleanupError, KernelError
from nsnet.kernel import capabilities, daemons, enter, netfilter, netns, observe, processes
from nsnet.kernel.apply import Applier
from nsnet.lab import folder
from nsnet.lab.compiled import Compiled
from nsnet.plan.differences import Difference, diff, missing_namespaces
from nsnet.plan.drift import drift
from nsnet.plan.ops import Listen, ListenerReplace, Op, ServersStart, Serving, Unlisten
from nsnet.probes.recording import frames
from nsnet.servers.echo import control
from nsnet.state.daemons import path_of
from nsnet.state.model import State
from nsnet.state.namespaces import Role, netns_name, servers_netns
from nsnet.topology.names import names_of
from nsnet.topology.references import Location

Progress: TypeAlias = Callable[[str, int, int], None]  # the phase, steps done, all steps


def silent(phase: str, done: int, total: int) -> None:
    """Do nothing: the Progress that reports nothing."""
    del phase, done, total


class Host:
    """The machine's side of one lab. The methods that change a lab that stays up need the lab's
    lock."""

    def __init__(self, lab: str, tool: str = "") -> None:
        self.lab = lab
        self.tool = tool  # the variant of iptables: iptables-legacy or iptables-nft
        self.folder = path_of(lab)

    def require(self, state: State) -> None:
        """Raise UnsupportedError if this machine lacks something that the state needs."""
        capabilities.require_for(state)

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
                lambda: control.is_ready(self.folder), what="the lab's server is not ready"
            )
        except TimeoutError as error:
            text = control.log_of(self.folder).read_text(errors="replace").strip()
            raise KernelError(
                f"{error}: {(text or 'its log is empty').splitlines()[-1]}"
            ) from error

    def record(self, what: Compiled, *, complete: bool) -> None:
        """Write the lab's record. From it, another process of nsnet can attach to the lab."""
        folder.write(
            self.lab,
            {
                "schema": folder.SCHEMA,
                "version": __version__,
                "complete": complete,
                "tool": self.tool,
                "main": what.scenario.document.file,
                "sources": dict(what.scenario.sources),
                "assignment": what.topology.assignment().to_json(),
            },
            {"complete": complete, **names_of(what.topology).to_json()},
        )

    def differences(self, state: State) -> tuple[Difference, ...]:
        """Return the differences between what the namespaces hold and the state."""
        keys = {each.name: [one.key for one in each.sysctls] for each in state.netns}
        found = observe.observe([each.name for each in state.netns], keys, self.tool)
        for each in state.netns:
            if each.daemons and each.name in found:
                running = tuple(
                    one for one in each.daemons if daemons.is_running(self.folder, each.name, one)
                )
                found[each.name] = replace(found[each.name], daemons=running)
        return diff(state, found)

    def drift(self, state: State, differences: Sequence[Difference]) -> list[str]:
        """Return a line of text for each of these differences, and one if the lab's server does not
        run."""
        lines = drift(state, differences)
        if not control.is_ready(self.folder):
            lines.append("servers: nsnet's server does not run")
        return lines

    def clear(self, differences: Sequence[Difference]) -> bool:
        """Remove what would prevent a repair, and return whether the lab's server runs in the right
        namespace. Removed are a server in a namespace whose name was deleted, and names on which no
        namespace is mounted."""
        home = control.netns_inode(self.folder)
        served = home is not None and home == netns.inode(servers_netns(self.lab))
        if not served and home is not None and home != netns.own_inode():
            processes.stop({home})  # `down` would not find it by a namespace's name
        for name in missing_namespaces(differences):
            netns.delete(name)  # its name may be left without a namespace
        return served

    def remove(self) -> None:
        """Remove everything of the lab but its folder. Raises CleanupError.

        The processes in the lab's namespaces are ended first. Then the namespaces are deleted, the
        server's last. They are found in the kernel; the lab's record is not needed.
        """
        inodes = {inode for each in self.namespaces() if (inode := netns.inode(each)) is not None}
        # If its name was deleted by hand, the server's namespace still exists without one.
        home = control.netns_inode(self.folder)
        if home is not None and home != netns.own_inode():
            inodes.add(home)
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

    def run(self, place: Location, argv: Sequence[str], seconds: float) -> processes.Completed:
        """Run a command in a namespace of the lab to its end. Return its exit status and output.
        Raises TimeoutError after `seconds`."""
        command = enter.command(place.netns, hostname(place), argv)
        return processes.run(command, place.netns, seconds=seconds)

    def enter(self, place: Location) -> None:
        """Move this process into a namespace of the lab for good. It can then execute another
        program there."""
        enter.enter(place.netns, hostname(place))

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


def hostname(place: Location) -> str:
    """Return the host name of a pod, node or other machine: the last part of its reference. A
    gateway's is its whole reference, in which "-" replaces "/" and ","."""
    if place.role is Role.GATEWAY:
        return place.reference.replace("/", "-").replace(",", "-")
    return place.reference.rpartition("/")[2]


def _raise_file_limit() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
