"""The processes of a lab. They are started in its namespaces, and found and ended by their
namespace."""

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TypeAlias

from nsnet.errors import CleanupError, KernelError
from nsnet.kernel import netns as namespaces

_GONE = (FileNotFoundError, ProcessLookupError)
_NOT_VISIBLE = (*_GONE, PermissionError)


def until(condition: Callable[[], bool], *, what: str, seconds: float = 5.0) -> None:
    """Return as soon as the condition holds. Raises TimeoutError after `seconds`; its text begins
    with `what`."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"{what} after {seconds:g} s")
        time.sleep(0.01)


def start(
    argv: Sequence[str],
    netns: str,
    log: Path,
    *,
    ready: Callable[[], bool] | None = None,
    seconds: float = 10.0,
    environment: Mapping[str, str] | None = None,
    umask: int = -1,
) -> int:
    """Start a process in the namespace and return its pid. If `ready` is given, wait until it
    holds. The process continues after the calling process has ended.

    The new process has a session of its own and no stdin; its output goes to `log`, which only its
    owner may read. Without `umask`, it has the caller's. Raises
    KernelError if the program cannot be started. With `ready`, also raises KernelError, with the
    last lines of output, if the process ends before `ready` holds, or if that takes longer than
    `seconds`.
    """
    with open(log, "ab", opener=_private) as output:
        try:
            # Forked by a thread that is in the namespace already: from its first instruction on,
            # pids_in() finds it as a process of the lab.
            with namespaces.inside(netns):
                process = subprocess.Popen(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    cwd="/",
                    env=None if environment is None else {**os.environ, **environment},
                    start_new_session=True,
                    umask=umask,
                )
        except OSError as error:
            raise KernelError(
                f"ip netns exec {netns} {' '.join(argv)}: {error.strerror}: {error.filename}"
            ) from error
    if ready is not None:
        _await_ready(process, ready, netns, log, seconds)
    # stop() finds it by its namespace. Without this, Popen would warn that it still runs.
    process.returncode = 0
    return process.pid


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


Completed: TypeAlias = "subprocess.CompletedProcess[str]"


def run(
    argv: Sequence[str], netns: str, environment: Mapping[str, str], *, seconds: float
) -> Completed:
    """Run a process in the namespace to its end, with these environment variables. Return its exit
    status and its output as text. Raises TimeoutError after `seconds`."""
    try:
        with namespaces.inside(netns):
            return subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                env=environment,
                timeout=seconds,
                check=False,
            )
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{' '.join(argv)}: not done after {seconds:g} s") from error


def _await_ready(
    process: subprocess.Popen[bytes],
    ready: Callable[[], bool],
    netns: str,
    log: Path,
    seconds: float,
) -> None:
    command = f"ip netns exec {netns} {' '.join(map(str, process.args))}"  # type: ignore[arg-type]
    try:
        until(
            lambda: ready() or process.poll() is not None,
            what=f"{command}: not ready",
            seconds=seconds,
        )
        if process.poll() is None or ready():
            return
        problem = f"{command}: ended with exit status {process.returncode}"
    except TimeoutError as error:
        process.kill()
        process.wait()
        problem = str(error)
    raise KernelError(f"{problem}: {_last_words(log)}", hint=f"its whole output is in {log}")


def _last_words(log: Path) -> str:
    """Return the last three lines of the output in `log`. The last line alone would often say only
    that the program ends."""
    lines = [line for line in log.read_text(errors="replace").split("\n") if line.strip()]
    return "; ".join(lines[-3:]) or "no output"


def pids_in(inodes: set[int]) -> set[int]:
    """Return the pids of all processes with a thread in one of these network namespaces."""
    wanted = {f"net:[{inode}]" for inode in inodes}
    return {int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _is_in(pid, wanted)}


def _is_in(pid: str, wanted: set[str]) -> bool:
    """Return whether any thread of the process is in one of the wanted namespaces. Threads of one
    process may be in different namespaces."""
    with suppress(*_GONE):
        for task in os.listdir(f"/proc/{pid}/task"):
            # A thread that has ended, or that we may not inspect, is not the lab's.
            with suppress(*_NOT_VISIBLE):
                if os.readlink(f"/proc/{pid}/task/{task}/ns/net") in wanted:
                    return True
    return False


def homes(run: Path) -> dict[str, set[int]]:
    """Return the inodes of the network namespaces in which servers and daemons of labs run, by lab.
    They are found by a path below `run`, /run/nsnet, on their command line: also if no name of a
    namespace and no file is left of the lab.

    Only processes of this user and in this mount namespace count: a path means something else in
    other ones, such as those of throw-away labs. This process's own network namespace and that of
    PID 1 are left out, because they are no lab's.
    """
    own = {_network(pid) for pid in ("self", "1")}
    mounts = _mounts("self")
    found: dict[str, set[int]] = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with suppress(*_NOT_VISIBLE):
            labs = _labs_of(pid, f"{run}/")
            if not labs or os.stat(f"/proc/{pid}").st_uid != os.geteuid():
                continue
            network = _network(pid)
            if network is None or network in own or _mounts(pid) != mounts:
                continue
            for lab in labs:
                found.setdefault(lab, set()).add(network)
    return found


def _labs_of(pid: str, run: str) -> set[str]:
    """Return the names of the labs whose files are arguments of the process."""
    return {
        each.removeprefix(run).partition("/")[0]
        for each in _arguments(pid)
        if each.startswith(run) and each.count("/") > run.count("/")
    }


def _arguments(pid: str) -> list[str]:
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")


def _network(pid: str) -> int | None:
    with suppress(*_NOT_VISIBLE):
        return os.stat(f"/proc/{pid}/ns/net").st_ino
    return None


def _mounts(pid: str) -> str:
    return os.readlink(f"/proc/{pid}/ns/mnt")


def has_argument(pid: int, argument: str) -> bool:
    """Return whether there is a process of this pid that has this argument."""
    with suppress(*_NOT_VISIBLE):
        return argument in _arguments(str(pid))
    return False


def with_argument(argument: str, inode: int) -> set[int]:
    """Return the pids of the processes in this network namespace that have this argument."""
    found = set()
    for pid in pids_in({inode}):
        with suppress(*_NOT_VISIBLE):
            if argument in _arguments(str(pid)):
                found.add(pid)
    return found


def children(pid: int) -> set[int]:
    """Return the pids of the processes that this one has started and that still exist."""
    with suppress(*_NOT_VISIBLE):
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    return set()


def kill(pids: set[int], inode: int, *, seconds: float = 10.0) -> None:
    """End those of these processes that are in this network namespace, also stopped ones."""
    _kill(pids, {inode}, seconds)


def stop(inodes: set[int], *, seconds: float = 10.0) -> None:
    """End all processes in these namespaces, except the calling one. Raises CleanupError with the
    processes that still run after `seconds`."""
    end = time.monotonic() + seconds
    while pids := pids_in(inodes) - {os.getpid()}:
        left = end - time.monotonic()
        if left <= 0:
            raise CleanupError(
                f"still running in the lab: {', '.join(map(_describe, sorted(pids)))}"
            )
        _kill(pids, inodes, left)


def _kill(pids: set[int], inodes: set[int], seconds: float) -> None:
    """Send SIGKILL to those of these processes that are still in the namespaces, and wait for them
    to end."""
    wanted = {f"net:[{inode}]" for inode in inodes}
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        dying = set()
        poll = select.poll()
        for pid in pids:
            with suppress(ProcessLookupError, PermissionError):
                fd = os.pidfd_open(pid)
                stack.callback(os.close, fd)
                # The pid may have been reused since it was found; a pidfd is not.
                if _is_in(str(pid), wanted):
                    signal.pidfd_send_signal(fd, signal.SIGKILL)
                    poll.register(fd, select.POLLIN)
                    dying.add(fd)
        while dying and (ended := poll.poll(max(0.0, end - time.monotonic()) * 1000)):
            for fd, _ in ended:
                poll.unregister(fd)
                dying.discard(fd)
        for pid in pids:
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)


def _describe(pid: int) -> str:
    with suppress(OSError):
        return f"pid {pid} ({Path(f'/proc/{pid}/comm').read_text().strip()})"
    return f"pid {pid}"
