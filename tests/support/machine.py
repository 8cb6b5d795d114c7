"""A machine for labs that stay up: network, mount and process namespaces of its own.

Whatever a test leaves behind in there is seen exactly (nobody else is in it), harms nobody, and is
gone with the machine. That goes when its PID 1 reads the end of a pipe that we hold: also when this
process is killed.
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
SECONDS = 120.0  # nothing here takes so long, however busy the machine
MARK = "NSNET_TEST"  # a variable that only tests set

# The host's labs are none of its own. /run is empty but for the mount that the first `ip netns add`
# leaves. PID 1 ignores SIGCHLD, so its orphans leave no zombies.
_FURNISH = """
while umount -n -l /run/netns 2>/dev/null; do :; done
mount -n -t tmpfs tmpfs /run && ip link set lo up && ip netns add first && ip netns del first &&
trap '' CHLD && echo ready && exec cat >/dev/null
"""


def unable() -> str:
    """Why this host cannot have labs that stay up; "" where it can."""
    if os.geteuid() != 0:
        return "labs that stay up need root"
    try:
        capabilities.require()
    except UnsupportedError as error:
        return f"{error}: {error.hint}"
    return ""


UNABLE = unable()
NEEDS_ROOT = pytest.mark.skipif(bool(UNABLE), reason=UNABLE)


def anybody_unable() -> str:
    """Why whoever runs the tests cannot have throw-away labs here; "" where they can."""
    if os.geteuid() == 0:
        return UNABLE
    found = capabilities.user_namespaces()
    return "" if found.present else f"{found.why}: {found.remedy}"


ANYBODY_UNABLE = anybody_unable()


class Machine:
    """`machine` makes one and removes it."""

    def __init__(self, pid: int) -> None:
        self.pid = pid  # of its PID 1, as we see it
        self.root = Path(f"/proc/{pid}/root")

    def path(self, name: str) -> Path:
        """A file of the machine, for us."""
        return self.root / name.removeprefix("/")

    def start(
        self, *argv: str, env: Mapping[str, str] | None = None, stdin: int = subprocess.DEVNULL
    ) -> "subprocess.Popen[str]":
        """A command that runs there, in the folder of the repository. Its parent is not in there:
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
        """A command that ran there, with this text to read."""
        with self.start(*argv, env=env, stdin=subprocess.PIPE) as process:
            try:
                output, errors = process.communicate(text, timeout=SECONDS)
            except BaseException:
                process.kill()
                raise
        return subprocess.CompletedProcess(argv, process.returncode, output, errors)

    def do(self, *argv: str, env: Mapping[str, str] | None = None, text: str = "") -> str:
        """The output of a command that did well there."""
        done = self.run(*argv, env=env, text=text)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}{done.stdout}"
        return done.stdout

    def nsnet(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, text: str = ""
    ) -> Completed:
        """nsnet's command line ran there."""
        process = self.call(*arguments, env=env, text=text)
        output, errors = process.communicate(timeout=SECONDS)
        return subprocess.CompletedProcess(arguments, process.wait(), output, errors)

    def call(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, text: str = ""
    ) -> Nsnet:
        """nsnet's command line runs there."""

        def go() -> None:
            _join(self.pid, "pid", uapi.CLONE_NEWPID)  # its next child is in
            self._enter()

        return Nsnet([*map(str, arguments)], go, text, env or {})

    def told(self, *arguments: str | Path) -> str:
        """The output of nsnet's command line that did well there."""
        done = self.nsnet(*arguments)
        assert done.returncode == 0, f"{arguments}: {done.stderr}{done.stdout}"
        return done.stdout

    def inside(self, work: Callable[[], Result]) -> Result:
        """What the function returned in a process of ours that went there."""

        def enter() -> Result:
            _join(self.pid, "pid", uapi.CLONE_NEWPID)  # its next child is in
            return in_child(stand, what="in the machine")

        def stand() -> Result:
            self._enter()
            return work()

        return in_child(enter, what="the machine")

    def _enter(self) -> None:
        # Standing in its mounts, /proc is another one: first the network.
        _join(self.pid, "net", uapi.CLONE_NEWNET)
        # Who joins mounts is at their root; our own is another one where we are in a chroot.
        root = os.open(self.root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        _join(self.pid, "mnt", uapi.CLONE_NEWNS)
        os.fchdir(root)
        os.chroot(".")
        os.close(root)
        os.chdir(ROOT)

    # What nsnet's commands do, and what it returns.

    def up(self, file: Path) -> None:
        """A lab is up that was not."""
        assert self.inside(lambda: labs.up(compiled(load(file))))

    def down(self) -> None:
        """No lab is up."""
        self.inside(labs.tidy)
        self.inside(lambda: [labs.down(name) for name in labs.names()])

    def drift(self, lab: str) -> list[str]:
        """What differs from its file."""
        return self.inside(lambda: labs.attach(lab).drift())

    def probe(self, lab: str) -> Report:
        """What its probes say."""
        return self.inside(lambda: labs.attach(lab).probe())

    def names(self, lab: str) -> list[str]:
        """The lab's namespaces."""
        names = (each.name for each in self.path("/run/netns").iterdir())
        return sorted(name for name in names if name.startswith(f"nsnet.{lab}."))

    def contents(self) -> dict[str, list[str]]:
        """Everything that a lab could leave behind; PID 1 is the machine's own."""
        mounts = Path(f"/proc/{self.pid}/mountinfo").read_text().splitlines()
        files = (str(each.relative_to(self.root)) for each in self.path("/run").rglob("*"))
        links = Path(f"/proc/{self.pid}/net/dev").read_text().splitlines()[2:]
        return {
            "processes": sorted(self.processes()),
            "network namespaces": sorted({*self._stood_in(), *_bound(mounts)}),
            "mounts": sorted(line.split(" - ")[0].split()[4] for line in mounts),
            "files": sorted(files),
            "links": sorted(line.split(":")[0].strip() for line in links),
        }

    def _stood_in(self) -> Iterator[str]:
        """The network namespace of each thread; `lsns` fails where one ends as it looks."""
        for link in self.path("/proc").glob("[0-9]*/task/*/ns/net"):
            with suppress(FileNotFoundError, ProcessLookupError):
                yield str(link.readlink())

    def processes(self) -> list[str]:
        """The command lines of all processes but PID 1 and the dead."""
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
    """The network namespaces that have a name, in lines of mountinfo."""
    for line in mounts:
        root = line.split()[3]
        if root.startswith("net:"):
            yield root


def needs(file: Path) -> tuple[pytest.MarkDecorator, ...]:
    """What this scenario asks of a kernel beyond what every lab does."""
    return (IPVS,) if "proxyMode: ipvs" in file.read_text() else ()


@contextmanager
def machine() -> Iterator[Machine]:
    """An empty machine, gone after the block with all that is in it."""
    own = ["--net", "--mount", "--propagation", "private", "--pid", "--fork", "--mount-proc"]
    with subprocess.Popen(
        ["unshare", *own, "sh", "-c", _FURNISH],
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
    """The command in a machine was killed so long after its start, unless it had ended before; how
    it ended."""
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
    """Of the command itself, which `process` starts; None where it has ended. Does not sleep: some
    commands take but a moment."""
    while True:
        with suppress(OSError):
            if children := inner(process):
                return os.pidfd_open(children[0])
        with suppress(subprocess.TimeoutExpired):
            process.wait(0)
            return None


def moments(seconds: float, times: int, chance: Callable[[], float]) -> list[float]:
    """So many moments spread over a command's duration, each at random in its part of it."""
    return [seconds * (number + chance()) / times for number in range(times)]


def patience(*verdicts: str) -> float:
    """How many seconds to wait for one of these: for none needlessly long, for an answer however
    busy the machine is."""
    return 0.5 if {"timeout", "large-hangs", "host-unreachable"} & {*verdicts} else 3.0


def measured(command: Callable[[], object]) -> float:
    """How many seconds it takes."""
    start = time.monotonic()
    command()
    return time.monotonic() - start


def _join(pid: int, kind: str, flag: int) -> None:
    fd = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
    netns.setns(fd, flag)
    os.close(fd)


def renamed(source: Path, name: str, target: Path) -> Path:
    """A copy of a scenario that needs no other file, as a lab of another name."""
    text = source.read_text().replace(f"name: {source.stem}}}", f"name: {name}}}")
    assert f"name: {name}}}" in text
    target.write_text(text)
    return target


def marked(value: str) -> list[int]:
    """The processes on this host that were started with MARK in their environment, or by one that
    was."""
    mark = f"{MARK}={value}".encode()
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if mark in Path("/proc", pid, "environ").read_bytes().split(b"\0"):
                found.append(int(pid))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return found
