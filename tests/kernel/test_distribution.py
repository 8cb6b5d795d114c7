"""How 3,000 new connections spread over the endpoints of a Service, where kube-proxy throws dice;
IPVS takes turns (test_ipvs.py)."""

from collections.abc import Iterator

import pytest

from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.probes.question import probe_spec
from nsnet.probes.report import Answer, ProbeReport
from tests.support.machine import ROOT, ROOTLESS_UNABLE

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

CONNECTIONS = 3000
SHIPPED = ROOT / "scenarios" / "clusterip.yaml"  # three endpoints


@pytest.fixture(scope="module", params=["iptables", "nftables"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The same lab in each mode."""
    file = tmp_path_factory.mktemp(request.param) / "clusterip.yaml"
    plain = "{name: east, nodes: 2}"
    text = SHIPPED.read_text()
    assert plain in text
    file.write_text(text.replace(plain, f"{{name: east, nodes: 2, proxyMode: {request.param}}}"))
    with Agent(file) as agent:
        yield agent.lab


@pytest.fixture(scope="module")
def report(lab: Lab) -> ProbeReport:
    """What became of all these connections."""
    even = {"balance": "even"}
    spec = probe_spec("pod/client", "svc/web:80", times=CONNECTIONS, timeout=10.0, expect=even)
    (report,) = lab.probe(specs=[spec]).probes
    return report


def test_the_shares_are_as_even_as_random_choices(report: ProbeReport) -> None:
    """A chi-square test that fails once in a million, as `expect.balance: even` asks for."""
    assert (report.disagreements, report.defects) == ((), ())
    assert isinstance(report.observed, Answer)
    assert len(report.observed.attempts) == CONNECTIONS
