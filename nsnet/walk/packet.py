"""A packet on its way, and what became of it: the words in which walk answers."""

from dataclasses import asdict, dataclass, replace
from itertools import groupby
from typing import Any, Final, NamedTuple

from nsnet.ip import IPAddress, Protocol
from nsnet.state.rules import Rule
from nsnet.verdict import Verdict


class Tuple(NamedTuple):
    """What conntrack knows a packet by. A client's own port is never asked for: it is 0."""

    src: IPAddress
    sport: int
    dst: IPAddress
    dport: int

    def reversed(self) -> "Tuple":
        """The answer's."""
        return Tuple(self.dst, self.dport, self.src, self.sport)


_ERRORS: Final = {
    Verdict.REFUSED: "port-unreachable",
    Verdict.NET_UNREACHABLE: "network-unreachable",
    Verdict.HOST_UNREACHABLE: "host-unreachable",
    Verdict.LARGE_HANGS: "fragmentation-needed",
}


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a flow, its answer, or an ICMP error that speaks of it (`error`); with a
    size, a large one that follows."""

    protocol: Protocol
    src: IPAddress
    dst: IPAddress
    dport: int = 0
    sport: int = 0
    mark: int = 0
    error: Verdict | None = None
    answer: bool = False
    connection_mark: int = 0  # what conntrack has written down of its connection, where it is
    size: int = 0  # bytes, where a link might not take it as it is; 0: it fits everywhere
    # Of an IPv6 datagram that its sender took apart: the bytes of all, and of a fragment.
    whole: int = 0
    fragment: int = 0

    @property
    def icmp_type(self) -> str:
        """What it says by ICMP, in iptables' words; "" for any other packet."""
        if self.error is not None:
            return _ERRORS.get(self.error, "")
        if self.protocol is Protocol.ICMP:
            return "echo-reply" if self.answer else "echo-request"
        return ""

    @property
    def tuple(self) -> Tuple:
        """Addresses and ports."""
        return Tuple(self.src, self.sport, self.dst, self.dport)

    def addressed(self, to: Tuple) -> "Packet":
        """The same packet with other addresses and ports."""
        return replace(self, src=to.src, sport=to.sport, dst=to.dst, dport=to.dport)

    @property
    def unmarked(self) -> "Packet":
        """The same packet as others get it: marks are this machine's own."""
        return replace(self, mark=0, connection_mark=0)

    def answering(self, mark: int, error: Verdict | None = None) -> "Packet":
        """The answer to it, with this mark."""
        back = self.unmarked.addressed(self.tuple.reversed())
        # Small, as all answers here; but an echo, which leaves in fragments where it has to.
        small = replace(back, size=0, whole=0, fragment=0)
        # What is said of an answer goes where the question went.
        return replace(small, answer=not (error and self.answer), mark=mark, error=error)

    def __str__(self) -> str:
        def end(address: IPAddress, port: int) -> str:
            if not port:
                return str(address)
            return f"{address}:{port}" if address.version == 4 else f"[{address}]:{port}"

        return f"{end(self.src, self.sport)} → {end(self.dst, self.dport)}"


IPVS: Final = "ipvs"  # the table of what is no rule, but a virtual server's choice


class RuleAt(NamedTuple):
    """A rule and where it stands; positions count from 1, as `iptables -L --line-numbers` does."""

    table: str
    chain: str
    position: int
    rule: Rule


@dataclass(frozen=True, slots=True)
class Hop:
    """One thing that happened in one namespace, and the packet as it was afterwards."""

    netns: str
    reference: str
    what: str
    packet: Packet
    rule: RuleAt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictedPath:
    """One way the packet can go: there, back, and how it ends."""

    verdict: Verdict
    server: str | None = None  # who answered, by reference
    source: IPAddress | None = None  # who the server saw
    request: tuple[Hop, ...]
    reply: tuple[Hop, ...] = ()
    # What a packet that was too big for somebody brought about; () where there was none.
    large: tuple[Hop, ...] = ()

    @property
    def path(self) -> tuple[str, ...]:
        """The references of the namespaces that the request passed, in order, repeats kept."""
        return tuple(reference for reference, _ in groupby(hop.reference for hop in self.request))

    def as_json(self) -> dict[str, Any]:
        """Return the path as `nsnet explain --json` prints it (nsnet.dev/explain/v1)."""
        return {
            "verdict": self.verdict,
            "server": self.server,
            "source": self.source,
            "there": [asdict(each) for each in self.request],
            "back": [asdict(each) for each in self.reply],
            "large": [asdict(each) for each in self.large],
        }


@dataclass(frozen=True, slots=True)
class Unknown:
    """The model has no say: something is not as the State that it walks."""

    why: str
