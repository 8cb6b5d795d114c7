"""Attempts over UDP: a crafted datagram, and a socket on its source port that receives the reply.

Without that socket the client's own kernel would answer the reply with ICMP port-unreachable.
"""

import errno
import select
import socket
import struct
from contextlib import suppress

from nsnet.errors import KernelError
from nsnet.kernel import uapi
from nsnet.probes.loop import Loop
from nsnet.probes.prober import craft
from nsnet.probes.prober.attempt import Attempt, verdict_of
from nsnet.probes.prober.tcp import bind, no_port
from nsnet.servers.echo.message import parsed_answer
from nsnet.verdict import Verdict

_CHUNK = 1 << 16
_CRAFTED = 1 << 15  # bytes of body: no veth has a larger MTU
_ANY_SIZE = 1 << 16
_QUOTED, _CONTROL = 128, 512  # bytes
# Not in Python's socket module: ICMP errors wait in the socket's error queue (linux/errqueue.h).
_ERROR_QUEUE = {
    socket.AF_INET: (socket.IPPROTO_IP, uapi.IP_RECVERR),
    socket.AF_INET6: (socket.IPPROTO_IPV6, uapi.IPV6_RECVERR),
}


class UdpExchange:
    """One attempt over UDP. The crafted IPv4 packet is sent through `raw`. If `raw` is None, the
    socket `opened`, which receives the reply, also sends the datagram."""

    def __init__(
        self, attempt: Attempt, opened: socket.socket, raw: socket.socket | None, loop: Loop
    ) -> None:
        self._attempt = attempt
        self._socket = opened
        self._raw = raw
        self._loop = loop
        self._mtu = _ANY_SIZE  # of the path, learned from ICMP errors

    def start(self) -> None:
        """Send the datagram. If the kernel refuses it with an error of VERDICTS, end the attempt.
        Raises KernelError if the source port is not free or the datagram is too large."""
        flow = self._attempt.flow
        queue_errors(self._socket)
        # connect() lets the kernel choose the source address as for any program, and passes only
        # replies from the address and port that were asked.
        error = bind(self._socket, flow.source_port)
        error = error or self._socket.connect_ex((str(flow.address), flow.port))
        if not error:
            self._loop.watch(self._socket, select.EPOLLIN, self._ready)
            error = self._send()
        if error:
            self._refused_here(error)

    def close(self) -> None:
        """Close the socket."""
        self._loop.close_socket(self._socket)

    def _send(self) -> int:
        """Send the datagram. Return 0, or the errno with which the client's kernel refuses it."""
        flow = self._attempt.flow
        port = flow.port or 0
        try:
            if self._raw is None or flow.size > _CRAFTED:
                self._socket.send(self._attempt.request)
                return 0
            address, own_port = self._socket.getsockname()
            source = (socket.inet_aton(address), own_port)
            destination = (flow.address.packed, port)
            packet = craft.udp(self._attempt.token, flow.size, source, destination)
            self._raw.sendto(packet, (str(flow.address), 0))
        except OSError as error:
            # Unlike a UDP socket, a raw socket does not fragment a packet that exceeds the MTU of
            # the link, or of the path if it is known. The error is queued for the UDP socket, too.
            if error.errno == errno.EMSGSIZE and self._raw is not None:
                self._raw, (_, _, self._mtu) = None, next_error(self._socket)
                return self._send()
            return error.errno or errno.EINVAL
        return 0

    def _refused_here(self, error: int) -> None:
        flow = self._attempt.flow
        if error in {errno.EADDRINUSE, errno.EADDRNOTAVAIL} and flow.has_family:
            raise no_port(self._attempt, error)
        if error == errno.EMSGSIZE:
            raise KernelError(f"{flow.netns}: {flow.size} bytes are too many for one datagram")
        self._fail(error)

    def _fail(self, error: int) -> None:
        verdict = verdict_of(error, self._attempt.flow)
        if verdict is not None:
            self._attempt.end(verdict)

    def _ready(self, events: int) -> None:
        if events & select.EPOLLERR:
            number, _, mtu = next_error(self._socket)
            if number == errno.EMSGSIZE and mtu < self._mtu:
                # The datagram exceeded the MTU of a router, and our kernel has learned that MTU:
                # now the UDP socket sends it in fragments, like any program's next datagram.
                self._raw, self._mtu = None, mtu
                number = self._send()
            self._fail(number)
        if events & select.EPOLLIN and self._attempt.verdict is None:
            with suppress(OSError):  # recv() reports the ICMP error, too
                said = parsed_answer(self._socket.recv(_CHUNK), self._attempt.token)
                if said is not None:
                    self._attempt.end(Verdict.OK, *said)


def queue_errors(opened: socket.socket) -> None:
    """Make the kernel queue ICMP errors at this socket: those about packets that it has sent, or
    that a raw socket has sent from its port. `next_error` reads them."""
    opened.setsockopt(*_ERROR_QUEUE[opened.family], 1)


def next_error(opened: socket.socket) -> tuple[int, bytes, int]:
    """Return the next error in the socket's queue: its errno, what it quotes of the packet, and the
    MTU if the packet exceeded it. If the queue is empty, the errno is that of SO_ERROR."""
    try:
        quoted, control, _, _ = opened.recvmsg(_QUOTED, _CONTROL, socket.MSG_ERRQUEUE)
    except BlockingIOError:
        return opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), b"", _ANY_SIZE
    for level, kind, data in control:
        if (level, kind) == _ERROR_QUEUE[opened.family]:
            number, info = struct.unpack_from("I4xI", data)
            return int(number), quoted, int(info)
    return 0, quoted, _ANY_SIZE
