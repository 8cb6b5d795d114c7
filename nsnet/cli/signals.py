"""Signals that end a command, handled for a while."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], None]


@contextmanager
def handled(signals: Sequence[signal.Signals], handler: Handler) -> Iterator[list[signal.Signals]]:
    """Call the handler for these signals inside the block; yield those that it is installed for.

    A signal that is ignored stays ignored: nohup has SIGHUP ignored, and a script SIGINT for what
    it starts in the background.
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
