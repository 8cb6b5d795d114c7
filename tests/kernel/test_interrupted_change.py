"""A change that is interrupted, by a signal, kill -9 or an error, leaves a half-changed lab: status
says so, and the next apply or up completes the change, or makes another one of it."""

import os
import random
import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from nsnet.errors import KernelError
from nsnet.lab import registry as labs
from nsnet.lab.compiled import compiled
from nsnet.scenario.load import load
from tests.support.machine import NEEDS_ROOT, ROOT, Machine, kill_after, moments

pytestmark = NEEDS_ROOT

HALF = "the lab is half-changed: a change was interrupted"
# The scenario, what is written in its files, and what is written there instead.
CHANGES = {
    "more and other pods": ("clusterip", "replicas: 3", "replicas: 5"),
    "fewer pods": ("clusterip", "replicas: 3", "replicas: 1"),
    "one more node": ("clusterip", "nodes: 2", "nodes: 3"),
    "tunnels": ("one-node", "{name: east,", "{name: east, cni: vxlan,"),
    "nftables": ("clusterip", "{name: east,", "{name: east, proxyMode: nftables,"),
    "a proxy with other endpoints": ("island-proxy", "replicas: 3", "replicas: 5"),
    "no BGP": ("flat-bgp", "    routing: bgp\n", ""),
}


def edited(name: str, old: str, new: str, folder: Path) -> Path:
    """Write a copy of a scenario with its files, in which `new` replaces `old`."""
    folder.mkdir()
    shipped = ROOT / "scenarios" / f"{name}.yaml"
    shutil.copy(shipped, folder)
    if shipped.with_suffix("").is_dir():
        shutil.copytree(shipped.with_suffix(""), folder / name)
    changed = 0
    for each in folder.rglob("*.yaml"):
        text = each.read_text()
        changed += text.count(old)
        each.write_text(text.replace(old, new))
    assert changed, f"{name} has no {old!r}"
    return folder / shipped.name


def interrupted(lab: str, file: Path, last: int, end: Callable[[], None]) -> list[int]:
    """Apply the file until so many steps are done. Return each number of steps reported."""
    steps: list[int] = []

    def progress(phase: str, done: int, total: int) -> None:
        del phase, total
        steps.append(done)
        if len(steps) > last:
            end()

    labs.apply(lab, load(file), progress)
    return steps


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def fail() -> None:
    raise KernelError("no")


@pytest.mark.parametrize("words", CHANGES)
def test_a_killed_apply_is_completed(
    empty: Machine, chance: random.Random, tmp_path: Path, words: str
) -> None:
    name, old, new = CHANGES[words]
    before, first = empty.contents(), ROOT / "scenarios" / f"{name}.yaml"
    second = edited(name, old, new, tmp_path / "second")
    empty.up(first)
    # In the machine's process, a KernelError stands for its end.
    reports = len(empty.inside(lambda: interrupted(name, second, 1 << 30, fail)))
    files, at = [first, second], 1
    for last in [0, *sorted(chance.sample(range(1, reports), min(3, reports - 1)))]:
        wanted = files[1 - at]
        end = chance.choice([kill, fail])
        broken = True
        with suppress(KernelError):
            empty.inside(lambda: interrupted(name, wanted, last, end))  # noqa: B023
            broken = False  # the way back may have fewer steps
        assert (HALF in empty.drift(name)) is broken
        assert empty.nsnet_output("ls").startswith(f"{name}  (half-changed; to c") is broken
        # It is completed, or undone, or done by `up`.
        command, at = chance.choice([("apply", 1 - at), ("apply", at), ("up", 1 - at)])
        lab = [name] if command == "apply" else []
        done = empty.nsnet(command, *lab, files[at])
        assert done.returncode == 0, f"{words}, {end.__name__} after {last}: {done.stderr}"
        assert empty.drift(name) == []
        probed = empty.nsnet("probe", name)
        # The scenario's expectations are those for its own file, the predictions for any.
        assert " 0 defects" in probed.stdout, f"{end.__name__} after {last}: {probed.stdout}"
    assert empty.nsnet_output("down", name) == f"{name} is down\n"
    assert empty.contents() == before


