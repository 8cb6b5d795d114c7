"""Differences between what the author expected, the model predicted and the kernel did."""

import math
import random

import pytest

from nsnet.ip import IPAddress, Protocol
from nsnet.probes.judge import (
    Expected,
    chi_square_limit,
    defects,
    disagreements,
    judged,
    predicted,
    undecided,
)
from nsnet.probes.outcome import Compared, Outcome
from nsnet.topology.destinations import Destination
from nsnet.verdict import Verdict
from nsnet.walk.packet import PredictedPath, Unknown
from tests.support.labs import ip

WEB = Destination(ip("10.96.0.2"), 80, frozenset({"east/pod/web-0", "east/pod/web-1"}))
ANYBODY = Destination(ip("10.96.0.2"), 80)
CLIENT, NODE = ip("10.244.0.2"), ip("10.244.0.1")
FROM_CLIENT = Expected(source=frozenset({CLIENT}))


def ok(server: str = "web-0", source: str = "10.244.0.2", **more: object) -> Outcome:
    """An answer."""
    return Outcome(Verdict.OK, f"east/pod/{server}", ip(source))._replace(**more)  # type: ignore[arg-type]


TIMEOUT, REFUSED = Outcome(Verdict.TIMEOUT), Outcome(Verdict.REFUSED)
UNREACHABLE, HANGING = Outcome(Verdict.HOST_UNREACHABLE), Outcome(Verdict.LARGE_HANGS)
HANGS = Verdict.LARGE_HANGS.value


@pytest.mark.parametrize(
    ("attempt", "to", "expected", "verdict"),
    [
        (ok(), WEB, Expected(), "ok"),
        (ok("web-1"), WEB, FROM_CLIENT, "ok"),
        (ok("db-0"), WEB, Expected(), "wrong-server"),  # neither the target nor its endpoint
        (ok("db-0"), WEB, FROM_CLIENT, "wrong-server"),
        (ok("db-0"), ANYBODY, Expected(), "ok"),  # an address has no other servers to expect
        (ok(source="10.244.0.1"), WEB, FROM_CLIENT, "wrong-source"),
        (ok(source="10.244.0.1"), WEB, Expected(), "ok"),  # no source is expected
        (REFUSED, WEB, FROM_CLIENT, "refused"),
        (TIMEOUT, WEB, FROM_CLIENT, "timeout"),
    ],
)
def test_a_reply_is_ok_if_server_and_source_are_the_expected_ones(
    attempt: Outcome, to: Destination, expected: Expected, verdict: str
) -> None:
    assert judged(attempt, to, expected).verdict == verdict


def test_without_a_reply_there_is_no_server() -> None:
    # The server saw the question, but the client never saw the answer.
    lost = ok()._replace(verdict=Verdict.TIMEOUT)
    assert judged(lost, WEB, Expected()).compared == Compared(Verdict.TIMEOUT, None, None)


def test_a_prediction_is_judged_like_an_observation() -> None:
    paths = [
        PredictedPath(verdict=Verdict.OK, server="east/pod/web-0", source=CLIENT, request=()),
        PredictedPath(verdict=Verdict.OK, server="east/pod/db-0", source=CLIENT, request=()),
        PredictedPath(verdict=Verdict.OK, server="east/pod/web-1", source=NODE, request=()),
        PredictedPath(verdict=Verdict.REFUSED, request=()),
    ]
    assert [each.verdict for each in predicted(paths, WEB, FROM_CLIENT)] == [
        "ok",
        "wrong-server",
        "wrong-source",
        "refused",
    ]


# --- the kernel and the author ---

ALL_OK = Expected(frozenset({Verdict.OK}))
BOTH = frozenset({"east/pod/web-0", "east/pod/web-1"})


