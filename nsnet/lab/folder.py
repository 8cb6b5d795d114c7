"""A lab's folder, /run/nsnet/LAB. It has the record of the lab (lab.json), a list of its references
(names.json), its lock, and the files of its server and daemons.

Any user may list the labs and read names.json, from which `nsnet ls` and the completion of a shell
take what they show. Everything else is root's alone, whatever the umask: the record holds the text
of the lab's files. The lock is a flock on a file that no other user can open; the kernel releases
it when its holder ends.
"""

import errno
import fcntl
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nsnet.errors import LockedError, NsnetError, UnsupportedError
from nsnet.scenario.load import reload
from nsnet.scenario.model import Scenario
from nsnet.state import daemons
from nsnet.state.daemons import path_of
from nsnet.topology.assignment import Assignment

SCHEMA = "nsnet.dev/lab/v1"
RECORD, NAMES, LOCK = "lab.json", "names.json", "lock"
_FOLDER, _PUBLIC, _PRIVATE = 0o755, 0o644, 0o600
_NEEDS_ROOT = "labs that stay up need root: sudo nsnet …"


def names() -> list[str]:
    """Return the names of the labs that have a folder, sorted. Raises OSError, UnsupportedError if
    /run/nsnet is no folder."""
    try:
        _check_folder(daemons.RUN, os.lstat(daemons.RUN))
        return sorted(each.name for each in os.scandir(daemons.RUN) if each.is_dir())
    except FileNotFoundError:
        return []


def read(lab: str) -> dict[str, Any] | None:
    """Return the lab's record. Return None if there is no record, if it is damaged, or if another
    user wrote it. Raises UnsupportedError if this user may not read it."""
    try:
        with (path_of(lab) / RECORD).open("rb") as file:
            if os.fstat(file.fileno()).st_uid not in (0, os.geteuid()):
                return None
            record = json.loads(file.read())
    except PermissionError as error:
        raise UnsupportedError(f"{error.filename}: {error.strerror}", hint=_NEEDS_ROOT) from error
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def version(lab: str) -> tuple[int, int] | None:
    """Return a value that differs whenever the lab's record has been written again. Return None if
    there is no record."""
    try:
        found = (path_of(lab) / RECORD).stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def is_damaged(lab: str) -> bool:
    """Return whether the lab has a record that cannot be read."""
    return os.path.lexists(path_of(lab) / RECORD) and read(lab) is None


def read_names(lab: str) -> dict[str, Any]:
    """Return the content of the lab's names.json, which any user may read. If that file is missing
    or damaged, return an empty dict."""
    try:
        listed = json.loads((path_of(lab) / NAMES).read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return listed if isinstance(listed, dict) else {}


def scenario_of(name: str, record: Mapping[str, Any]) -> tuple[Scenario, Assignment]:
    """Return the scenario of the lab's record, and the addresses and ports that were allocated.
    Raises UnsupportedError if the record is damaged, or of another version of nsnet."""
    try:
        keep = Assignment.from_json(record["assignment"])
        return reload(record["main"], record["sources"]).named(name), keep
    except (NsnetError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise UnsupportedError(
            f"{name}: its record is damaged, or another version of nsnet wrote it"
            f" ({type(error).__name__}: {str(error).splitlines()[0] if str(error) else '?'})",
            hint=f"to build it again: nsnet down {name}; nsnet up FILE",
        ) from error


@contextmanager
def locked(lab: str) -> Iterator[Path]:
    """Hold the lab's lock inside the block. The lab's folder is created if needed. Raises
    LockedError if another nsnet holds the lock, UnsupportedError if the folder cannot be used."""
    path = path_of(lab)
    fd = _lock(lab, path)
    try:
        yield path
    finally:
        os.close(fd)


def _lock(lab: str, path: Path) -> int:
    while True:
        try:
            _make_folder(daemons.RUN)
            _make_folder(path)
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            fd = os.open(path / LOCK, flags, _PRIVATE)
        except FileNotFoundError:
            continue  # removed between two calls, by the nsnet that had locked it
        except OSError as error:
            hint = _NEEDS_ROOT if os.geteuid() != 0 else ""
            raise UnsupportedError(f"{error.filename}: {error.strerror}", hint=hint) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The lock may have been removed and created again before flock: then this one is on the
            # removed file.
            if os.fstat(fd).st_ino == (path / LOCK).stat().st_ino:
                return fd
        except BlockingIOError as error:
            os.close(fd)
            hint = f"wait until it is done; its process: fuser -v {path / LOCK}"
            raise LockedError(f"another nsnet is working on {lab}", hint=hint) from error
        except FileNotFoundError:
            pass
        os.close(fd)


def _make_folder(path: Path) -> None:
    """Create the folder if it does not exist, and give it the mode 0755. Raises UnsupportedError if
    something else is there, or another user's folder; OSError."""
    with suppress(FileExistsError):
        path.mkdir(mode=_FOLDER, parents=path == daemons.RUN)
    found = os.lstat(path)
    _check_folder(path, found)
    if stat.S_IMODE(found.st_mode) != _FOLDER and found.st_uid == os.geteuid():
        path.chmod(_FOLDER)


def _check_folder(path: Path, found: os.stat_result) -> None:
    """Raise UnsupportedError unless `found` is a folder of root or of this user."""
    if not stat.S_ISDIR(found.st_mode):
        kind = "a symbolic link" if stat.S_ISLNK(found.st_mode) else "a file"
        raise UnsupportedError(
            f"{path} is {kind}, but nsnet keeps its labs in a folder there",
            hint=f"move it away: mv {path} {path}.old",
        )
    if found.st_uid not in (0, os.geteuid()):
        raise UnsupportedError(
            f"{path} belongs to user {found.st_uid}, not to root",
            hint=f"move it away: mv {path} {path}.old",
        )


def write(lab: str, record: Mapping[str, Any], listed: Mapping[str, Any]) -> None:
    """Replace the lab's record, and then its names.json. Each is replaced atomically."""
    for name, content, mode in ((RECORD, record, _PRIVATE), (NAMES, listed, _PUBLIC)):
        path = path_of(lab) / name
        draft = path.with_suffix(".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(draft, flags, mode), "w") as file:
            os.fchmod(file.fileno(), mode)  # the umask does not count
            json.dump(content, file)
        draft.replace(path)


def remove(lab: str) -> None:
    """Remove the lab's folder. If it was the last lab's, remove /run/nsnet, too.

    The lock is removed last. Another nsnet may then already have created the next one: its folder
    is left alone.
    """
    path = path_of(lab)
    for each in path.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        elif each.name != LOCK:
            each.unlink(missing_ok=True)
    (path / LOCK).unlink(missing_ok=True)
    _remove_empty(path)
    tidy()


def tidy() -> None:
    """Remove /run/nsnet if it is empty. It may be left empty by an nsnet that was killed just after
    it had removed the last lab's folder."""
    _remove_empty(daemons.RUN)


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.ENOENT, errno.EACCES, errno.EPERM):
            raise
