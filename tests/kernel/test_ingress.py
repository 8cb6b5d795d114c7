"""Ingresses on the kernel, by haproxy. Every probe is compared with what the model predicts."""

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from nsnet.kernel.processes import until
from nsnet.lab.lab import Lab
from nsnet.scenario.load import reload
from nsnet.topology.model import Service
from tests.support import http_client
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = [
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
    pytest.mark.lab("scenarios/ingress.yaml"),
]

FRONT = "lb/ingress.nsnet-ingress"
SCENARIO = Path("scenarios/ingress.yaml")


def outcome(lab: Lab, to: str = FRONT, protocol: str = "http", **http: Any) -> str:
    """The verdict, the status and the server of one attempt."""
    fields: dict[str, Any] = {"http": http} if protocol == "http" else {}
    asked = lab.connect("external/laptop", to, protocol, timeout=patience("ok"), **fields)
    (seen,) = asked.report.observed.attempts
    assert not asked.report.defects
    return " ".join(str(each) for each in (seen.verdict, seen.status, seen.server) if each)


@pytest.mark.parametrize(
    ("host", "path", "expected"),
    [
        ("shop.example", "/cart", "ok 200 east/pod/cart-0"),
        ("SHOP.example:8080", "/cart/?a=/", "ok 200 east/pod/cart-0"),
        ("shop.example", "/cart/help?", "ok 200 east/pod/api-0"),
        ("shop.example", "/cart/help/", "ok 200 east/pod/cart-0"),
        ("shop.example", "/soon/x", "ok 503"),
        ("a.shop.example", "/", "ok 200 east/pod/cart-0"),
        ("a.b.shop.example", "/", "ok 404"),
        ("198.18.255.254", "/cart", "ok 404"),
    ],
)
def test_host_and_path_choose_the_server(lab: Lab, host: str, path: str, expected: str) -> None:
    assert outcome(lab, host=host, path=path) == expected


def test_tls_ends_at_the_proxy_with_the_certificate_of_the_name(lab: Lab) -> None:
    for host, status, subject in (
        ("api.example", 200, "CN=api.example"),
        ("shop.example", 200, "CN=nsnet generated certificate"),
    ):
        asked = lab.connect("external/laptop", FRONT, "http", http={"host": host, "tls": True})
        (seen,) = asked.report.observed.attempts
        assert (seen.status, seen.certificate) == (status, subject)
        assert not asked.report.defects


@pytest.mark.parametrize(
    ("port", "protocol", "http", "expected"),
    [
        (80, "tcp", {}, "ok 400"),
        (443, "tcp", {}, "reset"),
        (80, "http", {"tls": {"serverName": "api.example"}}, "reset"),
        (443, "http", {}, "reset"),
    ],
)
def test_who_speaks_another_protocol_is_turned_away(
    lab: Lab, port: int, protocol: str, http: dict[str, Any], expected: str
) -> None:
    assert outcome(lab, f"{FRONT}:{port}", protocol, **http) == expected


SLICE = """
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: soon, labels: {kubernetes.io/service-name: soon}}
addressType: IPv4
ports: [{port: 9000}]
endpoints: [{addresses: [203.0.113.10]}]
"""
LISTENER = """
import socket
from pathlib import Path
with socket.create_server(("", 9000)) as server:
    Path("up").touch()
    connection, _ = server.accept()
    with connection, open("heard", "wb") as file:
        while data := connection.recv(9999):
            file.write(data)
            if data.endswith(b"\\r\\n\\r\\n"):
                break
Path("done").touch()
"""
CLIENT = """
import socket, sys
with socket.create_connection((sys.argv[1], 80)) as connection:
    connection.sendall(sys.argv[2].encode())
    connection.recv(1)
"""


def proxy_service(lab: Lab) -> Service:
    return next(each for each in lab.topology.clusters[0].services if each.name == "ingress")


def started(lab: Lab, place: str, folder: Path, *command: str) -> None:
    """Start a command that goes on; its output is in a file of the folder."""
    line = f"cd {folder} && {shlex.join(command)} >output 2>&1 &"
    assert lab.exec(place, "sh", "-c", line).returncode == 0


def test_a_server_learns_the_client_from_headers(lab: Lab, tmp_path: Path) -> None:
    lab.apply(reload("ingress.yaml", {"ingress.yaml": SCENARIO.read_text() + SLICE}))
    started(lab, "external/laptop", tmp_path, sys.executable, "-I", "-S", "-c", LISTENER)
    until((tmp_path / "up").exists, what="the server does not listen")
    asked = "GET /soon HTTP/1.1\r\nHost: Shop.example\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n"
    to = str(proxy_service(lab).addresses[0])  # packets to the load balancer are SNATed
    started(lab, "pod/api-0", tmp_path, sys.executable, "-I", "-S", "-c", CLIENT, to, asked)
    until((tmp_path / "done").exists, what="no request arrives")
    heard = (tmp_path / "heard").read_text().lower().splitlines()
    pods = lab.topology.clusters[0].pods
    address = next(str(each.addresses[0]) for each in pods if each.name == "api-0")
    assert {f"x-forwarded-for: {address}", "x-forwarded-proto: http"} <= {*heard}
    assert "x-forwarded-host: shop.example" in heard
    assert "x-forwarded-for: 1.2.3.4" not in heard


def test_no_request_is_lost_while_routes_change(lab: Lab, tmp_path: Path) -> None:
    text = SCENARIO.read_text()
    changed = text.replace("path: /cart/help", "path: /cart/other")
    assert changed != text
    address, done = str(proxy_service(lab).load_balancer_ips[0]), tmp_path / "done"
    run = (sys.executable, "-I", "-S", http_client.__file__)
    command = (*run, address, "80", "shop.example", "/cart", str(done))
    started(lab, "external/laptop", tmp_path, *command)
    for number in range(5):
        lab.apply(reload("ingress.yaml", {"ingress.yaml": text if number % 2 else changed}))
    done.touch()
    output = tmp_path / "output"
    until(lambda: output.read_text().endswith("\n"), what="the client does not end", seconds=120)
    found = json.loads(output.read_text())
    assert found["failures"] == []
    assert found["sent"] >= http_client.LEAST
    assert found["servers"].keys() == {"east/pod/cart-0"}
