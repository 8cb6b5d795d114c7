"""An event loop on one epoll: it calls handlers of ready sockets, and alarms when due."""

import heapq
import select
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from socket import socket

_EVENTS = 1 << 13  # events per poll


class Loop:
    """An event loop for a single thread."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Callable[[int], None]] = {}
        self._alarms: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()

    def close(self) -> None:
        """Close the epoll. The sockets stay open."""
        self._epoll.close()

    def watch(self, opened: socket, events: int, handler: Callable[[int], None]) -> None:
        """Call `handler` with the socket's epoll events whenever one of `events` occurs. Errors are
        always reported. A second call for a socket replaces its events and handler."""
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
        """Call `alarm` when the monotonic clock reaches `when`. Handlers of earlier events are
        called first."""
        heapq.heappush(self._alarms, (when, next(self._order), alarm))

    def run_once(self, *, wait: bool) -> None:
        """Call the handlers of ready sockets, then the alarms that were due when this call began.

        With `wait`, if no socket is ready, wait for one, but only until the next alarm; without
        alarms, do not wait.
        """
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
