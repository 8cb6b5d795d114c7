"""Captures of requests on their way, by one packet socket in every namespace for all its links.

A UDP or ICMP request is recognized by its token, a TCP connection by the sequence number of its
SYN, which its attempt has chosen. NAT changes neither of them, and both are found inside VXLAN,
too. A proxy relays a request in a connection of its own, which is recognized by the token in its
payload; over HTTP the token is in a header.
"""

import re
import select
import socket
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import NamedTuple, TypeAlias

from nsnet.errors import KernelError
from nsnet.kernel import netns, taps
from nsnet.probes.loop import Loop
from nsnet.probes.prober.path import Sighting
from nsnet.servers.echo import proxy_header
from nsnet.servers.echo.message import PREFIX, TOKEN, TOKEN_HEADER
from nsnet.state.model import VXLAN_PORT

TraceKey: TypeAlias = bytes | int  # a token, or the sequence number of a SYN

_TEST_PACKET = bytes([0x45, *bytes(8), 17, *bytes(18), *PREFIX])  # passes _FILTER
_SNAP = 2048  # bytes kept of a packet: the beginning of an HTTP request
_TCP, _UDP, _ICMP, _ICMP6, _FRAGMENT = 6, 17, 1, 58, 44
_TUNNEL = 8 + 8 + 14  # bytes of headers: UDP, VXLAN, Ethernet
_ECHO = {(_ICMP, 8), (_ICMP6, 128)}
_SYN, _ACK = 0x02, 0x10
_METHODS = (b"GET ", b"HEAD", b"POST", b"PUT ", b"PATC", b"DELE", b"OPTI")
_HEADER = re.compile(rb"\r\n%s: ([0-9a-f]{%d})\r\n" % (TOKEN_HEADER.encode(), TOKEN), re.I)


class TracedPacket(NamedTuple):
    """A captured request or echo reply: the key that identifies it, and the fields from which its
    path is derived."""

    key: TraceKey
    is_request: bool
    ttl: int
    source: bytes


