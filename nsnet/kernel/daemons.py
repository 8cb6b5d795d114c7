"""The programs of a lab's State, run: started, watched until they answer, told anew, ended."""

import os
import re
import select
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, assert_never

from nsnet.errors import KernelError, UnsupportedError
from nsnet.kernel import netns, processes
from nsnet.kernel.command import find
from nsnet.kernel.processes import until
from nsnet.state.bird import Bird
from nsnet.state.daemons import Daemon, argv, configuration, program, stem
from nsnet.state.haproxy import Haproxy

_SECONDS: Final = 10.0  # for a program to answer, or to end
_CHUNK: Final = 1 << 16
_FAILED: Final = re.compile(r"\[failed: (\d+)\]")  # haproxy: reloads in a row
_READY, _REFUSED = b"0001 ", b"89"  # bird: the code of its greeting; how codes of errors begin


def start(folder: Path, name: str, daemon: Daemon) -> None:
    """It runs in the namespace, and answers. Raises KernelError with its last words,
    UnsupportedError where it is not installed."""
    files = stem(folder, name, daemon)
    _write(files, daemon)
    wanted, *arguments = argv(daemon, files)
    found = find(wanted)
    if found is None:
        raise UnsupportedError(f"{wanted} is not installed", hint="make setup fetches it")
    processes.start(
        (found, *arguments), name, _log(files), ready=lambda: is_running(folder, name, daemon)
    )


def reload(folder: Path, name: str, daemon: Daemon) -> None:
    """It does what it is told now; its connections go on. Raises KernelError."""
    files = stem(folder, name, daemon)
    _write(files, daemon)
    try:
        match daemon:
            case Haproxy():
                _replace_worker(files, name, daemon)
            case Bird():
                said = _ask_bird(files, b"configure\n")
                if not said or said[:1] in _REFUSED:
                    raise OSError(said.decode().strip() or "it does not answer")
            case _:
                assert_never(daemon)
    except OSError as error:
        raise KernelError(
            f"{name}: {program(daemon)} does not take its new configuration: {error}",
            hint=f"what it said is in {_log(files)}",
        ) from error


def stop(folder: Path, name: str, daemon: Daemon) -> None:
    """It has ended, if it ran. Raises KernelError where it does not."""
    with suppress(ProcessLookupError), _process(stem(folder, name, daemon), name) as fd:
        signal.pidfd_send_signal(fd, signal.SIGTERM)
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(_SECONDS * 1000):
            raise KernelError(f"{name}: {program(daemon)} does not end")


def is_running(folder: Path, name: str, daemon: Daemon) -> bool:
    """It answers at its own socket."""
    match daemon:
        case Haproxy():
            return bool(_current_workers(stem(folder, name, daemon)))
        case Bird():
            return _ask_bird(stem(folder, name, daemon), b"").startswith(_READY)
        case _:
            assert_never(daemon)


def _write(files: Path, daemon: Daemon) -> None:
    Path(f"{files}.conf").write_text(configuration(daemon))


def _log(files: Path) -> Path:
    return Path(f"{files}.log")


@contextmanager
def _process(files: Path, name: str) -> Iterator[int]:
    """The process, proven to be ours by where it stands. Raises ProcessLookupError."""
    try:
        pid = int(Path(f"{files}.pid").read_text())
        fd = os.pidfd_open(pid)
    except (FileNotFoundError, ValueError) as error:
        raise ProcessLookupError("it does not run") from error
    try:
        home = netns.inode(name)
        if home is None or pid not in processes.pids_in({home}):
            raise ProcessLookupError("it does not run")
        yield fd
    finally:
        os.close(fd)


def _replace_worker(files: Path, name: str, daemon: Haproxy) -> None:
    """Its master has started another worker, which has taken the listening sockets over."""
    before, failed = _current_workers(files), 0
    with _process(files, name) as fd:

        def replaced() -> bool:
            nonlocal failed
            said = _master_report(files)
            # A worker that the busy machine does not let run for three seconds keeps its sockets
            # to itself: the master has given up by then, and can be told again.
            if (found := _FAILED.search(said)) and int(found[1]) > failed:
                failed = int(found[1])
                signal.pidfd_send_signal(fd, signal.SIGUSR2)
            return bool(now := _worker_pids(said)) and not now & before

        signal.pidfd_send_signal(fd, signal.SIGUSR2)
        until(replaced, what=f"no new worker of {program(daemon)}", seconds=_SECONDS)


def _current_workers(files: Path) -> frozenset[int]:
    """The processes that serve now; none where nobody answers."""
    return _worker_pids(_master_report(files))


def _worker_pids(said: str) -> frozenset[int]:
    # #<PID> <type> …, the master, "# workers" and a line for each, "# old workers" …
    lines = said.partition("# workers\n")[2].partition("#")[0].splitlines()
    return frozenset(int(line.split()[0]) for line in lines if line.strip())


def _master_report(files: Path) -> str:
    """What haproxy's master says of its processes; "" where nobody answers."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{files}.ctl")
        connection.sendall(b"show proc\n")
        connection.shutdown(socket.SHUT_WR)
        return _receive(connection, lambda said: False).decode()
    return ""


def _ask_bird(files: Path, question: bytes) -> bytes:
    """The last line of the answer; without a question, of the greeting. b"" where nobody
    answers."""
    with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(f"{files}.ctl")
        said = _receive(connection, _is_whole)
        if question and said.startswith(_READY):
            connection.sendall(question)
            said = _receive(connection, _is_whole)
        return said.splitlines()[-1] if said else b""
    return b""


def _is_whole(said: bytes) -> bool:
    """bird ends with a line in which a blank follows the code."""
    *_, last = said.splitlines() or [b""]
    return said.endswith(b"\n") and last[4:5] == b" "


def _receive(connection: socket.socket, is_whole: Callable[[bytes], bool]) -> bytes:
    """What is said until it is whole, or the other side hangs up. Raises OSError after a time."""
    connection.settimeout(_SECONDS)
    said = b""
    while not is_whole(said) and (part := connection.recv(_CHUNK)):
        said += part
    return said
