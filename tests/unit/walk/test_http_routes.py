"""The rule of haproxy that applies to a request, and what becomes of the request.

Source: docs/configuration.txt of haproxy 2.6, and the tables of examples for path types in the
concept "Ingress" of the Kubernetes documentation.
"""

import pytest

from nsnet.state.http import (
    HeaderChanges,
    HttpFrontend,
    HttpRule,
    PathChange,
    Redirect,
    RequestMatch,
)
from nsnet.verdict import Verdict
from nsnet.walk.http import HttpRequest
from nsnet.walk.http_routes import (
    described,
    forwarded,
    location,
    rule_for,
    with_response_headers,
)
from nsnet.walk.packet import PredictedPath
from tests.support.labs import ip

CLIENT = ip("203.0.113.10")


def frontend(*rules: HttpRule, port: int = 80) -> HttpFrontend:
    return HttpFrontend(ip("10.244.0.9"), port, rules, "east/svc/ingress")


def fits(match: RequestMatch, request: HttpRequest) -> bool:
    rule = HttpRule(match, "a")
    return rule_for(frontend(rule), request, CLIENT) is rule


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [
        ("/", "/any/path", True),
        ("", "/any/path", True),
        ("/foo", "/foo", True),
        ("/foo", "/foo/", True),
        ("/foo", "/foobar", False),
        ("/foo/", "/foo", True),
        ("/foo/", "/foo/", True),
        ("/aaa/bb", "/aaa/bbb", False),
        ("/aaa/bbb", "/aaa/bbb", True),
        ("/aaa/bbb/", "/aaa/bbb", True),
        ("/aaa/bbb", "/aaa/bbb/ccc", True),
        ("/aaa/bbb", "/aaa/bbbxyz", False),
        ("/foo", "/foo?a=/bar", True),
        ("/foo", "/bar?a=/foo", False),
        ("/Foo", "/foo", False),
        ("/a b", "/a%20b", False),
    ],
)
def test_a_prefix_consists_of_segments(prefix: str, path: str, expected: bool) -> None:
    assert fits(RequestMatch(path=prefix), HttpRequest("a.example", path)) is expected


@pytest.mark.parametrize(
    ("exact", "path", "expected"),
    [
        ("/foo", "/foo", True),
        ("/foo", "/bar", False),
        ("/foo", "/foo/", False),
        ("/foo/", "/foo", False),
        ("/foo", "/foo?a=b", True),
    ],
)
def test_an_exact_path_is_the_whole_path(exact: str, path: str, expected: bool) -> None:
    match = RequestMatch(path=exact, exact=True)
    assert fits(match, HttpRequest("a.example", path)) is expected


@pytest.mark.parametrize(
    ("hostname", "one_label", "host", "expected"),
    [
        ("", False, "any", True),
        ("a.example", False, "a.example", True),
        ("a.example", False, "A.Example:8080", True),
        ("a.example", False, "b.example", False),
        ("*.foo.com", True, "bar.foo.com", True),
        ("*.foo.com", True, "baz.bar.foo.com", False),
        ("*.foo.com", True, "foo.com", False),
        ("*.foo.com", False, "baz.bar.foo.com", True),
        ("*.foo.com", False, "foo.com", False),
        ("*.foo.com", False, "xfoo.com", False),
        ("a.example", False, "[::1]:80", False),
    ],
)
def test_a_host_is_a_name_or_a_wildcard(
    hostname: str, one_label: bool, host: str, expected: bool
) -> None:
    assert fits(RequestMatch(hostname, one_label), HttpRequest(host)) is expected


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (RequestMatch(method="GET"), True),
        (RequestMatch(method="PUT"), False),
        (RequestMatch(headers=(("x-version", "2"),)), True),
        (RequestMatch(headers=(("X-VERSION", "2"), ("other", "b"))), False),
        (RequestMatch(headers=(("x-version", "20"),)), False),
        (RequestMatch(query=(("v", "1"),)), True),
        (RequestMatch(query=(("v", "1"), ("w", ""))), False),
        # The proxy sets these headers before it compares.
        (RequestMatch(headers=(("X-Forwarded-For", str(CLIENT)),)), True),
        (RequestMatch(headers=(("X-Forwarded-Proto", "http"),)), True),
        (RequestMatch(headers=(("X-Forwarded-Host", "a.example"),)), True),
        (RequestMatch(headers=(("Via", "1.1 nsnet"),)), True),
        # These are headers as any other, although a request has them by itself.
        (RequestMatch(headers=(("host", "a.example"),)), True),
        (RequestMatch(headers=(("content-length", "0"),)), False),
    ],
)
def test_all_conditions_hold(match: RequestMatch, expected: bool) -> None:
    given = (("X-Version", "2"), ("X-Forwarded-For", "1.2.3.4"))
    request = HttpRequest("a.example", "/?v=1&w=2", headers=given)
    assert fits(match, request) is expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("v=1", True),
        ("a&v=1&v=2", True),
        ("v=2&v=1", True),
        ("a=1;v=1", False),
        ("a=1?v=1", False),
        ("?v=1", False),
        ("v=1;", False),
        ("v=1=1", False),
        ("V=1", False),
        ("v=%31", False),
    ],
)
def test_only_an_ampersand_separates_parameters(query: str, expected: bool) -> None:
    assert fits(RequestMatch(query=(("v", "1"),)), HttpRequest("a", f"/?{query}")) is expected


