"""Carry out Ops in the kernel, in batches for speed.

The rtnetlink messages of consecutive Ops in one namespace are sent together.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby, starmap
from pathlib import Path
from typing import Any, Final

from nsnet.errors import KernelError
from nsnet.ip import Family
from nsnet.kernel import conntrack, daemons, netfilter, netns, nftables, rtnetlink, sysctl
from nsnet.kernel.ipvs import Ipvs
from nsnet.kernel.observe import learned_routes
from nsnet.kernel.processes import until
from nsnet.kernel.session import Session, refused
from nsnet.plan.ops import (
    AddressAdd,
    AddressDelete,
    BridgeAdd,
    ConntrackDelete,
    DaemonReload,
    DaemonStart,
    DaemonStop,
    Drain,
    DummyAdd,
    FdbDelete,
    FdbSet,
    LinkDelete,
    LinkDown,
    LinkUp,
    Listen,
    ListenerReplace,
    MtuSet,
    NeighbourAdd,
    NeighbourDelete,
    NeighbourFlush,
    NetnsAdd,
    NetnsDelete,
    Op,
    PolicyRuleAdd,
    PolicyRuleDelete,
    RouteAdd,
    RouteDelete,
    RouteReplace,
    RoutesAwait,
    RulesLoad,
    ServersStart,
    Serving,
    SetsDelete,
    SetsLoad,
    SysctlSet,
    TableLoad,
    Unlisten,
    VethAdd,
    VirtualServersLoad,
    VxlanAdd,
)
from nsnet.state import nftables_text as nft
from nsnet.state.ipsets import destroy_input, fill_input
from nsnet.state.iptables_text import restore

CONVERGENCE = 30.0  # seconds for BGP to learn all routes
TO_DELETE = 0x6E73  # the group of links that are about to be deleted


class Applier:
    """Carries out Ops, by one call of `apply` or several.

    `runtime` is the lab's folder under /run/nsnet. The iptables tools lock a file in this folder,
    not the host's lock file. `listening` is called with the Ops that concern the lab's server, in
    order.
    """

    def __init__(
        self,
        runtime: Path,
        tool: str,
        listening: Callable[[Sequence[Serving]], None],
    ) -> None:
        self.runtime = runtime
        self.tool = tool
        self.listening = listening
        self.session = Session()
        self._encoded: dict[tuple[int, int], bytes] = {}  # messages, by neighbour and link

    def apply(self, ops: Iterable[Op], progress: Callable[[int], None] = lambda done: None) -> None:
        """Carry out the Ops in order. The calling thread enters their namespaces, and is back in
        its own on return.

        `progress` is called with the number of Ops done so far. Raises KernelError.
        """
        done = 0
        try:
            with netns.returning():
                for batch, steps in batches(ops):
                    if batch is not None:
                        batch.carry_out(self, steps)
                    else:
                        self._carry_out_each(steps)
                    done += len(steps)
                    progress(done)
        finally:
            self.session.close()

    def _carry_out_each(self, steps: Sequence[Op]) -> None:
        """Carry out Ops of one namespace one by one, then send the messages that they have
        queued."""
        for step in steps:
            executor = EXECUTORS[type(step)]
            assert isinstance(executor, Each)
            executor.carry_out(self, step)
        self.session.send(steps[0].netns)

    # --- namespaces ---

    def _add_netns(self, op: NetnsAdd) -> None:
        with _explained(op):
            self.session.add(op.netns)

    def _delete_netns(self, op: NetnsDelete) -> None:
        self.session.delete(op.netns)

    def _set_sysctl(self, op: SysctlSet) -> None:
        self.session.enter(op.netns)
        with _explained(op):
            try:
                sysctl.write(op.sysctl.key, op.sysctl.value)
            except FileNotFoundError as error:
                if not op.sysctl.if_present:
                    raise refused(op, "this kernel has no such setting") from error

    # --- links ---

    def _add_veth(self, op: VethAdd) -> None:
        near, far = self.session[op.netns], self.session[op.peer_netns]
        near.choose_index(op.interface.name)
        far.choose_index(op.peer.name)
        near.queue(op, rtnetlink.veth(op, near.indexes, far.indexes, far.fd))
        if op.interface.hairpin:
            near.queue(op, rtnetlink.hairpin(op, near.indexes))

    def _delete_links(self, steps: Sequence[LinkDelete]) -> None:
        """Delete links of one namespace at once.

        The links are put in a group first, because the kernel takes 20 ms for a request, whether it
        deletes one link or a group of links. ENODEV is ignored, because a veth may disappear at any
        moment if its other end was removed together with a namespace.
        """
        namespace = self.session[steps[0].netns]
        for step in steps:
            if step.name in namespace.indexes:
                message = rtnetlink.into_group(namespace.indexes[step.name], TO_DELETE)
                namespace.queue(step, message)
        namespace.queue(steps[-1], rtnetlink.delete_group(TO_DELETE))
        namespace.send(ignored=errno.ENODEV)
        # The other ends of deleted veth pairs are deleted, too: read all indexes again.
        self.session.read_indexes()

    # --- neighbours ---

    def _set_neighbour(self, op: NeighbourAdd) -> None:
        """Queue the message that adds a neighbour. It is encoded once for all namespaces, because
        on a crowded bridge every namespace lists the same neighbours."""
        namespace = self.session[op.netns]
        key = id(op.neighbour), namespace.indexes[op.neighbour.dev]
        if key not in self._encoded:
            self._encoded[key] = rtnetlink.set_neighbour(op, namespace.indexes)
        namespace.queue(op, self._encoded[key])

    def _flush_neighbours(self, steps: Sequence[NeighbourFlush]) -> None:
        namespace = self.session[steps[0].netns]
        for step in steps:
            # The link may have been deleted by hand, and with it the entries learned on it.
            if step.dev in namespace.indexes:
                namespace.queue(step, rtnetlink.flush_neighbour(step, namespace.indexes))
        namespace.send(ignored=errno.ENOENT)  # there was no such entry

    # --- rules, sets and virtual servers ---

    def _load_rules(self, steps: Sequence[RulesLoad | TableLoad]) -> None:
        """Load all iptables rules, then all nftables rules. Then delete the nftables chains that
        are not used any more."""
        rulesets: dict[str, dict[Family, str]] = {}
        for step in steps:
            if isinstance(step, RulesLoad):
                text = restore(step.chains, step.deleted)
                rulesets.setdefault(step.netns, {})[step.family] = text
        netfilter.load(rulesets, self.tool, self.runtime / "xtables.lock")
        tables = [step for step in steps if isinstance(step, TableLoad)]
        nftables.load(
            [
                (each.netns, nft.load(each.family, each.old, each.new, whole=each.whole))
                for each in tables
            ]
        )
        nftables.delete(
            (each.netns, nft.delete(each.family, each.old, each.new)) for each in tables
        )

    def _load_sets(self, steps: Sequence[SetsLoad]) -> None:
        netfilter.load_sets((step.netns, fill_input(step.sets)) for step in steps)

    def _delete_sets(self, steps: Sequence[SetsDelete]) -> None:
        netfilter.load_sets((step.netns, destroy_input(step.names)) for step in steps)

    def _load_virtual_servers(self, op: VirtualServersLoad) -> None:
        self.session.enter(op.netns)
        with _explained(op):
            ipvs = Ipvs()
            try:
                ipvs.load(op.old, op.new)
            finally:
                ipvs.close()

    # --- connections ---

    def _delete_flows(self, op: ConntrackDelete) -> None:
        self.session.enter(op.netns)
        with _explained(op):
            conntrack.delete(op.family, op.destination, op.dport, op.endpoint)

    def _drain(self, steps: Sequence[Drain]) -> None:
        waits = [(step.netns, step.endpoints) for step in steps]
        conntrack.wait_for_packets_in_flight(waits[0][0])
        with suppress(TimeoutError):  # some connections are never established
            until(
                lambda: not any(starmap(conntrack.has_half_open, waits)), what="draining", seconds=1
            )

    # --- programs ---

    def _start_daemon(self, op: DaemonStart) -> None:
        daemons.start(self.runtime, op.netns, op.daemon)

    def _reload_daemon(self, op: DaemonReload) -> None:
        daemons.reload(self.runtime, op.netns, op.daemon)

    def _stop_daemon(self, op: DaemonStop) -> None:
        daemons.stop(self.runtime, op.netns, op.daemon)

    def _await_routes(self, op: RoutesAwait) -> None:
        wanted = set(op.routes)
        try:
            until(
                lambda: set(learned_routes(op.netns)) == wanted,
                what=f"{op.netns}: BGP has not learned the expected routes",
                seconds=CONVERGENCE,
            )
        except TimeoutError as error:
            learned = set(learned_routes(op.netns))
            missing = ", ".join(str(each.destination) for each in op.routes if each not in learned)
            raise KernelError(
                f"{error}: {f'{missing} missing' if missing else 'it has learned others, too'}",
                hint=f"see what it has learned: ip -n {op.netns} route show proto bird",
            ) from error

    def _serve(self, steps: Sequence[Serving]) -> None:
        self.listening(steps)


# --- the executor of each type of Op ---


@dataclass(frozen=True, slots=True)
class Each:
    """The executor of Ops that are carried out one by one. Many Ops only queue an rtnetlink
    message; the queued messages of consecutive Ops in one namespace are sent together."""

    carry_out: Callable[[Applier, Any], None]


@dataclass(frozen=True, slots=True)
class Batch:
    """The executor of consecutive Ops that are carried out together. With `across_namespaces`, the
    Ops of all namespaces form one batch; without it, each namespace has its own."""

    carry_out: Callable[[Applier, Sequence[Any]], None]
    across_namespaces: bool = True


def _message(build: Callable[[Any, rtnetlink.Indexes], bytes]) -> Each:
    """Return the executor of a type of Op that is carried out by one rtnetlink message."""

    def queue(applier: Applier, op: Op) -> None:
        namespace = applier.session[op.netns]
        namespace.queue(op, build(op, namespace.indexes))

    return Each(queue)


def _new_link(build: Callable[[Any, rtnetlink.Indexes], bytes]) -> Each:
    """Return the executor of a type of Op that creates a link by one rtnetlink message."""

    def queue(applier: Applier, op: BridgeAdd | DummyAdd | VxlanAdd) -> None:
        namespace = applier.session[op.netns]
        namespace.choose_index(op.interface.name)
        namespace.queue(op, build(op, namespace.indexes))

    return Each(queue)


def _call(run: Callable[[Applier, Any], None]) -> Each:
    """Return the executor of a type of Op that calls `run` instead of queueing a message. The
    messages queued for the Op's namespace are sent first."""

    def send_and_run(applier: Applier, op: Op) -> None:
        applier.session.send(op.netns)
        run(applier, op)

    return Each(send_and_run)


