"""The one process that answers for every pod: who it is and whom it saw (conversation.py).

Its ports are told to it over a unix socket (control.py), so that a change never restarts it. It
stands in one namespace of the lab, where `down` finds it; its sockets were opened in the others.
Standard library only: it is ready in 40 ms when started as control.argv says.
"""

import errno
import json
import os
import resource
import select
import struct
import sys
import time
from contextlib import suppress
from socket import (
    AF_INET,
    AF_INET6,
    AF_UNIX,
    IPPROTO_IP,
    IPPROTO_IPV6,
    IPV6_PKTINFO,
    IPV6_RECVPKTINFO,
    IPV6_V6ONLY,
    SHUT_WR,
    SO_REUSEADDR,
    SOCK_DGRAM,
    SOCK_STREAM,
    SOL_SOCKET,
    socket,
)
from typing import Any, NamedTuple, NoReturn, TypeAlias

from nsnet.kernel import netns, uapi
from nsnet.servers.echo.conversation import Conversation, Health, datagram_answer
from nsnet.servers.echo.message import json_line

Port: TypeAlias = tuple[str, str, int]  # namespace, protocol, number
CHANGES = ("listen", "unlisten", "replace")

_IDLE = 60.0  # seconds
_BACKLOG = 1024
_WAITING = 1 << 22  # bytes of datagrams
_CHUNK = 1 << 16


class Listening(NamedTuple):
    """An open port of a pod; who asks there is told `reference`, or how healthy a Service is."""

    socket: socket
    port: Port
    reference: str
    health: Health | None
    proxied: bool


class Orders:
    """What somebody at the control socket asks for: every line of JSON is a change."""

    ended = False

    def __init__(self, servers: "Servers") -> None:
        self._servers = servers
        self._unread = b""

    def hear(self, data: bytes) -> bytes:
        """The answers to the requests that are complete, and carried out."""
        *lines, self._unread = (self._unread + data).split(b"\n")
        return b"".join(map(self._answer, lines))

    def _answer(self, line: bytes) -> bytes:
        try:
            request = json.loads(line)
            if "ending" in request:
                return json_line({"unanswered": self._servers.unanswered(request["ending"])})
            self._servers.change(*(request.get(each, ()) for each in CHANGES))
        except Exception as error:  # noqa: BLE001 - a bad request is told so, and ends nothing
            return json_line({"error": str(error) or repr(error)})
        return json_line({"ok": True})


class Peer(NamedTuple):
    """Somebody who is connected: to a pod's port, or (None) to the control socket."""

    socket: socket
    conversation: Conversation | Orders
    port: Port | None


