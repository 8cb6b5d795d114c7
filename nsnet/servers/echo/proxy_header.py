"""The PROXY protocol, version 2: the header by which a proxy names the client of a connection.

The header has a signature of 12 bytes, a byte with version and command, a byte with family and
protocol, and the length of the rest. The rest has the source address, the destination address, and
their ports. Source: haproxy's doc/proxy-protocol.txt, section 2.2. Like message.py, this uses only
the standard library.
"""

import struct
from ipaddress import ip_address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = struct.Struct("!12sBBH")
_PROXY = 0x21  # version 2, command PROXY; a proxy's own connections (health checks) say LOCAL
_ADDRESSES = {1: struct.Struct("!4s4sHH"), 2: struct.Struct("!16s16sHH")}  # IPv4, IPv6


def length(data: bytes | bytearray) -> int | None:
    """Return the length in bytes of the header with which `data` begins; None while too few bytes
    have arrived to know it."""
    if len(data) < _FIXED.size:
        return None
    *_, following = _FIXED.unpack_from(data)
    return _FIXED.size + int(following)


def client(header: bytes | bytearray) -> tuple[str, int] | None:
    """Return the client's address and port, given a complete header; None if the header names no
    client."""
    _, command, family, following = _FIXED.unpack_from(header)
    addresses = _ADDRESSES.get(family >> 4)
    if command != _PROXY or addresses is None or following < addresses.size:
        return None
    source, _, port, _ = addresses.unpack_from(header, _FIXED.size)
    return str(ip_address(source)), port
