"""UDP flows from a fixed source port follow their Service: conntrack entries of removed endpoints
are deleted (the cases of Kubernetes' e2e tests, network/conntrack.go)."""

from collections.abc import Iterator
from ipaddress import ip_address
from itertools import count
from pathlib import Path

import pytest

from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.verdict import Verdict
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

FAMILIES = {
    4: ("", "10.96.0.53", "10.244"),
    6: (
        ", podCIDR: 'fd00:10:244::/56', serviceCIDR: 'fd00:96::/112',"
        " nodeCIDR: 'fd00:192:168::/64'",
        "fd00:96::53",
        "fd00",
    ),
}
SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: udp}}
spec:
  {fabric}clusters:
  - {{name: east, nodes: 2, proxyMode: {mode}{ranges}}}
---
apiVersion: v1
kind: Pod
metadata: {{name: client}}
spec: {{nodeName: n1, containers: [{{image: netexec}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: host}}
spec: {{nodeName: n2, hostNetwork: true, containers: [{{image: netexec}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: dns}}
spec:
  replicas: {replicas}
  template:
    metadata: {{labels: {{app: dns}}}}
    spec: {{containers: [{{ports: [{{containerPort: 5353, protocol: UDP}}]}}]}}
"""
SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {{name: dns}}
spec:
  type: {type}
  clusterIP: "{address}"
  selector: {{app: {app}}}
  ports: [{{port: 53, targetPort: 5353, protocol: UDP{node_port}}}]
"""
SOURCE_PORT = 12345
# An unused address of the Service range: iptables mode forwards it, nftables mode drops it.
NOBODY = {"iptables": "net-unreachable", "nftables": "timeout"}


class Udp:
    """A lab with a UDP Service, of one proxyMode and one family."""

    def __init__(self, file: Path, mode: str, family: int) -> None:
        self.file, self.mode = file, mode
        self.ranges, self.address, self.pods = FAMILIES[family]
        self.fabric = "fabricCIDR: 'fd00:198::/64'\n  " if family == 6 else ""
        self.lab: Lab

    def write(
        self, replicas: int, *, service: bool = True, type: str = "ClusterIP", app: str = "dns"
    ) -> None:
        text = SCENARIO.format(
            mode=self.mode, ranges=self.ranges, replicas=replicas, fabric=self.fabric
        )
        if service:
            node_port = ", nodePort: 30053" if type == "NodePort" else ""
            text += SERVICE.format(type=type, address=self.address, app=app, node_port=node_port)
        self.file.write_text(text)

    def apply(self, replicas: int, **values: object) -> None:
        self.write(replicas, **values)  # type: ignore[arg-type]
        self.lab.apply(self.file)

    @property
    def target(self) -> str:
        return f"[{self.address}]:53" if ":" in self.address else f"{self.address}:53"

    def ask(
        self,
        to: str = "",
        source: str = "pod/client",
        port: int = SOURCE_PORT,
        timeout: float = patience("ok"),
    ) -> str:
        """The endpoint that answers a datagram from this source port, or how it fails."""
        seen = self.lab.connect(source, to or self.target, "udp", source_port=port, timeout=timeout)
        if seen.verdict is not Verdict.OK:
            return str(seen.verdict)
        (server,) = seen.servers
        return server.rsplit("/", 1)[1]

    def port_to(self, server: str, to: str = "", source: str = "pod/client") -> int:
        """A source port whose flow is DNATed to this endpoint."""
        return next(port for port in count(20000) if self.ask(to, source, port) == server)


@pytest.fixture(scope="module", params=[("iptables", 4), ("iptables", 6), ("nftables", 4)], ids=str)
def agent(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Agent, Udp]]:
    udp = Udp(tmp_path_factory.mktemp("udp") / "udp.yaml", *request.param)
    udp.write(2)
    with Agent(udp.file) as agent:
        yield agent, udp


@pytest.fixture
def udp(agent: tuple[Agent, Udp]) -> Iterator[Udp]:
    made, udp = agent
    udp.lab = made.lab
    yield udp
    udp.lab.reset()


@pytest.mark.parametrize("source", ["pod/client", "pod/host"])
def test_a_flow_moves_on_when_its_endpoint_is_removed(udp: Udp, source: str) -> None:
    """CT1 from a pod, CT4 from the host's network."""
    port = udp.port_to("dns-1", source=source)
    assert udp.ask(source=source, port=port) == "dns-1"  # the conntrack entry is refreshed
    udp.lab.scale("deploy/dns", 1)
    assert udp.ask(source=source, port=port) == "dns-0"


def test_a_flow_that_stays_on_its_node_moves_on_there(udp: Udp) -> None:
    """CT3: internalTrafficPolicy Local."""
    udp.apply(4, type="ClusterIP\n  internalTrafficPolicy: Local")
    pods = udp.lab.topology.clusters[0].pods
    here, gone = sorted(
        each.name
        for each in pods
        if each.namespace == "default" and each.workload and each.node == "n1"
    )
    port = udp.port_to(gone)
    udp.lab.scale("deploy/dns", int(gone.rsplit("-", 1)[1]))
    assert udp.ask(port=port) == here


def test_a_flow_reaches_its_only_endpoint_after_a_restart(udp: Udp) -> None:
    udp.lab.scale("deploy/dns", 1)
    assert udp.ask() == "dns-0"
    udp.lab.restart("pod/dns-0")
    assert udp.ask() == "dns-0"


def test_a_flow_to_another_endpoint_is_kept(udp: Udp) -> None:
    port = udp.port_to("dns-0")
    udp.lab.scale("deploy/dns", 5)
    udp.lab.scale("deploy/dns", 1)
    udp.lab.scale("deploy/dns", 5)
    assert {udp.ask(port=port) for _ in range(5)} == {"dns-0"}


def test_a_services_first_endpoint_gets_earlier_flows(udp: Udp) -> None:
    """CT5."""
    udp.lab.scale("deploy/dns", 0)
    assert udp.ask() == "refused"
    udp.lab.scale("deploy/dns", 1)
    assert udp.ask() == "dns-0"


def test_a_new_service_gets_earlier_flows(udp: Udp) -> None:
    """They left the node without DNAT, and their conntrack entries would keep it so."""
    udp.apply(2, service=False)
    assert udp.ask(timeout=patience(NOBODY[udp.mode])) == NOBODY[udp.mode]
    udp.apply(2)
    assert udp.ask() in ("dns-0", "dns-1")


def test_a_removed_service_leaves_no_flow(udp: Udp) -> None:
    assert udp.ask() in ("dns-0", "dns-1")
    udp.apply(2, service=False)
    assert udp.ask(timeout=patience(NOBODY[udp.mode])) == NOBODY[udp.mode]


def test_a_service_scaled_to_zero_refuses_old_flows_too(udp: Udp) -> None:
    """CT8: with its conntrack entry, a datagram would be sent to a removed endpoint."""
    assert udp.ask() in ("dns-0", "dns-1")
    udp.lab.scale("deploy/dns", 0)
    assert udp.ask() == "refused"


def test_a_service_that_selects_other_pods_sends_earlier_flows_there(udp: Udp) -> None:
    udp.apply(2, app="nobody")
    assert udp.ask() == "refused"
    udp.apply(2)
    assert udp.ask() in ("dns-0", "dns-1")


def test_a_node_port_moves_its_flows_on(udp: Udp) -> None:
    """CT2."""
    udp.apply(2, type="NodePort")
    node = "node/n2:30053"
    port = udp.port_to("dns-1", node)
    udp.apply(1, type="NodePort")
    assert udp.ask(node, port=port) == "dns-0"
    udp.apply(0, type="NodePort")
    assert udp.ask(node, port=port) == "refused"
    udp.apply(1, type="NodePort")
    assert udp.ask(node, port=port) == "dns-0"


def test_other_flows_are_kept(udp: Udp) -> None:
    """Of another protocol, to another address, or to another endpoint."""
    address = str(ip_address(udp.address))
    pod = "pod/dns-0:5353"
    assert udp.ask(pod) == "dns-0"
    port = udp.port_to("dns-0")

    def flows(words: str) -> int:
        family = "ipv6" if ":" in address else "ipv4"
        listed = udp.lab.exec("node/n1", "conntrack", "-L", "-f", family, *words.split())
        assert listed.returncode == 0, listed.stderr
        return len(listed.stdout.splitlines())

    kept = f"-p udp --orig-port-src {port} --orig-dst {address}"
    direct = f"-p udp --orig-port-src {SOURCE_PORT} --orig-port-dst 5353"
    assert (flows(kept), flows(direct)) == (1, 1)
    udp.lab.scale("deploy/dns", 1)
    assert (flows(kept), flows(direct)) == (1, 1)
    assert flows(f"-p udp --orig-dst {address} --orig-port-src {port + 100}") == 0
