"""Gateways of kind proxy: reloads under traffic, paths of small MTU, TLS server names."""

import json
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from nsnet.ip import IPAddress
from nsnet.lab.agent import Agent
from nsnet.lab.lab import Lab
from nsnet.state.daemons import path_of
from tests.support.busy_client import BusyClient, busy_client
from tests.support.machine import (
    ROOTLESS_UNABLE,
)

pytestmark = pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE)

HELD = 20
TLS_PORT = 8443

SCENARIO = """\
apiVersion: nsnet.dev/v1alpha1
kind: Scenario
metadata: {{name: busy}}
spec:
  clusters:
  - {{name: east, nodes: 1, gateway: {{kind: proxy}}}}
  - {{name: west, nodes: 2, gateway: {{kind: proxy}}}}
  externals: [{{name: laptop, address: 203.0.113.10}}]
---
apiVersion: v1
kind: Pod
metadata: {{name: client, annotations: {{nsnet.dev/cluster: east}}}}
spec: {{containers: [{{name: main}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: web, annotations: {{nsnet.dev/cluster: west}}}}
spec:
  replicas: {web}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, annotations: {{nsnet.dev/cluster: west}}}}
spec:
  selector: {{app: web}}
  ports: [{{name: http, port: 80}}, {{name: https, port: 443, targetPort: 8443}}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: told, annotations: {{nsnet.dev/cluster: west}}}}
spec:
  replicas: 2
  template:
    metadata: {{labels: {{app: told}}, annotations: {{nsnet.dev/proxy-protocol: v2}}}}
    spec: {{containers: [{{ports: [{{containerPort: 80}}]}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: told, annotations: {{nsnet.dev/cluster: west}}}}
spec:
  selector: {{app: told}}
  ports: [{{name: https, port: 443, targetPort: 8443}}]
---
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceExport
metadata: {{name: web, annotations: {{nsnet.dev/cluster: west, nsnet.dev/sni: web.example}}}}
---
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceExport
metadata: {{name: told, annotations: {{nsnet.dev/cluster: west, nsnet.dev/sni: told.example}}}}
"""
ANOTHER = """\
---
apiVersion: v1
kind: Service
metadata: {name: other, annotations: {nsnet.dev/cluster: west}}
spec:
  selector: {app: told}
  ports: [{name: http, port: 80}, {name: https, port: 443, targetPort: 8443}]
---
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceExport
metadata: {name: other, annotations: {nsnet.dev/cluster: west, nsnet.dev/sni: other.example}}
"""
# Pods listen on every port that Services send to them, but the node does not listen on this one.
CLOSED = """\
---
apiVersion: v1
kind: Service
metadata: {name: closed, annotations: {nsnet.dev/cluster: west}}
spec: {ports: [{port: 443, targetPort: 8443}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: closed
  labels: {kubernetes.io/service-name: closed}
  annotations: {nsnet.dev/cluster: west}
addressType: IPv4
ports: [{port: 8443}]
endpoints: [{addresses: [192.168.20.2]}]
---
apiVersion: multicluster.x-k8s.io/v1alpha1
kind: ServiceExport
metadata: {name: closed, annotations: {nsnet.dev/cluster: west}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    written = tmp_path / "busy.yaml"
    written.write_text(SCENARIO.format(web=3))
    return written


@pytest.fixture
def lab(file: Path) -> Iterator[Lab]:
    with Agent(file) as agent:
        yield agent.lab


def exported(lab: Lab, name: str) -> IPAddress:
    """The address of a Service of west for other clusters."""
    west = lab.topology.clusters[1]
    (service,) = (each for each in west.services if each.name == name)
    return service.exported[0]


# --- told anew ---


@pytest.fixture(params=["east/pod/client", "external/laptop"])
def client(request: pytest.FixtureRequest, lab: Lab, tmp_path: Path) -> Iterator[BusyClient]:
    """A client that holds connections to west's `web` through its gateway's proxy."""
    with busy_client(lab, request.param, str(exported(lab, "web")), 80, tmp_path) as made:
        yield made


def test_connections_through_a_proxy_survive_its_reload(
    lab: Lab, client: BusyClient, file: Path
) -> None:
    def apply(more: str) -> None:
        file.write_text(SCENARIO.format(web=4) + more)
        lab.apply(file)

    requests = 0
    changes: tuple[tuple[str, Callable[[], None], tuple[str, ...]], ...] = (
        ("two endpoints more", lambda: lab.scale("west/deploy/web", 5), ()),
        ("three fewer", lambda: lab.scale("west/deploy/web", 2), ("web-2", "web-3", "web-4")),
        ("two more again", lambda: lab.scale("west/deploy/web", 4), ()),
        ("another Service comes", lambda: apply(ANOTHER), ()),
        ("and goes", lambda: apply(""), ()),
    )
    for words, do, ends in changes:
        held = client.ask(f"hold {HELD}")
        expected = {f"west/pod/web-{number}" for number in range(len(set(held)))}
        assert set(held) == expected, words
        ending = sorted(each for each in held if each.rsplit("/", 1)[1] in ends)
        assert bool(ending) == bool(ends)
        do()
        found = client.ask("ping")
        assert sorted(server for server, _ in found["broken"]) == ending, (words, found["broken"])
        assert len(found["alive"]) == HELD - len(ending), words
        loop = client.ask("loop")
        assert loop["errors"] == [], words
        assert loop["served"], words
        requests += sum(loop["served"].values())
        assert lab.drift() == [], words
        client.ask(f"hold {HELD}")
        assert set(client.ask("ping")["alive"]) <= lab.endpoints("west/deploy/web")
    print(f"{requests} requests, {HELD} connections")  # noqa: T201


# --- how far it gets ---


@pytest.mark.parametrize("source", ["east/pod/client", "external/laptop"])
def test_the_path_of_a_connection_that_the_server_refuses_ends_at_the_proxy(
    lab: Lab, file: Path, source: str
) -> None:
    file.write_text(SCENARIO.format(web=3) + CLOSED)
    lab.apply(file)
    seen = lab.connect(source, "west/svc/closed:443", path=True)
    assert seen.verdict == "reset"
    assert seen.path == lab.explain(source, "west/svc/closed:443").path
    assert seen.path is not None
    assert seen.path[-1] == "west/gateway"


NARROW = """
dev=$(ip -o route get {0} | sed 's/.* dev \\([^ ]*\\).*/\\1/')
ip route replace {0}/32 dev $dev mtu 1400
iptables-legacy -A OUTPUT -p icmp -j DROP
"""


@pytest.mark.parametrize("leg", ["near", "far"])
def test_large_hangs_before_or_behind_a_proxy_and_the_small_request_has_the_path(
    lab: Lab, leg: str
) -> None:
    """Each leg has its own path MTU, and a host that drops the MTU errors."""
    lab.scale("west/deploy/web", 1)
    if leg == "near":
        address, where = exported(lab, "web"), "fabric"
    else:
        pods = lab.topology.clusters[1].pods
        (pod,) = (each for each in pods if each.reference == "west/pod/web-0")
        address, where = pod.addresses[0], f"west/node/{pod.node}"
    done = lab.exec(where, "sh", "-ec", NARROW.format(address))
    assert done.returncode == 0, done.stderr
    seen = lab.connect("external/laptop", "west/svc/web:80", size=60_000, timeout=2, path=True)
    assert seen.verdict == "large-hangs"
    assert seen.path == lab.explain("external/laptop", "west/svc/web:80").path
    assert lab.connect("external/laptop", "west/svc/web:80", size=1000).verdict == "ok"
    lab.exec(where, "iptables-legacy", "-F", "OUTPUT")
    assert lab.connect("external/laptop", "west/svc/web:80", size=60_000).verdict == "ok"


# --- TLS ---

# Makes the lab's server close a port in namespaces. Only the lab's processes see its socket.
GIVES_UP = """
import sys
from pathlib import Path
from nsnet.ip import Protocol
from nsnet.servers import control
from nsnet.state.model import Listener

