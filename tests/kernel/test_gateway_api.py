"""Gateway API on the kernel, by haproxy. Every probe is compared with what the model predicts."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from nsnet.lab.lab import Lab
from nsnet.probes.outcome import Outcome
from nsnet.scenario.load import reload
from tests.support.machine import ROOTLESS_UNABLE, patience

pytestmark = [
    pytest.mark.skipif(bool(ROOTLESS_UNABLE), reason=ROOTLESS_UNABLE),
    pytest.mark.lab("scenarios/gateway-api.yaml"),
]

FRONT = "lb/front-nsnet"
SCENARIO = Path("scenarios/gateway-api.yaml")


def attempts(lab: Lab, host: str, path: str = "/", times: int = 1, **http: Any) -> list[Outcome]:
    """Requests from outside, which the model has predicted."""
    fields: dict[str, Any] = {"http": {"host": host, "path": path, **http}, "times": times}
    asked = lab.connect("external/laptop", FRONT, "http", timeout=patience("ok"), **fields)
    assert not asked.report.defects
    return list(asked.report.observed.attempts)


def outcome(lab: Lab, host: str, path: str = "/", **http: Any) -> str:
    """The verdict, the status, the server and the certificate of a request."""
    (seen,) = attempts(lab, host, path, **http)
    every = (seen.verdict, seen.status, seen.server, seen.certificate)
    return " ".join(str(each) for each in every if each)


@pytest.mark.parametrize(
    ("host", "path", "http", "expected"),
    [
        ("shop.example", "/cart/help", {}, "ok 200 east/pod/api-0"),
        ("Shop.Example:80", "/old", {}, "ok 301"),
        ("shop.example", "/cart", {"headers": {"VERSION": "canary"}}, "ok 200 east/pod/canary-0"),
        ("a.b.shop.example", "/", {}, "ok 200 east/pod/cart-0"),
        ("shop.example", "/soon/x", {}, "ok 503"),
        ("other.example", "/", {}, "ok 404"),
        ("api.example", "/", {"tls": True}, "ok 200 east/pod/api-0 CN=api.example"),
        ("API.example", "/", {"tls": True}, "ok 200 east/pod/api-0 CN=api.example"),
        ("any.api.example", "/", {"tls": True}, "reset"),
    ],
)
def test_routes_choose_the_server(
    lab: Lab, host: str, path: str, http: dict[str, Any], expected: str
) -> None:
    assert outcome(lab, host, path, **http) == expected


def test_weights_are_shares_of_requests(lab: Lab) -> None:
    servers = Counter(each.server for each in attempts(lab, "shop.example", "/cart", times=400))
    assert servers.keys() == {"east/pod/cart-0", "east/pod/canary-0"}
    # 300 of 400 are expected; the standard deviation is 8.7.
    assert 240 < servers["east/pod/cart-0"] < 360


def changed(lab: Lab, *changes: tuple[str, str]) -> None:
    """Apply the scenario with other texts."""
    text = SCENARIO.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    lab.apply(reload("gateway-api.yaml", {"gateway-api.yaml": text}))


def test_a_change_of_routes_applies_at_once(lab: Lab) -> None:
    grant = "name: soon}]\n---"
    changed(lab, ("port: 80, weight: 3}", "port: 80, weight: 0}"), (grant, "name: later}]\n---"))
    servers = {each.server for each in attempts(lab, "shop.example", "/cart", times=20)}
    assert servers == {"east/pod/canary-0"}
    assert outcome(lab, "shop.example", "/soon") == "ok 500"
    changed(lab)
    assert outcome(lab, "shop.example", "/soon") == "ok 503"


SLICE = """
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: soon, labels: {kubernetes.io/service-name: soon}}
addressType: IPv4
ports: [{port: 9000}]
endpoints: [{addresses: [203.0.113.10]}]
"""
FILTERS = """\
  - matches: [{path: {value: /soon}}]
    filters:
    - type: URLRewrite
      urlRewrite:
        hostname: b.example
        path: {type: ReplacePrefixMatch, replacePrefixMatch: /a%20b}
    - type: RequestHeaderModifier
      requestHeaderModifier:
        set: [{name: X-Set, value: "it's %[src] \\\\ \\"new\\" #1"}]
        add: [{name: X-Add, value: second}]
        remove: [X-Remove]
    - type: ResponseHeaderModifier
      responseHeaderModifier: {set: [{name: X-Set, value: new}], remove: [X-Remove]}
