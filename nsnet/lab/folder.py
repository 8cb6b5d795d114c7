"""A lab's folder, /run/nsnet/LAB. It has the record of the lab in lab.json, and a lock that one
nsnet at a time can hold. Reading the record needs no root.

The lock is a flock on the folder itself. The kernel releases the lock when its holder ends.
"""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nsnet.errors import LockedError, UnsupportedError
from nsnet.scenario.load import reload
from nsnet.scenario.model import Scenario
from nsnet.state import daemons
from nsnet.state.daemons import path_of
from nsnet.topology.assignment import Assignment

SCHEMA = "nsnet.dev/lab/v1"


def names() -> list[str]:
    """Return the names of the labs that have a folder, sorted."""
    with suppress(FileNotFoundError):
        return sorted(each.name for each in daemons.RUN.iterdir() if each.is_dir())
    return []


def read(lab: str) -> dict[str, Any] | None:
    """Return the lab's record. Return None if there is no record, or if it is not complete JSON."""
    try:
        record = json.loads((path_of(lab) / "lab.json").read_text())
    except (OSError, ValueError):
        return None
    return record if isinstance(record, dict) else None


def recorded(record: Mapping[str, Any]) -> tuple[Scenario, Assignment]:
    """Return the scenario of a record, and the addresses and ports that were allocated in the lab.
    The record of another version of nsnet may raise KeyError, ValueError or ScenarioError."""
    keep = Assignment.from_json(record["assignment"])
    return reload(record["main"], record["sources"]), keep


@contextmanager
def locked(lab: str) -> Iterator[Path]:
    """Hold the lab's lock inside the block. The lab's folder is created if needed. Raises
    LockedError if another nsnet holds the lock, UnsupportedError without root."""
    path = path_of(lab)
    fd = _lock(lab, path)
    try:
        yield path
    finally:
        os.close(fd)


def _lock(lab: str, path: Path) -> int:
    while True:
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o755)
            fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue  # removed between the two calls, by the nsnet that had locked it
        except PermissionError as error:
            raise UnsupportedError(
                f"{path}: {error.strerror}", hint="labs that stay up need root: sudo nsnet …"
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The folder may have been removed and created again before flock: then this lock is on
            # the removed one.
            if os.fstat(fd).st_ino == path.stat().st_ino:
                return fd
        except BlockingIOError as error:
            os.close(fd)
            hint = f"wait until it is done; its process: fuser -v {path}"
            raise LockedError(f"another nsnet is working on {lab}", hint=hint) from error
        except FileNotFoundError:
            pass
        os.close(fd)


def write(lab: str, record: dict[str, Any]) -> None:
    """Replace the lab's record atomically."""
    path = path_of(lab) / "lab.json"
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(record))
    draft.replace(path)


def remove(lab: str) -> None:
    """Remove the lab's folder. If it was the last lab's, remove /run/nsnet, too."""
    shutil.rmtree(path_of(lab), ignore_errors=False)
    tidy()


def tidy() -> None:
    """Remove /run/nsnet if it is empty. It may be left empty by an nsnet that was killed just after
    it had removed the last lab's folder."""
    try:
        daemons.RUN.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.ENOENT, errno.EACCES):
            raise
