"""HTTPRoutes and TLSRoutes → the rules of a proxy, in the order of their precedence.

Source: kubernetes-sigs/gateway-api, apis/v1/httproute_types.go, v1.6.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nsnet.ip import Protocol
from nsnet.scenario.kubernetes import (
    BackendReference,
    HTTPRoute,
    HTTPRouteFilter,
    HTTPRouteMatch,
    HTTPRouteRule,
    TLSRoute,
)
from nsnet.scenario.kubernetes.routes import (
    HeaderMatch,
    HeaderModifier,
    PathModifier,
    QueryParamMatch,
)
from nsnet.state.http import (
    Backend,
    HeaderChanges,
    HttpRule,
    PathChange,
    Redirect,
    RequestMatch,
    TlsRule,
)
from nsnet.topology.http_backends import Servers
from nsnet.topology.model import Service, reference_of
from nsnet.topology.route_parents import Grants, Refused, Route, specificity

# What a proxy can read and write in headers and queries (state/haproxy_http.py).
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
_VALUE: Final = re.compile(r"[ -~]+")
# They say where a message ends, and how many proxies it has passed.
_OF_PROXIES: Final = ("content-length", "transfer-encoding", "via")
_KNOWN_FILTERS: Final = (
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestRedirect",
    "URLRewrite",
)
_NOT_KNOWN: Final = ("timeouts", "retry", "session_persistence")


class Backends:
    """The Services to which routes of a cluster refer."""

    def __init__(
        self, cluster: str, services: Sequence[Service], servers: Servers, grants: Grants
    ) -> None:
        self._cluster = cluster
        self._services = {each.reference: each for each in services}
        self._servers = servers
        self._grants = grants

    def backend(self, route: Route, path: str, to: BackendReference) -> Backend | Refused:
        """Return the Service to which a route refers, with its servers; or why it cannot."""
        namespace = to.namespace or route.metadata.namespace
        name = f"{to.kind} {namespace}/{to.name}"
        if (to.group, to.kind) != ("", "Service"):
            return Refused(path, "InvalidKind", f"{to.group} {name} is no Service".strip())
        wanted = ("", "Service", namespace, to.name)
        if not self._grants.permit(route.kind, route.metadata.namespace, wanted):
            why = f"no ReferenceGrant of namespace {namespace} permits it to refer to {name}"
            return Refused(path, "RefNotPermitted", why)
        reference = reference_of(self._cluster, "svc", to.name, namespace)
        service = self._services.get(reference)
        if service is None:
            return Refused(path, "BackendNotFound", f"there is no {name}")
        if service.type == "ExternalName":
            return Refused(path, "UnsupportedValue", f"{name} is of type ExternalName")
        ports = [each for each in service.ports if each.port == to.port]
        if not ports:
            return Refused(path, "BackendNotFound", f"{name} has no port {to.port}")
        for each in ports:
            if each.protocol is Protocol.TCP:
                return Backend(reference, self._servers.of(service, each), to.weight)
        return Refused(path, "UnsupportedProtocol", f"port {to.port} of {name} is not TCP")

    def of_rule(
        self, route: Route, index: int, to: Sequence[BackendReference]
    ) -> Iterator[Backend | Refused]:
        """Yield the backends of a rule of a route, given by its index. For each one that is
        refused, yield the reason, and a backend without servers in its place."""
        for place, each in enumerate(to):
            found = self.backend(route, f"spec.rules[{index}].backendRefs[{place}]", each)
            yield found
            if isinstance(found, Refused):
                namespace = each.namespace or route.metadata.namespace
                name = reference_of(self._cluster, "svc", each.name, namespace)
                yield Backend(name, (), each.weight, status=500)


class OrderedTlsRule(NamedTuple):
    """A rule for TLS with its place in the order of precedence."""

    order: tuple[object, ...]
    rule: TlsRule


class OrderedRule(NamedTuple):
    """A rule with its place in the order of precedence."""

    order: tuple[object, ...]
    rule: HttpRule


def unsupported(route: Route) -> Iterator[tuple[str, str]]:
    """Yield the path and the name of each thing in the route that the proxy cannot do."""
    if isinstance(route, TLSRoute):
        if len(route.spec.rules) > 1:
            yield "spec.rules[1]", "a second rule of a TLSRoute"
        return
    for index, rule in enumerate(route.spec.rules):
        path = f"spec.rules[{index}]"
        for key in _NOT_KNOWN:
            if getattr(rule, key) is not None:
                name = "sessionPersistence" if key == "session_persistence" else key
                yield f"{path}.{name}", f"the field {name}"
        for number, match in enumerate(rule.matches):
            yield from _unsupported_match(f"{path}.matches[{number}]", match)
        yield from _unsupported_filters(f"{path}.filters", rule.filters)
        for number, backend in enumerate(rule.backend_refs):
            if backend.filters:
                kinds = ", ".join(each.type for each in backend.filters)
                yield f"{path}.backendRefs[{number}].filters", f"{kinds} of a backendRef"


def _unsupported_match(path: str, match: HTTPRouteMatch) -> Iterator[tuple[str, str]]:
    if match.path.type == "RegularExpression":
        yield f"{path}.path.type", "a path of type RegularExpression"
    named: tuple[tuple[str, tuple[HeaderMatch | QueryParamMatch, ...]], ...] = (
        ("headers", match.headers),
        ("queryParams", match.query_params),
    )
    for key, those in named:
        for index, each in enumerate(those):
            if each.type == "RegularExpression":
                yield f"{path}.{key}[{index}].type", f"{key} of type RegularExpression"
            if not _NAME.fullmatch(each.name):
                yield f"{path}.{key}[{index}].name", f"the name {each.name}"


def _unsupported_filters(
    path: str, filters: Sequence[HTTPRouteFilter]
) -> Iterator[tuple[str, str]]:
    types = [each.type for each in filters]
    for index, each in enumerate(filters):
        if each.type not in _KNOWN_FILTERS:
            yield f"{path}[{index}].type", f"a filter of type {each.type}"
        elif types.count("RequestRedirect") and each.type != "RequestRedirect":
            yield f"{path}[{index}].type", f"{each.type} together with RequestRedirect"
        for changes in (each.request_header_modifier, each.response_header_modifier):
            names = [one.name for one in (*changes.set, *changes.add)] if changes else []
            for name in (*names, *changes.remove) if changes else ():
                if name.lower() in _OF_PROXIES:
                    yield f"{path}[{index}]", f"a change of the header {name}"
            for one in (*changes.set, *changes.add) if changes else ():
                if not _NAME.fullmatch(one.name) or not _VALUE.fullmatch(one.value):
                    yield f"{path}[{index}]", f"the header {one.name}, or its value"


def http_rules(
    route: HTTPRoute, number: int, hostnames: Sequence[str], reference: str, backends: Backends
) -> Iterator[OrderedRule | Refused]:
    """Yield the rules of a route at a listener for these hostnames, and why backends are refused.

    `number`: of the route among all routes.
    """
    born = route.metadata.age(number)
    for index, rule in enumerate(route.spec.rules):
        sent: list[Backend] = []
        for found in backends.of_rule(route, index, rule.backend_refs):
            if isinstance(found, Refused):
                yield found
            else:
                sent.append(found)
        changed = _changed(rule, HttpRule(RequestMatch(), reference, tuple(sent)))
        for place, match in enumerate(rule.matches):
            asked = _request_match(match)
            for hostname in hostnames:
                order = (*specificity(hostname), *_precedence(match), *born, index, place)
                yield OrderedRule(order, changed._replace(match=asked._replace(hostname=hostname)))


def tls_rules(
    route: TLSRoute, number: int, hostnames: Sequence[str], reference: str, backends: Backends
) -> Iterator[OrderedTlsRule | Refused]:
    """Yield the rules of a route at a listener for these hostnames, and why backends are refused.

    `number`: of the route among all routes.
    """
    sent: list[Backend] = []
    for found in backends.of_rule(route, 0, route.spec.rules[0].backend_refs):
        if isinstance(found, Refused):
            yield found
        else:
            sent.append(found)
    for hostname in hostnames:
        order = (*specificity(hostname), *route.metadata.age(number))
        yield OrderedTlsRule(order, TlsRule(hostname, reference, tuple(sent)))


def _request_match(match: HTTPRouteMatch) -> RequestMatch:
    return RequestMatch(
        path=match.path.value,
        exact=match.path.type == "Exact",
        method=match.method or "",
        headers=_first({each.name: each.value for each in match.headers}),
        query=tuple((each.name, each.value) for each in match.query_params),
    )


def _first(headers: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Return the headers without those whose name differs only in case from an earlier one."""
    found: dict[str, tuple[str, str]] = {}
    for each in headers.items():
        found.setdefault(each[0].lower(), each)
    return tuple(found.values())


