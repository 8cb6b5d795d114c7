"""What the conformance tests of Gateway API assert of HTTP requests, for the rules of the proxy."""

import pytest

from nsnet.ip import IPAddress
from nsnet.state.http import HttpFrontend
from nsnet.topology.model import HttpProxy
from nsnet.walk.http import HttpRequest
from nsnet.walk.http_routes import forwarded, location, rule_for
from tests.support.gateway_cases import BACKENDS, CASES, Case, full, prefix, redirect, words
from tests.support.gateways import CLASS, gateway, path, proxies, route, to
from tests.support.labs import ip, topology

ADDRESS, CLIENT = ip("10.244.0.9"), ip("203.0.113.10")


def asked(text: str) -> HttpRequest:
    """The request [METHOD ]HOST/PATH[ NAME=VALUE…], with headers."""
    method, host, path, headers = words(text)
    return HttpRequest(host, path, method, headers)


def frontend(proxy: HttpProxy, port: int = 80) -> HttpFrontend:
    (one,) = (each for each in proxy.listeners if each.port == port)
    return HttpFrontend(ADDRESS, port, one.rules, proxy.service, one.certificates)


def outcome(found: HttpFrontend, request: HttpRequest, client: IPAddress = CLIENT) -> str:
    """The Service that gets the request, or the status of the proxy's own response."""
    rule = rule_for(found, request, client)
    if rule is None:
        return "404"
    if rule.redirect is not None:
        return f"{rule.redirect.status} {location(rule, found, request)}"
    return "+".join(each.reference[-2:] for each in rule.weighted) or str(rule.status)


@pytest.mark.parametrize("case", CASES, ids=[each.name for each in CASES])
def test_what_becomes_of_requests(case: Case) -> None:
    found = topology(CLASS, *BACKENDS, gateway("front", *case.listeners), *case.routes)
    port = frontend(proxies(found)["front-lab"])
    assert {text: outcome(port, asked(text)) for text in case.requests} == case.requests


@pytest.mark.parametrize(
    ("port", "protocol", "what", "expected"),
    [
        (8080, "HTTP", "hostname: b", "302 http://b:8080/"),
        (8080, "HTTP", "hostname: b, port: 80", "302 http://b/"),
        (8080, "HTTP", "hostname: b, scheme: https", "302 https://b/"),
        (443, "HTTPS", "hostname: b", "302 https://b/"),
        (443, "HTTPS", "hostname: b, port: 443", "302 https://b/"),
        (443, "HTTPS", "hostname: b, scheme: http", "302 http://b/"),
    ],
)
def test_a_redirect_keeps_the_port_of_its_listener(
    port: int, protocol: str, what: str, expected: str
) -> None:
    tls = ", tls: {certificateRefs: [{name: a}]}" if protocol == "HTTPS" else ""
    own = f"{{name: own, port: {port}, protocol: {protocol}{tls}}}"
    found = topology(CLASS, *BACKENDS, gateway("front", own), route("a", redirect("/", what)))
    there = frontend(proxies(found)["front-lab"], port)
    assert outcome(there, asked("a/")) == expected


@pytest.mark.parametrize(
    ("value", "what", "path_", "expected"),
    [
        ("/prefix/one", prefix("/one"), "/prefix/one/two", "/one/two"),
        ("/strip-prefix", prefix("/"), "/strip-prefix/three", "/three"),
        ("/strip-prefix", prefix("/"), "/strip-prefix", "/"),
        ("/full/one", full("/one"), "/full/one/two", "/one"),
        ("/foo", prefix("/xyz/"), "/foo/bar", "/xyz/bar"),
        ("/foo/", prefix("/xyz"), "/foo/bar", "/xyz/bar"),
        ("/foo", prefix("''"), "/foo", "/"),
        ("/foo", prefix("/xyz"), "/foo/", "/xyz/"),
    ],
)
def test_a_server_gets_the_rewritten_path(value: str, what: str, path_: str, expected: str) -> None:
    filters = f"{{type: URLRewrite, urlRewrite: {{hostname: one.example.org, {what}}}}}"
    rules = to("v1", matches=path(value), filters=filters)
    found = topology(CLASS, *BACKENDS, gateway("front"), route("a", rules))
    request = asked(f"rewrite.example{path_}")
    rule = rule_for(frontend(proxies(found)["front-lab"]), request, CLIENT)
    assert rule is not None
    sent = forwarded(rule, request)
    assert (sent.host, sent.path) == ("one.example.org", expected)
