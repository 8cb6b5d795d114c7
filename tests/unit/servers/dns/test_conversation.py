"""DNS over TCP: how messages are found among the bytes of a connection."""

import json

import pytest

from nsnet.servers.dns.conversation import DnsConversation, framed
from nsnet.servers.echo.conversation import Conversation

QUERIES = (b"first", b"", b"x" * 300)
STREAM = b"".join(map(framed, QUERIES))


def conversation() -> DnsConversation:
    """A conversation in which the answer to a query is the query in upper case."""
    return DnsConversation(bytes.upper, Conversation("pod/dns", "192.0.2.7", 4711))


@pytest.mark.parametrize("size", [1, 2, 3, 7, len(STREAM)])
def test_each_query_is_answered_once_it_is_complete(size: int) -> None:
    talk = conversation()
    parts = [STREAM[start : start + size] for start in range(0, len(STREAM), size)]
    answers = b"".join(map(talk.receive, parts))
    assert answers == framed(b"FIRST") + framed(b"X" * 300)
    assert not talk.ended


@pytest.mark.parametrize("size", [1, 4, 100])
def test_a_probe_is_answered_as_by_the_echo_server(size: int) -> None:
    talk = conversation()
    said = b"nsnet token 3\nabc"
    parts = [said[start : start + size] for start in range(0, len(said), size)]
    answer = json.loads(b"".join(map(talk.receive, parts)))
    assert (answer["server"], answer["token"], answer["size"]) == ("pod/dns", "token", 3)


def test_a_query_whose_length_begins_as_a_probe_is_a_query() -> None:
    query = b"x" * int.from_bytes(b"ns", "big")
    assert conversation().receive(framed(query)) == framed(query.upper())
