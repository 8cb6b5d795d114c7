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
    from nsnet.lab.agent import Agent
    from nsnet.lab.lab import Lab


def pytest_configure(config: pytest.Config) -> None:
    """`lab` is a known marker, under --strict-markers too."""
    config.addinivalue_line(
        "markers",
        "lab(FILE): the scenario that the `lab` fixture builds, relative to pytest's root folder"
        " or to the test's own",
    )


@pytest.fixture(scope="module")
def nsnet_labs() -> Iterator[Callable[[Path], "Agent"]]:
    """Builds the lab of a file, or gives the one that this module already has."""
    from nsnet.lab.agent import Agent

    built: dict[Path, Agent] = {}
    with ExitStack() as stack:

        def agent_of(file: Path) -> "Agent":
            __tracebackhide__ = True
            if file not in built or not built[file].in_step:
                built[file] = stack.enter_context(Agent(file))
            return built[file]

        yield agent_of


@pytest.fixture
def lab(request: pytest.FixtureRequest, nsnet_labs: Callable[[Path], "Agent"]) -> Iterator["Lab"]:
    """The lab of the nearest `@pytest.mark.lab(FILE)`, as its file says."""
    __tracebackhide__ = True
    marker = request.node.get_closest_marker("lab")
    if marker is None or len(marker.args) != 1:
        raise pytest.UsageError(
            f"{request.node.nodeid} asks for a lab: say which, by @pytest.mark.lab(FILE)"
        )
    agent = nsnet_labs(_scenario(request, Path(marker.args[0])))
    yield agent.lab
    if agent.in_step:  # else a Ctrl-C came in between, and the lab is nobody's any more
        agent.lab.reset()


def _scenario(request: pytest.FixtureRequest, file: Path) -> Path:
    """The file, found from pytest's root folder or beside the test."""
    for folder in (request.config.rootpath, request.path.parent):
        if (folder / file).exists():
            return folder / file
    return request.config.rootpath / file
