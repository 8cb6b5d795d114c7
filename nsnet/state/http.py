"""HTTP routes as data: the rules by which a proxy chooses a server for a request, or answers it.

      request ─▶ the first rule of the port whose match fits ─┬─▶ redirect
                                                              ├─▶ one of its backends ─▶ a server
                                                              └─▶ the proxy's own response

Both Ingress and HTTPRoute become such rules: their precedence is the order of the rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import quote

from nsnet.ip import IPAddress

MOST_PROXIES = 4  # that a request passes; the next one answers with 508
PASSED = ("Via", "1.1 nsnet")  # the header that each of them adds (RFC 9110, section 7.6.3)


class Server(NamedTuple):
    """A server to which a proxy opens connections. With `proxy_protocol`, the proxy first sends it
    the client's address in a PROXY header, version 2."""

    address: IPAddress
    port: int
    proxy_protocol: bool = False


class RequestMatch(NamedTuple):
    """The requests that a rule is for: all conditions hold. Names of headers have no case; all
    else is compared as it is written, without decoding."""

    hostname: str = ""  # lower case; "": any; *.example.com: the names below example.com
    one_label: bool = False  # *.example.com: only names with one label more
    path: str = "/"  # these segments, and all below them
    exact: bool = False  # only this path
    method: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()


class Backend(NamedTuple):
    """A Service behind a rule, with its servers, which get requests in turn. Its share of the
    requests follows its weight. Without servers, the proxy answers this share with `status`."""

    reference: str
    servers: tuple[Server, ...]
    weight: int = 1
    status: int = 503


class PathChange(NamedTuple):
    """A new path: in place of the whole path or, with `prefix`, of the match's path."""

    path: str
    prefix: bool = False

    @property
    def escaped(self) -> str:
        """The path as a URL has it."""
        return quote(self.path, safe="/%:@!$&*+,;=~-._")


class Redirect(NamedTuple):
    """Where the client is sent instead. What is empty is as in the request; without `port`, it is
    that of the scheme or, if there is none either, that of the listener."""

    status: int = 302
    scheme: str = ""
    hostname: str = ""
    port: int | None = None
    path: PathChange | None = None


class HeaderChanges(NamedTuple):
    """What becomes of headers: set them, add to them, remove them, in this order."""

    set: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()

    def of(self, fields: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return what becomes of these headers."""
        gone = {name.lower() for name, _ in self.set}
        kept = [*(each for each in fields if each[0].lower() not in gone), *self.set, *self.add]
        gone = {name.lower() for name in self.remove}
        return [each for each in kept if each[0].lower() not in gone]


class HttpRule(NamedTuple):
    """What happens to the requests that fit a match. `reference` names the object that has the
    rule: Ingress default/shop. Without a backend of positive weight, the proxy answers with
    `status`."""

    match: RequestMatch
    reference: str
    backends: tuple[Backend, ...] = ()
    status: int = 500
    redirect: Redirect | None = None
    hostname: str = ""  # the Host header that the server gets; "": that of the request
    path: PathChange | None = None  # the path that the server gets
    request_headers: HeaderChanges = HeaderChanges()
    response_headers: HeaderChanges = HeaderChanges()

    @property
    def weighted(self) -> tuple[Backend, ...]:
        """The backends that get requests."""
        return tuple(each for each in self.backends if each.weight > 0)


class TlsRule(NamedTuple):
    """The TLS connections whose client hello names `hostname`, which is as in a RequestMatch; ""
    also fits those without a name. The proxy passes them on unchanged to one of the backends, and
    closes the share of those without servers."""

    hostname: str
    reference: str
    backends: tuple[Backend, ...]

    @property
    def weighted(self) -> tuple[Backend, ...]:
        """The backends that get connections."""
        return tuple(each for each in self.backends if each.weight > 0)


@dataclass(frozen=True, slots=True)
class TlsFrontend:
    """An address and port at which a proxy reads the name in each TLS client hello. It closes all
    connections that fit no rule."""

    address: IPAddress
    port: int
    rules: tuple[TlsRule, ...]
    reference: str  # of the Service or the gateway whose address it is


class Pem:
    """A certificate and its private key, as text that no repr and no JSON shows."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pem) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return "(private)"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for clients whose TLS hello names one of `names`; without names, for all
    others. Without `pem`, it is generated when a proxy starts."""

    names: tuple[str, ...]
    reference: str  # its Secret; "": generated
    pem: Pem | None = None

    @property
    def file(self) -> str:
        """The name of its file, which is another one if its content is another one."""
        content = self.pem.text if self.pem is not None else "\n".join(self.names)
        return f"{sha256(content.encode()).hexdigest()[:24]}.pem"


@dataclass(frozen=True, slots=True)
class HttpFrontend:
    """An address and port at which a proxy speaks HTTP, inside TLS if there are certificates. A
    request that fits no rule is answered with 404."""

    address: IPAddress
    port: int
    rules: tuple[HttpRule, ...]
    reference: str  # of the Service in front of it
    certificates: tuple[Certificate, ...] = ()
