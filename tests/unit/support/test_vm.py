"""A test that is run elsewhere counts as if it were run here; one without a result has failed."""

import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.vm import guest, machine
from tests.vm.lane import Lane, parsed

pytest_plugins = ["pytester"]

ONE = {"nodeid": "test_a.py::test_one", "when": "call", "outcome": "passed"}
TWO = {"nodeid": "test_a.py::test_two[a b]", "when": "setup", "outcome": "failed"}


def test_reports_are_read_as_far_as_they_are_written() -> None:
    text = f"{json.dumps(ONE)}\n{json.dumps(TWO)}\n".encode()
    half = len(text) - 20
    found, rest = parsed(text[:half])
    assert found == {("test_a.py::test_one", "call"): ONE}
    found, rest = parsed(rest + text[half:])
    assert found == {("test_a.py::test_two[a b]", "setup"): TWO}
    assert rest == b""


def test_nothing_is_no_report() -> None:
    assert parsed(b"") == ({}, b"")


def test_the_vm_is_asked_for_each_file_once() -> None:
    wanted = ["a.py::test_one[x::y]", "b.py::test_two", "a.py::TestIt::test_three"]
    assert guest.arguments(wanted, 1, "short")[-3:] == ["--tb=short", "a.py", "b.py"]


def test_what_a_vm_is_to_run_keeps_its_words(tmp_path: Path) -> None:
    machine.write_command(tmp_path, ["echo", "a b", "$x"], env={"Y": "1 2"})
    assert (tmp_path / "command").read_text() == "exec env 'Y=1 2' echo 'a b' '$x'\n"


@pytest.fixture(autouse=True)
def _no_folder_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


# From here on the VM is but another process: what matters is what comes back from it.

TESTS = """
    import os
    import pytest

    pytestmark = pytest.mark.skipif("NSNET_VM" not in os.environ, reason="never run here")

    @pytest.fixture
    def broken():
        raise OSError("no such thing")

    @pytest.fixture
    def stuck():
        yield
        raise OSError("does not go away")

    def test_passes(): print("said there")
    @pytest.mark.parametrize("one", ["a b", "c::d"])
    def test_each(one): assert one == "a b"
    def test_breaks(broken): pass
    def test_does_not_clean_up(stuck): pass
    @pytest.mark.skip(reason="no way")
    def test_skips(): pass
    @pytest.mark.xfail(reason="known")
    def test_is_known_to_fail(): assert False
    class TestInside:
        def test_passes(self): pass
"""
THERE = 'sh "$1/command"'
CONFTEST = f"""
    import os, sys
    sys.path.insert(0, {str(machine.ROOT)!r})
    from pathlib import Path
    from tests.vm.guest import FOLDER, Guest

    def pytest_configure(config):
        if FOLDER in os.environ:
            config.pluginmanager.register(Guest(config, Path(os.environ[FOLDER])))
"""


def run(
    pytester: pytest.Pytester,
    script: str,
    *options: str,
    why: Callable[[pytest.Item], str] = lambda item: "this kernel has no IPVS",
    unable: str = "",
    patience: float = 60.0,
) -> pytest.RunResult:
    """pytest on TESTS, all of which are for a VM that is this shell script instead."""
    pytester.makepyfile(TESTS)
    pytester.makeconftest(CONFTEST)
    rest = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-rA")

    def boot(folder: Path) -> Sequence[str]:
        return ["sh", "-c", f"cd {pytester.path}; {script}", "sh", str(folder)]

    class Plugin:
        def pytest_configure(self, config: pytest.Config) -> None:
            lane = Lane(
                config,
                why=why,
                unable=lambda: unable,
                boot=boot,
                patience=patience,
            )
            config.pluginmanager.register(lane)

    return pytester.runpytest_inprocess(*rest, *options, plugins=[Plugin()])


def test_results_of_another_kernel_are_results_here(pytester: pytest.Pytester) -> None:
    result = run(pytester, THERE)
    result.assert_outcomes(passed=4, failed=1, errors=2, skipped=1, xfailed=1)
    text = result.stdout.str()
    assert "8 of them will run in the VM: this kernel has no IPVS" in text
    assert "OSError: no such thing" in text
    assert "said there" in text
    assert "assert 'c::d' == 'a b'" in text


