"""Ranges of addresses, and the nodes for which they have room."""

import random

import pytest

from nsnet.sizing.spaces import Space

AZURE = Space(name="subnet", of_node=1, first=4, last=1, longest=29)
BLOCKS = Space(name="pod subnet", of_node=1, of_pods=31, unit=16, first=4, last=1, longest=29)
PER_NODE = Space(name="podCIDR", of_pods=110, wasted=146, unit=256, longest=24)


@pytest.mark.parametrize(
    ("space", "prefix", "usable", "room"),
    [
        (AZURE, 24, 251, 251),
        (AZURE, 29, 3, 3),
        (AZURE, 30, 0, 0),
        (AZURE, 32, 0, 0),
        (BLOCKS, 24, 224, 7),  # 16 blocks, of which the first and the last have reserved addresses
        (BLOCKS, 27, 0, 0),
        (BLOCKS, 29, 0, 0),
        (PER_NODE, 16, 65_536, 256),
        (PER_NODE, 24, 256, 1),
        (PER_NODE, 25, 0, 0),
    ],
)
def test_the_room_in_a_range(space: Space, prefix: int, usable: int, room: int) -> None:
    found = space.with_prefix(prefix)
    assert (found.usable, found.room) == (usable, room)
    assert found.reserved == found.size - usable


def test_what_others_have_is_no_room_for_nodes() -> None:
    shared = Space(name="subnet", of_node=1, first=4, last=1, others=250, prefix=24)
    assert shared.room == 1
    assert Space(name="subnet", of_node=1, first=4, last=1, others=999, prefix=24).room == 0


def test_no_range_is_large_enough_for_more_than_all_addresses() -> None:
    assert Space(name="podCIDR", of_pods=2**24, unit=2**24, longest=8).smallest(257) is None
    assert Space(name="podCIDR", of_pods=2**24, unit=2**24, longest=8).smallest(256) == 0


@pytest.mark.parametrize("seed", range(20))
def test_the_smallest_range_has_room_and_a_smaller_one_has_none(seed: int) -> None:
    luck = random.Random(seed)
    for _ in range(50):
        unit = luck.choice((1, 1, 16, 256))
        space = Space(
            name="subnet",
            of_node=unit * luck.randrange(1, 40),
            unit=unit,
            first=luck.choice((0, 2, 4)),
            last=luck.choice((0, 1)),
            others=luck.choice((0, 0, luck.randrange(1000))),
            longest=luck.choice((24, 29, 32)),
        )
        nodes = luck.randrange(1, 5000)
        prefix = space.smallest(nodes)
        assert prefix is not None, (seed, space, nodes)
        assert space.with_prefix(prefix).room >= nodes, (seed, space, nodes)
        if prefix < space.longest:
            assert space.with_prefix(prefix + 1).room < nodes, (seed, space, nodes)


@pytest.mark.parametrize("space", [AZURE, BLOCKS, PER_NODE], ids=lambda space: space.name)
def test_a_larger_range_has_never_less_room_and_more_nodes_need_no_smaller_one(
    space: Space,
) -> None:
    rooms = [space.with_prefix(prefix).room for prefix in range(32, 7, -1)]
    assert rooms == sorted(rooms)
    prefixes = [space.smallest(nodes) or 0 for nodes in range(1, 2000)]
    assert prefixes == sorted(prefixes, reverse=True)
