"""Machines for labs that tests build, crash and remove."""

import random
from collections.abc import Iterator

import pytest

from tests.support.machine import Machine, machine


@pytest.fixture(scope="module")
def machines() -> Iterator[Machine]:
    """Yield a machine for all tests of a module; each test leaves it as it was."""
    with machine() as made:
        yield made


@pytest.fixture
def empty(machines: Machine) -> Iterator[Machine]:
    """Yield an empty machine; check that it is empty again afterwards."""
    before = machines.contents()
    yield machines
    machines.down()
    assert machines.contents() == before


@pytest.fixture
def chance() -> random.Random:
    """Return a random generator, seeded differently in every run; a failure shows its seed."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}")  # noqa: T201
    return random.Random(seed)
