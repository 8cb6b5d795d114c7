"""Op → netlink. Steps of one namespace that follow each other go to the kernel in one send.

A namespace is entered once for its file descriptors; after that its socket works from anywhere.
"""

import errno
import os
import socket
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, starmap
from pathlib import Path

from pyroute2.netlink.rtnl import (
    RTM_DELLINK,
    RTM_SETLINK,
)

from nsnet.errors import KernelError
from nsnet.ip import Family
from nsnet.kernel import conntrack, daemons, netfilter, netns, nftables, sysctl
from nsnet.kernel import rtnetlink as messages
from nsnet.kernel.ipvs import Ipvs
from nsnet.kernel.netlink import Socket, encoded
from nsnet.kernel.observe import learned
from nsnet.kernel.processes import until
from nsnet.kernel.requests import request
from nsnet.plan.ops import (
    BridgeAdd,
    ConntrackDelete,
    DaemonReload,
    DaemonStart,
    DaemonStop,
    Drain,
    DummyAdd,
    LinkDelete,
    Listen,
    ListenerReplace,
    NeighbourAdd,
    NeighbourForget,
    NetnsAdd,
    NetnsDelete,
    Op,
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
from nsnet.plan.shell import render
from nsnet.state import nftables_text as nft
from nsnet.state.ipsets import destroyed, filled
from nsnet.state.iptables_text import restore
from nsnet.state.model import Neighbour

CONVERGENCE = 30.0  # seconds for routes to be learnt
DOOMED = 0x6E73  # the group of links that are about to be removed


@dataclass(slots=True)
class _Place:
    """One namespace while it is worked on: its netlink socket, and the index of each of its
    links."""

    fd: int
    link: Socket
    indexes: dict[str, int]
    waiting: list[bytes] = field(default_factory=list)
    causes: list[Op] = field(default_factory=list)  # the Op of each waiting message

    def claim(self, name: str) -> int:
        """An index for a link that is about to be made, so that later messages need not ask for
        it."""
        self.indexes[name] = max(self.indexes.values(), default=0) + 1
        return self.indexes[name]


class Applier:
    """Carries Ops out, in one `apply` or several: the calling thread visits namespaces and comes
    back.

    It chooses the index of every link it makes. That is sure because nobody else makes links in a
    lab's namespaces at that time: the lab's lock is held, and what people add by hand came before.

    `runtime` is the lab's folder under /run/nsnet: the lock of the iptables tools lies there, not
    in the host's. `listening` is called with the Ops that concern the server, in order.
    """

    def __init__(
        self,
        runtime: Path,
        tool: str,
        listening: Callable[[list[Serving]], None],
    ) -> None:
        self.runtime = runtime
        self.tool = tool
        self.listening = listening
        self._places: dict[str, _Place] = {}
        self._encoded: dict[tuple[int, int], bytes] = {}  # neighbours, by identity
        self._here = ""  # the namespace in which the calling thread stands

    def apply(self, ops: Iterable[Op], progress: Callable[[int], None] = lambda done: None) -> None:
        """The kernel holds what the Ops say. `progress` hears how many are done. Raises
        KernelError."""
        done = 0
        try:
            with netns.staying():
                for (name, kind), group in groupby(ops, key=_group):
                    steps = list(group)
                    self._carry_out(name, kind, steps)
                    done += len(steps)
                    progress(done)
        finally:
            self._here = ""
            for place in self._places.values():
                place.link.close()
                os.close(place.fd)
            self._places.clear()

    def _carry_out(self, name: str, kind: str, steps: list[Op]) -> None:
        if kind == "rules":
            self._load([step for step in steps if isinstance(step, RulesLoad)])
            _load_tables([step for step in steps if isinstance(step, TableLoad)])
        elif kind == "sets":
            netfilter.load_sets(
                (step.netns, filled(step.sets)) for step in steps if isinstance(step, SetsLoad)
            )
        elif kind == "no sets":
            netfilter.load_sets(
                (step.netns, destroyed(step.names))
                for step in steps
                if isinstance(step, SetsDelete)
            )
        elif kind == "virtual servers":
            for step in steps:
                if isinstance(step, VirtualServersLoad):
                    self._balance(step)
        elif kind == "servers":
            self.listening([step for step in steps if isinstance(step, Serving)])
        elif kind == "daemons":
            for step in steps:
                self._run(step)
        elif kind == "learning":
            for step in steps:
                if isinstance(step, RoutesAwait):
                    _await_routes(step)
        elif kind == "draining":
            waits = [(step.netns, step.endpoints) for step in steps if isinstance(step, Drain)]
            conntrack.settle(waits[0][0])
            with suppress(TimeoutError):  # some never connect
                until(lambda: not any(starmap(conntrack.connecting, waits)), what=kind, seconds=1)
        elif kind == "neighbours":
            for step in steps:
                self._step(step)
            self._flush(name, self._places[name], but=errno.ENOENT)  # nobody had asked for it
        else:
            for deleted, group in groupby(steps, key=lambda step: isinstance(step, LinkDelete)):
                if deleted:
                    self._unplug(name, [step for step in group if isinstance(step, LinkDelete)])
                else:
                    for step in group:
                        self._step(step)
            if name in self._places:
                self._flush(name, self._places[name])

    def _load(self, steps: list[RulesLoad]) -> None:
        rulesets: dict[str, dict[Family, str]] = {}
        for step in steps:
            text = restore(step.chains, step.deleted)
            rulesets.setdefault(step.netns, {})[step.family] = text
        netfilter.load(rulesets, self.tool, self.runtime / "xtables.lock")

    def _balance(self, op: VirtualServersLoad) -> None:
        self._enter(op.netns)
        try:
            ipvs = Ipvs()
            try:
                ipvs.load(op.old, op.new)
            finally:
                ipvs.close()
        except OSError as error:
            raise _refused(op, error.strerror or str(error)) from error

    def _run(self, op: Op) -> None:
        match op:
            case DaemonStart(name, daemon):
                daemons.start(self.runtime, name, daemon)
            case DaemonReload(name, daemon):
                daemons.reload(self.runtime, name, daemon)
            case DaemonStop(name, daemon):
                daemons.stop(self.runtime, name, daemon)

    def _step(self, op: Op) -> None:
        match op:
            case NetnsAdd(name):
                self._add(op, name)
            case NetnsDelete(name):
                self._forget(name)
                netns.delete(name)
            case SysctlSet(name, _):
                self._flush(name, self._place(name))
                self._set(op)
            case BridgeAdd(name, interface):
                index = self._place(name).claim(interface.name)
                self._queue(op, name, messages.bridge(interface, index))
            case DummyAdd(name, interface):
                index = self._place(name).claim(interface.name)
                self._queue(op, name, messages.dummy(interface, index))
            case VxlanAdd(name, interface):
                place = self._place(name)
                message = messages.vxlan(interface, place.claim(interface.name), place.indexes)
                self._queue(op, name, message)
            case VethAdd(name, _, _, _):
                self._lay(op)
            case ConntrackDelete(name):
                self._enter(name)
                self._forget_flows(op)
            case NeighbourForget(name, dev, _) if dev not in self._place(name).indexes:
                pass  # somebody removed the link by hand, and all that was known by it
            case NeighbourAdd(name, neighbour):
                self._queue(op, name, self._neighbour(op, neighbour))
            case LinkDelete() | RulesLoad() | TableLoad() | Drain() | SetsLoad() | SetsDelete():
                raise AssertionError(f"{op} comes in a group of its own")
            case DaemonStart() | DaemonReload() | DaemonStop() | RoutesAwait():
                raise AssertionError(f"{op} comes in a group of its own")
            case ServersStart() | Listen() | ListenerReplace() | Unlisten() | VirtualServersLoad():
                raise AssertionError(f"{op} comes in a group of its own")
            case _:
                self._queue(op, op.netns, request(op, partial(self._index, op.netns)))

    def _unplug(self, name: str, steps: list[LinkDelete]) -> None:
        """The links are gone. The kernel takes 20 ms for a request to remove one link, and as long
        for one to remove a whole group: so they are put in a group first.

        One whose other end went with its namespace may go by itself at any moment."""
        place = self._place(name)
        self._flush(name, place)
        for step in (each for each in steps if each.name in place.indexes):
            message = messages.link(place.indexes[step.name])
            message["attrs"] = [("IFLA_GROUP", DOOMED)]
            self._queue(step, name, encoded(message, RTM_SETLINK))
        everyone = messages.link(0)
        everyone["attrs"] = [("IFLA_GROUP", DOOMED)]
        self._queue(steps[-1], name, encoded(everyone, RTM_DELLINK))
        self._flush(name, place, but=errno.ENODEV)
        self._reread()

    def _add(self, op: NetnsAdd, name: str) -> None:
        try:
            fd = netns.make(name)
        except OSError as error:
            raise _refused(op, error.strerror or str(error)) from error
        self._here = name
        self._places[name] = _Place(fd, Socket(), {"lo": 1})

    def _place(self, name: str) -> _Place:
        if name not in self._places:
            fd = netns.open_named(name)
            netns.setns(fd)
            self._here = name
            self._places[name] = _Place(fd, Socket(), _indexes())
        return self._places[name]

    def _forget(self, name: str) -> None:
        place = self._places.pop(name, None)
        if place is not None:
            place.link.close()
            os.close(place.fd)

    def _enter(self, name: str) -> None:
        if self._here != name:
            netns.setns(self._place(name).fd)
            self._here = name

    def _index(self, name: str, link: str | None) -> int:
        place = self._place(name)
        return place.indexes[link] if link else 0

    def _reread(self) -> None:
        """A deleted cable took its other end along: what was known of links is no longer sure."""
        for name, place in self._places.items():
            self._enter(name)
            place.indexes = _indexes()

    def _set(self, op: SysctlSet) -> None:
        self._enter(op.netns)
        try:
            sysctl.write(op.sysctl.key, op.sysctl.value)
        except FileNotFoundError as error:
            if not op.sysctl.if_present:
                raise _refused(op, "this kernel has no such setting") from error
        except OSError as error:
            raise _refused(op, error.strerror or str(error)) from error

    def _forget_flows(self, op: ConntrackDelete) -> None:
        try:
            conntrack.delete(op.family, op.destination, op.dport, op.endpoint)
        except OSError as error:
            raise _refused(op, error.strerror or str(error)) from error

    def _lay(self, op: VethAdd) -> None:
        near, far = self._place(op.netns), self._place(op.peer_netns)
        index = near.claim(op.interface.name)
        peer = messages.link(far.claim(op.peer.name), op.peer)
        peer["attrs"].append(("IFLA_NET_NS_FD", far.fd))
        master = near.indexes[op.interface.master] if op.interface.master else 0
        self._queue(op, op.netns, messages.veth(op.interface, index, master, peer))
        if op.interface.hairpin:
            self._queue(op, op.netns, messages.hairpin(index))

    def _neighbour(self, op: NeighbourAdd, neighbour: Neighbour) -> bytes:
        """On a crowded bridge everybody knows everybody: the same object, the same message."""
        key = id(neighbour), self._index(op.netns, neighbour.dev)
        if key not in self._encoded:
            self._encoded[key] = request(op, partial(self._index, op.netns))
        return self._encoded[key]

    def _queue(self, op: Op, name: str, message: bytes) -> None:
        place = self._place(name)
        place.waiting.append(message)
        place.causes.append(op)

    def _flush(self, name: str, place: _Place, but: int = 0) -> None:
        """What waits is done; `but` is a refusal that is none."""
        if not place.waiting:
            return
        refusals = place.link.send(place.waiting)
        causes, place.waiting, place.causes = place.causes, [], []
        for position, refusal in refusals.items():
            if refusal.errno != but:
                raise _refused(causes[position], str(refusal))


def _load_tables(steps: list[TableLoad]) -> None:
    """Nothing names the chains that go before any of them does."""
    nftables.load(
        [(each.netns, nft.load(each.family, each.old, each.new, anew=each.anew)) for each in steps]
    )
    nftables.delete((each.netns, nft.delete(each.family, each.old, each.new)) for each in steps)


def _await_routes(op: RoutesAwait) -> None:
    wanted = set(op.routes)
    try:
        until(
            lambda: set(learned(op.netns)) == wanted,
            what=f"{op.netns}: not the routes that BGP should come to",
            seconds=CONVERGENCE,
        )
    except TimeoutError as error:
        there = set(learned(op.netns))
        missing = ", ".join(str(each.destination) for each in op.routes if each not in there)
        raise KernelError(
            f"{error}: {f'{missing} missing' if missing else 'some are too many'}",
            hint=f"what it has learnt: ip -n {op.netns} route show proto bird",
        ) from error


def _group(op: Op) -> tuple[str, str]:
    """Ops that are carried out together: those of one namespace, all rule sets, all listeners."""
    match op:
        case RulesLoad() | TableLoad():
            return "", "rules"
        case SetsLoad():
            return "", "sets"
        case SetsDelete():
            return "", "no sets"
        case VirtualServersLoad():
            return "", "virtual servers"
        case ServersStart() | Listen() | ListenerReplace() | Unlisten():
            return "", "servers"
        case DaemonStart() | DaemonReload() | DaemonStop():
            return "", "daemons"
        case RoutesAwait():
            return "", "learning"
        case Drain():
            return "", "draining"
        case NeighbourForget():
            return op.netns, "neighbours"
        case _:
            return op.netns, "netlink"


def _refused(op: Op, reason: str) -> KernelError:
    return KernelError(f"{render(op)}: {reason}")


def _indexes() -> dict[str, int]:
    return {name: index for index, name in socket.if_nameindex()}
