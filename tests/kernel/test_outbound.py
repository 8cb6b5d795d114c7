"""The ports of public addresses on the kernel: they are exhausted, given back and added, and idle
connections are forgotten."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.probes.ask import Connection
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: ports}}
spec:
  vnets:
  - {{name: hub, ranges: [10.0.0.0/12], subnets: [{{name: aks, range: 10.0.0.0/24}}]}}
  clusters:
  - name: prod
    cni: azure-cni-overlay
    vnet: hub
    serviceCIDR: 10.96.0.0/16
    dns: false
    nodes: 2
    outbound: {{{outbound}}}
  externals:
  - {{name: api, address: 203.0.113.80, ports: [{{port: 443}}, {{port: 53, protocol: UDP}}]}}
  - {{name: other, address: 203.0.113.81, ports: [{{port: 443}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: one}}
spec: {{nodeName: n1, containers: [{{name: main}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: two}}
spec: {{nodeName: n2, containers: [{{name: main}}]}}
"""
FEW = "portsPerAddress: 32"
# A client that talks, is idle for longer than idleSeconds, and talks again.
IDLE = """
import socket, time
with socket.create_connection(("203.0.113.80", 443), 5) as server:
    for seconds in (0, 0.2, 2):
        time.sleep(seconds)
        try:
            server.sendall(b"anyone\\n")
            print("answered" if server.recv(99) else "closed", end=" ")
        except ConnectionResetError:
            print("reset", end=" ")
"""


class Ports:
    """A lab whose outbound changes."""

    def __init__(self, file: Path, lab: Lab) -> None:
        self.file, self.lab = file, lab

    def set(self, outbound: str) -> None:
        self.file.write_text(SCENARIO.format(outbound=outbound))
        self.lab.apply(self.file)

    def hold(self, times: int, source: str = "pod/one", to: str = "external/api:443") -> Connection:
        """Hold so many connections open at once."""
        timeout = patience("timeout")
        return self.lab.connect(source, to, times=times, timeout=timeout, held=True)

    def without_port(self) -> int:
        """How many packets of the VNet have found no port (conntrack -S)."""
        text = self.lab.exec("vnet/hub", "cat", "/proc/net/stat/nf_conntrack").stdout
        names, *rows = (line.split() for line in text.splitlines())
        return sum(int(row[names.index("insert_failed")], 16) for row in rows)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    file = tmp_path_factory.mktemp("ports") / "ports.yaml"
    file.write_text(SCENARIO.format(outbound=FEW))
    with Agent(file) as agent:
        yield Ports(file, agent.lab)


@pytest.fixture
def ports(agent: Ports) -> Ports:
    agent.set(FEW)
    return agent


def test_the_connection_after_the_last_port_fails_and_is_counted(ports: Ports) -> None:
    before = ports.without_port()
    assert ports.hold(16).verdicts == {"ok": 16}
    assert ports.without_port() == before
    assert ports.hold(17).verdicts == {"ok": 16, "timeout": 1}
    assert ports.without_port() > before


def test_ports_are_given_back_and_the_next_probe_waits_for_them(ports: Ports) -> None:
    assert [ports.hold(17).verdicts["ok"] for _ in range(3)] == [16] * 3  # type: ignore[index]


def test_another_node_and_another_destination_have_ports(ports: Ports) -> None:
    both = [ports.hold(20, "pod/two"), ports.hold(20), ports.hold(20, to="external/other:443")]
    assert [each.verdicts for each in both] == [{"ok": 16, "timeout": 4}] * 3


def test_a_second_address_doubles_the_ports_and_keeps_the_first(ports: Ports) -> None:
    (before,) = ports.hold(9).sources
    ports.set(f"{FEW}, addresses: 2")
    after = ports.hold(33)
    assert after.verdicts == {"ok": 32, "timeout": 1}
    assert after.sources == {before}
    assert ports.hold(9, "pod/two").sources != {before}


def test_a_nat_gateway_has_the_ports_of_all_addresses_for_one_pod(ports: Ports) -> None:
    ports.set("type: natGateway, addresses: 2, portsPerAddress: 16")
    seen = ports.hold(100)
    assert seen.verdicts == {"ok": 32, "timeout": 68}
    assert len(seen.sources) == 2


def test_datagrams_need_ports_as_well(ports: Ports) -> None:
    seen = ports.lab.connect("pod/one", "external/api:53", "udp", times=20, timeout=0.5)
    assert seen.verdicts == {"ok": 16, "timeout": 4}


def test_an_idle_connection_is_forgotten_and_reset(ports: Ports) -> None:
    ports.set("idleSeconds: 1")
    assert ports.lab.exec("pod/one", sys.executable, "-c", IDLE).stdout.split() == [
        "answered",
        "answered",
        "reset",
    ]
    found = ports.lab.counters("vnet/hub", "filter")
    assert [each.packets for each in found if each.comment == "idle too long"] == [1]


def test_without_an_idle_timeout_it_is_not(ports: Ports) -> None:
    answers = ports.lab.exec("pod/one", sys.executable, "-c", IDLE).stdout.split()
    assert answers == ["answered"] * 3


def test_the_kernel_holds_the_state_of_every_type(ports: Ports) -> None:
    for outbound in (f"{FEW}, idleSeconds: 1", "type: natGateway, addresses: 3", "type: none"):
        ports.set(outbound)
        assert ports.lab.drift() == []
