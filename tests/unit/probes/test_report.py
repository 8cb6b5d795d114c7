"""The JSON and JUnit forms of a report."""

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

from nsnet.probes.outcome import Outcome
from nsnet.probes.report import Answer, ProbeReport, Report, error_as_junit
from nsnet.verdict import Verdict
from nsnet.walk.packet import Unknown
from tests.support.labs import ip

NAMES = {"10.244.0.2": "east/pod/client"}
VIA = ("east/pod/client", "east/node/n1", "east/pod/web-0")


def ok(server: str, ms: float = 0.0, source: str = "10.244.0.2") -> Outcome:
    """An answer."""
    return Outcome(Verdict.OK, f"east/pod/{server}", ip(source), VIA, ms)


def probe(
    predicted: Answer | Unknown,
    *observed: Outcome,
    disagreements: tuple[str, ...] = (),
    defects: tuple[str, ...] = (),
    path: bool = False,
) -> ProbeReport:
    """The report of one probe."""
    return ProbeReport(
        "it <answers>",
        "east/pod/client",
        "east/svc/web:80",
        "tcp",
        len(observed),
        {"verdict": "ok", "servers": ["east/deploy/web"]},
        predicted,
        Answer(observed, NAMES),
        disagreements,
        defects,
        path,
    )


BOTH = Answer((ok("web-0"), ok("web-1")), NAMES)
GOOD = probe(BOTH, ok("web-1", 2.5), ok("web-0", 1.25), ok("web-1", 0.5))
BAD = probe(
    BOTH,
    ok("web-0", source="192.0.2.1"),
    Outcome(Verdict.REFUSED),
    Outcome(Verdict.REFUSED),
    disagreements=("expected ok, got refused in 2 of 3 attempts", "east/pod/web-1 never answered"),
    defects=("not predicted: refused",),
)
UNKNOWN = probe(Unknown("the lab is not as its file says"), ok("web-0", 1.0), path=True)
NO_HTTP: dict[str, Any] = {"statuses": {}, "locations": [], "certificates": []}
REPORT = Report("demo", (GOOD, BAD, UNKNOWN), 1.5)


def test_the_json_form_of_a_report() -> None:
    asked = {
        "name": "it <answers>",
        "from": "east/pod/client",
        "to": "east/svc/web:80",
        "protocol": "tcp",
    }
    expected = {"verdict": "ok", "servers": ["east/deploy/web"]}
    both = {
        "verdict": "ok",
        "verdicts": {"ok": 2},
        "servers": ["east/pod/web-0", "east/pod/web-1"],
        "sources": [{"address": "10.244.0.2", "ref": "east/pod/client"}],
        **NO_HTTP,
        "path": None,  # it was not recorded
        "ms": None,  # a model takes no time
        "container": None,
    }
    assert REPORT.as_json() == {
        "schema": "nsnet.dev/report/v1",
        "lab": "demo",
        "passed": 2,
        "failed": 1,
        "unjudged": 0,
        "defects": 1,
        "probes": [
            {
                **asked,
                "times": 3,
                "size": 0,
                "held": False,
                "idle": 0.0,
                "keepalive": 0,
                "http": None,
                "expected": expected,
                "predicted": both,
                "observed": {**both, "verdicts": {"ok": 3}, "ms": 1.25},
                "passed": True,
                "judged": True,
                "defect": False,
                "container": None,
                "lookup": None,
            },
            {
                **asked,
                "times": 3,
                "size": 0,
                "held": False,
                "idle": 0.0,
                "keepalive": 0,
                "http": None,
                "expected": expected,
                "predicted": both,
                "observed": {
                    "verdict": "mixed",
                    "verdicts": {"ok": 1, "refused": 2},
                    "servers": ["east/pod/web-0"],
                    "sources": [{"address": "192.0.2.1", "ref": None}],  # no place holds it
                    **NO_HTTP,
                    "path": None,
                    "ms": 0.0,
                    "container": None,
                },
                "passed": False,
                "judged": True,
                "defect": True,
                "container": None,
                "lookup": None,
            },
            {
                **asked,
                "times": 1,
                "size": 0,
                "held": False,
                "idle": 0.0,
                "keepalive": 0,
                "http": None,
                "expected": expected,
                "predicted": {"verdict": None, "unknown": "the lab is not as its file says"},
                "observed": {
                    "verdict": "ok",
                    "verdicts": {"ok": 1},
                    "servers": ["east/pod/web-0"],
                    "sources": [{"address": "10.244.0.2", "ref": "east/pod/client"}],
                    **NO_HTTP,
                    "path": list(VIA),
                    "ms": 1.0,
                    "container": None,
                },
                "passed": True,
                "judged": True,
                "defect": False,
                "container": None,
                "lookup": None,
            },
        ],
    }