@pytest.mark.parametrize(
    ("expected", "attempts", "sentences"),
    [
        (Expected(), [TIMEOUT], []),  # nothing was said
        (ALL_OK, [ok(), ok("web-1")], []),
        (ALL_OK, [TIMEOUT], ["expected ok, got timeout"]),
        (ALL_OK, [ok(), REFUSED, REFUSED], ["expected ok, got refused in 2 of 3 attempts"]),
        (
            ALL_OK,
            [ok("db-0", verdict=Verdict.WRONG_SERVER)],
            ["expected ok, got wrong-server by east/pod/db-0, seen as 10.244.0.2"],
        ),
        (Expected(frozenset({Verdict.TIMEOUT, Verdict.REFUSED})), [TIMEOUT, REFUSED], []),
        (
            Expected(frozenset({Verdict.TIMEOUT, Verdict.REFUSED})),
            [ok()],
            ["expected refused or timeout, got ok by east/pod/web-0, seen as 10.244.0.2"],
        ),
        (Expected(servers=BOTH), [ok(), ok("web-1")], []),
        (Expected(servers=BOTH), [ok(), ok()], ["east/pod/web-1 never answered"]),
        (
            Expected(servers=BOTH),
            [ok(), ok("web-1"), ok("db-0")],
            ["east/pod/db-0 answered but was not expected"],
        ),
        (
            Expected(servers=frozenset()),
            [ok()],
            ["east/pod/web-0 answered but was not expected"],
        ),
    ],
)
def test_a_difference_from_the_expectation_is_a_disagreement(
    expected: Expected, attempts: list[Outcome], sentences: list[str]
) -> None:
    assert disagreements(expected, attempts) == sentences


VIA = ("east/pod/client", "east/node/n1", "east/pod/web-0")
EXPECTED = "expected the path east/pod/client → east/node/n1 → east/pod/web-0 or east/pod/web-1"
ROUTE = Expected(path=(frozenset({VIA[0]}), frozenset({VIA[1]}), BOTH))


@pytest.mark.parametrize(
    ("path", "sentences"),
    [
        (VIA, []),
        ((*VIA[:2], "east/pod/web-1"), []),  # a Service stands for any of its endpoints
        (VIA[:2], [f"{EXPECTED}, got east/pod/client → east/node/n1"]),
        (None, [f"{EXPECTED}, got none"]),
        (
            (VIA[0], "east/node/n2", VIA[2]),
            [f"{EXPECTED}, got east/pod/client → east/node/n2 → east/pod/web-0"],
        ),
    ],
)
def test_which_path_was_expected(path: tuple[str, ...] | None, sentences: list[str]) -> None:
    assert disagreements(ROUTE, [ok(path=path)]) == sentences


SEEN_BY = {
    "10.244.0.2": "east/pod/client",
    "10.244.0.1": "east/node/n1",
    "198.18.0.2": "east/gateway",
    "10.244.0.9": "east/pod/other",
}


@pytest.mark.parametrize(
    ("expected", "seen", "sentence"),
    [
        (
            {CLIENT},
            "10.244.0.1",
            "expected source 10.244.0.2 (east/pod/client), got 10.244.0.1 (east/node/n1):"
            " masqueraded with the address of east/node/n1",
        ),
        (
            {CLIENT},
            "198.18.0.2",
            "expected source 10.244.0.2 (east/pod/client), got 198.18.0.2 (east/gateway):"
            " masqueraded with the address of east/gateway",
        ),
        (
            {CLIENT},
            "10.244.0.9",
            "expected source 10.244.0.2 (east/pod/client), got 10.244.0.9 (east/pod/other)",
        ),
        (
            {ip("192.0.2.7"), ip("192.0.2.8")},
            "192.0.2.9",
            "expected source 192.0.2.7 or 192.0.2.8, got 192.0.2.9",
        ),
        (  # another address of the client itself
            {NODE},
            "192.168.10.2",
            "expected source 10.244.0.1 (east/node/n1), got 192.168.10.2 (east/node/n1)",
        ),
    ],
)
def test_a_wrong_source_is_named_with_what_was_expected(
    expected: set[IPAddress], seen: str, sentence: str
) -> None:
    names = SEEN_BY | {"192.168.10.2": "east/node/n1"}
    wrong = ok(source=seen, verdict=Verdict.WRONG_SOURCE)
    wanted = Expected(frozenset({Verdict.OK}), source=frozenset(expected))
    assert disagreements(wanted, [wrong, wrong], names) == [sentence]
    accepted = Expected(frozenset({Verdict.WRONG_SOURCE}), source=frozenset(expected))
    assert disagreements(accepted, [wrong], names) == []
    # What is expected besides is said, too.
    timeout = Expected(frozenset({Verdict.TIMEOUT}), source=frozenset(expected))
    assert len(disagreements(timeout, [wrong], names)) == 2


