"""The configuration of haproxy, to the letter.

Source: docs/configuration.txt of haproxy 2.6.
"""

from pathlib import Path

import pytest

from nsnet.state.haproxy import Frontend, Haproxy, argv, configuration
from nsnet.state.http import Backend, Server, TlsFrontend, TlsRule
from tests.support.labs import ip

# Common to all configurations.
BEGINNING = """\
global
    nbthread 1
    stats socket abns@nsnet-haproxy-stats level admin expose-fd listeners
defaults
    mode tcp
    balance roundrobin
    timeout connect 60s
    timeout client 24h
    timeout server 24h
    retries 0
"""
OUTSIDE = ip("198.18.0.3")


def web(*servers: Server, port: int = 80) -> Frontend:
    return Frontend(OUTSIDE, port, servers, "west/svc/web")


def named(hostname: str, *backends: Backend) -> TlsRule:
    return TlsRule(hostname, "west/tlsroute/web", backends)


ONE, TWO = Server(ip("10.244.0.2"), 8080), Server(ip("10.244.1.2"), 8080)
PROXIED = Server(ip("10.244.1.9"), 443, proxy_protocol=True)
SIX = Frontend(ip("fd98::3"), 80, (Server(ip("fd00:10:244::2"), 80),), "west/svc/shop/web")


@pytest.mark.parametrize(
    ("frontends", "text"),
    [
        pytest.param((), "", id="no frontend"),
        pytest.param(
            (web(ONE, TWO),),
            """\
frontend 198.18.0.3:80
    bind 198.18.0.3:80
    use_backend west:svc:web:198.18.0.3:80
backend west:svc:web:198.18.0.3:80
    server 10.244.0.2:8080 10.244.0.2:8080
    server 10.244.1.2:8080 10.244.1.2:8080
""",
            id="in turn",
        ),
        pytest.param(
            (web(PROXIED),),
            """\
frontend 198.18.0.3:80
    bind 198.18.0.3:80
    use_backend west:svc:web:198.18.0.3:80
backend west:svc:web:198.18.0.3:80
    server 10.244.1.9:443 10.244.1.9:443 send-proxy-v2
""",
            id="PROXY header",
        ),
        pytest.param(
            (SIX,),
            """\
frontend fd98::3:80
    bind [fd98::3]:80
    use_backend west:svc:shop:web:fd98::3:80
backend west:svc:shop:web:fd98::3:80
    server fd00:10:244::2:80 [fd00:10:244::2]:80
""",
            id="IPv6",
        ),
    ],
)
def test_the_configuration_of_an_haproxy(frontends: tuple[Frontend, ...], text: str) -> None:
    assert configuration(Haproxy(frontends)) == BEGINNING + text


def test_tls_is_passed_on_by_the_name_in_its_hello() -> None:
    first, second = Backend("west/svc/a", (ONE,), 3), Backend("west/svc/b", (PROXIED,))
    rules = (
        named("web.west.example", first, second),
        named("closed.west.example"),
        named("*.west.example", Backend("west/svc/c", ())),
        named("", Backend("west/svc/d", (TWO,), 0), second),
    )
    tls = TlsFrontend(OUTSIDE, 443, rules, "west/gateway")
    assert configuration(Haproxy(tls=(tls,))) == BEGINNING + (
        """\
frontend 198.18.0.3:443
    bind 198.18.0.3:443
    tcp-request inspect-delay 60s
    tcp-request content accept if { req_ssl_hello_type 1 }
    tcp-request content reject
    use_backend 198.18.0.3:443:0:0 if { req_ssl_sni -i web.west.example } { rand(4) lt 3 }
    use_backend 198.18.0.3:443:0:1 if { req_ssl_sni -i web.west.example }
    use_backend 198.18.0.3:443:1:0 if { req_ssl_sni -i closed.west.example }
    use_backend 198.18.0.3:443:2:0 if { req_ssl_sni,lower -m end .west.example }
    use_backend 198.18.0.3:443:3:0
# west/svc/a
backend 198.18.0.3:443:0:0
    server 10.244.0.2:8080 10.244.0.2:8080
# west/svc/b
backend 198.18.0.3:443:0:1
    server 10.244.1.9:443 10.244.1.9:443 send-proxy-v2
# west/tlsroute/web
backend 198.18.0.3:443:1:0
# west/svc/c
backend 198.18.0.3:443:2:0
# west/svc/b
backend 198.18.0.3:443:3:0
    server 10.244.1.9:443 10.244.1.9:443 send-proxy-v2
"""
    )


@pytest.mark.parametrize("name", ["a b", "a }", "a\nb", "*.*.a", "{"])
def test_a_name_that_would_end_a_word_is_refused(name: str) -> None:
    tls = TlsFrontend(OUTSIDE, 443, (named(name),), "west/gateway")
    with pytest.raises(ValueError, match="haproxy cannot have this as a name"):
        configuration(Haproxy(tls=(tls,)))


def test_an_address_with_two_ports_is_two_frontends_each_with_its_backend() -> None:
    lines = configuration(Haproxy((web(ONE), web(ONE, port=81)))).splitlines()
    assert [each for each in lines if each.startswith(("frontend", "backend"))] == [
        "frontend 198.18.0.3:80",
        "backend west:svc:web:198.18.0.3:80",
        "frontend 198.18.0.3:81",
        "backend west:svc:web:198.18.0.3:81",
    ]


@pytest.mark.parametrize(("background", "more"), [(False, ()), (True, ("-D",))])
def test_a_master_with_a_worker_is_started(background: bool, more: tuple[str, ...]) -> None:
    assert argv(Path("/run/nsnet/demo/west.gateway.haproxy"), background=background) == (
        "haproxy",
        "-W",
        *more,
        "-S",
        "/run/nsnet/demo/west.gateway.haproxy.ctl",
        "-f",
        "/run/nsnet/demo/west.gateway.haproxy.conf",
        "-p",
        "/run/nsnet/demo/west.gateway.haproxy.pid",
    )
