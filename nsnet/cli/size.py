"""The command size: the numbers of clusters without a lab."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, get_args

import click

from nsnet.cli import show_size
from nsnet.cli.arguments import FILE, JSON, ScenarioFiles
from nsnet.cli.output import out, out_json
from nsnet.errors import UsageError
from nsnet.ip import IPNetwork
from nsnet.scenario.fields import parse_network
from nsnet.scenario.plain import PlainSettings
from nsnet.sizing.growth import Break, Dimension, grow
from nsnet.sizing.outbound import OUTBOUND_TYPES, Outbound, OutboundType
from nsnet.sizing.pool import DEFAULT_MAX_PODS, Network, Pool
from nsnet.sizing.ranges import Range
from nsnet.sizing.size import SCHEMA, Size
from nsnet.topology.sizes import sizes_of

Targets = tuple[tuple[Dimension, int], ...]

_MOST_NODES: Final = 10_000
_MOST_PODS: Final = 1_000  # of a node
_LARGEST: Final[dict[str, int]] = {"nodes": _MOST_NODES, "maxPods": _MOST_PODS}
_GROWTH: Final = "nodes=60, maxPods=50 or nodes=60,maxPods=50"


class _Range(click.ParamType[IPNetwork]):
    name = "range"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> IPNetwork:
        try:
            found = parse_network(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if found.version == 6:
            self.fail(f"{found} is IPv6; give an IPv4 range", param, ctx)
        return found


class _Growth(click.ParamType[Targets]):
    """What grows, in this order: nodes=60,maxPods=50."""

    name = "growth"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Targets:
        found: dict[Dimension, int] = {}
        for part in str(value).split(","):
            key, _, number = part.strip().partition("=")
            dimension: Dimension | None = next(
                (each for each in get_args(Dimension) if each == key), None
            )
            digits = number.isascii() and number.isdecimal() and len(number) < 9
            if dimension is None or dimension in found or not digits:
                self.fail(f"{value!r}: write it as {_GROWTH}", param, ctx)
            if int(number) > _LARGEST[dimension]:
                self.fail(f"{dimension}: at most {_LARGEST[dimension]:,}", param, ctx)
            found[dimension] = int(number)
        return tuple(found.items())


_RANGE = _Range()
_OPTIONS: Final = {
    "cni": "--cni",
    "nodes": "--nodes",
    "max_pods": "--max-pods",
    "surge": "--surge",
    "subnet": "--subnet",
    "pod_subnet": "--pod-subnet",
    "pod_cidr": "--pod-cidr",
    "service_cidr": "--service-cidr",
    "outbound": "--outbound",
    "addresses": "--addresses",
    "ports_per_node": "--ports-per-node",
}


@click.command()
@click.argument("files", type=FILE, metavar="[FILE…]", nargs=-1)
@click.option(
    "--cni",
    type=click.Choice([each.value for each in Network]),
    help="kind of network; default: all, side by side",
)
@click.option("--nodes", type=click.IntRange(1, _MOST_NODES), help="without FILE: number of nodes")
@click.option(
    "--max-pods",
    type=click.IntRange(1, _MOST_PODS),
    help="most pods of a node; default: that of the network",
)
@click.option(
    "--surge",
    type=click.IntRange(0, _MOST_NODES),
    help="further nodes during an upgrade; default: 1",
)
@click.option(
    "--subnet", type=_RANGE, metavar="RANGE", help="with the nodes; default: the smallest"
)
@click.option(
    "--pod-subnet", type=_RANGE, metavar="RANGE", help="azure-cni-pod-subnet: of the pods"
)
@click.option("--pod-cidr", type=_RANGE, metavar="RANGE", help="with a range for each node's pods")
@click.option("--service-cidr", type=_RANGE, metavar="RANGE", help="of Services, to find conflicts")
@click.option(
    "--outbound", type=click.Choice(OUTBOUND_TYPES), help="outbound type; default: loadBalancer"
)
@click.option("--addresses", type=click.IntRange(1), help="its public addresses; default: 1")
@click.option(
    "--ports-per-node",
    type=click.IntRange(0),
    help="SNAT ports of each node; default: by the number of nodes",
)
@click.option("--side-by-side", is_flag=True, help="compare the clusters of FILE in all networks")
@click.option(
    "--grow", type=_Growth(), metavar="nodes=N,maxPods=N", help="say what breaks on the way there"
)
@JSON
def size(
    files: tuple[Path, ...],
    side_by_side: bool,
    grow: Targets | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Compute addresses, routes and SNAT ports, without a lab.

    For the clusters of FILE, or for the nodes and pods that the options say: how many addresses
    they take, the smallest subnet, how many nodes there is room for, and what does not fit, also
    during an upgrade, when there are further nodes (--surge).

    Without FILE and --cni all kinds of network are compared. With --grow the numbers of nodes and
    pods rise one by one, in the ranges given or in the smallest ones; what breaks is listed.

    \b
    Example: nsnet size --cni azure-cni --nodes 50 --max-pods 30 --grow nodes=90
             nsnet size --nodes 50
             nsnet size scenarios/kubenet.yaml --grow nodes=500
    """
    written = {key: value for key, value in given.items() if value is not None}
    if not files:
        if side_by_side:
            raise UsageError("--side-by-side: needs a FILE; without one, leave out --cni")
        tables = [_of_options(written)]
        side_by_side = "cni" not in written
    else:
        tables = [*_of_files(files, written, side_by_side)]
    grown = [[_breaks(each, grow) for each in table] for table in tables]
    if as_json:
        sizes = [
            _as_json(size, breaks)
            for table, several in zip(tables, grown, strict=True)
            for size, breaks in zip(table, several, strict=True)
        ]
        out_json({"schema": SCHEMA, "sizes": sizes})
        return
    for at, (table, several) in enumerate(zip(tables, grown, strict=True)):
        if at:
            out()
        if side_by_side:
            show_size.side_by_side(table, several)
        else:
            show_size.one(table[0], several[0])


