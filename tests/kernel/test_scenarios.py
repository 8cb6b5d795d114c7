"""Every scenario that nsnet ships: the author, the model and the kernel agree on every packet."""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from nsnet.errors import UnsupportedError
from nsnet.kernel import netfilter
from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.probes.question import probe_spec
from nsnet.probes.report import Answer, Report
from nsnet.scenario.kinds import ProbeSpec
from nsnet.topology.notation import UnknownReferenceError
from nsnet.verdict import Verdict
from tests.support.machine import ROOT, ROOTLESS_UNABLE, SCENARIOS, needs, patience
from tests.vm import guest

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

CLUSTERIP = ROOT / "scenarios" / "clusterip.yaml"
EACH = [
    pytest.param(marks=(pytest.mark.lab(str(each)), *needs(each)), id=each.stem)
    for each in SCENARIOS
]
each_scenario = pytest.mark.parametrize((), EACH)


def differences(report: Report) -> list[str]:
    """Every difference between the author, the model and the kernel."""
    return [
        f"{each.name} ({each.protocol}): {words}"
        for each in report.probes
        for words in (*each.disagreements, *each.defects)
    ]


def slow(lab: Lab) -> list[ProbeSpec]:
    """The probes of the lab's file, with long timeouts where they have none of their own: the VM's
    emulated CPU may take a second."""
    return [
        each.model_copy(update={"timeout": 10.0}) if each.timeout == 1 else each
        for each in lab.scenario.spec.probes
    ]


@each_scenario
def test_the_kernel_holds_the_state(lab: Lab) -> None:
    assert lab.drift() == []


@each_scenario
def test_the_kernel_does_what_the_author_expects_and_the_model_predicts(lab: Lab) -> None:
    report = lab.probe(specs=slow(lab) if guest.FOLDER in os.environ else ())
    assert differences(report) == []
    assert [each.name for each in report.probes if not isinstance(each.predicted, Answer)] == []
    assert report.ok
    assert report.probes


@pytest.mark.parametrize((), [each for each in EACH if each.id != "ipvs"])  # test_ipvs.py asks
def test_the_model_predicts_every_place_to_every_other(lab: Lab) -> None:
    specs = list(within_rate_limit(lab, every_pair(lab)))
    assert differences(lab.probe(specs=specs)) == []
    assert lab.drift() == []  # packets leave no trace


@pytest.mark.lab("scenarios/island-nat.yaml")
def test_pods_behind_one_gateway_share_a_routers_rate_limit_for_net_unreachable(lab: Lab) -> None:
    """Five answers at once and one a second, to one source: more pods than that need patience."""
    pods = [pod.reference for pod in lab.topology.clusters[0].pods]
    specs = [probe_spec(pod, "192.0.2.1:9", "udp", timeout=0.5, times=3) for pod in pods]
    assert differences(lab.probe(specs=specs)) == []


def every_pair(lab: Lab) -> Iterator[ProbeSpec]:
    """Probes from every place to every other place and Service."""
    places = list(lab.places().values())
    hosts = [reference for reference in places if "/" in reference]
    for source, host in product(places, hosts):
        yield probe_spec(source, host, "icmp")
        yield probe_spec(source, f"{host}:9", "udp")
    services = [
        (f"{service.reference}:{service.ports[0].port}", service.ports[0].protocol)
        for cluster in lab.topology.clusters
        for service in cluster.services
        if service.addresses
    ]
    for source, (service, protocol) in product(places, services):
        yield probe_spec(source, service, protocol, times=5)


def within_rate_limit(lab: Lab, specs: Iterator[ProbeSpec]) -> Iterator[ProbeSpec]:
    """Those with known references, but only three without a route: a router sends one
    net-unreachable a second."""
    unroutable = 0
    for spec in specs:
        try:
            paths = lab.explain(spec.from_, spec.to, spec.protocol).paths
        except UnknownReferenceError:
            continue  # a Service that is not exported has no address for others
        if any(each.verdict is Verdict.NET_UNREACHABLE for each in paths):
            unroutable += spec.times
        if unroutable <= 3 or all(each.verdict is not Verdict.NET_UNREACHABLE for each in paths):
            yield patient(lab, spec)


def patient(lab: Lab, spec: ProbeSpec) -> ProbeSpec:
    """The same probe, with time for an answer that may be late on a busy machine."""
    paths = lab.explain(spec.from_, spec.to, spec.protocol).paths
    return spec.model_copy(update={"timeout": patience(*(each.verdict for each in paths))})


