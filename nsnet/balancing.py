"""Which endpoints get connections, and in what shares."""

from collections.abc import Iterator, Sequence

from nsnet.state import Family
from nsnet.topology import Endpoint


def usable(endpoints: Sequence[Endpoint], family: Family) -> tuple[Endpoint, ...]:
    """The ready endpoints; when there is none, those that still serve although they are going."""
    mine = [each for each in endpoints if each.address.version == family]
    ready = tuple(each for each in mine if each.ready)
    return ready or tuple(each for each in mine if each.serving and each.terminating)


def shares(endpoints: Sequence[Endpoint]) -> Iterator[tuple[Endpoint, float | None]]:
    """Each endpoint with the probability of its rule, given that no rule before it matched; the
    last always does."""
    for position, endpoint in enumerate(endpoints):
        left = len(endpoints) - position
        yield endpoint, 1 / left if left > 1 else None
