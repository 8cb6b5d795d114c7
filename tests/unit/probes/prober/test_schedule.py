"""The prober's decisions, without a packet: where a request went, and whose turn it is."""

import struct
from ipaddress import ip_address

import pytest

from nsnet.ip import Protocol
from nsnet.probes.prober import Flow
from nsnet.probes.prober.capture import TracedPacket, parse
from nsnet.probes.prober.craft import echo_request, udp
from nsnet.probes.prober.path import HOST, OTHER_HOST, OUTGOING, Sighting, answered, passed, relayed
from nsnet.probes.prober.schedule import Schedule

KINDS = {"in": HOST, "other": OTHER_HOST, "out": OUTGOING}
TOKEN = b"0123456789abcdef"
CABLES = {
    "client": frozenset({"node"}),
    "node": frozenset({"client", "router"}),
    "router": frozenset({"node", "server"}),
    "server": frozenset({"router"}),
}


def sightings(text: str) -> list[Sighting]:
    """`client out 64, router in 64`: one sighting after the other, a microsecond apart."""
    words = [each.split() for each in text.split(",") if each]
    return [
        Sighting(netns, KINDS[kind], int(ttl), time, netns.encode())
        for time, (netns, kind, ttl) in enumerate(words)
    ]


@pytest.mark.parametrize(
    ("seen", "path"),
    [
        ("", "client"),  # it never left
        ("client out 64", "client"),
        ("client out 64, router in 64", "client router"),
        ("client out 64, router in 64, router out 63, server in 63", "client router server"),
        # A bridge: the frame comes in at a port for somebody else, and again at the bridge itself.
        (
            "client out 64, node other 64, node in 64, node out 63, server in 63",
            "client node server",
        ),
        # A hairpin: out and in again.
        (
            "client out 64, node other 64, node in 64, node out 63, client in 63",
            "client node client",
        ),
        # Flooded: pod a drops what is not its own, and the client what it sent itself.
        (
            "client out 64, node other 64, node out 64, a other 64, client other 64, b in 64",
            "client node b",
        ),
        # Dropped at the bridge's port.
        ("client out 64, node other 64", "client node"),
        # Flooded, and nobody's.
        ("client out 64, node other 64, node out 64, a other 64, b other 64", "client node"),
        # Two clocks that disagree: who routes counts the TTL down.
        ("server in 63, client out 64, router in 64, router out 63", "client router server"),
    ],
)
def test_a_path_is_where_the_request_came_in(seen: str, path: str) -> None:
    assert " ".join(passed("client", sightings(seen), {})) == path


def test_cables_settle_what_was_seen_at_one_time() -> None:
    seen = sightings("server in 64, router in 64, router out 64, node in 64, node out 64")
    assert passed("client", seen, CABLES) == ("client", "node", "router", "server")


LEGS = {
    "client": frozenset({"proxy"}),
    "proxy": frozenset({"client", "router"}),
    "router": frozenset({"proxy", "server"}),
    "server": frozenset({"router"}),
}


@pytest.mark.parametrize(
    ("said", "path"),
    [
        ("", "client proxy"),  # connected, and silent
        ("client out 64", "client proxy"),
        ("client out 64, proxy in 64", "client proxy"),  # it is no proxy, or has nobody to tell
        (
            "client out 64, proxy in 64, proxy out 64, router in 64, router out 63, server in 63",
            "client proxy router server",
        ),
        ("client out 64, proxy in 64, proxy out 64, router in 64", "client proxy router"),
        # Back the way it came: the server is where the client is.
        ("client out 64, proxy in 64, proxy out 64, client in 64", "client proxy client"),
        # Sent twice, for the first was lost.
        (
            "client out 64, client out 64, proxy in 64, proxy out 64, proxy out 64, router in 64",
            "client proxy router",
        ),
        # Asked by nobody that was seen.
        ("proxy out 64, proxy out 64, router in 64", "client proxy"),
        # What it says before it was asked is somebody else's.
        ("proxy out 64, router in 64, client out 64, proxy in 64", "client proxy"),
    ],
)
def test_what_a_proxy_heard_goes_on_in_a_connection_of_its_own(said: str, path: str) -> None:
    assert " ".join(relayed(("client", "proxy"), sightings(said), LEGS)) == path


def test_a_server_that_keeps_what_it_hears_is_the_end() -> None:
    said = sightings("client out 64, proxy in 64, proxy out 63, server in 63")
    assert relayed(("client", "proxy", "server"), said, LEGS) == ("client", "proxy", "server")


def test_the_first_to_send_a_reply_has_answered() -> None:
    requests = sightings("client out 64, node in 64, server in 63")
    replies = sightings("server out 64, node in 64, node out 63, client in 63")
    assert answered(requests, replies) == ("server", b"server")
    assert answered(requests, []) == (None, None)


def flow(netns: str, **said: object) -> Flow:
    return Flow(netns, ip_address("10.0.0.1"), 80, Protocol.TCP, **said)  # type: ignore[arg-type]


