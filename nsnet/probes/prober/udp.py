"""A UDP attempt is a crafted datagram, and a socket of its port that hears what comes back.

Without that socket the client's own kernel would refuse the answer.
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
from nsnet.probes.prober.attempt import VERDICTS, Attempt
from nsnet.probes.prober.tcp import bind, no_port
from nsnet.servers.echo.message import parsed_answer
from nsnet.verdict import Verdict

_CHUNK = 1 << 16
_CRAFTED = 1 << 15  # bytes of body: no link takes more as one packet
_ANY_SIZE = 1 << 16
_QUOTED, _CONTROL = 128, 512  # bytes
# Not in Python's socket module: ICMP errors wait in a queue of the socket's (linux/errqueue.h).
_ERROR_QUEUE = {
    socket.AF_INET: (socket.IPPROTO_IP, uapi.IP_RECVERR),
    socket.AF_INET6: (socket.IPPROTO_IPV6, uapi.IPV6_RECVERR),
}


class UdpExchange:
    """One attempt over UDP. `raw` sends IPv4 packets; without it the socket itself sends."""

    def __init__(
        self, attempt: Attempt, opened: socket.socket, raw: socket.socket | None, loop: Loop
    ) -> None:
        self._attempt = attempt
        self._socket = opened
        self._raw = raw
        self._loop = loop
        self._widest = _ANY_SIZE  # that a packet may be, by what has been heard

    def start(self) -> None:
        """The datagram is on its way, or was refused by this very kernel."""
        flow = self._attempt.flow
        queue_errors(self._socket)
        # connect() has the kernel choose our address as it would for any program, and lets only
        # answers through that come from the address asked, and from its port.
        error = bind(self._socket, flow.source_port)
        error = error or self._socket.connect_ex((str(flow.address), flow.port))
        if not error:
            self._loop.watch(self._socket, select.EPOLLIN, self._ready)
            error = self._send()
        if error:
            self._refused_here(error)

    def close(self) -> None:
        """Leave."""
        self._loop.forget(self._socket)

    def _send(self) -> int:
        """Send; the number of this kernel's refusal otherwise."""
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
            # A raw socket does not fragment what is too long for the link, or for a path that is
            # known to be narrower (of which the UDP socket hears, too); a UDP socket does.
            if error.errno == errno.EMSGSIZE and self._raw is not None:
                self._raw, (_, _, self._widest) = None, next_error(self._socket)
                return self._send()
            return error.errno or errno.EINVAL
        return 0

    def _refused_here(self, error: int) -> None:
        flow = self._attempt.flow
        if error in {errno.EADDRINUSE, errno.EADDRNOTAVAIL}:
            raise no_port(self._attempt, error)
        if error == errno.EMSGSIZE:
            raise KernelError(f"{flow.netns}: {flow.size} bytes are too many for one datagram")
        self._fail(error)

    def _fail(self, error: int) -> None:
        if error in VERDICTS:
            self._attempt.end(VERDICTS[error])

    def _ready(self, events: int) -> None:
        if events & select.EPOLLERR:
            number, _, widest = next_error(self._socket)
            if number == errno.EMSGSIZE and widest < self._widest:
                # A router says that it was too big, and our kernel has taken note: sent by the
                # socket itself, it leaves in fragments now, as any program's next would.
                self._raw, self._widest = None, widest
                number = self._send()
            self._fail(number)
        if events & select.EPOLLIN and self._attempt.verdict is None:
            with suppress(OSError):  # an ICMP error, told a second time
                said = parsed_answer(self._socket.recv(_CHUNK), self._attempt.token)
                if said is not None:
                    self._attempt.end(Verdict.OK, *said)


def queue_errors(opened: socket.socket) -> None:
    """ICMP errors for what this socket, or a raw one of its port, has sent wait in its queue."""
    opened.setsockopt(*_ERROR_QUEUE[opened.family], 1)


def next_error(opened: socket.socket) -> tuple[int, bytes, int]:
    """The number of the next error in the socket's queue, what was quoted of the packet, and how
    large it might have been where it was too big."""
    try:
        quoted, control, _, _ = opened.recvmsg(_QUOTED, _CONTROL, socket.MSG_ERRQUEUE)
    except BlockingIOError:
        return opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), b"", _ANY_SIZE
    for level, kind, data in control:
        if (level, kind) == _ERROR_QUEUE[opened.family]:
            number, info = struct.unpack_from("I4xI", data)
            return int(number), quoted, int(info)
    return 0, quoted, _ANY_SIZE
