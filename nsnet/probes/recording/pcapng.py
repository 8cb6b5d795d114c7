"""The pcapng format: blocks of bytes that tshark and Wireshark read (draft-ietf-opsawg-pcapng).

A file begins with a section header and ends with the statistics of each interface. Between them are
interfaces and packets in any order, but an interface comes before its packets.
"""

import struct
from enum import IntEnum

SNAP_LENGTH = 262_144  # bytes: more than any packet has
_ETHERNET = 1  # LINKTYPE_ETHERNET; frames on lo have this header, too
_NANOSECONDS = 9  # times are in units of 10^-9 s

# Types of blocks.
_SECTION, _INTERFACE, _STATISTICS, _PACKET = 0x0A0D0D0A, 1, 5, 6

# Options. Each type of block gives the numbers its own meanings, except these two.
_END, _COMMENT = 0, 1
_SYSTEM, _PROGRAM = 3, 4
_NAME, _DESCRIPTION, _RESOLUTION = 2, 3, 9
_FLAGS = 2
_START, _STOP, _LOST, _DELIVERED = 2, 3, 7, 8

_HEAD = struct.Struct("<II")
_PACKET_HEAD = struct.Struct("<IIIIIII")
_PACKET_TAIL = struct.Struct("<HHIHHI")


class Direction(IntEnum):
    """The direction in which a packet passed an interface, and for incoming packets the kind of
    their destination address, encoded as epb_flags."""

    OUT = 0b00010
    IN = 0b00101  # to the address of this interface
    IN_MULTICAST = 0b01001
    IN_BROADCAST = 0b01101
    IN_PROMISCUOUS = 0b10001  # to the address of another interface


def section(*, system: str, program: str, comment: str) -> bytes:
    """Return the block that begins a file and says what wrote it."""
    options = (_text(_SYSTEM, system), _text(_PROGRAM, program), _text(_COMMENT, comment))
    unknown_length = -1
    return _block(_SECTION, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, unknown_length), *options)


def interface(name: str, description: str, snap_length: int) -> bytes:
    """Return the block that describes an interface. Interfaces are numbered from 0, in the order of
    their blocks. At most `snap_length` bytes of each packet are kept."""
    return _block(
        _INTERFACE,
        struct.pack("<HHI", _ETHERNET, 0, snap_length),
        _text(_NAME, name),
        _text(_DESCRIPTION, description),
        _option(_RESOLUTION, bytes([_NANOSECONDS])),
    )


def packet(
    interface: int, time: int, data: bytes | memoryview, length: int, direction: Direction
) -> bytes:
    """Return the block of a packet that had `length` bytes, of which `data` was kept. `interface`
    is an interface's number, and `time` is in ns since 1970."""
    # Without _block: there may be a hundred thousand a second.
    padding = -len(data) % 4
    size = _PACKET_HEAD.size + len(data) + padding + _PACKET_TAIL.size
    return b"".join(
        (
            _PACKET_HEAD.pack(
                _PACKET, size, interface, time >> 32, time & 0xFFFFFFFF, len(data), length
            ),
            data,
            bytes(padding),
            _PACKET_TAIL.pack(_FLAGS, 4, direction, _END, 0, size),
        )
    )


def statistics(
    interface: int, start: int, stop: int, packets: int, lost: int | None, comment: str = ""
) -> bytes:
    """Return the block of an interface's statistics: how many packets were recorded and lost
    between `start` and `stop` (ns since 1970). `lost` is None if that number is unknown."""
    options = [
        _option(_START, _time(start)),
        _option(_STOP, _time(stop)),
        _option(_DELIVERED, struct.pack("<Q", packets)),
    ]
    if lost is not None:
        options.append(_option(_LOST, struct.pack("<Q", lost)))
    if comment:
        options.append(_text(_COMMENT, comment))
    return _block(_STATISTICS, struct.pack("<I", interface) + _time(stop), *options)


def _block(kind: int, body: bytes, *options: bytes) -> bytes:
    content = b"".join((body, *options, _option(_END, b"")))
    size = _HEAD.size + len(content) + 4
    return _HEAD.pack(kind, size) + content + struct.pack("<I", size)


def _text(code: int, text: str) -> bytes:
    return _option(code, text.encode())


def _option(code: int, value: bytes) -> bytes:
    return struct.pack("<HH", code, len(value)) + value + bytes(-len(value) % 4)


def _time(nanoseconds: int) -> bytes:
    """Return a time in ns since 1970 as two 32-bit words, the higher word first."""
    return struct.pack("<II", nanoseconds >> 32, nanoseconds & 0xFFFFFFFF)
