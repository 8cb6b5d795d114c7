"""DNS messages: from the bytes of a query to the bytes of its answer, without any socket.

Queries are read here: whatever a client sends, its length bounds the time that this takes. dnslib
writes answers, and reads those of other servers.

Source: RFC 1035 section 4 (messages), RFC 6891 (EDNS), RFC 7766 (TCP); coredns/coredns, v1.11, for
what is refused and for the flags of answers.
"""

import os
import struct
from collections.abc import Callable, Iterable, Mapping
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
    DNSBuffer,
    DNSHeader,
    DNSLabel,
    DNSQuestion,
    DNSRecord,
)

from nsnet.names.lookup import Index, Onward, Rcode, Reply
from nsnet.names.zones import Forward, Record, RecordType

HEADER: Final = 12  # bytes
_COUNTS: Final = struct.Struct("!4H")  # of questions, and of the records of the three sections
_COUNTS_AT: Final = 4
_QUESTION: Final = struct.Struct("!2H")  # type and class, after the name
_RECORD: Final = struct.Struct("!2HIH")  # type, class, TTL and length of the data, after the name
_MOST_RECORDS: Final = (1, 1, 2)  # of a query, in each section; CoreDNS accepts no more
_RESPONSE: Final = 0x80  # QR, in the third byte
_POINTER: Final = 0xC0  # the upper bits of a length: the name continues elsewhere
_REACH: Final = 0x4000  # bytes from the start of a message; a pointer cannot lead further
_LONGEST_LABEL: Final = 63  # bytes
_LONGEST_NAME: Final = 255  # bytes, with the lengths of its labels and the root's
_PLAIN: Final = 512  # bytes of a UDP message, without EDNS
_LARGEST_DATAGRAM: Final = 65507  # bytes, over IPv4
_LARGEST_STREAM: Final = 0xFFFF  # bytes
_OPTIONS: Final = 11  # bytes of an OPT record without options
_DNSSEC_OK: Final = 1 << 15  # in the TTL of an OPT record
_BADVERS: Final = 16  # its lower four bits are in the header, the others in the OPT record
_QUERY: Final = 0  # the opcode
_TRANSFERS: Final = ("AXFR", "IXFR")  # of whole zones: refused
# A dot that is part of a label, in the text of a name. No byte of a message is this character.
_DOT: Final = "\u2024"


class Edns(NamedTuple):
    """What the OPT record of a query says."""

    size: int  # bytes of a UDP message that the client accepts
    version: int
    dnssec_ok: bool  # an answer repeats it (RFC 3225)


class Query(NamedTuple):
    """What a client asked, as far as its answer depends on it."""

    id: int
    recursion_desired: bool
    checking_disabled: bool
    labels: tuple[bytes, ...]
    type: int
    class_: int
    edns: Edns | None = None

    @property
    def name(self) -> str:
        """The name in lower case, without the final dot. Bytes that are no ASCII stay as they
        are."""
        return ".".join(each.lower().decode("latin-1").replace(".", _DOT) for each in self.labels)

    @property
    def question(self) -> DNSQuestion:
        """The question as it was asked."""
        return DNSQuestion(DNSLabel(self.labels), self.type, self.class_)


class Asked(NamedTuple):
    """A query that other servers answer: what to send to them, and how to answer the client."""

    forward: Forward
    message: bytes
    query: Query
    answer: tuple[Record, ...]  # CNAME records that lead to the name that they are asked for


class Flags(NamedTuple):
    """The flags of an answer that the query does not decide. CoreDNS offers no recursion for names
    that it knows itself."""

    authoritative: bool = False
    recursion_available: bool = False
    truncated: bool = False


_NO_FLAGS: Final = Flags()


class _Names(dict[tuple[bytes, ...], int]):
    """Where names are in a message, without those that no pointer reaches."""

    def __setitem__(self, name: tuple[bytes, ...], offset: int) -> None:
        if offset < _REACH:
            super().__setitem__(name, offset)


