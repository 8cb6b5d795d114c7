"""HTTP as the model has it: a client's request, and the responses of servers that speak HTTP."""

from dataclasses import replace
from typing import Final, NamedTuple

from nsnet.state.model import HealthCheck, Listener, Listens
from nsnet.verdict import Verdict
from nsnet.walk.packet import PredictedPath

_WITH_BODY: Final = ("POST", "PUT", "PATCH")  # methods


class HttpRequest(NamedTuple):
    """An HTTP request. `host` is its Host header. With `tls`, it is sent over TLS, with
    `server_name` in the client hello; "" sends no name."""

    host: str
    path: str = "/"
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    tls: bool = False
    server_name: str = ""

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """All headers by name, except those that are about the connection."""
        host = (("Host", self.host),) if self.host else ()
        length = (("Content-Length", "0"),) if self.method in _WITH_BODY else ()
        return (*host, *length, *self.headers)

    def __str__(self) -> str:
        """Return the request's method and URL: GET http://shop.example/cart."""
        return f"{self.method} http{'s' if self.tls else ''}://{self.host}{self.path}"


def answered(path: PredictedPath, server: Listens | None, request: HttpRequest) -> PredictedPath:
    """Return the path of a connection on which the client sends this request. `server` is what
    accepts the connection.

    None of nsnet's servers speaks TLS: they close the connection. A DNS server takes the first two
    bytes for the length of a message, and waits for the rest.
    """
    if path.verdict is not Verdict.OK:
        return path
    silent = replace(path, server=None, source=None)
    match server:
        case Listener() | HealthCheck() if request.tls:
            return replace(silent, verdict=Verdict.RESET)
        case Listener() if request.method == "HEAD":
            return replace(silent, status=200)
        case Listener():
            return replace(path, status=200)
        case HealthCheck(local_endpoints=ready):
            return replace(silent, status=200 if ready else 503)
        case _:
            return replace(silent, verdict=Verdict.TIMEOUT)
