"""When attempts without a route may start, in this process and in others."""

import json
import time
from pathlib import Path

import pytest

from nsnet.probes.prober.pace import PACE, Pace

NOW = 1e9  # later than this machine's monotonic clock


def test_attempts_of_a_key_get_moments_more_than_a_second_apart() -> None:
    pace = Pace()
    moments = [pace.reserve("r", NOW) for _ in range(3)]
    assert moments == pytest.approx([NOW, NOW + PACE, NOW + 2 * PACE], abs=1e-3, rel=0)
    assert pace.reserve("other", NOW) == NOW
    assert pace.reserve("r", NOW + 60) == NOW + 60


def test_processes_that_share_a_file_take_turns(tmp_path: Path) -> None:
    one, other = Pace(tmp_path / "pace"), Pace(tmp_path / "pace")
    moments = [each.reserve("r", NOW) for each in (one, other, other, one)]
    expected = [NOW, NOW + PACE, NOW + 2 * PACE, NOW + 3 * PACE]
    assert moments == pytest.approx(expected, abs=1e-3, rel=0)
    assert (tmp_path / "pace").stat().st_mode & 0o777 == 0o600


def test_moments_that_have_passed_leave_the_file(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "pace")
    pace.reserve("past", time.monotonic() - 60)
    pace.reserve("r", NOW)
    assert json.loads((tmp_path / "pace").read_text()) == {"r": NOW + PACE}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"r": "soon"}', f'{{"r": {NOW + 1e6}}}'])
def test_a_damaged_file_holds_nothing_up(tmp_path: Path, text: str) -> None:
    (tmp_path / "pace").write_text(text)
    assert Pace(tmp_path / "pace").reserve("r", NOW) == NOW


def test_without_a_folder_a_process_paces_its_own_attempts(tmp_path: Path) -> None:
    pace = Pace(tmp_path / "none" / "pace")
    assert [pace.reserve("r", NOW), pace.reserve("r", NOW)] == [NOW, NOW + PACE]


def test_a_link_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "pace").symlink_to(tmp_path / "elsewhere")
    Pace(tmp_path / "pace").reserve("r", NOW)
    assert not (tmp_path / "elsewhere").exists()
