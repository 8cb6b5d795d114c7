"""Behaviour that follows from details of kube-proxy, flannel, bird and the kernel: the author, the
model and the kernel agree on it."""

import json
import sys
from pathlib import Path

import pytest

from nsnet.kernel.counters import withheld_errors
from nsnet.kernel.processes import until
from nsnet.lab import registry
from nsnet.lab.agent import Agent
from nsnet.probes.question import probe_spec
from nsnet.probes.report import ProbeReport, Report
from nsnet.scenario.load import load
from nsnet.walk.packet import Unknown
from tests.kernel.test_scenarios import differences
from tests.support.machine import NEEDS_ROOT, NSNET, ROOTLESS_UNABLE, SECONDS, Machine

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

FILES = sorted((Path(__file__).parent / "behaviour").glob("*.yaml"))


@pytest.mark.parametrize("mode", ["iptables", "nftables"])
@pytest.mark.parametrize("file", FILES, ids=[each.stem for each in FILES])
def test_the_kernel_does_what_is_expected_and_predicted(
    file: Path, mode: str, tmp_path: Path
) -> None:
    text = file.read_text().replace("proxyMode: iptables", f"proxyMode: {mode}")
    assert f"proxyMode: {mode}" in text
    assert differences(probed(text, tmp_path)) == []


SPEAKING = {
    "flat": "{name: east, nodes: 2, model: flat, routing: bgp}",
    "flat IPv6": "{name: east, nodes: 2, model: flat, routing: bgp, podCIDR: 'fd00:244::/48',"
    " nodeCIDR: 'fd00:10::/64', serviceCIDR: 'fd00:96::/112'}",
    "replicas": "{name: east, nodes: 2, gateway: {kind: nat, replicas: 2}}",
}
PODS = """
---
apiVersion: v1
kind: Pod
metadata: {name: one}
spec: {nodeName: n1, containers: [{name: main, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: two}
spec: {nodeName: n2, containers: [{name: main, ports: [{containerPort: 80}]}]}
"""


@pytest.mark.parametrize(
    ("cluster", "fault", "verdicts"),
    [
        ("flat", "in: node/n1, drop: {protocol: tcp, port: 179}", ("timeout", "net-unreachable")),
        ("flat", "in: node/n1, drop: {protocol: udp}", ("ok", "ok")),
        # The fabric's ICMP error does not find its way back, either.
        ("flat", "in: fabric, drop: {protocol: tcp, port: 179}", ("timeout", "timeout")),
        ("flat IPv6", "in: node/n1, drop: {protocol: tcp}", ("timeout", "net-unreachable")),
        ("flat IPv6", "in: node/n1, down: eth0", ("net-unreachable", "net-unreachable")),
        ("replicas", "in: node/n1, drop: {protocol: tcp, port: 179}", ("ok", "ok")),
        ("replicas", "in: east/gateway/1, drop: {protocol: tcp, port: 179}", ("ok", "ok")),
        ("replicas", "in: fabric, drop: {protocol: tcp, port: 179}", ("ok", "ok")),
    ],
)
def test_a_lab_is_built_without_the_routes_that_a_fault_keeps_from_bgp(
    cluster: str, fault: str, verdicts: tuple[str, str], tmp_path: Path
) -> None:
    """The lab waits for the routes that the model says BGP learns, and no others."""
    probes = "".join(
        f"  - {{from: pod/{source}, to: 'pod/{to}:80', expect: {{verdict: {verdict}}}}}\n"
        for (source, to), verdict in zip((("one", "two"), ("two", "one")), verdicts, strict=True)
    )
    text = (
        "apiVersion: nsnet.dev/v1alpha1\nkind: Scenario\nmetadata: {name: bgp-faults}\nspec:\n"
        f"  fabricCIDR: 198.18.0.0/16,fd98::/64\n  clusters: [{SPEAKING[cluster]}]\n"
        f"  faults: [{{{fault}}}]\n  probes:\n{probes}{PODS}"
    )
    assert differences(probed(text, tmp_path)) == []


def probed(text: str, folder: Path) -> Report:
    """The report of a scenario with this text."""
    file = folder / "lab.yaml"
    file.write_text(text)
    with Agent(file) as agent:
        assert agent.lab.drift() == []
        return agent.lab.probe()


# --- other traffic and other processes ---

LONELY = """
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {name: lonely}
spec:
  clusters: [{name: east, nodes: 2}]
---
apiVersion: v1
kind: Pod
metadata: {name: client}
spec: {nodeName: n1, containers: [{name: main}]}
---
apiVersion: v1
kind: Pod
metadata: {name: one, labels: {app: one}}
spec: {nodeName: n1, containers: [{name: main, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: two, labels: {app: two}}
spec: {nodeName: n2, containers: [{name: main, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: one}, ports: [{port: 80}]}
"""
FLOOD = """
import socket, time
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            opened.sendto(b"", ("192.0.2.9", 9))
        except OSError:  # an earlier datagram had no route
            pass
        time.sleep(0.02)
"""


@pytest.fixture
def lonely(empty: Machine, tmp_path: Path) -> Machine:
    """A machine where this lab is up."""
    file = tmp_path / "lonely.yaml"
    file.write_text(LONELY)
    empty.up(file)
    return empty


@NEEDS_ROOT
def test_processes_that_probe_share_the_pace_of_a_router(lonely: Machine) -> None:
    question = ("--from", "pod/client", "--to", "192.0.2.1:80", "--times", "2", "--json")
    asking = [lonely.start(NSNET, "probe", "lonely", *question) for _ in range(5)]
    answers = [each.communicate(timeout=SECONDS)[0] for each in asking]
    for said in answers:
        (report,) = json.loads(said)["probes"]
        assert report["observed"]["verdicts"] == {"net-unreachable": 2}
        assert not report["defect"]


@NEEDS_ROOT
def test_what_others_ask_of_a_router_is_no_defect(lonely: Machine) -> None:
    argv = ("exec", "lonely", "pod/client", "--", sys.executable, "-c", FLOOD)

    def withheld() -> bool:
        return lonely.inside(lambda: withheld_errors("nsnet.lonely.fabric")) > 5

    with lonely.start(NSNET, *argv) as flooding:
        try:
            until(withheld, what="the flood has not begun", seconds=SECONDS)
            question = ("--from", "pod/client", "--to", "192.0.2.1:80", "--times", "3", "--json")
            (report,) = json.loads(lonely.output(NSNET, "probe", "lonely", *question))["probes"]
        finally:
            flooding.kill()
    assert "timeout" in report["observed"]["verdicts"]
    assert "withheld ICMP errors" in report["predicted"]["unknown"]
    assert not report["defect"]


@NEEDS_ROOT
def test_a_probe_during_an_apply_says_that_the_lab_was_changed(
    lonely: Machine, tmp_path: Path
) -> None:
    changed = tmp_path / "changed.yaml"
    changed.write_text(LONELY.replace("selector: {app: one}", "selector: {app: two}"))

    def change_and_ask() -> ProbeReport:
        lab = registry.attach("lonely")
        registry.apply("lonely", load(changed))
        (report,) = lab.probe(specs=[probe_spec("pod/client", "svc/web:80")]).probes
        return report

    report = lonely.inside(change_and_ask)
    assert report.predicted == Unknown("the lab was changed meanwhile, by another nsnet")
    assert report.defects == ()
