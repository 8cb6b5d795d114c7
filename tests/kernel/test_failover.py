"""Two gateways: when one is cut off, new connections go by the other, and open ones are lost."""

import json
import sys
from pathlib import Path

import pytest

from nsnet.lab.lab import Lab
from tests.support.machine import ROOT, ROOTLESS_UNABLE

FILE = ROOT / "scenarios/gateway-failover.yaml"
pytestmark = [
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
    pytest.mark.lab("scenarios/gateway-failover.yaml"),
]

# Opens a connection to the server outside, cuts links of gateway 1, and tries to go on once all
# nodes and the fabric know better: prints whom the server saw first, and what became of the
# connection.
CUT = """
import json, socket, subprocess, sys, time
lab, way_in, *links = sys.argv[1:]
held = socket.create_connection(("203.0.113.80", 443), timeout=5)
held.sendall(b"who\\n")
first = json.loads(held.recv(4096))["source"]
for link in links:
    subprocess.run(["ip", "-n", f"{lab}.gateway.1", "link", "set", link, "down"], check=True)
start = time.monotonic()

def await_route(of, to, via):
    show = ["ip", "-n", of, "route", "show", to, "proto", "bird"]
    while via not in subprocess.run(show, capture_output=True, text=True).stdout:
        assert time.monotonic() < start + 20, f"{of} keeps to the gateway that is cut off"

for node in ("n1", "n2"):
    await_route(f"{lab}.node.{node}", "default", "192.168.10.254")
took = time.monotonic() - start
await_route("nsnet.gateway-failover.fabric", way_in, "198.18.0.3")
held.settimeout(2)
try:
    held.sendall(b"who\\n")
    ended = json.loads(held.recv(4096))["source"]
except OSError as error:
    ended = type(error).__name__
print(json.dumps([first, ended, took]))
"""


@pytest.mark.parametrize("links", [("eth0",), ("eth1",), ("eth0", "eth1")], ids=" and ".join)
def test_open_connections_are_lost_and_new_ones_go_by_the_other(
    lab: Lab, links: tuple[str, ...]
) -> None:
    services = lab.topology.clusters[0].services
    (way_in,) = {address for each in services for address in each.exported}
    east = "nsnet.gateway-failover.east"
    done = lab.exec("east/pod/client", sys.executable, "-c", CUT, east, str(way_in), *links)
    assert done.returncode == 0, done.stderr
    first, ended, took = json.loads(done.stdout)
    assert first == "198.18.0.2"  # gateway 1
    assert ended in ("TimeoutError", "ConnectionResetError")
    assert took < 5  # seconds; without BFD a neighbour is believed for 9
    seen = lab.connect("east/pod/client", "external/api:443", path=True)
    assert str(seen.source) == "198.18.0.3"
    assert seen.path is not None
    assert "east/gateway/2" in seen.path
    assert lab.connect("external/laptop", "east/svc/web:80", times=5).verdict == "ok"
    assert f"east/gateway/1: interface {links[0]} is down" in lab.drift()
    lab.repair()
    assert lab.drift() == []
    seen = lab.connect("east/pod/client", "external/api:443")
    assert str(seen.source) == "198.18.0.2"


def test_a_fault_comes_and_goes_with_the_file(lab: Lab, tmp_path: Path) -> None:
    text = FILE.read_text()
    other = tmp_path / "other.yaml"
    other.write_text(text.replace("{in: west/gateway/1,", "{in: east/gateway/1,"))
    (tmp_path / "gateway-failover").mkdir()
    manifest = ROOT / "scenarios/gateway-failover/cluster.yaml"
    (tmp_path / "gateway-failover/cluster.yaml").write_text(manifest.read_text())
    lab.apply(other)
    assert lab.drift() == []
    assert str(lab.connect("east/pod/client", "external/api:443").source) == "198.18.0.3"
    assert str(lab.connect("west/pod/client", "external/api:443").source) == "198.18.0.4"
    lab.apply(FILE)
    assert lab.drift() == []
    assert str(lab.connect("east/pod/client", "external/api:443").source) == "198.18.0.2"
    assert str(lab.connect("west/pod/client", "external/api:443").source) == "198.18.0.5"
