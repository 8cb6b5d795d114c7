"""proxyMode ipvs on the kernel: it holds the State, forwards as the model predicts, and its
schedulers choose the real servers that they should."""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address
from itertools import product
from pathlib import Path

import pytest

from nsnet.features.compile import compile_state
from nsnet.kernel.processes import until
from nsnet.lab.lab import Lab
from nsnet.plan.order import changes
from nsnet.plan.shell import script
from nsnet.probes.question import probe_spec
from nsnet.probes.report import Answer
from nsnet.scenario.load import load
from nsnet.state.model import State
from nsnet.topology.model import Service
from nsnet.topology.resolve import resolve
from tests.kernel.test_scenarios import differences, slow
from tests.support.machine import ROOT

FILE = ROOT / "tests" / "kernel" / "ipvs.yaml"
NODE = "node/n1"
FAR = "10.244.1.2:80"  # the address of pod/far

pytestmark = [pytest.mark.needs("IPVS", "dummy", "ipset"), pytest.mark.lab(str(FILE))]

# A lasting connection: it sends a line when asked to, and writes the answer into a file.
LASTING = """
import socket, sys, time
from pathlib import Path
here = Path(sys.argv[1])
with socket.create_connection((sys.argv[2], 80), 10) as connection:
    answers = connection.makefile()
    for number in range(9):
        while not (here / f"ask{number}").exists():
            time.sleep(0.05)
        connection.sendall(b"who\\n")
        (here / f"new{number}").write_text(answers.readline())
        (here / f"new{number}").rename(here / f"answer{number}")
"""


def servers(lab: Lab, source: str, to: str, times: int) -> Counter[str]:
    """How many connections each server had."""
    seen = lab.connect(source, to, times=times, timeout=10.0).report.observed
    assert isinstance(seen, Answer)
    return Counter(str(each.server) for each in seen.attempts)


def output_of(lab: Lab, reference: str, *command: str) -> str:
    """The output of a command there."""
    done = lab.exec(reference, *command)
    assert done.returncode == 0, done.stderr
    return done.stdout


def real_servers(lab: Lab, address: str) -> dict[str, int]:
    """The weight of each real server, as ipvsadm lists them."""
    lines = output_of(lab, NODE, "ipvsadm", "--save", "-n").splitlines()
    words = [line.split() for line in lines if line.startswith(f"-a -t {address} ")]
    return {each[4]: int(each[each.index("-w") + 1]) for each in words}


def altered(tmp_path: Path, old: str, new: str) -> Path:
    """A copy of the lab's file with this change."""
    text = FILE.read_text()
    assert text.count(old) == 1
    file = tmp_path / "ipvs.yaml"
    file.write_text(text.replace(old, new))
    return file


def addresses(service: Service) -> Iterator[str]:
    """Each address of the Service, IPv6 in brackets, as before a port."""
    for each in (*service.addresses, *service.external_ips, *service.load_balancer_ips):
        yield f"[{each}]" if each.version == 6 else str(each)


class TestAsBuilt:
    def test_the_kernel_holds_the_state(self, lab: Lab) -> None:
        assert lab.drift() == []

    def test_author_and_model_and_kernel_agree(self, lab: Lab) -> None:
        assert differences(lab.probe(specs=slow(lab))) == []

    def test_they_agree_on_every_address_and_port_and_on_ping(self, lab: Lab) -> None:
        (cluster,) = lab.topology.clusters
        specs = []
        for source, service in product(("pod/client", "node/n1", "node/n2"), cluster.services):
            for to in addresses(service):
                specs += [
                    probe_spec(source, f"{to}:{service.ports[0].port}", timeout=2.0, times=2),
                    probe_spec(source, f"{to}:77", timeout=2.0),
                    probe_spec(source, to.strip("[]"), "icmp", timeout=2.0),
                ]
        assert differences(lab.probe(specs=specs)) == []
        assert lab.drift() == []  # packets leave no trace

    def test_a_change_by_hand_is_found(self, lab: Lab) -> None:
        output_of(lab, NODE, "ipvsadm", "-e", "-t", "10.96.0.5:80", "-r", FAR, "-m", "-w", "3")
        output_of(lab, NODE, "ipset", "del", "KUBE-CLUSTER-IP", "10.96.0.5,tcp:80")
        output_of(lab, NODE, "ip", "addr", "del", "10.96.0.8/32", "dev", "kube-ipvs0")
        assert lab.drift() == [
            "east/node/n1: address 10.96.0.8/32 on kube-ipvs0 is missing",
            "east/node/n1: ipset KUBE-CLUSTER-IP: 10.96.0.5,tcp:80 is missing",
            "east/node/n1: virtual server tcp 10.96.0.5:80 → 10.244.1.2:80 weight 1 is missing",
            "east/node/n1: virtual server tcp 10.96.0.5:80 → 10.244.1.2:80 weight 3 was added by"
            " hand",
        ]


