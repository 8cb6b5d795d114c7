"""Requests recognised on their way: one socket in every namespace hears all of its interfaces.

A udp or icmp request is known by the token it carries, a TCP connection by the sequence number of
its SYN, which its attempt has chosen. Both survive NAT.
"""

import select
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeAlias

from nsnet.errors import KernelError
from nsnet.kernel import netns, taps
from nsnet.probe.attempt import PREFIX, TOKEN
from nsnet.probe.loop import Loop
from nsnet.probe.path import Sighting

Key: TypeAlias = bytes | int  # a token, or the sequence number of a SYN

_STAMP_ME = bytes([0x45, *bytes(8), 17, *bytes(18), *PREFIX])  # what _FILTER lets through
_SNAP = 128  # bytes kept of a packet
_TCP, _UDP, _ICMP, _ICMP6, _FRAGMENT = 6, 17, 1, 58, 44
_ECHO = {(_ICMP, 8), (_ICMP6, 128)}
_SYN, _ACK = 0x02, 0x10


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
                self._sockets[name] = taps.opened(socket.SOCK_DGRAM, _FILTER)
            self._loop.watch(
                self._sockets[name], select.EPOLLIN, partial(self._read, name, self._sockets[name])
            )
        taps.await_stamps(self._sockets.values(), _STAMP_ME)

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
            if lost := taps.lost(opened):
                raise KernelError(
                    f"{name}: {lost} packets could not be captured: paths are incomplete",
                    hint="fewer attempts at a time, or without their paths",
                )

    def close(self) -> None:
        """Nothing is heard any more."""
        taps.close(self._sockets.values(), self._loop.forget)

    def _read(self, name: str, opened: socket.socket, _: int = 0) -> None:
        with suppress(BlockingIOError):
            while True:
                packet, control, _, (interface, _, kind, *_) = opened.recvmsg(_SNAP, taps.CONTROL)
                seen = parse(packet)
                if seen is None or (seen.key, seen.is_request) not in self._seen:
                    continue
                sighting = Sighting(name, kind, seen.ttl, taps.stamp(control), seen.source)
                place = (name, interface, kind == socket.PACKET_OUTGOING)
                # A SYN that was sent again is no news.
                self._seen[seen.key, seen.is_request].setdefault(place, sighting)


def parse(packet: bytes) -> Seen | None:
    """A request, or the reply to an echo request; None for anything else."""
    if len(packet) < 40:
        return None
    if packet[0] >> 4 == 4:
        protocol, ttl, source, start = packet[9], packet[8], packet[12:16], (packet[0] & 0xF) * 4
    else:
        protocol, ttl, source, start = packet[6], packet[7], packet[8:24], 40
        if protocol == _FRAGMENT:
            protocol, start = packet[40], 48
    inner = packet[start:]
    if protocol == _TCP:
        if len(inner) < 14 or inner[13] & (_SYN | _ACK) != _SYN:
            return None
        return Seen(struct.unpack_from("!I", inner, 4)[0], True, ttl, source)
    if protocol not in {_UDP, _ICMP, _ICMP6} or inner[8 : 8 + len(PREFIX)] != PREFIX:
        return None
    token = inner[8 + len(PREFIX) :][:TOKEN]
    return Seen(token, protocol == _UDP or (protocol, inner[0]) in _ECHO, ttl, source)


def _assembled(lines: Iterable[tuple[str, int, int, str, str]]) -> taps.Program:
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
_LDBX, _LDX4 = 0x50, 0x40  # A = byte at X + operand, A = word there
_AND, _JEQ, _RET = 0x54, 0x15, 0x06

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
        ("known", _JEQ, _UDP, "payload", "icmp"),
        ("icmp", _JEQ, _ICMP, "payload", "icmp6"),
        ("icmp6", _JEQ, _ICMP6, "payload", "drop"),
        ("payload", _LDX4, 8, "", ""),
        ("", _JEQ, int.from_bytes(PREFIX[:4], "big"), "keep", "drop"),
        ("keep", _RET, _SNAP, "", ""),
        ("drop", _RET, 0, "", ""),
    ]
)
