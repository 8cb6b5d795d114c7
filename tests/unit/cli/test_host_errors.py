"""What the host lacks ends a command with one line and exit code 3; a bug keeps its traceback."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nsnet.cli.host_errors import host_error
from tests.support.labs import SCENARIOS

NSNET = str(Path(sys.executable).with_name("nsnet"))
FILE = f"{SCENARIOS}/one-node.yaml"


@pytest.mark.parametrize(
    ("error", "says", "hint"),
    [
        (OSError(errno.EMFILE, "Too many open files", "/x"), "/x: Too many open files", "-n"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device", "room"),
        (OSError(errno.EFBIG, "File too large"), "File too large", "-f"),
        (OSError(errno.EROFS, "Read-only file system", "/run"), "/run: Read-only", "/run"),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "Cannot allocate memory", "-v"),
        (BlockingIOError(errno.EAGAIN, "Resource unavailable"), "unavailable", "-u"),
        (PermissionError(errno.EACCES, "Permission denied", "/run"), "/run: Permission", "sudo"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/x"), "/x: Not a", "move it"),
        (MemoryError(), "not enough memory", "-v"),
        (ImportError("x.so: failed to map segment from shared object"), "failed to map", "-v"),
        (RuntimeError("can't start new thread"), "can't start new thread", "-u"),
    ],
    ids=lambda each: type(each).__name__ if isinstance(each, BaseException) else "",
)
def test_what_the_host_lacks_is_said_with_what_to_do(
    error: BaseException, says: str, hint: str
) -> None:
    found = host_error(error)
    assert found is not None
    assert (says in str(found), hint in found.hint, found.exit_code) == (True, True, 3)
    assert "\n" not in str(found)


@pytest.mark.parametrize(
    "error",
    [
        ModuleNotFoundError("No module named 'yaml'"),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "/run/netns/x"),
        OSError(errno.EINVAL, "Invalid argument"),
        RuntimeError("dictionary changed size during iteration"),
        KeyError("x"),
    ],
    ids=repr,
)
def test_a_bug_is_not_explained_away(error: BaseException) -> None:
    assert host_error(error) is None


def run(script: str, *arguments: str, **env: str) -> "subprocess.CompletedProcess[bytes]":
    """Run nsnet by a shell script, as "$@"."""
    return subprocess.run(
        ["sh", "-c", script, "sh", NSNET, *arguments],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **env},
    )


@pytest.mark.parametrize(
    ("script", "arguments", "status", "says"),
    [
        ("ulimit -v 60000; exec \"$@\"", ("validate", FILE), 3, b"memory"),
        ('exec "$@" >/dev/full', ("validate", FILE), 3, b"error: No space left on device\n"),
        ('exec "$@" >/dev/full', ("--help",), 3, b"error: No space left on device\n"),
        ('exec "$@" 2>/dev/full', ("validate", "/nosuch.yaml"), 3, b""),
        ('{ "$@"; echo "$?" >&2; } | true', ("schema",), 0, b"3\n"),
        ('exec "$@" 2>&-', ("validate", FILE), 0, b""),
        ('exec "$@" <&-', ("validate", FILE), 0, b""),
        ('cd "$(mktemp -d)"; rmdir "$PWD"; exec "$@"', ("validate", FILE), 0, b""),
        ('exec env -i "$@"', ("validate", FILE), 0, b""),
        ('TMPDIR=/nosuch exec "$@"', ("validate", FILE), 0, b""),
    ],
)  # fmt: skip
def test_a_poor_process_gets_one_line(
    script: str, arguments: tuple[str, ...], status: int, says: bytes
) -> None:
    done = run(script, *arguments)
    assert (done.returncode, says in done.stderr) == (status, True), done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stderr.count(b"\n") <= 2


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_what_an_encoding_lacks_is_escaped(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "Gerät…\udc80.yaml"
    file.write_text("kind: Nothing\n")
    done = run('exec "$@"', "validate", str(file), PYTHONIOENCODING=encoding)
    assert done.returncode == 2
    assert b"Traceback" not in done.stderr
    done.stderr.decode(encoding)


def test_ctrl_c_ends_a_command_in_one_line_at_any_moment() -> None:
    """Also while its modules are imported; before that, Python itself is interrupted."""
    chance = random.Random(seed := random.randrange(1 << 32))
    print(f"seed {seed}")  # noqa: T201
    statuses = set()
    for _ in range(8):
        with subprocess.Popen(
            [NSNET, "validate", f"{SCENARIOS}/flat-bgp.yaml"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            begun = Path(f"/proc/{process.pid}/maps")
            while "_ctypes" not in begun.read_text() and process.poll() is None:
                time.sleep(0.001)  # once a module of nsnet's is imported
            time.sleep(chance.uniform(0, 0.2))
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
        statuses.add(process.returncode)
        assert (process.returncode, errors) in [(130, b"interrupted\n"), (0, b"")]
    assert statuses <= {0, 130}
