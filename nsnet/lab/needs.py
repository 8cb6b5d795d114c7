"""What a lab needs of the machine that it is built on, and whether the machine has it.

The needs follow from the State alone. The size of a namespace was measured on Linux 6.18 (x86-64)
in a lab of 1,000 pods; the other sizes are estimates.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from nsnet.errors import UnsupportedError
from nsnet.kernel.capacity import Capacity
from nsnet.state.model import Netns, State

# Bytes of memory.
NAMESPACE: Final = 420_000  # with its links, their addresses and its sysctls
ENTRY: Final = 1_000  # a rule, a route, a neighbour, a member of a set …
LISTENER: Final = 8_000
DAEMON: Final = 16_000_000

THREADS: Final = 4  # of a daemon, at most
OWN_FILES: Final = 32  # that the server has open beside its ports


@dataclass(frozen=True, slots=True)
class Needs:
    """What a lab needs: network namespaces, bytes of memory, threads, and the files that the lab's
    server has open."""

    namespaces: int = 0
    memory: int = 0
    threads: int = 0
    files: int = 0


def needs_of(state: State) -> Needs:
    """Return what a lab with this State needs."""
    entries = listeners = daemons = 0
    rules: dict[int, int] = {}  # of the chains that namespaces share
    for each in state.netns:
        if id(each.chains) not in rules:
            rules[id(each.chains)] = sum(1 + len(chain.rules) for chain in each.chains)
        entries += rules[id(each.chains)] + _entries(each)
        listeners += len(each.listeners)
        daemons += len(each.daemons)
    namespaces = len(state.netns)
    return Needs(
        namespaces=namespaces,
        memory=namespaces * NAMESPACE + entries * ENTRY + listeners * LISTENER + daemons * DAEMON,
        threads=1 + daemons * THREADS,
        files=OWN_FILES + listeners,
    )


def _entries(netns: Netns) -> int:
    """Return how many values the kernel holds of this namespace, without its links and rules."""
    counted = (netns.routes, netns.neighbours, netns.fdb, netns.policy_rules)
    servers = sum(1 + len(each.servers) for each in netns.virtual_servers)
    members = sum(len(each.members) for each in netns.ipsets)
    elements = sum(len(each.elements) for each in netns.sets)
    return sum(map(len, counted)) + servers + members + elements


def require_capacity(needed: Needs, held: Needs, capacity: Capacity) -> None:
    """Raise UnsupportedError if a machine with this capacity cannot carry what is `needed`.

    `held`: what the lab already has of it, if it is up.
    """
    lacking = list(_lacking(needed, held, capacity))
    if lacking:
        raise UnsupportedError(
            f"this host cannot carry the lab: {'; '.join(lacking)}",
            hint="use fewer pods, nodes or Services",
        )


def _lacking(needed: Needs, held: Needs, capacity: Capacity) -> Iterator[str]:
    namespaces, memory = needed.namespaces - held.namespaces, needed.memory - held.memory
    threads = needed.threads - held.threads
    if namespaces > capacity.namespaces:
        yield (
            f"it needs {namespaces:,} network namespaces, and {capacity.namespaces:,} are left"
            " (sysctl user.max_net_namespaces)"
        )
    if memory > capacity.memory:
        yield f"it needs about {_gb(memory)} of memory, and {_gb(capacity.memory)} are available"
    if threads > capacity.threads:
        yield (
            f"it needs {threads:,} processes, and {capacity.threads:,} are left"
            " (sysctl kernel.pid_max)"
        )
    if needed.files > capacity.files:
        yield (
            f"its server needs {needed.files:,} open files, and may have {capacity.files:,}"
            " (ulimit -Hn)"
        )


def _gb(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
