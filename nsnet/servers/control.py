"""The client of the control socket of a lab's server: starts the server and changes its ports.

The server's control socket and its log are files in the lab's folder. The functions take the path
of this folder as `lab`.
"""

import json
import socket
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import assert_never

from nsnet.errors import KernelError
from nsnet.kernel import netns
from nsnet.names.zones import Names
from nsnet.state.model import HealthCheck, Listener, Listens, NameServer

_SECONDS = 60.0
_ALIVE = 5.0  # seconds; a server that does nothing answers at once
_GRACE = 1.0  # seconds; clients of a port that closes are answered within them
_CHUNK = 1 << 16
_START = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); sys.path.append(sys.argv.pop(1));"
    " from nsnet.servers.server import main; main()"
)


def log_of(lab: Path) -> Path:
    """Return the path of the server's log, in the lab's folder."""
    return lab / "servers.log"


def _socket_of(lab: Path) -> Path:
    return lab / "servers.sock"


def argv(lab: Path) -> tuple[str, ...]:
    """Return the command that starts the server of the lab with this folder.

    -I and -S skip site-packages and the environment's settings, so that the server starts in 40 ms.
    It runs as a module, whose bytecode Python caches; a script would be compiled at every start.
    """
    package = Path(__file__).resolve().parents[2]
    dnslib = find_spec("dnslib")
    libraries = Path(dnslib.origin).parents[1] if dnslib and dnslib.origin else package
    paths = map(str, (package, libraries, _socket_of(lab)))
    return (sys.executable, "-I", "-S", "-c", _START, *paths)


def is_ready(lab: Path) -> bool:
    """Return whether the lab's server accepts connections."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_SECONDS)
        return connection.connect_ex(str(_socket_of(lab))) == 0


def answers_in(lab: Path, home: int | None) -> bool:
    """Return whether the lab's server answers, and runs in the network namespace with this inode. A
    server that hangs accepts connections, but does not answer within 5 seconds."""
    with suppress(KernelError):
        return home is not None and "ok" in _ask(lab, {}, seconds=_ALIVE, home=home)
    return False


def change(
    lab: Path,
    listen: Iterable[tuple[str, Listens]],
    unlisten: Iterable[tuple[str, Listens]] = (),
    replace: Iterable[tuple[str, Listens]] = (),
) -> None:
    """Open the ports of `listen`, close those of `unlisten`, and replace what those of `replace`
    answer. Each port is given with the name of its namespace.

    Before a port closes, its connected clients are answered, for at most 1 second. Raises
    KernelError if a port is in use, a namespace is missing, or the server does not run.
    """
    closing = [(name, each.protocol, each.port) for name, each in unlisten]
    _await_answers(lab, closing)
    names: dict[int, tuple[int, Names]] = {}  # what DNS servers know, each once
    request = {
        "listen": [_entry(name, each, names) for name, each in listen],
        "unlisten": closing,
        "replace": [_entry(name, each, names) for name, each in replace],
        "names": [each for _, each in names.values()],
    }
    answer = _ask(lab, request)
    if "error" in answer:
        raise KernelError(f"the lab's server cannot listen: {answer['error']}")


def _await_answers(lab: Path, closing: Sequence[tuple[str, str, int]]) -> None:
    """Wait, for at most 1 second, until the clients of the closing ports are answered, as a pod
    does in its grace period."""
    end = time.monotonic() + _GRACE
    while closing and _ask(lab, {"ending": closing}).get("unanswered") and time.monotonic() < end:
        time.sleep(0.005)


def _entry(name: str, listener: Listens, names: dict[int, tuple[int, Names]]) -> tuple[object, ...]:
    """Return a listener in the form of the control socket: (namespace, protocol, port, reference of
    the server, health check or None, whether a PROXY header is believed, number of what a DNS
    server knows or None). A health check is (namespace of the Service, name of the Service, number
    of endpoints). Add what a DNS server knows to `names`, by its identity."""
    port = (name, listener.protocol, listener.port)
    match listener:
        case Listener(reference=reference, proxy_protocol=proxied):
            return (*port, reference, None, proxied, None)
        case HealthCheck(_, namespace, service, endpoints):
            return (*port, name, (namespace, service, endpoints), False, None)
        case NameServer(reference=reference, names=known):
            number, _ = names.setdefault(id(known), (len(names), known))
            return (*port, reference, None, False, number)
        case _:
            assert_never(listener)


def _ask(
    lab: Path, request: object, *, seconds: float = _SECONDS, home: int | None = None
) -> dict[str, object]:
    """Return the server's answer. Raises KernelError if it does not answer within `seconds`, or
    does not listen in the namespace with the inode `home`, if that is given."""
    path = _socket_of(lab)
    answer = bytearray()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connection.connect(str(path))
            if home is not None and netns.peer_inode(connection) != home:
                raise ProcessLookupError("another namespace's server listens there")
            connection.sendall(json.dumps(request).encode() + b"\n")
            while not answer.endswith(b"\n"):
                part = connection.recv(_CHUNK)
                if not part:
                    raise ConnectionResetError("it closed the connection")
                answer += part
    except OSError as error:
        raise KernelError(
            f"the lab's server does not answer at {path}: {error.strerror or error}",
            hint=f"its log is beside the socket; to start another one: nsnet apply {lab.name} FILE",
        ) from error
    answered: dict[str, object] = json.loads(answer)
    return answered
