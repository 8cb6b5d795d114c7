"""The words of the wire: addresses, ranges, families and protocols."""

from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Literal, TypeAlias

IPAddress: TypeAlias = IPv4Address | IPv6Address
IPInterface: TypeAlias = IPv4Interface | IPv6Interface
IPNetwork: TypeAlias = IPv4Network | IPv6Network
Family: TypeAlias = Literal[4, 6]


class Protocol(StrEnum):
    """What a probe speaks and a port listens to, in the kernel's own lower case."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
