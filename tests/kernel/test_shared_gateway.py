"""One gateway in front of two clusters whose pods have the same addresses: what the kernel does
with its rules, and without them."""

import os
import re
import socket
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from nsnet.kernel import netns
from nsnet.lab import registry as labs
from nsnet.lab.compiled import compiled
from nsnet.lab.lab import Lab
from nsnet.probes.loop import Loop
from nsnet.probes.prober.attempt import Attempt
from nsnet.probes.prober.send import Exchange, _Sender
from nsnet.probes.question import probe_spec
from nsnet.probes.report import Report
from nsnet.scenario.kinds import ProbeSpec
from nsnet.scenario.load import load
from tests.kernel.test_scenarios import differences
from tests.support.machine import NEEDS_ROOT, ROOT

pytestmark = NEEDS_ROOT

SHIPPED = ROOT / "scenarios" / "shared-gateway.yaml"
CLUSTERS = ("east", "west")
MANY = 200
HUB = "east/gateway"
DUAL = {
    "podCIDR: 10.244.0.0/16": 'podCIDR: "10.244.0.0/16,fd00:10:244::/56"',
    "nonMasqueradeCIDRs: [0.0.0.0/0]": 'nonMasqueradeCIDRs: [0.0.0.0/0, "::/0"]',
    "  externals:": '  fabricCIDR: "198.18.0.0/16,fd98::/64"\n  externals:'
    '\n  - {name: api6, address: "fd77::80", ports: [{port: 443}, {port: 53, protocol: UDP}]}',
    "  - name: east\n": '  - name: east\n    nodeCIDR: "192.168.10.0/24,fd10::/64"'
    '\n    serviceCIDR: "10.96.0.0/16,fd96::/112"\n',
    "  - name: west\n": '  - name: west\n    nodeCIDR: "192.168.20.0/24,fd20::/64"'
    '\n    serviceCIDR: "10.96.0.0/16,fd96::/112"\n',
    "spec:\n  selector: {app: web}": "spec:\n  ipFamilyPolicy: RequireDualStack\n"
    "  selector: {app: web}",
}


def written(folder: Path, changed: dict[str, str]) -> Path:
    """The shipped scenario, changed, under a name of our own."""
    text = SHIPPED.read_text().replace(
        "name: shared-gateway}", f"name: t{os.getpid()}-{folder.name[:20].strip('_')}}}"
    )
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new)
    file = folder / "shared-gateway.yaml"
    file.write_text(text)
    return file


