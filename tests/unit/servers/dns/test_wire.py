"""DNS messages: every query has the right answer, and no message stops the server."""

import pytest
from dnslib import (
    CLASS,
    EDNS0,
    QTYPE,
    RCODE,
    RR,
    DNSHeader,
    DNSLabel,
    DNSQuestion,
    DNSRecord,
)

from nsnet.names.lookup import Index
from nsnet.names.zones import Forward, Names, Record, RecordType, Zone
from nsnet.servers.dns import wire
from tests.support.dns_messages import damaged_queries, query

MANY = 100  # addresses of a name
RECORDS = {
    "example": (Record("example", RecordType.SOA, 30, "ns.example me.example 1 2 3 4 5"),),
    "web.example": (Record("web.example", RecordType.A, 30, "192.0.2.1"),),
    "many.example": tuple(
        Record("many.example", RecordType.A, 30, f"198.51.100.{number}") for number in range(MANY)
    ),
    "long.example": (Record("long.example", RecordType.CNAME, 30, f"{'x' * 64}.example"),),
    "alias.example": (Record("alias.example", RecordType.CNAME, 30, "www.example.org"),),
    "far.example": (Record("far.example", RecordType.CNAME, 30, f"{'x' * 64}.org"),),
    "_s._tcp.example": tuple(
        Record("_s._tcp.example", RecordType.SRV, 30, f"0 100 80 host-{number}.example")
        for number in range(500)
    ),
    **{
        f"host-{number}.example": (
            Record(f"host-{number}.example", RecordType.A, 30, "192.0.2.1"),
            Record(f"host-{number}.example", RecordType.AAAA, 30, "2001:db8::1"),
        )
        for number in range(500)
    },
    "text.example": (Record("text.example", RecordType.TXT, 30, "1.1.0"),),
}
UPSTREAM = Forward("", (("192.0.2.53", 53),))
INDEX = Index(Names((Zone("example", RECORDS, ("pod.example",)),), (UPSTREAM,)))
SEED = 7
HEAD_ONE_MORE = b"\0\7\1\0\0\1\0\0\0\0\0\1"
HEAD_TWO_MORE = b"\0\7\1\0\0\1\0\0\0\0\0\2"
QUESTION = b"\3web\7example\0\0\1\0\1"
RECORD = b"\0\0\1\0\1" + bytes(6)
OPTION = b"\0\0\x29\2\0" + bytes(6)


def answered(data: bytes, *, stream: bool = False) -> DNSRecord:
    """The answer to a query."""
    found = wire.respond(INDEX, data, stream=stream)
    assert isinstance(found, bytes)
    return DNSRecord.parse(found)


def rcode(data: bytes) -> str:
    """The response code of the answer."""
    found = wire.respond(INDEX, data, stream=False)
    assert isinstance(found, bytes)
    assert found[:2] == data[:2]
    return str(RCODE[found[3] & 0xF])


def test_an_answer_has_the_question_as_it_was_written() -> None:
    found = answered(query("WEB.example"))
    assert (found.header.id, found.header.aa, found.header.rd, found.header.ra) == (7, 1, 1, 0)
    assert str(found.q.qname) == "WEB.example."
    assert [(str(each.rname), each.ttl, str(each.rdata)) for each in found.rr] == [
        ("WEB.example.", 30, "192.0.2.1")
    ]


def test_a_text_is_answered() -> None:
    assert str(answered(query("text.example", "TXT")).rr[0].rdata) == '"1.1.0"'


