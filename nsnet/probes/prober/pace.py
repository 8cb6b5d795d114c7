"""The pace of attempts to which a router replies with ICMP net-unreachable. Linux sends one of
these errors a second to a source, so the attempts that share this limit start at least a second
apart, in all processes that probe a lab.
"""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PACE: Final = 1.05  # seconds between two attempts: the router's jiffies are 4 ms
_FAR: Final = 3600.0  # seconds; no process has reserved a later moment


class Pace:
    """The moments at which attempts may start, by rate-limit key (Flow.pace). They are in a file
    that all processes of the lab share. Without a file, or if it cannot be opened, this process
    keeps them alone."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._own: dict[str, float] = {}

    def reserve(self, key: str, earliest: float) -> float:
        """Return when the next attempt with this key may start, at the `earliest` at this moment of
        the monotonic clock. No other attempt gets a moment within a second of it."""
        with self._moments() as moments:
            free = moments.get(key, 0.0)
            moment = max(earliest, free) if free < earliest + _FAR else earliest
            moments[key] = moment + PACE
        return moment

    @contextmanager
    def _moments(self) -> Iterator[dict[str, float]]:
        fd = self._open()
        if fd is None:
            yield self._own
            return
        with os.fdopen(fd, "r+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # held for microseconds
            moments = _parsed(file.read())
            yield moments
            file.seek(0)
            file.truncate()
            now = time.monotonic()
            json.dump({key: each for key, each in moments.items() if each > now}, file)

    def _open(self) -> int | None:
        if self._file is None:
            return None
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.open(self._file, flags, 0o600)
        except OSError:
            return None


def _parsed(text: str) -> dict[str, float]:
    """Return the moments in the file's text; none if a killed process has left half of it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: each for key, each in found.items() if isinstance(each, int | float)}
