"""The output of a recording: a file, or a pipe whose reader may be slow, stopped or gone."""

import os
import select
import socket

from nsnet.errors import UnsupportedError

_PATIENCE = 1000  # ms that a reader may block writing once a stop is requested


class Outlet:
    """A file descriptor to write to, and a socket by which a stop is requested."""

    def __init__(self, fd: int, name: str, asked: socket.socket) -> None:
        self._fd, self._name = fd, name
        self._both, self._room = select.poll(), select.poll()
        for poll in (self._both, self._room):
            poll.register(fd, select.POLLOUT)
        self._both.register(asked, select.POLLIN)

    def put(self, data: bytes) -> None:
        """Write all of it. Raises BrokenPipeError if the reader is gone, KeyboardInterrupt if it
        does not read and a stop is requested, UnsupportedError for any other error."""
        left = memoryview(data)
        while left:
            self._await_room()
            try:
                # A pipe that is writable takes this much without blocking.
                left = left[os.write(self._fd, left[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                raise
            except OSError as error:
                raise UnsupportedError(f"{self._name}: {error.strerror}") from error

    def has_reader(self) -> bool:
        """Whether the pipe has a reader; always true of a file."""
        return not any(events & select.POLLERR for _, events in self._room.poll(0))

    def _await_room(self) -> None:
        """Wait by poll() instead of write(), which Python resumes after a signal."""
        if all(fd != self._fd for fd, _ in self._both.poll()) and not self._room.poll(_PATIENCE):
            raise KeyboardInterrupt
