"""Gateway API: routes for HTTP requests and for TLS connections.

Source: kubernetes-sigs/gateway-api, config/crd/standard and config/crd/experimental, v1.6.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, model_validator

from nsnet.scenario.field_errors import required
from nsnet.scenario.fields import Number
from nsnet.scenario.kubernetes.crd import (
    GROUP,
    Domain,
    Group,
    HeaderName,
    HeaderValue,
    Hostname,
    Kind,
    NamespaceName,
    NewPath,
    ObjectName,
    Port,
    between,
    checked_by,
    items,
    keyed,
    text,
)
from nsnet.scenario.kubernetes.fields import AgedMeta, Lenient
from nsnet.scenario.kubernetes.names import is_address

MOST_MATCHES: Final = 128  # of all rules of a route
_PATH: Final = r"^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$"
_REDIRECTS: Final = (301, 302, 303, 307, 308)
_BY_SEGMENTS: Final = ("Exact", "PathPrefix")
Method: TypeAlias = Literal[
    "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"
]
MatchType: TypeAlias = Literal["Exact", "RegularExpression"]


class ParentReference(Lenient):
    """A reference of a route to a Gateway, or to one of its listeners."""

    unread = ""

    group: Group = GROUP
    kind: Kind = "Gateway"
    namespace: NamespaceName = ""
    name: ObjectName
    section_name: Domain = ""
    port: Port | None = None


def _parent_rules(parents: Sequence[ParentReference]) -> Iterator[str]:
    again = "includes 2 or more references to the same parent"
    sections: dict[tuple[str, str, str, str], list[str]] = {}
    for each in parents:
        key = each.group, each.kind, each.namespace, each.name
        sections.setdefault(key, []).append(each.section_name)
    for names in sections.values():
        if "" in names and any(names):
            yield f"sectionName must be specified when parentRefs {again}"
        if len(set(names)) < len(names):
            yield f"sectionName must be unique when parentRefs {again}"


ParentReferences = Annotated[tuple[ParentReference, ...], items(32), checked_by(_parent_rules)]


class BackendReference(Lenient):
    """A reference to a Service that gets requests, and its weight among the others."""

    unread = "filters"

    group: Group = ""
    kind: Kind = "Service"
    name: ObjectName
    namespace: NamespaceName = ""
    port: Port | None = None
    weight: Annotated[Number, between(0, 1_000_000)] = 1

    @model_validator(mode="after")
    def _service_has_a_port(self) -> Self:
        if (self.group, self.kind) == ("", "Service") and self.port is None:
            raise ValueError("Invalid value: Must have port for Service reference")
        return self


def _path_rules(path: "PathMatch") -> Iterator[str]:
    if path.type not in _BY_SEGMENTS:
        return
    when = "when type one of ['Exact', 'PathPrefix']"
    if not path.value.startswith("/"):
        yield f"value must be an absolute path and start with '/' {when}"
    for part in ("//", "/./", "/../", "%2f", "%2F", "#"):
        if part in path.value:
            yield f"must not contain '{part}' {when}"
    for end in ("/..", "/."):
        if path.value.endswith(end):
            yield f"must not end with '{end}' {when}"
    if not re.fullmatch(_PATH, path.value):
        yield f"must only contain valid characters (matching {_PATH}) for types {[*_BY_SEGMENTS]}"


class PathMatch(Lenient):
    """What the path of a request has to be."""

    unread = ""

    type: Literal["Exact", "PathPrefix", "RegularExpression"] = "PathPrefix"
    value: NewPath = "/"


class HeaderMatch(Lenient):
    """What a header of a request has to be."""

    unread = ""

    type: MatchType = "Exact"
    name: HeaderName
    value: HeaderValue


class QueryParamMatch(Lenient):
    """What a parameter in the query of a request has to be."""

    unread = ""

    type: MatchType = "Exact"
    name: HeaderName
    value: Annotated[str, text(most=1024)]


class HTTPRouteMatch(Lenient):
    """What a request has to be: all conditions hold."""

    unread = ""

    path: Annotated[PathMatch, checked_by(_path_rules)] = PathMatch()
    headers: Annotated[tuple[HeaderMatch, ...], items(16), AfterValidator(keyed)] = ()
    query_params: Annotated[tuple[QueryParamMatch, ...], items(16), AfterValidator(keyed)] = ()
    method: Method | None = None


class HTTPHeader(Lenient):
    """A header and its value."""

    unread = ""

    name: HeaderName
    value: HeaderValue


HTTPHeaders = Annotated[tuple[HTTPHeader, ...], items(16), AfterValidator(keyed)]


class HeaderModifier(Lenient):
    """What becomes of the headers of a request or a response."""

    unread = ""

    set: HTTPHeaders = ()
    add: HTTPHeaders = ()
    remove: Annotated[tuple[str, ...], items(16)] = ()


class PathModifier(Lenient):
    """A new path, or a new beginning of it."""

    unread = ""

    type: Literal["ReplaceFullPath", "ReplacePrefixMatch"]
    replace_full_path: NewPath | None = None
    replace_prefix_match: NewPath | None = None

    @model_validator(mode="after")
    def _has_the_path_of_its_type(self) -> Self:
        for kind, key, value in (
            ("ReplaceFullPath", "replaceFullPath", self.replace_full_path),
            ("ReplacePrefixMatch", "replacePrefixMatch", self.replace_prefix_match),
        ):
            if self.type == kind and value is None:
                raise ValueError(
                    f"Invalid value: {key} must be specified when type is set to '{kind}'"
                )
            if self.type != kind and value is not None:
                raise ValueError(f"Invalid value: type must be '{kind}' when {key} is set")
        return self


def _status(value: int) -> int:
    if value not in _REDIRECTS:
        known = ", ".join(map(str, _REDIRECTS))
        raise ValueError(f"Unsupported value: {value}: supported values: {known}")
    return value


class RequestRedirect(Lenient):
    """Where a client is sent instead."""

    unread = ""

    scheme: Literal["http", "https"] | None = None
    hostname: Domain = ""
    path: PathModifier | None = None
    port: Port | None = None
    status_code: Annotated[Number, AfterValidator(_status)] = 302


class URLRewrite(Lenient):
    """The host and the path that the server gets instead."""

    unread = ""

    hostname: Domain = ""
    path: PathModifier | None = None


class HTTPRouteFilter(Lenient):
    """A step that changes requests or responses."""

    unread = "cors extensionRef externalAuth requestMirror"

    type: Literal[
        "RequestHeaderModifier",
        "ResponseHeaderModifier",
        "RequestMirror",
        "RequestRedirect",
        "URLRewrite",
        "ExtensionRef",
        "CORS",
        "ExternalAuth",
    ]
    request_header_modifier: HeaderModifier | None = None
    response_header_modifier: HeaderModifier | None = None
    request_redirect: RequestRedirect | None = None
    url_rewrite: URLRewrite | None = None
    request_mirror: dict[str, Any] | None = None
    extension_ref: dict[str, Any] | None = None
    cors: dict[str, Any] | None = None
    external_auth: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _has_the_settings_of_its_type(self) -> Self:
        for kind, key, value in (
            ("RequestHeaderModifier", "requestHeaderModifier", self.request_header_modifier),
            ("ResponseHeaderModifier", "responseHeaderModifier", self.response_header_modifier),
            ("RequestMirror", "requestMirror", self.request_mirror),
            ("RequestRedirect", "requestRedirect", self.request_redirect),
            ("URLRewrite", "urlRewrite", self.url_rewrite),
            ("ExtensionRef", "extensionRef", self.extension_ref),
            ("CORS", "cors", self.cors),
            ("ExternalAuth", "externalAuth", self.external_auth),
        ):
            what = f"Invalid value: filter.{key} must be"
            if self.type == kind and value is None:
                raise ValueError(f"{what} specified for {kind} filter.type")
            if self.type != kind and value is not None:
                raise ValueError(f"{what} nil if the filter.type is not {kind}")
        return self

    @property
    def new_path(self) -> PathModifier | None:
        """The path in the redirect or the rewriting."""
        what = self.request_redirect or self.url_rewrite
        return what.path if what else None


def _filter_rules(filters: Sequence[HTTPRouteFilter]) -> Iterator[str]:
    types = [each.type for each in filters]
    if "RequestRedirect" in types and "URLRewrite" in types:
        names = "httpRouteFilterRequestRedirect or httpRouteFilterRequestRewrite"
        yield f"May specify either {names}, but not both"
    for kind in types:
        if kind not in ("RequestMirror", "ExtensionRef") and types.count(kind) > 1:
            yield f"{kind} filter cannot be repeated"


Filters = Annotated[tuple[HTTPRouteFilter, ...], items(16), checked_by(_filter_rules)]


class HTTPBackendReference(BackendReference):
    """A reference to a Service that gets HTTP requests."""

    unread = ""

    filters: Filters = ()


class HTTPRouteRule(Lenient):
    """What happens to requests that fit one of the matches."""

    unread = ""

    name: Domain = ""
    matches: Annotated[tuple[HTTPRouteMatch, ...], items(64)] = (HTTPRouteMatch(),)
    filters: Filters = ()
    backend_refs: Annotated[tuple[HTTPBackendReference, ...], items(16)] = ()
    timeouts: dict[str, Any] | None = None
    retry: dict[str, Any] | None = None
    session_persistence: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _filters_fit(self) -> Self:
        if self.backend_refs and any(each.request_redirect for each in self.filters):
            message = "RequestRedirect filter must not be used together with backendRefs"
            raise ValueError(f"Invalid value: {message}")
        within = [each for backend in self.backend_refs for each in backend.filters]
        for start, filters in (("When", self.filters), ("Within backendRefs, when", within)):
            for each in filters:
                new = each.new_path
                prefixes = [one.path.type == "PathPrefix" for one in self.matches]
                if new and new.type == "ReplacePrefixMatch" and prefixes != [True]:
                    must = "exactly one PathPrefix match must be specified"
                    using = f"using {each.type} filter with path.replacePrefixMatch"
                    raise ValueError(f"Invalid value: {start} {using}, {must}")
        return self


def _route_rules(rules: Sequence[HTTPRouteRule]) -> Iterator[str]:
    if sum(len(each.matches) for each in rules) > MOST_MATCHES:
        allowed = "While 16 rules and 64 matches per rule are allowed"
        total = "the total number of matches across all rules in a route must be less than 128"
        yield f"{allowed}, {total}"


class HTTPRouteSpec(Lenient):
    """The parents, hostnames and rules of an HTTPRoute."""

    unread = "useDefaultGateways"

    parent_refs: ParentReferences = ()
    hostnames: Annotated[tuple[Hostname, ...], items(16)] = ()
    rules: Annotated[tuple[HTTPRouteRule, ...], items(16, 1), checked_by(_route_rules)] = (
        HTTPRouteRule(),
    )


class HTTPRoute(Lenient):
    """A route for HTTP requests."""

    unread = "apiVersion status"

    kind: Literal["HTTPRoute"]
    metadata: AgedMeta
    spec: HTTPRouteSpec


class TLSRouteRule(Lenient):
    """The Services that get the connections."""

    unread = ""

    name: Domain = ""
    backend_refs: Annotated[tuple[BackendReference, ...], items(16, 1)]


def _tls_hostname_rules(hostnames: Sequence[str]) -> Iterator[str]:
    if any(map(is_address, hostnames)):
        yield "Hostnames cannot contain an IP"


class TLSRouteSpec(Lenient):
    """The parents, hostnames and rules of a TLSRoute. Before v1, hostnames may be left out."""

    unread = "useDefaultGateways"

    parent_refs: ParentReferences = ()
    hostnames: Annotated[tuple[Hostname, ...], items(1024), checked_by(_tls_hostname_rules)] = ()
    rules: Annotated[tuple[TLSRouteRule, ...], items(16, 1)]


class TLSRoute(Lenient):
    """A route for TLS connections, by the name in their TLS hello."""

    unread = "status"

    api_version: str = ""
    kind: Literal["TLSRoute"]
    metadata: AgedMeta
    spec: TLSRouteSpec

    @model_validator(mode="after")
    def _fits_v1(self) -> Self:
        if self.api_version == f"{GROUP}/v1" and not self.spec.hostnames:
            raise ValueError(f"spec.hostnames: {required()}")
        return self
