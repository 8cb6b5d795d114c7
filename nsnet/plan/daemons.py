"""The steps from one namespace's programs to another's, and what these learn from each other."""

from collections.abc import Iterable, Iterator

from nsnet.plan.ops import DaemonReload, DaemonStart, DaemonStop, Op, RoutesAwait
from nsnet.state.daemons import Daemon, program
from nsnet.state.model import Netns, Route


def run(was: Netns, now: Netns) -> Iterator[Op]:
    """Those that are new are started, those that are told otherwise read it."""
    standing = {program(each): each for each in was.daemons}
    for daemon in now.daemons:
        old = standing.get(program(daemon))
        if old is None:
            yield DaemonStart(now.name, daemon)
        elif old != daemon:
            yield DaemonReload(now.name, daemon)


def learn(pairs: Iterable[tuple[Netns, Netns]]) -> Iterator[Op]:
    """One more step, once all daemons know what to say: what they have told each other. One that
    ends takes what it has learned along."""
    for was, now in pairs:
        old, new = _learned(was), _learned(now)
        if not now.daemons:
            continue
        if set(old) != set(new) or (new and was.daemons != now.daemons):
            yield RoutesAwait(now.name, new)


def _learned(netns: Netns) -> tuple[Route, ...]:
    return tuple(each for each in netns.routes if each.learned)


def end(was: Netns, wanted: tuple[Daemon, ...]) -> Iterator[Op]:
    """Those that are not wanted any more are ended."""
    programs = {program(each) for each in wanted}
    for daemon in was.daemons:
        if program(daemon) not in programs:
            yield DaemonStop(was.name, daemon)
