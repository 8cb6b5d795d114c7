"""The commands of containers that run in a lab: start and end them, and tell how they fare. The
files of each are in the folder `commands` of the lab's folder."""

import os
import pwd
import signal
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

from nsnet.errors import UsageError
from nsnet.kernel import container, netns, processes
from nsnet.kernel.container import Specification, User
from nsnet.lab.environment import container_environment
from nsnet.topology.commands import Command

_FOLDER: Final = "commands"
_LISTENS: Final = 10.0  # seconds after which a command that does not listen is not waited for
_POLL: Final = 0.1  # seconds between two looks for more output
_STARTS: Final = 10.0  # seconds; a supervisor starts within 0.1


def invoking_user() -> User | None:
    """Return the user who called sudo, with their groups; None without sudo. Raises UsageError."""
    uid = os.environ.get("SUDO_UID", "0")
    if os.geteuid() != 0 or uid == "0":
        return None
    try:
        known = pwd.getpwuid(int(uid))
    except (ValueError, KeyError, OverflowError):
        raise UsageError(f"SUDO_UID is {uid}, which is no user of this host") from None
    groups = os.getgrouplist(known.pw_name, known.pw_gid)
    return User(known.pw_uid, known.pw_gid, tuple(groups), known.pw_dir)


def as_record(user: User | None) -> list[Any] | None:
    """Return the user as the lab's record has it."""
    return None if user is None else [user.uid, user.gid, [*user.groups], user.home]


def from_record(data: Sequence[Any] | None) -> User | None:
    """Return the user that `as_record` turned into this data."""
    return None if data is None else User(data[0], data[1], tuple(data[2]), data[3])


class Commands:
    """The commands of one lab. The methods that start and end them need the lab's lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / _FOLDER

    def end_others(self, wanted: Iterable[Command]) -> None:
        """End the commands that run and are none of these, and remove their files."""
        digests = {each.owner: each.digest for each in wanted}
        for path, known in self._known():
            if known is None or digests.get(known.owner) != known.digest:
                self._end(path, known)

    def start(self, wanted: Sequence[Command], user: User | None) -> None:
        """Start those of these commands that do not run yet, and have not ended by themselves. Wait
        until each listens on the ports of its container, or has ended. Raises KernelError."""
        held = {known.owner: (path, known) for path, known in self._known() if known is not None}
        started = []
        for each in wanted:
            inode = netns.inode(each.pod.netns) or 0
            if each.owner in held:
                path, known = held[each.owner]
                if known.inode == inode:
                    continue
                self._end(path, known)  # its namespace was deleted by hand
            self._start(each, inode, user)
            started.append(each)
        with suppress(TimeoutError):
            processes.until(
                lambda: all(self._has_begun(each) for each in started),
                what="commands do not listen",
                seconds=_LISTENS,
            )

    def _start(self, each: Command, inode: int, user: User | None) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._path(each.owner)
        Specification(
            owner=each.owner,
            digest=each.digest,
            netns=each.pod.netns,
            inode=inode,
            hostname=each.interior.hostname,
            files=each.interior.files,
            argv=each.container.command,
            program=each.container.program,
            environment=container_environment(
                each.interior, each.container, user.home if user else ""
            ),
            directory=each.container.working_dir,
            user=user,
        ).write(path)
        processes.start(
            container.command(path),
            each.pod.netns,
            path.with_suffix(".errors"),
            ready=lambda: bool(container.status_of(path)),
            seconds=_STARTS,
        )

    def _has_begun(self, each: Command) -> bool:
        if "supervisor" not in container.status_of(self._path(each.owner)):
            return True
        bound = container.listening(each.pod.netns)
        return all(port in bound for port in _ports(each))

    def _end(self, path: Path, known: Specification | None) -> None:
        if known is not None:
            inode = known.inode
            supervisors = processes.with_argument(str(path), inode)
            # The command is PID 1 of its PID namespace: all its processes end with it.
            commands = {child for each in supervisors for child in processes.children(each)}
            processes.kill(commands, inode)
            processes.kill(supervisors, inode)
        for each in self._folder.glob(f"{path.stem}.*"):
            each.unlink(missing_ok=True)

    def life(self, each: Command) -> str:
        """Return how a command fares, as kubectl says it: Running, Exited (1), …"""
        path = self._path(each.owner)
        match container.status_of(path):
            case {"exited": int(code)}:
                return f"Exited ({code})"
            case {"signal": int(number)}:
                return f"Killed ({_name_of(number)})"
            case {"error": str(why)}:
                return f"StartError ({why})"
            case {"supervisor": int()} if self.is_running(each):
                bound = (
                    container.listening(each.pod.netns) if netns.inode(each.pod.netns) else set()
                )
                closed = [
                    f"{port}/{name}" for name, port in _ports(each) if (name, port) not in bound
                ]
                return f"Running, {' '.join(closed)} is closed" if closed else "Running"
            case _:
                return "Killed"

    def is_running(self, each: Command) -> bool:
        """Return whether the command runs, or its last output is still being written."""
        path = self._path(each.owner)
        supervisor = container.status_of(path).get("supervisor")
        return isinstance(supervisor, int) and processes.has_argument(supervisor, str(path))

    def output(self, each: Command, *, follow: bool = False) -> Iterator[bytes]:
        """Yield the output of the command that is kept. With `follow`, go on until the command has
        ended."""
        path = self._path(each.owner)
        log = container.log_of(path)
        with suppress(FileNotFoundError):
            yield container.earlier_log_of(path).read_bytes()
        with ExitStack() as stack:
            file: BinaryIO | None = None
            while True:
                running = follow and self.is_running(each)
                if file is not None:
                    yield file.read()
                with suppress(FileNotFoundError):
                    if file is None or os.stat(log).st_ino != os.fstat(file.fileno()).st_ino:
                        stack.close()
                        file = stack.enter_context(log.open("rb"))
                        yield file.read()
                if not running:
                    return
                time.sleep(_POLL)

    def _known(self) -> Iterator[tuple[Path, Specification | None]]:
        """Yield the specifications of commands that were started, with their files; None for one
        that cannot be read."""
        for path in sorted(self._folder.glob("*.json")):
            try:
                yield path, Specification.read(path)
            except (OSError, ValueError, TypeError, KeyError):
                yield path, None

    def _path(self, owner: str) -> Path:
        return self._folder / f"{sha256(owner.encode()).hexdigest()[:16]}.json"


def _ports(each: Command) -> list[tuple[str, int]]:
    """Return the ports that the command's container declares."""
    name = each.container.name
    return [(one.protocol.value, one.port) for one in each.pod.ports if one.container == name]


def _name_of(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"


def lives(commands: Commands, wanted: Iterable[Command]) -> Mapping[str, tuple[str, ...]]:
    """Return how the commands of each pod fare, by the pod's reference."""
    found: dict[str, tuple[str, ...]] = {}
    for each in wanted:
        said = f"{each.container.name}: {commands.life(each)}"
        found[each.pod.reference] = (*found.get(each.pod.reference, ()), said)
    return found
