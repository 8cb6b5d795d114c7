"""The report as people read it, in 80 columns and without colour."""

from collections.abc import Mapping
from typing import Any

import pytest

from nsnet.cli import show
from nsnet.probes.judge import Attempt
from nsnet.probes.report import Answer, ProbeReport, Report
from nsnet.verdict import Verdict
from nsnet.walk.packet import Unknown
from tests.support.labs import ip, lab, pod, service, shipped

SEEN = Answer(
    (Attempt(Verdict.OK, "east/pod/web", ip("10.244.0.2"), None, 1.0),),
    {"10.244.0.2": "east/pod/client"},
)
ENDS = "pod/client → pod/web:80"


def probe(
    name: str = ENDS,
    expected: Mapping[str, Any] = {},
    predicted: Answer | Unknown = SEEN,
    defects: tuple[str, ...] = (),
) -> ProbeReport:
    """A probe that was answered."""
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
                "    ok / ok / ok  by east/pod/web, seen as 10.244.0.2 (east/pod/client)",
            ],
        ),
        (
            probe(),  # neither a name nor an expectation
            [
                f"✓ {ENDS} tcp",
                "    — / ok / ok  by east/pod/web, seen as 10.244.0.2 (east/pod/client)",
            ],
        ),
        (
            probe(predicted=Unknown("the lab is not as its file says")),
            [
                f"✓ {ENDS} tcp",
                "    — / ? / ok  by east/pod/web, seen as 10.244.0.2 (east/pod/client)",
                "    ? no prediction: the lab is not as its file says",
            ],
        ),
        (
            probe(defects=("ok was not predicted",)),
            [
                f"! {ENDS} tcp",
                "    — / ok / ok  by east/pod/web, seen as 10.244.0.2 (east/pod/client)",
                "    ! DEFECT of nsnet: ok was not predicted",
            ],
        ),
        (
            probe("[long] " + "word " * 20),
            [
                "✓ [long]" + " word" * 14,
                "  word" + " word" * 5,
                f"    {ENDS} tcp",
                "    — / ok / ok  by east/pod/web, seen as 10.244.0.2 (east/pod/client)",
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
    show.report(Report("demo", (each,), 0.1))
    first, *middle = capsys.readouterr().out.splitlines()
    assert first == "of each probe: expected / predicted / observed"
    assert middle[: len(lines)] == lines
    defects = "1 defect" if each.defects else "0 defects"
    assert middle[len(lines)] == f"demo: 1 probe, 1 passed, 0 failed, {defects}, in 0.1 s"


def test_a_probe_is_a_sentence() -> None:
    assert str(probe("a name")) == (
        "pod/client → pod/web:80 tcp: ok by east/pod/web, seen as 10.244.0.2 (east/pod/client)"
    )


def test_the_services_of_a_lab_for_people(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    local = "type: LoadBalancer, externalTrafficPolicy: Local, externalIPs: [203.0.113.1]"
    found = lab(
        pod("web", labels="app: web"),
        service("plain", app="web"),
        service("web", spec=local),
        service("dns", "{name: a, port: 53}, {name: b, port: 53, protocol: UDP}"),
        service("headless", app="web", spec="clusterIP: None"),
        service("other", app="web", meta="labels: {service.kubernetes.io/headless: ''}"),
        service("api", spec="type: ExternalName, externalName: api.example.org"),
        clusters=("{name: east}",),
    )
    show.status(found.topology, found.state, [])
    lines = [each.rstrip() for each in capsys.readouterr().out.splitlines()]
    assert lines[3:-1] == [
        "  east/svc/plain     10.96.0.2     ClusterIP 80/tcp→1",
        "  east/svc/web       10.96.0.3     LoadBalancer 80:30000/tcp→1",
        "                                   load balancer 198.18.0.2",
        "                                   external 203.0.113.1",
        "                                   health check 30001",
        "  east/svc/dns       10.96.0.4     ClusterIP 53/tcp→0 53/udp→0",
        "  east/svc/headless  no address    headless 80/tcp→1",
        "  east/svc/other     10.96.0.5     ClusterIP 80/tcp→1",
        "                                   not for kube-proxy",
        "  east/svc/api       no address    ExternalName api.example.org",
    ]
    members = {each["ref"]: each["about"] for each in show.topology_json(found.topology)["members"]}
    assert members["east/svc/web"] == (
        "LoadBalancer 80:30000/tcp→1, load balancer 198.18.0.2, external 203.0.113.1,"
        " health check 30001"
    )


@pytest.mark.parametrize(
    ("of", "about"),
    [
        ("near", "ClusterIP 80/tcp→2"),
        ("unready", "ClusterIP 80/tcp→0 of 1"),
        ("going", "ClusterIP 80/tcp→1"),  # for want of others
        ("sliced", "ClusterIP 80/tcp→3 of 4"),
    ],
)
def test_endpoints_that_get_nothing_are_told_from_those_that_do(of: str, about: str) -> None:
    members = show.topology_json(shipped("services").topology)["members"]
    assert {each["ref"]: each["about"] for each in members}[f"east/svc/{of}"] == about
