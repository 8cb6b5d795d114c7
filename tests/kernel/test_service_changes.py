"""A Service changes its type, its policies and its ports: old addresses and ports are closed, new
ones work, and the model predicts each step. These are the steps of upstream's end-to-end tests."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

CLUSTER_IP, VIP, LAPTOP = "10.96.0.80", "198.18.0.50", "203.0.113.10"
HEAD = f"""\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: changing}}
spec:
  clusters: [{{name: east, nodes: 2, proxyMode: %s}}]
  externals: [{{name: laptop, address: {LAPTOP}}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: client}}
spec: {{nodeName: n1, containers: [{{image: netexec}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 2
  template:
    metadata: {{labels: {{app: web}}}}
    spec:
      containers: [{{ports: [{{containerPort: 80}}, {{containerPort: 80, protocol: UDP}}]}}]
"""
SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {name: %s}
spec: {selector: {app: web}, %s}
"""
PORT = "ports: [{port: 80}]"
IP = f"clusterIP: {CLUSTER_IP}"


class Ask(NamedTuple):
    """A few connections, and their possible outcomes: the source that was seen, or a verdict."""

    source: str
    to: str
    outcomes: tuple[str, ...]
    protocol: str = "tcp"


class Step(NamedTuple):
    """The Service `web` from now on ("": there is none), and the outcomes of each client."""

    words: str
    spec: str
    asked: tuple[Ask, ...]


HERE = Ask("pod/client", f"{CLUSTER_IP}:80", ("10.244.0.2",))
NODES = ("192.168.10.2", "192.168.10.3", "10.244.0.1", "10.244.1.1")
BALANCED = f"type: LoadBalancer, loadBalancerIP: {VIP}, {IP}"
LOCAL = "externalTrafficPolicy: Local, healthCheckNodePort: 32000"
STEPS = (
    Step(
        "a ClusterIP",
        f"{IP}, {PORT}",
        (HERE, Ask("external/laptop", "node/n1:30080", ("refused",))),
    ),
    Step(
        "a NodePort",
        f"type: NodePort, {IP}, ports: [{{port: 80, nodePort: 30080}}]",
        (HERE, Ask("external/laptop", "node/n1:30080", NODES)),
    ),
    Step(
        "another NodePort: the old one is closed",
        f"type: NodePort, {IP}, ports: [{{port: 80, nodePort: 30090}}]",
        (
            Ask("external/laptop", "node/n1:30080", ("refused",)),
            Ask("external/laptop", "node/n1:30090", NODES),
        ),
    ),
    Step(
        "a load balancer of policy Local shows the client, and has a health check",
        f"{BALANCED}, {LOCAL}, {PORT}",
        (
            HERE,
            Ask("external/laptop", f"{VIP}:80", (LAPTOP,)),
            Ask("external/laptop", "node/n1:32000", (LAPTOP,)),
        ),
    ),
    Step(
        "policy Cluster hides the client, and the health check is gone",
        f"{BALANCED}, {PORT}",
        (
            Ask("external/laptop", f"{VIP}:80", NODES),
            Ask("external/laptop", "node/n1:32000", ("refused",)),
        ),
    ),
    Step(
        "and Local again",
        f"{BALANCED}, {LOCAL}, {PORT}",
        (Ask("external/laptop", f"{VIP}:80", (LAPTOP,)),),
    ),
    Step(
        "another port of the load balancer: the old one is closed",
        f"{BALANCED}, ports: [{{port: 8080, targetPort: 80}}]",
        (
            Ask("external/laptop", f"{VIP}:8080", NODES),
            Ask("external/laptop", f"{VIP}:80", ("timeout",)),
        ),
    ),
    Step(
        "no NodePort is needed for a load balancer",
        f"{BALANCED}, allocateLoadBalancerNodePorts: false, {PORT}",
        (Ask("external/laptop", f"{VIP}:80", NODES),),
    ),
    Step(
        "TCP and UDP on one number of the load balancer, from outside and from inside",
        f"{BALANCED}, ports: [{{name: tcp, port: 80}}, {{name: udp, port: 80, protocol: UDP}}]",
        (
            Ask("external/laptop", f"{VIP}:80", NODES),
            Ask("external/laptop", f"{VIP}:80", NODES, "udp"),
            Ask("pod/client", f"{VIP}:80", NODES),
            Ask("pod/client", f"{VIP}:80", NODES, "udp"),
        ),
    ),
    Step(
        "a ClusterIP again: the load balancer's address is nobody's",
        f"{IP}, {PORT}",
        (HERE, Ask("external/laptop", f"{VIP}:80", ("host-unreachable",))),
    ),
    Step(
        "UDP on the same port number",
        f"{IP}, ports: [{{name: tcp, port: 80}}, {{name: udp, port: 80, protocol: UDP}}]",
        (HERE, HERE._replace(protocol="udp")),
    ),
    Step(
        "UDP alone: TCP is closed",
        f"{IP}, ports: [{{name: udp, port: 80, protocol: UDP}}]",
        (HERE._replace(protocol="udp"),),
    ),
    Step(
        "traffic of the inside stays on its node",
        f"internalTrafficPolicy: Local, {IP}, {PORT}",
        (HERE,),
    ),
    Step("only a name: the address is nobody's", "type: ExternalName, externalName: a.example", ()),
    Step("a Service of the same name and address again", f"{IP}, {PORT}", (HERE,)),
    Step("none: the other Service with its selector stays", "", ()),
)


@pytest.fixture(scope="module", params=["iptables", "nftables"])
def changing(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Lab, Path]]:
    """A lab in this proxyMode, and the file it came from."""
    file = tmp_path_factory.mktemp(request.param) / "changing.yaml"
    file.write_text(HEAD % request.param)
    with Agent(file) as agent:
        yield agent.lab, file


def outcomes(lab: Lab, asked: Ask) -> set[str]:
    """What came of ten connections, or of two without a route: Linux answers one a second."""
    times = 2 if "net-unreachable" in asked.outcomes else 10
    seen = lab.connect(
        asked.source, asked.to, asked.protocol, times=times, timeout=patience(*asked.outcomes)
    )
    sources = {str(each) for each in seen.sources}
    return sources if seen.verdicts == {"ok": times} else {str(each) for each in seen.verdicts}


def test_old_addresses_and_ports_are_closed_and_new_ones_work(changing: tuple[Lab, Path]) -> None:
    lab, file = changing
    mode = lab.topology.clusters[0].proxy.mode
    nobody = "refused" if mode == "nftables" else "net-unreachable"  # of the ClusterIPs that are
    for words, spec, asked in STEPS:
        web = SERVICE % ("web", spec) if spec else ""
        file.write_text(HEAD % mode + web + SERVICE % ("twin", f"clusterIP: 10.96.0.81, {PORT}"))
        lab.apply(file)
        for each in asked:
            assert outcomes(lab, each) <= {*each.outcomes}, (words, each)
        if "protocol: UDP" in spec and "name: tcp" not in spec:
            assert outcomes(lab, HERE._replace(outcomes=(nobody,))) == {nobody}, words
        if "ExternalName" in spec:
            unknown = "timeout" if mode == "nftables" else "net-unreachable"
            assert outcomes(lab, HERE._replace(outcomes=(unknown,))) == {unknown}, words
        assert outcomes(lab, Ask("pod/client", "10.96.0.81:80", ())) == {"10.244.0.2"}, words
        assert lab.drift() == [], words


BOTH = "ports: [{name: tcp, port: 80}, {name: udp, port: 80, protocol: UDP}]"


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
@pytest.mark.parametrize("to", ["svc/web:80", "lb/web:80"])
def test_affinity_is_added_and_removed(changing: tuple[Lab, Path], to: str, protocol: str) -> None:
    lab, file = changing
    mode = lab.topology.clusters[0].proxy.mode
    for affinity in ("None", "ClientIP", "None"):
        web = SERVICE % ("web", f"sessionAffinity: {affinity}, {BALANCED}, {BOTH}")
        file.write_text(HEAD % mode + web)
        lab.apply(file)
        if affinity == "None":
            assert len(lab.connect("pod/client", to, protocol, times=40).servers) == 2
            continue
        # Conntrack remembers UDP flows for a while, and keeps them where they were: these ports
        # are none that a client is given.
        ports = range(20_000, 20_012)
        seen = [lab.connect("pod/client", to, protocol, source_port=port) for port in ports]
        assert len({server for each in seen for server in each.servers}) == 1
