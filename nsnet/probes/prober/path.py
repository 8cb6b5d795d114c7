"""The path of a request, derived from where it was seen."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

HOST = 0  # PACKET_HOST: addressed to the interface that saw it
OTHER_HOST = 3  # PACKET_OTHERHOST: to another address, as a bridge's ports see it
OUTGOING = 4  # PACKET_OUTGOING: seen on its way out


class Sighting(NamedTuple):
    """The first time that a packet passed one interface of one namespace in one direction."""

    netns: str
    kind: int  # HOST, OTHER_HOST or OUTGOING
    ttl: int
    time: int  # ns
    source: bytes

    @property
    def order(self) -> tuple[int, int]:
        """The sort key: TTL, then time. Routers decrement the TTL, which is more reliable than a
        timestamp; bridges do not."""
        return -self.ttl, self.time


def passed(
    client: str, sightings: Iterable[Sighting], neighbours: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """Return the namespaces in order, the client's first, each as often as the packet entered it.

    A packet enters a namespace where an interface receives it. Sightings of a packet that is sent,
    or that a bridge receives after its port, are no further entries. `neighbours` (the namespaces
    at the other ends of veth pairs, if known) decides the order of sightings that are too close in
    time.
    """
    seen = sorted(sightings, key=lambda each: each.order)
    left = [each.netns for each in seen if _is_entry(each, seen)]
    path = [client]
    while (after := _next(path[-1], left, neighbours)) is not None:
        # Other sightings in this namespace until then belong to the same visit.
        left, path = (
            [netns for netns in left[:after] if netns != path[-1]] + left[after + 1 :],
            [*path, left[after]],
        )
    # It was forwarded, and then seen only as a frame for another host: a bridge port dropped it.
    last = [each.kind for each in seen if each.netns == path[-1]][-1:]
    strays = {each.netns for each in seen if each.kind == OTHER_HOST and each.netns not in path}
    if last == [OUTGOING] and len(strays) == 1:
        path.extend(strays)
    return tuple(path)


def relayed(
    path: tuple[str, ...], payloads: Sequence[Sighting], neighbours: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """Return the path; if it ends at a proxy, continued by the path of the connection in which the
    proxy relays the request. `payloads` are sightings of the request's payload."""
    here = path[-1]
    received = [each.time for each in payloads if each.netns == here and each.kind == HOST]
    onward = [each for each in payloads if received and each.time > min(received)]
    if not any(each.netns == here and each.kind == OUTGOING for each in onward):
        return path
    return (*path, *passed(here, onward, neighbours)[1:])


def _is_entry(sighting: Sighting, seen: list[Sighting]) -> bool:
    """Return whether the namespace received the packet for itself, or a bridge in it forwarded it.

    A bridge without an FDB entry for the address floods all its ports; pods drop frames for other
    hosts.
    """
    if sighting.kind != OTHER_HOST:
        return sighting.kind == HOST
    return any(
        each.kind == HOST or (each.kind == OUTGOING and each.order > sighting.order)
        for each in seen
        if each.netns == sighting.netns
    )


def _next(here: str, left: list[str], neighbours: Mapping[str, frozenset[str]]) -> int | None:
    """Return the index of the first entry into another namespace that a veth pair leads to."""
    reachable = neighbours.get(here)
    for index, netns in enumerate(left):
        if netns != here and (reachable is None or netns in reachable):
            return index
    return None


def answered(
    requests: Iterable[Sighting], replies: Iterable[Sighting]
) -> tuple[str | None, bytes | None]:
    """Return the namespace that sent the first reply, and the request's source as seen there."""
    outgoing = [each for each in replies if each.kind == OUTGOING]
    if not outgoing:
        return None, None
    server = min(outgoing, key=lambda each: each.order).netns
    there = [each for each in requests if each.netns == server]
    return server, max(there, key=lambda each: each.order).source if there else None
