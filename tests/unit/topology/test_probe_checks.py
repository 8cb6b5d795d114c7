"""Mistakes in the probes of a scenario."""

import pytest

from nsnet.errors import ScenarioError
from nsnet.topology.probe_checks import check_probes
from nsnet.topology.resolve import resolve
from tests.support.labs import pod, written

GOOD = "from: pod/a, to: 'pod/b:80'"


@pytest.mark.parametrize(
    ("probes", "problems"),
    [
        ([GOOD], []),
        (["from: pod/c, to: 'pod/b:80'"], ["probes[0].from: pod/c: east has no pod c"]),
        (["from: pod/a, to: 'pod/c:80'"], ["probes[0].to: pod/c:80: east has no pod c"]),
        (["from: pod/a, to: pod/b"], ["probes[0].to: pod/b: tcp needs a port"]),
        (
            [f"{GOOD}, expect: {{source: pod/c}}"],
            ["probes[0].expect.source: pod/c: east has no pod c"],
        ),
        (
            [f"{GOOD}, expect: {{servers: [pod/b, pod/c]}}"],
            ["probes[0].expect.servers[1]: pod/c: east has no pod c"],
        ),
        (
            [f"{GOOD}, expect: {{path: [pod/a, node/n9]}}"],
            ["probes[0].expect.path[1]: node/n9: east has no node n9"],
        ),
        (
            [f"{GOOD}, sourcePort: 5000", f"{GOOD}, sourcePort: 5000"],
            ["probes[1].sourcePort: 5000/tcp of east/pod/a is taken by probes[0]"],
        ),
        (
            [f"{GOOD}, sourcePort: 5000", f"{GOOD}, sourcePort: 5000, protocol: udp"],
            [],  # another protocol
        ),
        ([f"{GOOD}, sourcePort: 5000", "from: pod/b, to: 'pod/a:80', sourcePort: 5000"], []),
        (
            ["from: pod/c, to: 'pod/b:80'", "from: pod/d, to: 'pod/b:80'"],  # all at once
            [
                "probes[0].from: pod/c: east has no pod c",
                "probes[1].from: pod/d: east has no pod d",
            ],
        ),
    ],
)
def test_mistakes_in_probes(probes: list[str], problems: list[str]) -> None:
    spec = f"probes: [{', '.join(f'{{{each}}}' for each in probes)}]"
    scenario = written(pod("a"), pod("b"), clusters=("{name: east}",), spec=spec)
    topology = resolve(scenario)
    found: list[str] = []
    try:
        check_probes(scenario, topology)
    except ScenarioError as error:
        found = [f"{each.path}: {each.message}" for each in error.problems]
    assert len(found) == len(problems)
    for each, problem in zip(found, problems, strict=True):
        assert each.startswith(f"spec.{problem}")
