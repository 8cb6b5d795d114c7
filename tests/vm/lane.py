"""Tests that this kernel cannot run are run in the VM, and count here like all others.

    this pytest                    the folder                    the VM's pytest
    boots, asks for tests     ──   wanted.json    ──▶            runs them, in one go
    each report is its own   ◀──   reports.jsonl  ──

A test without a result, for whatever reason, has failed.
"""

import compileall
import json
import shutil
import sys
import tempfile
import time
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

PATIENCE: Final = 300.0  # seconds without a report: the longest is an emulated boot, about 10
LAST_WORDS: Final = 40  # lines
IN_VM: Final = "@vm"  # what the name of such a test ends with


class Elsewhere(pytest.Item):
    """Stands where a test stood that runs in the VM: no fixture of it is set up here. Each of its
    phases takes until there is the VM's report of it."""

    def __init__(
        self, *, original: pytest.Item, wait: Callable[[str, Phase], object], **rest: Any
    ) -> None:
        super().__init__(**rest)
        self.original = original
        self._wait = wait

    def setup(self) -> None:
        """Done there, too."""
        self._wait(self.original.nodeid, "setup")

    def runtest(self) -> None:
        """Done there, too."""
        self._wait(self.original.nodeid, "call")

    def teardown(self) -> None:
        """Done there, too."""
        self._wait(self.original.nodeid, "teardown")

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Where the test is written."""
        return self.original.reportinfo()


class Lane:
    """The plugin. `boot` gives the command that runs a folder's `command` in another kernel."""

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
        """Put what is for the VM last, all together."""
        whys = {item: why for item in session.items if (why := self._why(item))}
        there = [self._elsewhere(item) for item in whys]
        session.items[:] = [*(item for item in session.items if item not in whys), *there]
        self._wanted = [item.original.nodeid for item in there]
        terminal = self._config.pluginmanager.get_plugin("terminalreporter")
        if there and terminal is not None:
            reasons = "; ".join(sorted(set(whys.values())))
            terminal.write_line(f"{len(there)} of them will run in the VM: {reasons}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(
        self, config: pytest.Config, log: "Producer"
    ) -> "LoadScopeScheduling":
        """In a parallel run, one worker waits for the VM; and one runs a whole module, whose labs
        are built once."""
        from xdist.scheduler import LoadScopeScheduling

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
        """The VM's report of this phase of the test; without one, a failure that says why."""
        if not isinstance(item, Elsewhere) or call.when == "collect":
            return None
        nodeid = item.original.nodeid
        if nodeid in self._without:  # said already; what comes after is no second failure
            return _report(item, call.when, "passed", None)
        data = self._data(nodeid, call.when)
        if data is None:
            self._without.add(nodeid)
            end = self._run.end() if self._run else f"and there is no VM: {self._unable()}"
            return _report(item, call.when, "failed", f"{self._why(item.original)}, {end}")
        found = self._config.hook.pytest_report_from_serializable(config=self._config, data=data)
        assert isinstance(found, pytest.TestReport)
        found.nodeid = item.nodeid
        if isinstance(found.longrepr, list):  # of a skipped test, and JSON knows no tuples
            found.longrepr = tuple(found.longrepr)
        return found

    def pytest_unconfigure(self) -> None:
        """No VM is left, however the session ended; its folder is, where something was missing."""
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
        # The VM cannot keep what it compiles.
        compileall.compile_dir(machine.ROOT / "nsnet", quiet=2)
        machine.write_command(
            folder,
            [sys.executable, "-m", "pytest", f"--rootdir={self._config.rootpath}", *arguments],
            env={guest.FOLDER: str(folder), "HYPOTHESIS_STORAGE_DIRECTORY": "/tmp/hypothesis"},
        )
        return Run(folder, self._boot(folder), self._patience)


class Run:
    """The reports of a VM's pytest, as they come."""

    def __init__(self, folder: Path, argv: Sequence[str], patience: float) -> None:
        self.folder = folder
        self._patience = patience
        self._reports: dict[tuple[str, str], dict[str, Any]] = {}
        self._file = (folder / guest.REPORTS).open("rb")
        self._half = b""
        self._end = ""
        self._vm = machine.Running(folder, argv)

    def report(self, nodeid: str, phase: Phase) -> dict[str, Any] | None:
        """Of this phase of a test, as soon as there is one; None where there will never be."""
        deadline = time.monotonic() + self._patience
        while (nodeid, phase) not in self._reports and not self._end:
            try:
                ended = self._vm.ended(0.1)
            except KeyboardInterrupt:
                self._end = "and it was interrupted"  # nobody waits for the teardown either
                raise
            if self._read():  # what it wrote before it ended, too
                deadline = time.monotonic() + self._patience
            elif ended:
                self._end = "and the VM ended without a result"
            elif time.monotonic() > deadline:
                self._vm.end()
                self._end = f"and the VM said nothing for {self._patience:g} s"
        return self._reports.get((nodeid, phase))

    def end(self) -> str:
        """How it ended, and the last that was said there."""
        words = self._vm.log.read_text(errors="replace").splitlines()[-LAST_WORDS:]
        return "\n".join((f"{self._end}; from {self._vm.log}:", *words))

    def stop(self) -> None:
        """It runs no more."""
        self._vm.end()
        self._file.close()

    def _read(self) -> bool:
        found, self._half = parsed(self._half + self._file.read())
        self._reports.update(found)
        return bool(found)


def parsed(text: bytes) -> tuple[dict[tuple[str, str], dict[str, Any]], bytes]:
    """The reports in it by test and phase, and what is not a whole line yet."""
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
