"""An ICMP attempt is a crafted echo request; two sockets serve all attempts of a namespace."""

import errno
import select
import socket
import struct
from contextlib import suppress

from nsnet.ip import Family
from nsnet.kernel import uapi
from nsnet.probes.loop import Loop
from nsnet.probes.prober import craft
from nsnet.probes.prober.attempt import VERDICTS, Attempt
from nsnet.probes.prober.udp import next_error, queue_errors
from nsnet.servers.echo.message import PREFIX, TOKEN
from nsnet.verdict import Verdict

_ECHO_REPLY: dict[Family, int] = {4: 0, 6: 129}

_WAITING = 1 << 22  # bytes of answers
_CHUNK = 1 << 16


class Echoes:
    """The echo requests of the namespace it was made in that have not been answered."""

    def __init__(self, family: Family, loop: Loop) -> None:
        self._family: Family = family
        self._loop = loop
        self._by_token: dict[bytes, Attempt] = {}
        self._by_identity: dict[int, Attempt] = {}
        self._told: dict[Attempt, int] = {}  # how large a packet may be, by what has been heard
        # An error for one request would fail the next send through the same socket: one only sends.
        self._sending = _icmp_socket(family, replies=False)
        self._hearing = _icmp_socket(family, replies=True)
        queue_errors(self._hearing)
        loop.watch(self._hearing, select.EPOLLIN, self._ready)

    def close(self) -> None:
        """Send and hear nothing more."""
        self._sending.close()
        self._loop.forget(self._hearing)

    def send(self, attempt: Attempt) -> None:
        """The request is on its way, or was refused by this very kernel."""
        flow = attempt.flow
        self._by_token[attempt.token] = self._by_identity[attempt.sequence] = attempt
        packet = craft.echo_request(attempt.token, flow.size, self._family, attempt.sequence)
        try:
            self._sending.sendto(packet, (str(flow.address), 0))
        except OSError as error:
            if error.errno in VERDICTS:
                attempt.end(VERDICTS[error.errno])

    def forget(self, attempt: Attempt) -> None:
        """What comes back for it from now on comes too late."""
        self._by_token.pop(attempt.token, None)
        self._by_identity.pop(attempt.sequence, None)
        self._told.pop(attempt, None)

    def _ready(self, events: int) -> None:
        if events & select.EPOLLERR:
            # An error quotes the request: its type, code, checksum, and our identity.
            number, quoted, widest = next_error(self._hearing)
            if len(quoted) >= 8:
                failed = self._by_identity.get(struct.unpack_from("!I", quoted, 4)[0])
                if failed is not None and number == errno.EMSGSIZE:
                    if widest < self._told.get(failed, widest + 1):
                        self._told[failed] = widest
                        self.send(failed)  # in fragments: our kernel knows what the path takes
                elif failed is not None and number in VERDICTS:
                    failed.end(VERDICTS[number])
        if events & select.EPOLLIN:
            with suppress(OSError):
                packet, (address, *_) = self._hearing.recvfrom(_CHUNK)
                answered = self._by_token.get(_token(packet, self._family))
                # Like any client, we believe only whom we asked.
                if answered is not None and str(answered.flow.address) == address:
                    answered.end(Verdict.OK)


class IcmpExchange:
    """One attempt over ICMP."""

    def __init__(self, attempt: Attempt, echoes: Echoes) -> None:
        self._attempt = attempt
        self._echoes = echoes

    def start(self) -> None:
        """The request is on its way, or was refused by this very kernel."""
        self._echoes.send(self._attempt)

    def close(self) -> None:
        """Nobody waits for the answer any more."""
        self._echoes.forget(self._attempt)


def _icmp_socket(family: Family, *, replies: bool) -> socket.socket:
    """A raw socket that hears echo replies, or nothing. A bit that is set is a type not heard."""
    heard = _ECHO_REPLY[family]
    if family == 4:
        opened = socket.socket(
            socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMP
        )
        deaf = 0xFFFFFFFF & ~(replies << heard)
        opened.setsockopt(uapi.SOL_RAW, uapi.ICMP_FILTER, struct.pack("I", deaf))
    else:
        opened = socket.socket(
            socket.AF_INET6, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_ICMPV6
        )
        words = [0xFFFFFFFF] * 8
        words[heard // 32] &= ~(replies << heard % 32)
        opened.setsockopt(socket.IPPROTO_ICMPV6, uapi.ICMPV6_FILTER, struct.pack("8I", *words))
    with suppress(PermissionError):  # root of a user namespace has to do with the default
        opened.setsockopt(socket.SOL_SOCKET, uapi.SO_RCVBUFFORCE, _WAITING)
    return opened


def _token(packet: bytes, family: Family) -> bytes:
    """The token of an echo reply; a raw socket hands out IPv4's header, too, and not IPv6's."""
    start = (packet[0] & 0xF) * 4 if family == 4 else 0
    said = packet[start + 8 :]
    return said[len(PREFIX) : len(PREFIX) + TOKEN] if said.startswith(PREFIX) else b""
