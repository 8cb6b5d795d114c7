"""Gateways and their listeners: which are served, at which address, with which certificates."""

from base64 import b64encode

import pytest

from nsnet.kernel.certificates import self_signed
from tests.support.gateways import CLASS, HTTP, gateway, grant, path, proxies, route, summary, to
from tests.support.labs import pod, refused, service, services, topology

WEB = (pod("web", labels="app: web"), service("web"))


def listener(name: str, hostname: str = "", protocol: str = "HTTP", more: str = "") -> str:
    """A listener at port 80, or 443 for HTTPS."""
    port = 443 if protocol == "HTTPS" else 80
    own = f", hostname: '{hostname}'" if hostname else ""
    return f"{{name: {name}, port: {port}, protocol: {protocol}{own}{more and ', '}{more}}}"


ISOLATED = (
    listener("empty-hostname"),
    listener("wildcard-example-com", "*.example.com"),
    listener("wildcard-foo-example-com", "*.foo.example.com"),
    listener("abc-foo-example-com", "abc.foo.example.com"),
)


def test_a_request_is_for_the_listener_with_the_most_specific_hostname() -> None:
    names = [each[len("{name: ") :].partition(",")[0] for each in ISOLATED]
    routes = [
        route(
            name,
            to("web", matches=path(f"/{name}")),
            parents=f"{{name: front, sectionName: {name}}}",
        )
        for name in names
    ]
    found = topology(CLASS, *WEB, gateway("front", *ISOLATED), *routes)
    (port,) = proxies(found)["front-lab"].listeners
    assert [*summary(port.rules)] == [
        "abc.foo.example.com/abc-foo-example-com → web",
        "abc.foo.example.com/ → 404",
        "*.foo.example.com/wildcard-foo-example-com → web",
        "*.foo.example.com/ → 404",
        "*.example.com/wildcard-example-com → web",
        "*.example.com/ → 404",
        "any/empty-hostname → web",
    ]


def test_gateways_have_proxies_of_their_own() -> None:
    both = route("web", to("web"), parents="{name: one}, {name: two}")
    found = topology(CLASS, *WEB, gateway("one"), gateway("two"), both)
    assert {key: [*summary(each.listeners[0].rules)] for key, each in proxies(found).items()} == {
        "one-lab": ["any/ → web"],
        "two-lab": ["any/ → web"],
    }
    assert (
        len({services(found)[f"east/svc/{each}-lab"].load_balancer_ips for each in ("one", "two")})
        == 2
    )


TLS = "tls: {certificateRefs: [{name: web}]}"


def secret(name: str, text: str) -> str:
    """A Secret with this certificate and key."""
    namespace, _, own = name.rpartition("/")
    crt, end, key = text.partition("-----BEGIN PRIVATE KEY")
    data = {"tls.crt": crt, "tls.key": end + key}
    lines = "\n".join(f"  {k}: {b64encode(v.encode()).decode()}" for k, v in data.items())
    meta = f"{{name: {own}, namespace: {namespace or 'default'}}}"
    return (
        f"apiVersion: v1\nkind: Secret\nmetadata: {meta}\ntype: kubernetes.io/tls\ndata:\n{lines}"
    )


def test_a_listener_has_the_certificate_of_a_secret() -> None:
    text = self_signed(["a.example"])
    front = gateway("front", listener("https", "a.example", "HTTPS", TLS))
    found = topology(CLASS, *WEB, secret("web", text), front)
    (port,) = proxies(found)["front-lab"].listeners
    ((certificate),) = port.certificates
    assert (certificate.names, certificate.reference) == (("a.example",), "default/web")
    assert certificate.pem is not None
    assert certificate.pem.text.strip() == text.strip()


def test_the_certificate_of_a_missing_secret_is_generated() -> None:
    front = gateway("front", listener("https", "a.example", "HTTPS", TLS))
    found = topology(CLASS, *WEB, front)
    ((certificate),) = proxies(found)["front-lab"].listeners[0].certificates
    assert (certificate.names, certificate.pem) == (("a.example",), None)
    assert any("Secret default/web" in each for each in found.warnings)


