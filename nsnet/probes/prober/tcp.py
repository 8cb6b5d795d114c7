"""Attempts over TCP, which are ordinary connections of the kernel. Crafted SYNs would not work: the
client's kernel would reset the connection when the server replies."""

import errno
import re
import select
import socket
import struct
import time
from typing import Protocol

from nsnet.errors import KernelError
from nsnet.kernel import uapi
from nsnet.probes.loop import Loop
from nsnet.probes.prober.attempt import Attempt, verdict_of
from nsnet.servers.echo.message import END, parsed_answer
from nsnet.verdict import Verdict

_NO_LINGER = struct.pack("ii", 1, 0)
_CHUNK = 1 << 16
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[^\n]*\n")


class Talk(Protocol):
    """What a client says and hears on a connection: the echo protocol, or HTTP."""

    def begin(self) -> bytes:
        """Return what the client sends once it is connected."""

    def receive(self, data: bytes) -> bytes:
        """Return what the client sends after it has received these bytes; b"" ends them. End the
        attempt if that is known by now."""


class EchoTalk:
    """A request of the echo protocol, and its answer."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._answer = b""

    def begin(self) -> bytes:
        """Return the request, with an empty line in or after it."""
        request = self._attempt.request
        return request if self._attempt.flow.size else request + END

    def receive(self, data: bytes) -> bytes:
        """Return nothing: a client sends one request."""
        self._answer += data
        if said := _STATUS_LINE.match(self._answer):  # an HTTP proxy: this is a bad request
            self._attempt.status = int(said[1])
            self._attempt.end(Verdict.OK)
        elif b"\n" in self._answer:
            line, token = self._answer.partition(END)[0], self._attempt.token
            server, source = parsed_answer(line, token) or (None, None)
            self._attempt.end(Verdict.OK, server, source)
        elif not data:
            self._attempt.end(Verdict.RESET)
        return b""


class TcpExchange:
    """One attempt over TCP: connect, talk, close."""

    def __init__(self, attempt: Attempt, opened: socket.socket, loop: Loop, talk: Talk) -> None:
        self._attempt = attempt
        self._socket = opened
        self._loop = loop
        self._talk = talk
        self._unsent = memoryview(b"")
        self.connected = False

    def start(self) -> None:
        """Send the SYN. If the kernel refuses it with an error of VERDICTS, end the attempt. Raises
        KernelError if the source port is not free."""
        flow = self._attempt.flow
        # Close by RST: without TIME_WAIT a fixed source port is free again at once.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        if flow.path:
            choose_sequence(self._socket, self._attempt.sequence)
        if flow.keepalive:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for each in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL):
                self._socket.setsockopt(socket.IPPROTO_TCP, each, flow.keepalive)
        error = bind(self._socket, flow.source_port)
        error = error or self._socket.connect_ex((str(flow.address), flow.port))
        if error == errno.EINPROGRESS:
            # An ICMP error that arrives within connect() is "soft": only SO_ERROR reports it.
            error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._fail(error)
        else:
            self._loop.watch(self._socket, select.EPOLLOUT, self._connected)

    def close(self) -> None:
        """Close the connection."""
        self._loop.close_socket(self._socket)

    def _fail(self, error: int) -> None:
        verdict = verdict_of(error, self._attempt.flow)
        if verdict is not None:
            self._attempt.end(verdict)
        elif error in {errno.EADDRINUSE, errno.EADDRNOTAVAIL}:
            raise no_port(self._attempt, error)
        else:
            self.close()  # no event will follow

    def _connected(self, events: int) -> None:
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            self._fail(error)
        elif events & (select.EPOLLOUT | select.EPOLLHUP):
            self.connected = True
            idle = self._attempt.flow.idle
            if idle:
                self._loop.watch(self._socket, select.EPOLLIN, self._open)  # for a reset
                self._loop.at(time.monotonic() + idle, self._begin)
            else:
                self._begin()

    def _begin(self) -> None:
        """Send the request, unless the connection has ended by now."""
        if self._attempt.verdict is None:
            self._unsent = memoryview(self._talk.begin())
            self._open(select.EPOLLOUT)

    def _open(self, events: int) -> None:
        """Handle events of the established connection: send the rest of the request, read the
        reply."""
        try:
            if events & select.EPOLLOUT:
                self._unsent = self._unsent[self._socket.send(self._unsent) :]
                self._wait()
            if events & ~select.EPOLLOUT:
                more = self._talk.receive(self._socket.recv(_CHUNK))
                if more and self._attempt.verdict is None:
                    self._unsent = memoryview(bytes(self._unsent) + more)
                    self._wait()
        except BlockingIOError:
            return
        except OSError:
            self._attempt.end(Verdict.RESET)

    def _wait(self) -> None:
        waiting = select.EPOLLIN | (select.EPOLLOUT if self._unsent else 0)
        self._loop.watch(self._socket, waiting, self._open)


def bind(opened: socket.socket, port: int | None) -> int:
    """Bind the socket to this source port; do nothing if it is None. Return 0, or the errno."""
    if port is None:
        return 0
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        opened.bind(("", port))
    except OSError as error:
        return error.errno or errno.EINVAL
    return 0


def no_port(attempt: Attempt, error: int) -> KernelError:
    """Return the error to raise if the client's namespace has no free source port, or if the source
    port that the flow asks for is not free."""
    flow = attempt.flow
    port = f"{flow.protocol} port {flow.source_port}" if flow.source_port else flow.protocol
    return KernelError(
        f"{flow.netns}: cannot send from {port}: {errno.errorcode[error]}",
        hint=f"to see what uses it: ip netns exec {flow.netns} ss -anp",
    )


def choose_sequence(opened: socket.socket, sequence: int) -> None:
    """Set the sequence number that the socket's SYN will have. NAT does not change it, so captures
    recognize the SYN by it."""
    opened.setsockopt(socket.IPPROTO_TCP, uapi.TCP_REPAIR, 1)
    opened.setsockopt(socket.IPPROTO_TCP, uapi.TCP_REPAIR_QUEUE, uapi.TCP_SEND_QUEUE)
    opened.setsockopt(socket.IPPROTO_TCP, uapi.TCP_QUEUE_SEQ, struct.pack("I", sequence))
    opened.setsockopt(socket.IPPROTO_TCP, uapi.TCP_REPAIR, uapi.TCP_REPAIR_OFF_NO_WP)