"""
# A server that answers one request with the request itself, and a client, in one network namespace.
ECHO = """
import socket, sys, threading
def serve(server):
    connection, _ = server.accept()
    with connection:
        heard = b""
        while not heard.endswith(b"\\r\\n\\r\\n"):
            heard += connection.recv(9999)
        head = b"HTTP/1.1 200 OK\\r\\nX-Set: old\\r\\nX-Remove: old\\r\\n"
        connection.sendall(head + b"Content-Length: %d\\r\\n\\r\\n" % len(heard) + heard)
with socket.create_server(("", 9000)) as server:
    threading.Thread(target=serve, args=(server,), daemon=True).start()
    with socket.create_connection((sys.argv[1], 80), 30) as client:
        client.sendall(sys.argv[2].encode())
        while data := client.recv(9999):
            sys.stdout.write(data.decode())
"""


def test_filters_change_what_servers_and_clients_get(lab: Lab) -> None:
    match = "  - matches: [{path: {value: /soon}}]\n"
    changed(
        lab,
        (match, FILTERS),
        ("weight: 3", "weight: 3"),
        (SCENARIO.read_text()[-20:], SCENARIO.read_text()[-20:] + SLICE),
    )
    services = {each.name: each for each in lab.topology.clusters[0].services}
    address = str(services["front-nsnet"].load_balancer_ips[0])
    request = (
        "GET /soon/1?q=a HTTP/1.1\r\nHost: shop.example\r\nX-Set: old\r\nX-Add: first\r\n"
        "X-Remove: old\r\nConnection: close\r\n\r\n"
    )
    done = lab.exec("external/laptop", sys.executable, "-I", "-S", "-c", ECHO, address, request)
    head, _, body = done.stdout.replace("\r", "").partition("\n\n")
    response, sent = head.lower().splitlines(), body.splitlines()
    assert response[0] == "http/1.1 200 ok"
    assert [each for each in response if each.startswith("x-")] == ["x-set: new"]
    assert sent[0] == "GET /a%20b/1?q=a HTTP/1.1"
    got = [each for each in sent if each.lower().startswith(("host", "x-set", "x-add", "x-rem"))]
    assert sorted(each.partition(":")[2] for each in got) == [
        " b.example",
        " first",
        ' it\'s %[src] \\ "new" #1',
        " second",
    ]


CHAIN = """\
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: chain}
spec:
  parentRefs: [{name: front, sectionName: http}]
  hostnames: [chain.example]
  rules:
  - matches: [{path: {value: /circle}}]
    backendRefs: [{name: front-nsnet, port: 80}]
  - matches: [{path: {value: /on}}]
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier: {set: [{name: Host, value: any.shop.example}]}
    - type: ResponseHeaderModifier
      responseHeaderModifier: {set: [{name: Location, value: /there}]}
    backendRefs: [{name: front-nsnet, port: 80}]
"""


def test_a_request_passes_several_proxies_but_not_in_a_circle(lab: Lab) -> None:
    gateway = "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass"
    changed(lab, (gateway, f"{CHAIN}{gateway}"))
    assert outcome(lab, "chain.example", "/on") == "ok 200 east/pod/cart-0"
    (seen,) = attempts(lab, "chain.example", "/on")
    assert seen.location == "/there"
    assert outcome(lab, "chain.example", "/circle") == "ok 508"
    changed(lab)
