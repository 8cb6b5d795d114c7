"""Where a recording goes: a file, or a pipe whose reader may be slow, asleep or gone."""

import os
import select
import socket

from nsnet.errors import UnsupportedError

_PATIENCE = 1000  # ms that a reader may sleep once we were asked to stop


class Outlet:
    """Writes bytes as they come, and listens to whoever asks it to stop."""

    def __init__(self, fd: int, name: str, asked: socket.socket) -> None:
        self._fd, self._name = fd, name
        self._both, self._room = select.poll(), select.poll()
        for poll in (self._both, self._room):
            poll.register(fd, select.POLLOUT)
        self._both.register(asked, select.POLLIN)

    def put(self, data: bytes) -> None:
        """It is all written. Raises BrokenPipeError where the reader is gone, KeyboardInterrupt
        where it sleeps and we are asked to stop, UnsupportedError with what else is wrong."""
        left = memoryview(data)
        while left:
            self._await_room()
            try:
                # So much a pipe takes at once when it says it has room.
                left = left[os.write(self._fd, left[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                raise
            except OSError as error:
                raise UnsupportedError(f"{self._name}: {error.strerror}") from error

    def has_reader(self) -> bool:
        """Somebody may read what is written; a file need not have anybody."""
        return not any(events & select.POLLERR for _, events in self._room.poll(0))

    def _await_room(self) -> None:
        """Not by writing: Python goes on writing after a signal, and nobody would hear it."""
        if all(fd != self._fd for fd, _ in self._both.poll()) and not self._room.poll(_PATIENCE):
            raise KeyboardInterrupt