class Servers:
    """All open ports and connections, and the loop that serves them."""

    def __init__(self, control: socket) -> None:
        self._epoll = select.epoll()
        self._control = control
        self._ports: dict[Port, Listening] = {}
        self._listening: dict[int, Listening] = {}
        self._peers: dict[int, tuple[float, Peer]] = {}  # idle since when, the longest first
        self._unanswered: set[int] = set()  # of the peers, who has not heard a word yet
        self._buffer = bytearray(_CHUNK)
        self._watch(control)

    def serve(self) -> NoReturn:
        """Answer until killed."""
        while True:
            for fd, _ in self._epoll.poll(self._until_idle()):
                if fd in self._peers:
                    self._serve_peer(fd)
                elif fd in self._listening:
                    self._serve_port(self._listening[fd])
                elif fd == self._control.fileno():
                    self._accept(self._control, None)

    def change(
        self, listen: list[list[Any]], unlisten: list[list[Any]], replace: list[list[Any]]
    ) -> None:
        """These ports are open in addition, no longer, or open still and answered otherwise.

        Raises OSError that says which cannot be. A port of `listen` that was open is opened anew:
        its namespace may be another one of the same name. After an error none of `listen` is open.
        """
        for each in replace:
            port, told = _told(each)
            if port not in self._ports:
                raise OSError(f"{port[0]}: {port[1]} port {port[2]} is not open")
            opened = self._ports[port].socket
            self._ports[port] = Listening(opened, port, *told)
            self._listening[opened.fileno()] = self._ports[port]
        wanted = dict(map(_told, listen))
        self._close({*wanted, *((name, protocol, port) for name, protocol, port in unlisten)})
        namespaces: dict[str, list[Port]] = {}
        for port in wanted:
            namespaces.setdefault(port[0], []).append(port)
        try:
            for name, ports in namespaces.items():
                for port, opened in _open_in(name, ports):
                    self._ports[port] = Listening(opened, port, *wanted[port])
                    self._listening[opened.fileno()] = self._ports[port]
                    self._watch(opened)
        except BaseException:
            self._close(set(wanted))
            raise

    def unanswered(self, ports: list[list[Any]]) -> int:
        """How many clients of these ports have connected and have not been answered yet."""
        asked = {(name, protocol, port) for name, protocol, port in ports}
        for listening in [self._ports[port] for port in asked if port in self._ports]:
            # The kernel has made connections that nobody has accepted: to close the port resets
            # them.
            while listening.socket.type == SOCK_STREAM and self._accept(
                listening.socket, listening
            ):
                pass
        return sum(self._peers[fd][1].port in asked for fd in self._unanswered)

    def _close(self, ports: set[Port]) -> None:
        """These ports are closed, and who was connected to them sees what a pod's end is like."""
        closed = {port for port in ports if port in self._ports}
        for port in closed:
            listening = self._ports.pop(port)
            del self._listening[listening.socket.fileno()]
            listening.socket.close()
        if closed:
            for fd in [fd for fd, (_, peer) in self._peers.items() if peer.port in closed]:
                self._hang_up(fd)

    def _watch(self, opened: socket) -> None:
        opened.setblocking(False)
        self._epoll.register(opened, select.EPOLLIN)

    def _until_idle(self) -> float:
        """Seconds until a connection has been idle for too long; those that have are dropped."""
        now = time.monotonic()
        while self._peers:
            fd, (since, _) = next(iter(self._peers.items()))
            if since + _IDLE > now:
                return since + _IDLE - now
            self._hang_up(fd)
        return -1

    def _hang_up(self, fd: int) -> None:
        _, peer = self._peers.pop(fd)
        self._unanswered.discard(fd)
        peer.socket.close()

    def _serve_port(self, listening: Listening) -> None:
        if listening.socket.type == SOCK_STREAM:
            self._accept(listening.socket, listening)
        else:
            self._answer_datagram(listening)

    def _accept(self, at: socket, listening: Listening | None) -> bool:
        """Somebody was waiting, and is connected now."""
        try:
            opened, address = at.accept()
        except OSError as error:
            # Out of descriptors: whoever has been idle longest makes room.
            if error.errno in {errno.EMFILE, errno.ENFILE} and self._peers:
                self._hang_up(next(iter(self._peers)))
            return False
        peer = Peer(opened, Orders(self), None)
        if listening is not None:
            conversation = Conversation(
                listening.reference,
                _plain(address[0]),
                address[1],
                listening.health,
                proxied=listening.proxied,
            )
            peer = Peer(opened, conversation, listening.port)
            self._unanswered.add(opened.fileno())
        self._watch(opened)
        self._peers[opened.fileno()] = (time.monotonic(), peer)
        return True

    def _serve_peer(self, fd: int) -> None:
        _, peer = self._peers[fd]
        try:
            data = peer.socket.recv(_CHUNK)
            answer = peer.conversation.hear(data)
            if answer and peer.socket.send(answer) < len(answer):
                data = b""  # it does not fetch its answers
            if answer:
                self._unanswered.discard(fd)
            if peer.conversation.ended:
                peer.socket.shutdown(SHUT_WR)
        except OSError:
            data = b""
        if not data:
            self._hang_up(fd)
            return
        del self._peers[fd]
        self._peers[fd] = (time.monotonic(), peer)

    def _answer_datagram(self, listening: Listening) -> None:
        """Answer from the address we were asked at, as whoever asked there expects."""
        with suppress(OSError):  # no way back, say: to the client its datagram was lost
            length, control, _, client = listening.socket.recvmsg_into([self._buffer], 64)
            datagram = bytes(memoryview(self._buffer)[:length])
            answer = datagram_answer(listening.reference, _plain(client[0]), client[1], datagram)
            listening.socket.sendmsg([answer], _asked_at(control), 0, client)


