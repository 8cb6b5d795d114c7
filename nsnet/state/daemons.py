"""The daemons that a lab runs in its namespaces (haproxy, bird), as data: their configuration and
command lines.

A daemon's files are in the lab's folder and differ only in their suffix: for example,
east.gateway.haproxy.conf, .pid, .log, and .ctl, which is its control socket.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias, assert_never

from nsnet.state import bird, haproxy
from nsnet.state.bird import Bird
from nsnet.state.haproxy import Haproxy

Daemon: TypeAlias = Haproxy | Bird

RUN: Final = Path("/run/nsnet")

# The path of a unix socket has at most 107 bytes. It ends with .ctl, and haproxy first binds one
# that ends with .PID.tmp.
_LONGEST: Final = 91


def path_of(lab: str) -> Path:
    """Return the path of the lab's folder."""
    return RUN / lab


def program(daemon: Daemon) -> str:
    """Return the name of the daemon's program: haproxy or bird."""
    return type(daemon).__name__.lower()


def stem(folder: Path, netns: str, daemon: Daemon) -> Path:
    """Return the path of the daemon's files in the lab's folder, without their suffix. If it would
    be too long for a Unix socket, a hash replaces the namespace's name."""
    *_, place = netns.split(".", 2)
    found = folder / f"{place}.{program(daemon)}"
    if len(str(found).encode()) > _LONGEST:
        return folder / f"{sha256(place.encode()).hexdigest()[:12]}.{program(daemon)}"
    return found


def configuration(daemon: Daemon) -> str:
    """Return the text of the daemon's configuration file."""
    match daemon:
        case Haproxy():
            return haproxy.configuration(daemon)
        case Bird():
            return bird.configuration(daemon)
        case _:
            assert_never(daemon)


def argv(daemon: Daemon, stem: Path, *, background: bool = False) -> tuple[str, ...]:
    """Return the command that starts the daemon in the foreground, or in the `background`."""
    match daemon:
        case Haproxy():
            return haproxy.argv(stem, background=background)
        case Bird():
            return bird.argv(stem, background=background)
        case _:
            assert_never(daemon)


def reload_signal(daemon: Daemon) -> str:
    """Return the name of the signal that makes the daemon reload its configuration. The daemon
    keeps its connections."""
    match daemon:
        case Haproxy():
            return "USR2"
        case Bird():
            return "HUP"
        case _:
            assert_never(daemon)
