"""However nsnet ends, a lab can be removed without a trace; and two labs never interfere."""

import fcntl
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nsnet.errors import KernelError
from nsnet.kernel.processes import until
from nsnet.lab import registry as labs
from nsnet.lab.compiled import compiled
from nsnet.scenario.load import load
from tests.support.forked import Process, inner
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

TWO_NODES = ROOT / "scenarios" / "two-nodes.yaml"
ONE_NODE = ROOT / "scenarios" / "one-node.yaml"
ISLANDS = ROOT / "scenarios" / "island-nat.yaml"
KILLS = 8  # make soak: 400

# Its probe waits longer than any test for an answer that has no route back.
LONG = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: long}
spec:
  clusters: [{name: east, nonMasqueradeCIDRs: [203.0.113.0/24]}]
  externals: [{name: silent, address: 203.0.113.1, ports: [{port: 9, protocol: UDP}]}]
  probes:
  - {from: pod/client, to: "external/silent:9", protocol: udp, timeout: 60, times: 9, sourcePort: 9}
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec:
  containers: [{name: main, image: netexec}]
"""


def test_up_may_be_killed_at_any_moment(empty: Machine, chance: random.Random) -> None:
    before = empty.contents()
    took = measured(lambda: empty.nsnet_output("up", str(ISLANDS)))
    assert empty.nsnet_output("down", "--all") == "island-nat is down\n"
    for moment in moments(took, KILLS, chance.random):
        kill_after(empty.start_nsnet("up", str(ISLANDS)), moment)
        empty.down()
        assert empty.contents() == before, f"killed after {moment:.3f} s of {took:.3f}"


@pytest.mark.parametrize("what", ["--all", "island-nat"])
def test_down_may_be_killed_before_its_very_last_step(empty: Machine, what: str) -> None:
    before = empty.contents()
    empty.output("mkdir", "/run/nsnet")
    empty.nsnet_output("down", what)
    assert empty.contents() == before


def test_up_may_be_killed_after_any_step(empty: Machine, chance: random.Random) -> None:
    before = empty.contents()
    steps = steps_of_up(empty)
    for last in sorted(chance.sample(steps, KILLS)):
        with pytest.raises(KernelError, match="killed by SIGKILL"):
            empty.inside(lambda: up_until(last, kill))  # noqa: B023
        assert empty.names("island-nat")
        empty.down()
        assert empty.contents() == before, f"killed after step {last} of {steps[-1]}"


@pytest.mark.parametrize("problem", [KeyboardInterrupt(), KernelError("no")], ids=repr)
def test_an_up_that_is_interrupted_leaves_nothing(
    empty: Machine, chance: random.Random, problem: BaseException
) -> None:
    before = empty.contents()
    steps = steps_of_up(empty)

    def interrupt() -> None:
        raise problem

    for last in sorted(chance.sample(steps, 5)):
        with pytest.raises(type(problem)):
            empty.inside(lambda: up_until(last, interrupt))  # noqa: B023
        assert empty.contents() == before, f"interrupted after step {last} of {steps[-1]}"


def steps_of_up(where: Machine) -> list[int]:
    """The numbers of steps after which a build reports progress."""
    steps = where.inside(lambda: up_until(1 << 30, kill))
    where.down()
    return steps


def up_until(last: int, end: Callable[[], None]) -> list[int]:
    """Build the lab until so many steps are done. Return each number of steps that it reported."""
    steps: list[int] = []

    def progress(phase: str, done: int, total: int) -> None:
        del phase, total
        steps.append(done)
        if done >= last:
            end()

    labs.up(compiled(load(ISLANDS)), progress)
    return steps


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_probe_may_be_killed_at_any_moment(empty: Machine, chance: random.Random) -> None:
    empty.up(ISLANDS)
    took = measured(lambda: empty.nsnet_output("probe", "island-nat"))
    before = empty.contents()  # with the file by which probes share their pace
    for moment in moments(took, KILLS, chance.random):
        kill_after(empty.start_nsnet("probe", "island-nat"), moment)
        until(
            lambda: empty.contents() == before,
            what=f"killed after {moment:.3f} s of {took:.3f}: something is left",
            seconds=SECONDS,
        )
    assert empty.drift("island-nat") == []


def test_down_may_be_killed_at_any_moment(empty: Machine, chance: random.Random) -> None:
    before = empty.contents()
    empty.up(ISLANDS)
    took = measured(lambda: empty.nsnet_output("down", "--all"))
    for moment in moments(took, KILLS, chance.random):
        empty.up(ISLANDS)
        kill_after(empty.start_nsnet("down", "island-nat"), moment)
        empty.down()
        assert empty.contents() == before, f"killed after {moment:.3f} s of {took:.3f}"


def test_a_killed_run_leaves_nothing(empty: Machine, chance: random.Random, tmp_path: Path) -> None:
    """At any moment of a run that would not end by itself."""
    before = empty.contents()
    took = measured(lambda: empty.output(NSNET, "run", str(ONE_NODE)))
    file = tmp_path / "long.yaml"
    file.write_text(LONG)
    for moment in moments(took, 8, chance.random):
        assert kill_after(empty.start(NSNET, "run", str(file)), moment) == -signal.SIGKILL
        until(
            lambda: empty.contents() == before,
            what=f"killed after {moment:.3f} s of {took:.3f}: something is left",
            seconds=SECONDS,
        )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("command", ["up", "run"])
def test_a_signal_to_the_command_alone_ends_it_like_ctrl_c(
    empty: Machine, tmp_path: Path, command: str, number: signal.Signals
) -> None:
    """While it builds or probes: it reports the signal, and leaves nothing."""
    before = empty.contents()
    file = tmp_path / "long.yaml"
    file.write_text(LONG)
    process = empty.start(NSNET, command, str(file if command == "run" else ISLANDS))
    if command == "up":
        until(lambda: bool(empty.names("island-nat")), what="no namespace", seconds=SECONDS)
    else:
        until(lambda: len(started_by(process)) > 1, what="no child", seconds=SECONDS)
    os.kill(started_by(process)[0], number)
    _, errors = process.communicate(timeout=SECONDS)
    assert (process.returncode, errors.splitlines()[-1]) == (130, "interrupted"), errors
    assert "Traceback" not in errors
    until(lambda: empty.contents() == before, what="something is left", seconds=SECONDS)


def started_by(process: Process) -> list[int]:
    """The pids of the command in a machine and of its child, if it has one."""
    found = inner(process)
    if not found:
        return []
    children = Path(f"/proc/{found[0]}/task/{found[0]}/children").read_text().split()
    return [found[0], *map(int, children)]


def test_a_killed_pytest_leaves_nothing(empty: Machine, tmp_path: Path) -> None:
    before = empty.contents()
    (tmp_path / "test_long.py").write_text(
        "import pytest\n"
        f"@pytest.mark.lab({str(ISLANDS)!r})\n"
        "def test_long(lab):\n"
        f"    open({str(tmp_path / 'there')!r}, 'w').close()\n"
        "    lab.exec('east/pod/client', 'sleep', '1000', timeout=1000)\n"
    )
    process = empty.start(
        sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path),
        str(tmp_path),
    )  # fmt: skip
    until((tmp_path / "there").exists, what="no lab", seconds=SECONDS)
    until(lambda: "sleep 1000" in empty.processes(), what="no command", seconds=SECONDS)
    assert kill_after(process, 0) == -signal.SIGKILL
    until(lambda: empty.contents() == before, what="something is left", seconds=SECONDS)


def test_ctrl_c_ends_a_run_with_130_and_leaves_nothing(tmp_path: Path) -> None:
    slow = tmp_path / "slow.yaml"
    slow.write_text(
        ONE_NODE.read_text().replace("to: pod/web:81", "to: pod/web:81\n    times: 90000")
    )
    with subprocess.Popen(
        [NSNET, "run", str(slow)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, MARK: str(tmp_path)},
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("building: ")  # it is probing now
        assert len(marked(str(tmp_path))) > 1
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        assert process.stderr.read().splitlines()[-1] == "interrupted"
        assert process.wait(SECONDS) == 130
    until(lambda: not marked(str(tmp_path)), what="its processes are gone", seconds=SECONDS)


def test_down_leaves_no_nameless_namespace(empty: Machine) -> None:
    """A veth pair from here into each namespace disappears once the kernel has removed it."""
    before = empty.contents()
    empty.up(ISLANDS)
    ends = {name: f"w{number}" for number, name in enumerate(empty.names("island-nat"))}
    for name, end in ends.items():
        empty.output(
            "ip", "link", "add", end, "type", "veth", "peer", "name", "witness", "netns", name
        )
    assert empty.contents()["links"] == sorted(["lo", *ends.values()])
    assert empty.probe("island-nat").ok
    empty.down()
    until(lambda: empty.contents() == before, what="a namespace lives on", seconds=SECONDS)


def test_two_labs_do_not_interfere(empty: Machine, tmp_path: Path) -> None:
    files = {name: renamed(ONE_NODE, name, tmp_path / f"{name}.yaml") for name in ("a", "a-b")}
    for file in files.values():
        empty.nsnet_output("up", str(file))
    both = {name: empty.names(name) for name in files}
    assert all(both.values())
    for name in files:
        assert empty.drift(name) == []
        assert empty.probe(name).ok
    assert empty.nsnet_output("down", "a") == "a is down\n"
    assert (empty.names("a"), empty.names("a-b")) == ([], both["a-b"])
    assert empty.drift("a-b") == []
    assert empty.probe("a-b").ok
    assert empty.nsnet_output("ls") == "a-b\n"


def test_a_throw_away_lab_does_not_keep_the_namespaces_of_a_removed_lab(
    empty: Machine, tmp_path: Path
) -> None:
    before = empty.contents()
    empty.up(ONE_NODE)
    empty.output(
        "ip", "link", "add", "w0", "type", "veth", "peer", "witness", "netns",
        "nsnet.one-node.fabric",
    )  # fmt: skip
    (tmp_path / "test_long.py").write_text(
        "import pytest\n"
        f"@pytest.mark.lab({str(ONE_NODE)!r})\n"
        "def test_long(lab):\n"
        "    lab.exec('pod/client', 'sleep', '1000', timeout=1000)\n"
    )
    process = empty.start(
        sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", str(tmp_path),
        str(tmp_path),
    )  # fmt: skip
    until(lambda: "sleep 1000" in empty.processes(), what="no command", seconds=SECONDS)
    empty.down()
    try:
        until(
            lambda: empty.contents()["links"] == ["lo"],
            what="the namespace lives on", seconds=SECONDS,
        )  # fmt: skip
        assert "sleep 1000" in empty.processes()
    finally:
        kill_after(process, 0)
    until(lambda: empty.contents() == before, what="something is left", seconds=SECONDS)


def test_a_lab_that_another_nsnet_has_locked_is_left_alone(empty: Machine) -> None:
    empty.up(ONE_NODE)
    fd = os.open(empty.path("/run/nsnet/one-node/lock"), os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        for command in (("up", str(ONE_NODE)), ("down", "one-node")):
            done = empty.nsnet(*command)
            assert (done.returncode, done.stderr.splitlines()) == (
                3,
                [
                    "error: another nsnet is working on one-node",
                    "hint: wait until it is done; its process: fuser -v /run/nsnet/one-node/lock",
                ],
            )
    finally:
        os.close(fd)
    assert empty.drift("one-node") == []
    assert empty.nsnet("up", ONE_NODE).returncode == 0


def test_of_many_concurrent_ups_of_one_lab_one_builds_it(empty: Machine) -> None:
    started = [empty.start_nsnet("up", str(TWO_NODES)) for _ in range(5)]
    ended = [(*each.communicate(timeout=SECONDS), each.wait()) for each in started]
    built = [output for output, _, status in ended if status == 0]
    refused = [errors.splitlines()[-2] for _, errors, status in ended if status != 0]
    assert {status for *_, status in ended} <= {0, 3}, ended
    assert sum("two-nodes is up: " in each for each in built) == 1, ended
    # Those that got the lock later had nothing to do.
    assert sum("nothing to do" in each for each in built) == len(built) - 1
    assert set(refused) <= {"error: another nsnet is working on two-nodes"}
    assert empty.drift("two-nodes") == []
    assert empty.probe("two-nodes").ok


def test_up_again_has_nothing_to_do(empty: Machine) -> None:
    empty.up(ONE_NODE)
    before = empty.contents(), empty.path("/run/nsnet/one-node/lab.json").stat().st_mtime_ns
    assert empty.nsnet_output("up", str(ONE_NODE)) == "one-node is up already; nothing to do\n"
    after = empty.contents(), empty.path("/run/nsnet/one-node/lab.json").stat().st_mtime_ns
    assert after == before


def test_up_with_another_file_is_refused(empty: Machine, tmp_path: Path) -> None:
    empty.up(ONE_NODE)
    other = renamed(ONE_NODE, "one-node", tmp_path / "other.yaml")
    other.write_text(other.read_text().replace("containerPort: 80}", "containerPort: 90}"))
    done = empty.nsnet("up", other)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-2:] == [
        "error: one-node is up with another file",
        f"hint: to change it: nsnet apply one-node {other}; or first: nsnet down one-node",
    ]
    assert empty.drift("one-node") == []


@pytest.mark.parametrize(
    "damage",
    [
        "ip netns del nsnet.two-nodes.east.pod.default.far",
        "ip netns del nsnet.two-nodes.servers",
        "rm /run/nsnet/two-nodes/lab.json",
        "echo '{\"complete\":' > /run/nsnet/two-nodes/lab.json",
        "umount -n -l /run/netns/nsnet.two-nodes.east.node.n1",
        "kill -9 $(ip netns pids nsnet.two-nodes.servers)",
    ],
    ids=["a pod", "the servers' namespace", "no record", "half a record", "a name", "the server"],
)
def test_an_incomplete_lab_is_rebuilt(empty: Machine, damage: str) -> None:
    empty.up(TWO_NODES)
    empty.output("sh", "-c", damage)
    assert empty.nsnet_output("up", str(TWO_NODES)).startswith("two-nodes is up: ")
    assert empty.drift("two-nodes") == []
    assert empty.probe("two-nodes").ok


def test_a_lab_whose_up_was_killed_is_rebuilt(empty: Machine, chance: random.Random) -> None:
    took = measured(lambda: empty.up(TWO_NODES))
    empty.down()
    for moment in moments(took, 3, chance.random):
        # At any moment between the first namespace and the end.
        process = empty.start_nsnet("up", str(TWO_NODES))
        until(
            lambda: bool(empty.names("two-nodes")),
            what="no namespace", seconds=SECONDS,
        )  # fmt: skip
        kill_after(process, moment)
        assert empty.nsnet("up", TWO_NODES).returncode == 0
        assert empty.drift("two-nodes") == []
        empty.down()


@pytest.mark.parametrize("lost", ["lab.json", "servers.sock", "*", "."])
def test_down_needs_no_file(empty: Machine, lost: str) -> None:
    before = empty.contents()
    empty.up(ONE_NODE)
    empty.output("sh", "-c", f"rm -r $(realpath /run/nsnet/one-node/{lost})")
    assert empty.nsnet_output("down", "one-node") == "one-node is down\n"
    assert empty.contents() == before


def test_down_ends_a_server_whose_namespace_has_no_name(empty: Machine) -> None:
    before = empty.contents()
    empty.up(ONE_NODE)
    for name in empty.names("one-node"):
        empty.output("ip", "netns", "del", name)
    assert empty.nsnet_output("down", "one-node") == "one-node is down\n"
    assert empty.contents() == before


def test_down_ends_what_people_started_in_a_lab(empty: Machine) -> None:
    before = empty.contents()
    empty.up(ONE_NODE)
    process = empty.start_nsnet("exec", "one-node", "pod/client", "--", "sleep", "1000")
    until(lambda: "sleep 1000" in empty.processes(), what="no command", seconds=SECONDS)
    empty.down()
    process.communicate(timeout=SECONDS)
    assert empty.contents() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ("nosuch",),
            "nosuch: nothing to remove: there is no lab of this name; there are: none\n",
        ),
        (("--all",), ""),
    ],
)
def test_down_on_nothing_is_no_error(empty: Machine, arguments: tuple[str, ...], says: str) -> None:
    assert empty.nsnet_output("down", *arguments) == says
