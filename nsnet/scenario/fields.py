"""The types of fields in scenarios and manifests, with their parsers, checks and error messages."""

import re
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    WithJsonSchema,
)
from pydantic.alias_generators import to_camel

from nsnet.ip import IPAddress, IPNetwork
from nsnet.text import quoted

LABEL: Final = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
SUBDOMAIN: Final = rf"{LABEL}(\.{LABEL})*"
ZONE_LABEL: Final = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
LONGEST_NAME: Final = 253  # characters of a DNS name


class Strict(BaseModel):
    """A mapping that allows only known keys, in camelCase."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, validate_by_name=False
    )


def parse_address(value: object) -> IPAddress:
    """Return the value as an IP address. Raises ValueError if it is none or has a scope (%eth0)."""
    try:
        # The scope of fe80::1%eth0 is a link, and each namespace has its own links.
        if isinstance(value, str) and "%" not in value:
            return ip_address(value)
    except ValueError:
        pass
    raise ValueError(f"{quoted(value)} is not an IP address")


def parse_range(value: object) -> IPNetwork:
    """Return the range of a text such as "10.244.0.7/16", without the host bits of its address.

    Raises ValueError for any other value.
    """
    wrong = f"{quoted(value)} is not a CIDR range such as 10.244.0.0/16"
    # ipaddress would also accept a bare address or a netmask; Kubernetes does not.
    if not isinstance(value, str) or not value.partition("/")[2].isdecimal() or "%" in value:
        raise ValueError(wrong)
    try:
        return ip_network(value, strict=False)
    except ValueError:
        raise ValueError(wrong) from None


def parse_network(value: object) -> IPNetwork:
    """Return the range of a text such as "10.244.0.0/16". Raises ValueError for any other value."""
    network = parse_range(value)
    if isinstance(value, str) and ip_address(value.partition("/")[0]) != network.network_address:
        message = f"{quoted(value)} does not start at its network address; did you mean {network}?"
        raise ValueError(message)
    return network


def _parse_networks(value: object) -> tuple[IPNetwork, ...]:
    """Return the ranges of a text such as "10.244.0.0/16,fd00:10:244::/56".

    There is at most one range of each family. Raises ValueError for any other value.
    """
    parts = value.split(",") if isinstance(value, str) else [value]
    networks = tuple(
        parse_network(each.strip() if isinstance(each, str) else each) for each in parts
    )
    if len({network.version for network in networks}) < len(networks):
        most = "write at most one IPv4 and one IPv6 range"
        raise ValueError(f"{quoted(value)} has two ranges of one family; {most}")
    return networks


def _parse_addresses(value: object) -> tuple[IPAddress, ...]:
    """Return the addresses of a list, or of a text such as "198.18.0.9,fd98::9".

    There is at most one address of each family. Raises ValueError for any other value.
    """
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts:
        raise ValueError(f"{quoted(value)} is not an IP address")
    addresses = tuple(
        parse_address(each.strip() if isinstance(each, str) else each) for each in parts
    )
    if len({each.version for each in addresses}) < len(addresses):
        most = "write at most one IPv4 and one IPv6 address"
        raise ValueError(f"{quoted(value)} has two addresses of one family; {most}")
    return addresses


def _parse_zone_value(value: object) -> tuple[IPAddress, ...] | str:
    """Return the addresses that a name has, or the name that it is another name (CNAME) for.

    Raises ValueError for any other value.
    """
    if isinstance(value, list | tuple) and value:
        return tuple(map(parse_address, value))
    with suppress(ValueError):
        return (parse_address(value),)
    if not isinstance(value, str) or not _is_name(value):
        raise ValueError(f"{quoted(value)} is no address, no list of addresses, and no name")
    return value.lower().removesuffix(".")


def _parse_zone_name(value: object) -> str:
    if not isinstance(value, str) or not _is_name(value.removeprefix("*.")):
        raise ValueError(f"{quoted(value)} is not a DNS name, such as www.example.com")
    return value.lower().removesuffix(".")


def _is_name(value: str) -> bool:
    labels = value.lower().removesuffix(".").split(".")
    return len(value) <= LONGEST_NAME and all(re.fullmatch(ZONE_LABEL, each) for each in labels)


def _check_port(value: int) -> int:
    if not 1 <= value <= 65535:
        raise ValueError(f"{quoted(value)} is not a port (1-65535)")
    return value


def name_check(pattern: str, longest: int, form: str) -> Callable[[str], str]:
    """Return a validator of names that match `pattern` and have at most `longest` characters.

    `form` describes the pattern in error messages.
    """

    def check(value: str) -> str:
        if len(value) > longest:
            message = f"{quoted(value)} is too long for a name: at most {longest} characters"
            raise ValueError(message)
        if not re.fullmatch(pattern, value):
            raise ValueError(f"{quoted(value)} is not a valid name: use {form}")
        return value

    return check


# The tags of the two forms of a value that may be a list, or settings instead of a switch. pydantic
# puts them in the path of an error, where they must not be mistaken for keys.
ONE: Final = "(one)"
MANY: Final = "(many)"
SWITCH: Final = "(switch)"
SETTINGS: Final = "(settings)"


def _one_or_many(value: object) -> str:
    """Return the tag of the form that the value has: a list, or a single value.

    pydantic then reports errors for that form alone.
    """
    return MANY if isinstance(value, list | tuple) else ONE


check_label = name_check(
    LABEL, 63, "lower-case letters, digits and '-', with a letter or digit at both ends"
)
check_subdomain = name_check(
    SUBDOMAIN, 253, "lower-case letters, digits, '-' and '.', with a letter or digit at both ends"
)

Address = Annotated[IPAddress, BeforeValidator(parse_address)]
CIDR_SCHEMA: Final = {"type": "string", "examples": ["10.244.0.0/16"]}
Cidr = Annotated[
    IPv4Network | IPv6Network, BeforeValidator(parse_network), WithJsonSchema(CIDR_SCHEMA)
]
Cidrs = Annotated[
    tuple[IPv4Network | IPv6Network, ...],
    BeforeValidator(_parse_networks),
    WithJsonSchema(CIDR_SCHEMA),
]
Addresses = Annotated[
    tuple[IPv4Address | IPv6Address, ...],
    BeforeValidator(_parse_addresses),
    WithJsonSchema({"type": ["string", "array"], "examples": ["198.18.0.9"]}),
]
Label = Annotated[
    str,
    AfterValidator(check_label),
    Field(json_schema_extra={"pattern": f"^{LABEL}$", "maxLength": 63}),
]
Subdomain = Annotated[
    str,
    AfterValidator(check_subdomain),
    Field(json_schema_extra={"pattern": f"^{SUBDOMAIN}$", "maxLength": 253}),
]
Port = Annotated[
    int,
    Field(strict=True, json_schema_extra={"minimum": 1, "maximum": 65535}),
    AfterValidator(_check_port),
]
Number = Annotated[int, Field(strict=True)]  # not "3", not yes
TransportProtocol = Literal["TCP", "UDP"]
ZoneName = Annotated[str, BeforeValidator(_parse_zone_name)]
ZoneValue = Annotated[
    tuple[IPv4Address | IPv6Address, ...] | str,
    PlainValidator(_parse_zone_value),
    WithJsonSchema({"type": ["string", "array"], "examples": ["203.0.113.80"]}),
]
TaintEffect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
MAX_INT32: Final = 2**31 - 1
Boolean = Annotated[bool, Field(strict=True)]  # not "true", not 1
OneOrMany = Discriminator(_one_or_many)
SwitchOrSettings = Discriminator(lambda value: SWITCH if isinstance(value, bool) else SETTINGS)


class PortSpec(Strict):
    """A port on which a machine listens."""

    port: Port
    protocol: TransportProtocol = "TCP"
