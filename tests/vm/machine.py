"""The VM: a stock Debian kernel in an emulator. It can read the files of this machine, and write
only to one folder of its own.

The emulator's exit status says nothing: the VM writes its results to its folder.
"""

import os
import platform
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = ROOT / ".cache" / "vm"  # from `make setup`
GUEST = ROOT / "tests" / "vm" / "guest.sh"
LONGEST = 3600  # seconds after which a forgotten VM is stopped
TRIAL = 20.0  # seconds to wait for a boot with KVM, which takes 2 if it works

# A second export of all files, which guest.sh mounts with a cache. vng's own mount has none, and
# asks the host again for every file of every import.
_CACHED = (
    "-fsdev local,id=cached,path=/,security_model=none,readonly=on,multidevs=remap"
    " -device virtio-9p-pci,fsdev=cached,mount_tag=cached"
)


def unable() -> str:
    """Return why there cannot be a VM here; "" if there can."""
    emulator = f"qemu-system-{platform.machine()}"
    if shutil.which(emulator) is None:
        return f"{emulator} is not installed: make setup"
    for file in (FILES / "version", _vng()):
        if not file.exists():
            return f"there is no {file.relative_to(ROOT)}: make setup"
    return ""


def release() -> str:
    """Return the release of the VM's kernel, as `uname -r` prints it there."""
    return (FILES / "version").read_text().strip()


class Running:
    """A VM that runs the command of a folder, or has run it; `log` is the file with all its
    output."""

    def __init__(self, folder: Path, argv: Sequence[str]) -> None:
        self.log = folder / "log"
        # If this process dies, `timeout` gets SIGTERM and ends the VM with everything in it.
        ended_with_us = ["setpriv", "--pdeathsig", "TERM", "timeout", "-k", "5", str(LONGEST)]
        self._process = subprocess.Popen(
            [*ended_with_us, *argv],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
        # Several parts of qemu open its output again: in a file, each would start at offset 0.
        with self.log.open("wb") as log:
            self._copy = subprocess.Popen(["cat"], stdin=self._process.stdout, stdout=log)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ended(self, seconds: float) -> bool:
        """Wait this long at most; return whether the VM has ended."""
        try:
            self._process.wait(seconds)
            self._copy.wait(5)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """Stop the VM and all its processes."""
        self._process.terminate()
        if not self.ended(5):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._copy.wait()


def write_command(folder: Path, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Write the command that a VM with this folder will run."""
    variables = [f"{name}={value}" for name, value in (env or {}).items()]
    (folder / "command").write_text(f"exec {shlex.join(['env', *variables, *argv])}\n")


def argv(folder: Path, *, kvm: bool | None = None) -> list[str]:
    """Return the command that boots the VM for a folder's command: with KVM where it works, else
    emulated."""
    # Without --verbose, vng prints nothing if there is no terminal.
    command = [f"--rwdir={folder}", "--", "sh", str(GUEST), str(folder)]
    return [*_vng_argv(kvm_boots() if kvm is None else kvm), "--verbose", *command]


def shell_argv() -> list[str]:
    """Return the command that boots the VM with a shell on the terminal."""
    return [*_vng_argv(kvm_boots()), "--shell", str(GUEST)]


@cache
def kvm_boots() -> bool:
    """Return whether KVM can boot this kernel. It is tried, because a /dev/kvm may exist that
    cannot."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with tempfile.TemporaryDirectory(prefix="nsnet-vm-") as name:
        folder = Path(name)
        write_command(folder, ["true"])
        trial = Running(folder, argv(folder, kvm=True))
        try:
            trial.ended(TRIAL)
        finally:
            trial.end()
        return (folder / "status").exists()


def _vng() -> Path:
    return Path(sys.executable).with_name("vng")


def _vng_argv(kvm: bool) -> list[str]:
    return [
        *(str(_vng()), "--run", str(FILES / "boot" / f"vmlinuz-{release()}")),
        *("--busybox", str(next(FILES.glob("**/bin/busybox")))),
        *("--append", "mitigations=off", "--user", "root", "--cwd", str(ROOT)),
        # A second CPU does not make an emulated machine faster; 9p starts faster than virtiofs.
        *("--memory", "2G", "--cpus", "1", "--force-9p", f"--qemu-opts={_CACHED}"),
        *(() if kvm else ("--disable-kvm",)),
    ]


def environment() -> dict[str, str]:
    """Return the environment that vng needs."""
    # vng looks for its other half, virtme-run, on PATH; depmod and others are in sbin.
    return {**os.environ, "PATH": f"{_vng().parent}:{os.environ['PATH']}:/usr/sbin:/sbin"}
