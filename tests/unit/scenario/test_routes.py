"""Routes of Gateway API: what the API server refuses, and defaults."""

import pytest

from nsnet.scenario.documents import parse
from nsnet.scenario.kubernetes import HTTPRoute, TLSRoute
from nsnet.scenario.validation import validate


def mistakes(
    spec: str, kind: type[HTTPRoute | TLSRoute] = HTTPRoute, version: str = "v1"
) -> list[str]:
    """The mistakes in a route with this spec, each as path: message."""
    head = f"apiVersion: gateway.networking.k8s.io/{version}\nkind: {kind.__name__}\n"
    (document,), _ = parse("lab.yaml", f"{head}metadata: {{name: web}}\nspec: {spec}\n")
    _, problems = validate(document, kind)
    return [str(each).partition(": ")[2] for each in problems]


def of_rule(rule: str) -> list[str]:
    """The mistakes in an HTTPRoute with this rule."""
    return mistakes(f"{{rules: [{rule}]}}")


def of_match(match: str) -> list[str]:
    """The mistakes in an HTTPRoute with this match."""
    return of_rule(f"{{matches: [{match}]}}")


def of_filter(text: str, rest: str = "") -> list[str]:
    """The mistakes in an HTTPRoute whose rule has this filter."""
    return of_rule(f"{{filters: [{text}]{rest}}}")


def test_a_route_without_rules_or_matches_is_for_all_requests() -> None:
    (document,), _ = parse("a", "kind: HTTPRoute\nmetadata: {name: web}\nspec: {}\n")
    route, _ = validate(document, HTTPRoute)
    assert route is not None
    (rule,) = route.spec.rules
    assert [(each.path.type, each.path.value) for each in rule.matches] == [("PathPrefix", "/")]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("{value: shop}", "value must be an absolute path and start with '/'"),
        ("{value: /a//b}", "must not contain '//'"),
        ("{value: /a/./b}", "must not contain '/./'"),
        ("{value: /a/../b}", "must not contain '/../'"),
        ("{value: /a%2fb}", "must not contain '%2f'"),
        ("{value: /a%2Fb}", "must not contain '%2F'"),
        ("{value: '/a#b'}", "must not contain '#'"),
        ("{value: /a/..}", "must not end with '/..'"),
        ("{value: /a/.}", "must not end with '/.'"),
        ("{value: '/a b'}", "must only contain valid characters"),
        ("{value: /a%zz}", "must only contain valid characters"),
        ("{type: Prefix, value: /}", 'Unsupported value: "Prefix"'),
        (f"{{value: /{'a' * 1024}}}", "Too long: may not be more than 1024 bytes"),
    ],
)
def test_paths_that_the_api_server_refuses(path: str, message: str) -> None:
    (found,) = of_match(f"{{path: {path}}}")
    assert found.startswith("spec.rules[0].matches[0].path")
    assert message in found


@pytest.mark.parametrize(
    ("match", "message"),
    [
        ("{method: get}", 'Unsupported value: "get"'),
        ("{headers: [{name: a, value: b}, {name: a, value: c}]}", 'Duplicate value: {"name":"a"}'),
        ("{headers: [{name: 'a b', value: c}]}", "should match"),
        ("{headers: [{name: a}]}", "value: Required value"),
        ('{headers: [{name: a, value: "b\\nc"}]}', "may not contain control characters"),
        ("{queryParams: [{name: a, value: ''}]}", "should be at least 1 chars long"),
    ],
)
def test_matches_that_the_api_server_refuses(match: str, message: str) -> None:
    assert any(message in each for each in of_match(match)), of_match(match)


REDIRECT = "{type: RequestRedirect, requestRedirect: {hostname: a.example}}"
REWRITE = "{type: URLRewrite, urlRewrite: {hostname: a.example}}"
PREFIX = "path: {type: ReplacePrefixMatch, replacePrefixMatch: /}"


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (f"{REDIRECT}, {REWRITE}", "May specify either httpRouteFilterRequestRedirect or"),
        (f"{REDIRECT}, {REDIRECT}", "RequestRedirect filter cannot be repeated"),
        (
            "{type: URLRewrite}",
            "filter.urlRewrite must be specified for URLRewrite filter.type",
        ),
        (
            "{type: CORS, cors: {}, urlRewrite: {}}",
            "filter.urlRewrite must be nil if the filter.type is not URLRewrite",
        ),
        (
            "{type: RequestRedirect, requestRedirect: {statusCode: 304}}",
            "Unsupported value: 304: supported values: 301, 302, 303, 307, 308",
        ),
        (
            "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath}}}",
            "replaceFullPath must be specified when type is set to 'ReplaceFullPath'",
        ),
        (
            "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath,"
            " replaceFullPath: /, replacePrefixMatch: /}}}",
            "type must be 'ReplacePrefixMatch' when replacePrefixMatch is set",
        ),
        (
            "{type: RequestHeaderModifier, requestHeaderModifier:"
            " {set: [{name: a, value: b}, {name: a, value: c}]}}",
            'Duplicate value: {"name":"a"}',
        ),
    ],
)
def test_filters_that_the_api_server_refuses(filters: str, message: str) -> None:
    assert any(message in each for each in of_filter(filters)), of_filter(filters)


