"""A UDP attempt is a crafted datagram beside a socket of the same port, which hears what comes back.

Without that socket the client's own kernel would refuse the answer.
"""

import errno
import select
import socket
from contextlib import suppress

from nsnet.errors import KernelError
from nsnet.probe import craft
from nsnet.probe.attempt import VERDICTS, Attempt, read_answer
from nsnet.probe.loop import Loop
from nsnet.probe.tcp import bind, no_port
from nsnet.verdict import Verdict

_CHUNK = 1 << 16
# Not in Python's socket module: ICMP errors wait in a queue of the socket's (linux/errqueue.h).
_ERROR_QUEUE = {
    socket.AF_INET: (socket.IPPROTO_IP, 11),  # IP_RECVERR
    socket.AF_INET6: (socket.IPPROTO_IPV6, 25),  # IPV6_RECVERR
}


class Datagram:
    """One attempt over UDP. `raw` sends IPv4 packets with their headers; without it the socket sends."""

    def __init__(
        self, attempt: Attempt, opened: socket.socket, raw: socket.socket | None, loop: Loop
    ) -> None:
        self._attempt = attempt
        self._socket = opened
        self._raw = raw
        self._loop = loop

    def start(self) -> None:
        """The datagram is on its way, or was refused by this very kernel."""
        flow = self._attempt.flow
        self._socket.setsockopt(*_ERROR_QUEUE[self._socket.family], 1)
        # connect() has the kernel choose our address as it would for any program, and lets only
        # answers through that come from the address asked, and from its port.
        error = bind(self._socket, flow.source_port)
        error = error or self._socket.connect_ex((str(flow.address), flow.port))
        if not error:
            self._loop.watch(self._socket, select.EPOLLIN, self._ready)
            error = self._send()
        if error:
            self._fail(error)

    def close(self) -> None:
        """Leave."""
        self._loop.forget(self._socket)

    def _send(self) -> int:
        flow = self._attempt.flow
        try:
            if self._raw is None:
                self._socket.send(self._attempt.request)
                return 0
            address, port = self._socket.getsockname()
            own = (socket.inet_aton(address), port)
            packet = craft.udp(self._attempt.token, flow.size, own, _end(flow.address, flow.port))
            self._raw.sendto(packet, (str(flow.address), 0))
        except OSError as error:
            # A raw socket does not fragment what is too long for the link; a UDP socket does.
            if error.errno == errno.EMSGSIZE and self._raw is not None:
                self._raw = None
                return self._send()
            return error.errno or errno.EINVAL
        return 0

    def _fail(self, error: int) -> None:
        if error in VERDICTS:
            self._attempt.end(VERDICTS[error])
            self.close()
        elif error in {errno.EADDRINUSE, errno.EADDRNOTAVAIL}:
            raise no_port(self._attempt, error)
        elif error == errno.EMSGSIZE and self._raw is None:
            flow = self._attempt.flow
            raise KernelError(f"{flow.netns}: {flow.size} bytes are too many for one datagram")

    def _ready(self, events: int) -> None:
        if events & select.EPOLLERR:
            self._fail(_next_error(self._socket))
        if events & select.EPOLLIN and self._attempt.verdict is None:
            with suppress(OSError):  # an ICMP error, told a second time
                said = read_answer(self._socket.recv(_CHUNK), self._attempt.token)
                if said is not None:
                    self._attempt.end(Verdict.OK, *said)
                    self.close()