folder, port, *names = sys.argv[1:]
control.change(Path(folder), [], [(each, Listener(Protocol.TCP, int(port), "")) for each in names])
"""
# Says who it is and what it has heard, once a hello is whole (or nobody goes on), and hangs up:
# no TLS at all. A proxy's header and the hello behind it may come one by one.
HEARS = """
import os, socket, sys

def listen(connection):
    heard = b""
    while part := connection.recv(9999):
        heard += part
        hello = heard[28:] if heard.startswith(b"\\r\\n") else heard
        if len(hello) >= 5 and len(hello) == 5 + int.from_bytes(hello[3:5], "big"):
            break
    return heard

opened = socket.create_server(("", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
if os.fork():
    raise SystemExit
null = os.open(os.devnull, os.O_RDWR)
for fd in range(3):
    os.dup2(null, fd)
while True:
    connection, _ = opened.accept()
    with connection:
        connection.sendall(f"{socket.gethostname()} {listen(connection).hex()}".encode())
"""
# Says hello to a server of this name, in so many pieces, and prints what it said and heard.
HELLO = """
import json, socket, ssl, sys
address, name, pieces = sys.argv[1], sys.argv[2] or None, int(sys.argv[3])
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
said = ssl.MemoryBIO()
try:
    context.wrap_bio(ssl.MemoryBIO(), said, server_hostname=name).do_handshake()
except ssl.SSLWantReadError:
    hello = said.read()
heard = b""
with socket.create_connection((address, 443), timeout=20) as opened:
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    step = -(-len(hello) // pieces)
    for at in range(0, len(hello), step):
        opened.sendall(hello[at:at + step])
    try:
        while part := opened.recv(9999):
            heard += part
    except ConnectionResetError:
        pass
print(json.dumps([hello.hex(), *heard.decode().split()]))
"""


class Heard(NamedTuple):
    hello: bytes
    pod: str = ""
    bytes: bytes = b""


@pytest.fixture
def listening_pods(lab: Lab) -> Lab:
    """A server on each TLS port that reports what it receives, in place of the lab's own."""
    record_tls_hellos(lab)
    return lab


def record_tls_hellos(lab: Lab) -> None:
    """Run HEARS on each endpoint, where the lab's server gives up the TLS port."""
    pods = lab.endpoints("west/deploy/web") | lab.endpoints("west/deploy/told")
    names = [lab[each].netns for each in pods]
    run = (sys.executable, "-I", "-c", GIVES_UP, str(path_of(lab.name)), str(TLS_PORT), *names)
    done = lab.exec("fabric", *run)
    assert done.returncode == 0, done.stderr
    for pod in sorted(pods):
        started = lab.exec(pod, sys.executable, "-I", "-S", "-c", HEARS, str(TLS_PORT))
        assert started.returncode == 0, started.stderr


def hello(
    lab: Lab, source: str, name: str, pieces: int = 1, address: IPAddress | None = None
) -> Heard:
    """Who a TLS client comes to at the gateway's own address, or at one of them."""
    to = str(address or outside(lab, "west/gateway"))
    run = (sys.executable, "-I", "-c", HELLO, to, name, str(pieces))
    done = lab.exec(source, *run)
    assert done.returncode == 0, done.stderr
    said, *heard = json.loads(done.stdout)
    if not heard:
        return Heard(bytes.fromhex(said))
    pod, data = heard
    return Heard(bytes.fromhex(said), pod, bytes.fromhex(data))


def outside(lab: Lab, gateway: str) -> IPAddress:
    """Its own address, to others."""
    return lab.explain("external/laptop", f"{gateway}:443").paths[0].request[0].packet.dst


@pytest.mark.parametrize("pieces", [1, 3])
def test_one_address_serves_as_many_names_as_there_are_services(
    listening_pods: Lab, pieces: int
) -> None:
    lab, client = listening_pods, "east/pod/client"
    web = [hello(lab, client, "web.example", pieces) for _ in range(6)]
    assert {each.pod for each in web} == {f"web-{number}" for number in range(3)}
    assert all(each.bytes == each.hello for each in web)  # as it was said
    told = [hello(lab, client, "told.example") for _ in range(4)]
    assert {each.pod for each in told} == {"told-0", "told-1"}
    for each in told:
        # Signature, version 2 and PROXY, IPv4 and TCP, twelve bytes: who the client is.
        assert each.bytes.startswith(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c")
        assert each.bytes[16:20] == outside(lab, "east/gateway").packed
        assert struct.unpack_from("!H", each.bytes, 26) == (443,)
        assert each.bytes[28:] == each.hello
    assert hello(lab, client, "WEB.example", pieces).pod  # names have no case


def test_a_name_is_the_same_in_both_families(tmp_path: Path) -> None:
    def both(name: str, octet: int) -> str:
        ranges = f"nodeCIDR: '192.168.{octet}.0/24,fd00:192:168:{octet}::/64'"
        ranges += ", podCIDR: '10.244.0.0/16,fd00:10:244::/56'"
        return f"name: {name}, {ranges}, serviceCIDR: '10.96.0.0/16,fd00:96::/112'"

    text = SCENARIO.format(web=3).replace("name: east, nodes", f"{both('east', 10)}, nodes")
    text = text.replace("name: west, nodes", f"{both('west', 20)}, nodes")
    text = text.replace("\nspec:\n", "\nspec:\n  fabricCIDR: 198.18.0.0/16,fd98::/64\n", 1)
    text = text.replace("  selector: {app", "  ipFamilyPolicy: RequireDualStack\n  selector: {app")
    file = tmp_path / "both.yaml"
    file.write_text(text)
    with Agent(file) as agent:
        lab = agent.lab
        record_tls_hellos(lab)
        (gateway,) = lab.topology.clusters[1].gateways
        for address in gateway.outside:
            heard = hello(lab, "east/pod/client", "web.example", address=address.ip)
            assert heard.pod.startswith("web-"), address
            assert heard.bytes == heard.hello
        assert {each.version for each in gateway.outside} == {4, 6}


@pytest.mark.parametrize("name", ["nosuch.example", "example", "a.web.example", ""])
def test_the_proxy_closes_a_connection_for_an_unknown_name(listening_pods: Lab, name: str) -> None:
    assert hello(listening_pods, "external/laptop", name).pod == ""


def test_a_name_is_added_and_removed_with_its_service(listening_pods: Lab, file: Path) -> None:
    lab = listening_pods
    file.write_text(SCENARIO.format(web=3).replace("web.example", "www.example"))
    lab.apply(file)
    assert hello(lab, "external/laptop", "www.example").pod.startswith("web-")
    assert hello(lab, "external/laptop", "web.example").pod == ""
