"""Which routes attach to which listeners."""

import pytest

from nsnet.topology.route_parents import covers, specificity
from tests.support.gateways import CLASS, gateway, proxies, route, summary, to
from tests.support.labs import service, topology

WEB = service("web")
LABELLED = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: a}}"


@pytest.mark.parametrize(
    ("general", "hostname", "covered"),
    [
        ("", "a.example", True),
        ("", "", True),
        ("a.example", "a.example", True),
        ("a.example", "b.example", False),
        ("a.example", "", False),
        ("*.example", "a.example", True),
        ("*.example", "b.a.example", True),
        ("*.example", "*.a.example", True),
        ("*.a.example", "*.example", False),
        ("*.example", "example", False),
        ("*.example", "anexample", False),
    ],
)
def test_hostnames_that_a_hostname_covers(general: str, hostname: str, covered: bool) -> None:
    assert covers(general, hostname) == covered


def test_the_more_specific_hostname_comes_first() -> None:
    names = ["", "*.example", "a.example", "*.a.example", "bb.example"]
    assert sorted(names, key=specificity) == [
        "bb.example",
        "a.example",
        "*.a.example",
        "*.example",
        "",
    ]


# Listener's hostname, those of the route, those of the rules.
INTERSECTIONS = [
    ("", "", ["any"]),
    ("", "a.example", ["a.example"]),
    ("a.example", "", ["a.example"]),
    ("very.specific.com", "non.matching.com, very.specific.com", ["very.specific.com"]),
    (
        "*.wildcard.io",
        "wildcard.io, foo.wildcard.io, aa.b.wildcard.io",
        ["aa.b.wildcard.io", "foo.wildcard.io"],
    ),
    ("very.specific.com", "'*.specific.com'", ["very.specific.com"]),
    ("*.example", "'*.a.example'", ["*.a.example"]),
    ("*.a.example", "'*.example'", ["*.a.example"]),
]


@pytest.mark.parametrize(("listener", "hostnames", "expected"), INTERSECTIONS)
def test_a_route_has_the_hostnames_that_the_listener_has_too(
    listener: str, hostnames: str, expected: list[str]
) -> None:
    own = f", hostname: '{listener}'" if listener else ""
    front = gateway("front", f"{{name: http, port: 80, protocol: HTTP{own}}}")
    found = topology(CLASS, WEB, front, route("web", to("web"), hostnames=hostnames))
    (port,) = proxies(found)["front-lab"].listeners
    assert [each.partition("/")[0] for each in summary(port.rules)] == expected


TWO = (
    "{name: one, port: 80, protocol: HTTP}",
    "{name: two, port: 8080, protocol: HTTP}",
)


@pytest.mark.parametrize(
    ("parents", "ports"),
    [
        ("{name: front}", [80, 8080]),
        ("{name: front, sectionName: one}", [80]),
        ("{name: front, port: 8080}", [8080]),
        ("{name: front, sectionName: two, port: 8080}", [8080]),
        ("{name: front, sectionName: one}, {name: front, sectionName: two}", [80, 8080]),
    ],
)
def test_a_route_names_listeners_by_section_and_port(parents: str, ports: list[int]) -> None:
    found = topology(CLASS, WEB, gateway("front", *TWO), route("web", to("web"), parents=parents))
    assert [each.port for each in proxies(found)["front-lab"].listeners if each.rules] == ports


def allowing(rule: str) -> str:
    """A listener that allows these routes."""
    return f"{{name: http, port: 80, protocol: HTTP, allowedRoutes: {rule}}}"


@pytest.mark.parametrize(
    ("allowed", "accepted"),
    [
        ("{}", False),
        ("{namespaces: {from: Same}}", False),
        ("{namespaces: {from: All}}", True),
        ("{namespaces: {from: Selector, selector: {matchLabels: {team: a}}}}", True),
        ("{namespaces: {from: Selector, selector: {matchLabels: {team: b}}}}", False),
        (
            "{namespaces: {from: Selector, selector: {matchLabels:"
            " {kubernetes.io/metadata.name: shop}}}}",
            True,
        ),
        ("{namespaces: {from: Selector}}", False),
        ("{namespaces: {from: All}, kinds: [{kind: HTTPRoute}]}", True),
        ("{namespaces: {from: All}, kinds: [{kind: GRPCRoute}]}", False),
    ],
)
def test_a_listener_allows_routes_by_namespace_and_kind(allowed: str, accepted: bool) -> None:
    other = route("shop/web", to("web"), parents="{name: front, namespace: default}")
    front = gateway("front", allowing(allowed))
    found = topology(CLASS, LABELLED, service("web", namespace="shop"), front, other)
    (port,) = proxies(found)["front-lab"].listeners
    assert bool(port.rules) == accepted
    refusals = [each for each in found.warnings if "NotAllowedByListeners" in each]
    assert bool(refusals) != accepted


@pytest.mark.parametrize(
    ("parents", "hostnames", "reason", "message"),
    [
        ("{name: back}", "", "NoMatchingParent", "there is no Gateway default/back"),
        (
            "{name: front, sectionName: x}",
            "",
            "NoMatchingParent",
            "Gateway default/front serves no listener x",
        ),
        (
            "{name: front, sectionName: http, port: 81}",
            "",
            "NoMatchingParent",
            "Gateway default/front serves no listener http at port 81",
        ),
        (
            "{name: front}",
            "b.example",
            "NoMatchingListenerHostname",
            "Gateway default/front listens for a.example alone",
        ),
        (
            "{group: '', kind: Service, name: web}",
            "",
            "InvalidKind",
            "Service default/web is no Gateway",
        ),
    ],
)
def test_why_a_route_is_not_accepted(
    parents: str, hostnames: str, reason: str, message: str
) -> None:
    front = gateway("front", "{name: http, port: 80, protocol: HTTP, hostname: a.example}")
    found = topology(
        CLASS, WEB, front, route("web", to("web"), parents=parents, hostnames=hostnames)
    )
    (warning,) = (each for each in found.warnings if "HTTPRoute" in each)
    assert f"HTTPRoute default/web: {message} ({reason}): the route is not accepted" in warning
