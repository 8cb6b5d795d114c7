"""The echo protocol: a request and its answer, and that nothing else is taken for them."""

import pytest

from nsnet.servers.echo.conversation import Conversation, datagram_answer
from nsnet.servers.echo.message import parsed_answer, parsed_request, request, request_length
from tests.support.labs import ip

TOKEN = b"0123456789abcdef"
SERVER, SOURCE = "east/pod/web", "10.244.0.2"


@pytest.mark.parametrize("size", [0, 1, 9, 10, 65_000])
def test_the_answer_to_a_request_names_the_server_and_the_source_that_it_saw(size: int) -> None:
    said = request(TOKEN, size)
    assert len(said) == request_length(size)
    for answer in (
        Conversation(SERVER, SOURCE, 4711).receive(said),
        datagram_answer(SERVER, SOURCE, 4711, said),
    ):
        assert parsed_answer(answer, TOKEN) == (SERVER, ip(SOURCE))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b'{"server": "a", "source": "::1", "token": "other"}\n', None),  # to another request
        (b'{"server": "a", "source": "10.0.0.1"}\n', (None, None)),  # no token: another program
        (b'{"server": "a", "source": "nowhere", "token": "0123456789abcdef"}\n', (None, None)),
        (b"[]\n", (None, None)),
        (b"SSH-2.0-OpenSSH_9.2\r\n", (None, None)),
        (b"\xff\n", (None, None)),
    ],
)
def test_what_else_a_client_may_get(answer: bytes, found: object) -> None:
    assert parsed_answer(answer, TOKEN) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b"nsnet abc 0", ("abc", 0)),
        (b"nsnet \xff 12", ("\ufffd", 12)),
        (b"nsnet abc -1", None),
        (b"nsnet abc 1234567890123456", None),  # more digits than any body has bytes
        (b"nsnet abc", None),
        (b"nsnetabc 1 2", None),
        (b"hello", None),
        (b"", None),
    ],
)
def test_which_lines_announce_a_body(line: bytes, found: object) -> None:
    assert parsed_request(line) == found


def test_the_format_is_that_of_labs_which_are_up_already() -> None:
    assert request(TOKEN, 3) == b"nsnet 0123456789abcdef 3\n\nxx"
