"""What the resolver of a place in a lab finds for a name: as the model predicts it, and as it was
observed."""

from collections.abc import Mapping, Sequence
from functools import cache
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

from nsnet.ip import Protocol
from nsnet.names.lookup import Index, Onward, Rcode, Reply
from nsnet.names.resolver import (
    MEANINGS,
    Answered,
    Resolution,
    Silence,
    resolv_conf,
    resolve,
)
from nsnet.names.sizes import PLAIN, message_size
from nsnet.names.zones import Names, RecordType
from nsnet.state.model import NameServer, Netns, State
from nsnet.topology.interior import Interior
from nsnet.verdict import Verdict
from nsnet.walk.packet import PredictedPath, Unknown
from nsnet.walk.walker import Walker

PORT: Final = 53
_SHOWN: Final = 8  # addresses of a name; reports count the rest
# Of a DNS server that asks others, as servers/dns/forwarder.py does.
FORWARDING_PATIENCE: Final = 2.0  # seconds for an answer
FORWARDING_TRIES: Final = 2
_DEEPEST: Final = 4  # servers that ask servers
_EDNS: Final = 1200  # bytes that glibc accepts over UDP with the option edns0


class Lookup(NamedTuple):
    """What a resolver found for a name: its addresses, or why there are none, after this number of
    queries."""

    name: str
    addresses: tuple[str, ...] = ()
    failure: str = ""  # EAI_NONAME, …
    queries: int = 0
    ms: float = 0.0

    @property
    def compared(self) -> tuple[frozenset[str], str, int]:
        """The fields in which the kernel and the model must agree. The order of addresses is up to
        the host's rules."""
        return frozenset(self.addresses), self.failure, self.queries

    @property
    def found(self) -> str:
        """The addresses, or why there are none: is 10.96.0.20; no such name (EAI_NONAME)."""
        if self.addresses:
            return f"is {', '.join(_first(self.addresses))}"
        known = {each.value: text for each, text in MEANINGS.items()}
        meaning = known.get(self.failure, "not found")
        return f"{meaning} ({self.failure})"

    def __str__(self) -> str:
        """Return a phrase such as: web is 10.96.0.20, in 2 queries."""
        colon = "" if self.addresses else ":"
        return f"{self.name}{colon} {self.found}, in {number_of_queries(self.queries)}"

    def as_json(self, *, measured: bool) -> dict[str, Any]:
        """Return the lookup as it is in the JSON report. Its `ms` is null unless `measured`."""
        return {
            "addresses": list(self.addresses),
            "error": self.failure or None,
            "queries": self.queries,
            "ms": round(self.ms, 3) if measured else None,
        }


def _first(things: Sequence[str]) -> list[str]:
    """Return the first things as they are, and how many more there are."""
    left = len(things) - _SHOWN
    return [*things[:_SHOWN], *([f"{left} more"] if left > 0 else [])]


def number_of_queries(number: int) -> str:
    """Return a number of queries as text."""
    return "1 query" if number == 1 else f"{number} queries"


def lookup_of(name: str, found: Resolution) -> Lookup:
    """Return what a predicted resolution finds."""
    return Lookup(name, found.addresses, found.failure or "", found.queries)


class _UnpredictableError(Exception):
    """The answer depends on which of several servers is asked."""


class _Answer(NamedTuple):
    """The answer of a DNS server, and the seconds that it waits for others before."""

    reply: Reply
    seconds: float = 0.0