@pytest.mark.parametrize(
    ("edns", "stream", "cut"),
    [
        (0, False, True),
        (600, False, True),
        (4096, False, False),
        (9, False, True),
        (0, True, False),
    ],
)
def test_what_does_not_fit_is_cut_and_the_answer_says_so(
    edns: int, stream: bool, cut: bool
) -> None:
    data = wire.respond(INDEX, query("many.example", edns=edns), stream=stream)
    assert isinstance(data, bytes)
    found = DNSRecord.parse(data)
    assert (bool(found.header.tc), len(found.rr) < MANY) == (cut, cut)
    if cut:
        assert len(data) <= max(edns, 512)
        assert len(found.rr) > 20


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (query("no.example"), "NXDOMAIN"),
        (query("long.example"), "SERVFAIL"),
        (query("far.example"), "SERVFAIL"),
        (query([b"_s._tcp", b"example"]), "NXDOMAIN"),  # a dot in a label separates nothing
        (query([b"\xff", b"example"]), "NXDOMAIN"),
        (query([b"fe80--1%a b", b"pod", b"example"]), "NXDOMAIN"),
        (query("example", "AXFR"), "REFUSED"),
        (query("web.example", opcode=5), "NOTIMP"),
        (query("web.example")[:-3], "FORMERR"),
        (query("web.example")[:12], "FORMERR"),
        (b"\0\7\1\0\0\2\0\0\0\0\0\0" + query("web.example")[12:] * 2, "FORMERR"),
        (b"\0\7\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", "FORMERR"),  # a compression loop
        (b"\0\7\1\0\0\1\0\0\0\0\0\0\x40" + b"x" * 64 + b"\0\0\1\0\1", "FORMERR"),
        (HEAD_ONE_MORE + QUESTION + b"\xc0\x1d\0\1\0\1" + bytes(6), "FORMERR"),  # a loop
        (HEAD_ONE_MORE + QUESTION + OPTION[:-1], "FORMERR"),
        (HEAD_ONE_MORE + QUESTION + b"\1x" + OPTION, "FORMERR"),
        (HEAD_TWO_MORE + QUESTION + OPTION * 2, "FORMERR"),
        (b"\0\7\1\0\0\1\0\0\0\0\0\3" + QUESTION + RECORD * 3, "FORMERR"),
        (b"\0\7\1\0\0\1\0\0\0\0\0\0" + (b"\x3f" + b"x" * 63) * 4 + b"\0\0\1\0\1", "FORMERR"),
        (b"\0\7\1\0\0\1\0\0\0\0\0\0\3web\7example\0\0\1\0\3", "REFUSED"),  # class CHAOS
    ],
)
def test_a_query_that_has_no_answer_has_the_right_error(data: bytes, expected: str) -> None:
    assert rcode(data) == expected


def test_a_name_of_255_bytes_is_a_name() -> None:
    longest = ".".join(("x" * 63, "x" * 63, "x" * 63, "x" * 53, "example"))
    assert len(DNSLabel(longest).label) == 5
    assert sum(len(each) + 1 for each in DNSLabel(longest).label) + 1 == 255
    assert rcode(query(longest)) == "NXDOMAIN"


def test_a_later_version_of_edns_is_refused_with_the_version_of_the_server() -> None:
    message = DNSRecord(q=DNSQuestion("web.example"))
    message.add_ar(EDNS0(udp_len=4096, version=1))
    (option,) = answered(bytes(message.pack())).ar
    assert (option.ttl >> 24, option.ttl >> 16 & 0xFF) == (1, 0)  # BADVERS, version 0


def test_other_records_of_a_query_are_no_error() -> None:
    assert rcode(HEAD_TWO_MORE + QUESTION + RECORD + OPTION) == "NOERROR"
    assert rcode(query("web.example") + b"more") == "NOERROR"


def test_what_edns_asks_for_is_repeated() -> None:
    for do in (True, False):
        (option,) = answered(query("web.example", edns=1232, do=do)).ar
        assert (option.edns_do, option.rclass, option.ttl >> 16) == (do, 1232, 0)
    assert answered(query("web.example")).ar == []


def test_all_names_of_a_long_message_are_right() -> None:
    """A pointer reaches the first 16 KB of a message."""
    found = answered(query("_s._tcp.example", "SRV"), stream=True)
    hosts = [f"host-{number}.example." for number in range(500)]
    assert [str(each.rdata.target) for each in found.rr] == hosts
    assert [str(each.rname) for each in found.ar] == [host for host in hosts for _ in range(2)]


def test_as_many_whole_records_are_answered_as_fit() -> None:
    """A record of many.example has 16 bytes, the header and the question 30, and an OPT record
    11."""
    for size in range(512, 640):
        found = answered(query("many.example", edns=size))
        assert len(found.rr) == (size - 30 - 11) // 16


def test_a_client_may_accept_datagrams_of_any_size() -> None:
    found = answered(query("_s._tcp.example", "SRV", edns=0xFFFF))
    assert (found.header.tc, len(found.rr)) == (0, 500)


def test_an_answer_without_additional_records_is_whole() -> None:
    found = answered(query("_s._tcp.example", "SRV", edns=4096, cd=1))
    assert (found.header.tc, found.header.cd, len(found.ar)) == (1, 1, 1)
    few = Index(Names((Zone("example", RECORDS | {"s.example": RECORDS["_s._tcp.example"][:8]}),)))
    data = wire.respond(few, query("s.example", "SRV"), stream=False)
    assert isinstance(data, bytes)
    found = DNSRecord.parse(data)
    assert (found.header.tc, len(found.rr)) == (0, 8)
    assert 0 < len(found.ar) < 16


