"""An event loop on one epoll: callbacks for ready sockets, and at given times."""

import heapq
import select
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from socket import socket

_EVENTS = 1 << 13  # events per poll


class Loop:
    """An event loop of one thread."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def close(self) -> None:
        """Close the epoll; the sockets stay open."""
        self._epoll.close()

    def watch(self, opened: socket, events: int, handler: Callable[[int], None]) -> None:
        """Call `handler` with the events whenever there are any; errors are always reported."""
        fd = opened.fileno()
        known = fd in self._handlers
        self._handlers[fd] = handler
        (self._epoll.modify if known else self._epoll.register)(fd, events)

    def close_socket(self, opened: socket) -> None:
        """Stop watching the socket and close it."""
        if self._handlers.pop(opened.fileno(), None) is not None:
            with suppress(OSError):
                self._epoll.unregister(opened)
        opened.close()

    def at(self, when: float, alarm: Callable[[], None]) -> None:
        """Call `alarm` at this time of the monotonic clock, after handlers of earlier events."""
        heapq.heappush(self._alarms, (when, next(self._order), alarm))

    def run_once(self, *, wait: bool) -> None:
        """Handle what is ready; if nothing is, and `wait`, wait for an event or the next alarm."""
        now = time.monotonic()
        seconds = max(0.0, self._alarms[0][0] - now) if wait and self._alarms else 0.0
        for fd, events in self._epoll.poll(seconds, _EVENTS):
            handler = self._handlers.get(fd)
            if handler is not None:
                handler(events)
        # Only alarms that were due before the poll: even if the process is scheduled late, a reply
        # that arrived in time is handled before its timeout.
        while self._alarms and self._alarms[0][0] <= now:
            heapq.heappop(self._alarms)[2]()