def _of_files(
    files: tuple[Path, ...], given: dict[str, Any], side_by_side: bool
) -> Iterator[tuple[Size, ...]]:
    """Yield the size of each cluster, alone or as it is in every network. Raises UsageError,
    ScenarioError."""
    if given:
        raise UsageError(
            f"{_OPTIONS[next(iter(given))]}: FILE says how its clusters are",
            hint="leave out FILE or the option; --grow says what breaks if they grow",
        )
    found = sizes_of(ScenarioFiles(files, PlainSettings()).load())
    for each in found:
        yield each.in_every_network() if side_by_side else (each,)


def _of_options(given: dict[str, Any]) -> tuple[Size, ...]:
    """Return the size that the options ask for, or without --cni that in each network. Raises
    UsageError."""
    if "nodes" not in given:
        raise UsageError("give a FILE, or --nodes", hint="such as: nsnet size --nodes 50")
    networks = [Network(given["cni"])] if "cni" in given else [*Network]
    if len(networks) == 1:
        _refuse_unused(networks[0], given)
    kind: OutboundType = given.get("outbound", "loadBalancer")
    outbound = Outbound(kind, given.get("addresses", 1), given.get("ports_per_node", 0))
    if "addresses" in given and not outbound.ports:
        raise UsageError(f"--addresses: outbound type {kind} has none")
    found = []
    for network in networks:
        pool = Pool(
            network=network,
            nodes=given["nodes"],
            max_pods=given.get("max_pods", DEFAULT_MAX_PODS[network]),
            surge=given.get("surge", 1),
            node_range=given.get("subnet"),
            pod_range=given.get("pod_subnet" if network.has_pod_subnet else "pod_cidr")
            if network is not Network.AZURE_CNI
            else None,
        )
        _refuse((*pool.mistakes(), *outbound.mistakes()))
        ranges = tuple(_ranges(network, given)) if network.is_azure else ()
        found.append(Size.of(pool, outbound, ranges))
    return tuple(found)


def _refuse(mistakes: Sequence[str]) -> None:
    if mistakes:
        raise UsageError("; ".join(mistakes))


def _refuse_unused(network: Network, given: dict[str, Any]) -> None:
    """Raise UsageError for an option that has no effect in this kind of network."""
    if "pod_cidr" in given and not network.has_pod_cidr:
        raise UsageError(f"--pod-cidr: with {network}, the pods have addresses of a subnet")
    if "pod_subnet" in given and not network.has_pod_subnet:
        raise UsageError(f"--pod-subnet: with {network}, the pods have no subnet of their own")
    for key in ("service_cidr", "outbound", "addresses", "ports_per_node"):
        if key in given and not network.is_azure:
            raise UsageError(f"{_OPTIONS[key]}: needs a network in Azure, not {network}")


def _ranges(network: Network, given: dict[str, Any]) -> Iterator[Range]:
    """Yield the ranges among the options that a network in Azure uses."""
    if "subnet" in given:
        yield Range("subnet", "subnet", given["subnet"])
    if "pod_subnet" in given and network.has_pod_subnet:
        yield Range("pod subnet", "subnet", given["pod_subnet"])
    if "pod_cidr" in given and network.has_pod_cidr:
        yield Range("podCIDR", "pods", given["pod_cidr"])
    if "service_cidr" in given:
        yield Range("serviceCIDR", "services", given["service_cidr"])


def _breaks(found: Size, targets: Targets | None) -> tuple[Break, ...] | None:
    """Return what breaks; None if nothing is asked to grow. Raises UsageError."""
    if targets is None:
        return None
    asked = dict(targets)
    nodes = asked.get("nodes", found.pool.nodes)
    max_pods = asked.get("maxPods", found.pool.max_pods)
    for key, now, then in (
        ("nodes", found.pool.nodes, nodes),
        ("maxPods", found.pool.max_pods, max_pods),
    ):
        if then < now:
            raise UsageError(f"--grow {key}={then}: {found.name} has {now} already")
    _refuse([*found.grown(nodes, max_pods).pool.mistakes()])
    return tuple(grow(found, targets))


def _as_json(found: Size, breaks: tuple[Break, ...] | None) -> dict[str, Any]:
    growth = None if breaks is None else [each.as_json() for each in breaks]
    return {**found.as_json(), "growth": growth}


COMMANDS = (size,)
