"""Temporary handlers for signals that end a command."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], None]


@contextmanager
def handled(signals: Sequence[signal.Signals], handler: Handler) -> Iterator[list[signal.Signals]]:
    """Install the handler for these signals inside the block. Yield the signals for which it was
    installed.

    A signal that the process ignores stays ignored: nohup starts a program with SIGHUP ignored, and
    a shell script starts what runs in the background with SIGINT ignored.
    """
    before = {each: signal.getsignal(each) for each in signals}
    before = {each: was for each, was in before.items() if was is not signal.SIG_IGN}
    for each in before:
        signal.signal(each, handler)
    try:
        yield list(before)
    finally:
        for each, was in before.items():
            signal.signal(each, was)
