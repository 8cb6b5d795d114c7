"""Addresses, ranges, families and protocols."""

from collections.abc import Iterable
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_network,
)
from typing import Final, Literal, TypeAlias, TypeVar

IPAddress: TypeAlias = IPv4Address | IPv6Address
IPInterface: TypeAlias = IPv4Interface | IPv6Interface
IPNetwork: TypeAlias = IPv4Network | IPv6Network
Family: TypeAlias = Literal[4, 6]
_Versioned = TypeVar("_Versioned", bound=IPAddress | IPNetwork)


class Protocol(StrEnum):
    """The protocol of a probe or a port, spelled as in the kernel's netfilter."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"


_EVERYWHERE: Final[dict[int, IPNetwork]] = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
# As IANA assigned them. ICMP has one number per family: 1 and 58.
PROTOCOL_NUMBERS: Final = {Protocol.TCP: 6, Protocol.UDP: 17}


def of_family(addresses: Iterable[IPAddress], family: Family) -> IPAddress | None:
    """Return the first address of this family, or None."""
    return next((each for each in addresses if each.version == family), None)


def all_of_family(each_of: Iterable[_Versioned], family: Family) -> tuple[_Versioned, ...]:
    """Return the addresses or ranges of this family."""
    return tuple(each for each in each_of if each.version == family)


def ips_of(interfaces: tuple[IPInterface, ...]) -> tuple[IPAddress, ...]:
    """Return the addresses of interfaces, without prefix lengths."""
    return tuple(each.ip for each in interfaces)


def host_network(address: IPAddress) -> IPNetwork:
    """Return the network that contains only this address: a /32 in IPv4, a /128 in IPv6."""
    if address.version == 4:
        return IPv4Network((int(address), 32))  # twice as fast as from text
    return IPv6Network((int(address), 128))


def held_at(address: IPAddress, network: IPNetwork) -> IPInterface:
    """Return the address as a link holds it: with the prefix length of its network."""
    if address.version == 4:
        return IPv4Interface((int(address), network.prefixlen))  # twice as fast as from text
    return IPv6Interface((int(address), network.prefixlen))


def first_host(network: IPNetwork) -> IPInterface:
    """Return the first host address of the network, with the network's prefix length. It is the
    address of the network's router."""
    return held_at(network[1], network)


def mapped(address: IPAddress, network: IPNetwork) -> IPAddress:
    """Return the address to which NETMAP translates `address`: the one in `network` that has the
    same host part."""
    return network[int(address) & int(network.hostmask)]


def default_destination(address: IPAddress) -> IPNetwork:
    """Return the destination of a default route in this address's family: 0.0.0.0/0 or ::/0."""
    return _EVERYWHERE[address.version]


def endpoint(address: IPAddress, port: int) -> str:
    """Return an address and a port as netfilter writes them: 10.0.0.1:80, [fd00::1]:80."""
    return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"
