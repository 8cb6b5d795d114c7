"""A lab's folder has fixed modes whatever the umask, and nothing in its place is trusted."""

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsnet.errors import LockedError, UnsupportedError
from nsnet.lab import folder
from nsnet.state import daemons

UMASKS = [0o000, 0o022, 0o077]


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the labs' folders, which does not exist yet."""
    monkeypatch.setattr(daemons, "RUN", tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture(params=UMASKS, ids="{:03o}".format)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def modes(where: Path) -> dict[str, str]:
    """Return the mode of each file below the folder, and of the folder itself."""
    return {
        str(each.relative_to(where)): f"{stat.S_IMODE(each.lstat().st_mode):03o}"
        for each in (where, *where.rglob("*"))
    }


FIXED = {
    ".": "755",
    "lab": "755",
    "lab/lock": "600",
    "lab/lab.json": "600",
    "lab/names.json": "644",
}


def test_the_modes_of_a_lab_do_not_depend_on_the_umask(run: Path, umask: int) -> None:
    with folder.locked("lab"):
        folder.write("lab", {"sources": {}}, {"complete": True})
        folder.write("lab", {"sources": {}}, {"complete": True})
    assert modes(run) == FIXED


def test_folders_with_other_modes_get_these(run: Path, umask: int) -> None:
    (run / "lab").mkdir(parents=True)
    for each, mode in ((run, 0o777), (run / "lab", 0o700)):
        each.chmod(mode)
    with folder.locked("lab"):
        folder.write("lab", {}, {})
    assert modes(run) == FIXED


@pytest.mark.parametrize("place", ["run", "run/lab"])
@pytest.mark.parametrize("kind", ["a file", "a symbolic link"])
def test_what_is_no_folder_is_not_used(tmp_path: Path, place: str, kind: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    if kind == "a file":
        path.write_text("")
    else:
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UnsupportedError, match=f"{place} is {kind}"), folder.locked("lab"):
        pass
    if place == "run":
        with pytest.raises(UnsupportedError, match=f"run is {kind}"):
            folder.names()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("place", ["run", "run/lab"])
def test_another_users_folder_is_not_used(tmp_path: Path, place: str) -> None:
    (tmp_path / "run/lab").mkdir(parents=True)
    os.chown(tmp_path / place, 12345, 12345)
    says = f"{place} belongs to user 12345, not to root"
    with pytest.raises(UnsupportedError, match=says), folder.locked("lab"):
        pass


def test_a_lock_is_held_once_and_gone_with_the_folder(run: Path) -> None:
    with folder.locked("lab"):
        says = "another nsnet is working on lab"
        with pytest.raises(LockedError, match=says), folder.locked("lab"):
            pass
        folder.remove("lab")
    assert not run.exists()


def test_the_folder_of_the_next_holder_is_left_alone(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the removal of the lock and that of the folder, another nsnet takes the next lock."""
    with folder.locked("lab"):
        unlink = Path.unlink

        def raced(path: Path, missing_ok: bool = False) -> None:
            unlink(path, missing_ok=missing_ok)
            if path.name == folder.LOCK:
                path.write_text("the next")

        monkeypatch.setattr(Path, "unlink", raced)
        folder.remove("lab")
    assert (run / "lab" / folder.LOCK).read_text() == "the next"


def test_a_removed_lock_is_not_held(run: Path) -> None:
    with folder.locked("lab"):
        (run / "lab" / folder.LOCK).unlink()
        with folder.locked("lab"):
            fd = os.open(run / "lab" / folder.LOCK, os.O_RDWR)
            with pytest.raises(BlockingIOError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(fd)


@pytest.mark.parametrize("text", ["", '{"complete":', "[]", "\x00", "[" * 100_000, '"\udc80"'])
def test_a_damaged_record_is_none(run: Path, text: str) -> None:
    (run / "lab").mkdir(parents=True)
    assert (folder.read("lab"), folder.is_damaged("lab"), folder.read_names("lab")) == (
        None,
        False,
        {},
    )
    for name in (folder.RECORD, folder.NAMES):
        (run / "lab" / name).write_bytes(text.encode(errors="surrogateescape"))
    assert (folder.read("lab"), folder.is_damaged("lab"), folder.read_names("lab")) == (
        None,
        True,
        {},
    )


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"assignment": {}},
        {"assignment": [], "main": "a.yaml", "sources": {}},
        {"assignment": None, "main": 1, "sources": {"a.yaml": 2}},
    ],
    ids=json.dumps,
)
def test_a_record_without_what_it_needs_is_refused_in_one_line(record: dict[str, object]) -> None:
    with pytest.raises(UnsupportedError, match="record is damaged") as raised:
        folder.scenario_of("lab", record)
    assert "\n" not in str(raised.value)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_record_of_another_user_is_not_read(run: Path) -> None:
    with folder.locked("lab"):
        folder.write("lab", {"complete": True}, {})
    assert folder.read("lab") == {"complete": True}
    os.chown(run / "lab" / folder.RECORD, 12345, 12345)
    assert (folder.read("lab"), folder.is_damaged("lab")) == (None, True)
