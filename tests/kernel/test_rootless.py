"""Throw-away labs need no root where the host allows user namespaces."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsnet.kernel import capabilities
from nsnet.kernel.processes import until
from tests.support.machine import (
    MARK,
    NEEDS_ROOT,
    ROOT,
    SECONDS,
    Completed,
    machine,
    marked,
)

pytestmark = NEEDS_ROOT  # to become another user

USER = 61234  # has no account
FORBIDDEN = not (allowed := capabilities.user_namespaces()).present
needs_user_namespaces = pytest.mark.skipif(FORBIDDEN, reason=f"{allowed.why}: {allowed.remedy}")

# What the kernel answers to a new user namespace where an administrator has forbidden them.
FORBID = """
import os, sys
from pathlib import Path
from nsnet.kernel import netns, uapi
user, group = os.getuid(), os.getgid()
netns.unshare(uapi.CLONE_NEWUSER)
Path("/proc/self/setgroups").write_text("deny")
Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
Path("/proc/sys/user/max_user_namespaces").write_text("0")
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """Yield a folder that the user can reach and write to."""
    with tempfile.TemporaryDirectory(prefix="nsnet-user-", dir="/tmp") as folder:
        (Path(folder) / "nsnet").mkdir()
        work = Path(folder) / "work"
        work.mkdir()
        Path(folder).chmod(0o755)
        os.chown(work, USER, USER)
        yield Path(folder)


class User:
    """A user without any rights; the repository is mounted at a path that the user can read."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.repository = home / "nsnet"
        self.python = str(self.repository / Path(sys.executable).relative_to(ROOT))

    def command(self, *argv: str) -> list[str]:
        """Return the argv that runs a command as this user; the mount is private to it."""
        script = (
            f"mount -n --bind {ROOT} {self.repository} && cd {self.home}/work &&"
            f" exec setpriv --reuid {USER} --regid {USER} --clear-groups --bounding-set -all"
            ' -- "$@"'
        )
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", *argv]

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",  # without the administrator's folders
            "PYTHONPATH": str(self.repository),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.home / "work"),
            MARK: str(self.home),
        }

    def run(self, *argv: str) -> Completed:
        return subprocess.run(
            self.command(*argv),
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=SECONDS,
            check=False,
        )

    def nsnet(self, *arguments: str) -> Completed:
        return self.run(self.python, "-m", "nsnet", *arguments)

    def forbidden(self, *arguments: str) -> Completed:
        """Run nsnet where user namespaces are forbidden, on a machine without labs: this host may
        forbid them or not, and have some."""
        nsnet = (self.python, "-m", "nsnet", *arguments)
        forbid = () if FORBIDDEN else (self.python, "-c", FORBID)
        with machine() as where:
            return where.run(*self.command(*forbid, *nsnet), env=self.environment)

    def scenario(self, name: str) -> str:
        return str(self.repository / "scenarios" / name)


@pytest.fixture
def user(home: Path) -> User:
    made = User(home)
    if made.run(made.python, "-c", "import nsnet, pydantic").returncode:
        pytest.skip("others may not run this Python")
    return made


@needs_user_namespaces
@pytest.mark.parametrize("name", ["island-nat", "island-proxy", "flat-bgp", "gateway-failover"])
def test_run_needs_no_root(user: User, name: str) -> None:
    done = user.nsnet("run", user.scenario(f"{name}.yaml"))
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert re.match(rf"{name}: (\d+) probes, \1 passed, 0 failed, 0 defects, in ", last), last
    until(lambda: not marked(str(user.home)), what="its processes are gone", seconds=SECONDS)


@needs_user_namespaces
def test_the_pytest_plugin_needs_no_root(user: User) -> None:
    (user.home / "work" / "test_it.py").write_text(
        f"""
import os
import pytest
from nsnet import Verdict

pytestmark = pytest.mark.lab({user.scenario("clusterip.yaml")!r})

def test_spreads(lab):
    assert os.getuid() == {USER}
    seen = lab.connect("pod/client", "svc/web:80", times=40)
    assert seen.servers == lab.endpoints("svc/web")
    assert lab.exec("pod/client", "hostname").stdout == "client\\n"
    assert [each.packets for each in lab.counters("node/n1") if each.target == "DNAT"]
    assert lab.drift() == []

def test_scales(lab):
    lab.scale("deploy/web", 0)
    assert lab.connect("pod/client", "svc/web:80").verdict is Verdict.REFUSED
    lab.scale("deploy/web", 5)
    assert lab.connect("pod/client", "svc/web:80", times=60).servers == lab.endpoints("svc/web")