@pytest.mark.parametrize("data", [b"", b"\0\7", query("web.example", qr=1), b"\0" * 11])
def test_what_is_no_query_is_ignored(data: bytes) -> None:
    assert wire.respond(INDEX, data, stream=False) is None


def test_a_query_for_other_servers_is_passed_on_and_their_answer_back() -> None:
    asked = wire.respond(INDEX, query("WWW.example.org", edns=4096), stream=False)
    assert isinstance(asked, wire.Asked)
    assert asked.forward == UPSTREAM
    theirs = DNSRecord.parse(asked.message)
    assert str(theirs.q.qname) == "WWW.example.org."
    assert [each.rclass for each in theirs.ar] == [4096]
    reply = theirs.reply(aa=0)
    reply.add_answer(*RR.fromZone("www.example.org 60 A 192.0.2.80"))
    data = wire.forwarded(asked, reply.pack(), stream=False)
    assert data is not None
    found = DNSRecord.parse(data)
    assert (found.header.id, str(found.q.qname)) == (7, "WWW.example.org.")
    assert (str(found.rr[0].rdata), found.header.aa, found.header.ra) == ("192.0.2.80", 0, 1)
    assert DNSRecord.parse(wire.failed(asked, stream=False)).header.rcode == RCODE.SERVFAIL


def test_a_response_to_something_else_is_ignored() -> None:
    asked = wire.respond(INDEX, query("www.example.org"), stream=False)
    assert isinstance(asked, wire.Asked)
    reply = DNSRecord.parse(asked.message).reply()
    reply.header.id ^= 1
    other = DNSRecord(DNSHeader(id=int.from_bytes(asked.message[:2], "big"), qr=1))
    other.add_question(DNSQuestion("other.example.org", QTYPE.A, CLASS.IN))
    for data in (reply.pack(), other.pack(), asked.message, b"", reply.pack()[:13]):
        assert wire.forwarded(asked, data, stream=False) is None


def test_the_answer_with_an_alias_is_that_of_an_authority() -> None:
    asked = wire.respond(INDEX, query("Alias.example"), stream=False)
    assert isinstance(asked, wire.Asked)
    reply = DNSRecord.parse(asked.message).reply(aa=0)
    reply.add_answer(*RR.fromZone("www.example.org 60 A 192.0.2.80"))
    data = wire.forwarded(asked, reply.pack(), stream=False)
    assert data is not None
    found = DNSRecord.parse(data)
    assert [str(each.rname) for each in found.rr] == ["Alias.example.", "www.example.org."]
    assert (found.header.aa, found.header.ra) == (1, 0)


def test_a_long_response_of_another_server_is_cut_for_the_client() -> None:
    asked = wire.respond(INDEX, query("www.example.org"), stream=False)
    assert isinstance(asked, wire.Asked)
    reply = DNSRecord.parse(asked.message).reply()
    for _ in range(MANY):
        reply.add_answer(*RR.fromZone("www.example.org 60 A 192.0.2.80"))
    data = wire.forwarded(asked, reply.pack(), stream=False)
    assert data is not None
    assert len(data) <= 512
    assert DNSRecord.parse(data).header.tc
    whole = wire.forwarded(asked, reply.pack(), stream=True)
    assert whole is not None
    assert len(DNSRecord.parse(whole).rr) == MANY


def test_a_label_with_a_dot_is_passed_on_as_it_is() -> None:
    labels = [b"a.b", b"\xff", b"example", b"org"]
    asked = wire.respond(INDEX, query(labels), stream=False)
    assert isinstance(asked, wire.Asked)
    assert asked.message[12:].startswith(b"\3a.b\1\xff\7example\3org\0")


def test_no_message_stops_the_server() -> None:
    names = ("web.example", "a.b.org", "_s._tcp.example", "fe80--1.pod.example", "long.example")
    answers = 0
    for number, data in enumerate(damaged_queries(names, 10_000, SEED)):
        stream = number % 7 == 0
        found = wire.respond(INDEX, data, stream=stream)
        if len(data) < wire.HEADER or data[2] & 0x80:
            assert found is None
        elif isinstance(found, bytes):
            answers += 1
            assert found[:2] == data[:2]
            assert found[2] & 0x80
            assert len(found) <= (0xFFFF if stream else 65507)
    assert answers > 5000
