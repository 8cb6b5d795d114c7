"""The sizes of clusters for people, in 80 columns: one after the other, or side by side."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from nsnet.cli.output import out, out_wrapped, width, wrapped
from nsnet.sizing.azure import MOST_ROUTES
from nsnet.sizing.growth import Break
from nsnet.sizing.outbound import Outbound
from nsnet.sizing.pool import Network
from nsnet.sizing.size import Size
from nsnet.sizing.spaces import Space
from nsnet.text import amount, number_of, some_of

Breaks = Sequence[Break] | None  # None: nothing is asked to grow

_NOTHING: Final = "nothing breaks on the way there"
_MOST_LISTED: Final = 6  # numbers of nodes from which there are fewer ports
_BAD: Final = "✗"
_KEY: Final = 18  # columns of the first column
_SHARES: Final = {
    "nodes": "  nodes",
    "pods": "  pods",
    "wasted": "  wasted",
    "upgrade": "  upgrade",
    "others": "  others",
    "reserved": "  reserved",
    "free": "  free",
}
_LEGEND: Final = (
    "pods: the most of a node. subnet, pod range: the addresses needed, also for an upgrade, and"
    " the smallest range with room for them. unique: addresses that no network around may use."
    " room: the most nodes in the ranges given, or the smallest ones, that can be upgraded."
)


def one(found: Size, breaks: Breaks) -> None:
    """Print the numbers of one cluster."""
    pool = found.pool
    name = "" if found.name == pool.network else f"{found.name}: "
    pods = f"{number_of(pool.max_pods, 'pod')} each, {pool.pods:,} in all"
    out((f"{name}{pool.network}, {number_of(pool.nodes, 'node')} with up to {pods}", "bold"))
    _spaces(found)
    for key, text in _facts(found):
        first, *rest = wrapped(text, indent=_KEY)
        out(f"{key:{_KEY}}", first)
        for line in rest:
            out(" " * _KEY, line)
    if breaks is None:
        _show_problems(problem.message for problem in found.problems)
    else:
        _show_problems(_growth(breaks))
    if breaks == ():
        out(_NOTHING)


def _spaces(found: Size) -> None:
    """Print a column for each range, with how many of its addresses are for what."""
    shares = [found.shares(space) for space in found.spaces]
    rows = [["", *(space.name for space in found.spaces)]]
    rows.append(["range", *map(_range, found.spaces)])
    rows.append(["addresses", *(amount(each["addresses"]) for each in shares)])
    for key, text in _SHARES.items():
        if any(each[key] for each in shares):
            rows.append([text, *(amount(each[key]) if each[key] else "–" for each in shares)])
    smallest = [space.smallest(found.pool.during_upgrade) for space in found.spaces]
    rows.append(["smallest", *("none" if each is None else f"/{each}" for each in smallest)])
    for line in _columns(rows, [_KEY]):
        out(line)


def _range(space: Space) -> str:
    return f"/{space.prefix}" if space.network is None else str(space.network)


def _facts(found: Size) -> Iterator[tuple[str, str]]:
    pool = found.pool
    limit = min(found.limits, key=lambda each: each.nodes)
    left = max(limit.nodes - pool.surge, 0)
    upgraded = f"; {amount(left)} leave room to upgrade {pool.surge} at a time"
    room = f"{number_of(limit.nodes, 'node')}{upgraded if pool.surge else ''}"
    yield "room", f"{room} (limit: {limit.where})"
    if pool.network is Network.KUBENET:
        yield "routes", f"{pool.routes:,} user-defined routes of at most {MOST_ROUTES}"
    elif pool.routes:
        yield "routes", f"{pool.routes:,} in the fabric, one per node"
    unique = number_of(pool.unique_addresses, "address")
    yield "unique", f"{unique} that no network around may use"
    if found.outbound is not None:
        yield "outbound", str(found.outbound)
        if ports := _ports(found.outbound, pool.nodes, pool.during_upgrade):
            yield "", ports


def _ports(outbound: Outbound, nodes: int, during_upgrade: int) -> str:
    """Return how many SNAT ports there are for what; "" if Azure assigns none."""
    if outbound.type == "natGateway":
        return f"{outbound.ports:,} SNAT ports for all nodes, on demand"
    ports, then = outbound.ports_of(nodes), outbound.ports_of(during_upgrade)
    if ports is None:
        return ""
    text = f"{ports:,} SNAT ports per node" if ports else "no SNAT ports by default"
    if then != ports:
        text += f", during an upgrade {f'{then:,}' if then else 'none'}"
    if outbound.ports_per_node:
        text += f": enough for {number_of(outbound.room or 0, 'node')}"
    fewer = [
        f"{f'{count:,}' if count else 'none'} from {start:,}{' nodes' if at == 0 else ''}"
        for at, (start, count) in enumerate(outbound.fewer_ports)
    ]
    return text + (f"; {some_of(fewer, _MOST_LISTED)}" if fewer else "")


def _show_problems(messages: Iterable[str]) -> None:
    for message in messages:
        first, *rest = wrapped(message, indent=2)
        out((f"{_BAD} {first}", "bold red"))
        for line in rest:
            out("  ", (line, "bold red"))


def _growth(breaks: Sequence[Break]) -> Iterator[str]:
    """Yield a sentence for each thing that breaks."""
    for at, each in enumerate(breaks):
        first = "breaks first" if at == 0 else "then"
        place = f"{number_of(each.nodes, 'node')} with {number_of(each.max_pods, 'pod')} each"
        yield f"{first}, at {place}: {each.message}"


def side_by_side(found: Sequence[Size], breaks: Sequence[Breaks]) -> None:
    """Print a table with a row for each network, and below it what does not fit, or what breaks
    first."""
    pool = found[0].pool
    title = "" if found[0].name == pool.network else f"{found[0].name}: "
    upgrade = f", {pool.during_upgrade:,} during an upgrade" if pool.surge else ""
    out((f"{title}{number_of(pool.nodes, 'node')}{upgrade}", "bold"))
    rows = [["network", "pods", "subnet", "pod range", "unique", "routes", "room"]]
    for size in found:
        spaces = [_need(size, space) for space in size.spaces]
        rows.append(
            [
                _short(size.pool.network),
                str(size.pool.max_pods),
                *(spaces if spaces[1:] else [*spaces, "–"]),
                amount(size.pool.unique_addresses),
                amount(size.pool.routes),
                amount(max(size.room - size.pool.surge, 0)),
            ]
        )
    for line in _columns(rows, []):
        out(line)
    out_wrapped(_LEGEND, "dim")
    outbound = found[0].outbound
    if outbound is not None:
        ports = _ports(outbound, pool.nodes, pool.during_upgrade)
        out_wrapped(f"outbound in Azure: {outbound}{f': {ports}' if ports else ''}")
    _show_problems(_of_several(found, breaks))
    unharmed = [
        size.pool.network.value for size, broken in zip(found, breaks, strict=True) if broken == ()
    ]
    if unharmed:
        out_wrapped(f"{some_of(unharmed, len(unharmed))}: {_NOTHING}")


def _of_several(found: Sequence[Size], breaks: Sequence[Breaks]) -> Iterator[str]:
    """Yield what does not fit, or what breaks first, each with the networks of which it is true."""
    networks: dict[str, list[str]] = {}
    for size, broken in zip(found, breaks, strict=True):
        if broken is None:
            messages = [problem.message for problem in size.problems]
        else:
            messages = [*_growth(broken[:1])]
        for message in messages:
            networks.setdefault(message, []).append(size.pool.network)
    for message, names in networks.items():
        yield f"{some_of(names, len(names))}: {message}"


def _short(network: Network) -> str:
    return "  …-static" if network is Network.POD_SUBNET_STATIC else network.value


def _need(size: Size, space: Space) -> str:
    prefix = space.smallest(size.pool.during_upgrade)
    needs = amount(space.needs(size.pool.during_upgrade))
    return f"{needs} {'–' if prefix is None else f'/{prefix}'}"


def _columns(rows: Sequence[Sequence[str]], least: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a table: the first column is aligned left, the others right. `least`: the
    smallest widths of the first columns, with the gap after them. A wide table has narrow gaps."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for at, wanted in enumerate(least):
        widths[at] = max(widths[at], wanted - 2)
    gap = "  " if sum(widths) + 2 * len(widths) - 2 <= width() else " "
    for row in rows:
        first, *others = row
        padded = [f"{cell:>{size}}" for cell, size in zip(others, widths[1:], strict=True)]
        yield gap.join([f"{first:{widths[0]}}", *padded])