def test_a_request_without_a_body_has_a_length_if_its_method_could_have_one() -> None:
    match = RequestMatch(headers=(("Content-Length", "0"),))
    assert fits(match, HttpRequest("a.example", method="POST"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (HeaderChanges(), (("a", "1"), ("A", "2"), ("b", "3"))),
        (HeaderChanges(set=(("a", "x"),)), (("b", "3"), ("a", "x"))),
        (HeaderChanges(add=(("B", "x"),)), (("a", "1"), ("A", "2"), ("b", "3"), ("B", "x"))),
        (HeaderChanges(remove=("A",)), (("b", "3"),)),
        (HeaderChanges((("a", "x"),), (("a", "y"),), ("a",)), (("b", "3"),)),
    ],
)
def test_the_next_proxy_receives_changed_headers(
    changes: HeaderChanges, expected: tuple[tuple[str, str], ...]
) -> None:
    request = HttpRequest("a.example", headers=(("a", "1"), ("A", "2"), ("b", "3")))
    sent = forwarded(HttpRule(RequestMatch(), "a", request_headers=changes), request)
    assert (sent.host, sent.headers) == ("a.example", expected)


def test_a_changed_host_header_is_another_host() -> None:
    for changes, expected in (
        (HeaderChanges(set=(("host", "b.example"),)), "b.example"),
        (HeaderChanges(remove=("Host",)), ""),
    ):
        rule = HttpRule(RequestMatch(), "a", hostname="c.example", request_headers=changes)
        assert forwarded(rule, HttpRequest("a.example", method="PUT")).host == expected


@pytest.mark.parametrize(
    ("changes", "before", "expected"),
    [
        (HeaderChanges(set=(("location", "/x"),)), "/a", "/x"),
        (HeaderChanges(add=(("Location", "/x"),)), "", "/x"),
        (HeaderChanges(remove=("LOCATION",)), "/a", ""),
        (HeaderChanges(set=(("Server", "x"),)), "/a", "/a"),
    ],
)
def test_the_location_of_a_response_may_change(
    changes: HeaderChanges, before: str, expected: str
) -> None:
    path = PredictedPath(verdict=Verdict.OK, request=(), status=301, location=before)
    rule = HttpRule(RequestMatch(), "a", response_headers=changes)
    assert with_response_headers(path, rule).location == expected


def test_the_first_rule_that_fits_applies() -> None:
    no, first, second = (
        HttpRule(RequestMatch(path=path), name)
        for path, name in (("/no", "a"), ("/", "b"), ("/yes", "c"))
    )
    request = HttpRequest("a.example", "/yes")
    assert rule_for(frontend(no, first, second), request, CLIENT) is first
    assert rule_for(frontend(no), request, CLIENT) is None


@pytest.mark.parametrize(
    ("change", "path", "expected"),
    [
        (PathChange("/xyz", True), "/foo/bar?a=b", "/xyz/bar?a=b"),
        (PathChange("/xyz/", True), "/foo/bar", "/xyz/bar"),
        (PathChange("/xyz", True), "/foo", "/xyz"),
        (PathChange("/", True), "/foo/bar", "/bar"),
        (PathChange("/", True), "/foo", "/"),
        (PathChange("", True), "/foo/", "/"),
        (PathChange("/x y"), "/foo/bar?a", "/x%20y?a"),
    ],
)
def test_a_path_changes_as_a_whole_or_its_prefix(
    change: PathChange, path: str, expected: str
) -> None:
    rule = HttpRule(RequestMatch(path="/foo"), "a", path=change, hostname="b.example")
    sent = forwarded(rule, HttpRequest("a.example", path, tls=True, server_name="a.example"))
    assert sent == HttpRequest("b.example", expected)


@pytest.mark.parametrize(
    ("redirect", "port", "expected"),
    [
        (Redirect(301, "https"), 80, "https://a.example/foo?x"),
        (Redirect(hostname="b.example"), 80, "http://b.example/foo?x"),
        (Redirect(hostname="b.example"), 8080, "http://b.example:8080/foo?x"),
        (Redirect(scheme="http", hostname="b.example"), 8080, "http://b.example/foo?x"),
        (Redirect(port=8443, scheme="https"), 80, "https://a.example:8443/foo?x"),
        (Redirect(path=PathChange("/new")), 80, "http://a.example/new?x"),
    ],
)
def test_where_a_redirect_leads(redirect: Redirect, port: int, expected: str) -> None:
    rule = HttpRule(RequestMatch(), "a", redirect=redirect)
    request = HttpRequest("a.example:8080", "/foo?x")
    assert location(rule, frontend(rule, port=port), request) == expected


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (RequestMatch(), "any host, prefix /"),
        (RequestMatch("a.example", path="/a", exact=True), "host a.example, path /a"),
        (
            RequestMatch(method="PUT", headers=(("X-A", "1"),), query=(("v", "2"),)),
            "any host, prefix /, method PUT, X-A: 1, v=2",
        ),
    ],
)
def test_a_match_in_words(match: RequestMatch, expected: str) -> None:
    assert described(match) == expected
