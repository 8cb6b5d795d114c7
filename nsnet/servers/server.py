"""The server of a lab: one process that answers for every pod. echo/conversation.py and dns/wire.py
have the answers.

Its ports are changed over a unix socket (control.py), so that a change never restarts it. It runs
in one namespace of the lab, where `down` finds it, and opens its sockets in the other namespaces.
It is ready in 40 ms when started as control.argv says, because it uses only the standard library;
dnslib is imported for the first port of a DNS server.
"""

import errno
import json
import os
import resource
import select
import struct
import sys
import time
from collections.abc import Callable
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
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias

from nsnet.kernel import netns, uapi
from nsnet.servers.echo.conversation import Conversation, Health, datagram_answer
from nsnet.servers.echo.message import PREFIX, json_line

if TYPE_CHECKING:
    from nsnet.servers.dns.conversation import DnsConversation
    from nsnet.servers.dns.server import DnsServer, Known

Port: TypeAlias = tuple[str, str, int]  # namespace, protocol, number
CHANGES = ("listen", "unlisten", "replace")

_IDLE = 60.0  # seconds after which an idle connection is closed
_BACKLOG = 1024
_WAITING = 1 << 22  # bytes of datagrams in a socket's receive buffer
_CHUNK = 1 << 16


class Listening(NamedTuple):
    """An open port. It answers with `reference` as the name of the server, or as a Service's health
    check if `health` is not None, or as a DNS server with these `names`."""

    socket: socket
    port: Port
    reference: str
    health: Health | None
    proxied: bool
    names: "Known | None" = None


class ControlConnection:
    """A connection to the control socket. Every line of JSON that arrives is a request."""

    ended = False
    chunk = 1 << 16  # bytes that are received at a time

    def __init__(self, server: "LabServer") -> None:
        self._server = server
        self._unread = b""

    def receive(self, data: bytes) -> bytes:
        """Carry out the requests that these bytes complete; return the answers."""
        *lines, self._unread = (self._unread + data).split(b"\n")
        return b"".join(map(self._answer, lines))

    def _answer(self, line: bytes) -> bytes:
        try:
            request = json.loads(line)
            if "ending" in request:
                return json_line({"unanswered": self._server.unanswered(request["ending"])})
            names = self._server.known(request.get("names", ()))
            listen, unlisten, replace = (request.get(each, ()) for each in CHANGES)
            self._server.change(listen, unlisten, replace, names)
        except Exception as error:  # noqa: BLE001 - the answer to a bad request
            return json_line({"error": str(error) or repr(error)})
        return json_line({"ok": True})


class Client(NamedTuple):
    """A client's connection to a pod's `port`, or to the control socket (`port` is None)."""

    socket: socket
    conversation: "Conversation | DnsConversation | ControlConnection"
    port: Port | None
    unsent: bytearray  # answers that the client does not accept yet


