"""The commands of a lab: as whom they run, how they fare, and what they have printed."""

import json
import os
import pwd
from pathlib import Path

import pytest

from nsnet.errors import UsageError
from nsnet.kernel.container import User
from nsnet.lab.commands import Commands, as_record, from_record, invoking_user
from nsnet.topology.assignment import Assignment
from nsnet.topology.commands import Command, running_commands
from nsnet.topology.resolve import resolve
from tests.support.labs import pod, written


@pytest.fixture
def one() -> Command:
    """A container with a command, in a lab that is not up."""
    own = 'annotations: {nsnet.dev/run-command: "true"}'
    web = pod("web", meta=own, spec="containers: [{name: main, command: [httpd]}]")
    (found,) = running_commands(resolve(written(web), Assignment(all_commands=True)))
    return found


@pytest.mark.parametrize(
    ("status", "life"),
    [
        ({"exited": 0}, "Exited (0)"),
        ({"exited": 127}, "Exited (127)"),
        ({"signal": 9}, "Killed (SIGKILL)"),
        ({"signal": 99}, "Killed (signal 99)"),
        ({"error": "httpd: No such file"}, "StartError (httpd: No such file)"),
        ({"supervisor": 1}, "Killed"),  # this process is no supervisor
        ({}, "Killed"),
        ({"exited": "1"}, "Killed"),
    ],
)
def test_how_a_command_fares(
    tmp_path: Path, one: Command, status: dict[str, object], life: str
) -> None:
    commands = Commands(tmp_path)
    path = commands._path(one.owner).with_suffix(".status")
    path.parent.mkdir()
    path.write_text(json.dumps(status))
    assert commands.life(one) == life


@pytest.mark.parametrize("follow", [False, True])
@pytest.mark.parametrize(
    ("files", "output"),
    [
        ({}, b""),
        ({".log": b"now"}, b"now"),
        ({".log.1": b"earlier ", ".log": b"now"}, b"earlier now"),
    ],
)
def test_the_output_of_a_command_that_has_ended(
    tmp_path: Path, one: Command, files: dict[str, bytes], output: bytes, follow: bool
) -> None:
    commands = Commands(tmp_path)
    commands._path(one.owner).parent.mkdir()
    for suffix, text in files.items():
        commands._path(one.owner).with_suffix(suffix).write_bytes(text)
    assert b"".join(commands.output(one, follow=follow)) == output


NOBODY = pwd.getpwnam("nobody")


@pytest.mark.parametrize(
    ("euid", "sudo", "uid"),
    [
        (0, None, None),
        (0, "0", None),
        (0, str(NOBODY.pw_uid), NOBODY.pw_uid),
        (1000, str(NOBODY.pw_uid), None),  # who is not root cannot become another user
    ],
)
def test_commands_run_as_the_user_who_called_sudo(
    monkeypatch: pytest.MonkeyPatch, euid: int, sudo: str | None, uid: int | None
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: euid)
    monkeypatch.delenv("SUDO_UID", raising=False)
    if sudo is not None:
        monkeypatch.setenv("SUDO_UID", sudo)
    found = invoking_user()
    assert (found and found.uid) == uid
    assert from_record(json.loads(json.dumps(as_record(found)))) == found
    assert found is None or found.gid in found.groups


@pytest.mark.parametrize("uid", ["", "-1", "me", "4294967290", "99999999999999999999"])
def test_an_unknown_user_is_refused(monkeypatch: pytest.MonkeyPatch, uid: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_UID", uid)
    with pytest.raises(UsageError, match="SUDO_UID is"):
        invoking_user()


def test_a_lab_without_commands_has_no_user() -> None:
    assert from_record(None) is None
    assert as_record(User(1, 2, (2, 3), "/")) == [1, 2, [2, 3], "/"]
