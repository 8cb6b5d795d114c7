"""The way a request took, put together from where it was seen."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

HOST = 0  # PACKET_HOST: addressed to the interface that saw it
OTHER_HOST = 3  # PACKET_OTHERHOST: to another address, as a bridge's ports see it
OUTGOING = 4  # PACKET_OUTGOING: seen on its way out


class Sighting(NamedTuple):
    """A packet at one interface of one namespace, in one direction, for the first time."""

    netns: str
    kind: int  # HOST, OTHER_HOST or OUTGOING
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
    left = [each.netns for each in seen if _is_entry(each, seen)]
    path = [client]
    while (after := _next(path[-1], left, neighbours)) is not None:
        # What else came in here came on the way through.
        left, path = (
            [netns for netns in left[:after] if netns != path[-1]] + left[after + 1 :],
            [*path, left[after]],
        )
    # Sent on, and seen once more as somebody else's frame: it was dropped at a bridge's port.
    last = [each.kind for each in seen if each.netns == path[-1]][-1:]
    strays = {each.netns for each in seen if each.kind == OTHER_HOST and each.netns not in path}
    if last == [OUTGOING] and len(strays) == 1:
        path.extend(strays)
    return tuple(path)


def relayed(
    path: tuple[str, ...], said: Sequence[Sighting], neighbours: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """The path, and on from where it ends if that is a proxy: what it heard there (`said`), it has
    said again in a connection of its own."""
    here = path[-1]
    heard = [each.time for each in said if each.netns == here and each.kind == HOST]
    onward = [each for each in said if heard and each.time > min(heard)]
    if not any(each.netns == here and each.kind == OUTGOING for each in onward):
        return path
    return (*path, *passed(here, onward, neighbours)[1:])


def _is_entry(sighting: Sighting, seen: list[Sighting]) -> bool:
    """It came in, and was meant to: to be received, or to be sent on by a bridge.

    A bridge that does not know an address floods all its ports; pods drop what is not theirs.
    """
    if sighting.kind != OTHER_HOST:
        return sighting.kind == HOST
    return any(
        each.kind == HOST or (each.kind == OUTGOING and each.order > sighting.order)
        for each in seen
        if each.netns == sighting.netns
    )


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
