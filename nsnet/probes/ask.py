"""Send probes; report what their author expects, the model predicts and the kernel does."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, NamedTuple

from nsnet.ip import IPAddress, of_family
from nsnet.kernel.conntrack import Translated, translated
from nsnet.kernel.processes import until
from nsnet.names.resolver import Resolution
from nsnet.probes.judge import (
    defects,
    disagreements,
    excused,
    judged,
    lookup_defects,
    predicted,
    undecided,
)
from nsnet.probes.lookup import Lookup, lookup_of
from nsnet.probes.model import Model
from nsnet.probes.outcome import Outcome
from nsnet.probes.ports import (
    SourcePorts,
    Supply,
    lacking,
    numbered,
    source_ports,
    supply,
    too_many,
)
from nsnet.probes.prober import Client, Flow, Pace, is_glibc, look_up, send
from nsnet.probes.prober.pace import PACE
from nsnet.probes.question import (
    NamedQuestion,
    Question,
    paths_by_address,
    predicted_paths,
    preferred,
)
from nsnet.probes.report import Answer, ProbeReport
from nsnet.scenario.kinds import Expectation
from nsnet.text import number_of, some_of
from nsnet.verdict import Verdict
from nsnet.walk.packet import PredictedPath, Unknown

# Seconds after which ARP has failed: three tries of retrans_time_ms, and some for a busy machine.
UNANSWERED_ARP = 0.5
_RELEASED = 1.5  # seconds after which a port of a connection that was reset is free: 1, and some
LONG = 5.0  # seconds that attempts are spaced over, and are announced
WITHHELD = (
    "a router withheld ICMP errors: Linux sends one a second to a source, and others have sent it"
    " packets without a route, too"
)


def ask(
    model: Model,
    questions: Sequence[Question | NamedQuestion],
    progress: Callable[[int], None] = lambda done: None,
    pace: Pace | None = None,
    announce: Callable[[str], None] = lambda line: None,
) -> tuple[ProbeReport, ...]:
    """Send the probes, and return a report of each. DNS names are looked up first, each once, and
    all attempts go to the first address that is found. `progress` is called with the number of
    attempts that have ended; `announce`, before any is sent, with a line on attempts that will take
    long. `pace` has the moments that this process shares with others. Raises KernelError."""
    named = [each for each in questions if isinstance(each, NamedQuestion)]
    lookups = iter(_look_up(model, named, announce))
    names = [next(lookups) if isinstance(each, NamedQuestion) else None for each in questions]
    asked = [
        each if isinstance(each, Question) else _addressed(model, each, name)
        for each, name in zip(questions, names, strict=True)
    ]
    guesses = [tuple(paths_by_address(model, each)) if each else () for each in asked]
    flows = [
        tuple(_flows(each, guess)) if each else ()
        for each, guess in zip(asked, guesses, strict=True)
    ]
    every = [flow for several in flows for flow in several]
    supplies = _supplies(asked, guesses)
    namespaces = list(model.references)
    if slow := _paced(every):
        announce(slow)
    outcomes = iter(
        send(every, namespaces, neighbours=model.neighbours, progress=progress, pace=pace)
    )
    reports = []
    for written, name, each, guess, several, ports in zip(
        questions, names, asked, guesses, flows, supplies, strict=True
    ):
        paths = tuple(path for _, those in guess for path in those)
        seen = tuple(chain.from_iterable(islice(outcomes, len(several))))
        if each is not None:
            reports.append(_report(model, each, paths, seen, name, ports))
        elif isinstance(written, NamedQuestion) and name is not None:
            reports.append(_not_found(model, written, name))
    return tuple(reports)


class _Name(NamedTuple):
    """What the client's resolver found for a name, and what the model predicts."""

    seen: Lookup
    guess: Resolution | Unknown

    @property
    def predicted(self) -> Lookup | Unknown:
        """What the model predicts that the resolver finds."""
        if isinstance(self.guess, Unknown):
            return self.guess
        return lookup_of(self.seen.name, self.guess)


