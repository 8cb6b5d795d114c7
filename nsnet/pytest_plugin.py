"""The plugin for pytest: labs as fixtures.

Mark a module of tests with `pytestmark = pytest.mark.lab("scenarios/island-nat.yaml")` and use the
fixture `lab`.

A lab is built once for the tests of a module. It runs in a process of its own, which leaves nothing
behind however pytest ends. What a test changes is undone before the next test.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nsnet.errors import NsnetError
from nsnet.text import escaped

if TYPE_CHECKING:
    from nsnet.lab.agent import Agent
    from nsnet.lab.lab import Lab


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker `lab`, as --strict-markers requires."""
    config.addinivalue_line(
        "markers",
        "lab(FILE): the scenario that the `lab` fixture builds, relative to pytest's root folder"
        " or to the test's own",
    )


@pytest.fixture(scope="module")
def nsnet_labs() -> Iterator[Callable[[Path], "Agent"]]:
    """Yield a function that returns the Agent of a scenario file: the process in which the file's
    lab is up. All tests of a module share one Agent for each file."""
    from nsnet.lab.agent import Agent

    built: dict[Path, Agent] = {}
    with ExitStack() as stack:

        def agent_of(file: Path) -> "Agent":
            __tracebackhide__ = True
            if file not in built or not built[file].in_step:
                try:
                    built[file] = stack.enter_context(Agent(file))
                except NsnetError as error:
                    # A mistake of the user: a traceback would only hide the message.
                    pytest.fail(_message(error), pytrace=False)
            return built[file]

        yield agent_of


@pytest.fixture
def lab(request: pytest.FixtureRequest, nsnet_labs: Callable[[Path], "Agent"]) -> Iterator["Lab"]:
    """Yield the lab of the nearest marker `@pytest.mark.lab(FILE)`, in the state that the file
    describes. Afterwards, undo what the test has changed."""
    __tracebackhide__ = True
    marker = request.node.get_closest_marker("lab")
    if marker is None or len(marker.args) != 1:
        raise pytest.UsageError(
            f"{request.node.nodeid} uses the fixture lab: name its file by @pytest.mark.lab(FILE)"
        )
    agent = nsnet_labs(_scenario(request, Path(marker.args[0])))
    yield agent.lab
    if agent.in_step:  # else Ctrl-C interrupted a request, and the lab cannot be used any more
        agent.lab.reset()


def _message(error: NsnetError) -> str:
    """Return the lines that the command line would print."""
    lines = [f"error: {line}" for line in error.lines()]
    lines += [f"hint: {error.hint}"] if error.hint else []
    return "\n".join(map(escaped, lines))


def _scenario(request: pytest.FixtureRequest, file: Path) -> Path:
    """Return the path of the marker's file, which is relative to pytest's root folder or to the
    folder of the test."""
    for folder in (request.config.rootpath, request.path.parent):
        if (folder / file).exists():
            return folder / file
    return request.config.rootpath / file