@pytest.mark.parametrize(
    ("source", "to", "protocol"),
    [
        pytest.param(*row, marks=pytest.mark.lab(f"scenarios/{file}.yaml"), id=f"{file} {row}")
        for file, *row in (
            ("one-node", "pod/client", "pod/web:80", "tcp"),
            ("one-node", "node/n1", "pod/web:53", "udp"),
            ("one-node", "pod/client", "pod/web:81", "tcp"),
            ("two-nodes", "pod/client", "pod/far:80", "tcp"),
            ("two-nodes", "pod/far", "node/n1", "icmp"),
            ("clusterip", "pod/client", "svc/web:80", "tcp"),
            ("clusterip", "pod/dns", "svc/dns:53", "udp"),
            ("clusterip", "node/n2", "svc/web:80", "tcp"),
            ("egress", "pod/client", "external/api:443", "tcp"),
            ("egress", "external/laptop", "node/n1", "icmp"),
            ("flat", "east/pod/client", "west/pod/web-0:80", "tcp"),
            ("flat", "external/laptop", "west/pod/web-1:53", "udp"),
            ("island-nat", "east/pod/client", "west/svc/web:80", "tcp"),
            ("island-nat", "east/pod/client", "west/svc/web:53", "udp"),
            ("island-nat", "west/pod/client", "external/api", "icmp"),
            ("island-nat", "east/pod/client", "west/svc/web:81", "tcp"),
            ("island-vip", "east/pod/client", "west/pod/web-1:80", "tcp"),
            ("island-vip", "east/pod/client", "west/pod/web-1:9", "udp"),
            ("island-vip", "west/pod/client", "east/svc/web:53", "udp"),
            ("island-vip", "external/laptop", "east/pod/web-0", "icmp"),
            ("flat", "east/pod/client", "west/svc/web:80", "tcp"),
            ("flat", "external/laptop", "west/svc/web:80", "tcp"),
        )
    ],
)
def test_a_packet_goes_where_the_model_says(lab: Lab, source: str, to: str, protocol: str) -> None:
    foreseen = lab.explain(source, to, protocol).paths
    seen = lab.connect(source, to, protocol, path=True, times=12)
    assert seen.path in {each.path for each in foreseen}
    assert seen.servers <= {each.server for each in foreseen}
    assert seen.sources <= {each.source for each in foreseen}
    assert seen.verdict in {each.verdict for each in foreseen}


@pytest.mark.lab(str(CLUSTERIP))
@pytest.mark.parametrize("source", ["node/n1", "node/n2", "pod/client", "pod/dns"])
def test_a_removed_pod_is_host_unreachable_for_every_client(lab: Lab, source: str) -> None:
    gone = lab["pod/web-2"].addresses[0]
    assert lab.connect(source, str(gone), "icmp").verdict is Verdict.OK
    lab.scale("deploy/web", 2)
    seen = lab.connect(source, str(gone), "icmp", timeout=3.0)
    assert seen.verdict is Verdict.HOST_UNREACHABLE


def dnats(lab: Lab, place: str, comment: str) -> list[int]:
    """The packets that each DNAT rule of a Service's endpoints has seen in that place."""
    return [
        each.packets
        for each in lab.counters(place)
        if each.target == "DNAT" and each.comment == comment
    ]


@pytest.mark.lab(str(CLUSTERIP))
def test_each_connection_to_a_service_passes_one_dnat_rule_on_the_clients_node(lab: Lab) -> None:
    before = dnats(lab, "node/n1", "default/web:http"), dnats(lab, "node/n2", "default/web:http")
    lab.connect("pod/client", "svc/web:80", times=60)
    n1, n2 = dnats(lab, "node/n1", "default/web:http"), dnats(lab, "node/n2", "default/web:http")
    added = [now - was for now, was in zip(n1, before[0], strict=True)]
    assert len(added) == 3
    assert (sum(added), min(added) > 0) == (60, True)
    assert n2 == before[1]


def test_a_service_works_the_same_by_iptables_nft(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NSNET_IPTABLES", netfilter.NFT)
    with Agent(CLUSTERIP) as agent:
        lab = agent.lab
        assert lab.tool == netfilter.NFT
        assert differences(lab.probe()) == []
        assert lab.drift() == []
        assert lab.connect("pod/client", "svc/web:80", times=30, path=True).verdict is Verdict.OK
        lab.scale("deploy/web", 1)
        assert lab.drift() == []
        assert lab.connect("pod/client", "svc/web:80", times=9).servers == {"east/pod/web-0"}
        assert "DNAT" not in lab.exec("node/n1", "iptables-legacy-save").stdout
        with pytest.raises(UnsupportedError, match="rule counters need iptables-legacy"):
            lab.counters("node/n1")


TWO_PORTS = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: two-ports}
spec:
  clusters: [{name: east, nodes: 2}]
  externals: [{name: laptop, address: 203.0.113.10}]
---
apiVersion: v1
kind: Pod
metadata: {name: here, labels: {app: web}}
spec: {nodeName: n1, containers: [{ports: [{name: here, containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: there, labels: {app: web}}
spec: {nodeName: n2, containers: [{ports: [{name: there, containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  selector: {app: web}
  ports: [{name: a, port: 80, targetPort: here}, {name: b, port: 81, targetPort: there}]
"""


def test_a_connection_tries_the_same_of_several_paths_again(tmp_path: Path) -> None:
    # Both nodes are healthy, each for one of the ports; the other's is dropped there.
    file = tmp_path / "two-ports.yaml"
    file.write_text(TWO_PORTS)
    with Agent(file) as agent:
        seen = agent.lab.connect("external/laptop", "lb/web:80", path=True, times=24, timeout=3.5)
    ways = {(each.verdict.value, (each.path or ())[2]) for each in seen.report.observed.attempts}
    assert ways == {("ok", "east/node/n1"), ("timeout", "east/node/n2")}
