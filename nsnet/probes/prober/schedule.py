"""The order in which attempts start: flows alternate, and so do their namespaces."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from nsnet.probes.prober.flows import Flow

_UNDER_WAY = 64  # attempts of one flow at a time


@dataclass(slots=True, eq=False)
class ScheduledFlow:
    """A flow, and how many of its attempts have started and are under way."""

    flow: Flow
    started: int = 0
    under_way: int = 0
    is_due: bool = False  # it is in the queue

    @property
    def may_start(self) -> bool:
        """Whether another attempt is wanted, and there is room for it."""
        room = 1 if self.flow.source_port else _UNDER_WAY
        return self.started < self.flow.times and self.under_way < room


@dataclass(slots=True, eq=False)
class _Source:
    """The queue of a namespace that has clients."""

    due: deque[ScheduledFlow] = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class _Pace:
    """Flows with the same pace: only one attempt may start until the pace is released."""

    flows: deque[ScheduledFlow] = field(default_factory=deque)
    may_start: bool = True  # the last one started long enough ago


class Schedule:
    """The queues of all namespaces, from which attempts are taken in turn."""

    def __init__(self, flows: Sequence[Flow]) -> None:
        self.flows = tuple(ScheduledFlow(flow) for flow in flows)
        self._sources: dict[str, _Source] = {}
        self._busy: dict[str, _Source] = {}  # those with something due, in turn
        self._paces: dict[str, _Pace] = {}
        for scheduled in self.flows:
            self._sources.setdefault(scheduled.flow.netns, _Source())
            if scheduled.flow.pace:
                self._paces.setdefault(scheduled.flow.pace, _Pace()).flows.append(scheduled)
            self._offer(scheduled)

    def take(self, most: int) -> tuple[str, list[ScheduledFlow]]:
        """Return the next namespace with due attempts, and the flows that start one each in it."""
        if not self._busy:
            return "", []
        name, source = next(iter(self._busy.items()))
        taken: list[ScheduledFlow] = []
        while source.due and len(taken) < most:
            scheduled = source.due.popleft()
            taken.append(scheduled)
            self._begin(scheduled)
        del self._busy[name]
        if source.due:
            self._busy[name] = source  # behind the others
        return name, taken

    def together(self) -> list[list[ScheduledFlow]]:
        """Return the flows of each label, by label; each starts an attempt now."""
        labelled: dict[str, list[ScheduledFlow]] = {}
        for scheduled in self.flows:
            if scheduled.flow.together and scheduled.is_due:
                labelled.setdefault(scheduled.flow.together, []).append(scheduled)
        for scheduled in (each for members in labelled.values() for each in members):
            source = self._sources[scheduled.flow.netns]
            source.due.remove(scheduled)
            if not source.due:
                del self._busy[scheduled.flow.netns]
            self._begin(scheduled)
        return list(labelled.values())

    def _begin(self, scheduled: ScheduledFlow) -> None:
        scheduled.is_due = False
        scheduled.started += 1
        scheduled.under_way += 1
        self._offer(scheduled)

    def ended(self, scheduled: ScheduledFlow) -> None:
        """Note that an attempt has ended: there is room for the next."""
        scheduled.under_way -= 1
        self._offer(scheduled)

    def release_pace(self, pace: str) -> None:
        """Allow another attempt of this pace."""
        shared = self._paces[pace]
        shared.may_start = True
        shared.flows.rotate(-1)
        for scheduled in shared.flows:
            self._offer(scheduled)

    def _offer(self, scheduled: ScheduledFlow) -> None:
        """Queue the flow if it may start an attempt and is not in the queue."""
        source = self._sources[scheduled.flow.netns]
        pace = self._paces.get(scheduled.flow.pace)
        if scheduled.is_due or not scheduled.may_start or (pace is not None and not pace.may_start):
            return
        if pace is not None:
            pace.may_start = False
        scheduled.is_due = True
        source.due.append(scheduled)
        self._busy.setdefault(scheduled.flow.netns, source)
