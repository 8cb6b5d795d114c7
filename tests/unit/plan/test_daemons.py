"""When daemons are started, reloaded and stopped, and what becomes of the routes they learn."""

import pytest

from nsnet.plan.ops import (
    DaemonReload,
    DaemonStart,
    DaemonStop,
    RouteAdd,
    RouteDelete,
    RouteReplace,
    RoutesAwait,
)
from nsnet.plan.order import changes, plan
from nsnet.state.model import State
from tests.support.plans import kinds, served, web
from tests.support.world import World

DAEMONS = DaemonStart | DaemonReload | DaemonStop | RoutesAwait
PROXIED = "{name: west, nodes: 1, gateway: {kind: proxy}}"
NATTED = PROXIED.replace("proxy", "nat")
SPOKEN = "{name: west, nodes: 2, model: flat, routing: bgp}"
WRITTEN = SPOKEN.replace(", routing: bgp", "")
GATEWAY, FABRIC, NODES = "west.gateway", "fabric", ("west.node.n1", "west.node.n2")


def tended(before: State, after: State) -> list[str]:
    """Return the Ops about daemons, and their namespaces."""
    return [
        f"{type(op).__name__} {op.netns.removeprefix('nsnet.lab.')}"
        for op in changes(before, after)
        if isinstance(op, DAEMONS)
    ]


@pytest.mark.parametrize(
    ("case", "before", "after", "steps"),
    [
        ("haproxy replaces a router", served(NATTED), served(PROXIED), [f"DaemonStart {GATEWAY}"]),
        ("a router replaces haproxy", served(PROXIED), served(NATTED), [f"DaemonStop {GATEWAY}"]),
        ("one more endpoint", served(PROXIED), served(PROXIED, 3), [f"DaemonReload {GATEWAY}"]),
        ("no endpoint left", served(PROXIED), served(PROXIED, 0), [f"DaemonReload {GATEWAY}"]),
        ("no change", served(PROXIED), served(PROXIED), []),
        ("a change elsewhere", web(2), web(3), []),
        (
            "BGP replaces static routes",
            served(WRITTEN),
            served(SPOKEN),
            [
                *(f"DaemonStart {each}" for each in (FABRIC, *NODES)),
                *(f"RoutesAwait {each}" for each in (FABRIC, *NODES)),
            ],
        ),
        (
            "static routes replace BGP; its routes are withdrawn when bird stops",
            served(SPOKEN),
            served(WRITTEN),
            [f"DaemonStop {each}" for each in (FABRIC, *NODES)],
        ),
        ("BGP, unchanged", served(SPOKEN), served(SPOKEN), []),
    ],
)
def test_a_daemon_is_started_reloaded_or_stopped(
    case: str, before: State, after: State, steps: list[str]
) -> None:
    assert tended(before, after) == steps, case


def test_a_daemon_stops_before_its_namespace_is_removed_and_after_the_listeners() -> None:
    """Otherwise it would run on, in a namespace without a name."""
    old, nothing = served(PROXIED), State("lab")
    order = kinds(changes(old, nothing))
    assert order.index("DaemonStop") < order.index("NetnsDelete")
    assert order.index("Unlisten") < order.index("DaemonStop")
    World().apply(plan(old)).apply(changes(old, nothing)).holds(nothing)


def test_a_daemon_starts_when_its_addresses_and_routes_exist() -> None:
    """It binds to addresses and connects to peers."""
    for state in (served(PROXIED), served(SPOKEN)):
        order = kinds(plan(state))
        for before in ("LinkUp", "AddressAdd", "RouteAdd", "Listen", "RulesLoad"):
            assert order.index(before) < order.index("DaemonStart")


def test_the_routes_are_awaited_once_all_daemons_run() -> None:
    state = served(SPOKEN)
    ops = [op for op in plan(state) if isinstance(op, DAEMONS)]
    assert kinds([*ops]) == ["DaemonStart", "RoutesAwait"]
    awaited = {
        op.netns: [(str(each.destination), *map(str, each.gateways)) for each in op.routes]
        for op in ops
        if isinstance(op, RoutesAwait)
    }
    (a, b) = (f"nsnet.lab.{each}" for each in NODES)
    assert awaited == {
        "nsnet.lab.fabric": [
            ("10.244.0.0/24", "192.168.10.2"),
            ("10.244.1.0/24", "192.168.10.3"),
            ("198.18.0.2/32", "192.168.10.2", "192.168.10.3"),
        ],
        a: [("10.244.1.0/24", "192.168.10.3")],
        b: [("10.244.0.0/24", "192.168.10.2")],
    }


def test_static_routes_are_kept_until_bgp_has_learned_them() -> None:
    ops = changes(served(WRITTEN), served(SPOKEN))
    learned = max(at for at, op in enumerate(ops) if isinstance(op, RoutesAwait))
    deleted = [at for at, op in enumerate(ops) if isinstance(op, RouteDelete)]
    assert deleted
    assert min(deleted) > learned
    World().apply(plan(served(WRITTEN))).apply(ops).holds(served(SPOKEN))


def test_no_op_adds_or_deletes_a_learned_route() -> None:
    written = {
        op.route
        for before, after in ((State("lab"), served(SPOKEN)), (served(SPOKEN), State("lab")))
        for op in changes(before, after)
        if isinstance(op, RouteAdd | RouteDelete | RouteReplace)
    }
    assert written
    assert not any(each.learned for each in written)
