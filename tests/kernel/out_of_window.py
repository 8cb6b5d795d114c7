"""A connection from a namespace to a Service; a segment far out of its window from who serves it.

    out_of_window.py CLIENT VIP SERVER=NAMESPACE=ADDRESS…

Prints from whom but the Service the client got segments to the port of that connection.
"""

import socket
import struct
import sys
from ipaddress import ip_address

from nsnet.kernel import netns

PORT = 80


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
    raw.sendto(segment(address, connection), (connection.getsockname()[0], 0))
    asked(connection)  # by the same way: whatever came, came before this answer
    sys.stdout.write(" ".join(sorted(sources(link, connection) - {vip})))


def asked(connection: socket.socket) -> str:
    """What the server says when it is spoken to."""
    connection.sendall(b"who is it?\n")
    return connection.recv(4096).decode()


def segment(source: str, connection: socket.socket) -> bytes:
    """An ACK of the connection, as conntrack knows it, with numbers from nowhere."""
    address, port = connection.getsockname()
    head = struct.pack("!HHIIBBHHH", PORT, port, 0x7FFFFFFF, 0x7FFFFFFF, 5 << 4, 0x10, 64, 0, 0)
    pseudo = ip_address(source).packed + ip_address(address).packed + struct.pack("!HH", 6, 20)
    total = sum(struct.unpack(f"!{(len(pseudo) + len(head)) // 2}H", pseudo + head))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return head[:16] + struct.pack("!H", ~total & 0xFFFF) + head[18:]


def sources(link: socket.socket, connection: socket.socket) -> set[str]:
    """Who has sent segments to the connection's port."""
    found = set[str]()
    while True:
        try:
            packet, (*_, kind, _, _) = link.recvfrom(65535)
        except BlockingIOError:
            return found
        at = (packet[0] & 0xF) * 4
        port = struct.unpack("!H", packet[at + 2 : at + 4])[0]
        if kind == socket.PACKET_HOST and packet[9] == 6 and port == connection.getsockname()[1]:
            found.add(str(ip_address(packet[12:16])))


if __name__ == "__main__":
    main()
