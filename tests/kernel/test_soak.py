"""The random tests again, many times, and random probes: for `make soak`.

Each run has other seeds; a failure shows its own.
"""

import random
from collections.abc import Callable, Iterator

import pytest

from nsnet.ip import IPAddress, endpoint
from nsnet.lab.lab import Lab
from nsnet.probes.question import probe_spec
from nsnet.scenario.kinds import ProbeSpec
from tests.kernel import test_crash as crash
from tests.kernel.test_scenarios import differences, each_scenario, within_rate_limit
from tests.support.machine import NEEDS_ROOT, Machine

pytestmark = [NEEDS_ROOT, pytest.mark.soak]

KILLS = (
    crash.test_up_may_be_killed_at_any_moment,
    crash.test_up_may_be_killed_after_any_step,
    crash.test_probe_may_be_killed_at_any_moment,
    crash.test_down_may_be_killed_at_any_moment,
    crash.test_a_lab_whose_up_was_killed_is_rebuilt,
)
PORTS = (53, 80, 443, 8080, 30080)


@pytest.mark.parametrize("again", range(20))
@pytest.mark.parametrize("killed", KILLS, ids=lambda each: each.__name__.removeprefix("test_"))
def test_a_killed_command_leaves_nothing(
    killed: Callable[[Machine, random.Random], None],
    again: int,
    empty: Machine,
    chance: random.Random,
) -> None:
    killed(empty, chance)


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
