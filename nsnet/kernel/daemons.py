"""Start, reload and stop the daemons of a lab (haproxy, bird), and check whether they run."""

import os
import re
import select
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, assert_never

from nsnet.errors import KernelError, UnsupportedError
from nsnet.kernel import netns, processes
from nsnet.kernel.certificates import self_signed
from nsnet.kernel.command import find
from nsnet.kernel.processes import until
from nsnet.state.bird import Bird
from nsnet.state.daemons import Daemon, argv, configuration, program, stem
from nsnet.state.haproxy import Haproxy, certificate_lists
from nsnet.state.http import Certificate

_SECONDS: Final = 10.0  # for a daemon to reload, or to end
_ALIVE: Final = 5.0  # seconds for it to answer a question
_AT_ONCE: Final = 64  # daemons that are asked whether they run
_UMASK: Final = 0o177  # sockets and files are their owner's alone
_CHUNK: Final = 1 << 16
_FAILED: Final = re.compile(r"\[failed: (\d+)\]")  # haproxy: failed reloads in a row
# bird: the code of its greeting; the first digits of its error codes
_READY, _REFUSED = b"0001 ", b"89"


def start(folder: Path, name: str, daemon: Daemon) -> None:
    """Start the daemon in the namespace and wait until it answers. Raises KernelError with the
    daemon's last lines of output, or UnsupportedError if it is not installed."""
    files = stem(folder, name, daemon)
    write(files, daemon)
    wanted, *arguments = argv(daemon, files)
    found = find(wanted)
    if found is None:
        raise UnsupportedError(f"{wanted} is not installed", hint="make setup fetches it")
    processes.start(
        (found, *arguments),
        name,
        _log(files),
        ready=lambda: is_running(folder, name, daemon),
        umask=_UMASK,
    )
    os.chmod(f"{files}.ctl", 0o600)  # bird gives it to its group, too


def reload(folder: Path, name: str, daemon: Daemon) -> None:
    """Have the daemon read its new configuration. Its connections continue. Raises KernelError if
    the daemon refuses the configuration or does not answer."""
    files = stem(folder, name, daemon)
    write(files, daemon)
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
            f"{name}: {program(daemon)} refuses its new configuration: {error}",
            hint=f"its output is in {_log(files)}",
        ) from error


def stop(folder: Path, name: str, daemon: Daemon) -> None:
    """Stop the daemon if it runs. Raises KernelError if it has not ended after ten seconds."""
    with suppress(ProcessLookupError), _process(stem(folder, name, daemon), name) as fd:
        signal.pidfd_send_signal(fd, signal.SIGTERM)
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        if not poll.poll(_SECONDS * 1000):
            raise KernelError(f"{name}: {program(daemon)} does not end")


def answering(folder: Path, wanted: Sequence[tuple[str, Daemon]]) -> list[bool]:
    """Return for each of these daemons, given with its namespace, whether it answers. All are asked
    at once, because one that hangs delays its answer by seconds."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:  # it starts no more threads than there are questions
        return list(pool.map(lambda each: is_running(folder, *each), wanted))


def is_running(folder: Path, name: str, daemon: Daemon) -> bool:
    """Return whether the daemon answers on its control socket, and listens there in the namespace
    of this name. Of haproxy, the master and its worker must answer."""
    files = stem(folder, name, daemon)
    match daemon:
        case Haproxy():
            said = _ask_haproxy(files, b"@1 show info\n", netns.inode(name))
            return b"\nPid: " in said and bool(_current_workers(files))
        case Bird():
            return _ask_bird(files, b"", netns.inode(name)).startswith(_READY)
        case _:
            assert_never(daemon)


def pids(folder: Path, name: str, daemon: Daemon) -> set[int]:
    """Return the pids of the daemon's processes in the namespace, whether they answer or not."""
    home = netns.inode(name)
    return set() if home is None else processes.with_argument(_conf(folder, name, daemon), home)


def kill(folder: Path, name: str, daemon: Daemon) -> None:
    """End the daemon's processes in the namespace at once, also those that hang."""
    home = netns.inode(name)
    if home is not None:
        processes.kill(pids(folder, name, daemon), home)


def _conf(folder: Path, name: str, daemon: Daemon) -> str:
    return f"{stem(folder, name, daemon)}.conf"


