"""Send probes; report what their author expects, the model predicts and the kernel does."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from nsnet.ip import IPAddress
from nsnet.probes.judge import defects, disagreements, excused, judged, predicted, undecided
from nsnet.probes.model import Model
from nsnet.probes.outcome import Outcome
from nsnet.probes.prober import Flow, Pace, send
from nsnet.probes.prober.pace import PACE
from nsnet.probes.question import Question, paths_by_address
from nsnet.probes.report import Answer, ProbeReport
from nsnet.text import number_of
from nsnet.verdict import Verdict
from nsnet.walk.packet import PredictedPath, Unknown

# Seconds after which ARP has failed: three tries of retrans_time_ms, and some for a busy machine.
UNANSWERED_ARP = 0.5
LONG = 5.0  # seconds that attempts are spaced over, and are announced
WITHHELD = (
    "a router withheld ICMP errors: Linux sends one a second to a source, and others have sent it"
    " packets without a route, too"
)


def ask(
    model: Model,
    questions: Sequence[Question],
    progress: Callable[[int], None] = lambda done: None,
    pace: Pace | None = None,
    announce: Callable[[str], None] = lambda line: None,
) -> tuple[ProbeReport, ...]:
    """Send the probes, and return a report of each. `progress` is called with the number of
    attempts that have ended; `announce`, before any is sent, with a line on attempts that will take
    long. `pace` has the moments that this process shares with others. Raises KernelError."""
    guesses = [tuple(paths_by_address(model, each)) for each in questions]
    flows = [tuple(_flows(*each)) for each in zip(questions, guesses, strict=True)]
    every = [flow for several in flows for flow in several]
    namespaces = list(model.references)
    if slow := _paced(every):
        announce(slow)
    outcomes = iter(
        send(every, namespaces, neighbours=model.neighbours, progress=progress, pace=pace)
    )
    reports = []
    for each, guess, several in zip(questions, guesses, flows, strict=True):
        paths = tuple(path for _, those in guess for path in those)
        seen = tuple(chain.from_iterable(islice(outcomes, len(several))))
        reports.append(_report(model, each, paths, seen))
    return tuple(reports)


def _flows(
    each: Question, guess: Sequence[tuple[IPAddress, Sequence[PredictedPath]]]
) -> Iterator[Flow]:
    """Yield the flow to each address of the destination. They share the attempts."""
    for number, (address, paths) in enumerate(guess):
        if times := len(range(number, each.spec.times, len(guess))):
            yield _flow(each, address, times, paths)


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
        source_port=each.spec.source_port,
        pace=f"{limited[0]} {limited[1]}" if limited else "",
        router=limited[0] if limited else "",
        together=each.spec.together,
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
    model: Model, each: Question, guess: Sequence[PredictedPath], seen: Sequence[Outcome]
) -> ProbeReport:
    spec, expected = each.spec, each.expected
    observed = tuple(judged(_referenced(one, model.references), each.to, expected) for one in seen)
    foreseen = tuple(_foreseen(each, guess))
    sources = {one.source for one in (*foreseen, *observed) if one.source is not None}
    holders = model.holders({*sources, *(expected.source or ())}, each.source)
    known, late = excused(foreseen, observed)
    found = tuple(defects(known, observed, paths=each.path))
    return ProbeReport(
        name=each.name,
        source=spec.from_,
        target=spec.to,
        protocol=spec.protocol.value,
        times=spec.times,
        expected=spec.expect.model_dump(mode="json", exclude_defaults=True),
        predicted=Unknown(WITHHELD)
        if late and not found
        else Answer(foreseen, holders, each.to.container),
        observed=Answer(observed, holders, each.to.container),
        disagreements=tuple(disagreements(expected, observed, holders)),
        defects=found,
        with_path=each.path,
        size=spec.size,
        http=str(each.http) if each.http else "",
        container=spec.container,
    )


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
