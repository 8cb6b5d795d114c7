"""A lab's folder under /run/nsnet: what nsnet writes down about it (`record` reads it), and the
lock that one nsnet at a time holds.

The lock is a flock on the folder itself: it is free as soon as its holder is dead, however it died.
"""

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nsnet.errors import LockedError, UnsupportedError
from nsnet.lab.record import RUN, names, path_of, read

__all__ = ["locked", "names", "path_of", "read", "remove", "tidy", "write"]


@contextmanager
def locked(lab: str) -> Iterator[Path]:
    """The lab's folder exists and is ours inside the block. Raises LockedError where another
    nsnet has it."""
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
            continue  # removed between the two calls, by the nsnet that had it
        except PermissionError as error:
            raise UnsupportedError(
                f"{path}: {error.strerror}", hint="labs that stay up need root: sudo nsnet …"
            ) from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The folder may have been removed, and made again, while we waited: then the lock is
            # on nothing.
            if os.fstat(fd).st_ino == path.stat().st_ino:
                return fd
        except BlockingIOError as error:
            os.close(fd)
            hint = f"wait until it is done; who it is: fuser -v {path}"
            raise LockedError(f"another nsnet is working on {lab}", hint=hint) from error
        except FileNotFoundError:
            pass
        os.close(fd)


def write(lab: str, record: dict[str, Any]) -> None:
    """The record is on file, whole or not at all."""
    path = path_of(lab) / "lab.json"
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps(record))
    draft.replace(path)


def remove(lab: str) -> None:
    """The folder is gone, and /run/nsnet with the last of them."""
    shutil.rmtree(path_of(lab), ignore_errors=False)
    tidy()


def tidy() -> None:
    """/run/nsnet is gone, if nothing is in it: whoever removed the last lab may have been killed
    before."""
    try:
        RUN.rmdir()
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.ENOENT, errno.EACCES):
            raise