class Capture:
    """A capture in many namespaces. It records the interfaces at which followed requests, and the
    replies to followed echo requests, are seen."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._sockets: dict[str, socket.socket] = {}
        self._seen: dict[tuple[TraceKey, bool], dict[tuple[str, str, bool, bytes], Sighting]] = {}

    def listen(self, namespaces: Iterable[str]) -> None:
        """Capture in these namespaces from now on. Raises KernelError if the kernel does not
        timestamp packets."""
        for name in namespaces:
            with netns.inside(name):
                self._sockets[name] = taps.open_tap(socket.SOCK_DGRAM, _FILTER)
            self._loop.watch(
                self._sockets[name], select.EPOLLIN, partial(self._read, name, self._sockets[name])
            )
        taps.await_timestamps(self._sockets.values(), _TEST_PACKET)

    def follow(self, key: TraceKey) -> None:
        """From now on, record where packets with this key are seen."""
        self._seen[key, True] = {}
        self._seen[key, False] = {}

    def requests(self, key: TraceKey) -> list[Sighting]:
        """Return the first sighting of the request with this key at each interface, in each
        direction, from each source."""
        return list(self._seen[key, True].values())

    def replies(self, key: TraceKey) -> list[Sighting]:
        """Return the first sighting of the reply to this echo request at each interface, in each
        direction, from each source."""
        return list(self._seen[key, False].values())

    def drain(self) -> None:
        """Read all captured packets that are still unread. Raises KernelError if any packets were
        lost."""
        for name, opened in self._sockets.items():
            self._read(name, opened)
            if lost := taps.dropped(opened):
                raise KernelError(
                    f"{name}: {lost} packets could not be captured: paths are incomplete",
                    hint="probe fewer attempts at a time, or without paths",
                )

    def close(self) -> None:
        """Stop capturing."""
        taps.close(self._sockets.values(), self._loop.close_socket)

    def _read(self, name: str, opened: socket.socket, _: int = 0) -> None:
        with suppress(BlockingIOError):
            while True:
                packet, control, _, (interface, _, kind, *_) = opened.recvmsg(_SNAP, taps.CONTROL)
                seen = parse(packet)
                if seen is None or (seen.key, seen.is_request) not in self._seen:
                    continue
                sighting = Sighting(
                    netns=name,
                    kind=kind,
                    ttl=seen.ttl,
                    time=taps.timestamp(control),
                    source=seen.source,
                )
                # A retransmitted SYN is not counted again. A proxy's own connection, which may pass
                # the same interface, has another source.
                place = (name, interface, kind == socket.PACKET_OUTGOING, seen.source)
                self._seen[seen.key, seen.is_request].setdefault(place, sighting)


def parse(packet: bytes) -> TracedPacket | None:
    """Return the key and fields of a request or an echo reply; None for any other packet. Of a
    VXLAN packet, return those of the inner packet: that one has the TTL that routers decrement."""
    if len(packet) < 40:
        return None
    if packet[0] >> 4 == 4:
        protocol, ttl, source, start = packet[9], packet[8], packet[12:16], (packet[0] & 0xF) * 4
    else:
        protocol, ttl, source, start = packet[6], packet[7], packet[8:24], 40
        if protocol == _FRAGMENT:
            protocol, start = packet[40], 48
    inner = packet[start:]
    if protocol == _UDP and inner[2:4] == VXLAN_PORT.to_bytes(2, "big"):
        return parse(inner[_TUNNEL:])
    if protocol == _TCP:
        if len(inner) < 20:
            return None
        if inner[13] & (_SYN | _ACK) == _SYN:
            return TracedPacket(struct.unpack_from("!I", inner, 4)[0], True, ttl, source)
        token = _token(_without_proxy_header(inner[(inner[12] >> 4) * 4 :]))
        return TracedPacket(token, True, ttl, source) if token else None
    if protocol not in {_UDP, _ICMP, _ICMP6} or inner[8 : 8 + len(PREFIX)] != PREFIX:
        return None
    token = inner[8 + len(PREFIX) :][:TOKEN]
    return TracedPacket(token, protocol == _UDP or (protocol, inner[0]) in _ECHO, ttl, source)


def _token(payload: bytes) -> bytes:
    """Return the token of a request over TCP; b"" if there is none."""
    if payload.startswith(PREFIX):
        return payload[len(PREFIX) :][:TOKEN]
    header = _HEADER.search(payload) if payload[:4] in _METHODS else None
    return header[1] if header else b""


def _without_proxy_header(data: bytes) -> bytes:
    if not data.startswith(proxy_header.SIGNATURE):
        return data
    return data[proxy_header.length(data) or 0 :]


def _assembled(lines: Iterable[tuple[str, int, int, str, str]]) -> taps.Program:
    """Return the classic BPF program of these lines, with each label replaced by a jump offset. A
    line is (its label, code, operand, label to jump to if true, label to jump to if false)."""
    program = list(lines)
    labels = {label: index for index, (label, *_) in enumerate(program) if label}

    def jump(index: int, label: str) -> int:
        return labels[label] - index - 1 if label else 0

    return [
        (code, jump(index, true), jump(index, false), operand)
        for index, (_, code, operand, true, false) in enumerate(program)
    ]


def _any_of(label: str, words: Iterable[bytes]) -> Iterator[tuple[str, int, int, str, str]]:
    """Yield the lines of a program that keep a packet if A is one of these words, and drop it if
    not. The first line has the label."""
    for each in words:
        yield label, _JEQ, int.from_bytes(each, "big"), "keep", ""
        label = ""
    yield "", _RET, 0, "", ""


# linux/bpf_common.h. A is the accumulator, X the index register; offsets count from the IP header.
_LDB, _LDXH, _LDX = 0x30, 0xB1, 0x01  # A = byte, X = length of the IPv4 header there, X = operand
_LDBX, _LDX2, _LDX4 = 0x50, 0x48, 0x40  # A = byte at X + operand, A = half word, word there
_AND, _JEQ, _RET = 0x54, 0x15, 0x06
_RSH, _ADDX, _TAX = 0x74, 0x0C, 0x07  # A >>= operand, A += X, X = A

_BEGINNING = int.from_bytes(PREFIX[:4], "big")
_FROM_PROXY = int.from_bytes(proxy_header.SIGNATURE[:4], "big")
# SYNs, and payloads that begin like a request: about every 10th packet of a probe.
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
        ("", _JEQ, _SYN, "keep", "data"),
        # The payload after the TCP header, whose length is in words.
        ("data", _LDBX, 12, "", ""),
        ("", _AND, 0xF0, "", ""),
        ("", _RSH, 2, "", ""),
        ("", _ADDX, 0, "", ""),
        ("", _TAX, 0, "", ""),
        ("", _LDX4, 0, "", ""),
        ("", _JEQ, _BEGINNING, "keep", "proxied"),
        ("proxied", _JEQ, _FROM_PROXY, "keep", "http"),
        *_any_of("http", _METHODS),
        ("known", _JEQ, _UDP, "udp", "icmp"),
        ("udp", _LDX2, 2, "", ""),
        ("", _JEQ, VXLAN_PORT, "tunnel", "payload"),
        ("icmp", _JEQ, _ICMP, "payload", "icmp6"),
        ("icmp6", _JEQ, _ICMP6, "payload", "drop"),
        ("payload", _LDX4, 8, "", ""),
        ("", _JEQ, _BEGINNING, "keep", "drop"),
        # The same for the inner packet, which has no IP or TCP options.
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
