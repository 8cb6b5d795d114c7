"""The steps that change old IPVS virtual servers into new ones, for the shell and the kernel."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import Enum, auto
from typing import NamedTuple

from nsnet.state.model import RealServer, VirtualServer, identity


class Action(Enum):
    """What to do with a virtual server, or with one of its real servers."""

    ADD = auto()
    EDIT = auto()
    DELETE = auto()


class Step(NamedTuple):
    """One step: an action on the real server `real` or, if that is None, on the virtual server
    itself."""

    action: Action
    server: VirtualServer
    real: RealServer | None = None


def steps(old: Iterable[VirtualServer], new: Iterable[VirtualServer]) -> Iterator[Step]:
    """Yield the steps from the old virtual servers to the new ones. Real servers are deleted after
    the other steps of their virtual server, and virtual servers at the very end. Servers that are
    equal in both get no step."""
    before = {identity(each): each for each in old}
    for each in new:
        was = before.pop(identity(each), None)
        if was is None:
            yield Step(Action.ADD, each)
        elif replace(was, servers=()) != replace(each, servers=()):
            yield Step(Action.EDIT, each)
        yield from _real_steps(was.servers if was is not None else (), each)
    for each in before.values():
        yield Step(Action.DELETE, each)


def _real_steps(old: Iterable[RealServer], server: VirtualServer) -> Iterator[Step]:
    before = {(each.address, each.port): each for each in old}
    for each in server.servers:
        was = before.pop((each.address, each.port), None)
        if was is None:
            yield Step(Action.ADD, server, each)
        elif was != each:
            yield Step(Action.EDIT, server, each)
    for each in before.values():
        yield Step(Action.DELETE, server, each)
