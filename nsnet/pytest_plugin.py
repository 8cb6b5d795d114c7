"""pytest: labs as fixtures. `pytestmark = pytest.mark.lab("scenarios/island-nat.yaml")`, then ask
for `lab`.

A lab is up once for all tests of a module, in a process of its own that leaves nothing behind
however pytest ends. A test that changes it leaves it to the next as the file says.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from nsnet.lab import Lab


def pytest_configure(config: pytest.Config) -> None:
    """`lab` is a known marker, under --strict-markers too."""
    config.addinivalue_line(
        "markers",
        "lab(FILE): the scenario that the `lab` fixture builds, relative to pytest's root folder"
        " or to the test's own",
    )


@pytest.fixture(scope="module")
def nsnet_labs() -> Iterator[Callable[[Path], "Lab"]]:
    """Builds the lab of a file, or gives the one that this module already has."""
    from nsnet.agent import Agent

    built: dict[Path, Lab] = {}
    with ExitStack() as stack:

        def lab_of(file: Path) -> "Lab":
            if file not in built:
                built[file] = stack.enter_context(Agent(file)).lab
            return built[file]

        yield lab_of


@pytest.fixture
def lab(request: pytest.FixtureRequest, nsnet_labs: Callable[[Path], "Lab"]) -> Iterator["Lab"]:
    """The lab of the nearest `@pytest.mark.lab(FILE)`, as its file says."""
    marker = request.node.get_closest_marker("lab")
    if marker is None or len(marker.args) != 1:
        raise pytest.UsageError(
            f"{request.node.nodeid} asks for a lab: say which, by @pytest.mark.lab(FILE)"
        )
    found = nsnet_labs(_scenario(request, Path(marker.args[0])))
    yield found
    found.reset()


def _scenario(request: pytest.FixtureRequest, file: Path) -> Path:
    """The file, found from pytest's root folder or beside the test."""
    for folder in (request.config.rootpath, request.path.parent):
        if (folder / file).exists():
            return folder / file
    return request.config.rootpath / file
