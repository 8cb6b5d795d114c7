"""Facts of many authors become one State, or an error that names the two that disagree."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.errors import CompileError
from nsnet.features.merge import FIELDS, merge
from nsnet.ip import Protocol
from nsnet.state.model import (
    Fact,
    Interface,
    Kind,
    Listener,
    Neighbour,
    Netns,
    Peer,
    Piece,
    Route,
    Shared,
    State,
    Sysctl,
    mac_of,
    veth,
)
from nsnet.state.namespaces import Namespace, Role
from nsnet.state.rules import Chain, Hook, Jump, Return, Rule
from tests.support.labs import held, ip, net, shipped

PLACES = [
    Namespace("n1", "east/node/n1", Role.NODE),
    Namespace("web", "east/pod/web", Role.POD),
]
BRIDGE = Interface("cbr0", Kind.BRIDGE, addresses=(held("10.244.0.1/24"),))
PORT = Interface("web", peer=Peer("web", "eth0"), master="cbr0")
POD = Interface("eth0", peer=Peer("n1", "web"), addresses=(held("10.244.0.2/24"),))
CABLE: tuple[Fact, ...] = (("n1", PORT), ("web", POD))


def merged(*authors: tuple[Fact, ...]) -> State:
    """Return the State of the facts of two or three authors."""
    names = ("the bridge", "the proxy", "the gateway")
    return merge("lab", PLACES, zip(names, authors, strict=False))


def refusal(*authors: tuple[Fact, ...]) -> str:
    """Return why their facts do not fit together."""
    with pytest.raises(CompileError) as caught:
        merged(*authors)
    return str(caught.value)


def test_facts_are_grouped_by_namespace_in_creation_order() -> None:
    forward = Sysctl("net.ipv4.ip_forward", "1")
    state = merged((("web", POD), ("n1", BRIDGE), ("n1", PORT)), (("n1", forward),))
    assert [(each.name, each.reference, each.role) for each in state.netns] == PLACES
    assert state["n1"].interfaces == (BRIDGE, PORT)
    assert state["n1"].sysctls == (forward,)
    assert state["web"].interfaces == (POD,)


def test_links_have_the_order_of_their_facts() -> None:
    assert merged((*CABLE, ("n1", BRIDGE)))["n1"].interfaces == (PORT, BRIDGE)


def test_equal_facts_count_once() -> None:
    assert merged((*CABLE, ("n1", BRIDGE)), (*CABLE, ("n1", BRIDGE))) == merged(
        (*CABLE, ("n1", BRIDGE))
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (BRIDGE, replace(BRIDGE, addresses=(held("10.244.1.1/24"),))),
        (
            Route(net("10.244.1.0/24"), ip("192.168.10.3")),
            Route(net("10.244.1.0/24"), ip("192.168.10.4")),
        ),
        (
            Neighbour(ip("10.244.0.2"), "02:00:0a:f4:00:02", "cbr0"),
            Neighbour(ip("10.244.0.2"), "02:00:0a:f4:00:03", "cbr0"),
        ),
        (Sysctl("net.ipv4.ip_forward", "1"), Sysctl("net.ipv4.ip_forward", "0")),
        (Chain("nat", "KUBE-SERVICES"), Chain("nat", "KUBE-SERVICES", (Rule(),))),
        (Listener(Protocol.TCP, 80, "east/pod/a"), Listener(Protocol.TCP, 80, "east/pod/b")),
    ],
    ids=lambda piece: type(piece).__name__,
)
def test_two_authors_that_contradict_each_other_are_both_named(
    one: Interface, other: Interface
) -> None:
    message = refusal((("n1", one),), (("n1", other),))
    assert message == (f"n1: the bridge and the proxy contradict each other: {one} and {other}")


def test_an_author_that_contradicts_itself_is_named_twice() -> None:
    zero, one = (Sysctl("net.ipv4.ip_forward", value) for value in "01")
    assert "the bridge and the bridge contradict" in refusal((("n1", zero), ("n1", one)))


def test_two_facts_that_differ_only_in_their_explanation_are_equal() -> None:
    route = Route(net("10.244.1.0/24"), ip("192.168.10.3"), why="pods of n2")
    merged((("n1", route),), (("n1", replace(route, why="host-gw")),))


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ([("n9", BRIDGE)], "the bridge: n9 is no namespace of this lab"),
        (
            [("n1", BRIDGE), ("n1", replace(PORT, peer=None))],
            "n1: web has no other end that names it",
        ),
        ([("n1", BRIDGE), ("n1", PORT)], "n1: web has no other end that names it"),
        (
            [("n1", BRIDGE), ("n1", PORT), ("web", replace(POD, peer=Peer("n1", "cbr0")))],
            "n1: web has no other end that names it",
        ),
        (list(CABLE), "n1: web is a port of cbr0, which is no bridge"),
        ([("n1", replace(BRIDGE, name="a-very-long-name"))], "is too long a name for a link"),
        (
            [("n1", BRIDGE), ("n1", replace(BRIDGE, name="cbr1"))],
            "n1: address 10.244.0.1 is on 2 links",
        ),
        (
            [("n1", Chain("nat", "KUBE-SERVICES", (Rule(target=Jump("KUBE-SVC-WEB")),)))],
            "n1: nat KUBE-SERVICES jumps to KUBE-SVC-WEB, which does not exist",
        ),
        (
            [
                ("n1", Chain("nat", "KUBE-SERVICES", (Rule(target=Jump("KUBE-SVC-WEB")),))),
                ("n1", Chain("nat", "KUBE-SVC-WEB", family=6)),  # of the other family
                ("n1", Chain("filter", "KUBE-SVC-WEB")),  # and of another table
            ],
            "n1: nat KUBE-SERVICES jumps to KUBE-SVC-WEB, which does not exist",
        ),
        (
            [("n1", Hook("nat", "OUTPUT", "KUBE-SERVICES"))],
            "n1: nat OUTPUT jumps to KUBE-SERVICES, which does not exist",
        ),
    ],
)
def test_a_fact_that_refers_to_what_does_not_exist_is_refused(
    facts: list[Fact], message: str
) -> None:
    assert re.search(re.escape(message), refusal(tuple(facts)))


@pytest.mark.parametrize(
    ("hook", "message"),
    [
        (None, "n1: nothing jumps to nat KUBE-SERVICES"),
        (
            Hook("nat", "OUTPUT", "KUBE-SERVICES", family=6),
            "n1: nat OUTPUT jumps to KUBE-SERVICES, which does not exist",
        ),
        (
            Hook("filter", "OUTPUT", "KUBE-SERVICES"),
            "n1: filter OUTPUT jumps to KUBE-SERVICES, which does not exist",
        ),
        (
            Hook("nat", "INPUT", "KUBE-SERVICES"),
            "n1: nat INPUT has no place for a jump to KUBE-SERVICES",
        ),
    ],
)
def test_a_chain_that_no_packet_reaches_is_refused(hook: Hook | None, message: str) -> None:
    facts: list[Fact] = [("n1", Chain("nat", "KUBE-SERVICES"))]
    assert message in refusal((*facts, *([("n1", hook)] if hook is not None else [])))


@pytest.mark.parametrize(
    ("table", "name", "there"),
    [
        ("filter", "KUBE-PROXY-CANARY", True),
        ("nat", "KUBE-NODEPORTS", True),
        ("filter", "KUBE-NODEPORTS", False),  # a hook jumps to this one
        ("nat", "KUBE-SVC-WEB", False),
    ],
)
def test_some_chains_of_kube_proxy_need_no_jump(table: str, name: str, there: bool) -> None:
    facts: tuple[Fact, ...] = (("n1", Chain(table, name)),)
    if there:
        assert [each.name for each in merged(facts)["n1"].chains] == [name]
    else:
        assert refusal(facts) == f"n1: nothing jumps to {table} {name}"


ROUTES = tuple(Route(net(f"10.244.{each}.0/24"), ip(f"192.168.10.{each}")) for each in (1, 2, 3))


@pytest.mark.parametrize(
    ("start", "stop", "held"),
    [(0, 0, "123"), (0, 1, "23"), (1, 2, "13"), (2, 3, "12"), (0, 3, "")],
)
def test_a_namespace_holds_shared_pieces_but_its_own(start: int, stop: int, held: str) -> None:
    first = Route(net("0.0.0.0/0"), ip("192.168.10.9"))
    state = merged((("n1", first), ("n1", Shared(ROUTES, start, stop))), (("web", Shared(ROUTES)),))
    assert state["n1"].routes == (first, *(ROUTES[int(each) - 1] for each in held))
    assert state["web"].routes == ROUTES


def test_two_namespaces_with_the_same_shared_chains_have_one_tuple_of_chains() -> None:
    hook, chains = Hook("nat", "OUTPUT", "KUBE-SERVICES"), (Chain("nat", "KUBE-SERVICES"),)
    facts = tuple((name, each) for name in ("n1", "web") for each in (hook, Shared(chains)))
    state = merged(facts)
    assert state["n1"].chains is state["web"].chains
    assert [each.name for each in state["n1"].chains] == ["OUTPUT", "KUBE-SERVICES"]


@pytest.mark.parametrize(
    "facts",
    [
        [ROUTES[1], Shared(ROUTES)],
        [Shared(ROUTES), replace(ROUTES[1], via=ip("192.168.10.9"))],
        [Shared(ROUTES), Shared((ROUTES[0],))],
        [Shared((*ROUTES, replace(ROUTES[1], via=None)))],
    ],
)
def test_a_piece_besides_a_shared_one_with_its_identity_is_refused(
    facts: list[Piece | Shared],
) -> None:
    message = refusal(tuple(("n1", each) for each in facts))
    assert re.search("the bridge shares what is there already: Route.*10.244.[12].0", message)


def test_every_type_of_piece_has_its_field() -> None:
    fields = {each.name for each in dataclasses.fields(Netns)} | {"rules"}
    assert set(FIELDS) == {each for union in get_args(Piece) for each in get_args(union) or [union]}
    assert set(FIELDS.values()) <= fields


def test_two_namespaces_may_hold_one_address() -> None:
    merged((("n1", BRIDGE), ("web", BRIDGE)))


def test_chains_are_ordered_by_family_and_table() -> None:
    pieces: list[Piece] = [
        Chain("nat", "KUBE-SERVICES", family=6),
        Hook("nat", "OUTPUT", "KUBE-SERVICES", family=6),
        Chain("nat", "KUBE-SERVICES"),
        Hook("nat", "OUTPUT", "KUBE-SERVICES"),
        Chain("filter", "KUBE-SERVICES", (Rule(target=Return()),)),
        Hook("filter", "OUTPUT", "KUBE-SERVICES"),
    ]
    state = merged(tuple(("n1", each) for each in pieces))
    assert [(each.family, each.table, each.name) for each in state["n1"].chains] == [
        (family, table, name)
        for name in ("OUTPUT", "KUBE-SERVICES")  # the kernel's own chains first
        for family, table in ((4, "filter"), (4, "nat"), (6, "nat"))
    ]


@pytest.mark.parametrize(
    ("address", "mac"),
    [
        ("10.244.1.10", "02:00:0a:f4:01:0a"),
        ("192.168.10.1", "02:00:c0:a8:0a:01"),
        ("fd00:10:244::1:2", "02:06:00:01:00:02"),
    ],
)
def test_a_mac_address_follows_from_the_address(address: str, mac: str) -> None:
    assert mac_of(ip(address)) == mac


def test_each_end_of_a_veth_pair_names_the_other() -> None:
    ends = dict(veth(("n1", replace(PORT, peer=None)), ("web", replace(POD, peer=None))))
    one, other = ends["n1"], ends["web"]
    assert isinstance(one, Interface)
    assert isinstance(other, Interface)
    assert (one.peer, other.peer) == (("web", "eth0"), ("n1", "web"))
    assert other.mac == "02:00:0a:f4:00:02"
    # Without an address it follows from the name: locally administered, unicast.
    assert re.fullmatch("06(:[0-9a-f]{2}){5}", one.mac)


def facts(netns: Netns) -> Iterator[tuple[str, Piece]]:
    """Yield the facts of a namespace: for the kernel's own chains, the jumps."""
    pieces: tuple[tuple[Piece, ...], ...] = (
        netns.interfaces,
        netns.routes,
        netns.sysctls,
        tuple(each for each in netns.chains if not each.built_in),
        tuple(jumps(netns)),
        netns.listeners,
    )
    for each in chain.from_iterable(pieces):
        yield netns.name, each