def _addressed(model: Model, each: NamedQuestion, name: _Name | None) -> Question | None:
    """Return the question with the address that was found; None if there is none."""
    found = name.seen.addresses if name is not None else ()
    return each.at(model.topology, found) if found else None


def _look_up(
    model: Model, questions: Sequence[NamedQuestion], announce: Callable[[str], None]
) -> list[_Name]:
    """Look up the names of these questions, and return what was found for each question. A name is
    looked up once for each client."""
    clients: dict[str, Client] = {}
    for each in questions:
        known = clients.get(each.source.reference, Client(each.source.netns, each.inside, ()))
        if each.dns.name not in known.names:
            known = known._replace(names=(*known.names, each.dns.name))
        clients[each.source.reference] = known
    guesses: dict[tuple[str, str], Resolution | Unknown] = {
        (reference, name): model.resolver.predict(client.netns, client.inside, name)
        for reference, client in clients.items()
        for name in client.names
    }
    if not is_glibc():
        guesses = dict.fromkeys(guesses, Unknown("the C library of this host is not glibc"))
    waits = [each.seconds for each in guesses.values() if not isinstance(each, Unknown)]
    if sum(waits) >= LONG:
        announce(f"DNS servers do not answer: lookups take about {sum(waits):.0f} s in all")
    found = {
        (reference, lookup.name): lookup
        for reference, lookups in zip(clients, look_up([*clients.values()]), strict=True)
        for lookup in lookups
    }
    keys = [(each.source.reference, each.dns.name) for each in questions]
    return [_Name(found[key], guesses[key]) for key in keys]


def _not_found(model: Model, each: NamedQuestion, name: _Name) -> ProbeReport:
    """Return the report of a probe of a name that has no address: all attempts end so."""
    seen = (Outcome(Verdict.NAME_NOT_FOUND, ms=name.seen.ms),) * each.spec.times
    foreseen: Answer | Unknown = Answer(seen[:1], {})
    if isinstance(name.guess, Unknown):
        foreseen = name.guess
    elif name.guess.addresses:
        there = each.at(model.topology, preferred(name.guess.addresses, each.source))
        foreseen = Answer(tuple(_foreseen(there, predicted_paths(model, there))), {})
    return ProbeReport(
        name=each.name,
        source=each.spec.from_,
        target=each.spec.to,
        protocol=each.spec.protocol.value,
        times=each.spec.times,
        expected=_as_written(each.spec.expect),
        predicted=foreseen,
        observed=Answer(seen, {}),
        disagreements=tuple(disagreements(each.expected, seen, {}, name.seen)),
        defects=tuple(lookup_defects(name.guess, name.seen)),
        with_path=each.path,
        size=each.spec.size,
        container=each.spec.container,
        lookup=name.seen,
        predicted_lookup=name.predicted,
    )


def _flows(
    each: Question, guess: Sequence[tuple[IPAddress, Sequence[PredictedPath]]]
) -> Iterator[Flow]:
    """Yield the flow to each address of the destination. They share the attempts."""
    for number, (address, paths) in enumerate(guess):
        if times := len(range(number, each.spec.times, len(guess))):
            yield _flow(each, address, times, paths)


def _supplies(
    asked: Sequence[Question | None],
    guesses: Sequence[Sequence[tuple[IPAddress, Sequence[PredictedPath]]]],
) -> list[Supply]:
    """Return for each question the source ports that SNAT has for it. First wait until connections
    of an earlier probe have given back the ports that are held now."""
    paths = [tuple(path for _, several in guess for path in several) for guess in guesses]
    demand = Counter[SourcePorts]()
    awaited: set[SourcePorts] = set()
    for each, several in zip(asked, paths, strict=True):
        if each is None:
            continue
        for needed in source_ports(several):
            demand[needed] += each.spec.times
            if each.spec.held:
                awaited.add(needed)
    if awaited:
        with suppress(TimeoutError):  # other connections are open, and have their ports
            until(lambda: not _used(awaited), what="ports are in use", seconds=_RELEASED)
    used = _used(demand.keys())
    return [supply(several, demand, used) for several in paths]


