"""HTTPRoutes as rules: their order, their backends, and what filters do."""

import pytest

from nsnet.state.http import HeaderChanges, HttpRule, PathChange, Redirect
from tests.support.gateways import CLASS, gateway, grant, path, proxies, route, summary, to
from tests.support.labs import pod, service, topology

SERVICES = (pod("web", labels="app: web"), service("web"), service("other"))


def rules(*routes: str, more: tuple[str, ...] = ()) -> tuple[HttpRule, ...]:
    """The rules of these routes at a Gateway."""
    found = topology(CLASS, *SERVICES, *more, gateway("front"), *routes)
    (port,) = proxies(found)["front-lab"].listeners
    return port.rules


def test_the_more_specific_match_comes_first() -> None:
    matches = (
        path("/"),
        path("/a", more="headers: [{name: x, value: y}]"),
        path("/a", more="queryParams: [{name: x, value: y}]"),
        path("/a", more="method: GET"),
        path("/a/bb"),
        path("/a"),
        path("/a", "Exact"),
        path("/a", more="headers: [{name: x, value: y}, {name: z, value: y}]"),
    )
    assert [*summary(rules(route("web", to("web", matches=", ".join(matches)))))] == [
        "any/a| → web",
        "any/a/bb → web",
        "any/a GET → web",
        "any/a x=y z=y → web",
        "any/a x=y → web",
        "any/a x=y → web",
        "any/a → web",
        "any/ → web",
    ]


def test_the_more_specific_hostname_comes_before_the_more_specific_path() -> None:
    one = route("one", to("web", matches=path("/a/b")), hostnames="'*.example'")
    other = route("other", to("other"), hostnames="a.example")
    assert [*summary(rules(one, other))] == ["a.example/ → other", "*.example/a/b → web"]


def created(second: int) -> str:
    """Metadata of a route that was created at this second."""
    return f', creationTimestamp: "2026-01-01T00:00:{second:02}Z"'


@pytest.mark.parametrize(
    ("one", "other", "first"),
    [
        ("", "", "one"),
        (created(2), created(1), "other"),
        (created(1), created(2), "one"),
        ("", created(1), "other"),
        (created(1), created(1), "one"),
    ],
)
def test_of_equal_matches_that_of_the_older_route_comes_first(
    one: str, other: str, first: str
) -> None:
    found = rules(route("one", to("web"), more=one), route("other", to("web"), more=other))
    assert found[0].reference == f"HTTPRoute default/{first}"


def test_routes_of_the_same_second_are_in_the_order_of_their_names() -> None:
    found = rules(route("b", to("web"), more=created(1)), route("a", to("web"), more=created(1)))
    assert [each.reference[-1] for each in found] == ["a", "b"]


def test_a_rule_has_its_backends_with_their_weights() -> None:
    ((rule),) = rules(route("web", to("web*3", "other*0", "web*1")))
    assert [(each.reference, each.weight) for each in rule.backends] == [
        ("east/svc/web", 3),
        ("east/svc/other", 0),
        ("east/svc/web", 1),
    ]
    assert [each.reference for each in rule.weighted] == ["east/svc/web"] * 2
    assert [str(each.address) for each in rule.weighted[0].servers] == ["10.244.0.2"]


def test_a_service_without_endpoints_is_unavailable() -> None:
    ((rule),) = rules(route("web", to("other")))
    assert [(each.servers, each.status) for each in rule.backends] == [((), 503)]


def test_a_rule_without_backends_is_answered_with_500() -> None:
    ((rule),) = rules(route("web", "{}"))
    assert (rule.weighted, rule.status) == ((), 500)


OTHER = service("far", namespace="prod")
EXTERNAL = service("alias", app="", spec="type: ExternalName, externalName: a.example")


@pytest.mark.parametrize(
    ("backend", "reason", "message"),
    [
        ("{name: none, port: 80}", "BackendNotFound", "there is no Service default/none"),
        ("{name: web, port: 81}", "BackendNotFound", "Service default/web has no port 81"),
        (
            "{name: far, namespace: prod, port: 80}",
            "RefNotPermitted",
            "no ReferenceGrant of namespace prod permits it to refer to Service prod/far",
        ),
        (
            "{group: a.example, kind: Bucket, name: web}",
            "InvalidKind",
            "a.example Bucket default/web is no Service",
        ),
        (
            "{name: alias, port: 80}",
            "UnsupportedValue",
            "Service default/alias is of type ExternalName",
        ),
    ],
)
def test_a_share_of_requests_without_a_backend_is_answered_with_500(
    backend: str, reason: str, message: str
) -> None:
    web = route("web", f"{{backendRefs: [{{name: web, port: 80}}, {backend}]}}")
    found = topology(CLASS, *SERVICES, OTHER, EXTERNAL, gateway("front"), web)
    ((rule),) = proxies(found)["front-lab"].listeners[0].rules
    assert [(each.status, bool(each.servers)) for each in rule.weighted] == [
        (503, True),
        (500, False),
    ]
    effect = "its requests are answered with 500"
    text = f"HTTPRoute default/web: {message} ({reason}): {effect}"
    assert any(text in each for each in found.warnings), found.warnings


