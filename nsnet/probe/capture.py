"""Requests recognised on their way: one socket in every namespace hears all of its interfaces.

A udp or icmp request is known by the token it carries, a TCP connection by the sequence number of
its SYN, which its attempt has chosen. Both survive NAT, and are found inside VXLAN, too.
"""

import array
import select
import socket
import struct
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeAlias

from nsnet.errors import KernelError
from nsnet.kernel import netns
from nsnet.kernel.processes import until
from nsnet.networks.vxlan import PORT as VXLAN
from nsnet.probe.attempt import PREFIX, TOKEN
from nsnet.probe.loop import Loop
from nsnet.probe.path import Sighting

Key: TypeAlias = bytes | int  # a token, or the sequence number of a SYN

_ETH_P_ALL = 3
_ETH_P_EXPERIMENTAL = 0x88B5
_STAMP_ME = bytes([0x45, *bytes(8), 17, *bytes(18), *PREFIX])  # what _FILTER lets through
_SNAP, _CONTROL = 192, 64  # bytes kept of a packet, and of what is said about it
_WAITING = 1 << 23  # bytes of packets
_CLOSED_AT_ONCE = 64
_TCP, _UDP, _ICMP, _ICMP6, _FRAGMENT = 6, 17, 1, 58, 44
_TUNNEL = 8 + 8 + 14  # bytes of header: UDP, VXLAN, Ethernet
_ECHO = {(_ICMP, 8), (_ICMP6, 128)}
_SYN, _ACK = 0x02, 0x10

# What Python's socket module does not have (asm-generic/socket.h, linux/if_packet.h).
_SO_ATTACH_FILTER = 26
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SOL_PACKET = 263
_PACKET_STATISTICS = 6


class Seen(NamedTuple):
    """What matters of a packet."""

    key: Key
    is_request: bool
    ttl: int
    source: bytes


