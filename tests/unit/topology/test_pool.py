"""A range of addresses: allocated lowest first, and each to one owner."""

from ipaddress import ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nsnet.ip import IPAddress
from nsnet.topology.pool import AddressError, Pool, allocate_all
from tests.support.labs import ip, net


def allocated(pool: Pool, *owners: str) -> list[str]:
    """The address that each of these gets, as text."""
    return [str(pool.allocate(owner)) for owner in owners]


@pytest.mark.parametrize(
    ("network", "excluded", "addresses"),
    [
        ("10.244.0.0/24", [], ["10.244.0.1", "10.244.0.2", "10.244.0.3"]),
        ("10.244.0.0/24", ["10.244.0.1"], ["10.244.0.2", "10.244.0.3", "10.244.0.4"]),
        ("10.96.0.0/16", ["10.96.0.2"], ["10.96.0.1", "10.96.0.3", "10.96.0.4"]),
        ("fd00:10:244::/64", [], ["fd00:10:244::1", "fd00:10:244::2", "fd00:10:244::3"]),
        ("fd00::/112", ["fd00::1"], ["fd00::2", "fd00::3", "fd00::4"]),
    ],
)
def test_the_lowest_free_address_is_allocated_first(
    network: str, excluded: list[str], addresses: list[str]
) -> None:
    assert allocated(Pool(net(network), map(ip, excluded)), "a", "b", "c") == addresses


@pytest.mark.parametrize(
    ("network", "addresses"),
    [
        ("10.0.0.0/30", ["10.0.0.1", "10.0.0.2"]),  # .0 is the network, .3 its broadcast address
        ("fd00::/126", ["fd00::1", "fd00::2", "fd00::3"]),  # ::0 is the subnet-router anycast
    ],
)
def test_a_range_ends(network: str, addresses: list[str]) -> None:
    pool = Pool(net(network))
    assert allocated(pool, *("x" for _ in addresses)) == addresses
    with pytest.raises(AddressError, match=f"{network} has no free address left for one-more"):
        pool.allocate("one-more")


def test_an_address_has_one_owner() -> None:
    pool = Pool(net("10.96.0.0/16"))
    pool.reserve(ip("10.96.0.7"), "east/svc/web")
    pool.reserve(ip("10.96.0.7"), "east/svc/web")  # its owner may reserve it again
    with pytest.raises(AddressError, match=r"^10\.96\.0\.7 is taken by east/svc/web$"):
        pool.reserve(ip("10.96.0.7"), "east/svc/api")


def test_the_owner_of_an_address() -> None:
    pool = Pool(net("10.96.0.0/16"))
    pool.reserve(ip("10.96.0.2"), "east/svc/web")
    pool.allocate("east/svc/api")
    owners = [pool.owner(ip(f"10.96.0.{number}")) for number in (1, 2, 3)]
    assert owners == ["east/svc/api", "east/svc/web", None]


def test_an_excluded_address_can_be_reserved() -> None:
    pool = Pool(net("10.96.0.0/16"), [ip("10.96.0.10")])
    pool.reserve(ip("10.96.0.10"), "east/svc/dns")
    assert pool.owner(ip("10.96.0.10")) == "east/svc/dns"


def test_a_reserved_address_is_not_allocated_to_another_owner() -> None:
    pool = Pool(net("10.96.0.0/16"))
    pool.reserve(ip("10.96.0.1"), "a")
    assert allocated(pool, "b") == ["10.96.0.2"]


def test_an_address_of_another_range_cannot_be_reserved() -> None:
    with pytest.raises(AddressError, match=r"^10\.97\.0\.1 is outside 10\.96\.0\.0/16$"):
        Pool(net("10.96.0.0/16")).reserve(ip("10.97.0.1"), "east/svc/web")


@pytest.mark.parametrize(
    ("wanted", "addresses"),
    [
        ({}, {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}),
        ({"c": "10.0.0.1"}, {"a": "10.0.0.2", "b": "10.0.0.3", "c": "10.0.0.1"}),
        ({"b": "10.0.0.9"}, {"a": "10.0.0.1", "b": "10.0.0.9", "c": "10.0.0.2"}),
        ({"gone": "10.0.0.1"}, {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}),
    ],
)
def test_wanted_addresses_are_reserved_before_others_are_allocated(
    wanted: dict[str, str], addresses: dict[str, str]
) -> None:
    found = allocate_all(
        Pool(net("10.0.0.0/24")), "abc", {owner: ip(each) for owner, each in wanted.items()}
    )
    assert {owner: str(found[owner]) for owner in "abc"} == addresses


owners = st.lists(st.sampled_from("abcdefghij"), unique=True)


@settings(derandomize=True, max_examples=40, deadline=None)
@given(before=owners, after=owners, network=st.sampled_from(["10.0.0.0/28", "fd00::/124"]))
def test_an_owner_keeps_its_address_over_any_change(
    before: list[str], after: list[str], network: str
) -> None:
    pool = ip_network(network)
    old: dict[str, IPAddress] = allocate_all(Pool(pool), before, {})
    new = allocate_all(Pool(pool), after, old)
    assert {owner: new[owner] for owner in after if owner in old} == {
        owner: old[owner] for owner in after if owner in old
    }
    assert len(set(new.values())) == len(after)
    assert all(address in pool for address in new.values())


def test_a_run_is_the_first_of_its_length_that_is_free() -> None:
    pool = Pool(net("10.0.0.0/28"), [ip("10.0.0.1")])
    pool.reserve(ip("10.0.0.4"), "a")
    assert [*map(str, pool.allocate_run("b", 3))] == ["10.0.0.5", "10.0.0.6", "10.0.0.7"]
    assert pool.owner(ip("10.0.0.6")) == "b"
    with pytest.raises(AddressError, match="no 8 free addresses in a row left for c"):
        pool.allocate_run("c", 8)


def test_in_a_window_its_addresses_alone_are_allocated() -> None:
    window = [ip(f"10.0.0.{last}") for last in (5, 6, 7)]
    pool = Pool(net("10.0.0.0/24"), [ip("10.0.0.6")], window)
    assert allocated(pool, "a") == ["10.0.0.5"]
    assert str(pool.allocate_last("own")) == "10.0.0.7"
    with pytest.raises(AddressError):
        pool.allocate("b")
