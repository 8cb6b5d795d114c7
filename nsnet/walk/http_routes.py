"""A model of haproxy's HTTP routes: the rule that applies to a request, and what becomes of it."""

from dataclasses import replace
from typing import Final

from nsnet.ip import IPAddress
from nsnet.state.http import (
    MOST_PROXIES,
    PASSED,
    HttpFrontend,
    HttpRule,
    PathChange,
    Redirect,
    RequestMatch,
    TlsFrontend,
    TlsRule,
)
from nsnet.verdict import Verdict
from nsnet.walk.http import HttpRequest
from nsnet.walk.packet import PredictedPath

BAD_REQUEST: Final = 400
NOT_FOUND: Final = 404
LOOP_DETECTED: Final = 508
_BAD_GATEWAY: Final = 502  # the server closes the connection
_UNAVAILABLE: Final = 503  # no connection to the server
_USUAL: Final = {"http": 80, "https": 443}  # ports that a URL leaves out


def is_looping(request: HttpRequest) -> bool:
    """Return whether a request has passed so many proxies that the next one answers it."""
    names = [name.lower() for name, _ in request.headers]
    return names.count(PASSED[0].lower()) >= MOST_PROXIES


def as_received(request: HttpRequest, source: IPAddress | None) -> HttpRequest:
    """Return the request with the headers that the proxy sets before it compares them. `source` is
    the client's address."""
    own = {
        "x-forwarded-for": str(source),
        "x-forwarded-proto": "https" if request.tls else "http",
        "x-forwarded-host": request.host,
    }
    given = (each for each in request.headers if each[0].lower() not in own)
    return request._replace(headers=(*given, PASSED, *own.items()))


def rule_for(
    frontend: HttpFrontend, request: HttpRequest, source: IPAddress | None
) -> HttpRule | None:
    """Return the first rule that fits the request of a client with this address; None if there is
    none."""
    received = as_received(request, source)
    return next((each for each in frontend.rules if _fits(each.match, received)), None)


def tls_rule_for(frontend: TlsFrontend, server_name: str) -> TlsRule | None:
    """Return the first rule that fits the name in a TLS client hello; None if there is none."""
    name = server_name.lower()
    return next((each for each in frontend.rules if _fits_host(each.hostname, name)), None)


def forwarded(rule: HttpRule, request: HttpRequest) -> HttpRequest:
    """Return the request that a server gets."""
    path, mark, query = request.path.partition("?")
    if rule.path is not None:
        path = _changed(rule.path, rule.match, path)
    renamed = request._replace(host=rule.hostname or request.host)
    (*fields,) = rule.request_headers.of(renamed.fields)
    host = next((value for name, value in fields if name.lower() == "host"), "")
    ours = ("host", "content-length")  # which a request has by its other attributes
    headers = tuple(each for each in fields if each[0].lower() not in ours)
    return request._replace(
        host=host, path=f"{path}{mark}{query}", headers=headers, tls=False, server_name=""
    )


def described(match: RequestMatch) -> str:
    """Return the conditions of a match as a phrase: host shop.example, prefix /cart."""
    host = f"host {match.hostname}" if match.hostname else "any host"
    path = f"{'path' if match.exact else 'prefix'} {match.path}"
    method = [f"method {match.method}"] if match.method else []
    headers = [f"{name}: {value}" for name, value in match.headers]
    query = [f"{name}={value}" for name, value in match.query]
    return ", ".join((host, path, *method, *headers, *query))


def routed(near: PredictedPath, what: str) -> PredictedPath:
    """Return the path from client to proxy with what the proxy does with the request."""
    last = near.request[-1]
    return replace(near, request=(*near.request, replace(last, what=what, rule=None)))


def own_response(near: PredictedPath, status: int, location: str = "") -> PredictedPath:
    """Return the path of a request that the proxy answers itself."""
    return replace(near, server=None, source=None, status=status, location=location)


def location(rule: HttpRule, frontend: HttpFrontend, request: HttpRequest) -> str:
    """Return the URL to which a rule redirects the client of a request."""
    assert rule.redirect is not None
    redirect: Redirect = rule.redirect
    scheme = redirect.scheme or ("https" if frontend.certificates else "http")
    port = redirect.port or (_USUAL[scheme] if redirect.scheme else frontend.port)
    host = redirect.hostname or _without_port(request.host).lower()  # as host_only of haproxy
    path, mark, query = request.path.partition("?")
    if redirect.path is not None:
        path = _changed(redirect.path, rule.match, path)
    where = f"{scheme}://{host}" + ("" if port == _USUAL[scheme] else f":{port}")
    return f"{where}{path}{mark}{query}"


def with_response_headers(path: PredictedPath, rule: HttpRule) -> PredictedPath:
    """Return the path of a request to whose response the rule's changes are made."""
    given = [("location", path.location)] if path.location else []
    changed = rule.response_headers.of(given) if path.status is not None else []
    found = [value for name, value in changed if name.lower() == "location"]
    return replace(path, location=found[-1] if found else "")


def with_status(path: PredictedPath, far: PredictedPath) -> PredictedPath:
    """Return the path of a request through an HTTP proxy, which answers it itself if its own
    connection to the server, with the path `far`, fails."""
    if path.verdict is not Verdict.RESET or far.verdict in (Verdict.OK, Verdict.LARGE_HANGS):
        return path
    status = _BAD_GATEWAY if far.verdict is Verdict.RESET else _UNAVAILABLE
    return own_response(replace(path, verdict=Verdict.OK), status)


def _fits(match: RequestMatch, request: HttpRequest) -> bool:
    path, _, query = request.path.partition("?")
    headers = {(name.lower(), value) for name, value in request.fields}
    parameters = {tuple(each.partition("=")[::2]) for each in query.split("&")}
    return (
        _fits_host(match.hostname, _without_port(request.host).lower(), match.one_label)
        and _fits_path(match, path)
        and match.method in ("", request.method)
        and all((name.lower(), value) in headers for name, value in match.headers)
        and parameters.issuperset(match.query)
    )


def _fits_host(hostname: str, host: str, one_label: bool = False) -> bool:
    if not hostname.startswith("*."):
        return hostname in ("", host)
    domain = hostname[2:]
    return host.partition(".")[2] == domain if one_label else host.endswith(f".{domain}")


def _fits_path(match: RequestMatch, path: str) -> bool:
    if match.exact:
        return path == match.path
    return f"{path}/".startswith(f"{match.path.rstrip('/')}/")


def _changed(change: PathChange, match: RequestMatch, path: str) -> str:
    if not change.prefix:
        return change.escaped
    return f"{change.escaped.rstrip('/')}{path[len(match.path.rstrip('/')) :]}" or "/"


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host