class Capture:
    """Where the followed requests were seen, and the replies to echo requests."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._sockets: dict[str, socket.socket] = {}
        self._seen: dict[tuple[Key, bool], dict[tuple[str, str, bool], Sighting]] = {}

    def listen(self, namespaces: Iterable[str]) -> None:
        """From now on, nothing passes these namespaces unheard."""
        for name in namespaces:
            with netns.inside(name):
                self._sockets[name] = _packet_socket()
            self._loop.watch(
                self._sockets[name], select.EPOLLIN, partial(self._read, name, self._sockets[name])
            )
        for opened in self._sockets.values():
            try:
                until(partial(_is_stamped, opened), what="captured packets carry no time")
            except TimeoutError as error:
                raise KernelError(str(error)) from error
            except OSError:  # lo is down: another namespace will do
                continue
            return

    def follow(self, key: Key) -> None:
        """Remember where this one is seen."""
        self._seen[key, True] = {}
        self._seen[key, False] = {}

    def requests(self, key: Key) -> list[Sighting]:
        """Where the request was seen, each interface and direction once."""
        return list(self._seen[key, True].values())

    def replies(self, key: Key) -> list[Sighting]:
        """Where the echo reply was seen."""
        return list(self._seen[key, False].values())

    def drain(self) -> None:
        """All that has been captured is known. Raises KernelError where some of it was lost."""
        for name, opened in self._sockets.items():
            self._read(name, opened)
            statistics = opened.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
            _, lost = struct.unpack("II", statistics)
            if lost:
                raise KernelError(
                    f"{name}: {lost} packets could not be captured: paths are incomplete",
                    hint="fewer attempts at a time, or without their paths",
                )

    def close(self) -> None:
        """All sockets are closed. Each waits 13 ms for an RCU grace period, which many share."""
        with ThreadPoolExecutor(_CLOSED_AT_ONCE) as pool:
            list(pool.map(self._loop.forget, self._sockets.values()))

    def _read(self, name: str, opened: socket.socket, _: int = 0) -> None:
        with suppress(BlockingIOError):
            while True:
                packet, control, _, (interface, _, kind, *_) = opened.recvmsg(_SNAP, _CONTROL)
                seen = parse(packet)
                if seen is None or (seen.key, seen.is_request) not in self._seen:
                    continue
                sighting = Sighting(name, kind, seen.ttl, _time(control), seen.source)
                place = (name, interface, kind == socket.PACKET_OUTGOING)
                # A SYN that was sent again is no news.
                self._seen[seen.key, seen.is_request].setdefault(place, sighting)


def parse(packet: bytes) -> Seen | None:
    """A request, or the reply to an echo request; None for anything else. What a tunnel carries
    counts as if it was outside: it has the TTL that routers count down."""
    if len(packet) < 40:
        return None
    if packet[0] >> 4 == 4:
        protocol, ttl, source, start = packet[9], packet[8], packet[12:16], (packet[0] & 0xF) * 4
    else:
        protocol, ttl, source, start = packet[6], packet[7], packet[8:24], 40
        if protocol == _FRAGMENT:
            protocol, start = packet[40], 48
    inner = packet[start:]
    if protocol == _UDP and inner[2:4] == VXLAN.to_bytes(2, "big"):
        return parse(inner[_TUNNEL:])
    if protocol == _TCP:
        if len(inner) < 14 or inner[13] & (_SYN | _ACK) != _SYN:
            return None
        return Seen(struct.unpack_from("!I", inner, 4)[0], True, ttl, source)
    if protocol not in {_UDP, _ICMP, _ICMP6} or inner[8 : 8 + len(PREFIX)] != PREFIX:
        return None
    token = inner[8 + len(PREFIX) :][:TOKEN]
    return Seen(token, protocol == _UDP or (protocol, inner[0]) in _ECHO, ttl, source)


def _time(control: list[tuple[int, int, bytes]]) -> int:
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return 0


def _is_stamped(opened: socket.socket) -> bool:
    """The kernel notes when packets pass. It begins to a moment after it is asked to; until then
    a packet's time is when it was read, so that a reply can seem to come before its request.

    The test is a frame over lo, of a type that nobody receives.
    """
    opened.sendto(_STAMP_ME, ("lo", _ETH_P_EXPERIMENTAL))
    now = time.time_ns()
    with suppress(BlockingIOError):
        while True:
            _, control, _, _ = opened.recvmsg(_SNAP, _CONTROL)
            if _time(control) < now:
                return True
    return False


def _packet_socket() -> socket.socket:
    """A socket that hears what parse() understands, at all interfaces of the current namespace."""
    opened = socket.socket(
        socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, socket.htons(_ETH_P_ALL)
    )
    program = array.array("B", b"".join(struct.pack("HBBI", *each) for each in _FILTER))
    address, length = program.buffer_info()
    opened.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", length // 8, address))
    opened.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    try:
        opened.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _WAITING)
    except PermissionError:  # root of a user namespace gets what is usual, at most
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WAITING)
    return opened


def _assembled(lines: Iterable[tuple[str, int, int, str, str]]) -> list[tuple[int, int, int, int]]:
    """A classic BPF program of (label, code, operand, label if true, label if false)."""
    program = list(lines)
    labels = {label: index for index, (label, *_) in enumerate(program) if label}

    def jump(index: int, label: str) -> int:
        return labels[label] - index - 1 if label else 0

    return [
        (code, jump(index, true), jump(index, false), operand)
        for index, (_, code, operand, true, false) in enumerate(program)
    ]


# linux/bpf_common.h. A is the accumulator, X the index register; offsets count from the IP header.
_LDB, _LDXH, _LDX = 0x30, 0xB1, 0x01  # A = byte, X = length of the IPv4 header there, X = operand
_LDBX, _LDX2, _LDX4 = 0x50, 0x48, 0x40  # A = byte at X + operand, A = half word, word there
_AND, _JEQ, _RET = 0x54, 0x15, 0x06

_BEGINNING = int.from_bytes(PREFIX[:4], "big")
# SYNs, and udp and icmp payloads that begin like ours: every 10th packet of a probe, perhaps.
_FILTER = _assembled(
    [
        ("", _LDB, 0, "", ""),
        ("", _AND, 0xF0, "", ""),
        ("", _JEQ, 0x60, "ip6", "ip4"),
        ("ip4", _LDXH, 0, "", ""),
        ("", _LDB, 9, "", ""),
        ("", _JEQ, _TCP, "tcp", "known"),
        ("ip6", _LDX, 40, "", ""),
        ("", _LDB, 6, "", ""),
        ("", _JEQ, _FRAGMENT, "fragment", "whole"),
        ("fragment", _LDX, 48, "", ""),
        ("", _LDB, 40, "", ""),
        ("whole", _JEQ, _TCP, "tcp", "known"),
        ("tcp", _LDBX, 13, "", ""),
        ("", _AND, _SYN | _ACK, "", ""),
        ("", _JEQ, _SYN, "keep", "drop"),
        ("known", _JEQ, _UDP, "udp", "icmp"),
        ("udp", _LDX2, 2, "", ""),
        ("", _JEQ, VXLAN, "tunnel", "payload"),
        ("icmp", _JEQ, _ICMP, "payload", "icmp6"),
        ("icmp6", _JEQ, _ICMP6, "payload", "drop"),
        ("payload", _LDX4, 8, "", ""),
        ("", _JEQ, _BEGINNING, "keep", "drop"),
        # The same once more of the packet inside, which is ours and has no options.
        ("tunnel", _LDBX, _TUNNEL, "", ""),
        ("", _AND, 0xF0, "", ""),
        ("", _JEQ, 0x60, "in6", "in4"),
        ("in4", _LDBX, _TUNNEL + 9, "", ""),
        ("", _JEQ, _TCP, "in4 tcp", "in4 other"),
        ("in4 tcp", _LDBX, _TUNNEL + 20 + 13, "", ""),
        ("", _AND, _SYN | _ACK, "", ""),
        ("", _JEQ, _SYN, "keep", "drop"),
        ("in4 other", _LDX4, _TUNNEL + 20 + 8, "", ""),
        ("", _JEQ, _BEGINNING, "keep", "drop"),
        ("in6", _LDBX, _TUNNEL + 6, "", ""),
        ("", _JEQ, _TCP, "in6 tcp", "in6 whole"),
        ("in6 tcp", _LDBX, _TUNNEL + 40 + 13, "", ""),
        ("", _AND, _SYN | _ACK, "", ""),
        ("", _JEQ, _SYN, "keep", "drop"),
        ("in6 whole", _JEQ, _FRAGMENT, "in6 fragment", "in6 other"),
        ("in6 fragment", _LDX4, _TUNNEL + 48 + 8, "", ""),
        ("", _JEQ, _BEGINNING, "keep", "drop"),
        ("in6 other", _LDX4, _TUNNEL + 40 + 8, "", ""),
        ("", _JEQ, _BEGINNING, "keep", "drop"),
        ("keep", _RET, _SNAP, "", ""),
        ("drop", _RET, 0, "", ""),
    ]
)
