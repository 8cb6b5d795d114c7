"""nsnet's command line without the start of another Python, which takes longer than most commands.

The process is a fork of ours with other standard files, and calls what the `nsnet` script calls.
"""

import os
import select
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn, Protocol, TextIO

from nsnet.cli import main


class Process(Protocol):
    """What this and subprocess.Popen have in common."""

    pid: int

    def wait(self, timeout: float | None = None) -> int:
        """How it ended. Raises subprocess.TimeoutExpired."""

    def communicate(
        self, input: str | None = None, timeout: float | None = None
    ) -> tuple[str, str]:
        """Its output and its errors. Raises subprocess.TimeoutExpired."""


class Nsnet:
    """A command that runs where `go` leads. Its parent, a process of ours, may stand elsewhere."""

    def __init__(
        self, arguments: Sequence[str], go: Callable[[], None], text: str, env: Mapping[str, str]
    ) -> None:
        self.arguments = arguments
        self.status: int | None = None
        self._files = [os.memfd_create(name) for name in ("input", "output", "errors")]
        os.write(self._files[0], text.encode())
        os.lseek(self._files[0], 0, os.SEEK_SET)
        self.pid = os.fork()
        if self.pid == 0:
            _lead(arguments, go, self._files, env)

    def wait(self, timeout: float | None = None) -> int:
        """How it ended. Raises subprocess.TimeoutExpired."""
        if self.status is None:
            fd = os.pidfd_open(self.pid)
            try:
                if not select.select([fd], [], [], timeout)[0]:
                    raise subprocess.TimeoutExpired(["nsnet", *self.arguments], timeout or 0.0)
            finally:
                os.close(fd)
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def communicate(
        self, input: str | None = None, timeout: float | None = None
    ) -> tuple[str, str]:
        """Its output and its errors. Raises subprocess.TimeoutExpired."""
        assert input is None
        self.wait(timeout)
        output, errors = (os.pread(fd, os.fstat(fd).st_size, 0).decode() for fd in self._files[1:])
        for fd in self._files:
            os.close(fd)
        return output, errors


def inner(process: Process) -> list[int]:
    """The children of a process: the command in a machine, whose parent is not in there. Raises
    OSError where it is gone."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def _lead(
    arguments: Sequence[str], go: Callable[[], None], files: Sequence[int], env: Mapping[str, str]
) -> NoReturn:
    """The parent's whole life: it goes there, and ends as its child does."""
    try:
        _close_all_but(files)
        go()
        child = os.fork()
        if child == 0:
            _command(arguments, files, env)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            os.kill(os.getpid(), os.WTERMSIG(status))
        os._exit(os.waitstatus_to_exitcode(status))
    finally:
        traceback.print_exc()
        os._exit(70)


def _close_all_but(files: Sequence[int]) -> None:
    """A machine ends when its pipe does: nobody else may hold that open."""
    for fd in map(int, os.listdir("/proc/self/fd")):
        if fd > 2 and fd not in files:
            with suppress(OSError):  # that of the listing itself
                os.close(fd)


def _command(arguments: Sequence[str], files: Sequence[int], env: Mapping[str, str]) -> NoReturn:
    """The command's whole life."""
    status = 1
    try:
        for number, fd in enumerate(files):
            os.dup2(fd, number)
        sys.stdin, sys.stdout, sys.stderr = _opened(0, "r"), _opened(1, "w"), _opened(2, "w")
        os.environ.update(env)
        main(list(arguments), prog_name="nsnet")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001  (as Python ends where nobody catches)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _opened(number: int, mode: str) -> TextIO:
    return open(number, mode, closefd=False)  # type: ignore[return-value]
