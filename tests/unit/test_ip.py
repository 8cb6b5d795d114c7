"""Addresses, ranges and families."""

from ipaddress import ip_address, ip_interface, ip_network

import pytest

from nsnet.ip import all_of_family, endpoint, everywhere, ips_of, mapped, of_family, single

BOTH = (ip_address("10.0.0.1"), ip_address("fd00::1"))


def test_addresses_are_found_by_their_family() -> None:
    assert (of_family(BOTH, 6), of_family(BOTH[:1], 6)) == (BOTH[1], None)
    assert all_of_family((*BOTH, *BOTH), 4) == (BOTH[0], BOTH[0])


def test_an_interface_without_its_prefix_is_an_address() -> None:
    assert ips_of((ip_interface("10.0.0.1/24"), ip_interface("fd00::1/64"))) == BOTH


def test_a_network_of_one_and_one_of_all() -> None:
    assert [str(single(each)) for each in BOTH] == ["10.0.0.1/32", "fd00::1/128"]
    assert [str(everywhere(each)) for each in BOTH] == ["0.0.0.0/0", "::/0"]


@pytest.mark.parametrize(
    ("address", "network", "expected"),
    [
        ("10.244.3.7", "100.64.0.0/16", "100.64.3.7"),
        ("10.244.3.7", "100.64.8.0/24", "100.64.8.7"),
        ("fd00:10:244::7", "fd64::/64", "fd64::7"),
    ],
)
def test_netmap_keeps_the_host_and_changes_the_network(
    address: str, network: str, expected: str
) -> None:
    assert mapped(ip_address(address), ip_network(network)) == ip_address(expected)


def test_an_ipv6_address_is_bracketed_before_a_port() -> None:
    assert [endpoint(each, 80) for each in BOTH] == ["10.0.0.1:80", "[fd00::1]:80"]
