"""Attempts over ICMP: crafted echo requests. Two sockets serve all attempts of a namespace and
address family."""

import errno
import select
import socket
import struct
from contextlib import suppress

from nsnet.ip import Family
from nsnet.kernel import uapi
from nsnet.probes.loop import Loop
from nsnet.probes.prober import craft
from nsnet.probes.prober.attempt import VERDICTS, Attempt, verdict_of
from nsnet.probes.prober.udp import next_error, queue_errors
from nsnet.servers.echo.message import PREFIX, TOKEN
from nsnet.verdict import Verdict

_ECHO_REPLY: dict[Family, int] = {4: 0, 6: 129}

_WAITING = 1 << 22  # bytes of replies
_CHUNK = 1 << 16


class Echoes:
    """The two ICMP sockets of a namespace, and the attempts whose echo request has no reply yet. An
    instance must be created inside the namespace."""

    def __init__(self, family: Family, loop: Loop) -> None:
        self._family: Family = family
        self._loop = loop
        self._by_token: dict[bytes, Attempt] = {}
        self._by_identity: dict[int, Attempt] = {}
        self._mtus: dict[Attempt, int] = {}  # path MTUs learned from ICMP errors
        # An ICMP error about one request makes the next send on the receiving socket fail, so
        # another socket sends.
        self._sending = _icmp_socket(family, replies=False)
        self._receiving = _icmp_socket(family, replies=True)
        queue_errors(self._receiving)
        loop.watch(self._receiving, select.EPOLLIN, self._ready)

    def close(self) -> None:
        """Close both sockets."""
        self._sending.close()
        self._loop.close_socket(self._receiving)

    def send(self, attempt: Attempt) -> None:
        """Send the attempt's echo request. If the kernel refuses it with an error of VERDICTS, end
        the attempt."""
        flow = attempt.flow
        self._by_token[attempt.token] = self._by_identity[attempt.sequence] = attempt
        packet = craft.echo_request(attempt.token, flow.size, self._family, attempt.sequence)
        try:
            self._sending.sendto(packet, (str(flow.address), 0))
        except OSError as error:
            verdict = verdict_of(error.errno or errno.EINVAL, flow)
            if verdict is not None:
                attempt.end(verdict)

    def forget(self, attempt: Attempt) -> None:
        """Ignore replies to the attempt, and errors about it, from now on."""
        self._by_token.pop(attempt.token, None)
        self._by_identity.pop(attempt.sequence, None)
        self._mtus.pop(attempt, None)

    def _ready(self, events: int) -> None:
        if events & select.EPOLLERR:
            # An error quotes the request: its type, code, checksum and identity.
            number, quoted, mtu = next_error(self._receiving)
            if len(quoted) >= 8:
                failed = self._by_identity.get(struct.unpack_from("!I", quoted, 4)[0])
                if failed is not None and number == errno.EMSGSIZE:
                    if mtu < self._mtus.get(failed, mtu + 1):
                        self._mtus[failed] = mtu
                        self.send(failed)  # in fragments: our kernel has learned the path MTU
                elif failed is not None and number in VERDICTS:
                    failed.end(VERDICTS[number])
        if events & select.EPOLLIN:
            with suppress(OSError):
                packet, (address, *_) = self._receiving.recvfrom(_CHUNK)
                answered = self._by_token.get(_token(packet, self._family))
                # As for any client, only a reply from the address that was asked counts.
                if answered is not None and str(answered.flow.address) == address:
                    answered.end(Verdict.OK)


class IcmpExchange:
    """One attempt over ICMP: send the echo request, and wait for its reply."""

    def __init__(self, attempt: Attempt, echoes: Echoes) -> None:
        self._attempt = attempt
        self._echoes = echoes

    def start(self) -> None:
        """Send the echo request. If the kernel refuses it with an error of VERDICTS, end the
        attempt."""
        self._echoes.send(self._attempt)

    def close(self) -> None:
        """Stop waiting for the reply."""
        self._echoes.forget(self._attempt)


def _icmp_socket(family: Family, *, replies: bool) -> socket.socket:
    """Return a raw ICMP socket of the current namespace. It receives echo replies if
    `replies` is true, else nothing. Each bit set in the socket's filter blocks one ICMP type."""
    reply = _ECHO_REPLY[family]
    if family == 4:
        opened = socket.socket(
            socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP
        )
        blocked = 0xFFFFFFFF & ~(replies << reply)
        opened.setsockopt(uapi.SOL_RAW, uapi.ICMP_FILTER, struct.pack("I", blocked))
    else:
        opened = socket.socket(
            socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMPV6
        )
        words = [0xFFFFFFFF] * 8
        words[reply // 32] &= ~(replies << reply % 32)
        opened.setsockopt(socket.IPPROTO_ICMPV6, uapi.ICMPV6_FILTER, struct.pack("8I", *words))
    with suppress(PermissionError):  # root of a user namespace may not exceed the default
        opened.setsockopt(socket.SOL_SOCKET, uapi.SO_RCVBUFFORCE, _WAITING)
    return opened


def _token(packet: bytes, family: Family) -> bytes:
    """Return the token of a received echo reply; b"" if it has none. `packet` begins with the IP
    header for IPv4, and with the ICMPv6 header for IPv6, as raw sockets deliver it."""
    start = (packet[0] & 0xF) * 4 if family == 4 else 0
    said = packet[start + 8 :]
    return said[len(PREFIX) : len(PREFIX) + TOKEN] if said.startswith(PREFIX) else b""
