"""Packets, the events on their way (hops), and the paths that `walk` predicts."""

from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any, Final, NamedTuple

from nsnet.ip import IPAddress, Protocol, endpoint
from nsnet.state.rules import Rule
from nsnet.verdict import Verdict


class Tuple(NamedTuple):
    """The addresses and ports by which conntrack finds a packet's entry. A client's ephemeral port
    is represented by 0, because no rule depends on it."""

    src: IPAddress
    sport: int
    dst: IPAddress
    dport: int

    def reversed(self) -> "Tuple":
        """Return the tuple of the reply: with source and destination exchanged."""
        return Tuple(self.dst, self.dport, self.src, self.sport)


_ERRORS: Final = {
    Verdict.REFUSED: "port-unreachable",
    Verdict.NET_UNREACHABLE: "network-unreachable",
    Verdict.HOST_UNREACHABLE: "host-unreachable",
    Verdict.LARGE_HANGS: "fragmentation-needed",
}


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet of a flow: its first packet, the reply, an ICMP error about either of them (with
    `error`), or a large packet that follows (with `size`)."""

    protocol: Protocol
    src: IPAddress
    dst: IPAddress
    dport: int = 0
    sport: int = 0
    mark: int = 0
    error: Verdict | None = None
    answer: bool = False
    connection_mark: int = 0  # its connection's mark in this namespace's conntrack
    size: int = 0  # bytes, if it may exceed an MTU; 0: it fits every link
    # Bytes of an IPv6 datagram that its sender fragmented, and of a fragment.
    whole: int = 0
    fragment: int = 0
    # Of an ICMP error: the address of the machine that sends it, if it is not `src`. `src` is the
    # destination of the packet that caused the error.
    sender: IPAddress | None = None

    @property
    def icmp_type(self) -> str:
        """The packet's ICMP type, by its name in iptables; "" if the packet has none."""
        if self.error is not None:
            return _ERRORS.get(self.error, "")
        if self.protocol is Protocol.ICMP:
            return "echo-reply" if self.answer else "echo-request"
        return ""

    @property
    def tuple(self) -> Tuple:
        """The packet's addresses and ports."""
        return Tuple(self.src, self.sport, self.dst, self.dport)

    def addressed(self, to: Tuple) -> "Packet":
        """Return the packet with these addresses and ports instead of its own."""
        return replace(self, src=to.src, sport=to.sport, dst=to.dst, dport=to.dport)

    def with_source(self, src: IPAddress, sport: int | None = None) -> "Packet":
        """Return the packet with a source that NAT has restored or repeated. An ICMP error then
        seems to come from there, whichever machine has sent it."""
        sender = self.sender if src == self.src else None
        port = self.sport if sport is None else sport
        return replace(self, src=src, sport=port, sender=sender)

    @property
    def unmarked(self) -> "Packet":
        """The packet as it is on the wire. Its marks are left out, because they stay in their
        namespace."""
        return replace(self, mark=0, connection_mark=0)

    def answering(
        self, mark: int, error: Verdict | None = None, sender: IPAddress | None = None
    ) -> "Packet":
        """Return the reply to this packet or, with `error`, an ICMP error about this packet. The
        returned packet has the mark `mark`, and the error is from the address `sender` (None: from
        this packet's destination)."""
        back = self.unmarked.addressed(self.tuple.reversed())
        # Replies are small, except large ICMP echoes: round_trips sets their size.
        small = replace(back, size=0, whole=0, fragment=0)
        # An error about a reply is sent in the direction of the request.
        answer = not (error and self.answer)
        return replace(small, answer=answer, mark=mark, error=error, sender=sender)

    def __str__(self) -> str:
        def end(address: IPAddress, port: int) -> str:
            return endpoint(address, port) if port else str(address)

        return f"{end(self.src, self.sport)} → {end(self.dst, self.dport)}"


IPVS: Final = "ipvs"  # the table of a RuleAt that is no rule: IPVS has chosen a real server


class RuleAt(NamedTuple):
    """A rule with its table, chain and position. Positions count from 1, as in
    `iptables -L --line-numbers`."""

    table: str
    chain: str
    position: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Hop:
    """One event in one namespace, and the packet after it."""

    netns: str
    reference: str
    what: str
    packet: Packet
    rule: RuleAt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedPath:
    """One path that a request can take, the path of its reply, and the verdict that follows."""

    verdict: Verdict
    server: str | None = None  # what replied, by reference
    source: IPAddress | None = None  # the source that the server saw
    status: int | None = None  # of the HTTP response; None: there is none
    location: str = ""  # the Location header of the HTTP response
    request: tuple[Hop, ...]
    reply: tuple[Hop, ...] = ()
    # The hops of the error about a packet that exceeded an MTU, and of the packets sent next.
    large: tuple[Hop, ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """The references of the namespaces that the request passed, in order; a namespace that it
        passed twice is listed twice."""
        return tuple(reference for reference, _ in groupby(hop.reference for hop in self.request))

    def as_json(self) -> dict[str, Any]:
        """Return the path as `nsnet explain --json` prints it (nsnet.dev/explain/v1)."""
        return {
            "verdict": self.verdict,
            "server": self.server,
            "source": self.source,
            "status": self.status,
            "location": self.location or None,
            "there": [asdict(each) for each in self.request],
            "back": [asdict(each) for each in self.reply],
            "large": [asdict(each) for each in self.large],
        }


@dataclass(frozen=True, slots=True)
class Unknown:
    """No prediction is possible: the lab differs from the State."""

    why: str