@pytest.mark.parametrize(
    ("grants", "permitted"),
    [
        ((grant("prod/a", "HTTPRoute/default", "Service"),), True),
        ((grant("prod/a", "HTTPRoute/default", "Service/far"),), True),
        ((grant("prod/a", "HTTPRoute/default", "Service/near"),), False),
        ((grant("prod/a", "HTTPRoute/shop", "Service"),), False),
        ((grant("prod/a", "Gateway/default", "Service"),), False),
        ((grant("prod/a", "HTTPRoute/default", "Secret"),), False),
        ((grant("default/a", "HTTPRoute/default", "Service"),), False),
    ],
)
def test_a_grant_permits_a_reference_to_another_namespace(
    grants: tuple[str, ...], permitted: bool
) -> None:
    ((rule),) = rules(route("web", to("prod/far")), more=(OTHER, *grants))
    assert (rule.backends[0].status == 503) == permitted


REDIRECT = "{type: RequestRedirect, requestRedirect: {%s}}"


@pytest.mark.parametrize(
    ("written", "redirect"),
    [
        ("", Redirect()),
        ("scheme: https, statusCode: 301", Redirect(301, "https")),
        ("hostname: a.example, port: 8080", Redirect(hostname="a.example", port=8080)),
        (
            "path: {type: ReplaceFullPath, replaceFullPath: /new}",
            Redirect(path=PathChange("/new")),
        ),
        (
            "path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}",
            Redirect(path=PathChange("/new", prefix=True)),
        ),
        (
            "path: {type: ReplacePrefixMatch, replacePrefixMatch: ''}",
            Redirect(path=PathChange("/", prefix=True)),
        ),
    ],
)
def test_a_redirect(written: str, redirect: Redirect) -> None:
    ((rule),) = rules(route("web", f"{{filters: [{REDIRECT % written}]}}"))
    assert rule.redirect == redirect


def test_filters_change_headers_and_the_url() -> None:
    filters = (
        "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: A, value: b},"
        " {name: a, value: c}], add: [{name: D, value: e}], remove: [F, 'g h']}}",
        "{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: I, value: j}]}}",
        "{type: URLRewrite, urlRewrite: {hostname: a.example, path: {type: ReplaceFullPath,"
        " replaceFullPath: /k}}}",
    )
    ((rule),) = rules(route("web", to("web", filters=", ".join(filters))))
    assert rule.request_headers == HeaderChanges((("A", "b"),), (("D", "e"),), ("F",))
    assert rule.response_headers == HeaderChanges(set=(("I", "j"),))
    assert (rule.hostname, rule.path) == ("a.example", PathChange("/k"))


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        (to("web", matches=path("/a.*", "RegularExpression")), "a path of type RegularExpression"),
        (
            to("web", matches="{headers: [{type: RegularExpression, name: a, value: b}]}"),
            "headers of type RegularExpression",
        ),
        (
            to("web", matches="{queryParams: [{type: RegularExpression, name: a, value: b}]}"),
            "queryParams of type RegularExpression",
        ),
        (to("web", matches="{headers: [{name: 'a|b', value: b}]}"), "the name a|b"),
        (
            to("web", filters="{type: RequestMirror, requestMirror: {backendRef: {name: a}}}"),
            "a filter of type RequestMirror",
        ),
        (
            to("web", filters="{type: ExtensionRef, extensionRef: {}}"),
            "a filter of type ExtensionRef",
        ),
        (to("web", filters="{type: CORS, cors: {}}"), "a filter of type CORS"),
        (
            "{backendRefs: [{name: web, port: 80, filters: [{type: CORS, cors: {}}]}]}",
            "CORS of a backendRef",
        ),
        ("{timeouts: {request: 10s}}", "the field timeouts"),
        ("{retry: {attempts: 3}}", "the field retry"),
        ("{sessionPersistence: {}}", "the field sessionPersistence"),
        (
            "{filters: [{type: RequestRedirect, requestRedirect: {}},"
            " {type: ResponseHeaderModifier, responseHeaderModifier: {}}]}",
            "ResponseHeaderModifier together with RequestRedirect",
        ),
        (
            to(
                "web",
                filters="{type: RequestHeaderModifier, requestHeaderModifier:"
                " {set: [{name: a, value: é}]}}",
            ),
            "the header a, or its value",
        ),
        (
            to(
                "web",
                filters="{type: ResponseHeaderModifier, responseHeaderModifier:"
                " {set: [{name: content-LENGTH, value: '1'}]}}",
            ),
            "a change of the header content-LENGTH",
        ),
        (
            to(
                "web",
                filters="{type: RequestHeaderModifier, requestHeaderModifier: {remove: [Via]}}",
            ),
            "a change of the header Via",
        ),
    ],
)
def test_what_the_proxy_does_not_know_is_refused_by_name(rule: str, what: str) -> None:
    found = topology(CLASS, *SERVICES, gateway("front"), route("web", rule))
    assert proxies(found)["front-lab"].listeners[0].rules == ()
    (warning,) = (each for each in found.warnings if "UnsupportedValue" in each)
    why = f"HTTPRoute default/web: {what} is not emulated (UnsupportedValue)"
    assert f"{why}: the route is not accepted" in warning
