"""Open a connection from a namespace to a Service, then send a segment far out of its window in the
name of its server.

    out_of_window.py CLIENT VIP SERVER=NAMESPACE=ADDRESS…

Prints the sources, other than the Service, of the segments that reached the connection's port.
"""

import socket
import struct
import sys
from contextlib import suppress
from ipaddress import ip_address

from nsnet.kernel import netns

PORT = 80
AHEAD = 10_000_000  # more than the window of any new connection


def main() -> None:
    """Run the test; all sockets belong to this process, each in its own namespace."""
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
    # If the segment arrives with the server's own address, the client answers it with RST, which
    # the server takes for its own connection.
    with suppress(ConnectionResetError):
        asked(connection)  # on the same path: the segment arrives before this answer, or not at all
    strangers = {source for source, _ in segments(link, connection)} - {vip}
    sys.stdout.write(" ".join(sorted(strangers)))


def asked(connection: socket.socket) -> str:
    """Return the server's answer to a line."""
    connection.sendall(b"who is it?\n")
    return connection.recv(4096).decode()


def segment(source: str, connection: socket.socket, numbers: tuple[int, int]) -> bytes:
    """Return an ACK of the connection whose sequence number is far ahead of the last one seen.

    For conntrack, only a segment ahead of the window is INVALID: one behind it could be an old one.
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
    """Return the source and the numbers of each segment that arrived at the connection's port."""
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
