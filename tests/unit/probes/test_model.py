"""The indexes that the probes of a State share."""

import pytest

from nsnet.topology.references import locate
from tests.support.labs import ip, shipped

ISLANDS = shipped("island-nat")


@pytest.mark.parametrize(
    ("client", "address", "holder"),
    [
        # Both islands have this pod address: each client means its own cluster's.
        ("east/pod/client", "10.244.1.2", "east"),
        ("west/pod/web-0", "10.244.1.2", "west"),
        ("external/api", "10.244.1.2", "east"),
    ],
)
def test_an_address_that_clusters_share_is_held_by_the_nearest(
    client: str, address: str, holder: str
) -> None:
    found = ISLANDS.model.holders([ip(address)], locate(ISLANDS.topology, client))
    assert found[address].split("/")[0] == holder


def test_an_address_that_no_place_holds_has_no_holder() -> None:
    client = locate(ISLANDS.topology, "east/pod/client")
    assert ISLANDS.model.holders([ip("192.0.2.1")], client) == {}


def test_indexes_are_built_once() -> None:
    model = ISLANDS.model
    assert model.walker is model.walker
    assert model.references is model.references
