"""The random tests again, many times, and random probes: for `make soak`.

Each run has other seeds; a failure shows its own.
"""

import random
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nsnet.ip import IPAddress, endpoint
from nsnet.kernel.processes import until
from nsnet.lab.lab import Lab
from nsnet.probes.question import probe_spec
from nsnet.scenario.kinds import ProbeSpec
from tests.kernel import test_crash as crash
from tests.kernel import test_interrupted_change as change
from tests.kernel.test_scenarios import differences, each_scenario, within_rate_limit
from tests.support.forked import Process
from tests.support.machine import (
    NEEDS_ROOT,
    NSNET,
    ROOT,
    SECONDS,
    Machine,
    kill_after,
    measured,
    moments,
)

pytestmark = [NEEDS_ROOT, pytest.mark.soak]

KILLS = (
    crash.test_up_may_be_killed_at_any_moment,
    crash.test_up_may_be_killed_after_any_step,
    crash.test_probe_may_be_killed_at_any_moment,
    crash.test_down_may_be_killed_at_any_moment,
    crash.test_a_lab_whose_up_was_killed_is_rebuilt,
)
MOMENTS = 14  # of each command with each umask: 210 in all
MODES = {"one-node": 0o755, "one-node/names.json": 0o644}
PORTS = (53, 80, 443, 8080, 30080)


@pytest.mark.parametrize("again", range(50))
@pytest.mark.parametrize("killed", KILLS, ids=lambda each: each.__name__.removeprefix("test_"))
def test_a_killed_command_leaves_nothing(
    killed: Callable[[Machine, random.Random], None],
    again: int,
    empty: Machine,
    chance: random.Random,
) -> None:
    killed(empty, chance)


@pytest.mark.parametrize("umask", ["000", "022", "077"])
@pytest.mark.parametrize("command", ["up", "apply", "restart", "down", "run"])
def test_a_command_may_be_killed_at_many_moments(
    empty: Machine, chance: random.Random, tmp_path: Path, command: str, umask: str
) -> None:
    """What is left has its fixed modes, can be completed if it is a change, and can be removed."""
    before, name = empty.contents(), "one-node"
    file = ROOT / "scenarios" / f"{name}.yaml"
    other = change.edited(name, "{name: east,", "{name: east, cni: vxlan,", tmp_path / "other")
    argv = {
        "up": ("up", file),
        "apply": ("apply", name, other),
        "restart": ("restart", name, "pod/web"),
        "down": ("down", name),
        "run": ("run", file),
    }[command]

    def start(*arguments: str | Path) -> Process:
        script = f'umask {umask}; exec "$@"'
        return empty.start("sh", "-c", script, "sh", NSNET, *map(str, arguments))

    if command not in ("up", "run"):
        start("up", file).communicate(timeout=SECONDS)
    took = measured(lambda: start(*argv).communicate(timeout=SECONDS))
    empty.down()
    for moment in moments(took, MOMENTS, chance.random):
        if command not in ("up", "run"):
            start("up", file).communicate(timeout=SECONDS)
        kill_after(start(*argv), moment)
        run = empty.path("/run/nsnet")
        for each in run.rglob("*") if run.exists() else ():
            mode = stat.S_IMODE(each.lstat().st_mode)
            assert mode == MODES.get(str(each.relative_to(run)), 0o600), f"{each}: {mode:o}"
        if command in ("apply", "restart"):
            done = empty.nsnet("apply", name, other)
            assert done.returncode == 0, f"after {moment:.3f} s of {took:.3f}: {done.stderr}"
            assert empty.drift(name) == []
        if command != "run":
            assert empty.nsnet("down", "--all").returncode == 0
        until(
            lambda: empty.contents() == before,
            what=f"killed after {moment:.3f} s of {took:.3f}: something is left",
            seconds=SECONDS,
        )


@each_scenario
def test_the_model_predicts_random_probes(lab: Lab, chance: random.Random) -> None:
    specs = within_rate_limit(lab, random_probes(lab, chance, 500))
    assert differences(lab.probe(specs=list(specs))) == []
    assert lab.drift() == []


def random_probes(lab: Lab, chance: random.Random, number: int) -> Iterator[ProbeSpec]:
    """Yield probes from any place to any address of the lab, or one beside it."""
    places = {reference: lab[reference].addresses for reference in lab.places().values()}
    targets = [address for addresses in places.values() for address in addresses]
    targets += [
        address
        for cluster in lab.topology.clusters
        for service in cluster.services
        for address in (*service.addresses, *service.exported, *service.load_balancer_ips)
    ]
    for _ in range(number):
        source, target = chance.choice(list(places)), chance.choice(targets)
        if all(each.version != target.version for each in places[source]):
            continue
        target += chance.choice((0, 0, 0, 1))
        protocol = chance.choice(("tcp", "udp", "icmp"))
        yield probe_spec(source, destination(target, protocol, chance.choice(PORTS)), protocol)


def destination(address: IPAddress, protocol: str, port: int) -> str:
    """Return the address as a probe names it, with the port if the protocol has ports."""
    return str(address) if protocol == "icmp" else endpoint(address, port)
