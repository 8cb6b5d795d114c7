"""Packets patched from templates have the right checksums, and are recognized."""

import struct

import pytest

from nsnet.probes.prober.capture import TracedPacket, parse
from nsnet.probes.prober.craft import echo_request, udp

TOKEN = b"0123456789abcdef"


def total(packet: bytes) -> int:
    """The sum of the Internet checksum; 0xFFFF if the checksum in the data is right."""
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


def test_a_patched_echo_request_has_the_right_checksum() -> None:
    packet = bytes(echo_request(TOKEN, 7, 4, 0x12345678))
    assert total(packet) == 0xFFFF
    header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 61, 1, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")
    assert parse(header + packet) == TracedPacket(TOKEN, True, 61, b"\x0a\0\0\1")
    assert parse(header + b"\0" + packet[1:]) == TracedPacket(TOKEN, False, 61, b"\x0a\0\0\1")