EXECUTORS: Final[Mapping[type[Op], Each | Batch]] = {
    NetnsAdd: _call(Applier._add_netns),
    NetnsDelete: _call(Applier._delete_netns),
    SysctlSet: _call(Applier._set_sysctl),
    BridgeAdd: _new_link(rtnetlink.bridge),
    DummyAdd: _new_link(rtnetlink.dummy),
    VxlanAdd: _new_link(rtnetlink.vxlan),
    VethAdd: Each(Applier._add_veth),
    LinkDelete: Batch(Applier._delete_links, across_namespaces=False),
    LinkUp: _message(rtnetlink.link_up),
    LinkDown: _message(rtnetlink.link_down),
    MtuSet: _message(rtnetlink.mtu),
    AddressAdd: _message(rtnetlink.new_address),
    AddressDelete: _message(rtnetlink.delete_address),
    RouteAdd: _message(rtnetlink.new_route),
    RouteReplace: _message(rtnetlink.replace_route),
    RouteDelete: _message(rtnetlink.delete_route),
    PolicyRuleAdd: _message(rtnetlink.new_policy_rule),
    PolicyRuleDelete: _message(rtnetlink.delete_policy_rule),
    NeighbourAdd: Each(Applier._set_neighbour),
    NeighbourDelete: _message(rtnetlink.delete_neighbour),
    NeighbourFlush: Batch(Applier._flush_neighbours, across_namespaces=False),
    FdbSet: _message(rtnetlink.set_fdb),
    FdbDelete: _message(rtnetlink.delete_fdb),
    RulesLoad: Batch(Applier._load_rules),
    TableLoad: Batch(Applier._load_rules),
    SetsLoad: Batch(Applier._load_sets),
    SetsDelete: Batch(Applier._delete_sets),
    VirtualServersLoad: _call(Applier._load_virtual_servers),
    ConntrackDelete: _call(Applier._delete_flows),
    Drain: Batch(Applier._drain),
    DaemonStart: _call(Applier._start_daemon),
    DaemonReload: _call(Applier._reload_daemon),
    DaemonStop: _call(Applier._stop_daemon),
    RoutesAwait: _call(Applier._await_routes),
    ServersStart: Batch(Applier._serve),
    Listen: Batch(Applier._serve),
    ListenerReplace: Batch(Applier._serve),
    Unlisten: Batch(Applier._serve),
}


def batches(ops: Iterable[Op]) -> Iterator[tuple[Batch | None, list[Op]]]:
    """Yield groups of consecutive Ops, in order, each with the Batch that carries out the group at
    once. The Batch is None if the Ops are carried out one by one; they are then all of one
    namespace."""
    for (batch, _), group in groupby(ops, key=_batch_of):
        yield batch, list(group)


def _batch_of(op: Op) -> tuple[Batch | None, str]:
    executor = EXECUTORS[type(op)]
    if isinstance(executor, Batch):
        return executor, "" if executor.across_namespaces else op.netns
    return None, op.netns


@contextmanager
def _explained(op: Op) -> Iterator[None]:
    """Turn an OSError inside the block into a KernelError that names the Op."""
    try:
        yield
    except OSError as error:
        raise refused(op, error.strerror or str(error)) from error
