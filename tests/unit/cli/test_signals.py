"""Signals that are handled for a while."""

import os
import signal

from nsnet.cli.signals import handled

BOTH = (signal.SIGUSR1, signal.SIGUSR2)


def test_signals_are_handled_inside_the_block_and_as_before_after_it() -> None:
    before = [signal.getsignal(each) for each in BOTH]
    seen: list[int] = []
    with handled(BOTH, lambda number, frame: seen.append(number)) as installed:
        os.kill(os.getpid(), signal.SIGUSR1)
        os.kill(os.getpid(), signal.SIGUSR2)
    assert seen == installed == list(BOTH)
    assert [signal.getsignal(each) for each in BOTH] == before


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    try:
        with handled(BOTH, lambda number, frame: None) as installed:
            assert installed == [signal.SIGUSR2]
            assert signal.getsignal(signal.SIGUSR1) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGUSR1, before)
