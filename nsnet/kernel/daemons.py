"""The programs of a lab's State, run: started, watched until they answer, told anew, ended."""

import os
import select
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nsnet.daemons import Daemon, argv, configuration, program, stem
from nsnet.errors import KernelError, UnsupportedError
from nsnet.haproxy import MASTER
from nsnet.kernel import netns, processes
from nsnet.kernel.command import find
from nsnet.kernel.processes import until

_SECONDS = 10.0  # for a program to answer, or to end
_CHUNK = 1 << 16
_ABSTRACT = 108  # bytes of an abstract socket's address, which haproxy fills with zeros


def start(folder: Path, name: str, daemon: Daemon) -> None:
    """It runs in the namespace, and answers. Raises KernelError with its last words,
    UnsupportedError where it is not installed."""
    files = stem(folder, name, daemon)
    _write(files, daemon)
    program, *arguments = argv(daemon, files)
    found = find(program)
    if found is None:
        raise UnsupportedError(f"{program} is not installed", hint="make setup fetches it")
    processes.start(
        (found, *arguments), name, _log(files), ready=lambda: runs(folder, name, daemon)
    )


def reload(folder: Path, name: str, daemon: Daemon) -> None:
    """It does what it is told now; its connections go on. Raises KernelError."""
    files = stem(folder, name, daemon)
    _write(files, daemon)
    before = _workers(name)
    with _master(files, name, daemon) as fd:
        signal.pidfd_send_signal(fd, signal.SIGUSR2)
        try:
            until(
                lambda: not before & (now := _workers(name)) and bool(now),
                what=f"{name}: {program(daemon)} does not take its new configuration",
                seconds=_SECONDS,
            )
        except TimeoutError as error:
            raise KernelError(str(error), hint=f"what it said is in {_log(files)}") from error


def stop(folder: Path, name: str, daemon: Daemon) -> None:
    """It has ended, if it ran. Raises KernelError where it does not."""
    with suppress(ProcessLookupError), _master(stem(folder, name, daemon), name, daemon) as fd:
        signal.pidfd_send_signal(fd, signal.SIGTERM)
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(_SECONDS * 1000):
            raise KernelError(f"{name}: {program(daemon)} does not end")


def runs(folder: Path, name: str, daemon: Daemon) -> bool:
    """It answers at its own socket."""
    del folder, daemon
    return bool(_workers(name))


def _write(files: Path, daemon: Daemon) -> None:
    Path(f"{files}.conf").write_text(configuration(daemon))


def _log(files: Path) -> Path:
    return Path(f"{files}.log")


@contextmanager
def _master(files: Path, name: str, daemon: Daemon) -> Iterator[int]:
    """The process, proven to be ours by where it stands. Raises ProcessLookupError."""
    try:
        pid = int(Path(f"{files}.pid").read_text())
        fd = os.pidfd_open(pid)
    except (FileNotFoundError, ValueError) as error:
        raise ProcessLookupError(f"{name}: {program(daemon)} has left no pid") from error
    try:
        home = netns.inode(name)
        if home is None or pid not in processes.standing_in({home}):
            raise ProcessLookupError(f"{name}: {program(daemon)} does not run")
        yield fd
    finally:
        os.close(fd)


def _workers(name: str) -> frozenset[int]:
    """The processes that serve now, as haproxy's master says; none where nobody answers."""
    try:
        with netns.inside(name), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(f"\0{MASTER}".encode().ljust(_ABSTRACT, b"\0"))
            connection.sendall(b"show proc\n")
            connection.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: connection.recv(_CHUNK), b"")).decode()
    except OSError:
        return frozenset()
    # #<PID> <type> <reloads> …, the master, "# workers" and one line for each, "# old workers" …
    serving = answer.partition("# workers\n")[2].partition("#")[0]
    return frozenset(int(line.split()[0]) for line in serving.splitlines() if line.strip())
