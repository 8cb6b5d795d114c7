"""How long a DNS message is, and so whether it fits into a UDP packet.

Source: RFC 1035, section 4.1.4 (a name that occurred before is a pointer of two bytes).
"""

from collections.abc import Iterable
from typing import Final

from nsnet.names.lookup import Reply
from nsnet.names.zones import Record, RecordType

PLAIN: Final = 512  # bytes of a message over UDP, unless the client accepts more (EDNS)
_HEADER, _QUESTION, _RECORD = 12, 4, 10  # bytes, without names and data
_POINTER: Final = 2
_NUMBERS: Final = 20  # of an SOA record
_ADDRESS: Final = {RecordType.A: 4, RecordType.AAAA: 16}


def message_size(name: str, reply: Reply) -> int:
    """Return the bytes of the answer to a question for A or AAAA records of a name, without the
    additional records, which a server may leave out."""
    known: set[str] = set()
    records = (*reply.answer, *reply.authority)
    return _HEADER + _name(name, known) + _QUESTION + _records(name, records, known)


def _records(name: str, records: Iterable[Record], known: set[str]) -> int:
    total = 0
    for each in records:
        # A name that is asked for is written as in the question, and others in lower case.
        total += _name(name if each.name == name.lower() else each.name, known) + _RECORD
        match each.type:
            case RecordType.A | RecordType.AAAA:
                total += _ADDRESS[each.type]
            case RecordType.SOA:
                server, contact, *_ = each.data.split()
                total += _name(server, known) + _name(contact, known) + _NUMBERS
            case _:
                total += _name(each.data.split()[-1], known)
    return total


def _name(name: str, known: set[str]) -> int:
    """Return the bytes of a name in a message in which these names occurred; add it to them."""
    size = 1
    rest = name
    while rest:
        if rest in known:
            return size - 1 + _POINTER
        known.add(rest)
        label, _, rest = rest.partition(".")
        size += 1 + len(label)
    return size