# --- even shares ---


def spread(**times: int) -> list[Outcome]:
    """This many replies by each of these servers."""
    return [ok(server.replace("_", "-")) for server, count in times.items() for _ in range(count)]


EVEN = Expected(balanced=BOTH)


@pytest.mark.parametrize(
    ("expected", "attempts", "fair"),
    [
        (EVEN, spread(web_0=150, web_1=150), True),
        (EVEN, spread(web_0=170, web_1=130), True),  # within chance
        (EVEN, spread(web_0=200, web_1=100), False),
        (EVEN, spread(web_0=300), False),  # the other never answered
        (EVEN, spread(web_0=150, web_1=150, db_0=9), True),  # which `servers` would say
        (Expected(balanced=frozenset({"east/pod/web-0"})), spread(web_0=300), True),
        (
            Expected(balanced=frozenset()),
            spread(web_0=150, web_1=150),
            True,
        ),  # all that replied
        (Expected(balanced=frozenset()), spread(web_0=250, web_1=50), False),
        (EVEN, [TIMEOUT] * 300, True),  # which `verdict` would say
        (Expected(), spread(web_0=300), True),
    ],
)
def test_shares_are_even_within_chance(
    expected: Expected, attempts: list[Outcome], fair: bool
) -> None:
    assert (disagreements(expected, attempts) == []) is fair


def test_uneven_shares_are_shown() -> None:
    assert disagreements(EVEN, spread(web_0=200, web_1=100)) == [
        "uneven: east/pod/web-0 200, east/pod/web-1 100 (chi-square 33.3, at most 27.5)"
    ]


STICKY = Expected(sticky=True)


@pytest.mark.parametrize(
    ("expected", "attempts", "sentences"),
    [
        (STICKY, spread(web_0=40), []),
        (STICKY, [*spread(web_0=2), TIMEOUT], []),  # which `verdict` would say
        (STICKY, [TIMEOUT], []),
        (STICKY, spread(web_0=39, web_1=1), ["not sticky: east/pod/web-0 39, east/pod/web-1 1"]),
        (Expected(), spread(web_0=39, web_1=1), []),
    ],
)
def test_affinity_is_one_server_for_all_attempts_that_are_answered(
    expected: Expected, attempts: list[Outcome], sentences: list[str]
) -> None:
    assert disagreements(expected, attempts) == sentences


