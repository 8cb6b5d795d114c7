"""Asking the author, the model and the kernel: the flows of a probe, and what its report says of
what it saw."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from nsnet.ip import Protocol
from nsnet.probes import ask as asking
from nsnet.probes.ask import Connection, ask
from nsnet.probes.outcome import Outcome
from nsnet.probes.prober import Flow, Pace
from nsnet.probes.question import probe_spec, question
from nsnet.probes.report import Answer, ProbeReport
from nsnet.verdict import Verdict
from tests.support.labs import ip, lab, pod, service, workload

LAB = lab(
    pod("client", spec="nodeName: n1"),
    workload("Deployment", "web", 2),
    service("web"),
    spec="externals: [{name: api, address: 203.0.113.80}]",
)
CLIENT = "nsnet.lab.east.pod.default.client"
MODEL = LAB.model
PATH = ("east/pod/client", "east/node/n1", "east/pod/web-0")
NAMESPACES = tuple(
    next(name for name, each in MODEL.references.items() if each == reference) for reference in PATH
)
OK = Outcome(Verdict.OK, "east/pod/web-0", ip("10.244.0.2"), None, 1.5)
REFUSED = Outcome(Verdict.REFUSED)
TIMEOUT = Outcome(Verdict.TIMEOUT)
NOWHERE = Outcome(Verdict.NET_UNREACHABLE)


def asked(
    monkeypatch: pytest.MonkeyPatch,
    to: str,
    *outcomes: Outcome,
    source: str = "pod/client",
    protocol: str = "tcp",
    path: bool = False,
    **fields: Any,
) -> tuple[Flow, ProbeReport]:
    """The flow of a probe, and its report if the kernel shows these outcomes."""
    flows: list[Flow] = []

    def send(
        sent: Sequence[Flow],
        namespaces: Sequence[str],
        progress: Callable[[int], None],
        neighbours: Mapping[str, frozenset[str]],
        pace: Pace | None,
    ) -> list[tuple[Outcome, ...]]:
        flows.extend(sent)
        assert namespaces == list(MODEL.references)
        assert neighbours == MODEL.neighbours
        assert pace is None
        return [outcomes]

    monkeypatch.setattr(asking, "send", send)
    spec = probe_spec(source, to, protocol, **fields)
    (report,) = ask(MODEL, [question(LAB.topology, spec, path=path)])
    return flows[0], report


def test_the_prober_gets_what_the_probe_says(monkeypatch: pytest.MonkeyPatch) -> None:
    fields: dict[str, Any] = {
        "times": 3,
        "timeout": 0.7,
        "size": 9,
        "sourcePort": 5000,
        "together": "x",
    }
    flow, _ = asked(monkeypatch, "pod/web-0:80", OK, OK, OK, protocol="udp", path=True, **fields)
    assert flow == Flow(
        netns=CLIENT,
        address=ip("10.244.0.3"),
        port=80,
        protocol=Protocol.UDP,
        times=3,
        timeout=0.7,
        size=9,
        source_port=5000,
        pace="",
        router="",
        together="x",
        path=True,
    )


@pytest.mark.parametrize(
    ("source", "to", "pace"),
    [
        ("pod/client", "pod/web-0:80", ""),
        (
            "pod/client",
            "192.0.2.1:80",
            "nsnet.lab.fabric 192.168.10.2",
        ),  # router, source
        ("fabric", "192.0.2.1:80", ""),  # its own kernel is not limited
    ],
)
def test_probes_share_a_pace_where_a_router_limits_its_errors(
    monkeypatch: pytest.MonkeyPatch, source: str, to: str, pace: str
) -> None:
    flow, _ = asked(monkeypatch, to, REFUSED, source=source)
    assert flow.pace == pace
    assert flow.router == pace.partition(" ")[0]


def test_the_prober_holds_connections_open(monkeypatch: pytest.MonkeyPatch) -> None:
    flow, report = asked(monkeypatch, "pod/web-0:80", OK, OK, times=2, held=True)
    assert (flow.held, report.held) == (True, True)
    assert "×2 held open" in report.question
    assert report.defects == ()


def test_ipv6_errors_are_not_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    six = lab(
        pod("client"),
        clusters=(
            "{name: east, podCIDR: 'fd00:244::/48', serviceCIDR: 'fd00:96::/112',"
            " nodeCIDR: 'fd01::/64'}",
        ),
        spec="fabricCIDR: fd98::/64",
    )
    flows: list[Flow] = []

    def send(sent: Sequence[Flow], *_: object, **__: object) -> list[tuple[Outcome, ...]]:
        flows.extend(sent)
        return [(NOWHERE,)]

    monkeypatch.setattr(asking, "send", send)
    (report,) = ask(
        six.model, [question(six.topology, probe_spec("pod/client", "[2001:db8::1]:80"))]
    )
    assert ([each.pace for each in flows], report.defects) == ([""], ())


@pytest.mark.parametrize(
    ("seen", "predicted", "defects"),
    [
        ((NOWHERE, NOWHERE), "net-unreachable", 0),
        ((NOWHERE, TIMEOUT), "net-unreachable", 1),
        # Others have sent the router packets without a route, too.
        ((NOWHERE, TIMEOUT._replace(withheld=True)), "?", 0),
        ((NOWHERE._replace(withheld=True),) * 2, "net-unreachable", 0),
        ((REFUSED, TIMEOUT._replace(withheld=True)), "net-unreachable", 1),
    ],
)
def test_an_error_that_a_router_withheld_is_no_defect(
    monkeypatch: pytest.MonkeyPatch, seen: tuple[Outcome, ...], predicted: str, defects: int
) -> None:
    _, report = asked(monkeypatch, "192.0.2.1:80", *seen, times=2)
    known = isinstance(report.predicted, Answer)
    assert (report.predicted.verdict if isinstance(report.predicted, Answer) else "?") == predicted
    assert (known, len(report.defects)) == (predicted != "?", defects)


def test_a_timeout_elsewhere_is_a_defect_though_a_router_withheld_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, report = asked(monkeypatch, "pod/web-0:80", TIMEOUT._replace(withheld=True))
    assert report.defects == ("not predicted: timeout",)


@pytest.mark.parametrize(
    ("probes", "lines"),
    [
        ([("192.0.2.1:80", 4)], []),
        (
            [("192.0.2.1:80", 200)],
            [
                "200 attempts without a route: paced at one a second, as Linux answers a missing"
                " route so often: about 210 s"
            ],
        ),
        (
            [("192.0.2.1:80", 3), ("192.0.2.2:80", 7), ("pod/web-0:80", 500)],
            [
                "10 attempts without a route: paced at one a second, as Linux answers a missing"
                " route so often: about 10 s"
            ],
        ),
    ],
)
def test_attempts_that_take_long_are_announced(
    monkeypatch: pytest.MonkeyPatch, probes: list[tuple[str, int]], lines: list[str]
) -> None:
    monkeypatch.setattr(asking, "send", lambda flows, *_, **__: [(NOWHERE,) for _ in flows])
    said: list[str] = []
    specs = [probe_spec("pod/client", to, times=times) for to, times in probes]
    ask(MODEL, [question(LAB.topology, each) for each in specs], announce=said.append)
    assert said == lines


def test_a_report_has_references_for_namespaces_and_for_source_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = OK._replace(path=NAMESPACES)
    _, report = asked(monkeypatch, "pod/web-0:80", seen, path=True)
    assert report.observed == Answer((OK._replace(path=PATH),), {"10.244.0.2": "east/pod/client"})
    assert (report.disagreements, report.defects) == ((), ())


def test_icmp_names_the_namespace_that_replied_by_its_reference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = OK._replace(server=NAMESPACES[-1])
    _, report = asked(monkeypatch, "pod/web-0", seen, protocol="icmp")
    assert report.observed.servers == ["east/pod/web-0"]


@pytest.mark.parametrize(
    ("to", "fields", "seen", "defects"),
    [
        ("pod/web-0:80", {}, OK, 0),
        ("pod/web-0:80", {}, REFUSED, 1),
        ("10.244.0.99:80", {}, Outcome(Verdict.HOST_UNREACHABLE), 0),
        ("10.244.0.99:80", {}, TIMEOUT, 1),
        ("10.244.0.99:80", {"timeout": 0.4}, TIMEOUT, 0),  # sooner than ARP gives up
        ("10.244.0.99:80", {"timeout": 0.5}, TIMEOUT, 1),
    ],
)
def test_what_the_model_does_not_predict_is_a_defect(
    monkeypatch: pytest.MonkeyPatch, to: str, fields: dict[str, Any], seen: Outcome, defects: int
) -> None:
    _, report = asked(monkeypatch, to, seen, **fields)
    assert len(report.defects) == defects


def test_what_the_author_did_not_expect_is_a_disagreement(monkeypatch: pytest.MonkeyPatch) -> None:
    _, report = asked(monkeypatch, "pod/web-0:80", OK, expect={"verdict": "timeout"})
    assert len(report.disagreements) == 1
    assert not report.passed


# --- what lab.connect returns ---


def connection(monkeypatch: pytest.MonkeyPatch, *outcomes: Outcome) -> Connection:
    return Connection(asked(monkeypatch, "svc/web:80", *outcomes)[1])


def test_a_connection_says_what_both_ends_saw(monkeypatch: pytest.MonkeyPatch) -> None:
    found = connection(monkeypatch, OK, OK._replace(server="east/pod/web-1", ms=2.5))
    assert found.verdict is Verdict.OK
    assert found.verdicts == {Verdict.OK: 2}
    assert found.servers == {"east/pod/web-0", "east/pod/web-1"}
    assert found.source == ip("10.244.0.2")
    assert found.sources == {ip("10.244.0.2")}
    assert (found.path, found.ms) == (None, 2.5)
    assert str(found) == (
        "pod/client → svc/web:80 tcp: ok by 2 servers, seen as 10.244.0.2 (east/pod/client)"
    )


def test_a_connection_whose_attempts_differ_has_no_single_verdict_or_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = connection(monkeypatch, OK, OK._replace(source=ip("10.244.0.1")), REFUSED)
    assert found.verdicts == {Verdict.OK: 2, Verdict.REFUSED: 1}
    with pytest.raises(ValueError, match="differently"):
        found.verdict  # noqa: B018
    with pytest.raises(ValueError, match="several sources"):
        found.source  # noqa: B018


def test_without_an_answer_there_is_no_server_and_no_source(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = connection(monkeypatch, TIMEOUT)
    assert (found.servers, found.source) == (frozenset(), None)
