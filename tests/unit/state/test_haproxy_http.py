"""The configuration of haproxy for HTTP, and that no text of a file can add a word to it.

Source: docs/configuration.txt of haproxy 2.6.
"""

import shlex
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nsnet.state.haproxy import Haproxy, certificate_lists, configuration
from nsnet.state.http import (
    Backend,
    Certificate,
    HeaderChanges,
    HttpFrontend,
    HttpRule,
    PathChange,
    Pem,
    Redirect,
    RequestMatch,
    Server,
)
from tests.support.labs import ip

NAME = "10.244.0.9:80"
BEFORE = """\
# east/svc/ingress
frontend 10.244.0.9:80
    mode http
    bind 10.244.0.9:80
    timeout http-request 60s
    timeout http-keep-alive 60s
    option idle-close-on-response
    http-request return status 508 if { req.fhdr_cnt(Via) ge 4 }
    http-request add-header Via '1.1 nsnet'
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Proto http
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-var(txn.host) req.hdr(host),host_only,lower
    http-request set-var-fmt(txn.path) %[path]/
"""
AFTER = """\
backend 10.244.0.9:80:404
    mode http
    http-request return status 404
"""
ANY = RequestMatch()
WEB = Backend("east/svc/web", (Server(ip("10.244.0.2"), 8080),))
NEXT = Backend("east/svc/next", (Server(ip("10.244.0.3"), 8080, proxy_protocol=True),), 3)
SERVED = """\
# east/svc/web
backend 10.244.0.9:80:0:0
    mode http
    server 10.244.0.2:8080 10.244.0.2:8080
"""


def frontend(*rules: HttpRule) -> HttpFrontend:
    return HttpFrontend(ip("10.244.0.9"), 80, rules, "east/svc/ingress")


def text_of(*rules: HttpRule) -> str:
    return configuration(Haproxy(http=(frontend(*rules),)))


def sent_to_web(match: RequestMatch) -> HttpRule:
    return HttpRule(match, "Ingress east/shop", (WEB,))


@pytest.mark.parametrize(
    ("match", "condition"),
    [
        pytest.param(ANY, "", id="everything"),
        pytest.param(RequestMatch(path=""), "", id="the prefix of no segment"),
        pytest.param(
            RequestMatch("shop.example"), "{ var(txn.host) -m str shop.example }", id="a host"
        ),
        pytest.param(
            RequestMatch("*.example", one_label=True),
            "{ var(txn.host),field(2,.,0) -m str example }",
            id="a wildcard for one label",
        ),
        pytest.param(
            RequestMatch("*.example"),
            "{ var(txn.host) -m end .example }",
            id="a wildcard for any number of labels",
        ),
        pytest.param(
            RequestMatch(path="/cart"), "{ var(txn.path) -m beg /cart/ }", id="a prefix of segments"
        ),
        pytest.param(
            RequestMatch(path="/cart/"),
            "{ var(txn.path) -m beg /cart/ }",
            id="a prefix that ends with a slash",
        ),
        pytest.param(
            RequestMatch(path="/cart/", exact=True), "{ path -m str /cart/ }", id="an exact path"
        ),
        pytest.param(
            RequestMatch(path="/it's } -f", exact=True),
            "{ path,hex -m str 2F69742773207D202D66 }",
            id="a path with characters that mean something",
        ),
        pytest.param(RequestMatch(method="PUT"), "{ method -m str PUT }", id="a method"),
    ],
)
def test_a_match_is_a_condition_of_the_rule(match: RequestMatch, condition: str) -> None:
    used = f" if {condition}" if condition else ""
    lines = f"    # Ingress east/shop\n    use_backend {NAME}:0:0{used}\n"
    expected = f"{BEFORE}{lines}    default_backend {NAME}:404\n{SERVED}{AFTER}"
    assert text_of(sent_to_web(match)).endswith(expected)


def test_headers_and_parameters_are_conditions_with_names() -> None:
    query = (("v", "2"), ("w", "}"))
    found = text_of(sent_to_web(RequestMatch(headers=(("X-Beta", "-f"),), query=query)))
    assert (
        "    http-request set-var-fmt(txn.query) &%[query]&\n"
        "    # Ingress east/shop\n"
        "    acl 0.0 req.fhdr(X-Beta),hex -m str 2D66\n"
        "    acl 0.1 var(txn.query) -m sub &v=2&\n"
        "    acl 0.2 var(txn.query),hex -m sub 26773D7D26\n"
        f"    use_backend {NAME}:0:0 if 0.0 0.1 0.2\n"
    ) in found


def test_weights_are_the_shares_of_what_earlier_backends_left() -> None:
    nothing = Backend("east/svc/none", (), 6, 500)
    idle = Backend("east/svc/idle", WEB.servers, 0)
    found = text_of(HttpRule(ANY, "a", (WEB, NEXT, idle, nothing)))
    assert (
        f"    use_backend {NAME}:0:0 if {{ rand(10) lt 1 }}\n"
        f"    use_backend {NAME}:0:1 if {{ rand(9) lt 3 }}\n"
        f"    use_backend {NAME}:0:2\n"
    ) in found
    assert "    server 10.244.0.3:8080 10.244.0.3:8080 send-proxy-v2\n" in found
    assert f"backend {NAME}:0:2\n    mode http\n    http-request return status 500\n" in found
    assert "svc/idle" not in found


