"""A lab's haproxy and bird can be killed at any moment, and leave nothing on the host."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from nsnet.kernel.processes import until
from tests.kernel.test_host_unchanged import listening
from tests.support.machine import (
    MARK,
    NEEDS_ROOT,
    NSNET,
    ROOT,
    SECONDS,
    Machine,
    kill_after,
    marked,
    measured,
    moments,
    renamed,
)

pytestmark = NEEDS_ROOT

KILLS = 6
NAMES = ("island-proxy", "flat-bgp")
# haproxy: two gateways and the proxy of a Gateway, each a master and a worker.
RUNNING = {"island-proxy": ["haproxy"] * 6, "flat-bgp": ["bird"] * 5}


def programs(where: Machine) -> list[str]:
    """The daemons that run on the machine."""
    names = (each.split()[0].rsplit("/", 1)[-1] for each in where.processes())
    return sorted(each for each in names if each in ("haproxy", "bird"))


@pytest.mark.parametrize("name", NAMES)
def test_up_may_be_killed_while_its_daemons_start(
    empty: Machine, chance: random.Random, name: str
) -> None:
    before, file = empty.contents(), str(ROOT / "scenarios" / f"{name}.yaml")
    took = measured(lambda: empty.nsnet_output("up", file))
    assert programs(empty) == RUNNING[name]
    assert empty.nsnet_output("down", "--all") == f"{name} is down\n"
    assert empty.contents() == before
    for moment in moments(took, KILLS, chance.random):
        kill_after(empty.start_nsnet("up", file), moment)
        assert empty.nsnet("down", "--all").returncode == 0
        assert empty.contents() == before, f"killed after {moment:.3f} s of {took:.3f}"


@pytest.mark.parametrize("name", NAMES)
def test_up_may_be_killed_as_soon_as_one_daemon_runs(empty: Machine, name: str) -> None:
    before, file = empty.contents(), str(ROOT / "scenarios" / f"{name}.yaml")
    process = empty.start_nsnet("up", file)
    until(lambda: bool(programs(empty)), what="no program", seconds=SECONDS)
    kill_after(process, 0)
    assert empty.nsnet_output("down", "--all") == f"{name} is down\n"
    assert empty.contents() == before
    # Or it is rebuilt.
    process = empty.start_nsnet("up", file)
    until(lambda: bool(programs(empty)), what="no program", seconds=SECONDS)
    kill_after(process, 0)
    assert empty.nsnet("up", file).returncode == 0
    assert programs(empty) == RUNNING[name]
    assert empty.drift(name) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("lost", ["*.pid", "*", "."])
def test_down_ends_daemons_whose_files_are_lost(empty: Machine, name: str, lost: str) -> None:
    before = empty.contents()
    empty.up(ROOT / "scenarios" / f"{name}.yaml")
    empty.output("sh", "-c", f"rm -r $(realpath /run/nsnet/{name}/{lost})")
    assert empty.nsnet_output("down", name) == f"{name} is down\n"
    assert empty.contents() == before


@pytest.mark.parametrize("name", NAMES)
def test_down_and_run_may_be_killed_while_daemons_run(
    empty: Machine, chance: random.Random, name: str
) -> None:
    before, file = empty.contents(), ROOT / "scenarios" / f"{name}.yaml"
    empty.up(file)
    took = measured(lambda: empty.nsnet_output("down", name))
    for moment in moments(took, 3, chance.random):
        empty.up(file)
        kill_after(empty.start_nsnet("down", name), moment)
        empty.down()
        assert empty.contents() == before, f"killed after {moment:.3f} s of {took:.3f}"
    process = empty.start(NSNET, "run", str(file))
    until(lambda: programs(empty) == RUNNING[name], what="no programs", seconds=SECONDS)
    kill_after(process, 0)
    until(lambda: empty.contents() == before, what="something is left", seconds=SECONDS)


@pytest.mark.parametrize("name", NAMES)
def test_the_host_listens_as_before_and_runs_nothing_of_a_lab(name: str, tmp_path: Path) -> None:
    """A daemon's processes are in the lab's namespaces, and end with it."""
    lab = f"host-{os.getpid()}-{name}"
    shutil.copytree(ROOT / "scenarios" / name, tmp_path / name)
    file = renamed(ROOT / "scenarios" / f"{name}.yaml", lab, tmp_path / "lab.yaml")
    before, host = listening(), os.readlink("/proc/self/ns/net")

    def command(*arguments: str) -> None:
        env = {**os.environ, MARK: lab}
        with subprocess.Popen(
            [NSNET, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env
        ) as process:
            while process.poll() is None:
                assert listening() == before
            assert process.stderr is not None
            assert process.returncode == 0, process.stderr.read()

    try:
        for arguments in (("up", str(file)), ("probe", lab)):
            command(*arguments)
            standing = [os.readlink(f"/proc/{pid}/ns/net") for pid in marked(lab)]
            assert len(standing) == 1 + len(RUNNING[name])
            assert host not in standing
            assert listening() == before
        command("run", str(file))
        command("down", lab)
        assert (marked(lab), listening()) == ([], before)
    finally:
        subprocess.run([NSNET, "down", lab], capture_output=True, timeout=SECONDS, check=False)
