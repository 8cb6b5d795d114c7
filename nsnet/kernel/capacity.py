"""How much of a lab this machine can carry, in numbers."""

import resource
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from nsnet.kernel import netns

_UNLIMITED = 2**63


@dataclass(frozen=True, slots=True)
class Capacity:
    """What is left on a machine for one more lab: network namespaces, bytes of memory and threads;
    and the number of files that one process may have open."""

    namespaces: int
    memory: int
    threads: int
    files: int


def capacity() -> Capacity:
    """Return what is left on this machine. What cannot be read counts as unlimited."""
    _, files = resource.getrlimit(resource.RLIMIT_NOFILE)
    return Capacity(
        namespaces=_number("/proc/sys/user/max_net_namespaces") - len(netns.names("")),
        memory=min(_available(), _left_in_cgroup()),
        threads=_number("/proc/sys/kernel/pid_max") - _running(),
        files=_UNLIMITED if files == resource.RLIM_INFINITY else files,
    )


def _available() -> int:
    """Return the bytes of memory that are free, or that the kernel would free for others."""
    with suppress(OSError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return _UNLIMITED


def _left_in_cgroup() -> int:
    """Return the bytes that the memory limit of this container leaves. On a machine without a limit
    the file does not exist."""
    limit = _number("/sys/fs/cgroup/memory.max")
    return limit - (_number("/sys/fs/cgroup/memory.current") if limit < _UNLIMITED else 0)


def _running() -> int:
    """Return the number of threads of all processes: the second number of "3/512"."""
    with suppress(OSError):
        return int(Path("/proc/loadavg").read_text().split()[3].partition("/")[2])
    return 0


def _number(path: str) -> int:
    with suppress(OSError, ValueError):  # "max": there is no limit
        return int(Path(path).read_text())
    return _UNLIMITED