def test_one_of_many_is_run_alone(pytester: pytest.Pytester) -> None:
    one = "test_one_of_many_is_run_alone.py::test_each[a b]"
    result = run(pytester, f'cp "$1/wanted.json" .; {THERE}', one)
    result.assert_outcomes(passed=1)
    assert json.loads((pytester.path / "wanted.json").read_text()) == [one]


def test_those_that_are_not_selected_are_not_run(pytester: pytest.Pytester) -> None:
    run(pytester, THERE, "-k", "TestInside").assert_outcomes(passed=1, deselected=7)


def test_nothing_is_booted_to_list_the_tests(pytester: pytest.Pytester) -> None:
    result = run(pytester, "touch booted", "--collect-only")
    assert "8 tests collected" in result.stdout.str()
    assert not (pytester.path / "booted").exists()


def test_only_the_test_without_a_result_has_failed(pytester: pytest.Pytester) -> None:
    elsewhere = 'mkdir x; cp "$1"/* x; sed "s,$1,$PWD/x,g" "$1/command" > command; sh command'
    forgetful = """grep -v 'TestInside.*"call"' x/reports.jsonl > "$1/reports.jsonl\""""
    result = run(pytester, f"{elsewhere}; {forgetful}")
    result.assert_outcomes(passed=3, failed=2, errors=2, skipped=1, xfailed=1)
    assert "the VM ended without a result" in result.stdout.str()


@pytest.mark.parametrize(
    ("script", "patience", "words"),
    [
        ("echo Kernel panic", 60.0, "and the VM ended without a result"),
        ("echo Kernel panic; exec sleep 600", 0.5, "and the VM wrote no report for 0.5 s"),
    ],
    ids=["dies", "hangs"],
)
def test_a_vm_without_results_fails_every_test(
    pytester: pytest.Pytester, script: str, patience: float, words: str
) -> None:
    result = run(pytester, script, patience=patience)
    result.assert_outcomes(errors=8)
    text = result.stdout.str()
    assert f"this kernel has no IPVS, {words}; from /" in text
    assert "Kernel panic" in text


def test_where_there_can_be_no_vm_its_tests_fail_and_say_what_to_do(
    pytester: pytest.Pytester,
) -> None:
    result = run(pytester, "exit 1", unable="qemu is not installed: make setup")
    result.assert_outcomes(errors=8)
    words = "this kernel has no IPVS, and there is no VM: qemu is not installed: make setup"
    assert words in result.stdout.str()


PARALLEL = f"""{CONFTEST}
        else:
            config.pluginmanager.register(Lane(config, why=why, unable=lambda: "", boot=boot))

    from tests.vm.lane import Lane

    def why(item):
        return "" if "here" in item.nodeid else "this kernel has no IPVS"

    def boot(folder):
        here = Path(__file__).parent
        return ["sh", "-c", f'cd {{here}}; SCRIPT', "sh", str(folder)]
"""


def parallel(pytester: pytest.Pytester, script: str) -> pytest.RunResult:
    """Two workers on TESTS and on a test for here; the VM is this shell script instead."""
    pytester.makepyfile(TESTS, test_here="def test_here(): pass")
    pytester.makeconftest(PARALLEL.replace("SCRIPT", script))
    rest = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
    return pytester.runpytest_inprocess(*rest, "-n2")


def test_in_a_parallel_run_one_worker_waits_for_the_vm(pytester: pytest.Pytester) -> None:
    result = parallel(pytester, f"echo >> booted; {THERE}")
    result.assert_outcomes(passed=5, failed=1, errors=2, skipped=1, xfailed=1)
    assert (pytester.path / "booted").read_text() == "\n"  # once


def test_in_a_parallel_run_too_a_vm_without_results_fails_its_tests(
    pytester: pytest.Pytester,
) -> None:
    parallel(pytester, "exit 1").assert_outcomes(passed=1, errors=8)
