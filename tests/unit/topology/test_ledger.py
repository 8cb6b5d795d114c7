"""What one resolution records: mistakes, and the owners of addresses in fabricCIDR."""

import pytest

from nsnet.topology.assignment import Assignment
from nsnet.topology.ledger import Ledger
from nsnet.topology.pool import AddressError, Pool
from tests.support.labs import ip, net, written

DUAL = "fabricCIDR: 198.18.0.0/24,fd98::/64"


def ledger(keep: Assignment | None = None, spec: str = "") -> Ledger:
    return Ledger(written(clusters=("{name: east}",), spec=spec), keep or Assignment())


def kept(**addresses: str) -> Assignment:
    """An assignment of these addresses, by owner."""
    return Assignment({owner: tuple(map(ip, each.split())) for owner, each in addresses.items()})


def allocated(found: Ledger, owner: str, *families: int) -> list[str]:
    return list(map(str, found.allocate_fabric_ips(families or (4, 6), owner)))


def test_a_mistake_has_its_line_and_path() -> None:
    found = ledger()
    found.refuse("spec.clusters[0].name", "is wrong")
    assert list(map(str, found.problems)) == ["lab.yaml:6: spec.clusters[0].name: is wrong"]


def test_owners_keep_their_addresses_and_others_get_free_ones() -> None:
    found = ledger(kept(b="10.0.0.1"))
    owners = found.allocate("spec.x", Pool(net("10.0.0.0/24")), ["a", "b"])
    assert {owner: str(each) for owner, each in owners.items()} == {
        "a": "10.0.0.2",
        "b": "10.0.0.1",
    }


def test_a_range_with_too_few_addresses_is_a_mistake_at_its_path() -> None:
    found = ledger()
    assert found.allocate("spec.fabricCIDR", Pool(net("10.0.0.0/30")), "abc") == {}
    (problem,) = found.problems
    assert problem.message == "10.0.0.0/30 has no free address left for c"


def test_the_first_address_of_the_fabric_is_its_own() -> None:
    found = ledger(spec=DUAL)
    assert allocated(found, "a") == ["198.18.0.2", "fd98::2"]
    with pytest.raises(AddressError, match=r"198\.18\.0\.1 is taken by fabric"):
        found.reserve_fabric_ip(ip("198.18.0.1"), "a")


def test_an_address_of_each_family_that_the_fabric_has() -> None:
    assert allocated(ledger(), "a", 4, 6) == ["198.18.0.2"]
    assert allocated(ledger(), "a", 6) == []
    assert allocated(ledger(spec=DUAL), "a", 6) == ["fd98::2"]


def test_an_address_outside_the_fabric_is_not_reserved() -> None:
    found = ledger()
    assert found.reserve_fabric_ip(ip("198.18.0.2"), "a")
    assert not found.reserve_fabric_ip(ip("203.0.113.1"), "a")


def test_an_allocated_address_keeps_its_owner_when_it_is_reserved_if_free() -> None:
    found = ledger()
    found.reserve_fabric_ip(ip("198.18.0.2"), "a")
    found.reserve_fabric_ip_if_free(ip("198.18.0.2"), "b")
    found.reserve_fabric_ip(ip("198.18.0.2"), "a")
    found.reserve_fabric_ip_if_free(ip("198.18.0.3"), "b")
    with pytest.raises(AddressError, match=r"198\.18\.0\.3 is taken by b"):
        found.reserve_fabric_ip(ip("198.18.0.3"), "a")


def test_a_kept_address_is_allocated_to_its_owner_unless_the_file_gives_it_to_another() -> None:
    found = ledger(kept(a="198.18.0.2", b="198.18.0.3"))
    found.reserve_fabric_ip(ip("198.18.0.2"), "c")
    found.reserve_kept_fabric_ips()
    assert allocated(found, "new") == ["198.18.0.4"]
    assert allocated(found, "b") == ["198.18.0.3"]
    assert allocated(found, "a") == ["198.18.0.5"]


def test_written_addresses_win_over_kept_ones() -> None:
    found = ledger(kept(a="198.18.0.2"))
    found.reserve_fabric_ip(ip("198.18.0.9"), "a")
    found.reserve_kept_fabric_ips()
    assert found.allocate_fabric_ips({4}, "a", [ip("198.18.0.9")]) == (ip("198.18.0.9"),)


def test_a_full_fabric_is_a_mistake_of_its_range() -> None:
    found = ledger(spec="fabricCIDR: 198.18.0.0/30")
    assert allocated(found, "a") == ["198.18.0.2"]
    assert allocated(found, "b") == []
    (problem,) = found.problems
    assert (problem.path, problem.message) == (
        "spec.fabricCIDR",
        "198.18.0.0/30 has no free address left for b",
    )