class TestSchedulers:
    def test_rr_serves_in_turn(self, lab: Lab) -> None:
        found = servers(lab, "pod/client", "svc/web:80", times=300)
        assert found == {f"east/pod/web-{number}": 100 for number in range(3)}

    def test_sh_hashes_the_client(self, lab: Lab, tmp_path: Path) -> None:
        lab.change(load(scheduled(tmp_path, "sh")))
        assert lab.drift() == []
        assert len(servers(lab, "pod/client", "svc/web:80", times=12)) == 1

    def test_mh_hashes_the_clients_port_too(self, lab: Lab, tmp_path: Path) -> None:
        lab.change(load(scheduled(tmp_path, "mh")))
        assert lab.drift() == []
        # One of three is never chosen once in 30,000 times.
        assert len(servers(lab, "pod/client", "svc/web:80", times=30)) == 3

    @pytest.mark.parametrize("name", ["wrr", "lc", "wlc"])
    def test_other_schedulers_serve_too(self, lab: Lab, tmp_path: Path, name: str) -> None:
        lab.change(load(scheduled(tmp_path, name)))
        assert lab.drift() == []
        assert servers(lab, "pod/client", "svc/web:80", times=3).total() == 3

    def test_session_affinity_keeps_a_client_on_its_server(self, lab: Lab) -> None:
        assert len(servers(lab, "pod/client", "svc/sticky:80", times=12)) == 1


def scheduled(tmp_path: Path, name: str) -> Path:
    """The lab's file with another scheduler."""
    mode = "    proxyMode: ipvs\n"
    return altered(tmp_path, mode, f"{mode}    kubeProxy: {{scheduler: {name}}}\n")


class TestChanges:
    def test_a_removed_real_server_keeps_its_connections(self, lab: Lab, tmp_path: Path) -> None:
        talk = Talk(lab, tmp_path, "10.96.0.2")
        first = talk.says()
        lab.scale("deploy/web", 4)
        assert talk.says() == first
        lab.change(load(altered(tmp_path, *ELSEWHERE)))
        weights = real_servers(lab, "10.96.0.2:80")
        assert weights.pop(FAR) == 1
        assert set(weights.values()) == {0}  # including those that had connections a moment ago
        assert lab[first].addresses[0] in {ip_address(each.split(":")[0]) for each in weights}
        assert lab.drift() == []
        assert talk.says() == first
        assert servers(lab, "pod/client", "svc/web:80", times=2) == {"east/pod/far": 2}

    def test_a_removed_real_server_without_connections_is_deleted_by_the_next_change(
        self, lab: Lab, tmp_path: Path
    ) -> None:
        output_of(
            lab, NODE, "ipvsadm", "-a", "-t", "10.96.0.5:80", "-r", "10.244.0.9:80", "-m", "-w0"
        )
        assert real_servers(lab, "10.96.0.5:80") == {FAR: 1, "10.244.0.9:80": 0}
        assert lab.drift() == []  # a server that is being removed is no drift
        lab.change(load(scheduled(tmp_path, "lc")))
        assert real_servers(lab, "10.96.0.5:80") == {FAR: 1}

    @pytest.mark.parametrize("way", ["iptables ipvs"])
    def test_another_proxy_mode_leaves_nothing_of_ipvs(
        self, lab: Lab, tmp_path: Path, way: str
    ) -> None:
        for mode in way.split():
            lab.change(load(altered(tmp_path, "proxyMode: ipvs", f"proxyMode: {mode}")))
            assert lab.drift() == []
            assert servers(lab, "pod/client", "svc/web:80", times=3).total() == 3
            if mode != "ipvs":
                assert output_of(lab, NODE, "ipset", "save") == ""
                assert output_of(lab, NODE, "ipvsadm", "--save", "-n") == ""
                assert "kube-ipvs0" not in output_of(lab, NODE, "ip", "link")

    def test_the_plan_as_a_shell_script_builds_the_same_state(
        self, lab: Lab, tmp_path: Path
    ) -> None:
        lab.change(load(scheduled(tmp_path, "mh")))
        called = virtual_servers(lab)
        without = state_of(altered(tmp_path, "proxyMode: ipvs", "proxyMode: iptables"))
        output_of(lab, "fabric", "sh", "-c", script("ipvs", changes(lab.state, without)))
        assert virtual_servers(lab) == []
        output_of(lab, "fabric", "sh", "-c", script("ipvs", changes(without, lab.state)))
        assert virtual_servers(lab) == called
        assert lab.drift() == []


ELSEWHERE = (
    """
  selector: {app: web}
  externalIPs: [198.51.100.7]
  ports: [{port: 80, targetPort: 8080, nodePort: 30080}]
""",
    """
  selector: {app: far}
  externalIPs: [198.51.100.7]
  ports: [{port: 80, nodePort: 30080}]
""",
)


def state_of(file: Path) -> State:
    return compile_state(resolve(load(file)))


def virtual_servers(lab: Lab) -> list[str]:
    """The virtual servers with every flag, as ipvsadm lists them."""
    return sorted(output_of(lab, NODE, "ipvsadm", "--save", "-n").splitlines())


class Talk:
    """A lasting connection of pod/client."""

    def __init__(self, lab: Lab, folder: Path, address: str) -> None:
        self._folder = folder
        self._asked = 0
        program = folder / "lasting.py"
        program.write_text(LASTING)
        command = f"{sys.executable} -S {program} {folder} {address} >{folder}/log 2>&1 &"
        output_of(lab, "pod/client", "sh", "-c", command)

    def says(self) -> str:
        """The real server that answers."""
        (self._folder / f"ask{self._asked}").touch()
        answer = self._folder / f"answer{self._asked}"
        until(answer.exists, what=f"no answer, {self._folder}", seconds=10.0)
        self._asked += 1
        return str(json.loads(answer.read_text())["server"])
