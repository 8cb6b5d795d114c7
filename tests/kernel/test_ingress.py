"""Ingresses on the kernel, by haproxy. Every probe is compared with what the model predicts."""

import json
import random
import shlex
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from nsnet.kernel import daemons
from nsnet.kernel.command import find
from nsnet.kernel.processes import until
from nsnet.lab.lab import Lab
from nsnet.scenario.load import reload
from nsnet.state.haproxy import Haproxy
from nsnet.state.http import HttpFrontend, HttpRule, PathChange, Redirect, RequestMatch
from nsnet.topology.model import Service
from nsnet.walk.http import HttpRequest
from nsnet.walk.http_routes import location, rule_for
from tests.support import http_client, http_requests
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


HOSTS = ("a.example", "b.example", "x.a.example", "y.x.a.example", "A.EXAMPLE:80", "")
NAMES = ("", "a.example", "b.example", "*.a.example", "*.example", "*.x.a.example")
SENT = ("a", "b", "ab", "it's", "}", "%20", "-f", "$x", '"', "\\", "(a|b)", "..", "")
SEGMENTS = (*SENT, "#", "a b", "é")  # of which no request has the last ones
VALUES = ("1", "12", "-m", "}", "'", "a b", '"x"', "%[src]", "\\", "$HOME", "#c")


def path(chance: random.Random) -> str:
    found = "/" + "/".join(chance.choices(SEGMENTS, k=chance.choice((1, 1, 2))))
    return found if found.strip("/") else "/a"  # not every request


def requested(chance: random.Random) -> str:
    query = chance.choice(("", "?", "?v=1", "?w=}&v=12", "?v=1&v=2", "?w;v=1", "?w?v=1", "?v=1;"))
    return "/" + "/".join(chance.choices(SENT, k=chance.choice((1, 2, 3)))) + query


def pairs(chance: random.Random, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return tuple((each, chance.choice(VALUES)) for each in names if chance.random() < 0.15)


def random_rule(chance: random.Random, number: int) -> HttpRule:
    name = chance.choice(NAMES)
    match = RequestMatch(
        hostname=name,
        one_label=chance.random() < 0.5,
        path=path(chance),
        exact=chance.random() < 0.4,
        method=chance.choice(("", "", "", "GET", "PUT")),
        headers=pairs(chance, ("X-One", "x-two"))
        or chance.choice(((), (), (), (("content-length", "0"),), (("HOST", "a.example"),))),
        query=pairs(chance, ("v",)),
    )
    new = chance.choice((None, PathChange(path(chance)), PathChange(path(chance), prefix=True)))
    to = Redirect(302, chance.choice(("", "https")), f"r{number}", chance.choice((None, 81)), new)
    return HttpRule(match, f"rule {number}", redirect=to)


def test_haproxy_and_the_model_choose_the_same_rule(lab: Lab, tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    rules = tuple(random_rule(chance, number) for number in range(300))
    front = HttpFrontend(ip_address("203.0.113.10"), 8080, rules, "a test")
    daemons.write(tmp_path / "odd", Haproxy(http=(front,)))
    haproxy = find("haproxy")
    assert haproxy is not None
    begun = lab.exec("external/laptop", haproxy, "-D", "-f", str(tmp_path / "odd.conf"))
    assert begun.returncode == 0, begun.stderr
    requests = [
        HttpRequest(
            host=chance.choice(HOSTS),
            path=requested(chance),
            method=chance.choice(("GET", "PUT")),
            headers=pairs(chance, ("x-one", "X-Two")),
        )
        for _ in range(1000)
    ]
    (tmp_path / "requests").write_text(json.dumps([lines(each) for each in requests]))
    arguments = ("203.0.113.10", "8080", str(tmp_path / "requests"))
    command = (sys.executable, "-I", "-S", http_requests.__file__, *arguments)
    said = lab.exec("external/laptop", *command, timeout=120)
    assert said.returncode == 0, said.stderr
    applied = set()
    for each, (status, there) in zip(requests, json.loads(said.stdout), strict=True):
        rule = rule_for(front, each, ip_address("203.0.113.10"))
        applied.add(rule)
        wanted = (302, location(rule, front, each)) if rule else (404, "")
        assert (status, there) == wanted, f"seed {seed}: {each} by {rule}"
    assert len(applied) > 10


def lines(request: HttpRequest) -> list[str]:
    first = f"{request.method} {request.path} HTTP/1.1"
    fields = (("Host", request.host), *request._replace(host="").fields)
    return [first, *(f"{name}: {value}" for name, value in fields)]
