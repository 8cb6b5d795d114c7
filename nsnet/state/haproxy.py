"""haproxy as data, and as the configuration it reads: connections that end at a gateway, each with
another one behind it.

      client ─▶ frontend: address and port ─▶ backend: one server after the other

Source: docs/configuration.txt of haproxy 2.6.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from nsnet.ip import IPAddress, endpoint

# A socket of the namespace (unix(7), abstract): where the old worker does not hand it over, no new
# one starts beside it, and none of its connections is lost.
_STATS: Final = "nsnet-haproxy-stats"
# How long a server is waited for, and the client's first words of TLS: as long as any probe waits.
_SECONDS: Final = 60


class Server(NamedTuple):
    """Who a connection goes on to; with `proxy_protocol` he is told first who the client is (PROXY
    protocol, version 2)."""

    address: IPAddress
    port: int
    proxy_protocol: bool = False


class Frontend(NamedTuple):
    """An address and port at which clients connect, and who they come to, in turn.

    With `sni`, only those whose TLS client hello names this server; what they say is passed
    through as it is.
    """

    address: IPAddress
    port: int
    servers: tuple[Server, ...]
    reference: str
    sni: str = ""


@dataclass(frozen=True, slots=True)
class Haproxy:
    """One haproxy: a master, and a worker that is replaced when the configuration changes, while
    the old one serves its connections to their end."""

    frontends: tuple[Frontend, ...]


def configuration(haproxy: Haproxy) -> str:
    """What haproxy reads. Pure layer 4: it copies bytes."""
    return "\n".join([*_global(), *_parts(haproxy.frontends), ""])


def argv(stem: Path, *, background: bool) -> tuple[str, ...]:
    """A master with a worker. (Its socket is a file: it binds it anew while a worker that it has
    just made may still hold the old one, which an abstract socket does not allow.)"""
    files = ("-S", f"{stem}.ctl", "-f", f"{stem}.conf", "-p", f"{stem}.pid")
    return ("haproxy", "-W", *(("-D",) if background else ()), *files)


def _global() -> Iterator[str]:
    yield "global"
    yield "    nbthread 1"
    # A new worker takes the listening sockets over from the old one, and no client notices.
    yield f"    stats socket abns@{_STATS} level admin expose-fd listeners"
    yield "defaults"
    yield "    mode tcp"
    yield "    balance roundrobin"
    yield f"    timeout connect {_SECONDS}s"
    yield "    timeout client 24h"
    yield "    timeout server 24h"
    yield "    retries 0"


def _parts(frontends: Sequence[Frontend]) -> Iterator[str]:
    for (address, port), members in groupby(frontends, key=lambda each: each[:2]):
        here = list(members)
        yield f"frontend {address}:{port}"
        yield f"    bind {endpoint(address, port)}"
        if here[0].sni:
            yield f"    tcp-request inspect-delay {_SECONDS}s"
            yield "    tcp-request content accept if { req_ssl_hello_type 1 }"
            yield "    tcp-request content reject"
        for each in here:
            asked = f" if {{ req_ssl_sni -i {each.sni} }}" if each.sni else ""
            yield f"    use_backend {_backend(each)}{asked}"
        for each in here:
            yield f"backend {_backend(each)}"
            for server in each.servers:
                told = " send-proxy-v2" if server.proxy_protocol else ""
                where = endpoint(server.address, server.port)
                yield f"    server {server.address}:{server.port} {where}{told}"


def _backend(frontend: Frontend) -> str:
    """haproxy takes no slash in a name, nor brackets."""
    return f"{frontend.reference.replace('/', ':')}:{frontend.address}:{frontend.port}"
