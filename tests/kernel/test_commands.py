"""Commands of containers: who may start them, as whom and where they run, and how they end."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from nsnet.kernel.container import MOST_OUTPUT
from nsnet.kernel.processes import until
from tests.support.machine import NEEDS_ROOT, Machine, machine

pytestmark = NEEDS_ROOT

FILE = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: own}
spec:
  clusters: [{name: east, nodes: 1}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {containers: [{name: main}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, annotations: {nsnet.dev/run-command: "true"}}
spec:
  containers:
  - name: server
    command: [python3, -u, -m, http.server]
    args: ["$(PORT)"]
    workingDir: /usr/share
    env: [{name: PORT, value: "8080"}]
    ports: [{containerPort: 8080}]
  - name: brief
    command: [sh, -c, 'touch STARTED; id -u; hostname; pwd; echo $GREETING; echo $$$$;
      grep NoNewPrivs /proc/self/status; grep -c . /proc/net/dev; printf "\\033[31m"; exit 3']
    workingDir: /usr
    env: [{name: GREETING, value: "a $PATH ; b"}]
  - name: loud
    command: [seq, "400000"]
  - {name: missing, command: [/no/$(SUCH)/program], env: [{name: SUCH, value: secret}]}
  - {name: zero, command: ["true", "\\0"]}
  - {name: nameless, command: [""]}
  - {name: echo, ports: [{containerPort: 9000}]}
"""
IMPOSSIBLE = "its name is empty or there is a null byte"
NOBODY = {"SUDO_UID": "65534", "SUDO_GID": "65534"}


@pytest.fixture(scope="module")
def where() -> Iterator[Machine]:
    with machine() as made:
        yield made


@pytest.fixture(scope="module")
def mark() -> Iterator[Path]:
    """A file that exists once the command has been started. Any user may write into its folder,
    which is not in pytest's, because that is root's alone."""
    with TemporaryDirectory(prefix="nsnet-") as made:
        os.chmod(made, 0o777)
        yield Path(made) / "started"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory, mark: Path) -> Path:
    written = tmp_path_factory.mktemp("commands") / "own.yaml"
    written.write_text(FILE.replace("STARTED", str(mark)))
    return written


@pytest.fixture(scope="module")
def refused(where: Machine, file: Path) -> None:
    """The lab is up, without --allow-commands."""
    done = where.nsnet("up", file, env=NOBODY)
    assert "the echo server answers in place of the commands of pod/web" in done.stderr
    assert done.returncode == 0


@pytest.fixture(scope="module")
def allowed(where: Machine, file: Path, refused: None) -> None:
    """The lab is up, and its commands were allowed."""
    done = where.nsnet("apply", "own", file, "--allow-commands", env=NOBODY)
    assert done.returncode == 0, done.stderr


def lives(where: Machine) -> dict[str, str]:
    """How each container's command fares, as soon as those that end by themselves have ended."""
    found: dict[str, str] = {}

    def have_ended() -> bool:
        members = json.loads(where.nsnet_output("status", "own", "--json"))["members"]
        (about,) = (each["about"] for each in members if each["ref"] == "east/pod/web")
        pairs = (each.split(": ", 1) for each in about.split(", ") if ": " in each)
        found.clear()
        found.update(pairs)
        return all(life != "Running" for name, life in found.items() if name != "server")

    until(have_ended, what="the commands have not ended", seconds=60)
    return found