def test_keys_come_in_the_documented_order() -> None:
    report = json.loads(json.dumps(REPORT.as_json()))
    assert list(report) == [
        "schema",
        "lab",
        "passed",
        "failed",
        "unjudged",
        "defects",
        "probes",
    ]
    assert list(report["probes"][0]) == [
        "name",
        "from",
        "to",
        "protocol",
        "times",
        "size",
        "held",
        "idle",
        "keepalive",
        "http",
        "expected",
        "predicted",
        "observed",
        "passed",
        "judged",
        "defect",
        "container",
        "lookup",
    ]
    assert list(report["probes"][0]["observed"]) == [
        "verdict",
        "verdicts",
        "servers",
        "sources",
        "statuses",
        "locations",
        "certificates",
        "path",
        "ms",
        "container",
    ]


def test_a_report_is_ok_if_all_probes_passed_and_all_predictions_were_right() -> None:
    assert Report("demo", (GOOD, UNKNOWN)).ok
    assert not Report("demo", (GOOD, BAD)).ok
    assert not Report("demo", (probe(BOTH, ok("web-9"), defects=("…",)),)).ok
    assert not Report("demo", (probe(BOTH, ok("web-9"), disagreements=("…",)),)).ok


def test_in_junit_a_failed_expectation_is_a_failure_and_a_wrong_prediction_an_error() -> None:
    suite = ElementTree.fromstring(REPORT.as_junit())
    assert suite.attrib == {
        "name": "demo",
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "time": "0.005",
    }
    assert [each.attrib for each in suite.findall("testcase")] == [
        {"classname": "demo.east/pod/client", "name": "it <answers>", "time": time}
        for time in ("0.004", "0.000", "0.001")
    ]
    assert [(each.tag, each.get("message"), each.text) for each in suite.findall("testcase/*")] == [
        (
            "failure",
            "expected ok, got refused in 2 of 3 attempts",
            "expected ok, got refused in 2 of 3 attempts\neast/pod/web-1 never answered",
        ),
        ("error", "not predicted: refused", "not predicted: refused"),
    ]


def test_in_junit_a_lab_that_cannot_be_built_is_an_error() -> None:
    suite = ElementTree.fromstring(
        error_as_junit("lab.yaml", ["lab.yaml:3: spec: is missing", "x"])
    )
    assert {key: suite.get(key) for key in ("tests", "failures", "errors", "time")} == {
        "tests": "1",
        "failures": "0",
        "errors": "1",
        "time": "0.000",
    }
    assert [(each.tag, each.get("message"), each.text) for each in suite.findall("testcase/*")] == [
        ("error", "lab.yaml:3: spec: is missing", "lab.yaml:3: spec: is missing\nx")
    ]


def test_a_probe_without_an_expectation_is_not_judged() -> None:
    unjudged = replace(GOOD, expected={})
    report = Report("demo", (unjudged, GOOD))
    assert (report.unjudged, unjudged.passed, unjudged.judged, report.ok) == (1, True, False, True)


def test_a_question_names_the_number_of_bytes_and_attempts() -> None:
    asked = replace(GOOD, size=2000, times=3)
    assert asked.question == "east/pod/client → east/svc/web:80 tcp of 2,000 bytes ×3"


def test_responses_over_http_are_reported() -> None:
    found = Answer(
        (
            Outcome(Verdict.OK, status=301, location="https://shop.example/"),
            ok("web-0")._replace(status=200, certificate="CN=shop.example"),
        ),
        NAMES,
    )
    assert found.ends[:3] == [
        "status 200, 301",
        "to https://shop.example/",
        "certificate CN=shop.example",
    ]
    data = found.as_json(measured=False, path=False)
    assert data["statuses"] == {"200": 1, "301": 1}
    assert data["locations"] == ["https://shop.example/"]
    assert data["certificates"] == ["CN=shop.example"]


def test_a_request_over_http_is_shown() -> None:
    asked = replace(GOOD, protocol="http", http="GET http://shop.example/cart")
    assert asked.question == (
        "east/pod/client → east/svc/web:80 http GET http://shop.example/cart ×3"
    )


def test_containers_are_named_where_they_are_known() -> None:
    answer = replace(GOOD.observed, container="log")
    asked = replace(GOOD, container="proxy", observed=answer)
    assert asked.question == "east/pod/client (proxy) → east/svc/web:80 tcp ×3"
    assert replace(answer, attempts=(ok("web-0"),)).ends[0] == "by east/pod/web-0 (log)"
    assert (asked.as_json()["container"], asked.as_json()["observed"]["container"]) == (
        "proxy",
        "log",
    )
    nothing = replace(answer, attempts=(Outcome(Verdict.REFUSED),))
    assert nothing.as_json(measured=True, path=False)["container"] is None
