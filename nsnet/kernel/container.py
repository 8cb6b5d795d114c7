"""Run the command of a container, and keep its output and its exit status.

python -m nsnet.kernel.container FILE

      supervisor (in the pod's network namespace) ── pipe ── the command: PID 1 of a PID namespace

FILE has a Specification as JSON. The supervisor writes the output to FILE.log, and how the command
fares to FILE.status. If the supervisor ends, the kernel ends the command.
"""

import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from ctypes import CDLL
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from nsnet.kernel import enter, netns, uapi

MOST_OUTPUT: Final = 1 << 19  # bytes of a log file; there are two, the earlier one ends in .1
_CHUNK: Final = 1 << 16
_NOT_STARTED: Final = 127  # exit status of a child that could not execute the command
_PROC: Final = uapi.MS_NOSUID | uapi.MS_NODEV | uapi.MS_NOEXEC


@dataclass(frozen=True, slots=True)
class User:
    """The user that a command runs as."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


@dataclass(frozen=True, slots=True)
class Specification:
    """A command and where it runs. Without a user, it runs as the caller."""

    owner: str
    digest: str
    netns: str
    inode: int  # of that namespace
    hostname: str
    files: Mapping[str, str]
    argv: tuple[str, ...]
    program: str  # how messages name it
    environment: Mapping[str, str]
    directory: str
    user: User | None

    def write(self, path: Path) -> None:
        """Write the specification to a file that only its owner can read."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "w") as file:
            json.dump(asdict(self), file)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the specification in a file. Raises OSError, ValueError, TypeError."""
        data = json.loads(path.read_bytes())
        user = data.pop("user")
        return cls(
            **{**data, "argv": tuple(data["argv"])},
            user=User(**{**user, "groups": tuple(user["groups"])}) if user else None,
        )


def command(path: Path) -> tuple[str, ...]:
    """Return the command line of the supervisor for this file."""
    return (sys.executable, "-I", "-m", __name__, str(path))


def log_of(path: Path) -> Path:
    """Return the file with the output of the command of this file."""
    return path.with_suffix(".log")


def earlier_log_of(path: Path) -> Path:
    """Return the file with the earlier output of the command of this file, which may not exist."""
    return path.with_suffix(".log.1")


def status_of(path: Path) -> dict[str, Any]:
    """Return how the command of this file fares: the pid of its `supervisor` if it was started, its
    exit status as `exited` or its `signal` if it has ended, the `error` if it could not be started.
    Empty: none of these is known yet."""
    try:
        found = json.loads(path.with_suffix(".status").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write_status(path: Path, **status: Any) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(status))
    draft.replace(path.with_suffix(".status"))


def supervise(path: Path) -> None:
    """Run the command of this file to its end."""
    os.umask(0o077)
    wanted = Specification.read(path)
    output, its_output = os.pipe()
    failure, its_failure = os.pipe()
    netns.unshare(uapi.CLONE_NEWPID)
    child = os.fork()
    if not child:
        try:
            _become(wanted, its_output)
        except OSError as error:
            of = f"{error.filename}: " if error.filename else ""
            os.write(its_failure, f"{of}{error.strerror}".encode())
        except ValueError:  # Python finds it before execve() does, and its message may show a value
            os.write(its_failure, b"its name is empty or there is a null byte")
        finally:
            os._exit(_NOT_STARTED)
    os.close(its_output)
    os.close(its_failure)
    with open(failure, "rb") as pipe:
        problem = pipe.read().decode(errors="replace")  # empty: exec has closed it
    _write_status(path, **({"error": problem} if problem else {"supervisor": os.getpid()}))
    _keep(output, log_of(path), earlier_log_of(path))
    _, status = os.waitpid(child, 0)
    if not problem:
        code = os.waitstatus_to_exitcode(status)
        _write_status(path, **({"signal": -code} if code < 0 else {"exited": code}))


def _keep(pipe: int, log: Path, earlier: Path) -> None:
    """Write what comes out of the pipe to a log until its end. A log that is full becomes the
    earlier one."""
    written = 0
    file = log.open("wb", buffering=0)
    while data := os.read(pipe, _CHUNK):
        if written + len(data) > MOST_OUTPUT:
            file.close()
            log.replace(earlier)
            file, written = log.open("wb", buffering=0), 0
        file.write(data)
        written += len(data)
    file.close()


def _become(wanted: Specification, output: int) -> None:
    """Become the command. Raises OSError."""
    os.setsid()
    for each in (1, 2):
        os.dup2(output, each)
    enter.enter(wanted.netns, wanted.hostname, wanted.files)
    netns.mount("proc", "/proc", "proc", _PROC)
    user = wanted.user
    if user is not None:
        os.setgroups(user.groups)
        os.setgid(user.gid)
        os.setuid(user.uid)
    libc = CDLL(None)
    libc.prctl(uapi.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(uapi.PR_SET_PDEATHSIG, signal.SIGKILL)  # after setuid, which resets it
    os.umask(0o022)
    for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores them
        signal.signal(number, signal.SIG_DFL)
    os.chdir(wanted.directory or "/")
    try:
        os.execvpe(wanted.argv[0], wanted.argv, dict(wanted.environment))
    except OSError as error:
        error.filename = wanted.program
        raise


def listening(name: str) -> set[tuple[str, int]]:
    """Return the protocols (tcp, udp) and ports that are bound in a namespace."""
    found = set()
    with netns.inside(name):
        for protocol, state in (("tcp", "0A"), ("udp", "07")):
            for family in ("", "6"):
                with suppress(FileNotFoundError):
                    lines = Path(f"/proc/thread-self/net/{protocol}{family}").read_text()
                    for line in lines.splitlines()[1:]:
                        _, local, _, now, *_ = line.split()
                        if now == state:
                            found.add((protocol, int(local.rpartition(":")[2], 16)))
    return found


if __name__ == "__main__":
    supervise(Path(sys.argv[1]))