def test_an_apply_may_be_killed_at_any_moment(
    empty: Machine, chance: random.Random, tmp_path: Path
) -> None:
    name, old, new = CHANGES["fewer pods"]
    files = [
        ROOT / "scenarios" / f"{name}.yaml",
        edited(name, old, new, tmp_path / "second"),
    ]
    before = empty.contents()
    empty.up(files[0])
    for number, moment in enumerate(moments(2.0, 6, chance.random)):
        kill_after(empty.start_nsnet("apply", name, files[1 - number % 2]), moment)
        done = empty.nsnet("apply", name, files[1 - number % 2])
        assert done.returncode == 0, done.stderr
        assert empty.drift(name) == []
    assert empty.nsnet("probe", name).returncode == 0
    empty.down()
    assert empty.contents() == before


def test_what_to_do_about_a_half_changed_lab_is_said(empty: Machine, tmp_path: Path) -> None:
    name = "clusterip"
    first = ROOT / "scenarios" / f"{name}.yaml"
    second = edited(name, "replicas: 3", "replicas: 4", tmp_path / "second")
    third = edited(name, "replicas: 3", "replicas: 5", tmp_path / "third")
    empty.up(first)
    with pytest.raises(KernelError):
        empty.inside(lambda: interrupted(name, second, 1, fail))
    shown = empty.nsnet("status", name, "--check")
    assert (shown.returncode, HALF in shown.stdout) == (1, True)
    assert f"nsnet apply {name} " in shown.stderr
    refused = empty.nsnet("up", third)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-2:] == [
        f"error: {name} is up with another file",
        f"hint: to change it: nsnet apply {name} {third}; or first: nsnet down {name}",
    ]
    assert "DEFECT" not in empty.nsnet("probe", name).stdout
    restarted = empty.nsnet("restart", name, "pod/web-1")
    assert restarted.returncode == 0, restarted.stderr
    assert empty.nsnet("status", name, "--check").returncode == 0
    assert empty.nsnet("apply", name, second).stdout == f"{name}: nothing to change\n"


def test_ctrl_c_during_an_apply_leaves_what_the_next_apply_completes(
    empty: Machine, tmp_path: Path
) -> None:
    name = "clusterip"
    first = ROOT / "scenarios" / f"{name}.yaml"
    second = edited(name, "replicas: 3", "replicas: 9", tmp_path / "second")

    def interrupt() -> None:
        raise KeyboardInterrupt

    empty.up(first)
    with pytest.raises(KeyboardInterrupt):
        empty.inside(lambda: interrupted(name, second, 1, interrupt))
    assert empty.nsnet("apply", name, second, env={}).stderr.count("repaired: an earlier") == 1
    assert empty.drift(name) == []


def test_apply_names_what_it_repairs(empty: Machine) -> None:
    name = "clusterip"
    file = ROOT / "scenarios" / f"{name}.yaml"
    empty.up(file)
    node = f"nsnet.{name}.east.node.n1"
    empty.output("ip", "-n", node, "route", "del", "10.244.1.0/24")
    empty.output("ip", "-n", node, "link", "set", "lo", "down")
    done = empty.nsnet("apply", name, file)
    lines = [each for each in done.stderr.splitlines() if each.startswith("repaired")]
    assert sorted(lines) == [
        "repaired: node/n1: interface lo was down",
        "repaired: node/n1: route 10.244.1.0/24 via 192.168.10.3 dev eth0 was missing",
    ]
    flush = f"ip netns exec {node} iptables-legacy -t nat -F; rm /run/xtables.lock"
    empty.output("sh", "-ec", flush)
    done = empty.nsnet("apply", name, file)
    lines = [each for each in done.stderr.splitlines() if each.startswith("repaired")]
    assert (len(lines), lines[-1].startswith("repaired: ")) == (11, True)
    assert lines[-1].endswith(" more differences")
    assert empty.nsnet("apply", name, file).stderr.count("repaired") == 0


@pytest.mark.parametrize("command", ["status", "apply", "probe", "restart", "exec", "explain"])
def test_a_half_built_lab_says_what_to_do(empty: Machine, command: str) -> None:
    file = ROOT / "scenarios" / "one-node.yaml"
    with pytest.raises(KernelError, match="killed by SIGKILL"):
        empty.inside(lambda: labs.up(compiled(load(file)), lambda *steps: kill()))
    more: dict[str, list[str | Path]] = {
        "apply": [file],
        "restart": ["pod/web"],
        "exec": ["pod/web", "true"],
        "explain": ["pod/client", "pod/web:80"],
    }
    done = empty.nsnet(command, "one-node", *more.get(command, []))
    assert (done.returncode, done.stderr.splitlines()[-2:]) == (
        2,
        [
            "error: one-node is half-built",
            "hint: to build it again: nsnet up FILE; to remove it: nsnet down one-node",
        ],
    )
