"""Types of fields: what they take, what they make of it, and what they say of anything else."""

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    WithJsonSchema,
)

from nsnet.ip import IPAddress, IPNetwork
from nsnet.text import quoted

LABEL: Final = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
SUBDOMAIN: Final = r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"


def address(value: object) -> IPAddress:
    """The address that a text stands for. Raises ValueError."""
    try:
        # An address with a scope (fe80::1%eth0) means another place in every namespace.
        if isinstance(value, str) and "%" not in value:
            return ip_address(value)
    except ValueError:
        pass
    raise ValueError(f"{quoted(value)} is not an IP address")


def _network(value: object) -> IPNetwork:
    wrong = f"{quoted(value)} is not a CIDR range such as 10.244.0.0/16"
    # ipaddress would also take a bare address and a netmask; Kubernetes does not.
    if not isinstance(value, str) or not value.partition("/")[2].isdecimal() or "%" in value:
        raise ValueError(wrong)
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        raise ValueError(wrong) from None
    if ip_address(value.partition("/")[0]) != network.network_address:
        message = f"{quoted(value)} has bits set behind its prefix; did you mean {network}?"
        raise ValueError(message)
    return network


def _networks(value: object) -> tuple[IPNetwork, ...]:
    """One range a family, in Kubernetes' own notation: "10.244.0.0/16,fd00:10:244::/56"."""
    parts = value.split(",") if isinstance(value, str) else [value]
    networks = tuple(_network(each.strip() if isinstance(each, str) else each) for each in parts)
    if len({network.version for network in networks}) < len(networks):
        raise ValueError(f"{quoted(value)} has two ranges of one family")
    return networks


def _addresses(value: object) -> tuple[IPAddress, ...]:
    """One address a family, as a text or a list: "198.18.0.9,fd98::9"."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts:
        raise ValueError(f"{quoted(value)} is not an IP address")
    addresses = tuple(address(each.strip() if isinstance(each, str) else each) for each in parts)
    if len({each.version for each in addresses}) < len(addresses):
        raise ValueError(f"{quoted(value)} has two addresses of one family")
    return addresses


def _port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise ValueError(f"{quoted(value)} is not a port (1-65535)")
    return value


def named(pattern: str, between: str, longest: int, first: str = "") -> Callable[[str], str]:
    """A check that a name has this form; `first` says what else is asked of its beginning."""

    def check(value: str) -> str:
        if len(value) > longest:
            raise ValueError(f"{quoted(value)} is too long a name: at most {longest} characters")
        if not re.fullmatch(pattern, value):
            allowed = f"lower-case letters and digits, and {between} only between them{first}"
            raise ValueError(f"{quoted(value)} is no name: {allowed}")
        return value

    return check


# The two forms of a value that may be a list, as pydantic names them; no key looks like that.
ONE: Final = "(one)"
MANY: Final = "(many)"


def _one_or_many(value: object) -> str:
    """Which form is meant, so that a mistake is reported for that one alone."""
    return MANY if isinstance(value, list | tuple) else ONE


Address = Annotated[IPAddress, BeforeValidator(address)]
CIDR_SCHEMA: Final = {"type": "string", "examples": ["10.244.0.0/16"]}
Cidr = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network), WithJsonSchema(CIDR_SCHEMA)]
Cidrs = Annotated[
    tuple[IPv4Network | IPv6Network, ...],
    BeforeValidator(_networks),
    WithJsonSchema(CIDR_SCHEMA),
]
Addresses = Annotated[
    tuple[IPv4Address | IPv6Address, ...],
    BeforeValidator(_addresses),
    WithJsonSchema({"type": ["string", "array"], "examples": ["198.18.0.9"]}),
]
Label = Annotated[
    str,
    AfterValidator(named(LABEL, "'-'", 63)),
    Field(json_schema_extra={"pattern": f"^{LABEL}$", "maxLength": 63}),
]
Subdomain = Annotated[
    str,
    AfterValidator(named(SUBDOMAIN, "'-' and '.'", 253)),
    Field(json_schema_extra={"pattern": f"^{SUBDOMAIN}$", "maxLength": 253}),
]
Port = Annotated[
    int,
    Field(strict=True, json_schema_extra={"minimum": 1, "maximum": 65535}),
    AfterValidator(_port),
]
Number = Annotated[int, Field(strict=True)]  # neither "3" nor yes
Boolean = Annotated[bool, Field(strict=True)]  # neither "true" nor 1
OneOrMany = Discriminator(_one_or_many)
