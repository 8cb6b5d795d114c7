"""The types of the commands' arguments, and the values that a shell completes for them: names of
labs that are up, scenario files, and references to places in a lab or a file (pods, nodes, …).

Completion needs neither root nor a Linux kernel. It offers no references for a file that has
mistakes, or for a lab whose record cannot be read.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from click.shell_completion import CompletionItem
from click.types import StringParamType

from nsnet.errors import NsnetError
from nsnet.lab import folder
from nsnet.scenario.load import load
from nsnet.topology.model import FABRIC, ListenPort, Pod, Service, ServicePort, Topology
from nsnet.topology.resolve import resolve

Items = list[CompletionItem[str]]
YAML = (".yaml", ".yml")


def is_file(lab_or_file: str) -> bool:
    """Return whether the argument names a file. The name of a lab has no slash, and does not end in
    .yaml or .yml."""
    return "/" in lab_or_file or Path(lab_or_file).suffix in YAML


class _Lab(StringParamType):
    name = "lab"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        given = ctx.params.get(param.name or "") or ()
        return _items(each for each in _labs(incomplete) if each not in given)


class _File(click.Path):
    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        # Where there is no YAML file, the shell itself completes the folders on the way to one.
        return _items(_files(incomplete)) or [CompletionItem(incomplete, type="file")]


class _LabOrFile(StringParamType):
    name = "lab|file"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        return _items(_labs(incomplete)) + FILE.shell_complete(ctx, param, incomplete)


class _Reference(StringParamType):
    """A reference to a part of a lab or file. The lab or file is named earlier on the command
    line."""

    name = "ref"

    def __init__(self, *, targets: bool = False) -> None:
        self.targets = targets

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:
        # While an option lacks its value, click has not yet assigned the words to arguments.
        named = [ctx.params.get(each) for each in ("lab", "lab_or_file", "file")]
        where = next((str(each) for each in (*named, *ctx.args) if each), "")
        try:
            topology = _topology(where)
        except (NsnetError, OSError, KeyError, ValueError, TypeError):
            return []
        offered = references(topology, incomplete, targets=self.targets)
        return _items(each for each in offered if each.startswith(incomplete))


LAB = _Lab()
FILE = _File(path_type=Path)
LAB_OR_FILE = _LabOrFile()
PLACE = _Reference()  # has a network namespace: packets start and commands run there
TARGET = _Reference(targets=True)  # the destination of packets: may be a Service, too


def references(topology: Topology, incomplete: str, *, targets: bool) -> Iterator[str]:
    """Yield the references to offer: those of every pod, node, gateway, external host and the
    fabric, and with `targets` of every Service. If a colon has been typed after a target, add each
    port.

    The name of a lab's only cluster is left out, unless it has been typed.
    """
    implied = f"{topology.clusters[0].name}/"
    if len(topology.clusters) > 1 or incomplete.startswith(implied):
        implied = ""
    for reference, ports in _all(topology, targets=targets):
        if targets and ":" in incomplete:
            yield from (f"{reference.removeprefix(implied)}:{port}" for port in ports)
        else:
            yield reference.removeprefix(implied)


def _all(topology: Topology, *, targets: bool) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every reference with its ports. A port is given by its name, or else by its number."""
    for cluster in topology.clusters:
        things: tuple[Pod | Service, ...] = (*cluster.pods, *(cluster.services if targets else ()))
        for each in things:
            yield each.reference, _ports(each.ports)
        yield from ((node.reference, ()) for node in cluster.nodes)
        yield from ((gateway.reference, ()) for gateway in topology.own_gateways(cluster))
        if any(gateway.shared for gateway in cluster.gateways):
            yield f"{cluster.name}/gateway", ()
    for external in topology.externals:
        yield external.reference, _ports(external.ports)
    yield FABRIC, ()


def _ports(ports: Sequence[ListenPort | ServicePort]) -> tuple[str, ...]:
    """Return the name or number of each port. A port that is open for both TCP and UDP is listed
    once."""
    return tuple(dict.fromkeys(each.name or str(each.port) for each in ports))


def _topology(where: str) -> Topology:
    if is_file(where):
        return resolve(load(Path(where)))
    return resolve(*folder.recorded(folder.read(where) or {}))


def _labs(incomplete: str) -> list[str]:
    try:
        return [each for each in folder.names() if each.startswith(incomplete)]
    except OSError:
        return []


def _files(incomplete: str) -> list[str]:
    """Return the YAML files whose path begins with `incomplete`. If no file's does, return the YAML
    files in the folders whose path begins with `incomplete`."""
    folder, _, start = incomplete.rpartition("/")
    within = Path(folder or ("/" if incomplete.startswith("/") else "."))
    prefix = incomplete.removesuffix(start)
    for pattern in ("*", "*/*"):
        try:
            found = sorted(
                f"{prefix}{each.relative_to(within)}"
                for each in within.glob(pattern)
                if each.suffix in YAML and not each.parent.name.startswith(".")
            )
        except OSError:
            return []
        # A shell does not quote completions: a name with a blank would become two words.
        chosen = [each for each in found if each.startswith(incomplete) and " " not in each]
        if chosen:
            return chosen
    return []


def _items(values: Iterator[str] | list[str]) -> Items:
    return [CompletionItem(each) for each in values]
