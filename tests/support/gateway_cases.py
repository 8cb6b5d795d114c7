"""What the conformance tests of Gateway API assert of HTTP requests: routes, and what becomes of
requests.

Each case is named after the test. Source: kubernetes-sigs/gateway-api, conformance/tests, v1.6.
"""

from typing import NamedTuple

from tests.support.gateways import path, route, to
from tests.support.labs import pod, service

BACKENDS = tuple(
    each
    for name in ("v1", "v2", "v3")
    for each in (pod(name, labels=f"app: {name}"), service(name))
)


def words(request: str) -> tuple[str, str, str, tuple[tuple[str, str], ...]]:
    """The method, host, path and headers of a request [METHOD ]HOST/PATH[ NAME=VALUE…]."""
    those = request.split()
    method = those.pop(0) if those[0].isupper() else "GET"
    host, slash, rest = those[0].partition("/")
    pairs = (each.partition("=") for each in those[1:])
    headers = tuple((name, value) for name, _, value in pairs)
    return method, host or "any.example", slash + rest, headers


class Case(NamedTuple):
    """Routes, and what becomes of requests."""

    name: str
    routes: tuple[str, ...]
    requests: dict[str, str]
    listeners: tuple[str, ...] = ()


def headers(**those: str) -> str:
    """Matches of headers."""
    pairs = ", ".join(f"{{name: {name}, value: {value}}}" for name, value in those.items())
    return f"headers: [{pairs}]"


def query(**those: str) -> str:
    """Matches of query parameters."""
    return headers(**those).replace("headers", "queryParams")


def match(*conditions: str) -> str:
    """A match of these conditions."""
    return f"{{{', '.join(conditions)}}}"


def below(value: str) -> str:
    """The condition of a prefix."""
    return f"path: {{value: {value}}}"


ONE, TWO = match(headers(version="one")), match(headers(version="two"))
V1_OR_V2 = (
    to("v1", matches=f"{path('/')}, {ONE}"),
    to("v2", matches=f"{path('/v2')}, {TWO}"),
)


def redirect(value: str, what: str) -> str:
    """A rule that redirects requests below a path."""
    filters = f"filters: [{{type: RequestRedirect, requestRedirect: {{{what}}}}}]"
    return f"{{matches: [{path(value)}], {filters}}}"


def prefix(new: str) -> str:
    """A new prefix of the path."""
    return f"path: {{type: ReplacePrefixMatch, replacePrefixMatch: {new}}}"


def full(new: str) -> str:
    """A new path."""
    return f"path: {{type: ReplaceFullPath, replaceFullPath: {new}}}"


