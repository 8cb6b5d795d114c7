"""The path of a request, derived from its sightings: where and when packet sockets captured it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

HOST = 0  # PACKET_HOST: addressed to the interface that saw it
OTHER_HOST = 3  # PACKET_OTHERHOST: to another address, as a bridge's ports see it
OUTGOING = 4  # PACKET_OUTGOING: seen on its way out


class Sighting(NamedTuple):
    """The first capture of a packet at one interface of one namespace in one direction."""

    netns: str
    kind: int  # HOST, OTHER_HOST or OUTGOING
    ttl: int
    time: int  # ns
    source: bytes

    @property
    def order(self) -> tuple[int, int]:
        """The key by which sightings are sorted along the path: falling TTL, then time. The TTL
        is more reliable than a timestamp, because each router decrements it. Time orders sightings
        of equal TTL, because bridges do not change the TTL."""
        return -self.ttl, self.time


def passed(
    client: str, sightings: Iterable[Sighting], neighbours: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """Return the namespaces that a packet passed, in order. The client's namespace is the first. A
    namespace is repeated if the packet entered it again.

    A packet enters a namespace where an interface receives it. It does not enter where an
    interface sends it, or where a bridge receives it from one of its own ports. Where
    timestamps are too close to order two sightings, `neighbours` (the namespaces at the other ends
    of veth pairs, if known) decides.
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
    # If it was forwarded and then seen only as a frame for another host, a bridge port dropped it.
    last = [each.kind for each in seen if each.netns == path[-1]][-1:]
    strays = {each.netns for each in seen if each.kind == OTHER_HOST and each.netns not in path}
    if last == [OUTGOING] and len(strays) == 1:
        path.extend(strays)
    return tuple(path)


def relayed(
    path: tuple[str, ...],
    payloads: Sequence[Sighting],
    neighbours: Mapping[str, frozenset[str]],
    *,
    hidden: bool = False,
) -> tuple[str, ...]:
    """Return the path, extended if it ends at a proxy: the path of the proxy's own connection, in
    which it relays the request, is appended. `payloads` are the sightings of packets whose payload
    has the request's token. If it is `hidden` in the client's TLS, they are the proxy's own."""
    here = path[-1]
    received = [each.time for each in payloads if each.netns == here and each.kind == HOST]
    onward = [each for each in payloads if hidden or (received and each.time > min(received))]
    if not any(each.netns == here and each.kind == OUTGOING for each in onward):
        return path
    return (*path, *passed(here, onward, neighbours)[1:])


def _is_entry(sighting: Sighting, seen: list[Sighting]) -> bool:
    """Return whether this sighting shows that the packet entered the namespace: either the frame
    was for the interface itself, or a bridge in the namespace forwarded it.

    A bridge without an FDB entry for the address floods all its ports. Pods at the other ports drop
    the frame, which is for another host: they are not entered.
    """
    if sighting.kind != OTHER_HOST:
        return sighting.kind == HOST
    return any(
        each.kind == HOST or (each.kind == OUTGOING and each.order > sighting.order)
        for each in seen
        if each.netns == sighting.netns
    )


def _next(here: str, left: list[str], neighbours: Mapping[str, frozenset[str]]) -> int | None:
    """Return the index in `left` of the first namespace, other than `here`, that a veth pair
    connects to `here`; None if there is none. If the neighbours of `here` are unknown, any other
    namespace will do."""
    reachable = neighbours.get(here)
    for index, netns in enumerate(left):
        if netns != here and (reachable is None or netns in reachable):
            return index
    return None


def answered(
    requests: Iterable[Sighting], replies: Iterable[Sighting]
) -> tuple[str | None, bytes | None]:
    """Return the namespace that sent the echo reply before any other forwarded it, and the packed
    source address that the request had in that namespace. Both are None if no reply was captured.
    The address alone is None if the request was not captured in that namespace."""
    outgoing = [each for each in replies if each.kind == OUTGOING]
    if not outgoing:
        return None, None
    server = min(outgoing, key=lambda each: each.order).netns
    there = [each for each in requests if each.netns == server]
    return server, max(there, key=lambda each: each.order).source if there else None