def tail(chi: float, degrees: int) -> float:
    """The exact probability that a fair choice is at least this uneven, by recurrence."""
    half = chi / 2
    odd = degrees % 2
    chance = math.erfc(math.sqrt(half)) if odd else math.exp(-half)
    for step in range(degrees // 2 if odd else degrees // 2 - 1):
        order = step + (0.5 if odd else 1)
        chance += math.exp(order * math.log(half) - half - math.lgamma(order + 1))
    return chance


@pytest.mark.parametrize("degrees", [1, 2, 3, 4, 9, 49, 99])
def test_a_fair_choice_exceeds_the_limit_about_once_in_a_million(degrees: int) -> None:
    assert 1e-7 < tail(chi_square_limit(degrees), degrees) <= 1e-6


@pytest.mark.parametrize("seed", range(5))
def test_a_fair_choice_passes(seed: int) -> None:
    dice = random.Random(seed)
    names = [f"web-{number}" for number in range(7)]
    expected = Expected(balanced=frozenset(f"east/pod/{name}" for name in names))
    attempts = [ok(dice.choice(names)) for _ in range(700)]
    assert disagreements(expected, attempts) == []


# --- the kernel and the model ---


@pytest.mark.parametrize(
    ("guess", "attempts", "sentences"),
    [
        ([ok(), ok("web-1")], [ok(), ok()], []),  # not every possible thing happens
        ([ok()], [ok(ms=3.5)], []),
        ([ok()], [TIMEOUT], ["not predicted: timeout"]),
        (
            [ok()],
            [ok(source="10.244.0.1")],
            ["not predicted: ok by east/pod/web-0, seen as 10.244.0.1"],
        ),
        (
            [ok()],
            [ok("web-1"), ok("web-1")],  # once said is enough
            ["not predicted: ok by east/pod/web-1, seen as 10.244.0.2"],
        ),
        ([TIMEOUT], [TIMEOUT, REFUSED], ["not predicted: refused"]),
    ],
)
def test_an_outcome_that_was_not_predicted_is_a_defect(
    guess: list[Outcome], attempts: list[Outcome], sentences: list[str]
) -> None:
    assert defects(guess, attempts, paths=False) == sentences


def test_without_a_prediction_there_is_no_defect() -> None:
    assert defects(Unknown("a route was changed by hand"), [TIMEOUT], paths=True) == []


@pytest.mark.parametrize(
    ("paths", "sentences"),
    [(False, []), (True, ["not predicted: the path east/pod/client → east/node/n1"])],
)
def test_a_path_is_compared_if_it_was_recorded(paths: bool, sentences: list[str]) -> None:
    seen = [ok(path=VIA[:2]), ok(path=VIA)]
    assert defects([ok(path=VIA)], seen, paths=paths) == sentences


@pytest.mark.parametrize(
    ("case", "guess", "tcp", "datagram"),
    [
        ("one server, whatever comes of it", [ok()], "", ""),
        ("all servers refuse", [REFUSED], "", ""),
        (
            "one server is deaf, and the small attempt may meet the other",
            [ok(), TIMEOUT],
            "",
            HANGS,
        ),
        ("one refuses the small attempt", [HANGING, REFUSED], "timeout", "timeout"),
        ("one is deaf to it", [HANGING, TIMEOUT], "timeout", f"{HANGS} timeout"),
        ("large hangs or passes, small passes", [HANGING, ok()], "", ""),
        ("fragments wait for ARP, and some find no room", [UNREACHABLE], "", "timeout"),
    ],
)
def test_the_small_request_after_a_large_one_may_reach_another_server(
    case: str, guess: list[Outcome], tcp: str, datagram: str
) -> None:
    for protocol, wanted in ((Protocol.TCP, tcp), (Protocol.UDP, datagram)):
        found = {each.verdict.value for each in undecided(guess, protocol)}
        assert found == set(wanted.split()), (case, protocol)


def test_how_many_attempts_have_which_verdict() -> None:
    attempts = [ok()] * 3 + [Outcome(Verdict.TIMEOUT)] * 2
    verdicts = frozenset({Verdict.OK, Verdict.TIMEOUT})
    for oks, timeouts, said in (
        (3, 2, []),
        (4, 1, ["expected 4 ok, 1 timeout, got 3 ok, 2 timeout"]),
        (5, 0, ["expected 5 ok, got 3 ok, 2 timeout"]),
    ):
        expected = Expected(verdicts, {Verdict.OK: oks, Verdict.TIMEOUT: timeouts})
        assert disagreements(expected, attempts) == said
    only = Expected(frozenset({Verdict.OK}), {Verdict.OK: 5})
    assert disagreements(only, attempts) == ["expected ok, got timeout in 2 of 5 attempts"]


def test_an_attempt_with_a_wrong_source_counts_as_ok() -> None:
    attempts = [Outcome(Verdict.WRONG_SOURCE, "east/pod/web-0", NODE)]
    expected = Expected(frozenset({Verdict.OK}), {Verdict.OK: 1}, frozenset({CLIENT}))
    (said,) = disagreements(expected, attempts)
    assert said.startswith("expected source")