def server(where: Machine) -> list[int]:
    """The PIDs of the HTTP server and its supervisor, the latter first."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        try:
            words = (each / "cmdline").read_bytes()
            inside = (each / "ns/mnt").readlink() != Path("/proc/self/ns/mnt").readlink()
        except OSError:
            continue
        if inside and words.startswith(b"python3\0-u\0-m\0http.server\0008080"):
            stat = (each / "stat").read_text()
            found += [int(stat.rpartition(")")[2].split()[1]), int(each.name)]
    return found


# A file alone.


def test_a_file_alone_starts_no_command(
    where: Machine, refused: None, file: Path, mark: Path
) -> None:
    for arguments in (("apply", "own"), ("up",), ("run",)):
        assert where.nsnet(*arguments, file).returncode == 0
    where.nsnet_output("restart", "own", "pod/web")
    assert lives(where) == {}
    assert not mark.exists()
    assert not any("http.server" in each for each in where.processes())
    probed = where.nsnet_output("probe", "own", "--from", "pod/client", "--to", "pod/web:8080")
    assert "by pod/web (server)" in probed  # the echo server


def test_without_commands_there_is_no_output(where: Machine, refused: None) -> None:
    done = where.nsnet("logs", "own", "pod/client")
    assert (done.returncode, done.stdout) == (2, "")
    assert "pod/client (main) runs no command: the echo server answers" in done.stderr


# Allowed.


def test_commands_run_in_place_of_the_echo_server(where: Machine, allowed: None) -> None:
    assert lives(where) == {
        "server": "Running",
        "brief": "Exited (3)",
        "loud": "Exited (0)",
        "missing": "StartError (/no/$(SUCH)/program: No such file or directory)",
        "zero": f"StartError ({IMPOSSIBLE})",
        "nameless": f"StartError ({IMPOSSIBLE})",
    }
    ask = ("probe", "own", "--from", "pod/client", "--to")
    assert "status 200" in where.nsnet_output(*ask, "pod/web:8080", "--protocol", "http")
    assert "by pod/web (echo)" in where.nsnet_output(*ask, "pod/web:9000")
    assert "no drift" in where.nsnet_output("status", "own", "--check")


def test_a_command_runs_as_the_invoking_user_in_its_pod(
    where: Machine, allowed: None, mark: Path
) -> None:
    lines = where.nsnet_output("logs", "own", "pod/web", "-c", "brief").splitlines()
    # In a command, $$ stands for $. Two lines of the list of links (lo, eth0) are its heading.
    assert lines == [
        "65534", "web", "/usr", "a $PATH ; b", "1", "NoNewPrivs:\t1", "4", "\033[31m",
    ]  # fmt: skip
    assert mark.stat().st_uid == 65534


def test_a_terminal_gets_no_escapes(where: Machine, allowed: None) -> None:
    nsnet = "exec nsnet logs own pod/web -c brief"
    seen = where.output("script", "-qec", nsnet, "/dev/null", env={"PATH": _path()})
    assert "\033" not in seen
    assert "\\x1b[31m" in seen


def _path() -> str:
    return f"{Path(sys.executable).parent}:{os.environ['PATH']}"


def test_only_the_last_output_is_kept(where: Machine, allowed: None) -> None:
    output = where.nsnet_output("logs", "own", "pod/web", "-c", "loud")
    assert MOST_OUTPUT < len(output) <= 2 * MOST_OUTPUT
    assert output.endswith("\n399999\n400000\n")


def test_a_command_whose_supervisor_is_killed_ends_and_is_no_drift(
    where: Machine, allowed: None
) -> None:
    supervisor, _ = server(where)
    following = where.start_nsnet("logs", "own", "pod/web", "-c", "server", "-f")
    os.kill(supervisor, signal.SIGKILL)
    output, errors = following.communicate(timeout=60)
    assert (following.wait(), "Serving HTTP" in output) == (0, True), errors
    assert lives(where)["server"] == "Killed"
    assert "no drift" in where.nsnet_output("status", "own", "--check")


def test_a_restarted_pod_runs_its_commands_again(where: Machine, allowed: None) -> None:
    before = server(where)
    where.nsnet_output("restart", "own", "pod/web")
    assert lives(where)["server"] == "Running"
    assert not {*before} & {*server(where)}


# Changed without --allow-commands.


def test_apply_goes_on_with_the_same_commands_and_starts_no_others(
    where: Machine, allowed: None, file: Path, mark: Path
) -> None:
    running = server(where)
    mark.unlink(missing_ok=True)
    changed = file.with_name("changed.yaml")
    changed.write_text(file.read_text().replace("exit 3", "exit 4"))
    done = where.nsnet("apply", "own", changed)
    assert "the echo server answers in place of the commands of pod/web" in done.stderr
    assert "brief" not in lives(where)
    assert server(where) == running
    assert not mark.exists()


def test_the_echo_server_answers_again_where_a_command_was_removed(
    where: Machine, allowed: None, file: Path
) -> None:
    without = file.with_name("without.yaml")
    without.write_text(file.read_text().replace("annotations:", "labels:"))
    where.nsnet_output("apply", "own", without)
    assert server(where) == []
    probed = where.nsnet_output("probe", "own", "--from", "pod/client", "--to", "pod/web:8080")
    assert "by pod/web (server)" in probed


def test_commands_end_with_the_lab(where: Machine, allowed: None, file: Path) -> None:
    where.nsnet_output("apply", "own", file, "--allow-commands")
    assert server(where)
    where.nsnet_output("down", "own")
    assert server(where) == []
    assert where.contents()["files"] == ["run/netns"]
