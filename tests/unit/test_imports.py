"""What only reads a file starts fast and runs anywhere: it imports nothing that talks to a
kernel."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.labs import SCENARIOS

SLOW = ("pyroute2", "scapy", "iptc")
FILE = f"{SCENARIOS}/island-nat.yaml"
COMMANDS = (
    ["--help"],
    ["plan", "--help"],
    ["schema"],
    ["validate", FILE],
    ["graph", FILE],
    ["plan", FILE],
    ["plan", FILE, "--shell"],
    ["plan", FILE, "--json"],
    ["explain", FILE, "east/pod/client", "west/svc/web:80"],
    ["size", "--nodes", "5"],
    ["size", FILE],
    ["completion", "bash"],
)
# All in one process, for its start is what takes time: what one has imported, the next would show.
ONE_PROCESS = """
import contextlib, io, sys
from nsnet.cli.program import main

for command in {commands}:
    with contextlib.redirect_stdout(io.StringIO()):
        main(command, standalone_mode=False)
    print(*(name for name in {slow} if name in sys.modules), sep=",")
"""


@pytest.fixture(scope="module")
def imported() -> list[str]:
    """The slow modules that are there after each command."""
    code = ONE_PROCESS.format(commands=COMMANDS, slow=SLOW)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


@pytest.mark.parametrize(
    "command", COMMANDS, ids=lambda words: " ".join(words).replace(FILE, "FILE")
)
def test_a_command_that_needs_no_kernel_imports_none_of_what_talks_to_it(
    imported: list[str], command: list[str]
) -> None:
    assert imported[COMMANDS.index(command)] == ""


def test_completing_a_reference_imports_none_of_it() -> None:
    script = str(Path(sys.executable).with_name("nsnet"))
    done = subprocess.run(
        [sys.executable, "-X", "importtime", script],
        capture_output=True,
        text=True,
        env={
            "_NSNET_COMPLETE": "bash_complete",
            "COMP_WORDS": f"nsnet explain {FILE} east/gat",
            "COMP_CWORD": "3",
        },
        timeout=60,
        check=False,
    )
    assert done.stdout == "plain,east/gateway\n"
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "nsnet.topology.model" in imported
    assert imported.isdisjoint(SLOW)
