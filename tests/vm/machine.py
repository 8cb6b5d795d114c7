"""The VM: a stock Debian kernel in an emulator. It sees the files of this machine and cannot change
them, but for one folder of its own.

Nothing is known by how the emulator ends: what the VM has to say it writes to its folder.
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
LONGEST = 3600  # seconds: no VM runs longer, whoever forgot it
TRIAL = 20.0  # seconds: KVM boots in 2, where it does

# All files once more: guest.sh mounts them with a cache. vng's own mount has none, and asks the
# host again for every file of every import.
_CACHED = (
    "-fsdev local,id=cached,path=/,security_model=none,readonly=on,multidevs=remap"
    " -device virtio-9p-pci,fsdev=cached,mount_tag=cached"
)


def unable() -> str:
    """Why there cannot be a VM here; "" where there can."""
    emulator = f"qemu-system-{platform.machine()}"
    if shutil.which(emulator) is None:
        return f"{emulator} is not installed: make setup"
    for file in (FILES / "version", _vng()):
        if not file.exists():
            return f"there is no {file.relative_to(ROOT)}: make setup"
    return ""


def release() -> str:
    """The kernel's, as `uname -r` says it in the VM."""
    return (FILES / "version").read_text().strip()


class Running:
    """A folder's command that runs in another kernel, or ran there: `log` is all that was said."""

    def __init__(self, folder: Path, argv: Sequence[str]) -> None:
        self.log = folder / "log"
        # If we die, it gets the signal that ends it, and all that it started.
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
        # Several parts of qemu open its output anew: in a file, each would begin at the beginning.
        with self.log.open("wb") as log:
            self._copy = subprocess.Popen(["cat"], stdin=self._process.stdout, stdout=log)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ended(self, seconds: float) -> bool:
        """Whether it has, after so long at most."""
        try:
            self._process.wait(seconds)
            self._copy.wait(5)
        except subprocess.TimeoutExpired:
            return False
        return True

    def end(self) -> None:
        """It runs no more."""
        self._process.terminate()
        if not self.ended(5):
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._copy.wait()


def write_command(folder: Path, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """What a VM with this folder will run."""
    variables = [f"{name}={value}" for name, value in (env or {}).items()]
    (folder / "command").write_text(f"exec {shlex.join(['env', *variables, *argv])}\n")


def argv(folder: Path, *, kvm: bool | None = None) -> list[str]:
    """Boots the VM for a folder's command: emulated, or faster where this machine is able to."""
    # --verbose: else nothing at all is seen without a terminal.
    command = [f"--rwdir={folder}", "--", "sh", str(GUEST), str(folder)]
    return [*_vng_argv(kvm_boots() if kvm is None else kvm), "--verbose", *command]


def shell_argv() -> list[str]:
    """Boots the VM for somebody at a terminal."""
    return [*_vng_argv(kvm_boots()), "--shell", str(GUEST)]


@cache
def kvm_boots() -> bool:
    """KVM can boot that kernel: found by trying, for there may be a /dev/kvm that cannot."""
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
        # A second processor makes an emulated machine no faster; 9p is up sooner than virtiofs.
        *("--memory", "2G", "--cpus", "1", "--force-9p", f"--qemu-opts={_CACHED}"),
        *(() if kvm else ("--disable-kvm",)),
    ]


def environment() -> dict[str, str]:
    """What vng needs around it."""
    # vng looks for its other half, virtme-run, on PATH; depmod and others are in sbin.
    return {**os.environ, "PATH": f"{_vng().parent}:{os.environ['PATH']}:/usr/sbin:/sbin"}
