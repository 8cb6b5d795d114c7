"""The progress of a command where stderr is no terminal."""

import re

import pytest

from nsnet.cli.progress import Progress


def shown(capsys: pytest.CaptureFixture[str], *calls: tuple[str, int, int]) -> str:
    with Progress() as progress:
        for each in calls:
            progress(*each)
    return re.sub(r"\d+\.\d+", "T", capsys.readouterr().err)


def test_a_phase_ends_with_a_line_that_counts_its_steps(
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = [("building", 1, 20), ("building", 20, 20), ("probing", 777, 777), ("restarting", 1, 1)]
    assert shown(capsys, *calls) == (
        "building: 20 steps in T s\nprobing: 777 attempts in T s\nrestarting: 1 pod in T s\n"
    )


def test_a_phase_without_any_step_is_not_mentioned(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys) == ""


def test_no_progress_is_shown_with_json(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(silent=True) as progress:
        progress("probing", 1, 1)
    assert capsys.readouterr().err == ""
