"""The output of a recording: a file, or a pipe whose reader may be slow, stopped or gone."""

import os
import select
import socket

from nsnet.errors import UnsupportedError

_PATIENCE = 1000  # ms that a reader may block writing once a stop is requested


class Outlet:
    """The file descriptor to which a recording is written, and the socket `stop`, which becomes
    readable when a stop is requested."""

    def __init__(self, fd: int, name: str, stop: socket.socket) -> None:
        self._fd, self._name = fd, name
        self._writable_or_stop, self._writable = select.poll(), select.poll()
        for poll in (self._writable_or_stop, self._writable):
            poll.register(fd, select.POLLOUT)
        self._writable_or_stop.register(stop, select.POLLIN)

    def put(self, data: bytes) -> None:
        """Write all the data. Raises BrokenPipeError if the reader is gone, KeyboardInterrupt if a
        stop is requested while the reader does not read, and UnsupportedError for any other
        error."""
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
        """Return whether the pipe has a reader. For a file this is always true."""
        return not any(events & select.POLLERR for _, events in self._writable.poll(0))

    def _await_writable(self) -> None:
        """Wait until the descriptor is writable. Raises KeyboardInterrupt if a stop is requested
        and the reader still does not read for 1 second. The wait is in poll() because a blocked
        write() could not be stopped: Python resumes it after a signal."""
        ready = [fd for fd, _ in self._writable_or_stop.poll()]
        if self._fd not in ready and not self._writable.poll(_PATIENCE):
            raise KeyboardInterrupt
