"""Gateways of Gateway API: what the API server refuses."""

import pytest

from nsnet.scenario.documents import parse
from nsnet.scenario.kubernetes import Gateway, GatewayClass, ReferenceGrant
from nsnet.scenario.validation import validate

HTTP = "{name: http, port: 80, protocol: HTTP}"


def mistakes(spec: str, kind: type[Gateway | GatewayClass | ReferenceGrant] = Gateway) -> list[str]:
    """The mistakes in an object with this spec, each as path: message."""
    text = f"kind: {kind.__name__}\nmetadata: {{name: web}}\nspec: {spec}\n"
    (document,), _ = parse("lab.yaml", text)
    _, problems = validate(document, kind)
    return [str(each).partition(": ")[2] for each in problems]


def of_listeners(*listeners: str) -> list[str]:
    """The mistakes in a Gateway with these listeners."""
    return mistakes(f"{{gatewayClassName: web, listeners: [{', '.join(listeners)}]}}")


TERMINATED = "tls: {certificateRefs: [{name: web}]}"
PASSED = "tls: {mode: Passthrough}"


@pytest.mark.parametrize(
    ("listeners", "message"),
    [
        ((), "spec.listeners: Invalid value: 0: should have at least 1 items"),
        ((HTTP, HTTP), 'spec.listeners: Duplicate value: {"name":"http"}'),
        (
            (HTTP, "{name: other, port: 80, protocol: HTTP}"),
            "spec.listeners: Invalid value: Combination of port, protocol and hostname must be"
            " unique for each listener",
        ),
        (("{name: http, port: 0, protocol: HTTP}",), "spec.listeners[0].port: Invalid value: 0"),
        (("{name: http, port: 65536, protocol: HTTP}",), "should be less than or equal to 65535"),
        (("{name: http, protocol: HTTP}",), "spec.listeners[0].port: Required value"),
        (("{name: H_, port: 80, protocol: HTTP}",), 'spec.listeners[0].name: Invalid value: "H_"'),
        (
            ("{name: http, port: 80, protocol: HTTP, hostname: 'a.*.example'}",),
            "spec.listeners[0].hostname: Invalid value",
        ),
        (
            (f"{{name: http, port: 80, protocol: HTTP, {TERMINATED}}}",),
            "spec.listeners: Invalid value: tls must not be specified for protocols",
        ),
        (
            (f"{{name: https, port: 443, protocol: HTTPS, {PASSED}}}",),
            "spec.listeners: Invalid value: tls mode must be Terminate for protocol HTTPS",
        ),
        (
            ("{name: tls, port: 443, protocol: TLS}",),
            "spec.listeners: Invalid value: tls mode must be set for protocol TLS",
        ),
        (
            ("{name: tcp, port: 443, protocol: TCP, hostname: a.example}",),
            "spec.listeners: Invalid value: hostname must not be specified for protocols",
        ),
        (
            ("{name: https, port: 443, protocol: HTTPS, tls: {}}",),
            "spec.listeners[0].tls: Invalid value: certificateRefs or options must be specified",
        ),
        (
            ("{name: h, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: None}}}",),
            'spec.listeners[0].allowedRoutes.namespaces.from: Unsupported value: "None"',
        ),
        (
            ("{name: h, port: 80, protocol: HTTP, hostNames: [a]}",),
            'unknown field "hostNames"; did you mean hostname?',
        ),
    ],
)
def test_listeners_that_the_api_server_refuses(listeners: tuple[str, ...], message: str) -> None:
    assert any(message in each for each in of_listeners(*listeners)), of_listeners(*listeners)


@pytest.mark.parametrize(
    "listener",
    [
        HTTP,
        "{name: a.b, port: 1, protocol: example.com/custom}",
        "{name: udp, port: 53, protocol: UDP}",
        "{name: http, port: 80, protocol: HTTP, hostname: '*.example.com'}",
        f"{{name: https, port: 443, protocol: HTTPS, {TERMINATED}}}",
        "{name: https, port: 443, protocol: HTTPS, tls: {options: {a: b}}}",
        f"{{name: tls, port: 443, protocol: TLS, {PASSED}}}",
        "{name: n, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}",
    ],
)
def test_listeners_that_the_api_server_accepts(listener: str) -> None:
    assert of_listeners(listener) == []


def test_listeners_may_share_a_port_with_different_hostnames() -> None:
    one, other = (
        f"{{name: {each}, port: 80, protocol: HTTP, hostname: {each}.example}}" for each in "ab"
    )
    assert of_listeners(one, other, HTTP) == []


@pytest.mark.parametrize(
    ("addresses", "message"),
    [
        ("[{value: 198.18.0.9}, {value: 198.18.0.9}]", "IPAddress values must be unique"),
        ("[{type: '', value: 198.18.0.9}]", "should be at least 1 chars long"),
    ],
)
def test_addresses_that_the_api_server_refuses(addresses: str, message: str) -> None:
    spec = f"{{gatewayClassName: web, listeners: [{HTTP}], addresses: {addresses}}}"
    assert any(message in each for each in mistakes(spec))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{controllerName: nsnet}", 'spec.controllerName: Invalid value: "nsnet": should match'),
        ("{}", "spec.controllerName: Required value"),
    ],
)
def test_a_class_names_its_controller_with_a_domain(spec: str, message: str) -> None:
    assert message in mistakes(spec, GatewayClass)[0]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("{from: [], to: [{group: '', kind: Service}]}", "spec.from: Invalid value: 0"),
        ("{from: [{group: '', kind: Secret}]}", "spec.from[0].namespace: Required value"),
    ],
)
def test_a_grant_names_both_sides(spec: str, message: str) -> None:
    assert any(message in each for each in mistakes(spec, ReferenceGrant))
