"""nsnet's command line in a fork of this process: starting another Python takes longer than most
commands.

The fork has standard files of its own, and calls the same function as the `nsnet` script.
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

from nsnet.cli.program import main


class Process(Protocol):
    """What `Nsnet` and subprocess.Popen have in common."""

    pid: int

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status. Raises subprocess.TimeoutExpired."""

    def communicate(
        self, input: str | None = None, timeout: float | None = None
    ) -> tuple[str, str]:
        """Return its output and its errors. Raises subprocess.TimeoutExpired."""


class Nsnet:
    """A command that runs after calling `enter`, in a child of the process `pid`: a process joins a
    PID namespace only by its children."""

    def __init__(
        self, arguments: Sequence[str], enter: Callable[[], None], text: str, env: Mapping[str, str]
    ) -> None:
        self.arguments = arguments
        self.status: int | None = None
        self._files = [os.memfd_create(name) for name in ("input", "output", "errors")]
        os.write(self._files[0], text.encode())
        os.lseek(self._files[0], 0, os.SEEK_SET)
        self.pid = os.fork()
        if self.pid == 0:
            _run_parent(arguments, enter, self._files, env)

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit status. Raises subprocess.TimeoutExpired."""
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
        """Return its output and its errors. Raises subprocess.TimeoutExpired."""
        assert input is None
        self.wait(timeout)
        output, errors = (os.pread(fd, os.fstat(fd).st_size, 0).decode() for fd in self._files[1:])
        for fd in self._files:
            os.close(fd)
        return output, errors


def inner(process: Process) -> list[int]:
    """Return the children of a process: a command in a machine has its parent outside. Raises
    OSError if the process has ended."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def _run_parent(
    arguments: Sequence[str],
    enter: Callable[[], None],
    files: Sequence[int],
    env: Mapping[str, str],
) -> NoReturn:
    """Call `enter`, run the command in a child, and end with the child's status or signal."""
    try:
        _close_all_but(files)
        enter()
        child = os.fork()
        if child == 0:
            _run_command(arguments, files, env)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            os.kill(os.getpid(), os.WTERMSIG(status))
        os._exit(os.waitstatus_to_exitcode(status))
    finally:
        traceback.print_exc()
        os._exit(70)


def _close_all_but(files: Sequence[int]) -> None:
    """Close all other files: a machine ends when its pipe is closed in every process."""
    for fd in map(int, os.listdir("/proc/self/fd")):
        if fd > 2 and fd not in files:
            with suppress(OSError):  # the descriptor of this listing is closed already
                os.close(fd)


def _run_command(
    arguments: Sequence[str], files: Sequence[int], env: Mapping[str, str]
) -> NoReturn:
    """Run the command line with these standard files, and end with its status."""
    status = 1
    try:
        for number, fd in enumerate(files):
            os.dup2(fd, number)
        sys.stdin, sys.stdout, sys.stderr = _opened(0, "r"), _opened(1, "w"), _opened(2, "w")
        os.environ.update(env)
        main(list(arguments), prog_name="nsnet")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:  # noqa: BLE001  (as Python does with an uncaught exception)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _opened(number: int, mode: str) -> TextIO:
    return open(number, mode, closefd=False)  # type: ignore[return-value]
