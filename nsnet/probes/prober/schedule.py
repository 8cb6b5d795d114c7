"""Whose turn it is to start another attempt: flows take turns, and so do their namespaces."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from nsnet.probes.prober.flows import Flow

_UNDER_WAY = 64  # attempts of one flow


@dataclass(slots=True, eq=False)
class Course:
    """How far a flow has come."""

    flow: Flow
    started: int = 0
    under_way: int = 0
    is_due: bool = False  # it stands in the queue

    @property
    def may_start(self) -> bool:
        """Another attempt is wanted and has room."""
        room = 1 if self.flow.source_port else _UNDER_WAY
        return self.started < self.flow.times and self.under_way < room


@dataclass(slots=True, eq=False)
class _Source:
    """A namespace that clients stand in."""

    due: deque[Course] = field(default_factory=deque)


@dataclass(slots=True, eq=False)
class _Pace:
    """Flows of which one attempt at a time is let in."""

    courses: deque[Course] = field(default_factory=deque)
    may_start: bool = True  # the last one is long enough ago


class Schedule:
    """The queue of every namespace. Of flows that share a pace, one attempt at a time is let in."""

    def __init__(self, flows: Sequence[Flow]) -> None:
        self.courses = tuple(Course(flow) for flow in flows)
        self._sources: dict[str, _Source] = {}
        self._busy: dict[str, _Source] = {}  # those with something due, in turn
        self._paces: dict[str, _Pace] = {}
        for course in self.courses:
            self._sources.setdefault(course.flow.netns, _Source())
            if course.flow.pace:
                self._paces.setdefault(course.flow.pace, _Pace()).courses.append(course)
            self._offer(course)

    def take(self, most: int) -> tuple[str, list[Course]]:
        """The next namespace with something due, and the flows that start an attempt in it."""
        if not self._busy:
            return "", []
        name, source = next(iter(self._busy.items()))
        taken: list[Course] = []
        while source.due and len(taken) < most:
            course = source.due.popleft()
            taken.append(course)
            self._begin(course)
        del self._busy[name]
        if source.due:
            self._busy[name] = source  # behind the others
        return name, taken

    def together(self) -> list[list[Course]]:
        """The flows of each label, every one with an attempt that starts now."""
        labelled: dict[str, list[Course]] = {}
        for course in self.courses:
            if course.flow.together and course.is_due:
                labelled.setdefault(course.flow.together, []).append(course)
        for course in (each for members in labelled.values() for each in members):
            source = self._sources[course.flow.netns]
            source.due.remove(course)
            if not source.due:
                del self._busy[course.flow.netns]
            self._begin(course)
        return list(labelled.values())

    def _begin(self, course: Course) -> None:
        course.is_due = False
        course.started += 1
        course.under_way += 1
        self._offer(course)

    def ended(self, course: Course) -> None:
        """An attempt of it has ended: there is room for the next."""
        course.under_way -= 1
        self._offer(course)

    def let_paced(self, pace: str) -> None:
        """It is time for another attempt of this pace."""
        shared = self._paces[pace]
        shared.may_start = True
        shared.courses.rotate(-1)
        for course in shared.courses:
            self._offer(course)

    def _offer(self, course: Course) -> None:
        """It is due, if it may start and is not due already."""
        source = self._sources[course.flow.netns]
        pace = self._paces.get(course.flow.pace)
        if course.is_due or not course.may_start or (pace is not None and not pace.may_start):
            return
        if pace is not None:
            pace.may_start = False
        course.is_due = True
        source.due.append(course)
        self._busy.setdefault(course.flow.netns, source)
