"""The inside of a pod: what a process that is started in it finds there, besides its network."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Container(NamedTuple):
    """A container of a pod, with the environment and the command that its manifest gives it."""

    name: str
    environment: tuple[tuple[str, str], ...] = ()
    command: tuple[str, ...] = ()  # command and args; empty: the image's, which nsnet does not have
    working_dir: str = ""


@dataclass(frozen=True, slots=True)
class Interior:
    """The inside of a pod: its hostname, the text of its /etc/resolv.conf and /etc/hosts, and its
    containers, the first one being the default. Pods with hostNetwork share a network namespace,
    but each has an inside of its own.

    A repr shows no environment, because values of Secrets may be among it.
    """

    reference: str  # of the pod
    hostname: str
    resolv_conf: str
    hosts: str
    containers: tuple[Container, ...] = field(default=(), repr=False)