"""
    )
    done = user.run(user.python, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_it.py")
    assert (done.returncode, done.stdout.splitlines()[-1][:8]) == (0, "2 passed"), done.stdout
    until(lambda: not marked(str(user.home)), what="its processes are gone", seconds=SECONDS)


@needs_user_namespaces
def test_a_killed_run_of_a_user_leaves_nothing(user: User) -> None:
    with subprocess.Popen(
        user.command(user.python, "-m", "nsnet", "run", user.scenario("egress.yaml")),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=user.environment,
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("building: ")
        assert len(marked(str(user.home))) > 1
        process.kill()
    until(lambda: not marked(str(user.home)), what="its processes are gone", seconds=SECONDS)


@needs_user_namespaces
def test_where_user_namespaces_are_forbidden_run_says_how_to_go_on(user: User) -> None:
    done = user.forbidden("run", user.scenario("one-node.yaml"))
    assert (done.returncode, done.stdout) == (3, "")
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: cannot create namespaces: unshare: ")
    assert hint.startswith("hint: run it with sudo, or allow user namespaces: sudo sysctl -w ")


@needs_user_namespaces
def test_where_user_namespaces_are_forbidden_pytest_says_so(user: User) -> None:
    (user.home / "work" / "test_it.py").write_text(
        "import pytest\n"
        f"@pytest.mark.lab({user.scenario('one-node.yaml')!r})\n"
        "def test_it(lab): pass\n"
    )
    pytest_argv = (user.python, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_it.py")
    done = user.run(user.python, "-c", FORBID, *pytest_argv)
    assert done.returncode == 1
    assert "error: cannot create namespaces: unshare: " in done.stdout


@needs_user_namespaces
def test_a_wrong_file_is_reported_before_the_host(user: User) -> None:
    done = user.forbidden("run", "nowhere.yaml")
    assert done.returncode == 2
    assert done.stderr.startswith("error: nowhere.yaml: ")


@pytest.mark.parametrize(
    "command",
    [
        ("up", "scenarios/one-node.yaml"),
        ("probe", "one-node"),
        ("status", "one-node"),
        ("exec", "one-node", "pod/client", "true"),
        ("shell", "one-node", "pod/client"),
    ],
    ids=lambda command: command[0],
)
def test_labs_that_stay_up_need_root(user: User, command: tuple[str, ...]) -> None:
    name, *rest = command
    words = [str(user.repository / each) if "scenarios/" in each else each for each in rest]
    done = user.nsnet(name, *words)
    assert (done.returncode, done.stdout) == (3, "")
    error, hint = done.stderr.splitlines()
    assert error == f"error: nsnet {name} is for labs that stay up, and they need root"
    assert hint.startswith(f"hint: sudo nsnet {name} ")


def test_only_root_can_remove_a_lab_that_stays_up(user: User) -> None:
    with machine() as where:
        where.up(ROOT / "scenarios" / "one-node.yaml")
        before = where.contents()
        argv = user.command(user.python, "-m", "nsnet", "down", "one-node")
        done = where.run(*argv, env=user.environment)
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.splitlines()[0].endswith("need root")
        assert where.contents() == before


def test_a_wrong_file_is_reported_before_missing_rights(user: User) -> None:
    assert user.nsnet("up", "nowhere.yaml").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("plan", "scenarios/island-nat.yaml", "--shell"), 0),
        (("explain", "scenarios/island-nat.yaml", "east/pod/client", "west/svc/web:80"), 0),
        (("validate", "scenarios/flat.yaml"), 0),
        (("graph", "scenarios/flat.yaml"), 0),
        (("schema",), 0),
        (("ls",), 0),
    ],
    ids=lambda each: each[0] if isinstance(each, tuple) else "",
)
def test_commands_that_only_read_need_no_rights(
    user: User, arguments: tuple[str, ...], status: int
) -> None:
    words = [str(user.repository / each) if "scenarios/" in each else each for each in arguments]
    done = user.forbidden(*words)
    assert (done.returncode, done.stderr) in ((status, ""), (status, "no lab is up\n"))


def test_doctor_lists_what_a_user_lacks(user: User) -> None:
    done = user.forbidden("doctor")
    assert done.returncode == 3
    assert "user namespaces" in done.stdout
    assert "Traceback" not in done.stderr
