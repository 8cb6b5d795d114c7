"""On a host that lacks something, or whose /run was tampered with, a command ends with a line that
says what to do and exit code 3; what it has begun is removed."""

from pathlib import Path

import pytest

from tests.support.machine import NEEDS_ROOT, NSNET, ROOT, Machine

pytestmark = NEEDS_ROOT

FILE = str(ROOT / "scenarios" / "one-node.yaml")
LAB = "one-node"
COMMANDS = {
    "up": ("up", FILE),
    "ls": ("ls",),
    "status": ("status", LAB),
    "apply": ("apply", LAB, FILE),
    "probe": ("probe", LAB),
    "down": ("down", LAB),
    "down --all": ("down", "--all"),
}
IN_THE_WAY = {
    "a file": "touch /run/nsnet",
    "a link": "mkdir /run/other; ln -s /run/other /run/nsnet",
    "another user's": "mkdir -p /run/nsnet/one-node; chown 1234 /run/nsnet",
}


def refused(where: Machine, script: str, *arguments: str) -> str:
    """Run nsnet by a shell script, as "$@"; return the message with which it ends."""
    done = where.run("sh", "-c", script, "sh", NSNET, *arguments)
    message, *hints = [each for each in done.stderr.splitlines() if ": " in each][-2:]
    assert done.returncode == 3, f"{done.stderr}{done.stdout}"
    assert "Traceback" not in done.stderr
    assert [each for each in (message, *hints) if each.startswith("error: ")], done.stderr
    return done.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("what", IN_THE_WAY)
def test_what_is_in_the_way_of_the_labs_folder_is_named(
    empty: Machine, what: str, command: str
) -> None:
    empty.output("sh", "-ec", IN_THE_WAY[what])
    try:
        assert "/run/nsnet" in refused(empty, 'exec "$@"', *COMMANDS[command])
        assert empty.names(LAB) == []
    finally:
        empty.output("rm", "-rf", "/run/nsnet", "/run/other")


@pytest.mark.parametrize("command", ["up", "run"])
def test_labs_need_a_run_that_can_be_written_to(empty: Machine, command: str) -> None:
    read_only = "mount -n --bind /run /run && mount -n -o remount,bind,ro /run"
    inside = f'exec unshare -m sh -c \'{read_only} && exec "$@"\' sh "$@"'
    if command == "up":
        assert "Read-only file system" in refused(empty, inside, command, FILE)
        assert empty.names(LAB) == []
    else:  # a throw-away lab has a /run of its own
        assert empty.run("sh", "-c", inside, "sh", NSNET, command, FILE).returncode == 0


@pytest.mark.parametrize("command", ["run", "up"])
@pytest.mark.parametrize("limit", ["n 5", "n 12", "n 30", "f 0", "f 4", "v 60000"])
def test_a_low_limit_is_named_and_leaves_nothing(empty: Machine, command: str, limit: str) -> None:
    before = empty.contents()
    done = empty.run("sh", "-c", f'ulimit -{limit}; exec "$@"', "sh", NSNET, command, FILE)
    assert (done.returncode, done.stderr.count("error: ")) == (3, 1), done.stderr
    assert "Traceback" not in done.stderr
    assert empty.contents() == before


@pytest.mark.parametrize("command", ["status", "apply", "probe"])
@pytest.mark.parametrize(
    "damage",
    [
        ": >lab.json",
        "head -c 99 lab.json >x; mv x lab.json",
        "echo '[]' >lab.json",
        "sed -i s/assignment/asignment/ lab.json",
        "echo '{\"complete\": true}' >lab.json",
        "rm lab.json; mkdir lab.json",
        "chown 1234 lab.json",
    ],
)
def test_a_damaged_record_is_named_and_the_lab_can_be_removed(
    empty: Machine, damage: str, command: str
) -> None:
    before = empty.contents()
    empty.up(Path(FILE))
    empty.output("sh", "-ec", f"cd /run/nsnet/{LAB}; {damage}")
    assert f"nsnet down {LAB}" in refused(empty, 'exec "$@"', *COMMANDS[command])
    assert LAB in empty.nsnet_output("ls")
    assert empty.nsnet_output("down", LAB) == f"{LAB} is down\n"
    assert empty.contents() == before


def test_down_of_no_lab_says_which_there_are(empty: Machine) -> None:
    empty.up(Path(FILE))
    said = "nosuch: nothing to remove: there is no lab of this name; there are: one-node\n"
    assert empty.nsnet_output("down", "nosuch") == said
