"""DNS servers: what they know, what they keep, and what does not stop them."""

import json
import select
from collections.abc import Iterator

import pytest
from dnslib import QTYPE, RCODE, DNSHeader, DNSQuestion, DNSRecord

from nsnet.names.zones import Forward, Names, Record, RecordType, Zone
from nsnet.servers.dns.server import DnsServer, Known, known

RECORDS = {
    "web.example": (Record("web.example", RecordType.A, 30, "192.0.2.1"),),
    "wrong.example": (Record("wrong.example", RecordType.SRV, 30, "no port"),),
}
NAMES = Names((Zone("example", RECORDS, ("pod.example",)),), (Forward("", (("192.0.2.53", 53),)),))


@pytest.fixture
def server() -> Iterator[DnsServer]:
    with select.epoll() as epoll:
        yield DnsServer(epoll)


def sent(names: Names) -> Known:
    """The names as the server gets them over its control socket."""
    return known(json.loads(json.dumps(names)))


def ask(server: DnsServer, names: Known, name: str, number: int, kind: str = "A") -> DNSRecord:
    """The answer to a question with this id."""
    message = DNSRecord(DNSHeader(id=number), q=DNSQuestion(name, getattr(QTYPE, kind)))
    data = server.answer(names, bytes(message.pack()), "", lambda _: None, stream=False)
    return DNSRecord.parse(data)


def test_names_arrive_as_they_are_sent() -> None:
    assert sent(NAMES).index.names == NAMES


def test_an_answer_that_is_kept_has_the_id_and_the_question_of_the_client(
    server: DnsServer,
) -> None:
    names = sent(NAMES)
    for number, name in enumerate(("web.example", "WEB.example") * 2):
        found = ask(server, names, name, number)
        assert (found.header.id, str(found.q.qname)) == (number, f"{name}.")
        assert str(found.a.rdata) == "192.0.2.1"
    assert len(names.answers) == 2


def test_a_bounded_number_of_answers_is_kept(server: DnsServer) -> None:
    names = sent(NAMES)
    for number in range(1500):
        ask(server, names, f"x{number}.example", number)
    assert len(names.answers) <= 1000


def test_a_mistake_in_a_zone_does_not_stop_the_server(
    server: DnsServer, capsys: pytest.CaptureFixture[str]
) -> None:
    names = sent(NAMES)
    found = ask(server, names, "wrong.example", 7, "SRV")
    assert (found.header.id, found.header.rcode) == (7, RCODE.SERVFAIL)
    assert "_srv" in capsys.readouterr().err
    assert ask(server, names, "web.example", 8).header.rcode == RCODE.NOERROR
