"""The DNS servers of a lab: what they answer at once, and what other servers answer for them."""

import select
import sys
import traceback
from collections.abc import Callable
from typing import Any, Final

from nsnet.names.lookup import Index, Rcode
from nsnet.names.zones import Forward, Names, Record, RecordType, Zone
from nsnet.servers.dns import wire
from nsnet.servers.dns.forwarder import Forwarder

_MOST_ANSWERS: Final = 1000  # that are kept
_LONGEST_QUERY: Final = 512  # bytes, of those whose answers are kept
_ID: Final = 2  # bytes


class Known:
    """What a DNS server knows, and its answers so far, by transport and query. Neither has an
    id."""

    def __init__(self, names: Names) -> None:
        self.index = Index(names)
        self.answers: dict[tuple[bool, bytes], bytes] = {}


class DnsServer:
    """All DNS servers of a lab. They share the sockets of forwarded queries."""

    def __init__(self, epoll: select.epoll) -> None:
        self.forwarder = Forwarder(epoll)

    def answer(
        self,
        known: Known,
        data: bytes,
        namespace: str,
        reply: Callable[[bytes], None],
        *,
        stream: bool,
    ) -> bytes:
        """Return the answer to a query, b"" if there is none; `reply` gets an answer that comes
        later. `namespace` is that of the server."""
        key = stream, data[_ID:]
        if (before := known.answers.get(key)) is not None:
            return data[:_ID] + before
        found = _respond(known.index, data, stream=stream)
        if isinstance(found, wire.Asked):
            self.forwarder.ask(found, namespace, reply, stream=stream)
            return b""
        if found is None:
            return b""
        if len(data) <= _LONGEST_QUERY:
            if len(known.answers) >= _MOST_ANSWERS:
                known.answers.clear()
            known.answers[key] = found[_ID:]
        return found


def _respond(index: Index, data: bytes, *, stream: bool) -> bytes | wire.Asked | None:
    """Return what wire.respond() returns. No query stops the server: if it shows a mistake of ours,
    the log has its traceback, and the client gets an error."""
    try:
        return wire.respond(index, data, stream=stream)
    except Exception:  # noqa: BLE001
        sys.stderr.write(f"{data.hex()}: {traceback.format_exc()}")
        return wire.error(data, Rcode.SERVFAIL)


def known(data: list[Any]) -> Known:
    """Return the names that came as JSON, prepared for questions."""
    zones, forwards = data
    return Known(Names(tuple(map(_zone, zones)), tuple(map(_forward, forwards))))


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