class LabServer:
    """All open ports and connections, and the loop that serves them."""

    def __init__(self, control: socket) -> None:
        self._epoll = select.epoll()
        self._control = control
        self._ports: dict[Port, Listening] = {}
        self._listening: dict[int, Listening] = {}
        self._clients: dict[int, tuple[float, Client]] = {}  # idle since, the longest first
        self._unanswered: set[int] = set()  # clients that have received nothing yet
        self._buffer = bytearray(_CHUNK)
        self._dns: DnsServer | None = None  # if there is a DNS server
        self._watch(control)

    def serve(self) -> NoReturn:
        """Serve until the process is killed."""
        while True:
            for fd, _ in self._epoll.poll(self._until_idle()):
                if fd in self._clients:
                    self._serve_client(fd)
                elif fd in self._listening:
                    self._serve_port(self._listening[fd])
                elif fd == self._control.fileno():
                    self._accept(self._control, None)
                elif self._dns is not None and fd in self._dns.forwarder:
                    self._dns.forwarder.serve(fd)

    def known(self, names: list[Any]) -> "list[Known]":
        """Return what DNS servers know, in the order in which the entries of a request number
        it."""
        if not names:
            return []
        from nsnet.servers.dns.server import DnsServer, known  # imports dnslib

        self._dns = self._dns or DnsServer(self._epoll)
        return [known(each) for each in names]

    def change(
        self,
        listen: list[list[Any]],
        unlisten: list[list[Any]],
        replace: list[list[Any]],
        names: "list[Known]",
    ) -> None:
        """Open the ports of `listen`, close those of `unlisten`, and replace what those of
        `replace` answer.

        A port of `listen` that is already open is closed first, because its namespace may have been
        recreated under the same name. `names` is what the DNS servers among them know. If a port
        cannot be opened, OSError names it, and none of `listen` is open afterwards.
        """
        for each in replace:
            port, answer = _parsed_entry(each, names)
            if port not in self._ports:
                raise OSError(f"{port[0]}: {port[1]} port {port[2]} is not open")
            opened = self._ports[port].socket
            self._ports[port] = Listening(opened, port, *answer)
            self._listening[opened.fileno()] = self._ports[port]
        wanted = dict(_parsed_entry(each, names) for each in listen)
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
        """Return how many clients are connected to these ports and have received no answer yet."""
        asked = {(name, protocol, port) for name, protocol, port in ports}
        for listening in [self._ports[port] for port in asked if port in self._ports]:
            # Connections in the kernel's backlog count, too: closing the port would reset them.
            while listening.socket.type == SOCK_STREAM and self._accept(
                listening.socket, listening
            ):
                pass
        return sum(self._clients[fd][1].port in asked for fd in self._unanswered)

    def _close(self, ports: set[Port]) -> None:
        """Close these ports and the connections to them, as when a pod ends."""
        closed = {port for port in ports if port in self._ports}
        for port in closed:
            listening = self._ports.pop(port)
            del self._listening[listening.socket.fileno()]
            listening.socket.close()
        if closed:
            for fd in [fd for fd, (_, client) in self._clients.items() if client.port in closed]:
                self._disconnect(fd)

    def _watch(self, opened: socket) -> None:
        opened.setblocking(False)
        self._epoll.register(opened, select.EPOLLIN)

    def _until_idle(self) -> float:
        """Close connections that have been idle for too long, and go on with DNS queries that are
        not answered in time. Return the seconds until this is due again; -1 if it is not."""
        now = time.monotonic()
        left = None if self._dns is None else self._dns.forwarder.seconds_left()
        while self._clients:
            fd, (since, _) = next(iter(self._clients.items()))
            if since + _IDLE > now:
                idle = since + _IDLE - now
                return idle if left is None else min(idle, left)
            self._disconnect(fd)
        return -1 if left is None else left

    def _disconnect(self, fd: int) -> None:
        _, client = self._clients.pop(fd)
        self._unanswered.discard(fd)
        client.socket.close()

    def _serve_port(self, listening: Listening) -> None:
        if listening.socket.type == SOCK_STREAM:
            self._accept(listening.socket, listening)
        else:
            self._answer_datagram(listening)

    def _accept(self, at: socket, listening: Listening | None) -> bool:
        """Accept a connection, and return whether there was one. `listening` is the port to which
        it is made; None means the control socket."""
        try:
            opened, address = at.accept()
        except OSError as error:
            # No file descriptor is left: close the connection that has been idle longest.
            if error.errno in {errno.EMFILE, errno.ENFILE} and self._clients:
                self._disconnect(next(iter(self._clients)))
            return False
        client = Client(opened, ControlConnection(self), None, bytearray())
        if listening is not None:
            conversation = self._conversation(listening, opened, address)
            client = Client(opened, conversation, listening.port, bytearray())
            self._unanswered.add(opened.fileno())
        self._watch(opened)
        self._clients[opened.fileno()] = (time.monotonic(), client)
        return True

    def _conversation(
        self, listening: Listening, opened: socket, address: tuple[Any, ...]
    ) -> "Conversation | DnsConversation":
        """Return the conversation with a client at this address, which is connected to the port."""
        echo = Conversation(
            listening.reference,
            _plain(address[0]),
            address[1],
            listening.health,
            proxied=listening.proxied,
        )
        if listening.names is None:
            return echo
        from nsnet.servers.dns.conversation import DnsConversation, framed

        def reply(answer: bytes) -> None:
            if (fd := opened.fileno()) in self._clients:  # else the client is gone
                with suppress(OSError):
                    self._send(fd, framed(answer))

        return DnsConversation(lambda query: self._dns_answer(listening, query, reply), echo)

    def _dns_answer(
        self,
        listening: Listening,
        query: bytes,
        reply: Callable[[bytes], None],
        *,
        stream: bool = True,
    ) -> bytes:
        """Return the answer to a DNS query, b"" if there is none yet. What the server knows by now
        counts, not what it knew when the client connected."""
        names = self._ports.get(listening.port, listening).names
        if self._dns is None or names is None:
            return b""
        return self._dns.answer(names, query, listening.port[0], reply, stream=stream)

    def _serve_client(self, fd: int) -> None:
        _, client = self._clients[fd]
        is_open = True
        try:
            if client.unsent:
                self._send(fd)
            elif data := client.socket.recv(client.conversation.chunk):
                self._send(fd, client.conversation.receive(data))
            else:
                is_open = False
        except BlockingIOError:  # the socket that was ready is closed, and this one has its number
            return
        except OSError:
            is_open = False
        if not is_open:
            self._disconnect(fd)
            return
        del self._clients[fd]
        self._clients[fd] = (time.monotonic(), client)

    def _send(self, fd: int, answer: bytes = b"") -> None:
        """Send an answer to a client, after those that are unsent. What the client does not accept
        now is sent later, and nothing more is received from it before. Raises OSError."""
        _, client = self._clients[fd]
        waited = bool(client.unsent)
        client.unsent.extend(answer)
        if client.unsent:
            with suppress(BlockingIOError):
                del client.unsent[: client.socket.send(client.unsent)]
            self._unanswered.discard(fd)
        if waited != bool(client.unsent):
            self._epoll.modify(fd, select.EPOLLIN if waited else select.EPOLLOUT)
        if client.conversation.ended and not client.unsent:
            client.socket.shutdown(SHUT_WR)

    def _answer_datagram(self, listening: Listening) -> None:
        """Receive a datagram, and answer it from the address to which it was sent, as its sender
        expects."""
        with suppress(OSError):  # no route back, for example: as if the datagram was lost
            length, control, _, client = listening.socket.recvmsg_into([self._buffer], 64)
            datagram = bytes(memoryview(self._buffer)[:length])

            def reply(answer: bytes) -> None:
                with suppress(OSError):
                    listening.socket.sendmsg([answer], _reply_source(control), 0, client)

            if listening.names is not None and not datagram.startswith(PREFIX):
                answer = self._dns_answer(listening, datagram, reply, stream=False)
            else:
                source, port = _plain(client[0]), client[1]
                answer = datagram_answer(listening.reference, source, port, datagram)
            if answer:
                reply(answer)


