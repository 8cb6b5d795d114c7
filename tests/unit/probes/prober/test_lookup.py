"""Which packets are the queries of a lookup, and how many there are."""

import struct

import pytest
from dnslib import DNSRecord

from nsnet.probes.prober.lookup import Query, _Seen, count, parse

SOURCE = 40000
KINDS = {"A": 1, "AAAA": 28}


def message(name: str = "Web.default", kind: str = "A", number: int = 7) -> bytes:
    query = DNSRecord.question(name, kind)
    query.header.id = number
    return bytes(query.pack())


def packet(data: bytes, family: int = 4, protocol: int = 17, port: int = 53) -> bytes:
    if protocol == 17:
        inner = struct.pack("!HHHH", SOURCE, port, 8 + len(data), 0) + data
    else:
        inner = struct.pack("!HHIIBBHHH", SOURCE, port, 1, 1, 8 << 4, 0x18, 0, 0, 0) + bytes(12)
        inner += data
    if family == 6:
        return struct.pack("!IHBB16s16s", 6 << 28, 0, protocol, 64, bytes(16), bytes(16)) + inner
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, protocol, 0, bytes(4), bytes(4)) + (
        inner
    )


def framed(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data


@pytest.mark.parametrize("family", [4, 6])
def test_a_query_over_udp(family: int) -> None:
    for kind, number in KINDS.items():
        found = list(parse(packet(message(kind=kind), family)))
        assert found == [Query("web.default", (SOURCE, 7, number), False)]


@pytest.mark.parametrize("family", [4, 6])
def test_two_queries_in_a_segment(family: int) -> None:
    data = framed(message()) + framed(message(kind="AAAA", number=8))
    found = list(parse(packet(data, family, protocol=6)))
    assert found == [
        Query("web.default", (SOURCE, 7, 1), True),
        Query("web.default", (SOURCE, 8, 28), True),
    ]


@pytest.mark.parametrize(
    "data",
    [
        packet(message(), port=5353),
        packet(message(), protocol=132),
        packet(message(kind="SRV")),
        packet(message()[:2] + b"\x80" + message()[3:]),  # a response
        packet(message()[:20]),
        packet(b""),
        packet(b"nsnet 0123456789abcdef 0\n"),
        packet(b"\0\1", protocol=6),
        b"",
        b"\x45",
    ],
)
def test_other_packets_are_no_queries(data: bytes) -> None:
    assert list(parse(data)) == []


WEB, OTHER = Query("web", (1, 7, 1), False), Query("web", (2, 8, 1), False)


@pytest.mark.parametrize(
    ("case", "seen", "expected"),
    [
        ("none", [], 0),
        ("a pod has one interface", [(WEB, "eth0", True), (OTHER, "eth0", True)], 2),
        ("a query is sent again", [(WEB, "eth0", True)] * 2, 2),
        ("a bridge and its port", [(WEB, "cbr0", True), (WEB, "dns", True)], 1),
        ("a node forwards it", [(WEB, "client", False), (WEB, "eth0", True)], 0),
        ("a bridge sends it back", [(WEB, "eth0", True), (WEB, "eth0", False)], 1),
        ("to itself", [(WEB, "lo", True), (WEB, "lo", False)], 1),
        ("over TCP", [(WEB._replace(stream=True), "eth0", True)] * 2, 1),
    ],
)
def test_queries_are_counted(case: str, seen: list[tuple[Query, str, bool]], expected: int) -> None:
    assert count(_Seen(*each, time=0) for each in seen) == expected
