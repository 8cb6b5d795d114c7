"""The Ops for daemons (haproxy, bird), and for the routes that daemons learn."""

from collections.abc import Iterator

from nsnet.plan.change import Change
from nsnet.plan.ops import DaemonReload, DaemonStart, DaemonStop, Op, RoutesAwait
from nsnet.state.daemons import program
from nsnet.state.model import Netns, Route


def start_daemons(change: Change) -> Iterator[Op]:
    """Yield Ops that start new daemons and reload those whose configuration changes."""
    running = {program(each): each for each in change.old.daemons}
    for daemon in change.new.daemons:
        old = running.get(program(daemon))
        if old is None:
            yield DaemonStart(change.new.name, daemon)
        elif old != daemon:
            yield DaemonReload(change.new.name, daemon)


def await_routes(change: Change) -> Iterator[Op]:
    """Yield an Op that waits until the daemons have learned the routes of the new State.

    No wait is needed if neither the daemons nor these routes change, or if the new State has no
    daemon: a daemon withdraws its routes when it stops.
    """
    old, new = _learned(change.old), _learned(change.new)
    if not change.new.daemons:
        return
    if set(old) != set(new) or (new and change.old.daemons != change.new.daemons):
        yield RoutesAwait(change.new.name, new)


def stop_daemons(change: Change) -> Iterator[Op]:
    """Yield Ops that stop the daemons that the new State does not have."""
    wanted = {program(each) for each in change.new.daemons}
    for daemon in change.old.daemons:
        if program(daemon) not in wanted:
            yield DaemonStop(change.old.name, daemon)


def _learned(netns: Netns) -> tuple[Route, ...]:
    return tuple(each for each in netns.routes if each.learned)
