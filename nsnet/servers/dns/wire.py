"""DNS messages: from the bytes of a query to the bytes of its answer, without any socket.

Source: RFC 1035 section 4 (messages), RFC 6891 (EDNS), RFC 7766 (TCP).
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from dnslib import (
    AAAA,
    CLASS,
    CNAME,
    EDNS0,
    NS,
    PTR,
    QTYPE,
    RD,
    RR,
    SOA,
    SRV,
    TXT,
    A,
    DNSHeader,
    DNSLabel,
    DNSQuestion,
    DNSRecord,
)

from nsnet.names.lookup import Index, Onward, Rcode, Reply
from nsnet.names.zones import Forward, Record, RecordType

HEADER: Final = 12  # bytes
_LONGEST_LABEL: Final = 63  # bytes
_LONGEST_NAME: Final = 255  # bytes, with the lengths of its labels and the root's
_PLAIN: Final = 512  # bytes of a UDP message, without EDNS
_LARGEST: Final = 4096  # bytes that a UDP message may have, with EDNS
_BADVERS: Final = 16  # its lower four bits are in the header, the others in the OPT record
_QUERY: Final = 0  # the opcode
_TRANSFERS: Final = ("AXFR", "IXFR")  # of whole zones: refused


class Query(NamedTuple):
    """A question that a client asked, as far as its answer depends on it."""

    header: DNSHeader
    question: DNSQuestion
    edns: int | None = None  # bytes of a UDP message that the client accepts; None: without EDNS
    version: int = 0  # of EDNS

    @property
    def limit(self) -> int:
        """The bytes that an answer over UDP may have."""
        return min(max(self.edns or _PLAIN, _PLAIN), _LARGEST)

    @property
    def name(self) -> str:
        """The name in lower case, without the final dot. Bytes that are no ASCII stay as they
        are."""
        return b".".join(self.question.qname.label).lower().decode("latin-1")


class Asked(NamedTuple):
    """A query that other servers answer: what to send to them, and how to answer the client."""

    forward: Forward
    message: bytes
    query: Query
    answer: tuple[Record, ...]  # CNAME records that lead to the name that they are asked for


def respond(index: Index, data: bytes, *, stream: bool) -> bytes | Asked | None:
    """Return the answer to a query; or the query that other servers must answer; or None if the
    message is to be ignored. `stream`: the query came over TCP."""
    if len(data) < HEADER or data[2] & 0x80:
        return None  # no message, or a response
    query = _parsed(data)
    if isinstance(query, Rcode):
        return _header(data, query)
    if query.version:
        return _packed(query, _BADVERS, ((), (), ()), stream=stream)
    kind = QTYPE.get(query.question.qtype)
    if CLASS.get(query.question.qclass) != "IN" or kind in _TRANSFERS:
        return _failed(query, Rcode.REFUSED, stream=stream)
    found = index.lookup(query.name, kind)
    if isinstance(found, Reply):
        return _answer(query, found, stream=stream)
    return Asked(found.forward, _onward(query, found), query, found.answer)


def forwarded(asked: Asked, data: bytes, *, stream: bool) -> bytes | None:
    """Return the answer to the client, made of another server's response; None if `data` is no
    response to what was asked."""
    if len(data) < HEADER or not data[2] & 0x80 or data[:2] != asked.message[:2]:
        return None
    try:
        theirs = DNSRecord.parse(data)
    except Exception:  # noqa: BLE001  (dnslib raises many kinds of errors)
        return None
    sent = DNSRecord.parse(asked.message)
    if not theirs.questions or theirs.q != sent.q:
        return None
    ours = [_rr(asked.query, each) for each in asked.answer]
    extra = [each for each in theirs.ar if each.rtype != QTYPE.OPT]
    sections = ([*ours, *theirs.rr], theirs.auth, extra)
    cut = bool(theirs.header.tc)
    return _packed(asked.query, theirs.header.rcode, sections, stream=stream, cut=cut)


def failed(asked: Asked, *, stream: bool) -> bytes:
    """Return the answer to the client if no other server has answered."""
    return _failed(asked.query, Rcode.SERVFAIL, stream=stream)


def _failed(query: Query, rcode: Rcode, *, stream: bool) -> bytes:
    return _packed(query, rcode, ((), (), ()), stream=stream)


def _answer(query: Query, reply: Reply, *, stream: bool) -> bytes:
    try:
        answer, authority, additional = (
            [_rr(query, each) for each in these]
            for these in (reply.answer, reply.authority, reply.additional)
        )
    except ValueError:  # a name that no message can have, such as one with a label of 64 bytes
        return _failed(query, Rcode.SERVFAIL, stream=stream)
    sections = (answer, authority, additional)
    return _packed(query, reply.rcode, sections, stream=stream, own=reply.authoritative)


def _parsed(data: bytes) -> Query | Rcode:
    """Return the query of a message, or what is wrong with it."""
    if (data[2] >> 3) & 0xF != _QUERY:
        return Rcode.NOTIMP
    try:
        message = DNSRecord.parse(data)
        options = [each for each in message.ar if each.rtype == QTYPE.OPT]
        if len(message.questions) != 1 or len(options) > 1:
            return Rcode.FORMERR
        (question,) = message.questions
        lengths = [len(each) for each in question.qname.label]
        if max(lengths, default=0) > _LONGEST_LABEL or sum(lengths, len(lengths)) >= _LONGEST_NAME:
            return Rcode.FORMERR
    except Exception:  # noqa: BLE001  (dnslib raises many kinds of errors)
        return Rcode.FORMERR
    if not options:
        return Query(message.header, question)
    return Query(message.header, question, options[0].rclass, options[0].ttl >> 16 & 0xFF)


def _header(data: bytes, rcode: Rcode) -> bytes:
    """Return an answer that consists of a header alone, for a query that cannot be read."""
    opcode_and_rd = data[2] & 0x79
    return bytes((*data[:2], 0x80 | opcode_and_rd, rcode, *bytes(8)))


def _packed(
    query: Query,
    rcode: int,
    sections: tuple[Sequence[RR], Sequence[RR], Sequence[RR]],
    *,
    stream: bool,
    own: bool = False,
    cut: bool = False,
) -> bytes:
    """Return the bytes of an answer with these sections. Over UDP, the records that do not fit are
    left out; if these are not only additional ones, the answer says so (TC). `own`: the server is
    an authority for it; `cut`: records are missing already."""
    answer, authority, additional = sections
    limit = 0xFFFF if stream else query.limit
    message = _message(query, rcode, own=own)
    message.rr, message.auth = list(answer), list(authority)
    message.ar = [*additional, *_options(query, rcode)]
    message.header.tc = cut
    data = bytes(message.pack())
    if len(data) <= limit:
        return data
    message.ar = list(_options(query, rcode))
    while len(data := bytes(message.pack())) > limit and (message.auth or message.rr):
        message.header.tc = 1
        (message.auth or message.rr).pop()
    return data


def _message(query: Query, rcode: int, *, own: bool) -> DNSRecord:
    asked = query.header
    header = DNSHeader(id=asked.id, qr=1, aa=own, rd=asked.rd, ra=1, cd=asked.cd)
    header.rcode = rcode & 0xF
    return DNSRecord(header, q=query.question)


def _options(query: Query, rcode: int) -> list[RR]:
    """Return the OPT record of an answer, if the query has one."""
    if query.edns is None:
        return []
    return [EDNS0(udp_len=_LARGEST, ext_rcode=rcode >> 4)]


def _onward(query: Query, onward: Onward) -> bytes:
    """Return the bytes of a query to another server, with an id of its own."""
    header = DNSHeader(id=int.from_bytes(os.urandom(2), "big"), rd=1, cd=query.header.cd)
    name = DNSLabel([each.encode("latin-1") for each in onward.name.split(".") if each])
    question = DNSQuestion(name, query.question.qtype, query.question.qclass)
    message = DNSRecord(header, q=question)
    message.add_ar(EDNS0(udp_len=_LARGEST))
    return bytes(message.pack())


def _rr(query: Query, record: Record) -> RR:
    """Return a record as dnslib has it. Raises ValueError if it cannot be a part of a message."""
    # The client's upper and lower case is kept in names that are the same as the question's.
    name = query.question.qname if record.name == query.name else _label(record.name)
    data = _DATA[record.type](*record.data.split())
    return RR(name, getattr(QTYPE, record.type.value), ttl=record.ttl, rdata=data)


def _label(name: str) -> DNSLabel:
    found = DNSLabel(name)
    if any(len(each) > _LONGEST_LABEL for each in found.label) or len(name) > _LONGEST_NAME - 2:
        raise ValueError(f"{name} is too long for a DNS name")
    return found


def _soa(server: str, contact: str, *numbers: str) -> RD:
    return SOA(_label(server), _label(contact), tuple(map(int, numbers)))


def _srv(priority: str, weight: str, port: str, target: str) -> RD:
    return SRV(int(priority), int(weight), int(port), _label(target))


_DATA: Final[Mapping[RecordType, Callable[..., RD]]] = {
    RecordType.A: A,
    RecordType.AAAA: AAAA,
    RecordType.CNAME: lambda name: CNAME(_label(name)),
    RecordType.NS: lambda name: NS(_label(name)),
    RecordType.PTR: lambda name: PTR(_label(name)),
    RecordType.SOA: _soa,
    RecordType.SRV: _srv,
    RecordType.TXT: TXT,
}
