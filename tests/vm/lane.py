"""Tests that this kernel cannot run are run in the VM, and reported here like all others.

    this pytest                     the folder                    the VM's pytest
    boots the VM, lists tests  ──   wanted.json    ──▶            runs them, in one run
    reports them as its own   ◀──   reports.jsonl  ──             writes each report

A test without a result, for whatever reason, has failed.
"""

import compileall
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import pytest

from tests.vm import guest, machine, needs

if TYPE_CHECKING:
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

Phase: TypeAlias = Literal["setup", "call", "teardown"]
Boot: TypeAlias = Callable[[Path], Sequence[str]]

PATIENCE: Final = 300.0  # seconds to wait for the next report; an emulated boot takes about 10
LAST_LINES: Final = 40  # of the log, shown if the VM ends without a result
IN_VM: Final = "@vm"  # the end of such a test's name


class Elsewhere(pytest.Item):
    """A test that runs in the VM, in place of the original: its fixtures are not set up here. Each
    phase waits for the VM's report of it."""

    def __init__(
        self, *, original: pytest.Item, wait: Callable[[str, Phase], object], **rest: Any
    ) -> None:
        super().__init__(**rest)
        self.original = original
        self._wait = wait

    def setup(self) -> None:
        """Wait for the setup in the VM."""
        self._wait(self.original.nodeid, "setup")

    def runtest(self) -> None:
        """Wait for the test in the VM."""
        self._wait(self.original.nodeid, "call")

    def teardown(self) -> None:
        """Wait for the teardown in the VM."""
        self._wait(self.original.nodeid, "teardown")

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Return where the original test is written."""
        return self.original.reportinfo()


class Lane:
    """The plugin of the host. `boot` returns the command that runs a folder's `command` in another
    kernel."""

    def __init__(
        self,
        config: pytest.Config,
        *,
        why: Callable[[pytest.Item], str] = needs.elsewhere,
        unable: Callable[[], str] = machine.unable,
        boot: Boot = machine.argv,
        patience: float = PATIENCE,
    ) -> None:
        self._config = config
        self._why = why
        self._unable = unable
        self._boot = boot
        self._patience = patience
        self._run: Run | None = None
        self._wanted: list[str] = []
        self._without: set[str] = set()  # tests that had no result

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, session: pytest.Session) -> None:
        """Put the tests for the VM together: at the end, or in a parallel run at the beginning.
        There the modules with the most tests come next, so that all workers end at one time."""
        whys = {item: why for item in session.items if (why := self._why(item))}
        here = [item for item in session.items if item not in whys]
        there = [self._elsewhere(item) for item in whys]
        if hasattr(self._config, "workerinput"):
            sizes = Counter(item.path for item in here)
            here.sort(key=lambda item: -sizes[item.path])
            session.items[:] = [*there, *here]
        else:
            session.items[:] = [*here, *there]
        self._wanted = [item.original.nodeid for item in there]
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if there and terminal is not None:
            reasons = "; ".join(sorted(set(whys.values())))
            terminal.write_line(f"{len(there)} of them will run in the VM: {reasons}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(
        self, config: pytest.Config, log: "Producer"
    ) -> "LoadScopeScheduling":
        """In a parallel run, give one worker the tests that wait for the VM, and give each other
        module to one worker, which builds its labs once."""
        from xdist.scheduler import LoadScopeScheduling

        config.option.loadscopereorder = False  # the workers have ordered them

        class Modules(LoadScopeScheduling):  # type: ignore[misc]
            def _split_scope(self, nodeid: str) -> str:
                return IN_VM if nodeid.endswith(IN_VM) else nodeid.partition("::")[0]

        return Modules(config, log)

    def _elsewhere(self, item: pytest.Item) -> Elsewhere:
        assert item.parent is not None
        return Elsewhere.from_parent(
            item.parent,
            name=item.name,
            nodeid=f"{item.nodeid}{IN_VM}",
            original=item,
            wait=self._data,
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: "pytest.CallInfo[None]"
    ) -> pytest.TestReport | None:
        """Return the VM's report of this phase of the test; without one, a failure with the
        reason."""
        if not isinstance(item, Elsewhere) or call.when == "collect":
            return None
        nodeid = item.original.nodeid
        if nodeid in self._without:  # reported already: later phases are not failures of their own
            return _report(item, call.when, "passed", None)
        data = self._data(nodeid, call.when)
        if data is None:
            self._without.add(nodeid)
            end = self._run.end() if self._run else f"and there is no VM: {self._unable()}"
            return _report(item, call.when, "failed", f"{self._why(item.original)}, {end}")
        found = self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
        assert isinstance(found, pytest.TestReport)
        found.nodeid = item.nodeid
        if isinstance(
            found.longrepr, list
        ):  # of a skipped test: pytest needs a tuple, JSON has only lists
            found.longrepr = tuple(found.longrepr)
        return found

    def pytest_unconfigure(self) -> None:
        """Stop the VM, however the session ended; remove its folder unless a result is missing."""
        if self._run is not None:
            self._run.stop()
            if not self._without:
                shutil.rmtree(self._run.folder)

    def _data(self, nodeid: str, phase: Phase) -> dict[str, Any] | None:
        run = self._boot_once()
        return run.report(nodeid, phase) if run is not None else None

    def _boot_once(self) -> "Run | None":
        if self._run is None and not self._unable():
            self._run = self._start()
        return self._run

    def _start(self) -> "Run":
        folder = Path(tempfile.mkdtemp(prefix="nsnet-vm-"))
        option = self._config.option
        arguments = guest.arguments(self._wanted, option.verbose, option.tbstyle)
        (folder / guest.WANTED).write_text(json.dumps(self._wanted))
        (folder / guest.REPORTS).touch()
        # The VM cannot write bytecode: compile it here.
        compileall.compile_dir(machine.ROOT / "nsnet", quiet=2)
        machine.write_command(
            folder,
            [sys.executable, "-m", "pytest", f"--rootdir={self._config.rootpath}", *arguments],
            env={guest.FOLDER: str(folder), "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/hypothesis"},
        )
        return Run(folder, self._boot(folder), self._patience)


class Run:
    """A run of the VM's pytest, and the reports that it has written."""

    def __init__(self, folder: Path, argv: Sequence[str], patience: float) -> None:
        self.folder = folder
        self._patience = patience
        self._reports: dict[tuple[str, str], dict[str, Any]] = {}
        self._file = (folder / guest.REPORTS).open("rb")
        self._half = b""
        self._end = ""
        self._vm = machine.Running(folder, argv)

    def report(self, nodeid: str, phase: Phase) -> dict[str, Any] | None:
        """Wait for the report of this phase of a test, and return it; None if there will be
        none."""
        deadline = time.monotonic() + self._patience
        while (nodeid, phase) not in self._reports and not self._end:
            try:
                ended = self._vm.ended(0.1)
            except KeyboardInterrupt:
                self._end = "and it was interrupted"  # so the teardown does not wait, either
                raise
            if self._read():  # also after it has ended, what it wrote before
                deadline = time.monotonic() + self._patience
            elif ended:
                self._end = "and the VM ended without a result"
            elif time.monotonic() > deadline:
                self._vm.end()
                self._end = f"and the VM wrote no report for {self._patience:g} s"
        return self._reports.get((nodeid, phase))

    def end(self) -> str:
        """Return why the run ended, and the last lines of its log."""
        words = self._vm.log.read_text(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join((f"{self._end}; from {self._vm.log}:", *words))

    def stop(self) -> None:
        """Stop the VM."""
        self._vm.end()
        self._file.close()

    def _read(self) -> bool:
        found, self._half = parsed(self._half + self._file.read())
        self._reports.update(found)
        return bool(found)


def parsed(text: bytes) -> tuple[dict[tuple[str, str], dict[str, Any]], bytes]:
    """Return the reports of the complete lines by test and phase, and the incomplete rest."""
    *lines, rest = text.split(b"\n")
    reports = [json.loads(line) for line in lines]
    return {(each["nodeid"], each["when"]): each for each in reports}, rest


def _report(
    item: Elsewhere,
    phase: Phase,
    outcome: Literal["passed", "failed"],
    words: str | None,
) -> pytest.TestReport:
    return pytest.TestReport(item.nodeid, item.location, {item.name: 1}, outcome, words, phase)
