"""The names that a DNS server answers, as data.

A name is absolute and in lower case, without the final dot: web.default.svc.cluster.local. The root
is "". Only the standard library is used here, because the lab's server imports this module.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class RecordType(StrEnum):
    """The type of a resource record, by its name in a zone file."""

    A = "A"
    AAAA = "AAAA"
    CNAME = "CNAME"
    NS = "NS"
    PTR = "PTR"
    SOA = "SOA"
    SRV = "SRV"
    TXT = "TXT"


class Record(NamedTuple):
    """A resource record. `data` is written as in a zone file: an address; a name; or, for SRV,
    priority, weight, port and target."""

    name: str
    type: RecordType
    ttl: int  # seconds
    data: str


class Zone(NamedTuple):
    """The names at and below `origin` that a server answers by itself, with the records of each.

    A name "*.x" has the records of all names below x that have none of their own (RFC 4592). Below
    each of `by_address`, a label such as 10-244-0-5 is a name for that address, without a record of
    its own: CoreDNS answers so for pods, with `pods insecure`.
    """

    origin: str
    records: Mapping[str, tuple[Record, ...]]
    by_address: tuple[str, ...] = ()
    ttl: int = 5  # seconds: of answers by address, and of negative ones
    falls_through: bool = False  # a name without records is looked up elsewhere


class Forward(NamedTuple):
    """Where a server asks for the names at and below `suffix`: these addresses and ports, the next
    one if one does not answer."""

    suffix: str  # "": every name
    servers: tuple[tuple[str, int], ...]


class Names(NamedTuple):
    """All that a DNS server knows. Of its zones and forwards, the one with the longest origin or
    suffix applies to a name."""

    zones: tuple[Zone, ...] = ()
    forwards: tuple[Forward, ...] = ()
