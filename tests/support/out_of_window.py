"""A connection from a namespace to a Service; a segment far out of its window from who serves it.

    out_of_window.py CLIENT VIP SERVER=NAMESPACE=ADDRESS…

Prints from whom but the Service the client got segments to the port of that connection.
"""

import socket
import struct
import sys
from contextlib import suppress
from ipaddress import ip_address

from nsnet.kernel import netns

PORT = 80
AHEAD = 10_000_000  # more than any window of a connection this young


def main() -> None:
    """All sockets are this process's, each in its own namespace."""
    client, vip, *servers = sys.argv[1:]
    with netns.inside(client):
        link = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        connection = socket.create_connection((vip, PORT), timeout=5)
    link.setblocking(False)
    answer = asked(connection)
    (where, address) = next(
        each for name, *each in (server.split("=") for server in servers) if name in answer
    )
    with netns.inside(where):
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)
    numbers = segments(link, connection)[-1][1]
    raw.sendto(segment(address, connection, numbers), (connection.getsockname()[0], 0))
    # The client refuses what a stranger sends, and the server takes the refusal for its own.
    with suppress(ConnectionResetError):
        asked(connection)  # by the same way: whatever came, came before this answer
    strangers = {source for source, _ in segments(link, connection)} - {vip}
    sys.stdout.write(" ".join(sorted(strangers)))


def asked(connection: socket.socket) -> str:
    """What the server says when it is spoken to."""
    connection.sendall(b"who is it?\n")
    return connection.recv(4096).decode()


def segment(source: str, connection: socket.socket, numbers: tuple[int, int]) -> bytes:
    """An ACK of the connection, as conntrack knows it, far ahead of the numbers seen last.

    Only a segment ahead of the window is INVALID: one behind it could be an old one.
    """
    address, port = connection.getsockname()
    sequence, acknowledged = (numbers[0] + AHEAD) % (1 << 32), numbers[1]
    head = struct.pack("!HHIIBBHHH", PORT, port, sequence, acknowledged, 5 << 4, 0x10, 64, 0, 0)
    pseudo = ip_address(source).packed + ip_address(address).packed + struct.pack("!HH", 6, 20)
    total = sum(struct.unpack(f"!{(len(pseudo) + len(head)) // 2}H", pseudo + head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:16] + struct.pack("!H", ~total & 0xFFFF) + head[18:]


def segments(link: socket.socket, connection: socket.socket) -> list[tuple[str, tuple[int, int]]]:
    """Of each segment that came to the connection's port: from whom, its numbers."""
    found = list[tuple[str, tuple[int, int]]]()
    while True:
        try:
            packet, (*_, kind, _, _) = link.recvfrom(65535)
        except BlockingIOError:
            return found
        at = (packet[0] & 0xF) * 4
        port, sequence, acknowledged = struct.unpack("!HII", packet[at + 2 : at + 12])
        if kind == socket.PACKET_HOST and packet[9] == 6 and port == connection.getsockname()[1]:
            found.append((str(ip_address(packet[12:16])), (sequence, acknowledged)))


if __name__ == "__main__":
    main()