def _parsed_entry(
    entry: list[Any], names: "list[Known]"
) -> "tuple[Port, tuple[str, Health | None, bool, Known | None]]":
    """Return the port that an entry of a control request names, and what the port answers.
    control._entry describes the entry."""
    name, protocol, port, reference, health, proxied, number = entry
    known = None if number is None else names[number]
    answer = reference, Health(*health) if health else None, proxied, known
    return (name, protocol, port), answer


def _open_in(name: str, ports: list[Port]) -> list[tuple[Port, socket]]:
    """Return a socket for each of these ports, opened in the namespace of this name. If a
    port cannot be opened, close the sockets opened so far and raise OSError that names the port."""
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
    """Return a socket of the current namespace that is bound to this port, on all addresses of IPv4
    and of IPv6 if the kernel has it."""
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
    """Make room for a burst of datagrams, and receive each with the address to which it was
    sent."""
    with suppress(PermissionError):  # root of a user namespace may not; it keeps the default size
        opened.setsockopt(SOL_SOCKET, uapi.SO_RCVBUFFORCE, _WAITING)
    if opened.family == AF_INET6:
        opened.setsockopt(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
    else:
        opened.setsockopt(IPPROTO_IP, uapi.IP_PKTINFO, 1)


def _reply_source(received: list[tuple[int, int, bytes]]) -> list[tuple[int, int, bytes]]:
    """Return the control data for sending an answer, given the control data of the request.
    The answer's source is the address to which the request was sent; routing chooses the
    interface."""
    for level, kind, data in received:
        if (level, kind) == (IPPROTO_IPV6, IPV6_PKTINFO):  # address, interface
            return [(level, kind, data[:16] + bytes(4))]
        if (level, kind) == (IPPROTO_IP, uapi.IP_PKTINFO):  # interface, our address, the header's
            return [(level, kind, struct.pack("i4s4s", 0, data[8:12], bytes(4)))]
    return []


def _plain(address: str) -> str:
    """Return an IPv4 address without the prefix ::ffff: that it has on a socket of both families.
    Any other address is returned unchanged."""
    return address.removeprefix("::ffff:")


def control_socket(path: str) -> socket:
    """Return a unix socket that listens at this path. The path exists only once the socket accepts
    connections. Only the socket's owner may connect."""
    opened = socket(AF_UNIX, SOCK_STREAM)
    new = f"{path}.new"
    with suppress(FileNotFoundError):
        os.unlink(new)
    opened.bind(new)
    os.chmod(new, 0o600)
    opened.listen()
    os.rename(new, path)
    return opened


def main() -> NoReturn:
    """Run the server. Its one argument is the path of the control socket."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    LabServer(control_socket(sys.argv[1])).serve()
