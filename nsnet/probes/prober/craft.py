"""Crafted packets. scapy builds a template for each protocol and size; for each attempt a copy is
patched with the fields that differ.

scapy takes 0.4 ms to build a packet, patching takes a few us. Importing scapy takes 0.4 s, so it is
imported only by `load` or for the first packet.
"""

import struct
from dataclasses import dataclass
from functools import lru_cache

from nsnet.ip import Family
from nsnet.servers.echo.message import PREFIX, TOKEN, request

_NO_TOKEN = bytes(TOKEN)
_IP = 20  # bytes of header


@dataclass(frozen=True, slots=True)
class Template:
    """A packet to copy for each attempt, and the offset of its checksum. Every field that differs
    between attempts is zero."""

    packet: bytes
    checksum: int  # its offset

    @property
    def token(self) -> int:
        """The offset of the token in the packet, in bytes."""
        return self.packet.index(PREFIX) + len(PREFIX)

    def patched(self, token: bytes, fields: tuple[tuple[int, bytes], ...]) -> bytearray:
        """Return a copy of the packet with this token, these fields (even offset, bytes) and a new
        checksum.

        The new checksum is computed by adding the patched words to the template's sum, in which
        they are 0. The order of the 16-bit words does not matter (RFC 1071).
        """
        packet = bytearray(self.packet)
        (checksum,) = struct.unpack_from("!H", packet, self.checksum)
        total = ~checksum & 0xFFFF
        for offset, value in (*fields, (self.token, token)):
            packet[offset : offset + len(value)] = value
            total += sum(struct.unpack(f"!{len(value) // 2}H", value))
        while total > 0xFFFF:
            total = (total & 0xFFFF) + (total >> 16)
        # UDP's 0 means "no checksum"; 0xFFFF is the same number in one's complement.
        struct.pack_into("!H", packet, self.checksum, ~total & 0xFFFF or 0xFFFF)
        return packet


def load() -> None:
    """Import scapy now, so that no attempt waits for the import."""
    from scapy.layers import inet, inet6  # noqa: F401


def udp(
    token: bytes, size: int, source: tuple[bytes, int], destination: tuple[bytes, int]
) -> bytearray:
    """Return a UDP datagram with its IPv4 header. `size` is the length of the request's body in
    bytes; `source` and `destination` are (packed address, port)."""
    addresses = source[0] + destination[0]
    ports = struct.pack("!HH", source[1], destination[1])
    # The checksum is UDP's, over a pseudo header with the same addresses. IP's own is the kernel's.
    return _udp_template(size).patched(token, ((_IP - 8, addresses), (_IP, ports)))


def echo_request(token: bytes, size: int, family: Family, identity: int) -> bytearray:
    """Return an ICMP echo request without an IP header. `size` is the length of the request's body
    in bytes; the 32 bits of `identity` become the echo request's id and sequence number."""
    return _echo_template(size, family).patched(token, ((4, struct.pack("!I", identity)),))


@lru_cache(maxsize=32)
def _udp_template(size: int) -> Template:
    from scapy.layers.inet import IP, UDP
    from scapy.packet import Raw

    nowhere = "0.0.0.0"
    # DF as in every datagram that the kernel itself sends; for id 0 the kernel chooses one.
    ip = IP(src=nowhere, dst=nowhere, flags="DF", id=0)
    packet = bytes(ip / UDP(sport=0, dport=0) / Raw(request(_NO_TOKEN, size)))
    return Template(packet, _IP + 6)


@lru_cache(maxsize=32)
def _echo_template(size: int, family: Family) -> Template:
    from scapy.layers.inet import ICMP
    from scapy.layers.inet6 import ICMPv6EchoRequest
    from scapy.packet import Raw

    body = request(_NO_TOKEN, size)
    if family == 4:
        return Template(bytes(ICMP(type="echo-request", id=0, seq=0) / Raw(body)), 2)
    # ICMPv6's checksum covers the source address, which the kernel chooses: the kernel fills it in.
    return Template(bytes(ICMPv6EchoRequest(id=0, seq=0, cksum=0, data=body)), 2)
