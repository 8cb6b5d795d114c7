"""Queries that a DNS server sends on to other servers, and waits for without blocking."""

import errno
import os
import select
import time
from collections.abc import Callable
from contextlib import suppress
from socket import AF_INET, AF_INET6, SOCK_DGRAM, SOCK_STREAM, socket

from nsnet.kernel import netns
from nsnet.servers.dns import wire
from nsnet.servers.dns.conversation import framed

_PATIENCE = 2.0  # seconds for one server; coredns/plugin/forward has 2, too
_TRIES = 2  # each server is asked so often
_MOST = 1000  # queries at a time; coredns/plugin/forward: max_concurrent
_CHUNK = 1 << 16


class _Pending:
    """A query that other servers have not answered yet; `servers` are those to ask next."""

    def __init__(
        self, asked: wire.Asked, namespace: str, reply: Callable[[bytes], None], *, stream: bool
    ) -> None:
        self.asked = asked
        self.namespace = namespace
        self.reply = reply
        self.stream = stream
        self.servers = iter(asked.forward.servers * _TRIES)
        self.due = 0.0  # when the next one is asked, as time.monotonic() has it
        self.unsent = b""  # over TCP, until the connection is established
        self.received = bytearray()


class Forwarder:
    """The pending queries of all DNS servers of a lab, with a socket for each."""

    def __init__(self, epoll: select.epoll) -> None:
        self._epoll = epoll
        self._pending: dict[int, tuple[socket, _Pending]] = {}  # the first one is due first

    def __contains__(self, fd: int) -> bool:
        return fd in self._pending

    def ask(
        self,
        asked: wire.Asked,
        namespace: str,
        reply: Callable[[bytes], None],
        *,
        stream: bool,
    ) -> None:
        """Send the query from the namespace to the servers, one after another until one answers,
        and call `reply` with the answer to the client."""
        pending = _Pending(asked, namespace, reply, stream=stream)
        if len(self._pending) < _MOST:
            self._ask_next(pending)
        else:
            reply(wire.failed(asked, stream=stream))

    def seconds_left(self) -> float | None:
        """Ask the next server where one has not answered in time. Return the seconds until this is
        due again, None if no query is pending."""
        while self._pending:
            fd, (_, pending) = next(iter(self._pending.items()))
            if (left := pending.due - time.monotonic()) > 0:
                return left
            self._close(fd)
            self._ask_next(pending)
        return None

    def serve(self, fd: int) -> None:
        """Go on with the query of this socket, which is ready."""
        opened, pending = self._pending[fd]
        try:
            if pending.unsent:  # the connection is established
                opened.sendall(pending.unsent)
                pending.unsent = b""
                self._epoll.modify(fd, select.EPOLLIN)
                return
            data = opened.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:  # an ICMP error, or the connection was refused
            data = b""
        if not data:
            self._close(fd)
            self._ask_next(pending)
        elif not pending.stream:
            self._finish(fd, pending, data)
        else:
            pending.received += data
            length = int.from_bytes(pending.received[:2], "big")
            if len(pending.received) >= 2 + length:
                self._finish(fd, pending, bytes(pending.received[2 : 2 + length]))

    def _finish(self, fd: int, pending: _Pending, data: bytes) -> None:
        answer = wire.forwarded(pending.asked, data, stream=pending.stream)
        if answer is not None:
            self._close(fd)
            pending.reply(answer)

    def _ask_next(self, pending: _Pending) -> None:
        for address, port in pending.servers:
            with suppress(OSError):  # no route, for example
                opened = self._opened(pending, address, port)
                self._pending[opened.fileno()] = opened, pending
                pending.due = time.monotonic() + _PATIENCE
                return
        pending.reply(wire.failed(pending.asked, stream=pending.stream))

    def _opened(self, pending: _Pending, address: str, port: int) -> socket:
        """Return a socket that sends the query to this server. Raises OSError."""
        family = AF_INET6 if ":" in address else AF_INET
        with netns.inside(pending.namespace):
            opened = socket(family, SOCK_STREAM if pending.stream else SOCK_DGRAM)
        try:
            opened.setblocking(False)
            result = opened.connect_ex((address, port))
            if result not in (0, errno.EINPROGRESS):
                raise OSError(result, os.strerror(result))
            if pending.stream:
                pending.unsent = framed(pending.asked.message)
                pending.received.clear()
            else:
                opened.send(pending.asked.message)
            self._epoll.register(opened, select.EPOLLOUT if pending.stream else select.EPOLLIN)
        except OSError:
            opened.close()
            raise
        return opened

    def _close(self, fd: int) -> None:
        opened, _ = self._pending.pop(fd)
        opened.close()
