"""What the conformance tests of Gateway API assert of HTTP requests, on the kernel, by haproxy."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.probes.question import probe_spec
from nsnet.probes.report import ProbeReport
from nsnet.scenario.kinds import ProbeSpec
from nsnet.scenario.load import reload
from tests.support.gateway_cases import BACKENDS, CASES, Case, words
from tests.support.gateways import CLASS, gateway
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: conformance}
spec:
  clusters: [{name: east, model: flat, dns: false}]
  externals: [{name: client, address: 203.0.113.10}]
"""


def lab_of(*objects: str) -> str:
    return "---\n".join((SCENARIO, *(f"{each}\n" for each in (CLASS, *BACKENDS, *objects))))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    file = tmp_path_factory.mktemp("conformance") / "conformance.yaml"
    file.write_text(lab_of(gateway("front")))
    with Agent(Path(file)) as agent:
        yield agent.lab


def probe(text: str) -> ProbeSpec:
    """The probe that sends this request from outside to the load balancer of the Gateway."""
    method, host, path, headers = words(text)
    http = {"host": host, "path": path, "method": method, "headers": dict(headers)}
    return probe_spec(
        "external/client", "lb/front-lab:80", "http", http=http, timeout=patience("ok")
    )


def outcome(report: ProbeReport) -> str:
    """The Service that got the request, or the status of the proxy's own response."""
    (seen,) = report.observed.attempts
    if seen.server and seen.server.startswith("east/pod/v"):
        return seen.server.removeprefix("east/pod/")
    return f"{seen.status} {seen.location}".rstrip()


@pytest.mark.parametrize("case", CASES, ids=[each.name for each in CASES])
def test_what_becomes_of_requests(lab: Lab, case: Case) -> None:
    text = lab_of(gateway("front", *case.listeners), *case.routes)
    lab.apply(reload("conformance.yaml", {"conformance.yaml": text}))
    report = lab.probe(specs=[probe(each) for each in case.requests])
    assert [each.defects for each in report.probes if each.defects] == []
    found = dict(zip(case.requests, map(outcome, report.probes), strict=True))
    assert found == case.requests
