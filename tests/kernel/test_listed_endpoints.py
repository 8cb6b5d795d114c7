"""Endpoints that manifests list, hints for nodes and ports without endpoints, on the kernel."""

from collections.abc import Iterator

import pytest

from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.probes.question import probe_spec
from nsnet.probes.report import Answer, ProbeReport
from tests.kernel.test_scenarios import differences
from tests.support.labs import endpoint_slice, endpoints_object, pod, service, workload
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: listed}
spec:
  clusters: [{name: east, nodes: 2, proxyMode: MODE}]
  externals: [{name: db, address: 203.0.113.53, ports: [{port: 5432}]}]
"""
NAMED = "containers: [{ports: [{name: http, containerPort: 80}]}]"
DERIVED = "endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io"
OBJECTS = (
    pod("client", spec="nodeName: n1"),
    pod("other", spec="nodeName: n2"),
    workload("DaemonSet", "web", spec=NAMED),
    service("database", "{port: 5432}", app=""),
    endpoints_object("database", "{addresses: [{ip: 203.0.113.53}], ports: [{port: 5432}]}"),
    service("near", app="web", spec="trafficDistribution: PreferSameNode"),
    service(
        "named",
        "{name: http, port: 80, targetPort: http}, {name: stats, port: 90, targetPort: stats}",
        app="web",
    ),
    service("dumped", app="web"),
    endpoint_slice("dumped", "{addresses: [10.244.9.9]}", labels=DERIVED),
)
TIMES = 20  # one of two endpoints is never chosen once in half a million


@pytest.fixture(scope="module", params=["iptables", "nftables"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The same lab in each mode."""
    file = tmp_path_factory.mktemp(request.param) / "listed.yaml"
    file.write_text("\n---\n".join((SCENARIO.replace("MODE", request.param), *OBJECTS)))
    with Agent(file) as agent:
        yield agent.lab


def asked(lab: Lab, source: str, to: str) -> ProbeReport:
    """What became of some connections."""
    spec = probe_spec(source, to, times=TIMES, timeout=patience("ok"))
    report = lab.probe(specs=[spec])
    assert not differences(report)
    return report.probes[0]


@pytest.mark.parametrize(
    ("source", "to", "verdict", "servers"),
    [
        ("pod/client", "svc/database:5432", "ok", {"external/db"}),
        ("node/n2", "svc/database:5432", "ok", {"external/db"}),
        ("pod/client", "svc/near:80", "ok", {"east/pod/web-n1"}),
        ("node/n1", "svc/near:80", "ok", {"east/pod/web-n1"}),
        ("pod/other", "svc/near:80", "ok", {"east/pod/web-n2"}),
        ("pod/client", "svc/named:http", "ok", {"east/pod/web-n1", "east/pod/web-n2"}),
        ("pod/client", "svc/named:stats", "refused", set()),
        ("node/n1", "svc/named:stats", "refused", set()),
        ("pod/client", "svc/dumped:80", "ok", {"east/pod/web-n1", "east/pod/web-n2"}),
    ],
)
def test_which_servers_answer(
    lab: Lab, source: str, to: str, verdict: str, servers: set[str]
) -> None:
    seen = asked(lab, source, to).observed
    assert isinstance(seen, Answer)
    assert {str(each.verdict) for each in seen.attempts} == {verdict}
    assert {each.server for each in seen.attempts if each.server} == servers
