"""A shell in the VM; with an argument, a command that runs there, with its output and status.

make vm
make vm CMD="nsnet doctor"
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.vm import machine


def main(command: str) -> int:
    """Return the command's status, or 3 if there cannot be a VM, or it died."""
    if why := machine.unable():
        return _say(why)
    if command:
        return _command(command)
    if not sys.stdin.isatty():
        return _say('without a terminal, give a command: make vm CMD="nsnet doctor"')
    _say("booting, which takes some ten seconds")
    return subprocess.call(machine.shell_argv(), env=machine.environment())


def _command(command: str) -> int:
    folder = Path(tempfile.mkdtemp(prefix="nsnet-vm-"))
    status = _run(folder, command)
    if status is None:
        return _say(f"the VM died; its output: {folder / 'log'}")
    shutil.rmtree(folder)
    return status


def _run(folder: Path, command: str) -> int | None:
    """Run the command, and print its output as it comes. Return its status; None if the VM died."""
    machine.write_command(folder, ["sh", "-c", command])
    (folder / "output").touch()
    running = machine.Running(folder, machine.argv(folder))
    try:
        with (folder / "output").open("rb") as output:
            ended = False
            while not ended:
                ended = running.ended(0.1)
                sys.stdout.buffer.write(output.read())
                sys.stdout.flush()
    finally:
        running.end()
    status = folder / "status"
    return int(status.read_text()) if status.exists() else None


def _say(words: str) -> int:
    print(f"vm: {words}", file=sys.stderr)
    return 3


if __name__ == "__main__":
    try:
        sys.exit(main(" ".join(sys.argv[1:])))
    except KeyboardInterrupt:
        sys.exit(130)