def _told(entry: list[Any]) -> tuple[Port, tuple[str, Health | None, bool]]:
    """What is to be told at which port, and to whom, of an entry of a request."""
    name, protocol, port, reference, health, proxied = entry
    return (name, protocol, port), (reference, Health(*health) if health else None, proxied)


def _open_in(name: str, ports: list[Port]) -> list[tuple[Port, socket]]:
    """Sockets for these ports of one namespace: all, or OSError that says which cannot be."""
    opened: list[tuple[Port, socket]] = []
    try:
        with netns.inside(name):
            for port in ports:
                try:
                    opened.append((port, _open(*port[1:])))
                except OSError as error:
                    reason = f"{name}: {port[1]} port {port[2]}: {error.strerror}"
                    raise OSError(reason) from error
    except OSError as error:
        for _, each in opened:
            each.close()
        if isinstance(error, FileNotFoundError):
            raise OSError(f"{name}: there is no such namespace") from error
        raise
    return opened


def _open(protocol: str, port: int) -> socket:
    """A socket of the namespace we stand in, bound to the port on addresses of both families."""
    kind = {"tcp": SOCK_STREAM, "udp": SOCK_DGRAM}[protocol]
    try:
        opened = socket(AF_INET6, kind)
        opened.setsockopt(IPPROTO_IPV6, IPV6_V6ONLY, 0)
    except OSError as error:
        if error.errno != errno.EAFNOSUPPORT:  # a kernel without IPv6
            raise
        opened = socket(AF_INET, kind)
    try:
        opened.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        if kind == SOCK_DGRAM:
            _set_datagram_options(opened)
        opened.bind(("", port))
        if kind == SOCK_STREAM:
            opened.listen(_BACKLOG)
    except OSError:
        opened.close()
        raise
    return opened


def _set_datagram_options(opened: socket) -> None:
    """Room for a burst, and every datagram comes with the address it was sent to."""
    with suppress(PermissionError):  # root of a user namespace has to do with the default
        opened.setsockopt(SOL_SOCKET, uapi.SO_RCVBUFFORCE, _WAITING)
    if opened.family == AF_INET6:
        opened.setsockopt(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    else:
        opened.setsockopt(IPPROTO_IP, uapi.IP_PKTINFO, 1)


def _asked_at(received: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Control data: send from the address a datagram came to, by the interface routing says."""
    for level, kind, data in received:
        if (level, kind) == (IPPROTO_IPV6, IPV6_PKTINFO):  # address, interface
            return [(level, kind, data[:16] + bytes(4))]
        if (level, kind) == (IPPROTO_IP, uapi.IP_PKTINFO):  # interface, our address, the header's
            return [(level, kind, struct.pack("i4s4s", 0, data[8:12], bytes(4)))]
    return []


def _plain(address: str) -> str:
    """To a socket of both families, an IPv4 client is ::ffff:10.0.0.1."""
    return address.removeprefix("::ffff:")


def control_socket(path: str) -> socket:
    """A socket that listens at the path. It appears there when one can connect to it."""
    opened = socket(AF_UNIX, SOCK_STREAM)
    new = f"{path}.new"
    with suppress(FileNotFoundError):
        os.unlink(new)
    opened.bind(new)
    opened.listen()
    os.rename(new, path)
    return opened


def main() -> NoReturn:
    """Serve what is asked for at the control socket, whose path is the one argument."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    Servers(control_socket(sys.argv[1])).serve()
