"""The report as people read it, in 80 columns and without colour."""

from collections.abc import Mapping
from typing import Any

import pytest

from nsnet.cli import show
from nsnet.probes.outcome import Outcome
from nsnet.probes.report import Answer, ProbeReport, Report
from nsnet.verdict import Verdict
from nsnet.walk.packet import Unknown
from tests.support.labs import ip, topology

SEEN = Answer(
    (Outcome(Verdict.OK, "east/pod/web", ip("10.244.0.2"), None, 1.0),),
    {"10.244.0.2": "east/pod/client"},
)
ENDS = "pod/client → pod/web:80"


def probe(
    name: str = ENDS,
    expected: Mapping[str, Any] = {},
    predicted: Answer | Unknown = SEEN,
    defects: tuple[str, ...] = (),
) -> ProbeReport:
    """Return the report of a probe that was answered."""
    ends = ("pod/client", "pod/web:80", "tcp")
    return ProbeReport(name, *ends, 1, expected, predicted, SEEN, (), defects)


@pytest.mark.parametrize(
    ("each", "lines"),
    [
        (
            probe("a name", {"verdict": "ok"}),
            [
                "✓ a name",
                f"    {ENDS} tcp",
                "    ok / ok / ok  by pod/web, seen as 10.244.0.2 (pod/client)",
            ],
        ),
        (
            probe(),  # neither a name nor an expectation
            [
                f"· {ENDS} tcp",
                "    — / ok / ok  by pod/web, seen as 10.244.0.2 (pod/client)",
            ],
        ),
        (
            probe(predicted=Unknown("the lab is not as its file says")),
            [
                f"· {ENDS} tcp",
                "    — / ? / ok  by pod/web, seen as 10.244.0.2 (pod/client)",
                "    ? no prediction: the lab is not as its file says",
            ],
        ),
        (
            probe(defects=("not predicted: ok",)),
            [
                f"! {ENDS} tcp",
                "    — / ok / ok  by pod/web, seen as 10.244.0.2 (pod/client)",
                "    ! DEFECT of nsnet: not predicted: ok",
            ],
        ),
        (
            probe("[long] " + "word " * 20),
            [
                "· [long]" + " word" * 14,
                "  word" + " word" * 5,
                f"    {ENDS} tcp",
                "    — / ok / ok  by pod/web, seen as 10.244.0.2 (pod/client)",
            ],
        ),
    ],
    ids=["all", "no name", "no prediction", "a defect", "a long name"],
)
def test_a_probe_for_people(
    each: ProbeReport,
    lines: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show.report(Report("demo", (each,), 0.1), topology(clusters=("{name: east}",)))
    first, *middle = capsys.readouterr().out.splitlines()
    assert first == "each probe: expected / predicted / observed"
    assert middle[: len(lines)] == lines
    defects = "1 defect" if each.defects else "0 defects"
    passed = "1 passed, 0 failed" if each.judged else "0 passed, 0 failed, 1 not judged"
    assert middle[len(lines)] == f"demo: 1 probe, {passed}, {defects}, in 0.1 s"


def test_in_a_lab_of_several_clusters_references_name_theirs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    clusters = topology(clusters=("{name: east}", "{name: west}"))
    show.report(Report("demo", (probe(),), 0.1), clusters)
    answers = "    — / ok / ok  by east/pod/web, seen as 10.244.0.2 (east/pod/client)"
    assert answers in capsys.readouterr().out.splitlines()


def test_a_probe_is_a_sentence() -> None:
    assert str(probe("a name")) == (
        "pod/client → pod/web:80 tcp: ok by east/pod/web, seen as 10.244.0.2 (east/pod/client)"
    )