def _precedence(match: HTTPRouteMatch) -> tuple[object, ...]:
    """Return a key by which the more specific of two matches comes first."""
    return (
        match.path.type != "Exact",
        -len(match.path.value),
        match.method is None,
        -len(match.headers),
        -len(match.query_params),
    )


def _changed(rule: HTTPRouteRule, found: HttpRule) -> HttpRule:
    """Return the rule with what its filters do."""
    for each in rule.filters:
        if (redirect := each.request_redirect) is not None:
            where = Redirect(
                status=redirect.status_code,
                scheme=redirect.scheme or "",
                hostname=redirect.hostname,
                port=redirect.port,
                path=_path_change(redirect.path),
            )
            found = found._replace(redirect=where)
        if (rewrite := each.url_rewrite) is not None:
            found = found._replace(hostname=rewrite.hostname, path=_path_change(rewrite.path))
        if each.request_header_modifier is not None:
            found = found._replace(request_headers=_header_changes(each.request_header_modifier))
        if each.response_header_modifier is not None:
            found = found._replace(response_headers=_header_changes(each.response_header_modifier))
    return found


def _path_change(path: PathModifier | None) -> PathChange | None:
    if path is None:
        return None
    if path.type == "ReplacePrefixMatch":
        return PathChange(path.replace_prefix_match or "/", prefix=True)
    return PathChange(path.replace_full_path or "/")


def _header_changes(changes: HeaderModifier) -> HeaderChanges:
    return HeaderChanges(
        set=_first({each.name: each.value for each in changes.set}),
        add=_first({each.name: each.value for each in changes.add}),
        # No header has another name, so there is nothing to remove.
        remove=tuple(each for each in changes.remove if _NAME.fullmatch(each)),
    )
