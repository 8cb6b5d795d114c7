"""The command `nsnet compare`: several labs side by side."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

import click

from nsnet.cli.arguments import FILE, JSON
from nsnet.cli.output import Row, err, out, out_json, out_table, out_wrapped
from nsnet.cli.progress import Progress
from nsnet.compare.actors import with_actors
from nsnet.compare.comparison import Compared, Comparison, Measure, Reached
from nsnet.compare.variants import MODELS, Variant, as_they_are, in_models
from nsnet.errors import UsageError
from nsnet.scenario.load import load
from nsnet.text import did_you_mean, some_of

_UNITS: Final = ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"))


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=FILE)
@click.option("--models", metavar="NAME,…", help=f"rewrite one FILE: {', '.join(MODELS)}")
@click.option("--base", metavar="NAME", help="what costs are compared with; default: the first")
@click.option("--rounds", type=click.IntRange(1, 100), help="default: as many as fit in a minute")
@click.option("--no-cost", is_flag=True, help="do not measure what a path costs")
@click.option(
    "--chart",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="SVG",
    help="draw the costs into this file",
)
@JSON
def compare(
    files: tuple[Path, ...],
    models: str | None,
    base: str | None,
    rounds: int | None,
    no_cost: bool,
    chart: Path | None,
    as_json: bool,
) -> None:
    """Compare labs: addresses, who reaches whom, and what paths cost.

    Several FILES are compared as they are. One FILE is compared in several network models; what it
    cannot have there is listed. All labs are built in temporary namespaces, measured in rounds that
    visit one after the other, on one CPU, and removed.

    Example: nsnet compare scenarios/island-nat.yaml --models flat,island-nat,island-proxy
    """
    described = _variants(files, models)
    names = [each.name for each in described]
    if base is not None and base not in names:
        raise UsageError(f"--base {base}: not compared; {did_you_mean(base, names)}")
    variants = [with_actors(each) for each in described]
    from nsnet.compare import measure, run
    from nsnet.kernel import throwaway

    if not no_cost:
        measure.require_programs()
    throwaway.enter()
    measure.pin_to_one_cpu()
    with Progress(silent=as_json) as progress:
        found = run.compare(
            variants, described, base or names[0], progress, rounds, costs=not no_cost
        )
    if as_json:
        out_json(found.as_json())
    else:
        _show(found)
    if chart is not None:
        _draw(found, chart)


def _variants(files: Sequence[Path], models: str | None) -> list[Variant]:
    if models is not None and len(files) > 1:
        raise UsageError("--models rewrites one FILE; remove the others, or --models")
    if models is None and len(files) == 1:
        raise UsageError(
            f"{files[0]} alone is nothing to compare",
            hint=f"add another FILE, or --models with some of {', '.join(MODELS)}",
        )
    scenarios = [load(each) for each in files]
    if models is None:
        return as_they_are(scenarios)
    return in_models(scenarios[0], [each.strip() for each in models.split(",")])


def _show(found: Comparison) -> None:
    out(("addresses", "bold"))
    heading = ("MODEL", "NODES", "PODS", "OUTSIDE", "RESERVED FOR PODS")
    out_table(heading, [_spent(each) for each in found.variants])
    for each in found.variants:
        for line in each.lost:
            out_wrapped(f"not in {each.name}: {line}", "dim", indent=2)
    for path in found.paths:
        out()
        out((path, "bold"))
        ways = [_way(each, path) for each in found.variants if path in each.reached]
        out_table(("MODEL", "VERDICT", "HOPS", "NAT", "THE SERVER SEES"), ways)
    for path in found.measured:
        out()
        out((f"{path}: what it costs", "bold"))
        columns = ("MODEL", *(each.value.upper() for each in Measure))
        out_table(columns, [_costs(found, each, path) for each in found.variants])
        out_wrapped(_key(found, path), "dim", indent=2)
    for line in _defects(found):
        err(line)


def _spent(each: Compared) -> Row:
    spent = each.addresses
    numbers = (spent.nodes, spent.pods, spent.outside, spent.reserved)
    return [[each.name], *([str(number)] for number in numbers)]


def _way(each: Compared, path: str) -> Row:
    found = each.reached[path]
    seen = [_seen(source, found) for source in found.sources]
    if not seen:
        return [[each.name], [found.verdict], [""], [""], [""]]
    return [
        [each.name],
        [found.verdict],
        [_span(found.hops)],
        [_span(found.translations)],
        [", ".join(seen)],
    ]


def _seen(source: str, found: Reached) -> str:
    return "the client" if any(source == way[0] for way in found.ways) else source


def _span(numbers: Sequence[int]) -> str:
    """Return the smallest and the largest of these numbers: 5-7."""
    ends = dict.fromkeys((min(numbers, default=0), max(numbers, default=0)))
    return "-".join(map(str, ends))


def _key(found: Comparison, path: str) -> str:
    """Return how to read the table of a path's costs."""
    said = f"×: as a ratio to {found.base}, with the 95 % interval of {found.rounds} rounds."
    ratios = [
        found.ratio(each, path, measure)
        for each in found.variants
        for measure in each.costs.get(path, ())
    ]
    if any(each is not None and not each.is_conclusive for each in ratios):
        said += " (…): inconclusive, the interval includes 1."
    proxied = [each.name for each in found.variants if each.reached[path].at_proxy]
    if proxied:
        said += f" Connect of {some_of(proxied)} is the handshake with the proxy alone."
    return said


def _costs(found: Comparison, each: Compared, path: str) -> Row:
    return [[each.name], *([_cost(found, each, path, measure)] for measure in Measure)]


def _cost(found: Comparison, each: Compared, path: str, measure: Measure) -> str:
    """Return the ratio of a measure with its interval; for the base, the median itself."""
    samples = each.costs.get(path, {}).get(measure)
    if not samples:
        return "no path"
    ratio = found.ratio(each, path, measure)
    if ratio is None:
        return _amount(median(samples), measure)
    interval = f"{ratio.low:.2f}-{ratio.high:.2f}"
    return f"×{ratio.value:.2f} {interval}" if ratio.is_conclusive else f"({interval})"


def _amount(value: float, measure: Measure) -> str:
    if measure is not Measure.THROUGHPUT:
        return f"{value:.1f} µs"
    size, unit = next((each for each in _UNITS if value >= each[0]), (1.0, "bit/s"))
    return f"{value / size:.1f} {unit}"


def _defects(found: Comparison) -> Iterator[str]:
    for each in found.variants:
        for path, reached in each.reached.items():
            for defect in reached.defects:
                yield f"DEFECT of nsnet: {each.name}, {path}: {defect}"


def _draw(found: Comparison, chart: Path) -> None:
    if not found.measured:
        raise UsageError("--chart: no cost was measured")
    from nsnet.compare.chart import svg

    chart.write_bytes(svg(found, found.measured[-1]))


COMMANDS = (compare,)
