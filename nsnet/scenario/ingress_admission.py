"""The API server's checks of Ingresses and their classes.

Source: kubernetes/pkg/apis/networking/validation/validation.go, v1.34.
"""

import re
from collections.abc import Iterator
from typing import Final

from nsnet.scenario.field_errors import Refusal, invalid, required, unsupported
from nsnet.scenario.fields import SUBDOMAIN
from nsnet.scenario.kubernetes.fields import check_port, port_name_mistakes
from nsnet.scenario.kubernetes.ingress import (
    CLASS,
    HttpPath,
    Ingress,
    IngressBackend,
    IngressClass,
    IngressSpec,
)
from nsnet.scenario.kubernetes.names import is_address, service_name_mistake, subdomain_mistake

PATH_TYPES: Final = ("Exact", "ImplementationSpecific", "Prefix")
_FORBIDDEN: Final = ("//", "/./", "/../", "%2f", "%2F")
_FORBIDDEN_ENDS: Final = ("/..", "/.")
_WILDCARD: Final = re.compile(rf"\*\.{SUBDOMAIN}")
_NO_WILDCARD: Final = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which"
    " must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric"
    " character (e.g. '*.example.com')"
)
_CONTROLLER: Final = re.compile(r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+")
_LONGEST: Final = 253  # characters of a hostname; 250 of a controller
_LONGEST_CONTROLLER: Final = 250


def ingress_refusals(found: Ingress | IngressClass) -> Iterator[Refusal]:
    """Yield the path of each field that the API server refuses, and the reason."""
    if isinstance(found, IngressClass):
        yield from _controller(found.spec.controller)
        return
    yield from _spec(found.spec)
    annotation, name = found.metadata.annotations.get(CLASS), found.spec.ingress_class_name
    if annotation is not None and name is not None and annotation != name:
        reason = "must match `ingressClassName` when both are specified"
        yield f"metadata.annotations.{CLASS}", invalid(annotation, reason)


def _controller(text: str) -> Iterator[Refusal]:
    path = "spec.controller"
    if not text:
        yield path, required()
        return
    if len(text) > _LONGEST_CONTROLLER:
        yield path, f"Too long: may not be more than {_LONGEST_CONTROLLER} bytes"
    domain, slash, rest = text.partition("/")
    if not (slash and domain and rest):
        yield path, invalid(text, 'must be a domain-prefixed path (such as "acme.io/foo")')
        return
    if mistake := subdomain_mistake(domain):
        yield path, mistake
    if not _CONTROLLER.fullmatch(rest):
        yield path, invalid(rest, "Invalid path")


def _spec(spec: IngressSpec) -> Iterator[Refusal]:
    if not spec.rules and spec.default_backend is None:
        yield "spec", invalid([], "either `defaultBackend` or `rules` must be specified")
    if spec.default_backend is not None:
        yield from _backend("spec.defaultBackend", spec.default_backend)
    for index, rule in enumerate(spec.rules):
        path = f"spec.rules[{index}]"
        if rule.host and is_address(rule.host):
            yield f"{path}.host", invalid(rule.host, "must be a DNS name, not an IP address")
        if rule.host and (mistake := _host_mistake(rule.host)):
            yield f"{path}.host", mistake
        if rule.http is not None and not rule.http.paths:
            yield f"{path}.http.paths", required()
        for number, each in enumerate(rule.http.paths if rule.http else ()):
            yield from _path(f"{path}.http.paths[{number}]", each)
    for index, tls in enumerate(spec.tls):
        for number, host in enumerate(tls.hosts):
            if mistake := _host_mistake(host):
                yield f"spec.tls[{index}].hosts[{number}]", mistake
        if tls.secret_name and (mistake := subdomain_mistake(tls.secret_name)):
            yield f"spec.tls[{index}].secretName", mistake
    name = spec.ingress_class_name
    if name is not None and (mistake := subdomain_mistake(name)):
        yield "spec.ingressClassName", mistake


def _host_mistake(host: str) -> str:
    if "*" not in host:
        return subdomain_mistake(host)
    fits = len(host) <= _LONGEST and _WILDCARD.fullmatch(host)
    return "" if fits else invalid(host, _NO_WILDCARD)


def _path(at: str, each: HttpPath) -> Iterator[Refusal]:
    if each.path_type is None:
        yield f"{at}.pathType", required("pathType must be specified")
        return
    if each.path_type not in PATH_TYPES:
        yield f"{at}.pathType", unsupported(each.path_type, PATH_TYPES)
    elif each.path_type == "ImplementationSpecific":
        if each.path and not each.path.startswith("/"):
            yield f"{at}.path", invalid(each.path, "must be an absolute path")
    else:
        if not each.path.startswith("/"):
            yield f"{at}.path", invalid(each.path, "must be an absolute path")
        for text in _FORBIDDEN:
            if text in each.path:
                yield f"{at}.path", invalid(each.path, f"must not contain '{text}'")
        for text in _FORBIDDEN_ENDS:
            if each.path.endswith(text):
                yield f"{at}.path", invalid(each.path, f"cannot end with '{text}'")
    yield from _backend(f"{at}.backend", each.backend)


def _backend(at: str, backend: IngressBackend) -> Iterator[Refusal]:
    service, resource = backend.service, backend.resource
    if service is not None and resource is not None:
        yield at, invalid("", "cannot set both resource and service backends")
    elif resource is not None:
        for key, value in (("kind", resource.kind), ("name", resource.name)):
            if not value:
                yield f"{at}.resource.{key}", required()
    elif service is None:
        yield at, invalid("", "resource or service backend is required")
    else:
        if not service.name:
            yield f"{at}.service.name", required()
        elif mistake := service_name_mistake(service.name):
            yield f"{at}.service.name", mistake
        name, number = service.port.name, service.port.number
        if name and number:
            yield at, invalid("", "cannot set both port name & port number")
        elif name:
            for reason in port_name_mistakes(name):
                yield f"{at}.service.port.name", invalid(name, reason)
        elif number:
            yield from _port(f"{at}.service.port.number", number)
        else:
            yield at, required("port name or number is required")


def _port(at: str, number: int) -> Iterator[Refusal]:
    try:
        check_port(number)
    except ValueError as error:
        yield at, str(error)
