"""What haproxy serves at a gateway of kind proxy: exports, and the routes of Gateway API."""

import pytest

from nsnet.features.compile import compile_state
from nsnet.state.haproxy import Haproxy
from tests.support.gateways import CLASS, HTTP, gateway, route, to
from tests.support.labs import exported, pod, service, topology

PASSED = "{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}"
WEB = (
    pod("web", labels="app: web"),
    service("web", "{name: http, port: 80}, {name: https, port: 443}"),
)


def haproxy(*objects: str) -> Haproxy:
    """The haproxy of the gateway."""
    found = topology(CLASS, *WEB, *objects, clusters=("{name: east, gateway: {kind: proxy}}",))
    (one,) = found.clusters[0].gateways
    (daemon,) = compile_state(found)[one.netns].daemons
    assert isinstance(daemon, Haproxy)
    return daemon


def tls_route(name: str, hostname: str, gateway: str) -> str:
    return route(
        name,
        to("web", port=443),
        parents=f"{{name: {gateway}}}",
        hostnames=hostname,
        kind="TLSRoute",
    )


def test_the_routes_of_a_gateway_are_served_at_the_machines_own_address_too() -> None:
    found = haproxy(
        gateway("front", HTTP, PASSED),
        route("web", to("web")),
        tls_route("a", "a.example", "front"),
    )
    (http,), (tls,) = found.http, found.tls
    assert (http.port, [each.reference for each in http.rules]) == (80, ["HTTPRoute default/web"])
    assert (tls.port, [each.hostname for each in tls.rules]) == (443, ["a.example"])
    assert {str(each.address) for each in (http, tls)} == {"198.18.0.2"}


def test_of_two_gateways_with_a_port_the_first_one_has_it_there() -> None:
    found = haproxy(
        gateway("one", HTTP, PASSED),
        gateway(
            "two", "{name: a, port: 80, protocol: HTTP}", "{name: b, port: 81, protocol: HTTP}"
        ),
        route("web", to("web"), parents="{name: two}"),
    )
    assert [(each.port, len(each.rules)) for each in found.http] == [(80, 0), (81, 1)]


@pytest.mark.parametrize("gateways", [(), (gateway("front", PASSED),)])
def test_an_export_with_a_tls_name_comes_before_gateways(gateways: tuple[str, ...]) -> None:
    named = exported("web", "annotations: {nsnet.dev/sni: b.example}")
    (tls,) = haproxy(named, *gateways).tls
    assert [(each.hostname, each.reference) for each in tls.rules] == [
        ("b.example", "east/svc/web")
    ]
    assert tls.reference == "east/gateway"
