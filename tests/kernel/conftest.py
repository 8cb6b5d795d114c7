"""Machines to crash labs on."""

import random
from collections.abc import Iterator

import pytest

from tests.support.machine import Machine, machine


@pytest.fixture(scope="module")
def machines() -> Iterator[Machine]:
    """One for all tests of a module: each leaves it as it was."""
    with machine() as made:
        yield made


@pytest.fixture
def empty(machines: Machine) -> Iterator[Machine]:
    """A machine with nothing in it, that has nothing in it afterwards."""
    before = machines.contents()
    yield machines
    machines.down()
    assert machines.contents() == before


@pytest.fixture
def chance() -> random.Random:
    """Every run its own; a failure shows the seed."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201
    return random.Random(seed)