@pytest.fixture
def file(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A scenario that is up, and down afterwards."""
    folder = tmp_path / re.sub("[^a-z]+", "-", request.node.originalname)[-20:].strip("-")
    folder.mkdir()
    file = written(folder, getattr(request, "param", {}))
    name = load(file).name
    try:
        labs.up(compiled(load(file)))
        yield file
    finally:
        labs.down(name)


def attached(file: Path) -> Lab:
    return labs.attach(load(file).name)


def at_once(to: str, protocol: str, *ports: int) -> list[ProbeSpec]:
    """Both clients, from the same address and each of these ports."""
    return [
        probe_spec(f"{name}/pod/client", to, protocol, sourcePort=port, together="all")
        for port, name in product(ports, CLUSTERS)
    ]


def entries(lab: Lab, port: int) -> list[str]:
    """The gateway's conntrack entries of the clients' connections from this port."""
    listed = lab.exec(HUB, "cat", "/proc/net/nf_conntrack").stdout
    return sorted(
        f"{line.split()[2]} {zone[1]}"
        for line in listed.splitlines()
        if f"src=10.244.0.2 dst=203.0.113.80 sport={port} " in line
        and (zone := re.search(r"zone-orig=(\d)", line))
    )


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_four_hundred_connections_of_two_clients_of_one_address(file: Path, protocol: str) -> None:
    lab = attached(file)
    to = {"tcp": "external/api:443", "udp": "external/api:53"}[protocol]
    report = lab.probe(specs=at_once(to, protocol, *range(20000, 20000 + MANY)))
    assert differences(report) == []
    assert [each.observed.verdict for each in report.probes] == ["ok"] * 2 * MANY
    assert {each for one in report.probes for each in one.observed.sources} == {"198.18.0.2"}
    assert entries(lab, 20000) == [f"{protocol} 1", f"{protocol} 2"]
    assert lab.drift() == []


def test_probes_of_one_label_are_under_way_before_any_answer_is_read(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab, events = attached(file), list[str]()
    start, run_once = _Sender._start_one, Loop.run_once

    def starts(sender: _Sender, attempt: Attempt, exchange: Exchange) -> None:
        events.append(attempt.flow.together)
        start(sender, attempt, exchange)

    def runs(loop: Loop, *, wait: bool) -> None:
        events.append("reads")
        run_once(loop, wait=wait)

    monkeypatch.setattr(_Sender, "_start_one", starts)
    monkeypatch.setattr(Loop, "run_once", runs)
    others = [
        probe_spec(each.reference, "external/api:443") for each in lab.topology.clusters[0].pods
    ]
    labelled = at_once("external/api:443", "tcp", *range(23000, 23020))
    assert failing(lab.probe(specs=[*others, *labelled])) == 0
    assert events[:40] == ["all"] * 40


def test_without_zones_the_two_clients_take_each_others_connection(file: Path) -> None:
    lab = attached(file)
    specs = [*at_once("external/api:443", "tcp", 20000), *at_once("external/api:53", "udp", 20000)]
    assert failing(lab.probe(specs=specs)) == 0
    done = lab.exec(HUB, lab.tool, "-t", "raw", "-F")
    assert done.returncode == 0, done.stderr
    assert len(lab.drift()) == 3
    again = [each.model_copy(update={"source_port": 21000}) for each in specs]
    assert failing(lab.probe(specs=again)) > 0
    assert labs.apply(lab.name, load(file)) > 0
    last = [each.model_copy(update={"source_port": 22000}) for each in specs]
    assert failing(lab.probe(specs=last)) == 0


def failing(report: Report) -> int:
    return sum(each.observed.verdict != "ok" for each in report.probes)


DAMAGE = {
    "a rule": "ip rule del priority 202",
    "both rules of a cluster": "ip rule del priority 101; ip rule del priority 201",
    "another table": "ip rule del priority 201; ip rule add priority 201 fwmark 1/0xff lookup 102",
    "a rule of one's own": "ip rule add priority 7 from 10.244.0.0/16 to 203.0.113.0/24 prohibit",
    "a rule beside one of ours": "ip rule add priority 201 iif eth0 lookup 102",
    "a route of a table": "ip route del 10.244.1.0/24 table 102",
    "a route of a table leads elsewhere": "ip route replace 10.244.1.0/24 via 192.168.10.2"
    " table 102",
    "a route in a table of one's own": "ip route add 10.244.0.0/16 via 192.168.10.2 table 1000",
    "the mark is not reflected": "sysctl -qw net.ipv4.fwmark_reflect=0",
    "marks": "iptables-legacy -t mangle -F NSNET-MARKS",
    "the way in": "ip link del eth2",
}


def test_a_change_by_hand_is_reported_and_repaired(file: Path) -> None:
    lab = attached(file)
    for name, damage in DAMAGE.items():
        done = lab.exec(HUB, "sh", "-ec", damage)
        assert done.returncode == 0, done.stderr
        assert lab.drift(), name
        assert labs.apply(lab.name, load(file)) > 0, name
        assert lab.drift() == [], name
    assert failing(lab.probe(specs=at_once("external/api:443", "tcp", 20000))) == 0


def test_a_rule_is_named_as_ip_prints_it(file: Path) -> None:
    lab = attached(file)
    lab.exec(HUB, "sh", "-ec", "ip rule del priority 101; ip rule add from 10.9.0.0/16 lookup main")
    assert lab.drift() == [
        "east,west/gateway: ip rule priority 101 iif lo fwmark 0x100/0xff00 lookup 101 is missing",
        "east,west/gateway: ip rule priority 101 lookup 254 with other selectors was added by hand",
    ]


@pytest.mark.parametrize("file", [DUAL], indirect=True)
def test_in_both_families(file: Path) -> None:
    lab = attached(file)
    assert lab.drift() == []
    specs = [
        spec
        for protocol, port in (("tcp", 443), ("udp", 53))
        for name in ("api", "api6")
        for spec in at_once(f"external/{name}:{port}", protocol, 20000)
    ]
    for one, other in (CLUSTERS, CLUSTERS[::-1]):
        exported = lab.topology.clusters[CLUSTERS.index(other)].services[0].exported
        assert [each.version for each in exported] == [4, 6]
        for each in exported:
            text = f"[{each}]" if each.version == 6 else str(each)
            specs += [
                probe_spec(f"{one}/pod/client", f"{text}:80", times=10),
                probe_spec(f"{one}/pod/client", f"{text}:53", "udp", times=10),
                probe_spec(f"{one}/pod/client", f"{text}:81"),
                probe_spec(f"{one}/pod/client", f"{text}:81", "udp"),
                probe_spec(f"{one}/pod/client", str(each), "icmp"),
                probe_spec(
                    "external/laptop" if each.version == 4 else "external/api6", f"{text}:80"
                ),
            ]
        specs += [
            probe_spec(f"{one}/pod/client", "fd77::80", "icmp"),
            probe_spec(f"{one}/pod/client", "[fd77::80]:9", "udp"),
        ]
    report = lab.probe(specs=specs)
    assert differences(report) == []
    assert {each.observed.verdict for each in report.probes} == {"ok", "refused"}
    assert [each.name for each in report.probes if each.observed.verdict == "timeout"] == []


HEARS = """
import socket, sys
asking = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
asking.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 2)
asking.setsockopt(socket.IPPROTO_IP, 11, 1)  # IP_RECVERR
asking.settimeout(3)
asking.connect((sys.argv[1], 53))
asking.send(b"x")
try:
    asking.recv(9)
