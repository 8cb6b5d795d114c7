"""A machine for labs that stay up: network, mount and PID namespaces of its own.

Only the test is in it, so everything that a lab leaves behind is seen, affects nothing outside, and
is removed with the machine. Its PID 1 ends when a pipe is closed that this process holds open, so
the machine is also removed if this process is killed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias, TypeVar

import pytest

from nsnet.errors import UnsupportedError
from nsnet.kernel import capabilities, netns, uapi
from nsnet.kernel.child import in_child
from nsnet.lab import registry as labs
from nsnet.lab.compiled import compiled
from nsnet.probes.report import Report
from nsnet.scenario.load import load
from tests.support.forked import Nsnet, Process, inner

Result = TypeVar("Result")
Completed: TypeAlias = "subprocess.CompletedProcess[str]"

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))
IPVS = pytest.mark.needs("IPVS", "dummy", "ipset")
NSNET = str(Path(sys.executable).with_name("nsnet"))  # the command that users have
SECONDS = 120.0  # timeout of every command, also on a busy machine
MARK = "NSNET_TEST"  # a variable that only tests set

# Hide the host's labs: /run is empty except for the mount that the first `ip netns add` makes.
# PID 1 ignores SIGCHLD, so its orphans leave no zombies.
_SETUP = """
while umount -n -l /run/netns 2>/dev/null; do :; done
mount -n -t tmpfs tmpfs /run && ip link set lo up && ip netns add first && ip netns del first &&
trap '' CHLD && echo ready && exec cat >/dev/null
"""


def unable() -> str:
    """Return why this host cannot have labs that stay up; "" if it can."""
    if os.geteuid() != 0:
        return "labs that stay up need root"
    try:
        capabilities.require()
    except UnsupportedError as error:
        return f"{error}: {error.hint}"
    return ""


UNABLE = unable()
NEEDS_ROOT = pytest.mark.skipif(bool(UNABLE), reason=UNABLE)


def rootless_unable() -> str:
    """Return why the user who runs the tests cannot have throw-away labs here; "" if they can."""
    if os.geteuid() == 0:
        return UNABLE
    found = capabilities.user_namespaces()
    return "" if found.present else f"{found.why}: {found.remedy}"


ROOTLESS_UNABLE = rootless_unable()


class Machine:
    """A machine; `machine` creates and removes it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid  # of its PID 1, in this process's PID namespace
        self.root = Path(f"/proc/{pid}/root")

    def path(self, name: str) -> Path:
        """Return the path by which this process reaches a file of the machine."""
        return self.root / name.removeprefix("/")

    def start(
        self, *argv: str, env: Mapping[str, str] | None = None, stdin: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[str]":
        """Start a command in the machine, in the folder of the repository. Its parent is outside:
        see `inner`."""
        into = ("--net", "--mount", "--pid", "--root", "--wd")
        enter = ("nsenter", "--target", str(self.pid), *into, "--")
        return subprocess.Popen(
            (*enter, *argv),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )

    def run(self, *argv: str, env: Mapping[str, str] | None = None, text: str = "") -> Completed:
        """Run a command in the machine, with this text as input."""
        with self.start(*argv, env=env, stdin=subprocess.PIPE) as process:
            try:
                output, errors = process.communicate(text, timeout=SECONDS)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(argv, process.returncode, output, errors)

    def output(self, *argv: str, env: Mapping[str, str] | None = None, text: str = "") -> str:
        """Return the output of a command in the machine that succeeds."""
        done = self.run(*argv, env=env, text=text)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}{done.stdout}"
        return done.stdout

    def nsnet(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, text: str = ""
    ) -> Completed:
        """Run nsnet's command line in the machine."""
        process = self.start_nsnet(*arguments, env=env, text=text)
        output, errors = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(arguments, process.wait(), output, errors)

    def start_nsnet(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, text: str = ""
    ) -> Nsnet:
        """Start nsnet's command line in the machine."""

        def enter() -> None:
            _join(self.pid, "pid", uapi.CLONE_NEWPID)  # takes effect for its next child
            self._enter()

        return Nsnet([*map(str, arguments)], enter, text, env or {})

    def nsnet_output(self, *arguments: str | Path) -> str:
        """Return the output of nsnet's command line, which succeeds in the machine."""
        done = self.nsnet(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stderr}{done.stdout}"
        return done.stdout

    def inside(self, work: Callable[[], Result]) -> Result:
        """Return what the function returns in a child process that is in the machine."""

        def enter() -> Result:
            _join(self.pid, "pid", uapi.CLONE_NEWPID)  # takes effect for its next child
            return in_child(entered, what="in the machine")

        def entered() -> Result:
            self._enter()
            return work()

        return in_child(enter, what="the machine")

    def _enter(self) -> None:
        # Join the network first: after joining the mounts, /proc is that of the machine.
        _join(self.pid, "net", uapi.CLONE_NEWNET)
        # setns changes the root to that of the mount namespace; in a chroot, ours is another one.
        root = os.open(self.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        _join(self.pid, "mnt", uapi.CLONE_NEWNS)
        os.fchdir(root)
        os.chroot(".")
        os.close(root)
        os.chdir(ROOT)

    # The functions behind nsnet's commands, with their results as values.

    def up(self, file: Path) -> None:
        """Build a lab that was not up."""
        assert self.inside(lambda: labs.up(compiled(load(file))))

    def down(self) -> None:
        """Remove all labs."""
        self.inside(labs.tidy)
        self.inside(lambda: [labs.down(name) for name in labs.names()])

    def drift(self, lab: str) -> list[str]:
        """Return the lab's drift."""
        return self.inside(lambda: labs.attach(lab).drift())

    def probe(self, lab: str) -> Report:
        """Run the lab's probes."""
        return self.inside(lambda: labs.attach(lab).probe())

    def names(self, lab: str) -> list[str]:
        """Return the names of the lab's namespaces."""
        names = (each.name for each in self.path("/run/netns").iterdir())
        return sorted(name for name in names if name.startswith(f"nsnet.{lab}."))

    def contents(self) -> dict[str, list[str]]:
        """Return everything that a lab could leave behind, without the machine's own PID 1."""
        mounts = Path(f"/proc/{self.pid}/mountinfo").read_text().splitlines()
        files = (str(each.relative_to(self.root)) for each in self.path("/run").rglob("*"))
        links = Path(f"/proc/{self.pid}/net/dev").read_text().splitlines()[2:]
        return {
            "processes": sorted(self.processes()),
            "network namespaces": sorted({*self._network_namespaces(), *_bound(mounts)}),
            "mounts": sorted(line.split(" - ")[0].split()[4] for line in mounts),
            "files": sorted(files),
            "links": sorted(line.split(":")[0].strip() for line in links),
        }

    def _network_namespaces(self) -> Iterator[str]:
        """Yield the network namespace of each thread. (`lsns` fails if a thread ends meanwhile.)"""
        for link in self.path("/proc").glob("[0-9]*/task/*/ns/net"):
            with suppress(FileNotFoundError, ProcessLookupError):
                yield str(link.readlink())

    def processes(self) -> list[str]:
        """Return the command lines of all processes except PID 1 and zombies."""
        found = []
        for folder in self.path("/proc").iterdir():
            if not folder.name.isdigit() or folder.name == "1":
                continue
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if command:  # a zombie has none
                found.append(command)
        return found


def _bound(mounts: Iterable[str]) -> Iterator[str]:
    """Yield the network namespaces that have a name, from lines of mountinfo."""
    for line in mounts:
        root = line.split()[3]
        if root.startswith("net:"):
            yield root


def needs(file: Path) -> tuple[pytest.MarkDecorator, ...]:
    """Return the markers of what this scenario needs that not every kernel has."""
    return (IPVS,) if "proxyMode: ipvs" in file.read_text() else ()


@contextmanager
def machine() -> Iterator[Machine]:
    """Yield an empty machine, which is removed after the block with everything in it."""
    own = ["--net", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"]
    with subprocess.Popen(
        ["unshare", *own, "sh", "-c", _SETUP],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        assert process.stdin is not None
        try:
            yield Machine(inner(process)[0])
        finally:
            process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.kill(inner(process)[0], signal.SIGKILL)


def kill_after(process: Process, seconds: float) -> int:
    """Kill a command of a machine this long after its start, unless it has ended; return its
    status."""
    end = time.monotonic() + seconds
    fd = _pidfd(process)
    if fd is not None:
        try:
            process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(fd, signal.SIGKILL)
        finally:
            os.close(fd)
    process.communicate(timeout=SECONDS)
    return process.wait()


def _pidfd(process: Process) -> int | None:
    """Return a pidfd of the command that `process` starts; None if it has ended. Does not sleep:
    some commands take only milliseconds."""
    while True:
        with suppress(OSError):
            if children := inner(process):
                return os.pidfd_open(children[0])
        with suppress(subprocess.TimeoutExpired):
            process.wait(0)
            return None


def moments(seconds: float, times: int, chance: Callable[[], float]) -> list[float]:
    """Return as many moments, spread over a command's duration: one at random in each equal part of
    it."""
    return [seconds * (number + chance()) / times for number in range(times)]


def patience(*verdicts: str) -> float:
    """Return the seconds to wait for one of these verdicts: few if it is the lack of an answer,
    many if an answer may be late on a busy machine."""
    return 0.5 if {"timeout", "large-hangs", "host-unreachable"} & {*verdicts} else 3.0


def measured(command: Callable[[], object]) -> float:
    """Return the seconds that a command takes."""
    start = time.monotonic()
    command()
    return time.monotonic() - start


def _join(pid: int, kind: str, flag: int) -> None:
    fd = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
    netns.setns(fd, flag)
    os.close(fd)


def renamed(source: Path, name: str, target: Path) -> Path:
    """Write a copy of a scenario of a single file, whose lab has another name. Return its path."""
    text = source.read_text().replace(f"name: {source.stem}}}", f"name: {name}}}")
    assert f"name: {name}}}" in text
    target.write_text(text)
    return target


def marked(value: str) -> list[int]:
    """Return the PIDs of this host's processes that have MARK in their environment."""
    mark = f"{MARK}={value}".encode()
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark in Path("/proc", pid, "environ").read_bytes().split(b"\0"):
                found.append(int(pid))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found