def respond(index: Index, data: bytes, *, stream: bool) -> bytes | Asked | None:
    """Return the answer to a query; or the query that other servers must answer; or None if the
    message is to be ignored. `stream`: the query came over TCP."""
    if len(data) < HEADER or data[2] & _RESPONSE:
        return None  # no message, or a response
    query = _parsed(data)
    if isinstance(query, Rcode):
        return error(data, query)
    if query.edns is not None and query.edns.version:
        return _packed(query, _BADVERS, stream=stream)
    kind = QTYPE.get(query.type)
    if CLASS.get(query.class_) != "IN" or kind in _TRANSFERS:
        return _packed(query, Rcode.REFUSED, stream=stream)
    found = index.lookup(query.name, kind)
    try:
        if isinstance(found, Onward):
            return Asked(found.forward, _onward(query, found), query, found.answer)
        return _answer(query, found, stream=stream)
    except ValueError:  # a name that no message can have, such as one with a label of 64 bytes
        return _packed(query, Rcode.SERVFAIL, stream=stream)


def forwarded(asked: Asked, data: bytes, *, stream: bool) -> bytes | None:
    """Return the answer to the client, made of another server's response; None if `data` is no
    response to what was asked."""
    if len(data) < HEADER or not data[2] & _RESPONSE or data[:2] != asked.message[:2]:
        return None
    try:
        theirs = DNSRecord.parse(data)
        if theirs.questions != DNSRecord.parse(asked.message).questions:
            return None
        ours = [_rr(asked.query, each) for each in asked.answer]
        extra = [each for each in theirs.ar if each.rtype != QTYPE.OPT]
        header = theirs.header
        # CoreDNS answers an alias of a zone of its own as an authority.
        flags = Flags(bool(ours or header.aa), not ours and bool(header.ra), bool(header.tc))
        sections = ([*ours, *theirs.rr], theirs.auth, extra)
        return _packed(asked.query, header.rcode, sections, stream=stream, flags=flags)
    except Exception:  # noqa: BLE001  (dnslib raises many kinds of errors)
        return None


def failed(asked: Asked, *, stream: bool) -> bytes:
    """Return the answer to the client if no other server has answered."""
    return _packed(asked.query, Rcode.SERVFAIL, stream=stream)


def error(data: bytes, rcode: Rcode) -> bytes:
    """Return an answer that consists of a header alone, for a query that cannot be read. `data` has
    at least the length of a header."""
    opcode_and_rd = data[2] & 0x79
    return bytes((*data[:2], _RESPONSE | opcode_and_rd, rcode, *bytes(8)))


def _answer(query: Query, reply: Reply, *, stream: bool) -> bytes:
    """Return the bytes of an answer. Raises ValueError if a record cannot be a part of it."""
    sections = (
        (_rr(query, each) for each in these)
        for these in (reply.answer, reply.authority, reply.additional)
    )
    flags = Flags(authoritative=reply.authoritative)
    return _packed(query, reply.rcode, sections, stream=stream, flags=flags)


def _parsed(data: bytes) -> Query | Rcode:
    """Return the query of a message, or what is wrong with it."""
    if (data[2] >> 3) & 0xF != _QUERY:
        return Rcode.NOTIMP
    questions, *records = _COUNTS.unpack_from(data, _COUNTS_AT)
    if questions != 1 or any(map(int.__gt__, records, _MOST_RECORDS)):
        return Rcode.FORMERR
    try:
        labels, offset = _name(data, HEADER)
        kind, class_ = _QUESTION.unpack_from(data, offset)
        found = _edns(data, offset + _QUESTION.size, sum(records[:2]), records[2])
    except (IndexError, ValueError, struct.error):
        return Rcode.FORMERR
    return Query(
        id=int.from_bytes(data[:2], "big"),
        recursion_desired=bool(data[2] & 0x01),
        checking_disabled=bool(data[3] & 0x10),
        labels=labels,
        type=kind,
        class_=class_,
        edns=found,
    )


def _edns(data: bytes, offset: int, others: int, additional: int) -> Edns | None:
    """Return what the OPT record among the additional records says; None if there is none. The
    records begin at `offset`, first the `others`. Raises an error if they are malformed."""
    found: Edns | None = None
    for number in range(others + additional):
        name, offset = _name(data, offset)
        kind, class_, ttl, length = _RECORD.unpack_from(data, offset)
        offset += _RECORD.size + length
        if offset > len(data):
            raise ValueError("a record is incomplete")
        if kind == QTYPE.OPT and number >= others:
            if name or found is not None:
                raise ValueError("an OPT record has a name, or there are two")
            found = Edns(class_, ttl >> 16 & 0xFF, bool(ttl & _DNSSEC_OK))
    return found