def jumps(netns: Netns) -> Iterator[Hook]:
    for each in netns.chains:
        for rule in each.rules if each.built_in else ():
            assert isinstance(rule.target, Jump)
            yield Hook(each.table, each.name, rule.target.chain, rule.match, each.family)


@pytest.mark.parametrize(
    ("scenario", "chain"),
    [
        ("island-nat", "IP-MASQ-AGENT"),
        ("island-nat", "KUBE-FORWARD"),
        ("island-nat", "KUBE-POSTROUTING"),
        ("island-nat", "KUBE-SERVICES"),
        ("island-nat", "NSNET-EGRESS"),
        ("island-nat", "NSNET-EXPORTS"),
        ("island-vip", "NSNET-FROM-VIRTUAL"),
        ("island-vip", "NSNET-TO-VIRTUAL"),
        ("ipvs", "KUBE-IPVS-FILTER"),
        ("ipvs", "KUBE-NODE-PORT"),
        ("load-balancer", "NSNET-LB"),
        ("mtu-black-hole", "NSNET-FAULTS"),
        ("shared-gateway", "NSNET-MARKS"),
        ("shared-gateway", "NSNET-ZONES"),
    ],
)
def test_a_chain_that_is_renamed_in_one_place_does_not_vanish(scenario: str, chain: str) -> None:
    state = shipped(scenario).state
    yielded = [fact for netns in state.netns for fact in facts(netns)]
    places = [Namespace(each.name, each.reference, each.role) for each in state.netns]
    merge("lab", places, [("the features", yielded)])
    other = [(netns, renamed(piece, chain, "NSNET-OTHER")) for netns, piece in yielded]
    with pytest.raises(CompileError, match=f"jumps to {chain}, which does not exist"):
        merge("lab", places, [("the features", other)])


def renamed(piece: Piece, old: str, new: str) -> Piece:
    if isinstance(piece, Chain) and piece.name == old:
        return replace(piece, name=new)
    return piece


FACTS = [fact for netns in shipped("clusterip").state.netns for fact in facts(netns)]


@settings(derandomize=True, max_examples=10, deadline=None)
@given(yielded=st.permutations(FACTS), cut=st.integers(0, len(FACTS)))
def test_the_state_does_not_depend_on_the_author_or_the_order_of_facts(
    yielded: list[tuple[str, Piece]], cut: int
) -> None:
    wanted = shipped("clusterip").state
    places = [Namespace(each.name, each.reference, each.role) for each in wanted.netns]
    state = merge("clusterip", places, [("one", yielded[:cut]), ("other", yielded[cut:])])
    for each in state.netns:
        assert set(each.interfaces) == set(wanted[each.name].interfaces)
        assert set(each.routes) == set(wanted[each.name].routes)
        assert set(each.sysctls) == set(wanted[each.name].sysctls)
        assert set(each.listeners) == set(wanted[each.name].listeners)
        assert set(each.chains) == set(wanted[each.name].chains)
