"""The prober's decisions, without a packet: where a request went, and whose turn it is."""

import struct
from ipaddress import ip_address

import pytest

from nsnet.ip import Protocol
from nsnet.probe import Flow
from nsnet.probe.capture import Seen, parse
from nsnet.probe.craft import echo_request, udp
from nsnet.probe.path import HOST, OTHER_HOST, OUTGOING, Sighting, answered, passed
from nsnet.probe.schedule import Schedule

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


def test_the_first_to_send_a_reply_has_answered() -> None:
    requests = sightings("client out 64, node in 64, server in 63")
    replies = sightings("server out 64, node in 64, node out 63, client in 63")
    assert answered(requests, replies) == ("server", b"server")
    assert answered(requests, []) == (None, None)


def flow(netns: str, **said: object) -> Flow:
    return Flow(netns, ip_address("10.0.0.1"), 80, Protocol.TCP, **said)  # type: ignore[arg-type]


def test_flows_and_namespaces_take_turns() -> None:
    schedule = Schedule([flow("a", times=3), flow("a", times=1), flow("b", times=2)])
    first, second, third = schedule.courses
    assert schedule.take(3) == ("a", [first, second, first])
    assert schedule.take(3) == ("b", [third, third])
    assert schedule.take(3) == ("a", [first])
    assert schedule.take(3) == ("", [])


def test_a_source_port_is_for_one_attempt_at_a_time() -> None:
    schedule = Schedule([flow("a", times=2, source_port=5)])
    (course,) = schedule.courses
    assert schedule.take(9) == ("a", [course])
    assert schedule.take(9) == ("", [])
    schedule.ended(course)
    assert schedule.take(9) == ("a", [course])


def test_one_paced_attempt_of_a_namespace_at_a_time() -> None:
    schedule = Schedule([flow("a", times=2, pace="r"), flow("a", pace="r"), flow("b")])
    first, second, other = schedule.courses
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
    first, second, third, fourth = schedule.courses
    assert schedule.together() == [[second, third]]
    assert schedule.take(9) == ("a", [first, second])
    assert schedule.take(9) == ("b", [fourth])
    assert schedule.take(9) == ("", [])


def test_of_one_label_a_flow_that_has_to_wait_for_its_pace_waits() -> None:
    schedule = Schedule([flow("a", together="x", pace="r"), flow("b", together="x", pace="r")])
    first, second = schedule.courses
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
    assert parse(packet) == Seen(TOKEN, True, 64, source[0])


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
    assert parse(header + wrapping + inside) == Seen(TOKEN, True, 64, b"\x0a\xf4\x00\x02")


def test_a_patched_echo_request_has_the_right_checksum() -> None:
    packet = bytes(echo_request(TOKEN, 7, 4, 0x12345678))
    assert total(packet) == 0xFFFF
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 61, 1, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    assert parse(header + packet) == Seen(TOKEN, True, 61, b"\x0a\0\0\1")
    assert parse(header + b"\0" + packet[1:]) == Seen(TOKEN, False, 61, b"\x0a\0\0\1")
