"""haproxy as data, and the text of its configuration files. haproxy runs at a gateway and in the
pods of an HTTP proxy: for each connection that it accepts, it opens another one to a server.

      client ─▶ frontend: address and port ─▶ backend: its servers in turn

Source: docs/configuration.txt of haproxy 2.6.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from nsnet.ip import IPAddress, endpoint
from nsnet.state.haproxy_http import certificate_list, frontend_lines, shares, word
from nsnet.state.http import Certificate, HttpFrontend, Server, TlsFrontend

# An abstract socket (unix(7)), which belongs to the network namespace. If the old worker does not
# hand over its listening sockets, no new worker starts beside it, and its connections survive.
_STATS: Final = "nsnet-haproxy-stats"
# The time to connect to a server, and to receive a client's TLS hello: a probe's longest timeout.
_SECONDS: Final = 60


class Frontend(NamedTuple):
    """An address and port at which haproxy accepts connections, and the servers that get these
    connections in turn."""

    address: IPAddress
    port: int
    servers: tuple[Server, ...]
    reference: str


AnyFrontend: TypeAlias = Frontend | TlsFrontend | HttpFrontend


@dataclass(frozen=True, slots=True)
class Haproxy:
    """The haproxy of one namespace: a master process and a worker. When the configuration changes,
    the master starts a new worker, and the old worker serves its connections until they end."""

    frontends: tuple[Frontend, ...] = ()  # in TCP mode: haproxy copies bytes
    tls: tuple[TlsFrontend, ...] = ()  # in TCP mode, too
    http: tuple[HttpFrontend, ...] = ()

    @property
    def every(self) -> tuple[AnyFrontend, ...]:
        """All its frontends."""
        return (*self.frontends, *self.tls, *self.http)

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates of all its frontends, each once."""
        return tuple(dict.fromkeys(one for each in self.http for one in each.certificates))


def configuration(haproxy: Haproxy) -> str:
    """Return the text of haproxy's configuration file. The names of other files in it are relative
    to its own folder."""
    http = (line for each in haproxy.http for line in frontend_lines(each, _list_name(each)))
    beginning = _global(with_files=bool(haproxy.certificates))
    tls = (line for each in haproxy.tls for line in _tls_frontend(each))
    return "\n".join([*beginning, *_frontends(haproxy.frontends), *tls, *http, ""])


def certificate_lists(haproxy: Haproxy) -> dict[str, str]:
    """Return the text of each list of certificates, by the name of its file."""
    return {_list_name(each): certificate_list(each) for each in haproxy.http if each.certificates}


def _list_name(frontend: HttpFrontend) -> str:
    """Return the name of the file, which is another one if its content is another one."""
    return f"{sha256(certificate_list(frontend).encode()).hexdigest()[:24]}.crt-list"


def argv(stem: Path, *, background: bool) -> tuple[str, ...]:
    """Return the command that starts haproxy as a master with a worker.

    The master's control socket is a file, not an abstract socket. On a reload, the master binds it
    again while the old worker may still hold it; an abstract socket does not allow this.
    """
    files = ("-S", f"{stem}.ctl", "-f", f"{stem}.conf", "-p", f"{stem}.pid")
    return ("haproxy", "-W", *(("-D",) if background else ()), *files)


def _global(*, with_files: bool) -> Iterator[str]:
    yield "global"
    if with_files:
        yield "    default-path config"
    yield "    nbthread 1"
    # A new worker takes over the old one's listening sockets, so that no connection is refused.
    yield f"    stats socket abns@{_STATS} level admin expose-fd listeners"
    yield "defaults"
    yield "    mode tcp"
    yield "    balance roundrobin"
    yield f"    timeout connect {_SECONDS}s"
    yield "    timeout client 24h"
    yield "    timeout server 24h"
    yield "    retries 0"


def _frontends(frontends: Sequence[Frontend]) -> Iterator[str]:
    for each in frontends:
        yield f"frontend {each.address}:{each.port}"
        yield f"    bind {endpoint(each.address, each.port)}"
        yield f"    use_backend {_backend(each)}"
        yield f"backend {_backend(each)}"
        yield from _servers(each.servers)


def _tls_frontend(frontend: TlsFrontend) -> Iterator[str]:
    name = f"{frontend.address}:{frontend.port}"
    yield f"frontend {name}"
    yield f"    bind {endpoint(frontend.address, frontend.port)}"
    yield f"    tcp-request inspect-delay {_SECONDS}s"
    yield "    tcp-request content accept if { req_ssl_hello_type 1 }"
    yield "    tcp-request content reject"
    for number, rule in enumerate(frontend.rules):
        chosen = [f"{{ {_named(rule.hostname)} }}"] if rule.hostname else []
        for index, share in enumerate(shares(rule.weighted)):
            conditions = " ".join((*chosen, *share))
            condition = f" if {conditions}" if conditions else ""
            yield f"    use_backend {name}:{number}:{index}{condition}"
    for number, rule in enumerate(frontend.rules):
        for index, backend in enumerate(rule.weighted or (None,)):
            yield f"# {backend.reference if backend else rule.reference}"
            yield f"backend {name}:{number}:{index}"
            # Without a server, haproxy closes the connection.
            yield from _servers(backend.servers if backend else ())


def _named(hostname: str) -> str:
    """Return the condition that a TLS hello names the host."""
    if hostname.startswith("*."):
        return f"req_ssl_sni,lower -m end .{word(hostname[2:])}"
    return f"req_ssl_sni -i {word(hostname)}"


def _servers(servers: Sequence[Server]) -> Iterator[str]:
    for server in servers:
        header = " send-proxy-v2" if server.proxy_protocol else ""
        where = endpoint(server.address, server.port)
        yield f"    server {server.address}:{server.port} {where}{header}"


def _backend(frontend: Frontend) -> str:
    """Return the name of the frontend's backend. It has no slashes and brackets, because haproxy
    does not accept them in a name."""
    return f"{frontend.reference.replace('/', ':')}:{frontend.address}:{frontend.port}"