def _used(ports: Collection[SourcePorts]) -> Counter[SourcePorts]:
    """Return how many of these ports connections have now."""
    used = Counter[SourcePorts]()
    for name in {each.netns for each in ports}:
        there = [each for each in ports if each.netns == name]
        for one in translated(name):
            used.update(each for each in there if _has_port(one, each))
    return used


def _has_port(one: Translated, of: SourcePorts) -> bool:
    """Return whether a connection has one of these ports."""
    first, last = of.ports
    there = one.protocol, one.address, one.destination, one.dport
    wanted = of.protocol, of.address, of.destination, of.dport
    return there == wanted and first <= one.port <= last


def _flow(each: Question, address: IPAddress, times: int, guess: Sequence[PredictedPath]) -> Flow:
    limited = _limited(guess)
    return Flow(
        netns=each.source.netns,
        address=address,
        port=each.to.port,
        protocol=each.spec.protocol.transport,
        times=times,
        timeout=each.spec.timeout,
        size=each.spec.size,
        has_family=of_family(each.source.addresses, address.version) is not None,
        source_port=each.spec.source_port,
        pace=f"{limited[0]} {limited[1]}" if limited else "",
        router=limited[0] if limited else "",
        together=each.spec.together,
        idle=each.spec.idle,
        keepalive=each.spec.keepalive,
        held=each.spec.held,
        http=each.http,
        path=each.path,
    )


def _limited(guess: Sequence[PredictedPath]) -> tuple[str, IPAddress] | None:
    """Return the router that limits the errors which the model predicts for an attempt, and the
    source that the router sees; None if there is none.

    Linux sends one IPv4 net-unreachable a second to a source. Such attempts must be spaced, and
    nothing else that is sent depends on the prediction.
    """
    for path in guess:
        last = path.request[-1]
        if (
            path.verdict is Verdict.NET_UNREACHABLE
            and last.netns != path.request[0].netns
            and last.packet.src.version == 4
        ):
            return last.netns, last.packet.src
    return None


def _paced(flows: Sequence[Flow]) -> str:
    """Return a line on attempts that must be spaced, with the seconds that they take; "" if they
    take less than a few."""
    numbers = Counter[str]()
    for each in flows:
        numbers[each.pace] += each.times
    del numbers[""]
    seconds = PACE * max(numbers.values(), default=0)
    if seconds < LONG:
        return ""
    attempts = number_of(numbers.total(), "attempt")
    return (
        f"{attempts} without a route: paced at one a second, as Linux answers a missing route so"
        f" often: about {seconds:.0f} s"
    )


def _report(
    model: Model,
    each: Question,
    guess: Sequence[PredictedPath],
    seen: Sequence[Outcome],
    name: _Name | None,
    ports: Supply,
) -> ProbeReport:
    spec, expected = each.spec, each.expected
    observed = tuple(judged(_referenced(one, model.references), each.to, expected) for one in seen)
    foreseen = tuple(_foreseen(each, guess))
    if ports.may_lack:
        foreseen = (*foreseen, *lacking(guess))
    sources = {one.source for one in (*foreseen, *observed) if one.source is not None}
    holders = model.holders({*sources, *(expected.source or ())}, each.source, guess)
    known, late = excused(foreseen, observed)
    found = tuple(defects(known, observed, paths=each.path))
    if spec.held:
        found = (*found, *too_many(observed, ports))
        foreseen = numbered(foreseen, spec.times, ports)
    unknown = WITHHELD if late and not found else ""
    if own := model.unknown_servers(guess):
        unknown, found = f"{some_of(own)} runs a command of its own", ()
    if name is not None:
        found = (*lookup_defects(name.guess, name.seen), *found)
    return ProbeReport(
        name=each.name,
        source=spec.from_,
        target=spec.to,
        protocol=spec.protocol.value,
        times=spec.times,
        expected=_as_written(spec.expect),
        predicted=Unknown(unknown) if unknown else Answer(foreseen, holders, each.to.container),
        observed=Answer(observed, holders, each.to.container),
        disagreements=tuple(
            disagreements(expected, observed, holders, name.seen if name else None)
        ),
        defects=found,
        with_path=each.path,
        size=spec.size,
        held=spec.held,
        idle=spec.idle,
        keepalive=spec.keepalive,
        http=str(each.http) if each.http else "",
        container=spec.container,
        lookup=name.seen if name else None,
        predicted_lookup=name.predicted if name else None,
    )


