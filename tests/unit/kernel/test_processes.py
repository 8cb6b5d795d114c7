"""Waiting for a condition, and starting and finding processes."""

import os
from contextlib import nullcontext
from itertools import count
from pathlib import Path

import pytest

from nsnet.errors import KernelError
from nsnet.kernel import netns, processes


def test_until_returns_once_the_condition_holds() -> None:
    calls = count()
    processes.until(lambda: next(calls) == 3, what="nothing")
    assert next(calls) == 4


def test_until_says_what_never_came_true() -> None:
    with pytest.raises(TimeoutError, match=r"^the link is down after 0\.05 s$"):
        processes.until(lambda: False, what="the link is down", seconds=0.05)


def test_a_process_is_found_by_the_namespace_of_its_threads() -> None:
    assert os.getpid() in processes.pids_in({netns.own_inode()})
    assert processes.pids_in({1}) == set()


def test_of_a_log_the_last_three_lines_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\n\ntwo\nthree\nfour\n\n")
    assert processes._last_words(log) == "two; three; four"
    log.write_text("\n")
    assert processes._last_words(log) == "no output"


def test_a_namespace_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(KernelError, match=r"^ip netns exec nsnet\.t0\.gone true: No such file"):
        processes.start(["true"], "nsnet.t0.gone", tmp_path / "log")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes start in the namespace of the test."""
    monkeypatch.setattr("nsnet.kernel.netns.inside", lambda netns: nullcontext())


def test_a_process_may_be_ready_and_end_at_once(here: None, tmp_path: Path) -> None:
    mark, asked = tmp_path / "ready", []

    def ready() -> bool:
        """It becomes ready, and probably ends, right after the first question."""
        asked.append(mark)
        if len(asked) > 1:
            return mark.exists()
        processes.until(mark.exists, what="it does not run")
        return False

    processes.start(["touch", str(mark)], "any", tmp_path / "log", ready=ready)


def test_a_process_that_ends_before_it_is_ready_has_failed(here: None, tmp_path: Path) -> None:
    argv = ["sh", "-c", "echo one; echo two >&2; exit 3"]
    with pytest.raises(KernelError) as raised:
        processes.start(argv, "any", tmp_path / "log", ready=lambda: False)
    assert str(raised.value).endswith(": ended with exit status 3: one; two")
