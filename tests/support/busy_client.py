"""A client in a lab that makes requests and holds connections while the lab changes."""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from nsnet.lab.lab import Lab
from tests.support import traffic


class BusyClient:
    """A running client; `busy_client` starts it."""

    def __init__(self, lines: IO[str]) -> None:
        self._lines = lines

    def ask(self, question: str) -> Any:
        """Return its answer to a question: see traffic.py."""
        self._lines.write(question + "\n")
        self._lines.flush()
        return json.loads(self._lines.readline())


@contextmanager
def busy_client(
    lab: Lab, place: str, address: str, port: int, folder: Path
) -> Iterator[BusyClient]:
    """Yield a client of this server, which runs in a pod until the end of the block."""
    path = folder / "client.sock"
    run = (sys.executable, "-I", "-S", traffic.__file__, address, str(port), str(path))
    started = lab.exec(place, *run)
    assert started.returncode == 0, started.stderr
    with closing(socket.socket(socket.AF_UNIX)) as control:
        control.connect(str(path))
        with control.makefile("rw") as lines:
            yield BusyClient(lines)
