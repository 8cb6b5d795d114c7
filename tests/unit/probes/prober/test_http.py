"""Requests and responses over HTTP, as bytes, and how attempts end by them."""

import ssl

import pytest

from nsnet.ip import Protocol
from nsnet.probes.prober.attempt import Attempt
from nsnet.probes.prober.flows import Flow
from nsnet.probes.prober.http import HttpTalk, Response, TlsTalk, request, response, subject
from nsnet.servers.echo.conversation import Conversation, Health
from nsnet.verdict import Verdict
from nsnet.walk.http import HttpRequest
from tests.support.certificates import CERTIFICATE, certificate_file
from tests.support.labs import ip

SHOP = HttpRequest("shop.example", "/cart?item=1", headers=(("X-Version", "2"),))


def attempt(wanted: HttpRequest = SHOP) -> Attempt:
    flow = Flow("n", ip("10.0.0.1"), 80, Protocol.TCP, http=wanted)
    return Attempt(flow, b"0123456789abcdef", 1, lambda done: None)


def test_a_request() -> None:
    assert request(SHOP) == (
        b"GET /cart?item=1 HTTP/1.1\r\nHost: shop.example\r\nX-Version: 2\r\n"
        b"Connection: close\r\n\r\n"
    )
    assert b"\r\nContent-Length: 0\r\n" in request(SHOP._replace(method="POST"))
    assert request(SHOP, b"0" * 16).split(b"\r\n")[1] == b"nsnet-token: " + b"0" * 16


BODY = b'{"server": "east/pod/web", "source": "10.244.0.2"}\n'
FORGED = b'{"server": "x", "source": "y"}'
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
WEB = Response(200, "", "east/pod/web", ip("10.244.0.2"))
MOVED = b"HTTP/1.1 301 Moved\r\nlocation: https://a/ \r\n\r\n"


@pytest.mark.parametrize(
    ("data", "method", "ended", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n" + BODY, "GET", True, WEB),
        (b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + BODY, "GET", False, WEB),
        (b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n" + BODY[:9], "GET", False, None),
        (b"HTTP/1.1 200 OK\r\n" + LENGTH + b"\r\n", "HEAD", False, Response(200)),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 204 \r\n\r\n", "GET", False, Response(204)),
        (MOVED, "GET", True, Response(301, "https://a/")),
        # Only an echo server names itself, and it answers 200.
        (b"HTTP/1.1 404 Not Found\r\n\r\n" + BODY, "GET", True, Response(404)),
        (b"HTTP/1.1 200 OK\r\n\r\n[1]", "GET", True, Response(200)),
        (b"HTTP/1.1 200 OK\r\n\r\n" + FORGED, "GET", True, Response(200)),
        (b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe{", "GET", True, Response(200)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n", "GET", True, None),  # cut short
        (b"HTTP/1.1 20 OK\r\n\r\n", "GET", True, None),
        (b"HTTP/2 200\r\n\r\n", "GET", True, None),
        (b'{"server": "x"}\n\r\n\r\n', "GET", True, None),
        (b"", "GET", True, None),
    ],
)  # fmt: skip
def test_a_response(data: bytes, method: str, ended: bool, expected: Response | None) -> None:
    assert response(data, method, ended=ended) == expected


@pytest.mark.parametrize("size", [1, 7, 1 << 16])
def test_an_attempt_ends_with_the_response(size: int) -> None:
    one = attempt()
    talk = HttpTalk(one, SHOP)
    answer = Conversation("east/pod/web", "10.244.0.2", 80).receive(talk.begin())
    for start in range(0, len(answer), size):
        assert one.verdict is None
        talk.receive(answer[start : start + size])
    assert (one.verdict, one.status, one.server) == (Verdict.OK, 200, "east/pod/web")
    assert one.source == ip("10.244.0.2")


def test_a_health_check_names_no_server() -> None:
    one = attempt()
    health = Conversation("the health check", "10.244.0.2", 80, Health("default", "web", 0))
    talk = HttpTalk(one, SHOP)
    talk.receive(health.receive(talk.begin()))
    assert (one.verdict, one.status, one.server) == (Verdict.OK, 503, None)


@pytest.mark.parametrize("data", [b"", b"hello\n", b"HTTP/1.1 200 OK\r\n"])
def test_a_connection_that_ends_without_a_response_was_reset(data: bytes) -> None:
    one = attempt()
    talk = HttpTalk(one, SHOP)
    if data:
        talk.receive(data)
    assert one.verdict is None
    talk.receive(b"")
    assert one.verdict is Verdict.RESET


def test_a_response_without_end_is_not_read_for_ever() -> None:
    one = attempt()
    talk = HttpTalk(one, SHOP)
    for _ in range(20):
        talk.receive(b"x" * (1 << 16))
    assert one.verdict is Verdict.RESET


def test_over_tls_the_certificate_is_reported() -> None:
    wanted = SHOP._replace(tls=True, server_name="shop.example")
    one = attempt(wanted)
    talk = TlsTalk(one, HttpTalk(one, wanted), wanted.server_name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    names: list[str | None] = []
    context.sni_callback = lambda _, name, __: names.append(name)
    with certificate_file() as file:
        context.load_cert_chain(file)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = context.wrap_bio(incoming, outgoing, server_side=True)
    echo = Conversation("east/pod/web", "10.244.0.2", 80)
    incoming.write(talk.begin())
    agreed = False
    while one.verdict is None:
        try:
            if not agreed:
                server.do_handshake()
                agreed = True
            if answer := echo.receive(server.read()):
                server.write(answer)
        except ssl.SSLWantReadError:
            pass
        incoming.write(talk.receive(outgoing.read()))
    assert names == ["shop.example"]
    assert (one.verdict, one.status, one.server) == (Verdict.OK, 200, "east/pod/web")
    assert subject(one.certificate) == CERTIFICATE


def test_a_server_that_speaks_no_tls_ends_the_conversation() -> None:
    wanted = SHOP._replace(tls=True)
    one = attempt(wanted)
    talk = TlsTalk(one, HttpTalk(one, wanted), "")
    echo = Conversation("east/pod/web", "10.244.0.2", 80)
    assert echo.receive(talk.begin()) == b""
    assert echo.ended
    talk.receive(b"")
    assert one.verdict is Verdict.RESET


def test_an_answer_that_is_no_tls_ends_the_attempt() -> None:
    one = attempt(SHOP._replace(tls=True))
    talk = TlsTalk(one, HttpTalk(one, SHOP), "")
    talk.begin()
    talk.receive(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    assert one.verdict is Verdict.RESET


def test_what_is_no_certificate_has_no_subject() -> None:
    assert subject(b"") == subject(b"nonsense") == ""