@pytest.mark.parametrize("kind", ["RequestRedirect", "URLRewrite"])
@pytest.mark.parametrize(
    ("matches", "accepted"),
    [
        ("[{path: {value: /a}}]", True),
        ("[{path: {type: Exact, value: /a}}]", False),
        ("[{path: {value: /a}}, {path: {value: /b}}]", False),
    ],
)
def test_a_new_prefix_needs_one_prefix(kind: str, matches: str, accepted: bool) -> None:
    key = kind[0].lower() + kind[1:] if kind != "URLRewrite" else "urlRewrite"
    found = of_rule(f"{{matches: {matches}, filters: [{{type: {kind}, {key}: {{{PREFIX}}}}}]}}")
    assert (found == []) == accepted
    assert accepted or "exactly one PathPrefix match must be specified" in found[0]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        (
            f"{{filters: [{REDIRECT}], backendRefs: [{{name: web, port: 80}}]}}",
            "RequestRedirect filter must not be used together with backendRefs",
        ),
        ("{backendRefs: [{name: web}]}", "Must have port for Service reference"),
        ("{backendRefs: [{name: web, port: 80, weight: -1}]}", "weight: Invalid value: -1"),
        ("{backendRefs: [{name: web, port: 80, weight: 1000001}]}", "less than or equal"),
        (f"{{matches: [{', '.join(['{}'] * 65)}]}}", "Too many: 65: must have at most 64 items"),
    ],
)
def test_rules_that_the_api_server_refuses(rule: str, message: str) -> None:
    assert any(message in each for each in of_rule(rule)), of_rule(rule)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (f"{{rules: [{', '.join(['{}'] * 17)}]}}", "Too many: 17: must have at most 16 items"),
        (
            f"{{rules: [{', '.join(['{matches: [' + '{},' * 43 + ']}'] * 3)}]}}",
            "the total number of matches across all rules in a route must be less than 128",
        ),
        ("{rules: []}", "spec.rules: Invalid value: 0: should have at least 1 items"),
        ("{hostnames: ['*']}", "spec.hostnames[0]: Invalid value"),
        ("{hostnames: [A.example]}", "spec.hostnames[0]: Invalid value"),
        (
            "{parentRefs: [{name: a}, {name: a, sectionName: b}]}",
            "sectionName must be specified when parentRefs includes 2 or more references",
        ),
        (
            "{parentRefs: [{name: a, sectionName: b}, {name: a, sectionName: b}]}",
            "sectionName must be unique when parentRefs includes 2 or more references",
        ),
    ],
)
def test_routes_that_the_api_server_refuses(spec: str, message: str) -> None:
    assert any(message in each for each in mistakes(spec)), mistakes(spec)


TO_WEB = "rules: [{backendRefs: [{name: web, port: 443}]}]"


@pytest.mark.parametrize(
    ("version", "spec", "message"),
    [
        ("v1", f"{{{TO_WEB}}}", "spec.hostnames: Required value"),
        ("v1alpha2", f"{{{TO_WEB}}}", ""),
        ("v1alpha3", f"{{hostnames: ['*.a.example'], {TO_WEB}}}", ""),
        ("v1", f"{{hostnames: [10.0.0.1], {TO_WEB}}}", "Hostnames cannot contain an IP"),
        ("v1", "{hostnames: [a.example], rules: []}", "should have at least 1 items"),
        ("v1", "{hostnames: [a.example], rules: [{}]}", "backendRefs: Required value"),
    ],
)
def test_tls_routes_name_hosts_and_services(version: str, spec: str, message: str) -> None:
    found = mistakes(spec, TLSRoute, version)
    assert (message in found[0]) if message else not found