def test_flows_and_namespaces_take_turns() -> None:
    schedule = Schedule([flow("a", times=3), flow("a", times=1), flow("b", times=2)])
    first, second, third = schedule.flows
    assert schedule.take(3) == ("a", [first, second, first])
    assert schedule.take(3) == ("b", [third, third])
    assert schedule.take(3) == ("a", [first])
    assert schedule.take(3) == ("", [])


def test_a_source_port_is_for_one_attempt_at_a_time() -> None:
    schedule = Schedule([flow("a", times=2, source_port=5)])
    (scheduled,) = schedule.flows
    assert schedule.take(9) == ("a", [scheduled])
    assert schedule.take(9) == ("", [])
    schedule.ended(scheduled)
    assert schedule.take(9) == ("a", [scheduled])


def test_one_paced_attempt_of_a_namespace_at_a_time() -> None:
    schedule = Schedule([flow("a", times=2, pace="r"), flow("a", pace="r"), flow("b")])
    first, second, other = schedule.flows
    assert schedule.take(9) == ("a", [first])
    assert schedule.take(9) == ("b", [other])
    schedule.ended(first)
    assert schedule.take(9) == ("", [])
    for expected in (second, first):
        schedule.let_paced("r")
        assert schedule.take(9) == ("a", [expected])
    schedule.let_paced("r")
    assert schedule.take(9) == ("", [])


def test_flows_of_one_label_start_before_all_others() -> None:
    schedule = Schedule(
        [flow("a"), flow("a", together="x", times=2), flow("b", together="x"), flow("b")]
    )
    first, second, third, fourth = schedule.flows
    assert schedule.together() == [[second, third]]
    assert schedule.take(9) == ("a", [first, second])
    assert schedule.take(9) == ("b", [fourth])
    assert schedule.take(9) == ("", [])


def test_of_one_label_a_flow_that_has_to_wait_for_its_pace_waits() -> None:
    schedule = Schedule([flow("a", together="x", pace="r"), flow("b", together="x", pace="r")])
    first, second = schedule.flows
    assert schedule.together() == [[first]]
    schedule.let_paced("r")
    assert schedule.take(9) == ("b", [second])


def total(packet: bytes) -> int:
    """The Internet checksum's sum; 0xFFFF where the checksum in it is right."""
    words = struct.unpack(f"!{(len(packet) + 1) // 2}H", packet + bytes(len(packet) % 2))
    folded: int = sum(words)
    while folded > 0xFFFF:
        folded = (folded & 0xFFFF) + (folded >> 16)
    return folded


@pytest.mark.parametrize("size", [0, 1, 1000])
def test_a_patched_datagram_has_the_right_checksum(size: int) -> None:
    source, destination = (b"\x0a\x01\x00\x02", 40000), (b"\x0a\x02\x00\x02", 53)
    packet = bytes(udp(TOKEN, size, source, destination))
    pseudo = packet[12:20] + struct.pack("!HH", 17, len(packet) - 20)
    assert total(pseudo + packet[20:]) == 0xFFFF
    assert struct.unpack_from("!HH", packet, 20) == (40000, 53)
    assert parse(packet) == TracedPacket(TOKEN, True, 64, source[0])


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
def test_what_a_connection_says_is_recognised(family: int, header: bytes, options: int) -> None:
    head, source = IP[family]
    said = segment(header + b"nsnet %s 3\nxxx" % TOKEN, options=options)
    assert parse(head + said) == TracedPacket(TOKEN, True, 61, source)


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
def test_other_words_are_nobodys(data: bytes) -> None:
    head, _ = IP[4]
    assert parse(head + segment(data)) is None


def test_a_connections_first_packet_is_known_by_its_number() -> None:
    head, source = IP[4]
    assert parse(head + segment(b"", SYN)) == TracedPacket(7, True, 61, source)
    assert parse(head + segment(b"", SYN | ACK)) is None


@pytest.mark.parametrize("outer", [4, 6])
def test_a_request_is_recognised_inside_a_tunnel(outer: int) -> None:
    inside = bytes(udp(TOKEN, 7, (b"\x0a\xf4\x00\x02", 40000), (b"\x0a\xf4\x01\x02", 53)))
    # UDP to port 8472, VXLAN with number 1, Ethernet.
    wrapping = struct.pack("!HHHH", 50000, 8472, 0, 0) + b"\x08\0\0\0\0\0\x01\0" + bytes(14)
    header = (
        struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 9, 17, 0, b"\xc0\xa8\0\1", b"\xc0\xa8\0\2")
        if outer == 4
        else struct.pack("!IHBB16s16s", 0x60000000, 0, 17, 9, bytes(16), bytes(16))
    )
    # Routers count down the TTL of what is inside; that of the outside begins anew.
    assert parse(header + wrapping + inside) == TracedPacket(TOKEN, True, 64, b"\x0a\xf4\x00\x02")


def test_a_patched_echo_request_has_the_right_checksum() -> None:
    packet = bytes(echo_request(TOKEN, 7, 4, 0x12345678))
    assert total(packet) == 0xFFFF
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 61, 1, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    assert parse(header + packet) == TracedPacket(TOKEN, True, 61, b"\x0a\0\0\1")
    assert parse(header + b"\0" + packet[1:]) == TracedPacket(TOKEN, False, 61, b"\x0a\0\0\1")
