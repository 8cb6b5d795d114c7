"""What the echo server answers to a client, as a function from bytes to bytes without any socket.

    the client sends               the server answers
    ----------------               ------------------
    a request of message.py        its line of JSON
    GET PATH HTTP/1.1 …            200 and {"server", "source", "host", "path"};
                                   at a health check's port, kube-proxy's answer
    any other line                 {"server", "source", "port"}, for a person with nc

Like message.py, this uses only the standard library.
"""

import json
from typing import NamedTuple

from nsnet.servers.echo import proxy_header
from nsnet.servers.echo.message import json_line, parsed_request

_TLS_HANDSHAKE = b"\x16"  # a client hello begins so; the server speaks no TLS
_LINE = 8192  # bytes; a longer line or HTTP head ends the connection


class Health(NamedTuple):
    """What a health check reports: a Service, and the number of its ready endpoints on the node."""

    namespace: str
    name: str
    local_endpoints: int


class Conversation:
    """The conversation on one TCP connection. It keeps received bytes until they are answered.
    Once the conversation has `ended`, it discards all bytes that arrive."""

    chunk = 1 << 16  # bytes that are received at a time

    def __init__(
        self,
        server: str,
        source: str,
        port: int,
        health: Health | None = None,
        *,
        proxied: bool = False,
    ) -> None:
        self.ended = False
        self._proxied = proxied  # a PROXY header may come first
        self._health = health
        self._seen = {"server": server, "source": source, "port": port}
        self._unread = bytearray()
        self._token = ""
        self._size: int | None = None  # of the body that is being received
        self._missing = 0

    def receive(self, data: bytes) -> bytes:
        """Return the answers to the requests that these bytes complete."""
        self._unread += data
        answers = b""
        while (answer := self._next()) is not None:
            answers += answer
        return answers

    def _next(self) -> bytes | None:
        """Return the answer to the first unread request; None while the request is incomplete."""
        if self.ended:
            self._unread.clear()
            return None
        if self._proxied and not self._header():
            return None
        if self._size is not None:
            return self._body_answer(self._size)
        if self._unread[:1] == _TLS_HANDSHAKE:
            self.ended = True
            return None
        line, newline, rest = self._unread.partition(b"\n")
        if not newline:
            self.ended = len(line) > _LINE
            return None
        if (announced := parsed_request(bytes(line))) is not None:
            self._token, self._size = announced
            self._missing = self._size
            self._unread = rest
            return b""
        match bytes(line).split():
            case [method, path, version] if version.startswith(b"HTTP/1."):
                return self._http(method, path)
            case [] if self._token:
                self._unread = rest
                return b""
            case _:
                self._unread = rest
                return json_line(self._seen)

    def _header(self) -> bool:
        """Read the PROXY header if the connection begins with one. Return False while more bytes
        are needed."""
        signature = proxy_header.SIGNATURE
        beginning = bytes(self._unread[: len(signature)])
        if not beginning or not signature.startswith(beginning):
            self._proxied = False
            return True
        length = proxy_header.length(self._unread)
        if length is None or len(self._unread) < length:
            return False
        if (client := proxy_header.client(self._unread)) is not None:
            source, port = client
            self._seen |= {"source": source, "port": port}
        del self._unread[:length]
        self._proxied = False
        return True

    def _body_answer(self, size: int) -> bytes | None:
        """Return the answer once the request's whole body has arrived; None before. The bytes of
        the body are counted, not kept."""
        arrived = min(self._missing, len(self._unread))
        del self._unread[:arrived]
        self._missing -= arrived
        if self._missing:
            return None
        self._size = None
        return json_line({**self._seen, "token": self._token, "size": size})

    def _http(self, method: bytes, path: bytes) -> bytes | None:
        head, end, _ = self._unread.replace(b"\r\n", b"\n").partition(b"\n\n")
        if not end:
            self.ended = len(head) > _LINE
            return None
        self.ended = True
        if self._health is not None:
            return _health_answer(self._health, body=method != b"HEAD")
        headers = [line.partition(b":") for line in head.split(b"\n")[1:]]
        host = next((value for name, _, value in headers if name.lower() == b"host"), b"")
        body = json_line(
            {
                "server": self._seen["server"],
                "source": self._seen["source"],
                "host": host.strip().decode("latin-1"),
                "path": path.decode("latin-1"),
            }
        )
        return _response("200 OK", b"" if method == b"HEAD" else body, len(body))


def _health_answer(health: Health, *, body: bool) -> bytes:
    """Return the HTTP response of kube-proxy to a health check (pkg/proxy/healthcheck). A load
    balancer reads its status. The answer to HEAD is without `body`."""
    status = "200 OK" if health.local_endpoints else "503 Service Unavailable"
    body_text = json.dumps(
        {
            "service": {"namespace": health.namespace, "name": health.name},
            "localEndpoints": health.local_endpoints,
            "serviceProxyHealthy": True,
        },
        indent="\t",
    ).encode()
    more = (
        "X-Content-Type-Options: nosniff\r\n"
        f"X-Load-Balancing-Endpoint-Weight: {health.local_endpoints}\r\n"
    )
    return _response(status, body_text if body else b"", len(body_text), more)


def _response(status: str, body: bytes, length: int, headers: str = "") -> bytes:
    """Return an HTTP response that closes the connection. `length` is the length of the body, even
    if the body is left out because the request was a HEAD."""
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}"
        f"Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def datagram_answer(server: str, source: str, port: int, datagram: bytes) -> bytes:
    """Return the answer to a datagram. The `size` in the answer is the number of bytes of the
    request's body that arrived."""
    seen = {"server": server, "source": source, "port": port}
    line, newline, body = datagram.partition(b"\n")
    announced = parsed_request(line) if newline else None
    if announced is None:
        return json_line(seen)
    return json_line({**seen, "token": announced[0], "size": len(body)})
