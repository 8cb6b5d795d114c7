"""pytest in the VM: it runs the tests that the host asks for, and writes each report to a file at
once."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest

from tests.vm.needs import lacking

FOLDER: Final = "NSNET_VM"  # the variable with the folder's path
WANTED: Final = "wanted.json"
REPORTS: Final = "reports.jsonl"


class Guest:
    """The plugin in the VM. It reads the wanted tests from a folder, and writes the reports to
    it."""

    def __init__(self, config: pytest.Config, folder: Path) -> None:
        self._config = config
        self._wanted: list[str] = json.loads((folder / WANTED).read_text())
        self._reports = (folder / REPORTS).open("a")

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests that the host asks for, in its order."""
        found = {item.nodeid: item for item in items}
        items[:] = [found[nodeid] for nodeid in self._wanted if nodeid in found]

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Fail a test if the VM's kernel lacks what it needs, too."""
        if words := lacking(item):
            pytest.fail(f"the VM's kernel has no {words} either", pytrace=False)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Write the report."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        print(json.dumps(data), file=self._reports, flush=True)

    def pytest_unconfigure(self) -> None:
        """Close the file of reports."""
        self._reports.close()


def arguments(nodeids: Sequence[str], verbosity: int, style: str) -> list[str]:
    """Return pytest's arguments for a run in the VM."""
    files = dict.fromkeys(nodeid.partition("::")[0] for nodeid in nodeids)
    # The VM cannot write a cache, and imports are slow there.
    plugins = ("cacheprovider", "hypothesispytest", "xdist", "xdist.looponfail")
    without = [word for each in plugins for word in ("-p", f"no:{each}")]
    return [*without, "-m", "", f"--verbosity={verbosity}", f"--tb={style}", *files]
