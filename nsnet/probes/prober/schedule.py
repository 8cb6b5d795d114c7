"""The order in which attempts start: namespaces take turns, and so do the flows of a namespace."""

from collections import deque
from collections.abc import Sequence, Set
from dataclasses import dataclass, field

from nsnet.probes.prober.flows import Flow

_UNDER_WAY = 64  # attempts of one flow at a time


@dataclass(slots=True, eq=False)
class ScheduledFlow:
    """A flow, with the number of its attempts that have started, and of those that are under
    way."""

    flow: Flow
    started: int = 0
    under_way: int = 0
    is_due: bool = False  # the flow is in the queue

    @property
    def may_start(self) -> bool:
        """Whether the flow has attempts left to start, and fewer attempts under way than its
        limit."""
        room = 1 if self.flow.source_port else _UNDER_WAY
        return self.started < self.flow.times and self.under_way < room

    @property
    def has_ended(self) -> bool:
        """Whether all attempts of the flow have ended."""
        return self.started == self.flow.times and not self.under_way


@dataclass(slots=True, eq=False)
class _Source:
    """A namespace from which attempts start, and the queue of its flows that are due."""

    due: deque[ScheduledFlow] = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class _Pace:
    """The flows that share a rate-limit key (Flow.pace). One attempt of them may start; the next
    may start only after `release_pace`."""

    flows: deque[ScheduledFlow] = field(default_factory=deque)
    may_start: bool = True  # the last attempt started long enough ago


class Schedule:
    """The queues of all namespaces. Attempts are taken from the namespaces in turn. Flows of a pace
    that is `held` may not start before it is released."""

    def __init__(self, flows: Sequence[Flow], held: Set[str] = frozenset()) -> None:
        self.flows = tuple(ScheduledFlow(flow) for flow in flows)
        self._sources: dict[str, _Source] = {}
        self._busy: dict[str, _Source] = {}  # those with due flows, in the order of turns
        self._paces: dict[str, _Pace] = {}
        for scheduled in self.flows:
            self._sources.setdefault(scheduled.flow.netns, _Source())
            if pace := scheduled.flow.pace:
                shared = self._paces.setdefault(pace, _Pace(may_start=pace not in held))
                shared.flows.append(scheduled)
            self._offer(scheduled)

    def take(self, most: int) -> tuple[str, list[ScheduledFlow]]:
        """Return the next namespace that has due flows, and at most `most` flows, each of which
        starts an attempt now. A flow is listed once for each attempt that it starts. If no flow is
        due, return "" and no flows."""
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
        """Return the due flows that have a label (Flow.together), one list for each label. Their
        first attempts are counted as begun; the caller must start them."""
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
        """Record that an attempt of this flow has ended, which makes room for the flow's next
        attempt."""
        scheduled.under_way -= 1
        self._offer(scheduled)

    def has_more(self, pace: str) -> bool:
        """Return whether a flow that shares this pace has attempts left to start."""
        return any(each.started < each.flow.times for each in self._paces[pace].flows)

    def release_pace(self, pace: str) -> None:
        """Allow one more attempt of the flows that share this pace. These flows take turns."""
        shared = self._paces[pace]
        shared.may_start = True
        shared.flows.rotate(-1)
        for scheduled in shared.flows:
            self._offer(scheduled)

    def _offer(self, scheduled: ScheduledFlow) -> None:
        """Append the flow to its namespace's queue, unless it is in the queue already or may not
        start an attempt now."""
        source = self._sources[scheduled.flow.netns]
        pace = self._paces.get(scheduled.flow.pace)
        if scheduled.is_due or not scheduled.may_start or (pace is not None and not pace.may_start):
            return
        if pace is not None:
            pace.may_start = False
        scheduled.is_due = True
        source.due.append(scheduled)
        self._busy.setdefault(scheduled.flow.netns, source)
