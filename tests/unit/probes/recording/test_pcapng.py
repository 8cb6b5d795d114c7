"""pcapng: the bytes that the specification requires, and what another program reads from them."""

import io
import struct

import pytest
from scapy.utils import RawPcapNgReader

from nsnet.probes.recording import pcapng
from nsnet.probes.recording.pcapng import Direction

TIME = 1_790_000_000_123_456_789
SECTION = pcapng.section(system="Linux 6.1", program="nsnet 1", comment="lab demo")
ETH0 = pcapng.interface("east/pod/web eth0", "nsnet.demo.east.pod.default.web", 1500)
LO = pcapng.interface("fabric lo", "nsnet.demo.fabric", 1500)


def read(*blocks: bytes) -> list[tuple[bytes, RawPcapNgReader.PacketMetadata]]:
    """The packets, as scapy finds them."""
    file = io.BytesIO(b"".join(blocks))
    found = list(RawPcapNgReader(file))
    assert file.read() == b""
    return found


def test_an_empty_section_is_as_specified() -> None:
    assert pcapng.section(system="", program="", comment="").hex(" ", 4) == (
        "0a0d0d0a 2c000000"  # the section header, 44 bytes
        " 4d3c2b1a 01000000 ffffffff ffffffff"  # little endian, version 1.0, as long as it is
        " 03000000 04000000 01000000"  # shb_os, shb_userappl, opt_comment
        " 00000000 2c000000"  # opt_endofopt
    )


def test_an_interface_is_as_specified() -> None:
    assert pcapng.interface("a lo", "d", 128).hex(" ", 4) == (
        "01000000 30000000"  # the interface description, 48 bytes
        " 01000000 80000000"  # LINKTYPE_ETHERNET, 128 bytes of a packet
        " 02000400 61206c6f"  # if_name
        " 03000100 64000000"  # if_description
        " 09000100 09000000"  # if_tsresol: nanoseconds
        " 00000000 30000000"
    )


def test_a_packet_is_as_specified() -> None:
    block = pcapng.packet(2, 0x1122334455667788, b"\1\2\3\4\5", 1400, Direction.OUT)
    assert block.hex(" ", 4) == (
        "06000000 34000000 02000000"  # an enhanced packet, 52 bytes, of interface 2
        " 44332211 88776655"  # the higher half of its time first
        " 05000000 78050000"  # captured, and as it was
        " 01020304 05000000"
        " 02000400 02000000"  # epb_flags: outbound
        " 00000000 34000000"
    )


def test_statistics_are_as_specified() -> None:
    assert pcapng.statistics(1, 2 << 32, 3 << 32, 4, 5).hex(" ", 4) == (
        "05000000 4c000000 01000000"  # of interface 1
        " 03000000 00000000"  # when
        " 02000800 02000000 00000000"  # isb_starttime
        " 03000800 03000000 00000000"  # isb_endtime
        " 08000800 04000000 00000000"  # isb_usrdeliv
        " 07000800 05000000 00000000"  # isb_osdrop
        " 00000000 4c000000"
    )


def test_an_unknown_number_of_lost_packets_is_not_written_as_zero() -> None:
    known, unknown = (pcapng.statistics(0, 1, 2, 3, lost) for lost in (0, None))
    osdrop = struct.pack("<HH", 7, 8)
    assert osdrop in known
    assert osdrop not in unknown


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 60, 1514])
def test_a_packet_of_any_size_is_read_as_it_was(size: int) -> None:
    data = bytes(range(256)) * 6
    first = pcapng.packet(1, TIME, data[:size], size, Direction.IN)
    after = pcapng.packet(0, TIME, b"after", 5, Direction.IN)
    found = read(SECTION, ETH0, LO, first, after)
    assert [packet for packet, _ in found] == [data[:size], b"after"]


def test_a_packet_has_its_interface_its_time_and_its_original_length() -> None:
    ((data, about),) = read(SECTION, LO, ETH0, pcapng.packet(1, TIME, b"1234", 900, Direction.IN))
    assert (data, about.wirelen, about.ifname) == (b"1234", 900, b"east/pod/web eth0")
    assert (about.tshigh << 32 | about.tslow, about.tsresol) == (TIME, 10**9)


@pytest.mark.parametrize(
    ("direction", "flags"),
    [  # of the specification: bits 0-1 inbound 1, outbound 2; bits 2-4 how it was received
        (Direction.OUT, 2),
        (Direction.IN, 1 | 1 << 2),
        (Direction.IN_MULTICAST, 1 | 2 << 2),
        (Direction.IN_BROADCAST, 1 | 3 << 2),
        (Direction.IN_PROMISCUOUS, 1 | 4 << 2),
    ],
)
def test_a_packet_has_a_direction(direction: Direction, flags: int) -> None:
    block = pcapng.packet(0, TIME, b"", 0, direction)
    assert struct.pack("<HHI", 2, 4, flags) in block
    ((_, about),) = read(SECTION, LO, block)
    assert about.direction == flags & 3


def test_an_interface_may_be_described_after_packets_and_before_statistics() -> None:
    one = pcapng.packet(0, TIME, b"one", 3, Direction.IN)
    other = pcapng.packet(1, TIME, b"two", 3, Direction.OUT)
    ends = [pcapng.statistics(number, TIME, TIME, 1, None, "why") for number in (0, 1)]
    found = read(SECTION, LO, one, ETH0, other, *ends)
    assert [about.ifname for _, about in found] == [b"fabric lo", b"east/pod/web eth0"]


def test_names_may_have_any_letters() -> None:
    named = pcapng.interface("cluster/pod/café eth0", "", 96)
    ((_, about),) = read(SECTION, named, pcapng.packet(0, TIME, b"", 0, Direction.IN))
    assert about.ifname.decode() == "cluster/pod/café eth0"
