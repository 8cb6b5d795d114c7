"""Which packets are recognized as those of an attempt."""

import struct

import pytest

from nsnet.probes.prober.capture import TracedPacket, parse
from nsnet.probes.prober.craft import udp
from nsnet.probes.prober.http import request
from nsnet.walk.http import HttpRequest

TOKEN = b"0123456789abcdef"
IP = {
    4: (struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 61, 6, 0, bytes(4), bytes(4)), bytes(4)),
    6: (struct.pack("!IHBB16s16s", 0x60000000, 0, 6, 61, bytes(16), bytes(16)), bytes(16)),
}
SYN, ACK = 0x02, 0x10
# Version 2 of the PROXY protocol, and addresses of IPv4, of IPv6, none; a value of its own.
HEADER = b"\r\n\r\n\0\r\nQUIT\n\x21"
HEADERS = [
    HEADER + b"\x11\0\x0c" + bytes(12),
    HEADER + b"\x21\0\x24" + bytes(36),
    HEADER + b"\0\0\0",
    HEADER + b"\x11\0\x0f" + bytes(15),
]


def segment(data: bytes, flags: int = ACK, options: int = 12) -> bytes:
    """TCP, with so many bytes of options."""
    words = (20 + options) // 4
    return struct.pack("!HHIIBBHHH", 40000, 80, 7, 9, words << 4, flags, 0, 0, 0) + (
        bytes(options) + data
    )


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("options", [0, 12, 40])
@pytest.mark.parametrize("header", [b"", *HEADERS], ids=["none", "IPv4", "IPv6", "no", "more"])
def test_a_request_over_tcp_is_recognized(family: int, header: bytes, options: int) -> None:
    head, source = IP[family]
    said = segment(header + b"nsnet %s 3\nxxx" % TOKEN, options=options)
    assert parse(head + said) == TracedPacket(TOKEN, True, 61, source)


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("header", [b"", HEADERS[0]])
def test_a_request_over_http_is_recognized(method: str, header: bytes) -> None:
    head, source = IP[4]
    asked = HttpRequest("shop.example", f"/{'x' * 1023}", method, (("X-Version", "2"),))
    for said in (request(asked, TOKEN), request(asked, TOKEN).replace(b"nsnet-", b"Nsnet-")):
        assert parse(head + segment(header + said)) == TracedPacket(TOKEN, True, 61, source)
        assert len(said) < 1200
    assert parse(head + segment(header + request(asked))) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\n",
        b"nsne",
        b"xnsnet %s 3\n" % TOKEN,
        HEADERS[0][:14],  # the rest comes in the next segment
        HEADERS[0],
        HEADERS[0] + b"hello",
        b"\r\n\r\n nsnet %s 3\n" % TOKEN,
    ],
)
def test_other_payloads_are_not_recognized(data: bytes) -> None:
    head, _ = IP[4]
    assert parse(head + segment(data)) is None


def test_a_syn_is_recognized_by_its_sequence_number() -> None:
    head, source = IP[4]
    assert parse(head + segment(b"", SYN)) == TracedPacket(7, True, 61, source)
    assert parse(head + segment(b"", SYN | ACK)) is None


@pytest.mark.parametrize("outer", [4, 6])
def test_a_request_is_recognized_inside_a_tunnel(outer: int) -> None:
    inside = bytes(udp(TOKEN, 7, (b"\x0a\xf4\x00\x02", 40000), (b"\x0a\xf4\x01\x02", 53)))
    # UDP to port 8472, VXLAN with number 1, Ethernet.
    wrapping = struct.pack("!HHHH", 50000, 8472, 0, 0) + b"\x08\0\0\0\0\0\x01\0" + bytes(14)
    header = (
        struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 9, 17, 0, b"\xc0\xa8\0\1", b"\xc0\xa8\0\2")
        if outer == 4
        else struct.pack("!IHBB16s16s", 0x60000000, 0, 17, 9, bytes(16), bytes(16))
    )
    # Routers decrement the inner TTL; the outer one starts at the tunnel.
    assert parse(header + wrapping + inside) == TracedPacket(TOKEN, True, 64, b"\x0a\xf4\x00\x02")
