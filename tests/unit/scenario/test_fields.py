"""Values of fields: addresses, ranges, names and ports."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from nsnet.scenario.fields import Address, Addresses, Cidr, Cidrs, Label, Port, Subdomain


@pytest.mark.parametrize(
    ("field", "written", "read"),
    [
        (Address, "10.0.0.1", "10.0.0.1"),
        (Address, "FD00::0:1", "fd00::1"),
        (Cidr, "10.0.0.0/8", "10.0.0.0/8"),
        (Cidrs, "10.0.0.0/8, fd00::/8", "10.0.0.0/8 fd00::/8"),
        (Addresses, "198.18.0.9,fd98::9", "198.18.0.9 fd98::9"),
        (Addresses, ["198.18.0.9", "fd98::9"], "198.18.0.9 fd98::9"),
        (Port, 65535, "65535"),
        (Label, "a-1", "a-1"),
        (Subdomain, "a.b-1", "a.b-1"),
    ],
)
def test_values_that_a_field_accepts(field: Any, written: object, read: str) -> None:
    found = TypeAdapter(field).validate_python(written)
    assert " ".join(map(str, found if isinstance(found, tuple) else (found,))) == read


@pytest.mark.parametrize(
    ("field", "written"),
    [
        (Address, "10.0.0.256"),
        (Address, "10.0.0.1/8"),
        (Address, "fe80::1%eth0"),
        (Address, 10),
        (Cidr, "10.0.0.1"),  # no prefix length
        (Cidr, "10.0.0.0/255.0.0.0"),
        (Cidr, "10.0.0.1/8"),
        (Cidrs, "10.0.0.0/8,11.0.0.0/8"),  # two IPv4 ranges
        (Addresses, []),
        (Addresses, "198.18.0.9,198.18.0.10"),
        (Port, 0),
        (Port, 65536),
        (Port, "80"),
        (Label, "a.b"),
        (Label, "-a"),
        (Label, "a" * 64),
        (Subdomain, "A"),
    ],
)
def test_values_that_a_field_refuses(field: Any, written: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(field).validate_python(written)
