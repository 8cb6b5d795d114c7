"""What the echo server answers, to bytes that arrive one by one or all at once."""

import json
import struct
from ipaddress import ip_address

import pytest

from nsnet.servers.echo.conversation import Conversation, Health, datagram_answer

SEEN = {"server": "pod/web", "source": "10.0.0.1", "port": 40000}


def conversation() -> Conversation:
    return Conversation("pod/web", "10.0.0.1", 40000)


def answers(said: bytes, step: int) -> list[object]:
    """Return every line of the answers to a text that is received in pieces of this length."""
    talk = conversation()
    heard = b"".join(talk.receive(said[at : at + step]) for at in range(0, len(said), step))
    return [json.loads(line) for line in heard.splitlines()]


@pytest.mark.parametrize("step", [1, 7, 1000])
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (b"nsnet abc 0\n", [{**SEEN, "token": "abc", "size": 0}]),
        (b"nsnet abc 3\nx\ny", [{**SEEN, "token": "abc", "size": 3}]),
        (b"nsnet abc 3\nxy", []),  # one byte is missing
        (
            b"nsnet a 1\nxnsnet b 0\nhello\n",
            [{**SEEN, "token": "a", "size": 1}, {**SEEN, "token": "b", "size": 0}, SEEN],
        ),
        (b"nsnet abc -1\n", [SEEN]),
        (b"hello", []),
    ],
)
def test_an_answer_to_every_request_that_is_complete(
    said: bytes, expected: list[object], step: int
) -> None:
    assert answers(said, step) == expected


# proxy-protocol.txt, section 2.2: signature, version and command, family and protocol, length.
SIGNATURE = bytes.fromhex("0D 0A 0D 0A 00 0D 0A 51 55 49 54 0A")
ENDS4 = bytes([203, 0, 113, 10, 198, 18, 0, 3]) + struct.pack("!HH", 50001, 80)
ENDS6 = ip_address("2001:db8::10").packed + ip_address("fd98::3").packed + ENDS4[8:]
V4 = SIGNATURE + b"\x21\x11\x00\x0c" + ENDS4
V6 = SIGNATURE + b"\x21\x21\x00\x24" + ENDS6
ASKED, TOKEN = b"nsnet abc 0\n", {"token": "abc", "size": 0}


@pytest.mark.parametrize("step", [1, 13, 16, 17, 1000])
@pytest.mark.parametrize(
    ("header", "source", "port"),
    [
        (V4, "203.0.113.10", 50001),
        (V6, "2001:db8::10", 50001),
        (SIGNATURE + b"\x21\x11\x00\x0f" + ENDS4 + b"\x04\x00\x00", "203.0.113.10", 50001),  # TLV
        (SIGNATURE + b"\x20\x00\x00\x00", "10.0.0.1", 40000),  # LOCAL: the proxy's own
        (SIGNATURE + b"\x20\x11\x00\x0c" + ENDS4, "10.0.0.1", 40000),  # whatever follows
        (SIGNATURE + b"\x21\x31\x00\xd8" + bytes(216), "10.0.0.1", 40000),  # of unix sockets
        (SIGNATURE + b"\x21\x11\x00\x04" + bytes(4), "10.0.0.1", 40000),  # too short for any
        (b"", "10.0.0.1", 40000),
    ],
    ids=["IPv4", "IPv6", "more", "LOCAL", "LOCAL with addresses", "unix", "short", "none"],
)
def test_a_proxy_header_names_the_client(header: bytes, source: str, port: int, step: int) -> None:
    talk, said = Conversation("pod/web", "10.0.0.1", 40000, proxied=True), header + 2 * ASKED
    heard = b"".join(talk.receive(said[at : at + step]) for at in range(0, len(said), step))
    expected = {"server": "pod/web", "source": source, "port": port, **TOKEN}
    assert [json.loads(line) for line in heard.splitlines()] == [expected, expected]


def test_a_header_counts_once_and_only_at_the_beginning() -> None:
    talk = Conversation("pod/web", "10.0.0.1", 40000, proxied=True)
    assert json.loads(talk.receive(ASKED)) == {**SEEN, **TOKEN}
    assert {json.loads(line)["source"] for line in talk.receive(V4 + ASKED).splitlines()} == {
        "10.0.0.1"
    }


@pytest.mark.parametrize("header", [V4, V6])
def test_a_header_is_ignored_where_none_is_expected(header: bytes) -> None:
    heard = [json.loads(line) for line in conversation().receive(header + ASKED).splitlines()]
    assert heard
    assert {each["source"] for each in heard} == {"10.0.0.1"}


@pytest.mark.parametrize("step", [1, 1000])
def test_http_is_answered_once(step: int) -> None:
    said = b"POST /a HTTP/1.1\r\nX: y\r\nhost: web:80\r\n\r\nbody\nnsnet abc 0\n"
    talk = conversation()
    heard = b"".join(talk.receive(said[at : at + step]) for at in range(0, len(said), step))
    head, _, body = heard.partition(b"\r\n\r\n")
    assert head.splitlines()[2] == f"Content-Length: {len(body)}".encode()
    answer = {"server": "pod/web", "source": "10.0.0.1", "host": "web:80", "path": "/a"}
    assert json.loads(body) == answer
    assert talk.ended


@pytest.mark.parametrize(("count", "status"), [(2, "200 OK"), (0, "503 Service Unavailable")])
def test_a_health_check_answers_as_kube_proxy_does(count: int, status: str) -> None:
    talk = Conversation("node", "10.0.0.1", 40000, Health("shop", "web", count))
    heard = talk.receive(b"GET /healthz HTTP/1.1\r\nHost: n1\r\n\r\n").decode()
    head, _, body = heard.partition("\r\n\r\n")
    assert head.split("\r\n") == [
        f"HTTP/1.1 {status}",
        "Content-Type: application/json",
        "X-Content-Type-Options: nosniff",
        f"X-Load-Balancing-Endpoint-Weight: {count}",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    # The template of kube-proxy 1.30 (pkg/proxy/healthcheck/service_health.go), filled in.
    assert body == (
        '{\n\t"service": {\n\t\t"namespace": "shop",\n\t\t"name": "web"\n\t},\n'
        f'\t"localEndpoints": {count},\n\t"serviceProxyHealthy": true\n}}'
    )


def test_a_health_check_knows_a_probe_from_a_load_balancer() -> None:
    talk = Conversation("node", "10.0.0.1", 40000, Health("shop", "web", 0))
    assert json.loads(talk.receive(b"nsnet abc 0\n"))["server"] == "node"


@pytest.mark.parametrize("said", [b"x" * 10_000, b"GET / HTTP/1.1\r\n" + b"x" * 10_000])
def test_a_line_without_end_ends_the_connection(said: bytes) -> None:
    talk = conversation()
    assert talk.receive(said) == b""
    assert talk.ended


@pytest.mark.parametrize(
    ("datagram", "expected"),
    [
        (b"nsnet abc 3\nxyz", {**SEEN, "token": "abc", "size": 3}),
        (b"nsnet abc 9\nxyz", {**SEEN, "token": "abc", "size": 3}),  # the bytes that arrived count
        (b"nsnet abc 3", SEEN),
        (b"", SEEN),
    ],
)
def test_a_datagram_is_answered_by_a_datagram(datagram: bytes, expected: object) -> None:
    assert json.loads(datagram_answer("pod/web", "10.0.0.1", 40000, datagram)) == expected
