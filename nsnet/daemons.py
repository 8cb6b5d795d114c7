"""The programs of the field that a lab runs in its namespaces, as data: what each reads, and how
it is started.

Each has files in the lab's folder, of one stem, such as east.gateway.haproxy: .conf, .pid, .log.
"""

from pathlib import Path
from typing import TypeAlias

from nsnet import haproxy
from nsnet.haproxy import Haproxy

Daemon: TypeAlias = Haproxy


def program(daemon: Daemon) -> str:
    """The name of the program."""
    return type(daemon).__name__.lower()


def stem(folder: Path, netns: str, daemon: Daemon) -> Path:
    """Its files in the lab's folder, but for what they end with."""
    *_, place = netns.split(".", 2)
    return folder / f"{place}.{program(daemon)}"


def configuration(daemon: Daemon) -> str:
    """What it reads."""
    return haproxy.configuration(daemon)


def argv(daemon: Daemon, stem: Path, *, background: bool = False) -> tuple[str, ...]:
    """How it is started."""
    return haproxy.argv(stem, background=background)
