"""The PROXY protocol, version 2: the header by which a proxy names the client of a connection.

A signature of 12 bytes, version and command, family and protocol, the length of what follows; then
source, destination and their ports.
Source: haproxy's doc/proxy-protocol.txt, section 2.2. Standard library only, as message.py.
"""

import struct
from ipaddress import ip_address

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
_FIXED = struct.Struct("!12sBBH")
_PROXY = 0x21  # version 2, command PROXY; a proxy's own connections (health checks) say LOCAL
_ADDRESSES = {1: struct.Struct("!4s4sHH"), 2: struct.Struct("!16s16sHH")}  # IPv4, IPv6


def length(data: bytes | bytearray) -> int | None:
    """Return the bytes of the header that `data` begins with; None while too few have arrived."""
    if len(data) < _FIXED.size:
        return None
    *_, following = _FIXED.unpack_from(data)
    return _FIXED.size + int(following)


def client(header: bytes | bytearray) -> tuple[str, int] | None:
    """Return the client's address and port; None where a complete header names none."""
    _, command, family, following = _FIXED.unpack_from(header)
    addresses = _ADDRESSES.get(family >> 4)
    if command != _PROXY or addresses is None or following < addresses.size:
        return None
    source, _, port, _ = addresses.unpack_from(header, _FIXED.size)
    return str(ip_address(source)), port
