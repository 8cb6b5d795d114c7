"""Ranges that contradict each other, or Azure."""

from typing import Literal

import pytest

from nsnet.sizing.ranges import Range, conflicts
from tests.support.labs import net

Use = Literal["subnet", "pods", "services", "network"]


def said(*ranges: tuple[str, Use, str]) -> list[str]:
    found = conflicts([Range(name, use, net(network)) for name, use, network in ranges])
    return [message for _, message in found]


@pytest.mark.parametrize(
    ("name", "use", "network", "message"),
    [
        ("subnet", "subnet", "169.254.3.0/24", "is part of 169.254.0.0/16, which Azure reserves"),
        ("podCIDR", "pods", "172.30.0.0/16", "is 172.30.0.0/16, which Azure reserves"),
        (
            "serviceCIDR",
            "services",
            "172.31.8.0/24",
            "is part of 172.31.0.0/16, which Azure reserves",
        ),
        ("VNet", "network", "192.0.2.0/25", "is part of 192.0.2.0/24, which Azure reserves"),
        ("serviceCIDR", "services", "10.0.0.0/12", "has to be smaller than a /12"),
        ("subnet", "subnet", "10.0.0.0/30", "is smaller than a /29, the smallest subnet"),
        (
            "podCIDR",
            "pods",
            "8.8.0.0/16",
            "is outside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10",
        ),
        (
            "podCIDR",
            "pods",
            "192.0.0.0/9",  # contains 192.168.0.0/16 and more
            "contains 192.0.2.0/24, which Azure reserves",
        ),
    ],
)
def test_a_range_that_azure_does_not_allow(name: str, use: Use, network: str, message: str) -> None:
    assert f"{name} {network} {message}" in said((name, use, network))


def test_a_range_that_contains_forbidden_ones_is_forbidden() -> None:
    assert said(("subnet", "subnet", "172.16.0.0/12")) == [
        "subnet 172.16.0.0/12 contains 172.30.0.0/16, which Azure reserves",
        "subnet 172.16.0.0/12 contains 172.31.0.0/16, which Azure reserves",
    ]


def test_a_range_with_public_addresses_besides_private_ones_is_no_range_of_pods() -> None:
    assert said(("podCIDR", "pods", "10.0.0.0/7")) == [
        "podCIDR 10.0.0.0/7 is outside 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10"
    ]


@pytest.mark.parametrize("network", ["10.0.0.0/13", "10.96.0.0/16", "198.51.100.0/24"])
def test_allowed_ranges_of_services(network: str) -> None:
    assert said(("serviceCIDR", "services", network)) == []


@pytest.mark.parametrize("network", ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/13"])
def test_allowed_ranges_of_pods(network: str) -> None:
    assert said(("podCIDR", "pods", network)) == []


def test_each_pair_of_ranges_that_overlap_is_named_once() -> None:
    assert said(
        ("VNet hub", "network", "10.224.0.0/12"),
        ("podCIDR", "pods", "10.224.8.0/24"),
        ("serviceCIDR", "services", "10.224.0.0/16"),
    ) == [
        "podCIDR 10.224.8.0/24 overlaps VNet hub 10.224.0.0/12",
        "serviceCIDR 10.224.0.0/16 overlaps VNet hub 10.224.0.0/12",
        "serviceCIDR 10.224.0.0/16 overlaps podCIDR 10.224.8.0/24",
    ]


def test_neighbouring_ranges_do_not_overlap() -> None:
    assert said(("subnet", "subnet", "10.0.0.0/24"), ("podCIDR", "pods", "10.0.1.0/24")) == []