class Resolver:
    """The resolvers of all places in a lab, and the DNS servers that they ask."""

    def __init__(self, state: State, walker: Walker) -> None:
        self._netns: Mapping[str, Netns] = {each.name: each for each in state.netns}
        self._walker = walker
        self._indexes: dict[int, Index] = {}
        self._reached = cache(self._walk)

    def predict(self, netns: str, inside: Interior, name: str) -> Resolution | Unknown:
        """Return how a name resolves for a process in a namespace."""
        conf = resolv_conf(inside.resolv_conf)
        if "rotate" in conf.flags and len(conf.servers) > 1:
            return Unknown("options rotate: any of the name servers may be asked first")
        limit = _EDNS if "edns0" in conf.flags else PLAIN

        def ask(server: str, asked: str, kind: RecordType, stream: bool) -> Answered | Silence:
            found = self._ask(netns, (server, PORT), asked, kind, stream=stream)
            if isinstance(found, Silence):
                return found
            if found.seconds >= conf.timeout and not stream:
                return Silence.TIMEOUT
            rcode, records = found.reply.rcode, found.reply.answer
            truncated = not stream and message_size(asked, found.reply) > limit
            return Answered(rcode, records, truncated)

        try:
            return resolve(conf, inside.hosts, name, ask)
        except _UnpredictableError as error:
            return Unknown(str(error))

    def _ask(
        self, netns: str, server: tuple[str, int], name: str, kind: RecordType, *, stream: bool
    ) -> _Answer | Silence:
        """Return the answer of the DNS servers that may be reached at an address and port."""
        found = {
            each
            if isinstance(each, Silence)
            else self._answer(each[0], each[1], name.lower(), kind, stream=stream)
            for each in self._reached(netns, *server, stream)
        }
        if len(found) != 1:
            raise _UnpredictableError(f"the answers of {server[0]} differ by the server behind it")
        return found.pop()

    def _walk(
        self, netns: str, server: str, port: int, stream: bool
    ) -> frozenset[tuple[str, NameServer] | Silence]:
        """Return the namespaces and name servers that a query may reach, or why it reaches none."""
        protocol = Protocol.TCP if stream else Protocol.UDP
        address = ip_address(server.partition("%")[0])
        paths = self._walker.paths(netns, protocol, address, port)
        return frozenset(self._reached_by(netns, each) for each in paths)

    def _reached_by(self, netns: str, path: PredictedPath) -> tuple[str, NameServer] | Silence:
        here = self._netns[path.request[-1].netns]
        packet = path.request[-1].packet
        match path.verdict:
            case Verdict.OK:
                for each in here.listeners:
                    if (each.protocol, each.port) == (packet.protocol, packet.dport):
                        return (here.name, each) if isinstance(each, NameServer) else _NO_DNS
                return _NO_DNS
            case _ if {hop.netns for hop in path.request} == {netns} and not path.reply:
                # A DROP in the client's own OUTPUT is EPERM to it; a blackhole route is EINVAL.
                return Silence.UNROUTED
            case Verdict.TIMEOUT | Verdict.LARGE_HANGS:
                return Silence.TIMEOUT
            case _ if packet.protocol is Protocol.TCP:
                return Silence.UNCONNECTED
            case _:
                return Silence.ERROR

    def _answer(
        self,
        netns: str,
        server: NameServer,
        name: str,
        kind: RecordType,
        *,
        stream: bool,
        depth: int = 0,
    ) -> _Answer:
        """Return the answer of a DNS server, which may have to ask others."""
        found = self._index(server.names).lookup(name, kind)
        if isinstance(found, Reply):
            return _Answer(found)
        return self._forwarded(netns, found, kind, stream=stream, depth=depth)

    def _forwarded(
        self, netns: str, onward: Onward, kind: RecordType, *, stream: bool, depth: int
    ) -> _Answer:
        waited = 0.0
        if depth == _DEEPEST:
            return _Answer(Reply(Rcode.SERVFAIL))
        for server in onward.forward.servers * FORWARDING_TRIES:
            reached = self._reached(netns, *server, stream)
            if len(reached) != 1:
                raise _UnpredictableError(f"{server[0]} is asked, and not always reached")
            (one,) = reached
            if isinstance(one, Silence):
                waited += FORWARDING_PATIENCE if one is Silence.TIMEOUT else 0
                continue
            answer = self._answer(*one, onward.name, kind, stream=stream, depth=depth + 1)
            if answer.seconds >= FORWARDING_PATIENCE:
                waited += FORWARDING_PATIENCE
                continue
            reply = answer.reply._replace(answer=(*onward.answer, *answer.reply.answer))
            return _Answer(reply, waited + answer.seconds)
        return _Answer(Reply(Rcode.SERVFAIL), waited)

    def _index(self, names: Names) -> Index:
        if id(names) not in self._indexes:
            self._indexes[id(names)] = Index(names)
        return self._indexes[id(names)]


# What listens there is no DNS server: no client takes its answer for one.
_NO_DNS: Final = Silence.TIMEOUT
