"""A program that opens TCP connections, and prints how long their handshakes take.

python -I -S handshakes.py ADDRESS PORT NUMBER

A packet socket receives the SYN and the SYN-ACK of each connection, with the kernel's timestamps.
The program prints the times between them, in nanoseconds, as a list in JSON. Only the standard
library is used here, so that it starts in 20 ms.
"""

import json
import socket
import struct
import sys
from collections.abc import Iterator
from contextlib import suppress

_ETH_P_ALL = 3
_SO_TIMESTAMPNS = 35  # as in asm-generic/socket.h
_FLAGS = 13  # offset of the flags in a TCP header
_SYN, _ACK = 2, 16


def _handshakes(seen: list[tuple[int, bytes]], port: int) -> Iterator[int]:
    """Yield the time between the SYN and the SYN-ACK of each connection."""
    asked: dict[int, int] = {}
    for at, packet in seen:
        header = (packet[0] & 15) * 4 if packet[0] >> 4 == 4 else 40
        source, to = struct.unpack_from("!HH", packet, header)
        flags = packet[header + _FLAGS] & (_SYN | _ACK)
        if flags == _SYN and to == port:
            asked.setdefault(source, at)
        elif flags == _SYN | _ACK and source == port and to in asked:
            yield at - asked.pop(to)


def _received(tap: socket.socket) -> Iterator[tuple[int, bytes]]:
    with suppress(BlockingIOError):
        while True:
            packet, control, _, _ = tap.recvmsg(128, 64, socket.MSG_DONTWAIT)
            for _, kind, data in control:
                if kind == _SO_TIMESTAMPNS and len(packet) >= 40:
                    seconds, nanoseconds = struct.unpack("qq", data)
                    yield seconds * 1_000_000_000 + nanoseconds, packet


def measured(address: str, port: int, number: int) -> list[int]:
    """Return the times of this number of handshakes, in nanoseconds. Raises OSError."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL)) as tap:
        tap.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        seen: list[tuple[int, bytes]] = []
        for _ in range(number):
            socket.create_connection((address, port), 5).close()
            seen += _received(tap)
        return list(_handshakes(seen, port))


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))  # noqa: T201
