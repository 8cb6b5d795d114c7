"""What a DNS server answers to a question, as a function of the names that it knows.

Source: RFC 1034 section 4.3.2, RFC 2308 (negative answers), RFC 4592 (wildcards), RFC 8482 (ANY);
coredns/plugin/kubernetes for names by address. Only the standard library is used here.
"""

from enum import IntEnum
from functools import cached_property
from ipaddress import ip_address
from typing import NamedTuple

from nsnet.names.zones import Forward, Names, Record, RecordType, Zone

MOST_ALIASES = 8  # CNAME records that are followed for one question
ANY = "ANY"
ADDRESSES = (RecordType.A, RecordType.AAAA)


class Rcode(IntEnum):
    """The response code of an answer (RFC 1035, section 4.1.1)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5


class Reply(NamedTuple):
    """The answer of a server. A negative answer has the zone's SOA record as authority."""

    rcode: Rcode
    answer: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    additional: tuple[Record, ...] = ()
    authoritative: bool = True


class Onward(NamedTuple):
    """The server must ask others for `name`; `answer` has the CNAME records that lead to it."""

    forward: Forward
    name: str
    answer: tuple[Record, ...] = ()


class _Found(NamedTuple):
    """The zone of a name, and the name's records: () if only names below it have any, None if it
    does not exist."""

    zone: Zone
    records: tuple[Record, ...] | None


class Index:
    """The names of a DNS server, prepared for questions."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self._zones = {each.origin: each for each in names.zones}
        self._forwards = {each.suffix: each for each in names.forwards}

    @cached_property
    def _inner(self) -> frozenset[str]:
        """The names that have names below them, with or without records of their own."""
        found: set[str] = set()
        for zone in self.names.zones:
            for each in (*zone.records, *(f"x.{one}" for one in zone.by_address)):
                above = each
                while above not in ("", zone.origin) and (above := _parent(above)) not in found:
                    found.add(above)
        return frozenset(found)

    def lookup(self, name: str, kind: str) -> Reply | Onward:
        """Return the answer to a question for records of type `kind`, or whom to ask. The name is
        in lower case, without the final dot. CNAME records are followed."""
        answer: list[Record] = []
        for _ in range(MOST_ALIASES):
            found = self._find(name)
            if isinstance(found, Forward):
                return Onward(found, name, tuple(answer))
            if found is None:
                rcode = Rcode.NOERROR if answer else Rcode.REFUSED
                return Reply(rcode, tuple(answer), authoritative=bool(answer))
            zone, records = found
            if records is None:
                rcode = Rcode.NXDOMAIN
                return Reply(rcode, tuple(answer), self._start(zone))
            if kind == ANY and records:
                return Reply(Rcode.NOERROR, tuple(records[:1]))  # RFC 8482, section 4.1
            matching = [each for each in records if each.type == kind]
            alias = next((each for each in records if each.type is RecordType.CNAME), None)
            if matching:
                answer += matching
                return Reply(Rcode.NOERROR, tuple(answer), (), self._additional(matching))
            if alias is None:
                return Reply(Rcode.NOERROR, tuple(answer), self._start(zone))
            if alias in answer:
                break
            answer.append(alias)
            name = alias.data
        return Reply(Rcode.SERVFAIL)

    def _find(self, name: str) -> _Found | Forward | None:
        """Return what is known of a name, or the servers that know it; None if there are none."""
        origin = name
        while True:
            forward = self._forwards.get(origin)
            zone = self._zones.get(origin)
            if forward is not None and (zone is None or zone.falls_through):
                return forward
            if zone is not None:
                records = self._records(zone, name)
                if records is not None or not zone.falls_through:
                    return _Found(zone, records)
            if not origin:
                return None
            origin = _parent(origin)

    def _records(self, zone: Zone, name: str) -> tuple[Record, ...] | None:
        """Return the records of a name; () if only names below it have any, None if it does not
        exist."""
        if (own := zone.records.get(name)) is not None:
            return own
        if name in self._inner:
            return ()
        if (label_and_rest := name.partition("."))[2] in zone.by_address:
            return _by_address(zone, name, label_and_rest[0])
        encloser = name
        while encloser != zone.origin:
            encloser = _parent(encloser)
            if (wild := zone.records.get(f"*.{encloser}" if encloser else "*")) is not None:
                return tuple(each._replace(name=name) for each in wild)
            if encloser in self._inner or encloser in zone.records:
                break  # the closest encloser: no other wildcard applies
        return None

    def _start(self, zone: Zone) -> tuple[Record, ...]:
        here = zone.records.get(zone.origin, ())
        return tuple(each for each in here if each.type is RecordType.SOA)

    def _additional(self, records: list[Record]) -> tuple[Record, ...]:
        """Return the addresses of the targets of SRV records."""
        found: dict[Record, None] = {}
        for target in dict.fromkeys(
            each.data.split()[-1] for each in records if each.type is RecordType.SRV
        ):
            known = self._find(target)
            records_of = known.records if isinstance(known, _Found) else None
            found |= dict.fromkeys(each for each in records_of or () if each.type in ADDRESSES)
        return tuple(found)


def _by_address(zone: Zone, name: str, label: str) -> tuple[Record, ...] | None:
    """Return the record of a name whose first label is an address with dashes; None if the label is
    none."""
    if "%" in label:  # an IPv6 address with a scope
        return None
    for text in (label.replace("-", "."), label.replace("-", ":")):
        try:
            address = ip_address(text)
        except ValueError:
            continue
        kind = RecordType.A if address.version == 4 else RecordType.AAAA
        return (Record(name, kind, zone.ttl, str(address)),)
    return None


def _parent(name: str) -> str:
    return name.partition(".")[2]
