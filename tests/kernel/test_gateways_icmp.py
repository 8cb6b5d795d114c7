"""ICMP errors through every kind of gateway: port-unreachable refuses the client, and an MTU error
makes it send smaller packets. If gateways drop MTU errors, large requests hang."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.probes.question import probe_spec
from nsnet.scenario.kinds import ProbeSpec
from tests.kernel.test_scenarios import differences
from tests.support.machine import ROOTLESS_UNABLE

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

# `api` is behind a narrow link, and asks, too. West's pods have narrow links: a node says so to
# whoever sends more, through the gateway. Pods listen on every port that Services send to them, so
# the endpoint of `closed` is the node, which does not listen.
SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: errors}}
spec:
  clusters:
  - {{name: east, nodes: 1, gateway: {gateway}}}
  - {{name: west, nodes: 1, gateway: {gateway}, mtu: 1400}}
  externals:
  - {{name: laptop, address: 203.0.113.10}}
  - name: api
    address: 203.0.113.80
    mtu: 1400
    ports: [{{port: 443}}, {{port: 53, protocol: UDP}}]
{faults}
---
apiVersion: v1
kind: Pod
metadata: {{name: client, annotations: {{nsnet.dev/cluster: east}}}}
spec: {{containers: [{{name: main}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, labels: {{app: web}}, annotations: {{nsnet.dev/cluster: west}}}}
spec: {{containers: [{{ports: [{{containerPort: 80}}, {{containerPort: 53, protocol: UDP}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, annotations: {{nsnet.dev/cluster: west}}}}
spec:
  selector: {{app: web}}
  ports:
  - {{name: http, port: 80}}
  - {{name: dns, port: 53, protocol: UDP}}
---
apiVersion: v1
kind: Service
metadata: {{name: closed, annotations: {{nsnet.dev/cluster: west}}}}
spec: {{ports: [{{port: 54, protocol: UDP}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: closed
  labels: {{kubernetes.io/service-name: closed}}
  annotations: {{nsnet.dev/cluster: west}}
addressType: IPv4
ports: [{{port: 54, protocol: UDP}}]
endpoints: [{{addresses: [192.168.20.2]}}]
---
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceExport
metadata: {{name: web, annotations: {{nsnet.dev/cluster: west}}}}
---
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceExport
metadata: {{name: closed, annotations: {{nsnet.dev/cluster: west}}}}
"""
KINDS = {
    "nat": "{kind: nat}",
    "vip": "{kind: vip}",
    "proxy": "{kind: proxy}",
    "shared": "{kind: nat, name: hub}",
}
DROPPED = "{{in: {}, drop: {{protocol: icmp, type: fragmentation-needed}}}}"
CLIENT, API = "east/pod/client", "external/api"
WEB, CLOSED = "west/svc/web", "west/svc/closed"
ROOMY, NARROW = "external/laptop", "external/api"

# Who asks whom, over what, with how much; how that ends, and how where gateways drop what routers
# say of sizes. The last two are of kind proxy, which carries TCP alone, where they differ.
QUESTIONS = [
    # Out: the fabric says how much `api` takes, api itself that a port is closed.
    (CLIENT, f"{API}:443", "tcp", 0, "ok", "ok", "", ""),
    (CLIENT, f"{API}:443", "tcp", 1320, "ok", "ok", "", ""),
    (CLIENT, f"{API}:443", "tcp", 60_000, "ok", "large-hangs", "", ""),
    (CLIENT, f"{API}:53", "udp", 1345, "ok", "large-hangs", "", ""),
    (CLIENT, f"{API}:53", "udp", 20_000, "ok", "ok", "", ""),  # in fragments
    (CLIENT, API, "icmp", 1345, "ok", "large-hangs", "", ""),
    (CLIENT, f"{API}:9", "udp", 0, "refused", "refused", "", ""),
    (CLIENT, f"{API}:9", "tcp", 0, "refused", "refused", "", ""),
    (CLIENT, "203.0.113.99:9", "udp", 0, "net-unreachable", "net-unreachable", "", ""),
    # In: a node says how much its pod takes, and that its own port is closed.
    *(
        (source, *asked)
        for source in (ROOMY, NARROW, CLIENT)
        for asked in (
            (f"{WEB}:80", "tcp", 0, "ok", "ok", "", ""),
            (f"{WEB}:80", "tcp", 60_000, "ok", "ok", "", ""),
            (f"{WEB}:53", "udp", 0, "ok", "ok", "refused", "refused"),
            (f"{WEB}:53", "udp", 1345, "ok", "large-hangs", "refused", "refused"),
            (f"{WEB}:53", "udp", 20_000, "ok", "ok", "refused", "refused"),
            (f"{CLOSED}:54", "udp", 0, "refused", "refused", "refused", "refused"),
        )
    ),
]  # fmt: skip


@pytest.fixture(params=[(kind, mute) for kind in KINDS for mute in (False, True)], ids=str)
def asked(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Lab, list[ProbeSpec], list[str]]]:
    """A lab, the probes sent there, and the expected verdicts."""
    kind, mute = request.param
    gateways = ['"east,west/gateway"'] if kind == "shared" else ["east/gateway", "west/gateway"]
    dropped = ", ".join(DROPPED.format(each) for each in gateways)
    file = tmp_path / "errors.yaml"
    faults = f"  faults: [{dropped}]" if mute else ""
    file.write_text(SCENARIO.format(gateway=KINDS[kind], faults=faults))
    specs, verdicts = list[ProbeSpec](), list[str]()
    for source, to, protocol, size, *ends in QUESTIONS:
        specs.append(probe_spec(source, to, protocol, size=size, timeout=2))
        of_proxy = ends[2 + mute] if kind == "proxy" else ""
        verdicts.append(of_proxy or ends[mute])
    with Agent(file) as agent:
        yield agent.lab, specs, verdicts


def test_errors_come_back_through_gateways(
    asked: tuple[Lab, list[ProbeSpec], list[str]],
) -> None:
    lab, specs, verdicts = asked
    report = lab.probe(specs=specs)
    seen = [(each.name, str(each.observed.verdict)) for each in report.probes]
    assert seen == [
        (each.name, verdict) for each, verdict in zip(report.probes, verdicts, strict=True)
    ]
    assert differences(report) == []
    assert lab.drift() == []
