"""The source ports that SNAT has for connections to one destination, and how many connections there
can be.

A rule of SNAT with a range of ports gives each connection a port that no other connection to the
same destination and port has. The last one gets none: its packets are dropped.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from nsnet.ip import IPAddress, Protocol
from nsnet.probes.outcome import Outcome
from nsnet.state.rules import Snat
from nsnet.verdict import Verdict
from nsnet.walk.packet import Hop, PredictedPath

# Linux tries so many ports one after the other, and then fewer and fewer at random. If most of a
# larger range are in use, it may miss a free one. Source: nf_nat_l4proto_unique_tuple() in
# nf_nat_core.c.
TRIED: Final = 128


class SourcePorts(NamedTuple):
    """The ports of an address that a namespace has for connections to one destination and port."""

    netns: str
    protocol: Protocol
    address: IPAddress
    ports: tuple[int, int]  # the first and the last one
    destination: IPAddress
    dport: int

    @property
    def size(self) -> int:
        """The number of the ports."""
        first, last = self.ports
        return last - first + 1

    @property
    def found(self) -> int:
        """How many connections surely get a port."""
        return self.size if self.size <= TRIED else max(TRIED, self.size // 2)


def source_ports(paths: Iterable[PredictedPath]) -> tuple[SourcePorts, ...]:
    """Return the source ports that requests on these paths need, each once."""
    hops = (hop for path in paths for hop in path.request)
    return tuple(dict.fromkeys(found for hop in hops if (found := _of(hop)) is not None))


def _of(hop: Hop) -> SourcePorts | None:
    match hop.rule.rule.target if hop.rule else None:
        case Snat(address, (first, last)):
            packet = hop.packet
            return SourcePorts(
                hop.netns, packet.protocol, address, (first, last), packet.dst, packet.dport
            )
        case _:
            return None


@dataclass(frozen=True, slots=True)
class Supply:
    """How many connections of a probe can exist at the same time (None: as many as it makes),
    whether it is possible that one gets no port, and whether so many surely get one if more are
    wanted."""

    most: int | None = None
    may_lack: bool = False
    exact: bool = False


def supply(
    paths: Sequence[PredictedPath],
    demand: Mapping[SourcePorts, int],
    used: Mapping[SourcePorts, int],
) -> Supply:
    """Return the supply for a probe with these paths. `demand`: how many attempts of all probes
    need each range of ports. `used`: how many ports other connections had before."""
    needed = source_ports(paths)
    if not needed:
        return Supply()
    may_lack = any(demand.get(each, 0) + used.get(each, 0) > each.found for each in needed)
    most, exact = [], True
    for netns in dict.fromkeys(each.netns for each in needed):
        here = [each for each in needed if each.netns == netns]
        if all(any(each.netns == netns for each in source_ports((path,))) for path in paths):
            most.append(sum(each.size for each in here))
        # Of several ranges, one may be full before the others are.
        exact = exact and len(here) == 1 and here[0].found == here[0].size
    return Supply(min(most, default=None), may_lack, exact)


def lacking(paths: Iterable[PredictedPath]) -> tuple[Outcome, ...]:
    """Return the outcomes of attempts on these paths that get no port."""
    found = []
    for path in paths:
        for at, hop in enumerate(path.request):
            if _of(hop) is not None:
                begun = replace(path, request=path.request[: at + 1])
                found.append(Outcome(Verdict.TIMEOUT, path=begun.path))
    return tuple(dict.fromkeys(found))


def numbered(outcomes: Sequence[Outcome], times: int, ports: Supply) -> tuple[Outcome, ...]:
    """Return the outcome of each of so many attempts whose connections are held open, if the model
    tells how many of them get a port; else the outcomes, unchanged."""
    match outcomes:
        case (got, Outcome(verdict=Verdict.TIMEOUT) as lost) if ports.exact and ports.most:
            return (*(got,) * min(times, ports.most), *(lost,) * (times - ports.most))
        case _:
            return tuple(outcomes)


def too_many(outcomes: Sequence[Outcome], ports: Supply) -> tuple[str, ...]:
    """Return a sentence if more connections were held open than there are ports."""
    got = sum(each.verdict is not Verdict.TIMEOUT for each in outcomes)
    if ports.most is None or got <= ports.most:
        return ()
    return (f"not predicted: {got} connections at the same time; there are ports for {ports.most}",)
