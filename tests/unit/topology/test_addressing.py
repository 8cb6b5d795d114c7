"""Who owns which address: lowest first, one owner each, and no move while a lab changes."""

import json
from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.ip import IPAddress
from nsnet.topology.addressing import AddressError, Assignment, Pool, allocate
from tests.support.labs import ip, net


def taken(pool: Pool, *owners: str) -> list[str]:
    """What each of these gets, as text."""
    return [str(pool.take(owner)) for owner in owners]


@pytest.mark.parametrize(
    ("network", "reserved", "addresses"),
    [
        ("10.244.0.0/24", [], ["10.244.0.1", "10.244.0.2", "10.244.0.3"]),
        ("10.244.0.0/24", ["10.244.0.1"], ["10.244.0.2", "10.244.0.3", "10.244.0.4"]),
        ("10.96.0.0/16", ["10.96.0.2"], ["10.96.0.1", "10.96.0.3", "10.96.0.4"]),
        ("fd00:10:244::/64", [], ["fd00:10:244::1", "fd00:10:244::2", "fd00:10:244::3"]),
        ("fd00::/112", ["fd00::1"], ["fd00::2", "fd00::3", "fd00::4"]),
    ],
)
def test_a_range_gives_its_lowest_free_address(
    network: str, reserved: list[str], addresses: list[str]
) -> None:
    assert taken(Pool(net(network), map(ip, reserved)), "a", "b", "c") == addresses


@pytest.mark.parametrize(
    ("network", "addresses"),
    [
        ("10.0.0.0/30", ["10.0.0.1", "10.0.0.2"]),  # .0 is the network, .3 its broadcast address
        ("fd00::/126", ["fd00::1", "fd00::2", "fd00::3"]),  # IPv6 has none; ::0 is every router's
    ],
)
def test_a_range_ends(network: str, addresses: list[str]) -> None:
    pool = Pool(net(network))
    assert taken(pool, *("x" for _ in addresses)) == addresses
    with pytest.raises(AddressError, match=f"{network} has no free address left for one-more"):
        pool.take("one-more")


def test_an_address_has_one_owner() -> None:
    pool = Pool(net("10.96.0.0/16"))
    pool.hold(ip("10.96.0.7"), "east/svc/web")
    pool.hold(ip("10.96.0.7"), "east/svc/web")  # who has it may hold it again
    with pytest.raises(AddressError, match=r"^10\.96\.0\.7 is taken by east/svc/web$"):
        pool.hold(ip("10.96.0.7"), "east/svc/api")


def test_an_address_of_another_range_cannot_be_held() -> None:
    with pytest.raises(AddressError, match=r"^10\.97\.0\.1 is outside 10\.96\.0\.0/16$"):
        Pool(net("10.96.0.0/16")).hold(ip("10.97.0.1"), "east/svc/web")


@pytest.mark.parametrize(
    ("wanted", "addresses"),
    [
        ({}, {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}),
        ({"c": "10.0.0.1"}, {"a": "10.0.0.2", "b": "10.0.0.3", "c": "10.0.0.1"}),
        ({"b": "10.0.0.9"}, {"a": "10.0.0.1", "b": "10.0.0.9", "c": "10.0.0.2"}),
        ({"gone": "10.0.0.1"}, {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}),
    ],
)
def test_what_is_wanted_is_held_before_the_others_are_served(
    wanted: dict[str, str], addresses: dict[str, str]
) -> None:
    given_ = allocate(
        Pool(net("10.0.0.0/24")), "abc", {owner: ip(each) for owner, each in wanted.items()}
    )
    assert {owner: str(given_[owner]) for owner in "abc"} == addresses


ASSIGNMENT = Assignment(
    {"east/pod/web": (ip("10.244.0.2"), ip("fd00:10:244::2")), "east/svc/web": (ip("10.96.0.2"),)},
    {"east/node/n1": (net("10.244.0.0/24"), net("fd00:10:244::/64"))},
    {"east/pod/web": "n1"},
    {"east/svc/web:80/tcp": 30080},
)


def test_an_assignment_survives_a_file() -> None:
    assert Assignment.from_json(json.loads(json.dumps(ASSIGNMENT.to_json()))) == ASSIGNMENT


def test_an_assignment_is_readable_in_its_file() -> None:
    assert ASSIGNMENT.to_json() == {
        "addresses": {
            "east/pod/web": ["10.244.0.2", "fd00:10:244::2"],
            "east/svc/web": ["10.96.0.2"],
        },
        "podCIDRs": {"east/node/n1": ["10.244.0.0/24", "fd00:10:244::/64"]},
        "nodes": {"east/pod/web": "n1"},
        "nodePorts": {"east/svc/web:80/tcp": 30080},
    }


def test_a_file_from_before_there_were_node_ports_is_read() -> None:
    before = {name: held for name, held in ASSIGNMENT.to_json().items() if name != "nodePorts"}
    assert Assignment.from_json(json.loads(json.dumps(before))).node_ports == {}


@pytest.mark.parametrize("data", [{}, {"addresses": {"a": ["x"]}, "podCIDRs": {}, "nodes": {}}])
def test_a_file_of_another_shape_is_refused(data: dict[str, dict[str, list[str]]]) -> None:
    with pytest.raises((KeyError, ValueError)):
        Assignment.from_json(data)


@pytest.mark.parametrize(
    ("owner", "network", "address"),
    [
        ("east/pod/web", "10.244.0.0/24", "10.244.0.2"),
        ("east/pod/web", "fd00:10:244::/64", "fd00:10:244::2"),
        ("east/pod/web", "10.250.0.0/24", "None"),  # the range of another node
        ("east/pod/new", "10.244.0.0/24", "None"),
    ],
)
def test_what_an_owner_holds_in_a_range(owner: str, network: str, address: str) -> None:
    assert str(ASSIGNMENT.of(owner, net(network))) == address


owners = st.lists(st.sampled_from("abcdefghij"), unique=True)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(before=owners, after=owners, network=st.sampled_from(["10.0.0.0/28", "fd00::/124"]))
def test_over_any_change_who_stays_keeps_its_address(
    before: list[str], after: list[str], network: str
) -> None:
    pool = ip_network(network)
    old: dict[str, IPAddress] = allocate(Pool(pool), before, {})
    new = allocate(Pool(pool), after, old)
    assert {owner: new[owner] for owner in after if owner in old} == {
        owner: old[owner] for owner in after if owner in old
    }
    assert len(set(new.values())) == len(after)
    assert all(address in pool for address in new.values())
