"""The way a request took, put together from where it was seen."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

HOST = 0  # PACKET_HOST: addressed to the interface that saw it
OUTGOING = 4  # PACKET_OUTGOING: seen on its way out


class Sighting(NamedTuple):
    """A packet at one interface of one namespace, in one direction, for the first time."""

    netns: str
    kind: int  # HOST, OUTGOING, or a frame for somebody else, as a bridge's ports see them
    ttl: int
    time: int  # ns
    source: bytes

    @property
    def order(self) -> tuple[int, int]:
        """Routers count the TTL down, which no clock disturbs; bridges do not."""
        return -self.ttl, self.time


def passed(
    client: str, sightings: Iterable[Sighting], neighbours: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """The namespaces in order, the client's first, each as often as the packet came to it.

    A packet enters a namespace by coming in at an interface: what goes out is no news, nor is what
    comes in a second time, at a bridge after its port. `neighbours` (who has a cable to whom, if
    known) settles what came too close together.
    """
    seen = sorted(sightings, key=lambda each: each.order)
    # A bridge that does not know an address floods: the pods that get such a frame drop it.
    taken = {each.netns for each in seen if each.kind in {HOST, OUTGOING}}
    entries = [each.netns for each in seen if each.kind != OUTGOING]
    path = [client]
    left = [netns for netns in entries if netns in taken]
    while (after := _next(path[-1], left, neighbours)) is not None:
        # What else came in here came on the way through.
        left, path = (
            [netns for netns in left[:after] if netns != path[-1]] + left[after + 1 :],
            [*path, left[after]],
        )
    # A frame that was dropped at a bridge's port was for somebody else, too; it got that far.
    stray = {netns for netns in entries if netns not in taken}
    if len(stray) == 1 and _next(path[-1], list(stray), neighbours) is not None:
        path.extend(stray)
    return tuple(path)


def _next(here: str, left: list[str], neighbours: Mapping[str, frozenset[str]]) -> int | None:
    """Which of these entries is the first into another namespace that a cable leads to."""
    reachable = neighbours.get(here)
    for index, netns in enumerate(left):
        if netns != here and (reachable is None or netns in reachable):
            return index
    return None


def answered(
    requests: Iterable[Sighting], replies: Iterable[Sighting]
) -> tuple[str | None, bytes | None]:
    """The namespace that a reply came from first, and the request's source as seen there."""
    outgoing = [each for each in replies if each.kind == OUTGOING]
    if not outgoing:
        return None, None
    server = min(outgoing, key=lambda each: each.order).netns
    there = [each for each in requests if each.netns == server]
    return server, max(there, key=lambda each: each.order).source if there else None
