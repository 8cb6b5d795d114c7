"""The output of a recording: a file, or a pipe whose reader may be slow, stopped or gone."""

import os
import select
import socket

from nsnet.errors import UnsupportedError

_PATIENCE = 1000  # ms that a reader may block writing once a stop is requested


class Outlet:
    """A file descriptor to write to, and a socket that is readable once a stop is requested."""

    def __init__(self, fd: int, name: str, stop: socket.socket) -> None:
        self._fd, self._name = fd, name
        self._writable_or_stop, self._writable = select.poll(), select.poll()
        for poll in (self._writable_or_stop, self._writable):
            poll.register(fd, select.POLLOUT)
        self._writable_or_stop.register(stop, select.POLLIN)

    def put(self, data: bytes) -> None:
        """Write all of it. Raises BrokenPipeError if the reader is gone, KeyboardInterrupt if it
        does not read and a stop is requested, UnsupportedError for any other error."""
        left = memoryview(data)
        while left:
            self._await_writable()
            try:
                # A pipe that is writable takes this much without blocking.
                left = left[os.write(self._fd, left[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                raise
            except OSError as error:
                raise UnsupportedError(f"{self._name}: {error.strerror}") from error

    def has_reader(self) -> bool:
        """Return whether the pipe has a reader; always true for a file."""
        return not any(events & select.POLLERR for _, events in self._writable.poll(0))

    def _await_writable(self) -> None:
        """Wait by poll() instead of write(), which Python resumes after a signal."""
        ready = [fd for fd, _ in self._writable_or_stop.poll()]
        if self._fd not in ready and not self._writable.poll(_PATIENCE):
            raise KeyboardInterrupt