def _as_written(expect: Expectation) -> dict[str, Any]:
    return expect.model_dump(mode="json", exclude_defaults=True)


def _foreseen(each: Question, guess: Sequence[PredictedPath]) -> Iterator[Outcome]:
    """Yield every outcome that the model allows for an attempt."""
    outcomes = list(predicted(guess, each.to, each.expected))
    if each.spec.timeout < UNANSWERED_ARP:
        # The probe's timeout may end the attempt before ARP fails.
        late = [one for one in outcomes if one.verdict is Verdict.HOST_UNREACHABLE]
        outcomes += [one._replace(verdict=Verdict.TIMEOUT) for one in late]
    yield from outcomes
    if each.spec.size:
        yield from undecided(outcomes, each.spec.protocol.transport)


def _referenced(outcome: Outcome, references: Mapping[str, str]) -> Outcome:
    """Return the outcome with its server and path as references, not as names of namespaces."""
    path = outcome.path and tuple(references[each] for each in outcome.path)
    server = outcome.server and references.get(outcome.server, outcome.server)
    return outcome._replace(server=server, path=path)


@dataclass(frozen=True, slots=True, repr=False)
class Connection:
    """The result of `lab.connect`: how its attempts ended, and what client and servers saw."""

    report: ProbeReport

    def __repr__(self) -> str:
        return str(self.report)

    @property
    def verdict(self) -> Verdict:
        """The verdict that all attempts share. Raises ValueError if they ended differently;
        `verdicts` counts them."""
        verdicts = set(self.verdicts)
        if len(verdicts) > 1:
            raise ValueError(f"the attempts ended differently: {self.verdicts}")
        return verdicts.pop()

    @property
    def verdicts(self) -> Mapping[Verdict, int]:
        """The number of attempts with each verdict."""
        found = [each.verdict for each in self._attempts]
        return {each: found.count(each) for each in dict.fromkeys(found)}

    @property
    def lookup(self) -> Lookup | None:
        """What the client's resolver found for a DNS name: addresses, failure, queries, ms. None if
        the destination is no DNS name."""
        return self.report.lookup

    @property
    def servers(self) -> frozenset[str]:
        """The references of the servers that replied."""
        return frozenset(each.server for each in self._attempts if each.server is not None)

    @property
    def sources(self) -> frozenset[IPAddress]:
        """The source addresses that the servers saw."""
        return frozenset(each.source for each in self._attempts if each.source is not None)

    @property
    def source(self) -> IPAddress | None:
        """The one source address that the servers saw; None if no server replied. Raises ValueError
        if they saw several."""
        if len(self.sources) > 1:
            raise ValueError(f"the servers saw several sources: {sorted(map(str, self.sources))}")
        return next(iter(self.sources), None)

    @property
    def path(self) -> tuple[str, ...] | None:
        """The references of the namespaces that the first attempt's request passed. None unless
        paths were recorded (path=True)."""
        return self.report.observed.path

    @property
    def ms(self) -> float:
        """The median time of an attempt in milliseconds."""
        return self.report.observed.ms

    @property
    def _attempts(self) -> tuple[Outcome, ...]:
        return self.report.observed.attempts
