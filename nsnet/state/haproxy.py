"""haproxy as data, and the text of its configuration files. haproxy runs at a gateway and in the
pods of an HTTP proxy: for each connection that it accepts, it opens another one to a server.

      client ─▶ frontend: address and port ─▶ backend: its servers in turn

Source: docs/configuration.txt of haproxy 2.6.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from nsnet.ip import IPAddress, endpoint
from nsnet.state.haproxy_http import certificate_list, frontend_lines
from nsnet.state.http import Certificate, HttpFrontend, Server

# An abstract socket (unix(7)), which belongs to the network namespace. If the old worker does not
# hand over its listening sockets, no new worker starts beside it, and its connections survive.
_STATS: Final = "nsnet-haproxy-stats"
# The time to connect to a server, and to receive a client's TLS hello: a probe's longest timeout.
_SECONDS: Final = 60


class Frontend(NamedTuple):
    """An address and port at which haproxy accepts connections, and the servers that get these
    connections in turn.

    With `sni`, the frontend takes only connections whose TLS client hello names this server.
    haproxy passes the TLS through unchanged.
    """

    address: IPAddress
    port: int
    servers: tuple[Server, ...]
    reference: str
    sni: str = ""


@dataclass(frozen=True, slots=True)
class Haproxy:
    """The haproxy of one namespace: a master process and a worker. When the configuration changes,
    the master starts a new worker, and the old worker serves its connections until they end."""

    frontends: tuple[Frontend, ...] = ()  # in TCP mode: haproxy copies bytes
    http: tuple[HttpFrontend, ...] = ()

    @property
    def every(self) -> tuple[Frontend | HttpFrontend, ...]:
        """All its frontends."""
        return (*self.frontends, *self.http)

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates of all its frontends, each once."""
        return tuple(dict.fromkeys(one for each in self.http for one in each.certificates))


def configuration(haproxy: Haproxy) -> str:
    """Return the text of haproxy's configuration file. The names of other files in it are relative
    to its own folder."""
    http = (line for each in haproxy.http for line in frontend_lines(each, _list_name(each)))
    beginning = _global(with_files=bool(haproxy.certificates))
    return "\n".join([*beginning, *_frontends(haproxy.frontends), *http, ""])


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
    for (address, port), members in groupby(frontends, key=lambda each: each[:2]):
        here = list(members)
        yield f"frontend {address}:{port}"
        yield f"    bind {endpoint(address, port)}"
        if here[0].sni:
            yield f"    tcp-request inspect-delay {_SECONDS}s"
            yield "    tcp-request content accept if { req_ssl_hello_type 1 }"
            yield "    tcp-request content reject"
        for each in here:
            condition = f" if {{ req_ssl_sni -i {each.sni} }}" if each.sni else ""
            yield f"    use_backend {_backend(each)}{condition}"
        for each in here:
            yield f"backend {_backend(each)}"
            for server in each.servers:
                header = " send-proxy-v2" if server.proxy_protocol else ""
                where = endpoint(server.address, server.port)
                yield f"    server {server.address}:{server.port} {where}{header}"


def _backend(frontend: Frontend) -> str:
    """Return the name of the frontend's backend. It has no slashes and brackets, because haproxy
    does not accept them in a name."""
    return f"{frontend.reference.replace('/', ':')}:{frontend.address}:{frontend.port}"