HOSTS = ("bar.com", "foo.bar.com", "*.bar.com", "*.foo.com")
CASES = [
    Case(
        "HTTPRouteMatching",
        (route("a", *V1_OR_V2),),
        {
            "/": "v1",
            "/example": "v1",
            "/ Version=one": "v1",
            "/v2": "v2",
            "/v2/example": "v2",
            "/ Version=two": "v2",
            "/v2/": "v2",
            "/v2example": "v1",
            "/foo/v2/example": "v1",
        },
    ),
    Case(
        "HTTPRouteMatchingAcrossRoutes",
        (
            route("one", V1_OR_V2[0], hostnames="example.com, example.net"),
            route("two", V1_OR_V2[1], hostnames="example.com"),
        ),
        {
            "example.com/": "v1",
            "example.com/example": "v1",
            "example.net/example": "v1",
            "example.com/example Version=one": "v1",
            "example.com/v2": "v2",
            "example.net/v2": "v1",
            "example.com/v2/example": "v2",
            "example.com/ Version=two": "v2",
            "example.org/": "404",
        },
    ),
    Case(
        "HTTPExactPathMatching",
        (
            route(
                "a",
                to("v1", matches=path("/one", "Exact")),
                to("v2", matches=path("/two", "Exact")),
            ),
        ),
        {
            "/one": "v1",
            "/two": "v2",
            "/": "404",
            "/one/example": "404",
            "/two/": "404",
            "/Two": "404",
        },
    ),
    Case(
        "HTTPRoutePathMatchOrder",
        (
            route(
                "a",
                to("v1", matches=path("/match", "Exact")),
                to("v2", matches=path("/match/exact", "Exact")),
                to("v3", matches=path("/match/exact/one", "Exact")),
                to("v3", matches=path("/match/")),
                to("v1", matches=path("/match/prefix/")),
                to("v2", matches=path("/match/prefix/one")),
            ),
        ),
        {
            "/match/exact/one": "v3",
            "/match/exact": "v2",
            "/match": "v1",
            "/match/prefix/one/any": "v2",
            "/match/prefix/any": "v1",
            "/match/any": "v3",
        },
    ),
    Case(
        "HTTPRouteHeaderMatching",
        (
            route(
                "a",
                to("v1", matches=ONE),
                to("v2", matches=TWO),
                to("v1", matches=match(headers(version="two", color="orange"))),
                to(
                    "v1", matches=f"{match(headers(color='blue'))}, {match(headers(color='green'))}"
                ),
                to(
                    "v2", matches=f"{match(headers(color='red'))}, {match(headers(color='yellow'))}"
                ),
            ),
        ),
        {
            "/ Version=one": "v1",
            "/ Version=two": "v2",
            "/ Version=two Color=orange": "v1",
            "/ Version=two Color=blue": "v2",
            "/ Color=orange": "404",
            "/ Some-Other-Header=one": "404",
            "/ Color=blue": "v1",
            "/ Color=green": "v1",
            "/ Color=red": "v2",
            "/ Color=yellow": "v2",
            "/ Color=purple": "404",
        },
    ),
    Case(
        "HTTPRouteMethodMatching",
        (
            route(
                "a",
                to("v1", matches="{method: POST}"),
                to("v2", matches="{method: GET}"),
                to("v1", matches=match(below("/path1"), "method: GET")),
                to("v2", matches=match(headers(version="one"), "method: PUT")),
                to("v3", matches=match(below("/path2"), headers(version="two"), "method: POST")),
                to(
                    "v1",
                    matches=match(below("/path3"), "method: PATCH")
                    + ", "
                    + match(below("/path4"), headers(version="three"), "method: DELETE"),
                ),
                to("v1", matches=path("/path5")),
                to("v2", matches="{method: PATCH}"),
                to("v3", matches=match(headers(version="four"))),
            ),
        ),
        {
            "POST /": "v1",
            "GET /": "v2",
            "HEAD /": "404",
            "GET /path1": "v1",
            "PUT / version=one": "v2",
            "POST /path2 version=two": "v3",
            "PATCH /path3": "v1",
            "DELETE /path4 version=three": "v1",
            "PUT /": "404",
            "DELETE /path4": "404",
            "PATCH /path5": "v1",
            "PATCH / version=four": "v2",
        },
    ),
    Case(
        "HTTPRouteQueryParamMatching",
        (
            route(
                "a",
                to("v1", matches=match(query(animal="whale"))),
                to("v2", matches=match(query(animal="dolphin"))),
                to(
                    "v3",
                    matches=match(query(animal="dolphin", color="blue"))
                    + ", "
                    + match(query(ANIMAL="Whale")),
                ),
                to("v1", matches=match(below("/path1"), query(animal="whale"))),
                to("v2", matches=match(headers(version="one"), query(animal="whale"))),
                to("v1", matches=path("/path5")),
                to("v2", matches=match(query(animal="hydra"))),
                to("v3", matches=match(headers(version="four"))),
            ),
        ),
        {
            "/?animal=whale": "v1",
            "/?animal=dolphin": "v2",
            "/?animal=dolphin&color=blue": "v3",
            "/?ANIMAL=Whale": "v3",
            "/?animal=whale&otherparam=irrelevant": "v1",
            "/?animal=dolphin&color=yellow": "v2",
            "/?color=blue": "404",
            "/?animal=dog": "404",
            "/?animal=whaledolphin": "404",
            "/": "404",
            "/path1?animal=whale": "v1",
            "/?animal=whale version=one": "v2",
            "/path5?animal=hydra": "v1",
            "/?animal=hydra version=four": "v3",
        },
    ),
    Case(
        "HTTPRouteListenerHostnameMatching",
        (
            route("one", to("v1"), parents="{name: front, sectionName: h0}"),
            route("two", to("v2"), parents="{name: front, sectionName: h1}"),
            route(
                "three",
                to("v3"),
                parents="{name: front, sectionName: h2}, {name: front, sectionName: h3}",
            ),
        ),
        {
            "bar.com/": "v1",
            "foo.bar.com/": "v2",
            "baz.bar.com/": "v3",
            "boo.bar.com/": "v3",
            "multiple.prefixes.bar.com/": "v3",
            "multiple.prefixes.foo.com/": "v3",
            "foo.com/": "404",
            "no.matching.host/": "404",
        },
        tuple(
            f"{{name: h{number}, port: 80, protocol: HTTP, hostname: '{host}'}}"
            for number, host in enumerate(HOSTS)
        ),
    ),
    Case(
        "GatewayHTTPListenerIsolation",
        tuple(
            route(
                f"r{number}",
                to("v1", matches=path(f"/{number}")),
                parents=f"{{name: front, sectionName: h{number}}}",
            )
            for number in range(4)
        ),
        {
            "bar.com/0": "v1",
            "bar.com/1": "404",
            "bar.com/2": "404",
            "bar.com/3": "404",
            "bar.example.com/0": "404",
            "bar.example.com/1": "v1",
            "bar.example.com/2": "404",
            "bar.example.com/3": "404",
            "bar.foo.example.com/0": "404",
            "bar.foo.example.com/1": "404",
            "bar.foo.example.com/2": "v1",
            "bar.foo.example.com/3": "404",
            "abc.foo.example.com/0": "404",
            "abc.foo.example.com/1": "404",
            "abc.foo.example.com/2": "404",
            "abc.foo.example.com/3": "v1",
        },
        (
            "{name: h0, port: 80, protocol: HTTP}",
            "{name: h1, port: 80, protocol: HTTP, hostname: '*.example.com'}",
            "{name: h2, port: 80, protocol: HTTP, hostname: '*.foo.example.com'}",
            "{name: h3, port: 80, protocol: HTTP, hostname: abc.foo.example.com}",
        ),
    ),
    Case(
        "HTTPRouteHostnameIntersection",
        (
            route(
                "s1",
                to("v1", matches=path("/s1")),
                hostnames="non.com, foo.nonmatch.io, very.specific.com",
            ),
            route(
                "s2",
                to("v2", matches=path("/s2")),
                hostnames="non.com, wildcard.io, foo.wildcard.io, bar.wildcard.io,"
                " foo.bar.wildcard.io",
            ),
            route("s3", to("v3", matches=path("/s3")), hostnames="non.com, '*.specific.com'"),
            route("s4", to("v1", matches=path("/s4")), hostnames="'*.anotherwildcard.io'"),
        ),
        {
            "very.specific.com/s1": "v1",
            "very.specific.com:1234/s1": "v1",
            "non.com/s1": "404",
            "foo.nonmatch.io/s1": "404",
            "foo.wildcard.io/s1": "404",
            "very.specific.com/other": "404",
            "foo.wildcard.io/s2": "v2",
            "bar.wildcard.io/s2": "v2",
            "foo.bar.wildcard.io/s2": "v2",
            "wildcard.io/s2": "404",
            "very.specific.com/s2": "404",
            "very.specific.com/s3": "v3",
            "non.specific.com/s3": "404",
            "one.anotherwildcard.io/s4": "v1",
            "one.two.anotherwildcard.io/s4": "v1",
            "anotherwildcard.io/s4": "404",
        },
        tuple(
            f"{{name: h{number}, port: 80, protocol: HTTP, hostname: '{host}'}}"
            for number, host in enumerate(
                ("very.specific.com", "*.wildcard.io", "*.anotherwildcard.io")
            )
        ),
    ),
    Case(
        "HTTPRouteNoBackendRefs",
        (
            route(
                "a",
                to("v1", matches=path("/forward")),
                f"{{matches: [{path('/omitted')}]}}",
                f"{{matches: [{path('/empty')}], backendRefs: []}}",
            ),
        ),
        {"/forward": "v1", "/omitted": "500", "/empty": "500", "/": "404"},
    ),
    Case(
        "HTTPRouteRedirectPath",
        (
            route(
                "a",
                redirect("/original-prefix", prefix("/new")),
                redirect("/full", full("/replaced")),
                redirect("/path-and-host", f"hostname: example.org, {prefix('/new')}"),
                redirect("/path-and-status", f"statusCode: 301, {prefix('/new')}"),
                redirect("/full-path-and-host", f"hostname: example.org, {full('/replaced')}"),
            ),
        ),
        {
            "a/original-prefix/lemon": "302 http://a/new/lemon",
            "a/full/path/original": "302 http://a/replaced",
            "a/path-and-host": "302 http://example.org/new",
            "a/path-and-status": "301 http://a/new",
            "a/full-path-and-host": "302 http://example.org/replaced",
        },
    ),
    Case(
        "HTTPRouteRedirectPortAndScheme",
        (
            route(
                "a",
                redirect("/nil-nil", "hostname: b"),
                redirect("/nil-80", "hostname: b, port: 80"),
                redirect("/nil-8080", "hostname: b, port: 8080"),
                redirect("/https-nil", "hostname: b, scheme: https"),
                redirect("/https-443", "hostname: b, scheme: https, port: 443"),
                redirect("/https-8443", "hostname: b, scheme: https, port: 8443"),
                *(redirect(f"/status-{each}", f"statusCode: {each}") for each in (303, 307, 308)),
            ),
        ),
        {
            "a/nil-nil": "302 http://b/nil-nil",
            "a/nil-80": "302 http://b/nil-80",
            "a/nil-8080": "302 http://b:8080/nil-8080",
            "a/https-nil": "302 https://b/https-nil",
            "a/https-443": "302 https://b/https-443",
            "a/https-8443": "302 https://b:8443/https-8443",
            "a/status-303": "303 http://a/status-303",
            "a/status-307": "307 http://a/status-307",
            "a/status-308": "308 http://a/status-308",
        },
    ),
]
