"""The steps from old virtual servers to new ones."""

from dataclasses import replace

import pytest

from nsnet.ip import Protocol
from nsnet.plan.virtual_servers import Action, Step, steps
from nsnet.state.model import RealServer, VirtualServer
from tests.support.labs import ip

A, B = (RealServer(ip(address), 80) for address in ("10.244.0.2", "10.244.0.3"))
HEAVY = replace(A, weight=2)
WEB = VirtualServer(ip("10.96.0.2"), Protocol.TCP, 80, "rr", servers=(A,))
DNS = VirtualServer(ip("10.96.0.10"), Protocol.UDP, 53, "rr")
SHUFFLED = replace(WEB, scheduler="sh")
BOTH = replace(WEB, servers=(A, B))
WEIGHTED = replace(WEB, servers=(HEAVY,))


@pytest.mark.parametrize(
    ("case", "old", "new", "expected"),
    [
        ("the same", [WEB], [WEB], []),
        ("a new one", [], [WEB], [Step(Action.ADD, WEB), Step(Action.ADD, WEB, A)]),
        ("none left", [WEB], [], [Step(Action.DELETE, WEB)]),
        ("another scheduler", [WEB], [SHUFFLED], [Step(Action.EDIT, SHUFFLED)]),
        ("one more real server", [WEB], [BOTH], [Step(Action.ADD, BOTH, B)]),
        ("one real server less", [BOTH], [WEB], [Step(Action.DELETE, WEB, B)]),
        ("another weight", [WEB], [WEIGHTED], [Step(Action.EDIT, WEIGHTED, HEAVY)]),
        ("deletions last", [DNS], [SHUFFLED], [*steps([], [SHUFFLED]), Step(Action.DELETE, DNS)]),
        ("in any order", [WEB, DNS], [DNS, WEB], []),
    ],
)
def test_the_steps_between_virtual_servers(
    case: str, old: list[VirtualServer], new: list[VirtualServer], expected: list[Step]
) -> None:
    assert list(steps(old, new)) == expected, case
