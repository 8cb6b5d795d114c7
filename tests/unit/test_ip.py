"""Addresses, ranges and families."""

from ipaddress import ip_address, ip_interface, ip_network

import pytest

from nsnet.ip import (
    all_of_family,
    default_destination,
    endpoint,
    first_host,
    host_network,
    ips_of,
    mapped,
    of_family,
)

BOTH = (ip_address("10.0.0.1"), ip_address("fd00::1"))


def test_addresses_of_a_family() -> None:
    assert (of_family(BOTH, 6), of_family(BOTH[:1], 6)) == (BOTH[1], None)
    assert all_of_family((*BOTH, *BOTH), 4) == (BOTH[0], BOTH[0])


def test_the_addresses_of_interfaces() -> None:
    assert ips_of((ip_interface("10.0.0.1/24"), ip_interface("fd00::1/64"))) == BOTH


def test_the_network_of_one_address_and_that_of_all() -> None:
    assert [str(host_network(each)) for each in BOTH] == ["10.0.0.1/32", "fd00::1/128"]
    assert [str(default_destination(each)) for each in BOTH] == ["0.0.0.0/0", "::/0"]


def test_the_first_host_of_a_network_is_its_router() -> None:
    assert first_host(ip_network("192.168.0.0/24")) == ip_interface("192.168.0.1/24")
    assert first_host(ip_network("fd00::/64")) == ip_interface("fd00::1/64")


@pytest.mark.parametrize(
    ("address", "network", "expected"),
    [
        ("10.244.3.7", "100.64.0.0/16", "100.64.3.7"),
        ("10.244.3.7", "100.64.8.0/24", "100.64.8.7"),
        ("fd00:10:244::7", "fd64::/64", "fd64::7"),
    ],
)
def test_netmap_keeps_the_host_part_and_replaces_the_network_part(
    address: str, network: str, expected: str
) -> None:
    assert mapped(ip_address(address), ip_network(network)) == ip_address(expected)


def test_an_ipv6_address_is_bracketed_before_a_port() -> None:
    assert [endpoint(each, 80) for each in BOTH] == ["10.0.0.1:80", "[fd00::1]:80"]