FAR = "tls: {certificateRefs: [{name: web, namespace: prod}]}"


@pytest.mark.parametrize(
    ("own", "objects", "reason"),
    [
        (
            listener("https", "", "HTTPS", "tls: {certificateRefs: [{kind: Vault, name: a}]}"),
            (),
            "InvalidCertificateRef",
        ),
        (listener("https", "", "HTTPS", FAR), (), "RefNotPermitted"),
        (
            listener("https", "", "HTTPS", FAR),
            (grant("prod/a", "HTTPRoute/default", "Secret"),),
            "RefNotPermitted",
        ),
        (
            listener("https", "", "HTTPS", TLS),
            (secret("web", "nonsense"),),
            "InvalidCertificateRef",
        ),
        (listener("https", "", "HTTPS"), (), "UnsupportedProtocol"),
        ("{name: tcp, port: 81, protocol: TCP}", (), "UnsupportedProtocol"),
        ("{name: udp, port: 81, protocol: UDP}", (), "UnsupportedProtocol"),
        ("{name: own, port: 81, protocol: a.example/own}", (), "UnsupportedProtocol"),
        (
            "{name: tls, port: 81, protocol: TLS, tls: {certificateRefs: [{name: web}]}}",
            (),
            "UnsupportedProtocol",
        ),
        (
            "{name: tls, port: 80, protocol: TLS, tls: {mode: Passthrough}}",
            (),
            "ProtocolConflict",
        ),
    ],
)
def test_a_listener_that_is_not_served(own: str, objects: tuple[str, ...], reason: str) -> None:
    found = topology(CLASS, *WEB, *objects, gateway("front", HTTP, own), route("web", to("web")))
    assert [each.port for each in proxies(found)["front-lab"].listeners] == [80]
    (warning,) = (each for each in found.warnings if reason in each)
    assert "Gateway default/front: " in warning
    assert warning.endswith(f"({reason}): the listener is not served")


def test_a_grant_permits_the_certificate_of_another_namespace() -> None:
    objects = grant("prod/a", "Gateway/default", "Secret"), secret("prod/web", self_signed([]))
    found = topology(CLASS, *WEB, *objects, gateway("front", listener("h", "", "HTTPS", FAR)))
    ((certificate),) = proxies(found)["front-lab"].listeners[0].certificates
    assert certificate.reference == "prod/web"


def test_a_gateway_has_the_address_that_it_asks_for() -> None:
    front = gateway("front", spec="addresses: [{value: 198.18.0.77}, {type: Hostname, value: a.b}]")
    found = topology(CLASS, *WEB, front)
    assert [*map(str, services(found)["east/svc/front-lab"].load_balancer_ips)] == ["198.18.0.77"]
    text = "Gateway default/front: the proxy cannot have the address Hostname a.b"
    assert any(f"{text} (UnsupportedAddress)" in each for each in found.warnings)


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1", "10.0.0.256", "''"])
def test_an_address_that_no_host_can_have_is_not_taken(address: str) -> None:
    found = topology(CLASS, *WEB, gateway("front", spec=f"addresses: [{{value: {address}}}]"))
    assert any("UnsupportedAddress" in each for each in found.warnings) == (address != "''")
    assert [*map(str, services(found)["east/svc/front-lab"].load_balancer_ips)] == [
        "198.18.255.254"
    ]


def test_an_address_of_another_range_is_refused() -> None:
    found = refused(gateway("front", spec="addresses: [{value: 10.244.0.9}]"))
    assert "Gateway default/front" in found
    assert "10.244.0.9 is in 10.244.0.0/16" in found


@pytest.mark.parametrize(
    ("kind", "objects", "warned"),
    [
        ("lab", (CLASS,), False),
        ("lab", (), True),
        ("istio", (CLASS,), True),
        ("lab", (CLASS.replace("nsnet.dev/gateway", "istio.io/gateway-controller"),), True),
    ],
)
def test_gateways_of_other_controllers_are_served_with_a_warning(
    kind: str, objects: tuple[str, ...], warned: bool
) -> None:
    found = topology(*objects, *WEB, gateway("front", kind=kind), route("web", to("web")))
    assert [*summary(proxies(found)[f"front-{kind}"].listeners[0].rules)] == ["any/ → web"]
    text = "nsnet's own proxy serves the Gateways of every class"
    assert any(each.startswith(text) for each in found.warnings) == warned


