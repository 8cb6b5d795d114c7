"""The text of haproxy's configuration for HTTP. What is from a file never ends a word of it: it is
compared as hexadecimal digits, or quoted, unless it consists of harmless characters.

Source: docs/configuration.txt of haproxy 2.6, sections 2.2, 4.2, 7.1 and 8.2.6.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from nsnet.ip import endpoint
from nsnet.state.http import (
    MOST_PROXIES,
    PASSED,
    Backend,
    HeaderChanges,
    HttpFrontend,
    HttpRule,
    PathChange,
    Redirect,
    RequestMatch,
)

# Written as they are: they mean nothing to haproxy. A flag would begin with "-".
_HARMLESS: Final = re.compile(r"[A-Za-z0-9._/~*=,:;@+&][A-Za-z0-9._/~*=,:;@+&-]*")
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]+")  # what a hostname or the name of a header has
_PRINTABLE: Final = re.compile(r"[ -~]+")
_SECONDS: Final = 60  # for a whole request, and for the next one on a connection
_USUAL: Final = {"http": 80, "https": 443}  # ports that a URL leaves out


def certificate_list(frontend: HttpFrontend) -> str:
    """Return the text of the list of a frontend's certificates, each with the names for which
    clients get it. The first one is for all others."""
    ordered = sorted(frontend.certificates, key=lambda each: bool(each.names))
    lines = (" ".join((each.file, *map(_name, each.names))) for each in ordered)
    return "".join(f"{line}\n" for line in lines)


def frontend_lines(frontend: HttpFrontend, certificates: str) -> Iterator[str]:
    """Yield the sections for a frontend. `certificates` is the name of the file with their list,
    next to the configuration."""
    tls = f" ssl crt-list {certificates}" if frontend.certificates else ""
    scheme = "https" if tls else "http"
    here = f"{frontend.address}:{frontend.port}"
    yield f"# {_comment(frontend.reference)}"
    yield f"frontend {here}"
    yield "    mode http"
    yield f"    bind {endpoint(frontend.address, frontend.port)}{tls}"
    yield f"    timeout http-request {_SECONDS}s"
    yield f"    timeout http-keep-alive {_SECONDS}s"
    # After a reload, the old worker answers one more request on each connection that is open.
    yield "    option idle-close-on-response"
    name, value = PASSED
    yield f"    http-request return status 508 if {{ req.fhdr_cnt({name}) ge {MOST_PROXIES} }}"
    yield f"    http-request add-header {name} {_format(value)}"
    yield "    http-request set-header X-Forwarded-For %[src]"
    yield f"    http-request set-header X-Forwarded-Proto {scheme}"
    yield "    http-request set-header X-Forwarded-Host %[req.hdr(host)]"
    yield "    http-request set-var(txn.host) req.hdr(host),host_only,lower"
    yield "    http-request set-var-fmt(txn.path) %[path]/"
    if any(each.match.query for each in frontend.rules):
        yield "    http-request set-var-fmt(txn.query) &%[query]&"
    for number, rule in enumerate(frontend.rules):
        yield f"    # {_comment(rule.reference)}"
        yield from _selection(f"{here}:{number}", number, rule)
    yield f"    default_backend {here}:404"
    for number, rule in enumerate(frontend.rules):
        yield from _backends(f"{here}:{number}", rule, scheme, frontend.port)
    yield from _response(f"{here}:404", 404)


def _selection(name: str, number: int, rule: HttpRule) -> Iterator[str]:
    """Yield the lines by which requests get to the backends of a rule, by their weights."""
    conditions = [*_host(rule.match), *_path(rule.match)]
    if rule.match.method:
        conditions.append(_compared("method", "str", rule.match.method))
    named = [
        _comparison(f"req.fhdr({word(key)})", "str", value) for key, value in rule.match.headers
    ]
    # url_param() would also end a parameter at ";" and "?".
    named += [
        _comparison("var(txn.query)", "sub", f"&{word(key)}={value}&")
        for key, value in rule.match.query
    ]
    for index, comparison in enumerate(named):
        condition = f"{number}.{index}"  # named, because a line has at most 64 words
        yield f"    acl {condition} {comparison}"
        conditions.append(condition)
    backends = () if rule.redirect is not None else rule.weighted
    for index, share in enumerate(shares(backends)):
        every = [*conditions, *share]
        yield " ".join((f"    use_backend {name}:{index}", *(["if"] if every else []), *every))


def shares(backends: Sequence[Backend]) -> Iterator[list[str]]:
    """Yield for each backend the condition by which it gets its share of what the ones before it
    have left. The last one gets all of it, and so does what there is instead of backends."""
    left = sum(each.weight for each in backends)
    if not backends:
        yield []
    for each in backends:
        yield [f"{{ rand({left}) lt {each.weight} }}"] if each.weight < left else []
        left -= each.weight


def _host(match: RequestMatch) -> Iterator[str]:
    if match.hostname.startswith("*."):
        domain = word(match.hostname[2:])
        if match.one_label:
            yield f"{{ var(txn.host),field(2,.,0) -m str {domain} }}"
        else:
            yield f"{{ var(txn.host) -m end .{domain} }}"
    elif match.hostname:
        yield f"{{ var(txn.host) -m str {word(match.hostname)} }}"


def _path(match: RequestMatch) -> Iterator[str]:
    if match.exact:
        yield _compared("path", "str", match.path)
    elif prefix := match.path.rstrip("/"):
        yield _compared("var(txn.path)", "beg", f"{prefix}/")


def _compared(sample: str, method: str, value: str) -> str:
    return f"{{ {_comparison(sample, method, value)} }}"


def _comparison(sample: str, method: str, value: str) -> str:
    if _HARMLESS.fullmatch(value):
        return f"{sample} -m {method} {value}"
    if not value:
        raise ValueError(f"{sample}: nothing to compare with")
    return f"{sample},hex -m {method} {value.encode().hex().upper()}"


def _backends(name: str, rule: HttpRule, scheme: str, port: int) -> Iterator[str]:
    """Yield the backends of a rule, or the one that answers instead."""
    if rule.redirect is not None:
        yield f"backend {name}:0"
        yield "    mode http"
        yield from _redirect(rule.redirect, rule.match, scheme, port)
        return
    for index, each in enumerate(rule.weighted):
        if each.servers:
            yield from _servers(f"{name}:{index}", rule, each)
        else:
            yield from _response(f"{name}:{index}", each.status)
    if not rule.weighted:
        yield from _response(f"{name}:0", rule.status)


def _servers(name: str, rule: HttpRule, backend: Backend) -> Iterator[str]:
    yield f"# {_comment(backend.reference)}"
    yield f"backend {name}"
    yield "    mode http"
    if rule.hostname:
        yield f"    http-request set-header Host {word(rule.hostname)}"
    yield from _changes("request", rule.request_headers)
    if rule.path is not None:
        yield from _new_path(rule.path, rule.match)
        yield "    http-request set-path %[var(txn.to)]"
    yield from _changes("response", rule.response_headers)
    for each in backend.servers:
        header = " send-proxy-v2" if each.proxy_protocol else ""
        yield f"    server {each.address}:{each.port} {endpoint(each.address, each.port)}{header}"


def _response(name: str, status: int) -> Iterator[str]:
    yield f"backend {name}"
    yield "    mode http"
    yield f"    http-request return status {status}"


def _changes(what: str, changes: HeaderChanges) -> Iterator[str]:
    for action, pairs in (("set", changes.set), ("add", changes.add)):
        for key, value in pairs:
            yield f"    http-{what} {action}-header {word(key)} {_format(value)}"
    for key in changes.remove:
        yield f"    http-{what} del-header {word(key)}"


def _redirect(redirect: Redirect, match: RequestMatch, scheme: str, port: int) -> Iterator[str]:
    target = redirect.scheme or scheme
    number = redirect.port or (_USUAL[target] if redirect.scheme else port)
    host = word(redirect.hostname) if redirect.hostname else "%[req.hdr(host),host_only]"
    where = f"{word(target)}://{host}" + ("" if number == _USUAL[target] else f":{number}")
    path = "%[pathq]"
    if redirect.path is not None:
        yield from _new_path(redirect.path, match)
        yield "    http-request set-var-fmt(txn.to) %[var(txn.to)]?%[query] if { query -m found }"
        path = "%[var(txn.to)]"
    yield f"    http-request redirect code {redirect.status} location {where}{path}"


def _new_path(change: PathChange, match: RequestMatch) -> Iterator[str]:
    """Yield lines that set the variable txn.to to the changed path."""
    path = change.escaped
    if not change.prefix:
        yield f"    http-request set-var-fmt(txn.to) {_format(path)}"
        return
    skipped = len(match.path.rstrip("/").encode())
    begin = _format(path.rstrip("/")) if path.rstrip("/") else ""
    yield f"    http-request set-var-fmt(txn.to) {begin}%[path,bytes({skipped})]"
    yield "    http-request set-var-fmt(txn.to) / if { var(txn.to) -m len 0 }"


def _name(text: str) -> str:
    """Return the name if it is a hostname, which may begin with "*.". Raises ValueError."""
    return f"*.{word(text[2:])}" if text.startswith("*.") else word(text)


def word(text: str) -> str:
    """Return the text if it is a plain word. Raises ValueError."""
    if not _WORD.fullmatch(text):
        raise ValueError(f"haproxy cannot have this as a name: {text!r}")
    return text


def _format(text: str) -> str:
    """Return the text as a quoted format of haproxy, in which "%" and "'" are escaped. Raises
    ValueError if it is not printable ASCII."""
    if not _PRINTABLE.fullmatch(text):
        raise ValueError(f"haproxy cannot send this: {text!r}")
    return "'" + text.replace("%", "%%").replace("'", "'\\''") + "'"


def _comment(text: str) -> str:
    return re.sub(r"[^ -~]", "?", text)
