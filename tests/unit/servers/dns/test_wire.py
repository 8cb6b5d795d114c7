"""DNS messages: every query has the right answer, and no message stops the server."""

import random

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
    EDNSOption,
)

from nsnet.names.lookup import Index
from nsnet.names.zones import Forward, Names, Record, RecordType, Zone
from nsnet.servers.dns import wire

MANY = 100  # addresses of a name
RECORDS = {
    "example": (Record("example", RecordType.SOA, 30, "ns.example me.example 1 2 3 4 5"),),
    "web.example": (Record("web.example", RecordType.A, 30, "192.0.2.1"),),
    "many.example": tuple(
        Record("many.example", RecordType.A, 30, f"198.51.100.{number}") for number in range(MANY)
    ),
    "long.example": (Record("long.example", RecordType.CNAME, 30, f"{'x' * 64}.example"),),
    "text.example": (Record("text.example", RecordType.TXT, 30, "1.1.0"),),
}
UPSTREAM = Forward("", (("192.0.2.53", 53),))
INDEX = Index(Names((Zone("example", RECORDS),), (UPSTREAM,)))
SEED = 7


def query(name: str, kind: str = "A", *, edns: int = 0, **header: int) -> bytes:
    """A query; `edns` is the size that it announces."""
    message = DNSRecord(DNSHeader(id=7, rd=1, **header), q=DNSQuestion(name, getattr(QTYPE, kind)))
    if edns:
        message.add_ar(EDNS0(udp_len=edns, opts=[EDNSOption(65001, b"x")]))
    return bytes(message.pack())


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
    assert (found.header.id, found.header.aa, found.header.rd, found.header.ra) == (7, 1, 1, 1)
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
        (query("example", "AXFR"), "REFUSED"),
        (query("web.example", opcode=5), "NOTIMP"),
        (query("web.example")[:-3], "FORMERR"),
        (query("web.example")[:12], "FORMERR"),
        (b"\0\7\1\0\0\2\0\0\0\0\0\0" + query("web.example")[12:] * 2, "FORMERR"),
        (b"\0\7\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1", "FORMERR"),  # a compression loop
        (b"\0\7\1\0\0\1\0\0\0\0\0\0\x40" + b"x" * 64 + b"\0\0\1\0\1", "FORMERR"),
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


@pytest.mark.parametrize("data", [b"", b"\0\7", query("web.example", qr=1), b"\0" * 11])
def test_what_is_no_query_is_ignored(data: bytes) -> None:
    assert wire.respond(INDEX, data, stream=False) is None


def test_a_query_for_other_servers_is_passed_on_and_their_answer_back() -> None:
    asked = wire.respond(INDEX, query("WWW.example.org", edns=4096), stream=False)
    assert isinstance(asked, wire.Asked)
    assert asked.forward == UPSTREAM
    theirs = DNSRecord.parse(asked.message)
    assert str(theirs.q.qname) == "www.example.org."
    reply = theirs.reply()
    reply.add_answer(*RR.fromZone("www.example.org 60 A 192.0.2.80"))
    data = wire.forwarded(asked, reply.pack(), stream=False)
    assert data is not None
    found = DNSRecord.parse(data)
    assert (found.header.id, str(found.q.qname)) == (7, "WWW.example.org.")
    assert (str(found.rr[0].rdata), found.header.aa) == ("192.0.2.80", 0)
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


def test_no_message_stops_the_server() -> None:
    dice = random.Random(SEED)
    whole = [query(name, edns=edns) for name in ("web.example", "a.b.org") for edns in (0, 1232)]
    for _ in range(10_000):
        data = bytearray(dice.choice(whole))
        for _ in range(dice.randint(1, 6)):
            data[dice.randrange(2, len(data))] = dice.randrange(256)
        if dice.random() < 0.3:
            del data[dice.randrange(len(data)) :]
        elif dice.random() < 0.2:
            data += dice.randbytes(dice.randrange(40))
        found = wire.respond(INDEX, bytes(data), stream=dice.random() < 0.5)
        if isinstance(found, bytes):
            assert found[:2] == data[:2]
