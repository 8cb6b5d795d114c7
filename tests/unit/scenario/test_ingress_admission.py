"""What the API server refuses of Ingresses and their classes, and what it accepts.

Source: kubernetes/pkg/apis/networking/validation/validation.go, v1.34.
"""

import pytest

from nsnet.scenario.ingress_admission import ingress_refusals
from nsnet.scenario.kubernetes import Ingress, IngressClass

SERVICE = {"service": {"name": "web", "port": {"number": 80}}}


def refusals(spec: object, annotations: object = None) -> list[str]:
    data = {"kind": "Ingress", "metadata": {"name": "a", "annotations": annotations}, "spec": spec}
    return [f"{path}: {why}" for path, why in ingress_refusals(Ingress.model_validate(data))]


def with_path(path: str, kind: str | None = "Prefix", backend: object = SERVICE) -> object:
    return {"rules": [{"http": {"paths": [{"path": path, "pathType": kind, "backend": backend}]}}]}


def with_host(host: str) -> object:
    paths = [{"path": "/", "pathType": "Prefix", "backend": SERVICE}]
    return {"rules": [{"host": host, "http": {"paths": paths}}]}


PATH = "spec.rules[0].http.paths[0]"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"defaultBackend": SERVICE}, ""),
        ({"rules": [{"host": "a.example"}]}, ""),
        ({}, "spec: Invalid value: []: either `defaultBackend` or `rules` must be specified"),
        ({"rules": [{"http": {}}]}, "spec.rules[0].http.paths: Required value"),
        (with_path("/"), ""),
        (with_path("/a(/|$)(.*)", "ImplementationSpecific"), ""),
        (with_path("", "ImplementationSpecific"), ""),
        (with_path("", "Exact"), f'{PATH}.path: Invalid value: "": must be an absolute path'),
        (with_path("a"), f'{PATH}.path: Invalid value: "a": must be an absolute path'),
        (
            with_path("a", "ImplementationSpecific"),
            f'{PATH}.path: Invalid value: "a": must be an absolute path',
        ),
        (with_path("/a//b"), f"{PATH}.path: Invalid value: \"/a//b\": must not contain '//'"),
        (with_path("/a/./b"), f"{PATH}.path: Invalid value: \"/a/./b\": must not contain '/./'"),
        (with_path("/a%2Fb"), f"{PATH}.path: Invalid value: \"/a%2Fb\": must not contain '%2F'"),
        (with_path("/a/.."), f"{PATH}.path: Invalid value: \"/a/..\": cannot end with '/..'"),
        (with_path("/a/."), f"{PATH}.path: Invalid value: \"/a/.\": cannot end with '/.'"),
        (with_path("/", None), f"{PATH}.pathType: Required value: pathType must be specified"),
        (
            with_path("/", "Regex"),
            f'{PATH}.pathType: Unsupported value: "Regex": supported values: "Exact",'
            ' "ImplementationSpecific", "Prefix"',
        ),
        (with_host("a.example"), ""),
        (with_host("*.example"), ""),
        (
            with_host("10.0.0.1"),
            'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
        ),
        (
            with_host("*"),
            'spec.rules[0].host: Invalid value: "*": a wildcard DNS-1123 subdomain must start'
            " with '*.', followed by a valid DNS subdomain, which must consist of lower case"
            " alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g."
            " '*.example.com')",
        ),
        (
            with_path("/", backend={}),
            f'{PATH}.backend: Invalid value: "": resource or service backend is required',
        ),
        (
            with_path("/", backend={**SERVICE, "resource": {"kind": "A", "name": "b"}}),
            f'{PATH}.backend: Invalid value: "": cannot set both resource and service backends',
        ),
        (with_path("/", backend={"resource": {"kind": "A", "name": "b"}}), ""),
        (
            with_path("/", backend={"resource": {"kind": "A"}}),
            f"{PATH}.backend.resource.name: Required value",
        ),
        (
            with_path("/", backend={"service": {"port": {"number": 80}}}),
            f"{PATH}.backend.service.name: Required value",
        ),
        (
            with_path("/", backend={"service": {"name": "a"}}),
            f"{PATH}.backend: Required value: port name or number is required",
        ),
        (
            with_path("/", backend={"service": {"name": "a", "port": {"name": "b", "number": 1}}}),
            f'{PATH}.backend: Invalid value: "": cannot set both port name & port number',
        ),
        (
            with_path("/", backend={"service": {"name": "a", "port": {"number": 65536}}}),
            f"{PATH}.backend.service.port.number: Invalid value: 65536: must be between 1 and"
            " 65535, inclusive",
        ),
        (
            with_path("/", backend={"service": {"name": "a", "port": {"name": "-a"}}}),
            f'{PATH}.backend.service.port.name: Invalid value: "-a": must not begin or end with a'
            " hyphen",
        ),
        ({"defaultBackend": SERVICE, "tls": [{"hosts": ["*.a.example"], "secretName": "a"}]}, ""),
    ],
)
def test_what_the_api_server_refuses_of_an_ingress(spec: object, expected: str) -> None:
    found = refusals(spec)
    assert found[:1] == [expected] if expected else found == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (with_host("A.example"), "spec.rules[0].host"),
        (with_host("a.*.example"), "spec.rules[0].host"),
        (
            with_path("/", backend={"service": {"name": "1", "port": {"number": 1}}}),
            f"{PATH}.backend.service.name",
        ),
        ({"defaultBackend": SERVICE, "tls": [{"hosts": ["a_b"]}]}, "spec.tls[0].hosts[0]"),
        ({"defaultBackend": SERVICE, "tls": [{"secretName": "A"}]}, "spec.tls[0].secretName"),
        ({"defaultBackend": SERVICE, "ingressClassName": "A"}, "spec.ingressClassName"),
    ],
)
def test_a_name_of_another_form_is_refused(spec: object, path: str) -> None:
    (found,) = refusals(spec)
    assert found.startswith(f"{path}: Invalid value: ")


def test_the_class_in_field_and_annotation_is_the_same() -> None:
    spec = {"defaultBackend": SERVICE, "ingressClassName": "a"}
    annotation = "kubernetes.io/ingress.class"
    assert refusals(spec, {annotation: "a"}) == []
    assert refusals(spec, {annotation: "b"}) == [
        f'metadata.annotations.{annotation}: Invalid value: "b": must match `ingressClassName` when'
        " both are specified"
    ]


@pytest.mark.parametrize(
    ("controller", "expected"),
    [
        ("k8s.io/ingress-nginx", ""),
        ("", "Required value"),
        ("nginx", 'Invalid value: "nginx": must be a domain-prefixed path'),
        ("a/" + "b" * 250, "Too long: may not be more than 250 bytes"),
    ],
)
def test_the_controller_of_a_class_is_a_path_with_a_domain(controller: str, expected: str) -> None:
    spec = {"controller": controller}
    data = {"kind": "IngressClass", "metadata": {"name": "a"}, "spec": spec}
    found = [why for _, why in ingress_refusals(IngressClass.model_validate(data))]
    assert found == [] if not expected else found[0].startswith(expected)
