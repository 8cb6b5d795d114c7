"""The comparison of what a probe's author expected, the model predicts and the kernel did."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from nsnet.ip import IPAddress, Protocol
from nsnet.names.resolver import Resolution
from nsnet.probes.lookup import Lookup, lookup_of, number_of_queries
from nsnet.probes.outcome import Outcome
from nsnet.topology.destinations import Destination
from nsnet.verdict import ANSWERED, Verdict, in_numbers
from nsnet.walk.packet import PredictedPath, Unknown

# The normal quantile of p = 1e-6, for the chi-square test of an even distribution.
ONE_IN_A_MILLION = 4.753424


@dataclass(frozen=True, slots=True)
class Expected:
    """A probe's expectation with its references resolved. A field that is None accepts any
    result."""

    verdicts: frozenset[Verdict] | None = None
    counts: Mapping[Verdict, int] | None = None  # of attempts with each of these verdicts
    source: frozenset[IPAddress] | None = None
    servers: frozenset[str] | None = None
    path: tuple[frozenset[str], ...] | None = None
    # These servers must reply equally often; if empty, all servers that replied.
    balanced: frozenset[str] | None = None
    sticky: bool = False  # one server must reply to all attempts
    status: frozenset[int] | None = None  # of HTTP responses
    queries: int | None = None  # that it takes to find the address of a DNS name


def judged(outcome: Outcome, to: Destination, expected: Expected) -> Outcome:
    """Return the outcome with its final verdict.

    An answer gets the verdict wrong-server if its server is not behind the destination, and
    wrong-source if the server saw another source than expected. An outcome without an answer loses
    its server and source.
    """
    if outcome.verdict is not Verdict.OK:
        return (
            outcome if outcome.verdict in ANSWERED else outcome._replace(server=None, source=None)
        )
    # An HTTP response without a server is that of a health check or a proxy.
    anonymous = outcome.status is not None and outcome.server is None
    if to.servers is not None and outcome.server not in to.servers and not anonymous:
        return outcome._replace(verdict=Verdict.WRONG_SERVER)
    if expected.source is not None and outcome.source not in expected.source:
        return outcome._replace(verdict=Verdict.WRONG_SOURCE)
    return outcome


def predicted(
    paths: Iterable[PredictedPath], to: Destination, expected: Expected
) -> tuple[Outcome, ...]:
    """Return the outcome of each predicted path, judged like an outcome of the kernel."""
    return tuple(
        judged(
            Outcome(
                verdict=each.verdict,
                server=each.server,
                source=each.source,
                path=each.path,
                status=each.status,
                location=each.location,
            ),
            to,
            expected,
        )
        for each in paths
    )


def undecided(guess: Sequence[Outcome], protocol: Protocol) -> Iterator[Outcome]:
    """Yield the outcomes that attempts with a body may have besides `guess`, the predicted ones.

    After a timeout (over TCP: on an established connection) the prober sends a small request, to
    find out whether the size was the cause. It may reach another server. So an attempt can end as
    timeout where large-hangs was predicted or, except over TCP, the other way round.

    Fragments that wait for ARP may overflow the queue of the neighbour entry and be dropped
    silently: timeout where host-unreachable was predicted, except over TCP.
    """
    verdicts = {each.verdict for each in guess}
    answered = {*ANSWERED, Verdict.LARGE_HANGS}
    for each in guess:
        silent = each._replace(server=None, source=None)
        match each.verdict:
            case Verdict.LARGE_HANGS if verdicts - answered:
                yield silent._replace(verdict=Verdict.TIMEOUT)
            case Verdict.TIMEOUT if verdicts & answered and protocol is not Protocol.TCP:
                yield silent._replace(verdict=Verdict.LARGE_HANGS)
            case Verdict.HOST_UNREACHABLE if protocol is not Protocol.TCP:
                yield silent._replace(verdict=Verdict.TIMEOUT)


def excused(
    guess: Sequence[Outcome], attempts: Sequence[Outcome]
) -> tuple[tuple[Outcome, ...], bool]:
    """Return the predicted outcomes, and whether timeouts had to be added to them: those of
    attempts that awaited net-unreachable while a router withheld such errors."""
    timeout = any(one.verdict is Verdict.TIMEOUT and one.withheld for one in attempts)
    awaited = [one for one in guess if one.verdict is Verdict.NET_UNREACHABLE]
    if not (timeout and awaited) or any(one.verdict is Verdict.TIMEOUT for one in guess):
        return tuple(guess), False
    return (*guess, *(one._replace(verdict=Verdict.TIMEOUT) for one in awaited)), True


def disagreements(
    expected: Expected,
    attempts: Sequence[Outcome],
    names: Mapping[str, str] = MappingProxyType({}),
    lookup: Lookup | None = None,
) -> list[str]:
    """Return a sentence for each way in which the attempts differ from what the author expected.

    `names`: by address, the reference of the pod, node, gateway or host that has it. `lookup`: what
    the client's resolver found, if the destination is a DNS name.
    """
    return [
        *_queries(expected, lookup),
        *_verdicts(expected, attempts),
        *_sources(expected, attempts, names),
        *_statuses(expected, attempts),
        *_servers(expected, attempts),
        *_paths(expected, attempts),
        *_balance(expected, attempts),
        *_sticky(expected, attempts),
    ]


def defects(
    guess: Sequence[Outcome] | Unknown, attempts: Sequence[Outcome], *, paths: bool
) -> list[str]:
    """Return a sentence for each way in which the attempts differ from the prediction; with `paths`
    their paths are compared, too. A difference is always a mistake of nsnet, in its model or in
    what it has built."""
    if isinstance(guess, Unknown):
        return []
    possible = {each.compared for each in guess}
    strange = {each.compared for each in attempts} - possible
    found = [f"not predicted: {each}" for each in sorted(strange, key=str)]
    if paths and not strange:
        foreseen = {(each.compared, each.path) for each in guess}
        for attempt in {each._replace(ms=0.0) for each in attempts}:
            if (attempt.compared, attempt.path) not in foreseen:
                found.append(f"not predicted: the path {_arrow(attempt.path or ())}")
    return found


def lookup_defects(guess: Resolution | Unknown, seen: Lookup) -> list[str]:
    """Return a sentence if the client's resolver found something else than predicted. Like any
    difference between kernel and model, it is a mistake of nsnet."""
    if isinstance(guess, Unknown) or lookup_of(seen.name, guess).compared == seen.compared:
        return []
    return [f"not predicted: {seen}; predicted: {lookup_of(seen.name, guess)}"]


def chi_square_limit(degrees: int) -> float:
    """Return the value that a chi-square statistic with this many degrees of freedom exceeds with a
    probability of one in a million (approximation of Wilson and Hilferty, 1931)."""
    spread = 2 / (9 * degrees)
    root = 1 - spread + ONE_IN_A_MILLION * math.sqrt(spread)
    return degrees * root * root * root


def _queries(expected: Expected, lookup: Lookup | None) -> Iterator[str]:
    if lookup is not None and expected.queries not in (None, lookup.queries):
        wanted = number_of_queries(expected.queries or 0)
        yield f"expected {wanted} for {lookup.name}, got {lookup.queries}"


def _verdicts(expected: Expected, attempts: Sequence[Outcome]) -> list[str]:
    if expected.verdicts is None:
        return []
    # _sources says more about an answer of which only the source is wrong.
    accepted = {*expected.verdicts}
    accepted |= {Verdict.WRONG_SOURCE} if Verdict.OK in accepted else set()
    counts = Counter(each.verdict for each in attempts if each.verdict not in accepted)
    wanted = " or ".join(sorted(expected.verdicts))
    found = []
    for verdict, times in counts.items():
        first = next(each for each in attempts if each.verdict is verdict)
        found.append(f"expected {wanted}, got {first.compared}{_share(times, attempts)}")
    return found or [*_counts(expected, attempts)]


def _counts(expected: Expected, attempts: Sequence[Outcome]) -> Iterator[str]:
    """Yield a sentence if other numbers of attempts than expected have these verdicts."""
    seen: Counter[Verdict] = Counter(
        Verdict.OK if each.verdict is Verdict.WRONG_SOURCE else each.verdict for each in attempts
    )
    if expected.counts is not None and seen != expected.counts:
        yield f"expected {in_numbers(expected.counts)}, got {in_numbers(seen)}"


def _sources(
    expected: Expected, attempts: Sequence[Outcome], names: Mapping[str, str]
) -> Iterator[str]:
    """Yield a sentence for each source that a server saw but that was not expected."""
    if expected.verdicts is not None and Verdict.WRONG_SOURCE in expected.verdicts:
        return
    wrong = {each.source for each in attempts if each.verdict is Verdict.WRONG_SOURCE}
    wanted = sorted(map(str, expected.source or ()))
    for source in sorted(map(str, wrong)):
        holder = names.get(source, "")
        by = (
            f": masqueraded with the address of {holder}"
            if _translates(holder) and holder not in {names.get(each) for each in wanted}
            else ""
        )
        yield (
            f"expected source {' or '.join(_named(each, names) for each in wanted)},"
            f" got {_named(source, names)}{by}"
        )


def _statuses(expected: Expected, attempts: Sequence[Outcome]) -> Iterator[str]:
    if expected.status is None:
        return
    wanted = " or ".join(map(str, sorted(expected.status)))
    counts = Counter(
        each.status
        for each in attempts
        if each.status is not None and each.status not in expected.status
    )
    for status, times in counts.items():
        yield f"expected status {wanted}, got {status}{_share(times, attempts)}"


def _translates(reference: str) -> bool:
    """Return whether the reference is to a node or gateway, which translate addresses."""
    return not {"node", "gateway"}.isdisjoint(reference.split("/")[:2])


def _named(address: str, names: Mapping[str, str]) -> str:
    return f"{address} ({names[address]})" if address in names else address


def _servers(expected: Expected, attempts: Sequence[Outcome]) -> list[str]:
    if expected.servers is None:
        return []
    seen = {each.server for each in attempts if each.server is not None}
    missing, extra = expected.servers - seen, seen - expected.servers
    return [
        *(f"{each} never answered" for each in sorted(missing)),
        *(f"{each} answered but was not expected" for each in sorted(extra)),
    ]


def _paths(expected: Expected, attempts: Sequence[Outcome]) -> list[str]:
    if expected.path is None:
        return []
    wrong = {
        each.path or ()
        for each in attempts
        if len(each.path or ()) != len(expected.path)
        or any(
            place not in allowed
            for place, allowed in zip(each.path or (), expected.path, strict=True)
        )
    }
    wanted = _arrow([" or ".join(sorted(allowed)) for allowed in expected.path])
    return [f"expected the path {wanted}, got {_arrow(each) or 'none'}" for each in sorted(wrong)]


def _balance(expected: Expected, attempts: Sequence[Outcome]) -> list[str]:
    if expected.balanced is None:
        return []
    counts = Counter(each.server for each in attempts if each.server is not None)
    servers = expected.balanced or frozenset(counts)
    if len(servers) < 2:
        return []
    fair = sum(counts[server] for server in servers) / len(servers)
    chi = sum((counts[server] - fair) ** 2 / fair for server in servers) if fair else 0.0
    limit = chi_square_limit(len(servers) - 1)
    if chi <= limit:
        return []
    shares = _shares({server: counts[server] for server in servers})
    return [f"uneven: {shares} (chi-square {chi:.1f}, at most {limit:.1f})"]


def _sticky(expected: Expected, attempts: Sequence[Outcome]) -> list[str]:
    counts = Counter(each.server for each in attempts if each.server is not None)
    if not expected.sticky or len(counts) < 2:
        return []
    return [f"not sticky: {_shares(counts)}"]


def _share(times: int, attempts: Sequence[Outcome]) -> str:
    return f" in {times} of {len(attempts)} attempts" if len(attempts) > 1 else ""


def _shares(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{server} {times}" for server, times in sorted(counts.items()))


def _arrow(path: Sequence[str]) -> str:
    return " → ".join(path)