def write(files: Path, daemon: Daemon) -> None:
    """Write the files that the daemon reads. `files` is their path without a suffix."""
    if isinstance(daemon, Haproxy):
        for name, text in certificate_lists(daemon).items():
            _write_file(files.parent / name, text)
        for each in daemon.certificates:
            _write_certificate(files.parent / each.file, each)
    _write_file(Path(f"{files}.conf"), configuration(daemon))


def _write_certificate(path: Path, certificate: Certificate) -> None:
    """Write a certificate with its private key. One that is to be generated is kept if there is
    one."""
    if certificate.pem is not None:
        _write_file(path, certificate.pem.text)
    elif not path.exists():
        _write_file(path, self_signed(certificate.names))


def _write_file(path: Path, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "w") as file:
        os.fchmod(fd, 0o600)  # whatever the umask, and the mode that it has had
        file.write(text)


def _log(files: Path) -> Path:
    return Path(f"{files}.log")


@contextmanager
def _process(files: Path, name: str) -> Iterator[int]:
    """Yield a pidfd of the daemon. Raises ProcessLookupError if the daemon does not run.

    If the process with the daemon's pid is in another namespace, it is not the daemon: the pid has
    been reused.
    """
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
    """Reload haproxy: its master process starts a new worker, which takes over the listening
    sockets."""
    before, failed = _current_workers(files), 0
    with _process(files, name) as fd:

        def replaced() -> bool:
            nonlocal failed
            said = _master_report(files)
            # The master gives up on a new worker that does not run within three seconds, as on a
            # busy machine. Then the reload can be requested again.
            if (found := _FAILED.search(said)) and int(found[1]) > failed:
                failed = int(found[1])
                signal.pidfd_send_signal(fd, signal.SIGUSR2)
            return bool(now := _worker_pids(said)) and not now & before

        signal.pidfd_send_signal(fd, signal.SIGUSR2)
        until(replaced, what=f"no new worker of {program(daemon)}", seconds=_SECONDS)


def _current_workers(files: Path) -> frozenset[int]:
    """Return the pids of haproxy's workers that accept connections. The set is empty if the master
    process does not answer."""
    return _worker_pids(_master_report(files))


def _worker_pids(said: str) -> frozenset[int]:
    # #<PID> <type> …, the master, "# workers" and a line for each, "# old workers" …
    lines = said.partition("# workers\n")[2].partition("#")[0].splitlines()
    return frozenset(int(line.split()[0]) for line in lines if line.strip())


def _master_report(files: Path) -> str:
    """Return the list of haproxy's processes as its master process reports it; "" if the master
    process does not answer."""
    return _ask_haproxy(files, b"show proc\n").decode()


def _ask_haproxy(files: Path, question: bytes, home: int | None = None) -> bytes:
    """Return haproxy's answer to the question; b"" if it does not answer, or does not listen in the
    namespace with the inode `home`, if that is given."""
    with suppress(OSError), _connected(files, home) as connection:
        connection.sendall(question)
        connection.shutdown(socket.SHUT_WR)
        return _receive(connection, lambda said: False)
    return b""


@contextmanager
def _connected(files: Path, home: int | None) -> Iterator[socket.socket]:
    """Yield a connection to the control socket of a daemon. Raises OSError if the daemon does not
    run, or does not listen in the namespace with the inode `home`, if that is given."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ALIVE)
        connection.connect(f"{files}.ctl")
        if home is not None and netns.peer_inode(connection) != home:
            raise ProcessLookupError("another namespace's daemon answers")
        yield connection


def _ask_bird(files: Path, question: bytes, home: int | None = None) -> bytes:
    """Return the last line of bird's answer to the question, or of bird's greeting if the question
    is empty. Return b"" if bird does not answer, or does not listen in the namespace with the inode
    `home`, if that is given."""
    with suppress(OSError), _connected(files, home) as connection:
        said = _receive(connection, _is_whole)
        if question and said.startswith(_READY):
            connection.sendall(question)
            said = _receive(connection, _is_whole)
        return said.splitlines()[-1] if said else b""
    return b""


def _is_whole(said: bytes) -> bool:
    """Return whether this is bird's whole answer. In its last line, and in no other, a space
    follows the code."""
    *_, last = said.splitlines() or [b""]
    return said.endswith(b"\n") and last[4:5] == b" "


def _receive(connection: socket.socket, is_whole: Callable[[bytes], bool]) -> bytes:
    """Return what the other side says, read until `is_whole` accepts it or the connection is
    closed. Raises OSError on timeout."""
    said = b""
    while not is_whole(said) and (part := connection.recv(_CHUNK)):
        said += part
    return said
