"""The near end of the echo server's control socket: how it is started, and told its ports."""

import json
import os
import socket
import struct
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import assert_never

from nsnet.errors import KernelError
from nsnet.state.model import HealthCheck, Listener, Listens

_SECONDS = 60.0
_GRACE = 1.0  # seconds for whoever has connected to a port that ends, and is not answered yet
_UCRED = struct.Struct("=iII")  # process, user, group
_CHUNK = 1 << 16
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1));"
    " from nsnet.servers.echo.server import main; main()"
)


def log_of(lab: Path) -> Path:
    """Return the file that the server writes to, in the lab's folder."""
    return lab / "servers.log"


def _socket_of(lab: Path) -> Path:
    return lab / "servers.sock"


def argv(lab: Path) -> tuple[str, ...]:
    """Return the command that starts the server of the lab with this folder.

    -I and -S leave out what takes time and what the environment could change. A module of the
    package is loaded compiled; a script would be compiled at every start.
    """
    package = Path(__file__).resolve().parents[3]
    return (sys.executable, "-I", "-S", "-c", _START, str(package), str(_socket_of(lab)))


def is_ready(lab: Path) -> bool:
    """Whether the lab's server accepts connections."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(_socket_of(lab))) == 0


def home(lab: Path) -> int | None:
    """Return the inode of the network namespace that the lab's server is in; None if it does not
    run."""
    with socket.socket(socket.AF_UNIX) as connection:
        if connection.connect_ex(str(_socket_of(lab))) != 0:
            return None
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        pid, _, _ = _UCRED.unpack(credentials)
        with suppress(OSError):  # it ended at this moment
            return os.stat(f"/proc/{pid}/ns/net").st_ino
    return None


def change(
    lab: Path,
    listen: Iterable[tuple[str, Listens]],
    unlisten: Iterable[tuple[str, Listens]] = (),
    replace: Iterable[tuple[str, Listens]] = (),
) -> None:
    """The lab's server listens at these (namespace, port)s in addition, no longer at those,
    and answers otherwise at those it replaces.

    Whoever has connected to a port that ends is answered first, unless he says nothing. Raises
    KernelError: a port that is in use, a namespace that is not there, a server that is not.
    """
    ending = [(name, each.protocol, each.port) for name, each in unlisten]
    _await_answers(lab, ending)
    request = {
        "listen": [_entry(name, each) for name, each in listen],
        "unlisten": ending,
        "replace": [_entry(name, each) for name, each in replace],
    }
    answer = _ask(lab, request)
    if "error" in answer:
        raise KernelError(f"the lab's server cannot listen: {answer['error']}")


def _await_answers(lab: Path, ending: Sequence[tuple[str, str, int]]) -> None:
    """What a pod's grace period is for: its last clients got their answers."""
    end = time.monotonic() + _GRACE
    while ending and _ask(lab, {"ending": ending}).get("unanswered") and time.monotonic() < end:
        time.sleep(0.005)


def _entry(name: str, listener: Listens) -> tuple[object, ...]:
    """(namespace, protocol, port, who answers there, what a health check there counts, whether a
    PROXY header is believed)."""
    port = (name, listener.protocol, listener.port)
    match listener:
        case Listener(reference=reference, proxy_protocol=proxied):
            return (*port, reference, None, proxied)
        case HealthCheck(_, namespace, service, endpoints):
            return (*port, name, (namespace, service, endpoints), False)
        case _:
            assert_never(listener)


def _ask(lab: Path, request: object) -> dict[str, object]:
    path = _socket_of(lab)
    answer = bytearray()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(_SECONDS)
            connection.connect(str(path))
            connection.sendall(json.dumps(request).encode() + b"\n")
            while not answer.endswith(b"\n"):
                part = connection.recv(_CHUNK)
                if not part:
                    raise ConnectionResetError("it ended")
                answer += part
    except OSError as error:
        raise KernelError(
            f"the lab's server does not answer at {path}: {error.strerror or error}",
            hint="its last words are in the log beside it; nsnet down and up start a new one",
        ) from error
    answered: dict[str, object] = json.loads(answer)
    return answered
