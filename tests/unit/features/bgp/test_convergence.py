"""The routes that BGP converges to, computed from data alone.

Source: RFC 4271, sections 5.1.3 (NEXT_HOP), 9.1.2 (AS loops, choice) and 6.2 (refused sessions).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from nsnet.features.bgp.convergence import converged
from nsnet.features.merge import merge
from nsnet.ip import IPNetwork, Protocol
from nsnet.state.bird import Bird, Session
from nsnet.state.model import Fact, Interface, Kind, State, veth, with_mac
from nsnet.topology.model import DroppedPackets, Fault, LinkFailure
from tests.support.labs import held, ip, net
from tests.support.wiring import nodes

# 0.0.0.0/0 would be the default route alone.
EVERYWHERE = tuple(map(net, ("0.0.0.0/1", "128.0.0.0/1", "::/1", "8000::/1")))
ROUTER = 64512

Birds = Mapping[str, Bird]


def bird(
    number: int,
    *sessions: tuple[str, str, int],
    announced: str = "",
    accepted: Iterable[IPNetwork] = EVERYWHERE,
    **more: object,
) -> Bird:
    """Return a bird of this AS, with sessions (own address, neighbour's address, its AS)."""
    return Bird(
        IPv4Address(number),
        number,
        (),
        tuple(Session(f"AS {of}", ip(own), ip(other), of) for own, other, of in sessions),
        tuple(map(net, announced.split())),
        tuple(accepted),
        **more,  # type: ignore[arg-type]
    )


def shared(birds: Birds, router: str = "10.0.0.1/24", first: str = "10.0.0.{}/24") -> State:
    """Return a State in which r has a bridge, and all others are on it, at .2, .3 …"""
    facts: list[Fact] = [
        ("r", with_mac("r", Interface("br0", Kind.BRIDGE, addresses=(held(router),))))
    ]
    for index, host in enumerate(each for each in birds if each != "r"):
        port, end = Interface(host, master="br0"), Interface("eth0")
        addressed = replace(end, addresses=(held(first.format(index + 2)),))
        facts += veth(("r", port), (host, addressed))
    return speaking(facts, birds)


def apart(birds: Birds, pairs: Sequence[tuple[str, str]], faults: Sequence[Fault] = ()) -> State:
    """Return a State of these veth pairs: "host link address" of both ends."""
    facts: list[Fact] = []
    for one, other in pairs:
        (near, link, at), (far, end, there) = one.split(), other.split()
        ends = Interface(link, addresses=(held(at),)), Interface(end, addresses=(held(there),))
        facts += veth((near, ends[0]), (far, ends[1]))
    return speaking(facts, birds, faults)


def speaking(facts: list[Fact], birds: Birds, faults: Sequence[Fault] = ()) -> State:
    names = dict.fromkeys(name for name, _ in facts)
    daemons = [(name, each) for name, each in birds.items()]
    by_author = [("the test", [*facts, *daemons])]
    return merge("lab", nodes(names), by_author, faults)


def learned(state: State) -> dict[str, list[str]]:
    """Return what each has learned: "destination via gateway … dev link"."""
    return {
        each.name: [
            f"{route.destination} via {' '.join(map(str, route.gateways))} dev {route.dev}"
            for route in each.routes
            if route.learned
        ]
        for each in converged(state).netns
        if any(route.learned for route in each.routes)
    }


R, A, B, C = "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4"
PODS_A, PODS_B, WEB = "10.244.0.0/24", "10.244.1.0/24", "10.96.0.80/32"
STAR = {
    "r": bird(ROUTER, (R, A, 1), (R, B, 2), (R, C, 3), transit=True),
    "a": bird(1, (A, R, ROUTER), announced=PODS_A),
    "b": bird(2, (B, R, ROUTER), announced=PODS_B),
    "c": bird(3, (C, R, ROUTER)),
}
TO_A, TO_B = f"{PODS_A} via {A} dev", f"{PODS_B} via {B} dev"


def star(**changed: Bird) -> dict[str, list[str]]:
    return learned(shared({**STAR, **changed}))


def test_without_a_bird_no_route_is_learned() -> None:
    state = shared({})
    assert converged(state) == state


def test_on_a_shared_link_the_router_keeps_the_next_hop() -> None:
    """RFC 4271, 5.1.3: the next hop is on the link to the receiver."""
    assert star() == {
        "r": [f"{TO_A} br0", f"{TO_B} br0"],
        "a": [f"{TO_B} eth0"],
        "b": [f"{TO_A} eth0"],
        "c": [f"{TO_A} eth0", f"{TO_B} eth0"],
    }


APART = [
    ("r one 10.0.1.1/24", "a eth0 10.0.1.2/24"),
    ("r two 10.0.2.1/24", "b eth0 10.0.2.2/24"),
]


def test_on_separate_links_the_router_is_the_next_hop() -> None:
    birds = {
        "r": bird(ROUTER, ("10.0.1.1", "10.0.1.2", 1), ("10.0.2.1", "10.0.2.2", 2), transit=True),
        "a": bird(1, ("10.0.1.2", "10.0.1.1", ROUTER), announced=PODS_A),
        "b": bird(2, ("10.0.2.2", "10.0.2.1", ROUTER)),
    }
    assert learned(apart(birds, APART)) == {
        "r": [f"{PODS_A} via 10.0.1.2 dev one"],
        "b": [f"{PODS_A} via 10.0.2.1 dev eth0"],
    }


@pytest.mark.parametrize(
    ("case", "changed", "router", "others"),
    [
        (
            "two announce one address: both paths are used",
            {
                "a": replace(STAR["a"], announced=(net(WEB),)),
                "b": replace(STAR["b"], announced=(net(WEB),)),
            },
            [f"{WEB} via {A} {B} dev br0"],
            {"c": [f"{WEB} via {A} dev eth0"]},  # a router announces one best path
        ),
        (
            "one of them announces a longer AS path",
            {
                "a": replace(STAR["a"], announced=(net(WEB),), prepended=1),
                "b": replace(STAR["b"], announced=(net(WEB),)),
            },
            [f"{WEB} via {B} dev br0"],
            # a announces the same address itself.
            {"c": [f"{WEB} via {B} dev eth0"]},
        ),
        (
            "the only path is used, however long",
            {"a": replace(STAR["a"], prepended=3), "b": replace(STAR["b"], announced=())},
            [f"{TO_A} br0"],
            {"b": [f"{TO_A} eth0"], "c": [f"{TO_A} eth0"]},
        ),
        (
            "a range that the router does not accept",
            {"r": replace(STAR["r"], accepted=(net("10.244.1.0/24"),))},
            [f"{TO_B} br0"],
            {"a": [f"{TO_B} eth0"], "c": [f"{TO_B} eth0"]},
        ),
        (
            "a range wider than those that are accepted",
            {"r": replace(STAR["r"], accepted=(net("10.244.0.0/25"), net("10.244.1.0/24")))},
            [f"{TO_B} br0"],
            {"a": [f"{TO_B} eth0"], "c": [f"{TO_B} eth0"]},
        ),
        (
            "a node accepts less than its router",
            {"c": replace(STAR["c"], accepted=(net("10.244.1.0/24"),))},
            [f"{TO_A} br0", f"{TO_B} br0"],
            {"a": [f"{TO_B} eth0"], "b": [f"{TO_A} eth0"], "c": [f"{TO_B} eth0"]},
        ),
        (
            "two of one AS do not learn from each other: it would be a loop",
            {
                "r": bird(ROUTER, (R, A, 1), (R, B, 1), (R, C, 3), transit=True),
                "b": bird(1, (B, R, ROUTER), announced=PODS_B),
            },
            [f"{TO_A} br0", f"{TO_B} br0"],
            {"c": [f"{TO_A} eth0", f"{TO_B} eth0"]},
        ),
        (
            "a router without transit",
            {"r": replace(STAR["r"], transit=False)},
            [f"{TO_A} br0", f"{TO_B} br0"],
            {},
        ),
        (
            "a node does not announce what it has learned",
            {
                "c": bird(3, (C, R, ROUTER), announced=WEB),
                "a": replace(STAR["a"], announced=()),
                "b": replace(STAR["b"], announced=()),
            },
            [f"{WEB} via {C} dev br0"],
            {"a": [f"{WEB} via {C} dev eth0"], "b": [f"{WEB} via {C} dev eth0"]},
        ),
        (
            "a session that the router does not expect",
            {"r": bird(ROUTER, (R, B, 2), (R, C, 3), transit=True)},
            [f"{TO_B} br0"],
            {"c": [f"{TO_B} eth0"]},
        ),
        (
            "a session that only the router expects",
            {"a": bird(1, announced=PODS_A)},
            [f"{TO_B} br0"],
            {"c": [f"{TO_B} eth0"]},
        ),
        (
            "another AS than the router expects (bad peer AS)",
            {"a": replace(STAR["a"], autonomous_system=9)},
            [f"{TO_B} br0"],
            {"c": [f"{TO_B} eth0"]},
        ),
        (
            "both sides are passive",
            {
                "r": replace(
                    STAR["r"],
                    sessions=tuple(replace(each, passive=True) for each in STAR["r"].sessions),
                ),
                "a": replace(STAR["a"], sessions=(replace(STAR["a"].sessions[0], passive=True),)),
            },
            [f"{TO_B} br0"],
            {"c": [f"{TO_B} eth0"]},
        ),
    ],
)
def test_which_routes_are_learned(
    case: str, changed: dict[str, Bird], router: list[str], others: dict[str, list[str]]
) -> None:
    assert star(**changed) == {"r": router, **others}, case


def test_without_a_link_between_them_birds_have_no_session() -> None:
    birds = {
        "r": bird(ROUTER, ("10.0.1.1", "10.0.1.2", 1), transit=True),
        "a": bird(1, ("10.0.1.2", "10.0.1.1", ROUTER), announced=PODS_A),
    }
    elsewhere = [
        ("r one 10.0.1.1/24", "x eth0 10.0.1.3/24"),
        ("y one 10.0.1.4/24", "a eth0 10.0.1.2/24"),
    ]
    assert learned(apart(birds, elsewhere)) == {}
    assert learned(apart(birds, APART[:1])) == {"r": [f"{PODS_A} via 10.0.1.2 dev one"]}


@pytest.mark.parametrize(("netns", "link"), [("a", "in"), ("pod", "eth0")])
def test_routes_to_a_link_without_carrier_are_not_announced(netns: str, link: str) -> None:
    """Either end of the veth pair may be down."""
    birds = {
        "r": bird(ROUTER, ("10.0.1.1", "10.0.1.2", 1)),
        "a": bird(1, ("10.0.1.2", "10.0.1.1", ROUTER), announced=PODS_A, watched_link="in"),
    }
    inside = ("a in 10.0.2.1/24", "pod eth0 10.0.2.2/24")
    pairs = [APART[0], inside]
    assert learned(apart(birds, pairs)) == {"r": [f"{PODS_A} via 10.0.1.2 dev one"]}
    assert learned(apart(birds, pairs, [Fault(netns, LinkFailure(link))])) == {}


@pytest.mark.parametrize(
    ("drop", "learned_by_r"),
    [
        (DroppedPackets(Protocol.TCP), []),
        (DroppedPackets(Protocol.TCP, 179), []),
        (DroppedPackets(Protocol.TCP, 80), [f"{PODS_A} via 10.0.1.2 dev one"]),
        # Without BFD there still is a session.
        (DroppedPackets(Protocol.UDP), [f"{PODS_A} via 10.0.1.2 dev one"]),
        (DroppedPackets(Protocol.UDP, 3784), [f"{PODS_A} via 10.0.1.2 dev one"]),
        (DroppedPackets(Protocol.ICMP), [f"{PODS_A} via 10.0.1.2 dev one"]),
    ],
)
@pytest.mark.parametrize("netns", ["a", "r"])
def test_a_session_needs_tcp_at_both_ends(
    netns: str, drop: DroppedPackets, learned_by_r: list[str]
) -> None:
    birds = {
        "a": bird(1, ("10.0.1.2", "10.0.1.1", ROUTER), announced=PODS_A),
        "r": bird(ROUTER, ("10.0.1.1", "10.0.1.2", 1)),
    }
    found = learned(apart(birds, [APART[0]], [Fault(netns, drop)]))
    assert found == ({"r": learned_by_r} if learned_by_r else {})


def test_a_link_that_is_down_has_no_ipv6_session() -> None:
    birds = {
        "a": bird(1, ("fd00::2", "fd00::1", ROUTER), announced="fd01::/64"),
        "r": bird(ROUTER, ("fd00::1", "fd00::2", 1)),
    }
    pairs = [("r one fd00::1/64", "a eth0 fd00::2/64")]
    assert learned(apart(birds, pairs)) == {"r": ["fd01::/64 via fd00::2 dev one"]}
    for netns, link in (("a", "eth0"), ("r", "one")):
        assert learned(apart(birds, pairs, [Fault(netns, LinkFailure(link))])) == {}


RING = [
    ("a up 10.0.1.1/24", "one down 10.0.1.2/24"),
    ("one up 10.0.2.1/24", "b left 10.0.2.2/24"),
    ("a side 10.0.3.1/24", "two down 10.0.3.2/24"),
    ("two up 10.0.4.1/24", "three down 10.0.4.2/24"),
    ("three up 10.0.5.1/24", "b right 10.0.5.2/24"),
]
ROUND = {
    "a": bird(1, ("10.0.1.1", "10.0.1.2", 11), ("10.0.3.1", "10.0.3.2", 12), announced=PODS_A),
    "one": bird(11, ("10.0.1.2", "10.0.1.1", 1), ("10.0.2.1", "10.0.2.2", 2), transit=True),
    "two": bird(12, ("10.0.3.2", "10.0.3.1", 1), ("10.0.4.1", "10.0.4.2", 13), transit=True),
    "three": bird(13, ("10.0.4.2", "10.0.4.1", 12), ("10.0.5.1", "10.0.5.2", 2), transit=True),
    "b": bird(2, ("10.0.2.2", "10.0.2.1", 11), ("10.0.5.2", "10.0.5.1", 13)),
}
NEAR, FAR = f"{PODS_A} via 10.0.2.1 dev left", f"{PODS_A} via 10.0.5.1 dev right"


@pytest.mark.parametrize(
    ("case", "pairs", "expected"),
    [
        ("the shorter of two paths", RING, NEAR),
        ("the longer one if that is cut", [*RING[:1], *RING[2:]], FAR),
    ],
)
def test_a_transit_router_announces_what_it_learned_from_another_one(
    case: str, pairs: list[tuple[str, str]], expected: str
) -> None:
    held_by_all = {end.split()[2].split("/")[0] for pair in pairs for end in pair if end.split()}
    birds = {
        name: replace(
            each,
            sessions=tuple(one for one in each.sessions if str(one.local) in held_by_all),
        )
        for name, each in ROUND.items()
    }
    assert learned(apart(birds, pairs))["b"] == [expected], case


def test_ipv6_routes_are_announced_over_ipv6() -> None:
    """An IPv4 route is not announced in that session."""
    r, a, b = "fd00::1", "fd00::2", "fd00::3"
    pods = "fd00:10:244::/64"
    birds = {
        "r": bird(ROUTER, (r, a, 1), (r, b, 2), transit=True),
        "a": bird(1, (a, r, ROUTER), announced=f"{pods} {PODS_A}"),
        "b": bird(2, (b, r, ROUTER)),
    }
    assert learned(shared(birds, f"{r}/64", "fd00::{}/64")) == {
        "r": [f"{pods} via {a} dev br0"],
        "b": [f"{pods} via {a} dev eth0"],
    }


def test_a_learned_route_names_the_as_that_announced_it() -> None:
    state = converged(shared(STAR))
    (route,) = (each for each in state["a"].routes if each.learned)
    assert (route.destination, route.via, route.dev) == (net(PODS_B), ip(B), "eth0")
    assert route.why == "BGP: announced by AS 2"
