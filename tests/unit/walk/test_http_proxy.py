"""The paths of requests through an HTTP proxy, and the proxy's own responses."""

import pytest

from nsnet.ip import Protocol
from nsnet.walk.http import HttpRequest
from nsnet.walk.packet import PredictedPath
from nsnet.walk.walker import Walker
from tests.support.labs import ingress, ip, lab, service, workload

OBJECTS = (
    workload("Deployment", "web", 2),
    service("web"),
    service("none"),
    # Its endpoints have another port: nothing listens there.
    workload("Deployment", "closed", spec="containers: [{ports: [{containerPort: 81}]}]"),
    "apiVersion: v1\nkind: Service\nmetadata: {name: dead}\nspec: {ports: [{port: 80}]}",
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: dead, labels:"
    " {kubernetes.io/service-name: dead}}\naddressType: IPv4\nports: [{port: 80}]\nendpoints:"
    " [{addresses: [203.0.113.10]}]",
    # Its endpoint is the load balancer in front of the proxy.
    "apiVersion: v1\nkind: Service\nmetadata: {name: circle}\nspec: {ports: [{port: 80}]}",
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: circle, labels:"
    " {kubernetes.io/service-name: circle}}\naddressType: IPv4\nports: [{port: 80}]\nendpoints:"
    " [{addresses: [198.18.255.254]}]",
    ingress("a", "Prefix / web", "Prefix /none none", "Prefix /dead dead", "Prefix /c circle"),
)
SPEC = "externals: [{name: laptop, address: 203.0.113.10}]"
LAB = lab(*OBJECTS, clusters=("{name: east, model: flat}",), spec=SPEC)
WALKER = Walker(LAB.state)
FRONT = ip("198.18.255.254")


def paths(http: HttpRequest | None, port: int = 80, size: int = 0) -> tuple[PredictedPath, ...]:
    return WALKER.paths("nsnet.lab.external.laptop", Protocol.TCP, FRONT, port, size, http)


def ends(http: HttpRequest | None, port: int = 80, size: int = 0) -> set[str]:
    found = (f"{each.verdict} {each.status} {each.server}" for each in paths(http, port, size))
    return set(found)


@pytest.mark.parametrize(
    ("http", "port", "expected"),
    [
        (
            HttpRequest("shop.example"),
            80,
            {"ok 200 east/pod/web-0", "ok 200 east/pod/web-1"},
        ),
        (
            HttpRequest("shop.example", tls=True),
            443,
            {"ok 200 east/pod/web-0", "ok 200 east/pod/web-1"},
        ),
        (HttpRequest("shop.example", "/none/x"), 80, {"ok 503 None"}),
        (HttpRequest("shop.example", "/dead"), 80, {"ok 503 None"}),
        (HttpRequest("shop.example", "/c"), 80, {"ok 508 None"}),
        (HttpRequest("other.example"), 80, {"ok 404 None"}),
        (HttpRequest("shop.example", tls=True), 80, {"reset None None"}),
        (HttpRequest("shop.example"), 443, {"reset None None"}),
        (None, 80, {"ok 400 None"}),
        (None, 443, {"reset None None"}),
    ],
)
def test_how_a_request_through_a_proxy_ends(
    http: HttpRequest | None, port: int, expected: set[str]
) -> None:
    assert ends(http, port) == expected


def test_more_bytes_after_a_bad_request_may_reset_the_connection() -> None:
    assert ends(None, size=3000) == {"ok 400 None", "reset None None"}


def test_a_path_says_which_rule_applied() -> None:
    for http, what in (
        (
            HttpRequest("shop.example"),
            "Ingress default/a: host shop.example, prefix / → east/svc/web",
        ),
        (HttpRequest("a.example"), "no rule fits the request"),
    ):
        for each in paths(http):
            assert what in [hop.what for hop in each.request]
