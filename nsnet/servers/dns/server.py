"""The DNS servers of a lab: what they answer at once, and what other servers answer for them."""

import select
from collections.abc import Callable
from typing import Any

from nsnet.names.lookup import Index
from nsnet.names.zones import Forward, Names, Record, RecordType, Zone
from nsnet.servers.dns import wire
from nsnet.servers.dns.forwarder import Forwarder


class DnsServer:
    """All DNS servers of a lab. They share the sockets of forwarded queries."""

    def __init__(self, epoll: select.epoll) -> None:
        self.forwarder = Forwarder(epoll)

    def answer(
        self,
        index: Index,
        data: bytes,
        namespace: str,
        reply: Callable[[bytes], None],
        *,
        stream: bool,
    ) -> bytes:
        """Return the answer to a query, b"" if there is none; `reply` gets an answer that comes
        later. `namespace` is that of the server."""
        found = wire.respond(index, data, stream=stream)
        if isinstance(found, wire.Asked):
            self.forwarder.ask(found, namespace, reply, stream=stream)
            return b""
        return found or b""


def index_of(data: list[Any]) -> Index:
    """Return the names that came as JSON, prepared for questions."""
    zones, forwards = data
    return Index(Names(tuple(map(_zone, zones)), tuple(map(_forward, forwards))))


def _zone(data: list[Any]) -> Zone:
    origin, records, by_address, *others = data
    found = {
        name: tuple(Record(one[0], RecordType(one[1]), *one[2:]) for one in these)
        for name, these in records.items()
    }
    return Zone(origin, found, tuple(by_address), *others)


def _forward(data: list[Any]) -> Forward:
    suffix, servers = data
    return Forward(suffix, tuple((address, port) for address, port in servers))
