"""Run programs in namespaces, many at once, and wait until all have ended."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from nsnet.errors import KernelError, UnsupportedError
from nsnet.kernel import netns

_SECONDS = 60.0
_AT_ONCE = 64  # processes, and two file descriptors for each


class Command(NamedTuple):
    """A program to run in a namespace, the text for its stdin, and the variables to add to its
    environment."""

    netns: str
    argv: tuple[str, ...]
    text: str = ""
    environment: Mapping[str, str] = {}

    @property
    def by_hand(self) -> str:
        """The command line with which a person can run this command."""
        return f"ip netns exec {self.netns} {' '.join(self.argv)}{' < …' if self.text else ''}"


class Finished(NamedTuple):
    """A command that has ended, with its exit status and what it wrote to stdout and stderr."""

    command: Command
    status: int
    output: str
    errors: str


def find(program: str) -> str | None:
    """Return the path of a program, or None if it is not found.

    The search covers PATH, the sbin directories, and the directory into which `make setup` fetches
    daemons. If those daemons were installed as packages, they would run as services of the host.
    """
    fetched = str(Path(sys.prefix, "daemons/usr/sbin"))
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin", fetched))
    return shutil.which(program, path=path)


def run(commands: Sequence[Command]) -> list[Finished]:
    """Run the commands to their end and return them in order, whatever their exit status. Raises
    KernelError if a command takes over a minute."""
    finished: list[Finished] = []
    for start in range(0, len(commands), _AT_ONCE):
        finished.extend(_run_together(commands[start : start + _AT_ONCE]))
    return finished


def _run_together(commands: Sequence[Command]) -> list[Finished]:
    end = time.monotonic() + _SECONDS
    with ExitStack() as stack:
        started = [(command, *_start(command, stack)) for command in commands]
        finished = []
        for command, process, output, errors in started:
            try:
                status = process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                raise KernelError(f"{command.by_hand}: not done after {_SECONDS:g} s") from None
            finished.append(Finished(command, status, _content(output), _content(errors)))
    return finished


def _start(command: Command, stack: ExitStack) -> tuple[subprocess.Popen[bytes], int, int]:
    """Start the process. Return the process and the descriptors of two files in memory, for its
    stdout and stderr. Unlike a pipe, a file in memory cannot fill up and block the process."""
    program = find(command.argv[0])
    if program is None:
        raise UnsupportedError(
            f"{command.argv[0]} is not installed", hint="what to install: nsnet doctor"
        )
    output, errors = _memory(stack), _memory(stack)
    reading = os.memfd_create("input")
    try:
        with os.fdopen(os.dup(reading), "wb") as file:
            file.write(command.text.encode())
        os.lseek(reading, 0, os.SEEK_SET)
        with netns.inside(command.netns):
            process = subprocess.Popen(
                (program, *command.argv[1:]),
                stdin=reading,
                stdout=output,
                stderr=errors,
                env={**os.environ, **command.environment},
            )
    except FileNotFoundError as error:
        raise KernelError(f"{command.by_hand}: there is no such namespace") from error
    finally:
        os.close(reading)
    stack.callback(_end, process)
    return process, output, errors


def _memory(stack: ExitStack) -> int:
    fd = os.memfd_create("output")
    stack.callback(os.close, fd)
    return fd


def _content(fd: int) -> str:
    return os.pread(fd, os.fstat(fd).st_size, 0).decode(errors="replace").strip()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
        process.wait()
