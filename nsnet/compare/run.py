"""Compare variants: build all of them, ask who reaches whom, and measure what paths cost, in rounds
that visit the variants one after the other."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from nsnet.compare import measure
from nsnet.compare.comparison import (
    Compared,
    Comparison,
    Measure,
    Reached,
    addresses_of,
    translations,
)
from nsnet.compare.paths import TELLING, ComparedPath, compared_paths
from nsnet.compare.variants import Variant
from nsnet.lab.compiled import Compiled
from nsnet.lab.host import Progress
from nsnet.lab.lab import Lab
from nsnet.lab.registry import running
from nsnet.probes.ask import ask
from nsnet.probes.question import explain, probe_spec, question
from nsnet.scenario.kinds import ProbeSpec
from nsnet.topology.destinations import find_destination
from nsnet.topology.references import locate
from nsnet.verdict import Verdict

SECONDS: Final = 36  # about how long measuring takes, unless the rounds are given
_ROUND: Final = 1.6  # seconds for each variant and path
_FEWEST, _MOST = 3, 12  # rounds
_TIMES: Final = 12  # connections, where chance decides among several ways


class _Site:
    """A variant that is up, and the samples measured so far."""

    def __init__(self, variant: Variant, lab: Lab) -> None:
        self.variant = variant
        self.lab = lab
        self.paths = tuple(compared_paths(lab.topology))
        self.reached: dict[str, Reached] = {}
        self.costs: dict[str, dict[Measure, list[float]]] = {}

    def has_one_way(self, name: str) -> bool:
        """Return whether all connections along this path go the same way."""
        return name in self.reached and len(self.reached[name].ways) == 1

    def client(self, path: ComparedPath) -> measure.Client:
        """Where the measured path begins, and its address."""
        source = locate(self.lab.topology, path.source)
        to = find_destination(self.lab.topology, f"{path.to}:{path.port}", source)
        return measure.Client(source.netns, str(to.address))


def compare(
    variants: Sequence[Compiled],
    described: Sequence[Variant],
    base: str,
    progress: Progress,
    rounds: int | None = None,
    *,
    costs: bool = True,
) -> Comparison:
    """Return the comparison of these variants, which are `described` in the same order. They are up
    while it lasts, and this process has entered throw-away namespaces before. Without `costs`,
    only who reaches whom is compared. Raises KernelError, UnsupportedError."""
    with _all_up(variants, described, progress) as sites:
        for done, site in enumerate(sites):
            progress("asking", done, len(sites))
            _ask(site)
        progress("asking", len(sites), len(sites))
        if costs:
            _measure(sites, rounds, progress)
        return Comparison(
            base,
            tuple(
                Compared(
                    name=site.variant.name,
                    lost=site.variant.lost,
                    addresses=addresses_of(site.lab.topology),
                    reached=site.reached,
                    costs=site.costs,
                )
                for site in sites
            ),
        )


@contextmanager
def _all_up(
    variants: Sequence[Compiled], described: Sequence[Variant], progress: Progress
) -> Iterator[list[_Site]]:
    with ExitStack() as stack:
        labs = [stack.enter_context(running(each, progress)) for each in variants]
        yield [_Site(variant, lab) for variant, lab in zip(described, labs, strict=True)]


def _ask(site: _Site) -> None:
    """Send connections along each path, and record their ways."""
    topology, model = site.lab.topology, site.lab.model
    specs = [_probe(site, each) for each in site.paths]
    asked = [question(topology, each, path=True) for each in specs]
    proxies = {
        gateway.reference
        for cluster in topology.clusters
        for gateway in cluster.gateways
        if gateway.kind == "proxy"
    }
    for each, spec, report in zip(site.paths, specs, ask(model, asked), strict=True):
        answer = report.observed
        predicted = {one.path: translations(one) for one in explain(model, spec).paths}
        ways = sorted({one.path or () for one in answer.attempts}, key=len)
        known = [way for way in ways if way in predicted]
        site.reached[each.name] = Reached(
            verdict=answer.verdict,
            sources=tuple(answer.names.get(one, one) for one in answer.sources),
            ways=tuple(known),
            translations=tuple(predicted[way] for way in known),
            at_proxy=any(one in proxies for way in known for one in way[1:-1])
            and bool(answer.servers),
            defects=report.defects,
        )


def _probe(site: _Site, each: ComparedPath) -> ProbeSpec:
    """Return the probe of a path. If chance decides among several ways, it asks several times."""
    once = probe_spec(each.source, f"{each.to}:{each.port}")
    ways = {one.path for one in explain(site.lab.model, once).paths}
    return probe_spec(once.from_, once.to, times=_TIMES) if len(ways) > 1 else once


def _measure(sites: Sequence[_Site], rounds: int | None, progress: Progress) -> None:
    """Measure the most telling path on which chance decides nothing, in every variant in which a
    server has answered. A round visits all of them, and the next round in the other order."""
    name = next(each for each in TELLING if all(site.has_one_way(each) for site in sites))
    visited = [
        (site, path, site.client(path))
        for site in sites
        for path in site.paths
        if path.name == name and site.reached[name].verdict == Verdict.OK
    ]
    wanted = rounds or min(max(round(SECONDS / (_ROUND * len(visited))), _FEWEST), _MOST)
    total, done = wanted * len(visited), 0

    def step() -> None:
        nonlocal done
        done += 1
        progress("measuring", done, total)

    progress("measuring", 0, total)
    for number in range(wanted):
        order = visited if number % 2 == 0 else visited[::-1]
        for site, path, client in order:
            costs = site.costs.setdefault(path.name, {each: [] for each in Measure})
            costs[Measure.THROUGHPUT].append(measure.throughput(client))
            costs[Measure.CONNECT].append(measure.handshake(client))
        found = measure.latencies([client for _, _, client in order], step)
        for (site, path, _), latency in zip(order, found, strict=True):
            site.costs[path.name][Measure.LATENCY].append(latency)
