"""The progress of a command on stderr: on a terminal one line that is updated, else a line per
phase."""

import sys
import time
from typing import Self

import click

from nsnet.cli.output import err
from nsnet.text import number_of

# What is counted in a phase.
_UNITS = {"probing": "attempt", "restarting": "pod", "capturing": "packet"}


class Progress:
    """The display of a command's progress. Call it with the phase, the number done and the total.
    It writes nothing before the first call, and nothing at all if `silent`."""

    def __init__(self, *, silent: bool = False) -> None:
        self.silent = silent
        self.live = sys.stderr is not None and sys.stderr.isatty() and not silent
        self._phase = ""
        self._total = 0
        self._started = self._shown = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._finish()

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = time.monotonic()
        if phase != self._phase:
            self._finish()
            self._phase, self._started, self._shown = phase, now, 0.0
        self._total = total
        if self.live and now - self._shown > 0.05:
            self._shown = now
            took = now - self._started
            click.echo(f"\r{phase} {done}/{total}  {took:.1f} s\x1b[K", err=True, nl=False)

    def _finish(self) -> None:
        """End the current phase: on a terminal erase its line, else print a line about it."""
        if self.live and self._phase:
            click.echo("\r\x1b[K", err=True, nl=False)
        elif self._phase and not self.silent:
            took = time.monotonic() - self._started
            count = number_of(self._total, _UNITS.get(self._phase, "step"))
            err(f"{self._phase}: {count} in {took:.2f} s")
        self._phase = ""
