"""A container's command: what its files say, and how much of its output is kept."""

import os
import stat
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest

from nsnet.kernel.container import (
    _CHUNK as CHUNK,
)
from nsnet.kernel.container import (
    MOST_OUTPUT,
    Specification,
    User,
    _keep,
    earlier_log_of,
    log_of,
    status_of,
)

WANTED = Specification(
    owner="east/pod/web main",
    digest="d",
    netns="nsnet.lab.east.pod.default.web",
    inode=7,
    hostname="web",
    files={"hosts": "127.0.0.1 localhost\n"},
    argv=("httpd", "-p", "80"),
    program="a",
    environment={"PASSWORD": "secret"},
    directory="/srv",
    user=User(1000, 1000, (1000, 27), "/home/me"),
)


@pytest.mark.parametrize("user", [WANTED.user, None])
def test_a_specification_is_read_as_it_was_written(tmp_path: Path, user: User | None) -> None:
    path = tmp_path / "a.json"
    wanted = replace(WANTED, user=user)
    wanted.write(path)
    assert Specification.read(path) == wanted
    assert stat.S_IMODE(path.stat().st_mode) == 0o600  # its environment may have Secrets


def test_a_specification_replaces_no_file_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "a.json").symlink_to(tmp_path / "target")
    with pytest.raises(FileExistsError):
        WANTED.write(tmp_path / "a.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\xff"])
def test_a_damaged_status_tells_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.status").write_text(text)
    assert status_of(tmp_path / "a.json") == {}
    assert status_of(tmp_path / "b.json") == {}


@pytest.mark.parametrize("size", [0, 1000, MOST_OUTPUT, MOST_OUTPUT + 1, 5 * MOST_OUTPUT + 7])
def test_a_full_log_becomes_the_earlier_one(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a.json"
    reading, writing = os.pipe()
    keeper = Thread(target=_keep, args=(reading, log_of(path), earlier_log_of(path)))
    keeper.start()
    data = b"".join(b"%15d\n" % number for number in range(size // 16 + 1))[:size]
    with open(writing, "wb", buffering=0) as pipe:
        sent = 0
        while sent < size:
            sent += pipe.write(data[sent:])
    keeper.join()
    os.close(reading)
    kept = log_of(path).read_bytes()
    if size > MOST_OUTPUT:
        earlier = earlier_log_of(path).read_bytes()
        assert MOST_OUTPUT - CHUNK < len(earlier) <= MOST_OUTPUT
        kept = earlier + kept
    assert data.endswith(kept)
    assert len(kept) >= min(size, MOST_OUTPUT - CHUNK)
    assert len(kept) <= 2 * MOST_OUTPUT