@pytest.mark.parametrize(
    ("rule", "lines"),
    [
        pytest.param(HttpRule(ANY, "a", status=500), ["return status 500"], id="no backend"),
        pytest.param(
            HttpRule(ANY, "a", (WEB._replace(servers=()),)),
            ["return status 503"],
            id="a Service without endpoints",
        ),
        pytest.param(
            HttpRule(ANY, "a", redirect=Redirect(301, "https")),
            ["redirect code 301 location https://%[req.hdr(host),host_only]%[pathq]"],
            id="redirect to another scheme",
        ),
        pytest.param(
            HttpRule(ANY, "a", redirect=Redirect(302, "http", "b.example", 8080)),
            ["redirect code 302 location http://b.example:8080%[pathq]"],
            id="redirect to another port",
        ),
        pytest.param(
            HttpRule(
                RequestMatch(path="/a"), "a", redirect=Redirect(path=PathChange("/100%'", True))
            ),
            [
                "set-var-fmt(txn.to) '/100%%%%27'%[path,bytes(2)]",
                "set-var-fmt(txn.to) / if { var(txn.to) -m len 0 }",
                "set-var-fmt(txn.to) %[var(txn.to)]?%[query] if { query -m found }",
                "redirect code 302 location http://%[req.hdr(host),host_only]%[var(txn.to)]",
            ],
            id="redirect to another path",
        ),
        pytest.param(
            HttpRule(ANY, "a", (WEB,), hostname="b.example", path=PathChange("/new")),
            ["set-header Host b.example", "set-var-fmt(txn.to) '/new'", "set-path %[var(txn.to)]"],
            id="rewrite",
        ),
        pytest.param(
            HttpRule(
                ANY,
                "a",
                (WEB,),
                request_headers=HeaderChanges((("a", "it's 5%"),), (("b", "} $x"),), ("c",)),
            ),
            ["set-header a 'it'\\''s 5%%'", "add-header b '} $x'", "del-header c"],
            id="changes of headers",
        ),
    ],
)
def test_what_a_rule_does(rule: HttpRule, lines: list[str]) -> None:
    found = text_of(rule).partition(f"\nbackend {NAME}:0:0\n")[2].partition("\nbackend")[0]
    said = [each.partition("http-request ")[2] for each in found.splitlines()]
    assert [each for each in said if each] == lines


def test_headers_of_responses_change_on_the_way_back() -> None:
    rule = HttpRule(ANY, "a", (WEB,), response_headers=HeaderChanges(remove=("Server",)))
    assert "    http-response del-header Server\n" in text_of(rule)


def test_clients_get_the_certificate_of_the_name_that_they_ask_for() -> None:
    secret = Certificate(("a.example", "*.b.example"), "east/secret/a", Pem("PRIVATE"))
    default = Certificate((), "")
    haproxy = Haproxy(http=(replace(frontend(), certificates=(secret, default)),))
    ((name, listed),) = certificate_lists(haproxy).items()
    assert listed == f"{default.file}\n{secret.file} a.example *.b.example\n"
    text = configuration(haproxy)
    assert text.startswith("global\n    default-path config\n")
    assert f"    bind 10.244.0.9:80 ssl crt-list {name}\n" in text
    assert "set-header X-Forwarded-Proto https\n" in text
    assert haproxy.certificates == (secret, default)


def test_a_private_key_is_in_no_text() -> None:
    secret = Certificate(("a.example",), "east/secret/a", Pem("PRIVATE"))
    haproxy = Haproxy(http=(replace(frontend(), certificates=(secret,)),))
    every = (repr(haproxy), configuration(haproxy), *certificate_lists(haproxy).values())
    assert not any("PRIVATE" in each for each in every)
    assert secret != replace(secret, pem=Pem("OTHER"))


ATTACK = st.text("ab'\"\\ {}#$%[],();-\t\n\r\0é", min_size=1, max_size=12)


@given(ATTACK)
def test_no_text_adds_a_line_or_a_word(text: str) -> None:
    plain = text_of(_everywhere("abc")).splitlines()
    for rule in (_everywhere(text), *(_named(text, field) for field in range(4))):
        try:
            found = text_of(rule).split("\n")[:-1]
        except ValueError:
            continue
        assert len(found) == len(plain)
        for line, usual in zip(found, plain, strict=True):
            if not line.lstrip().startswith("#"):
                assert len(_words(line)) == len(_words(usual))


def _words(line: str) -> list[str]:
    """Return the words of a line as haproxy splits it (section 2.2)."""
    return shlex.split(line, comments=True)


def _everywhere(text: str) -> HttpRule:
    values = (("name", text),)
    match = RequestMatch("a.example", path=f"/{text}", method=text, headers=values, query=values)
    changes = HeaderChanges(values, values)
    return HttpRule(match, text, (WEB,), request_headers=changes, path=PathChange(f"/{text}"))


def _named(text: str, field: int) -> HttpRule:
    rule = _everywhere("abc")
    match, values = rule.match, ((text, "abc"),)
    return (
        rule._replace(match=match._replace(hostname=text)),
        rule._replace(match=match._replace(headers=values)),
        rule._replace(match=match._replace(query=values)),
        rule._replace(request_headers=HeaderChanges(values, values)),
    )[field]
