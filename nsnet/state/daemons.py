"""The programs of the field that a lab runs in its namespaces, as data: what each reads, and how
it is started.

Each has files in the lab's folder, of one stem, such as east.gateway.haproxy: .conf, .pid, .log,
and .ctl, its socket.
"""

from hashlib import sha256
from pathlib import Path
from typing import Final, TypeAlias, assert_never

from nsnet.state import bird, haproxy
from nsnet.state.bird import Bird
from nsnet.state.haproxy import Haproxy

Daemon: TypeAlias = Haproxy | Bird

RUN: Final = Path("/run/nsnet")

# A unix socket's path has at most 107 bytes. It ends with .ctl, and haproxy's first with .PID.tmp.
_LONGEST: Final = 91


def path_of(lab: str) -> Path:
    """Where the lab's files are."""
    return RUN / lab


def program(daemon: Daemon) -> str:
    """The name of the program."""
    return type(daemon).__name__.lower()


def stem(folder: Path, netns: str, daemon: Daemon) -> Path:
    """Its files in the lab's folder, but for what they end with."""
    *_, place = netns.split(".", 2)
    found = folder / f"{place}.{program(daemon)}"
    if len(str(found).encode()) > _LONGEST:
        return folder / f"{sha256(place.encode()).hexdigest()[:12]}.{program(daemon)}"
    return found


def configuration(daemon: Daemon) -> str:
    """What it reads."""
    match daemon:
        case Haproxy():
            return haproxy.configuration(daemon)
        case Bird():
            return bird.configuration(daemon)
        case _:
            assert_never(daemon)


def argv(daemon: Daemon, stem: Path, *, background: bool = False) -> tuple[str, ...]:
    """How it is started."""
    match daemon:
        case Haproxy():
            return haproxy.argv(stem, background=background)
        case Bird():
            return bird.argv(stem, background=background)
        case _:
            assert_never(daemon)


def reload_signal(daemon: Daemon) -> str:
    """What makes it read its configuration again, while its connections go on."""
    match daemon:
        case Haproxy():
            return "USR2"
        case Bird():
            return "HUP"
        case _:
            assert_never(daemon)