def test_a_refusal_in_two_clusters_is_one_warning() -> None:
    both = ", annotations: {nsnet.dev/cluster: 'east,west'}"
    lost = route("web", "{}", parents="{name: none}", more=both)
    found = topology(lost, clusters=("{name: east}", "{name: west}"))
    assert sum("NoMatchingParent" in each for each in found.warnings) == 1


def test_many_refusals_of_a_reason_are_counted() -> None:
    routes = [route(f"r{each}", to("web"), parents="{name: none}") for each in range(10)]
    found = topology(CLASS, *WEB, *routes)
    mine = [each for each in found.warnings if "NoMatchingParent" in each]
    assert len(mine) == 4
    assert mine[-1] == (
        "7 more refusals (NoMatchingParent): HTTPRoute default/r3, HTTPRoute default/r4,"
        " HTTPRoute default/r5 and 4 more"
    )


PASSED = "{name: tls%s, port: 443, protocol: TLS%s, tls: {mode: Passthrough}}"


def tls_rules(*objects: str) -> list[str]:
    """The rules for TLS of the Gateway front: HOSTNAME → SERVICE."""
    (port,) = proxies(topology(CLASS, *WEB, *objects))["front-lab"].tls
    return [
        f"{each.hostname or 'any'} → {'+'.join(one.reference for one in each.weighted)}"
        for each in port.rules
    ]


def tls_route(name: str, hostnames: str, *rules: str, parents: str = "{name: front}") -> str:
    """A TLSRoute to the Service web."""
    kind = "TLSRoute"
    return route(name, *(rules or (to("web"),)), hostnames=hostnames, kind=kind, parents=parents)


def test_tls_routes_pass_connections_on_by_hostname() -> None:
    front = gateway("front", HTTP, PASSED % ("", ""))
    routes = tls_route("a", "'*.a.example'"), tls_route("b", "b.a.example, c.example", to("web*0"))
    assert tls_rules(front, *routes) == [
        "b.a.example → ",
        "c.example → ",
        "*.a.example → east/svc/web",
    ]


def test_a_connection_is_for_the_listener_with_the_most_specific_hostname() -> None:
    front = gateway("front", PASSED % ("", ""), PASSED % ("2", ", hostname: '*.example'"))
    own = tls_route("a", "a.example", parents="{name: front, sectionName: tls2}")
    others = tls_route("b", "'*.b'", parents="{name: front, sectionName: tls}")
    assert tls_rules(front, own, others) == [
        "a.example → east/svc/web",
        "*.example → ",
        "*.b → east/svc/web",
    ]


def test_of_two_tls_routes_with_a_hostname_the_older_one_counts() -> None:
    front = gateway("front", PASSED % ("", ""))
    routes = tls_route("a", "a.example", to("none")), tls_route("b", "a.example")
    assert tls_rules(front, *routes)[0] == "a.example → east/svc/none"


@pytest.mark.parametrize(
    ("kind", "hostnames", "rule", "reason"),
    [
        ("TLSRoute", "a.example", to("none"), "BackendNotFound): its connections are closed"),
        ("TLSRoute", "b.c", to("web"), "NoMatchingListenerHostname): the route is not accepted"),
        ("HTTPRoute", "a.example", to("web"), "NotAllowedByListeners): the route is not accepted"),
        ("TLSRoute", "a.example", f"{to('web')}, {to('web')}", "UnsupportedValue): the route"),
    ],
)
def test_why_a_tls_route_does_not_work(kind: str, hostnames: str, rule: str, reason: str) -> None:
    front = gateway("front", PASSED % ("", ", hostname: '*.example'"))
    found = topology(CLASS, *WEB, front, route("a", rule, hostnames=hostnames, kind=kind))
    assert any(reason in each for each in found.warnings), found.warnings
