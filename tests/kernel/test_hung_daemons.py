"""A server or daemon of a lab that hangs, or that cannot be found by its files any more, is drift
with a name, no defect of nsnet. The next apply replaces it, and down leaves nothing of it."""

from pathlib import Path

import pytest

from nsnet.kernel.processes import until
from tests.support.machine import NEEDS_ROOT, ROOT, SECONDS, Machine

pytestmark = NEEDS_ROOT

ONE, PROXY, BGP = "one-node", "island-proxy", "flat-bgp"
SERVER = "$(ip netns pids nsnet.{lab}.servers)"
RUN = "/run/nsnet/{lab}"
MASTER = f"$(cat {RUN}/west.gateway.haproxy.pid)"
BIRD = f"$(cat {RUN}/east.node.n2.bird.pid)"
NO_ANSWER = "does not answer"
DAMAGE = {
    "the lab's server is stopped": (ONE, f"kill -STOP {SERVER}", f"lab's server {NO_ANSWER}"),
    "its socket is removed": (ONE, f"rm {RUN}/servers.sock", f"lab's server {NO_ANSWER}"),
    "its socket is a file": (
        ONE,
        f"rm {RUN}/servers.sock; touch {RUN}/servers.sock",
        f"lab's server {NO_ANSWER}",
    ),
    "the master of haproxy is stopped": (PROXY, f"kill -STOP {MASTER}", f"haproxy {NO_ANSWER}"),
    "the worker of haproxy is stopped": (
        PROXY,
        f"kill -STOP $(cat /proc/{MASTER}/task/{MASTER}/children)",
        f"haproxy {NO_ANSWER}",
    ),
    "haproxy is stopped": (
        PROXY,
        "kill -STOP $(ip netns pids nsnet.{lab}.west.gateway)",
        f"haproxy {NO_ANSWER}",
    ),
    "the files of haproxy are lost": (PROXY, f"rm {RUN}/west.*", f"haproxy {NO_ANSWER}"),
    "haproxy is killed": (PROXY, f"kill -9 {MASTER}", "haproxy does not run"),
    "bird is stopped": (BGP, f"kill -STOP {BIRD}", f"bird {NO_ANSWER}"),
    "the files of bird are lost": (BGP, f"rm {RUN}/*.bird.*", f"bird {NO_ANSWER}"),
    "all of them are stopped": (
        BGP,
        "for each in $(ip netns list | cut -d' ' -f1); do"
        " for pid in $(ip netns pids $each); do kill -STOP $pid; done; done",
        f"bird {NO_ANSWER}",
    ),
}

PROBED = ("the lab's server is stopped", "haproxy is stopped")  # not all: a probe takes 5 s, too


def damage(where: Machine, words: str) -> tuple[str, Path, str]:
    """Build a lab and damage it; return its name, its file, and what status says then."""
    name, command, says = DAMAGE[words]
    file = ROOT / "scenarios" / f"{name}.yaml"
    where.up(file)
    where.output("sh", "-ec", command.format(lab=name))
    if says.endswith("run"):
        until(lambda: where.drift(name) != [], what="it is not missed", seconds=SECONDS)
    return name, file, says


@pytest.mark.parametrize("words", DAMAGE)
def test_what_hangs_is_named_and_replaced(empty: Machine, words: str) -> None:
    before = empty.contents()
    name, file, says = damage(empty, words)
    running = len(empty.processes())
    drift = empty.drift(name)
    assert [each for each in drift if says in each], drift
    if words in PROBED:
        probed = empty.nsnet("probe", name)
        assert "DEFECT" not in probed.stdout
        assert says in " ".join(probed.stdout.split())
    applied = empty.nsnet("apply", name, file)
    assert (applied.returncode, applied.stderr.count("error")) == (0, 0), applied.stderr
    assert empty.drift(name) == []
    assert empty.nsnet("probe", name).returncode == 0
    if says.endswith("answer"):
        assert len(empty.processes()) == running
    assert empty.nsnet_output("down", name) == f"{name} is down\n"
    assert empty.contents() == before


@pytest.mark.parametrize("words", DAMAGE)
def test_nothing_of_what_hangs_survives_down(empty: Machine, words: str) -> None:
    before = empty.contents()
    name, _, _ = damage(empty, words)
    assert empty.nsnet_output("down", "--all") == f"{name} is down\n"
    assert empty.contents() == before


@pytest.mark.parametrize("name", [ONE, PROXY, BGP])
def test_a_lab_without_names_and_files_is_found_by_its_processes(empty: Machine, name: str) -> None:
    before = empty.contents()
    empty.up(ROOT / "scenarios" / f"{name}.yaml")
    for each in empty.names(name):
        empty.output("ip", "netns", "del", each)
    empty.output("rm", "-r", "/run/nsnet")
    assert empty.processes() != []
    assert empty.nsnet_output("ls").startswith(f"{name}  (half-built")
    assert empty.nsnet_output("down", "--all") == f"{name} is down\n"
    until(lambda: empty.contents() == before, what="something is left", seconds=SECONDS)


def test_a_process_outside_every_lab_is_left_alone(empty: Machine) -> None:
    """Even with a lab's path on its command line, in a namespace of its own, or both."""
    with (
        empty.start("sh", "-c", "cat; : /run/nsnet/lab/servers.sock", stdin=-1) as one,
        empty.start("unshare", "-n", "sh", "-c", "cat; : /run/nsnet/lab/x", stdin=-1) as two,
        empty.start(
            "unshare", "-nm", "sh", "-c", "cat", "/run/nsnet/lab/servers.sock", stdin=-1
        ) as three,
    ):
        assert empty.nsnet_output("down", "--all") == ""
        assert [each.poll() for each in (one, two, three)] == [None] * 3
        for each in (one, two, three):
            each.communicate("", timeout=SECONDS)


def test_a_daemon_of_a_namespace_without_a_name_is_replaced(empty: Machine) -> None:
    before, file = empty.contents(), ROOT / "scenarios" / f"{PROXY}.yaml"
    empty.up(file)
    running = len(empty.processes())
    for verb in ("del", "add"):
        empty.output("ip", "netns", verb, f"nsnet.{PROXY}.west.gateway")
    assert empty.nsnet("apply", PROXY, file).returncode == 0
    assert (empty.drift(PROXY), len(empty.processes())) == ([], running)
    assert empty.nsnet("probe", PROXY).returncode == 0
    empty.down()
    assert empty.contents() == before