def _name(data: bytes, start: int) -> tuple[tuple[bytes, ...], int]:
    """Return the labels of the name that begins there, and the offset of what follows it. Raises an
    error if it is malformed."""
    labels: list[bytes] = []
    at, end, size = start, 0, 1
    while length := data[at]:
        if length >= _POINTER:
            end = end or at + 2
            at = (length & ~_POINTER) << 8 | data[at + 1]
            if at >= start:  # each pointer leads back, so that there is no loop
                raise ValueError("a pointer leads forwards")
            start = at
            continue
        size += 1 + length
        if length > _LONGEST_LABEL or size > _LONGEST_NAME:
            raise ValueError("a name is too long")
        labels.append(data[at + 1 : at + 1 + length])
        at += 1 + length
    return tuple(labels), end or at + 1


def _packed(
    query: Query,
    rcode: int,
    sections: Iterable[Iterable[RR]] = (),
    *,
    stream: bool,
    flags: Flags = _NO_FLAGS,
) -> bytes:
    """Return the bytes of an answer with these sections: answer, authority, additional. Records
    that do not fit are left out; if these are not only additional ones, the answer says so (TC).
    Raises ValueError if a record cannot be a part of a message."""
    edns = query.edns
    size = min(max(edns.size if edns else _PLAIN, _PLAIN), _LARGEST_DATAGRAM)
    limit = (_LARGEST_STREAM if stream else size) - (_OPTIONS if edns else 0)
    buffer = DNSBuffer()
    buffer.names = _Names()
    buffer.append(bytes(HEADER))
    query.question.pack(buffer)
    counts = [0, 0, 0]
    truncated = flags.truncated
    for number, rr in ((number, rr) for number, each in enumerate(sections) for rr in each):
        before = buffer.offset
        rr.pack(buffer)
        if buffer.offset > limit:
            del buffer.data[before:]
            buffer.offset = before
            truncated = truncated or number < 2
            break
        counts[number] += 1
    if edns:
        _option(edns, rcode).pack(buffer)
        counts[2] += 1
    header = DNSHeader(
        id=query.id,
        qr=1,
        aa=flags.authoritative,
        tc=truncated,
        rd=query.recursion_desired,
        ra=flags.recursion_available,
        cd=query.checking_disabled,
        rcode=rcode & 0xF,
    )
    buffer.update(0, "!6H", query.id, header.bitmap, 1, *counts)
    return bytes(buffer.data)


def _onward(query: Query, onward: Onward) -> bytes:
    """Return the bytes of a query to another server, with an id of its own, and with the EDNS of
    the client. Raises ValueError if no message can have the name."""
    header = DNSHeader(id=int.from_bytes(os.urandom(2), "big"), rd=1, cd=query.checking_disabled)
    name = _label(onward.name) if onward.answer else DNSLabel(query.labels)
    message = DNSRecord(header, q=DNSQuestion(name, query.type, query.class_))
    if query.edns:
        message.add_ar(_option(query.edns))
    return bytes(message.pack())


def _option(edns: Edns, rcode: int = 0) -> RR:
    """Return the OPT record for a client. Like CoreDNS, the server accepts the same size as the
    client."""
    do = "do" if edns.dnssec_ok else ""
    return EDNS0(udp_len=edns.size, ext_rcode=rcode >> 4, flags=do)


def _rr(query: Query, record: Record) -> RR:
    """Return a record as dnslib has it. Raises ValueError if it cannot be a part of a message."""
    # The client's upper and lower case is kept in names that are the same as the question's.
    name = DNSLabel(query.labels) if record.name == query.name else _label(record.name)
    data = _DATA[record.type](*record.data.split())
    return RR(name, getattr(QTYPE, record.type.value), ttl=record.ttl, rdata=data)


def _label(name: str) -> DNSLabel:
    """Return a name as dnslib has it. Raises ValueError if no message can have it."""
    return _checked(DNSLabel(name))


def _checked(name: DNSLabel) -> DNSLabel:
    lengths = [len(each) for each in name.label]
    if max(lengths, default=0) > _LONGEST_LABEL or sum(lengths, len(lengths)) >= _LONGEST_NAME:
        raise ValueError(f"{name} is too long for a DNS name")
    return name


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
    RecordType.TXT: lambda *texts: TXT(texts),
}