except OSError as error:
    print(type(error).__name__, error.strerror)
"""


def test_the_gateways_own_errors_return_to_the_source_of_the_packet(file: Path) -> None:
    lab = attached(file)
    lab.exec(HUB, "ip", "link", "set", "eth1", "mtu", "1400")
    for index, name in enumerate(CLUSTERS):
        pod, inside = f"{name}/pod/client", f"192.168.{index + 1}0.1"
        ping = ["ping", "-n", "-c1", "-W2", "203.0.113.80"]
        over = lab.exec(pod, *ping, "-t2").stdout
        assert f"From {inside} icmp_seq=1 Time to live exceeded" in over
        large = lab.exec(pod, *ping, "-Mdo", "-s1450").stdout
        assert f"From {inside} icmp_seq=1 Frag needed and DF set (mtu = 1400)" in large
        # In by one inside link and out by the other, to a pod of the very same address.
        (other,) = set(CLUSTERS) - {name}
        (exported,) = lab.topology.clusters[CLUSTERS.index(other)].services[0].exported
        said = lab.exec(pod, sys.executable, "-c", HEARS, str(exported)).stdout
        assert said.split() == ["OSError", "No", "route", "to", "host"]


def test_a_shared_gateway_becomes_two_and_one_again(file: Path) -> None:
    """Other namespaces do not change."""
    name, text = load(file).name, file.read_text()
    apart = text.replace(", name: hub", "").replace('"east,west/gateway"', "fabric")
    pod = f"nsnet.{name}.east.pod.default"
    with netns.inside(f"{pod}.client"):
        held = socket.create_connection(("10.244.1.2", 80), timeout=5)
    for each in (re.sub(r"(?s)  probes:.*?---", "---", apart, count=1), text):
        file.write_text(each)
        assert labs.apply(name, load(file)) > 0
        lab = labs.attach(name)
        assert lab.drift() == []
        seen = [
            lab.connect("east/pod/client", "west/svc/web:80", times=10).servers,
            lab.connect("west/pod/client", "east/svc/web:80", times=10).servers,
        ]
        assert seen == [lab.endpoints("west/deploy/web"), lab.endpoints("east/deploy/web")]
        held.sendall(b"nsnet ping 0\n")
        assert b"east/pod/web-1" in held.recv(4096)
    held.close()
