"""What a DNS server answers, as a function of its names."""

import pytest

from nsnet.names.lookup import Index, Onward, Rcode, Reply
from nsnet.names.zones import Forward, Names, Record, RecordType, Zone

A, AAAA, CNAME, SRV = RecordType.A, RecordType.AAAA, RecordType.CNAME, RecordType.SRV
UPSTREAM = Forward("", (("192.0.2.53", 53),))
STUB = Forward("corp.example", (("192.0.2.54", 53),))


def zone(origin: str, *records: tuple[str, RecordType, str], **more: bool) -> Zone:
    """A zone with an SOA record, and these: (name, type, data)."""
    found: dict[str, tuple[Record, ...]] = {}
    for name, kind, data in ((origin, RecordType.SOA, "ns contact 1 2 3 4 5"), *records):
        found[name] = (*found.get(name, ()), Record(name, kind, 30, data))
    return Zone(origin, found, ("pod.a.example",) if origin == "a.example" else (), **more)


ZONES = (
    zone(
        "a.example",
        ("web.a.example", A, "192.0.2.1"),
        ("web.a.example", AAAA, "2001:db8::1"),
        ("deep.down.a.example", A, "192.0.2.2"),
        ("alias.a.example", CNAME, "web.a.example"),
        ("out.a.example", CNAME, "www.example.org"),
        ("corp.a.example", CNAME, "x.corp.example"),
        ("dangling.a.example", CNAME, "no.a.example"),
        ("loop.a.example", CNAME, "pool.a.example"),
        ("pool.a.example", CNAME, "loop.a.example"),
        ("_http._tcp.web.a.example", SRV, "0 100 80 web.a.example"),
        ("*.wild.a.example", A, "192.0.2.9"),
        ("own.wild.a.example", AAAA, "2001:db8::9"),
        ("x.closed.wild.a.example", A, "192.0.2.8"),
    ),
    zone("arpa", ("1.2.0.192.in-addr.arpa", RecordType.PTR, "web.a.example"), falls_through=True),
)
INDEX = Index(Names(ZONES, (UPSTREAM, STUB)))


def answers(name: str, kind: str) -> list[str]:
    """The data of the records that answer."""
    found = INDEX.lookup(name, kind)
    assert isinstance(found, Reply)
    assert found.rcode is Rcode.NOERROR
    return [each.data for each in found.answer]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("web.a.example", "A", ["192.0.2.1"]),
        ("web.a.example", "AAAA", ["2001:db8::1"]),
        ("alias.a.example", "A", ["web.a.example", "192.0.2.1"]),
        ("alias.a.example", "CNAME", ["web.a.example"]),
        ("foo.wild.a.example", "A", ["192.0.2.9"]),
        ("foo.bar.wild.a.example", "A", ["192.0.2.9"]),
        ("192-0-2-7.pod.a.example", "A", ["192.0.2.7"]),
        ("2001-db8--7.pod.a.example", "AAAA", ["2001:db8::7"]),
        ("1.2.0.192.in-addr.arpa", "PTR", ["web.a.example"]),
    ],
)
def test_what_is_known_is_answered(name: str, kind: str, expected: list[str]) -> None:
    assert answers(name, kind) == expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("web.a.example", "TXT"),
        ("down.a.example", "A"),  # only a name below it has records
        ("alias.a.example", "TXT"),
        ("own.wild.a.example", "A"),  # a wildcard gives nothing to a name of its own (RFC 4592)
        ("closed.wild.a.example", "A"),
        ("192-0-2-7.pod.a.example", "AAAA"),
        ("pod.a.example", "A"),
        ("pod.a.example", "ANY"),
    ],
)
def test_a_name_without_such_records_is_answered_by_none(name: str, kind: str) -> None:
    found = INDEX.lookup(name, kind)
    assert isinstance(found, Reply)
    assert found.rcode is Rcode.NOERROR
    assert [each.type for each in found.answer] in ([], [CNAME])
    assert [each.type for each in found.authority] == [RecordType.SOA]


@pytest.mark.parametrize(
    "name",
    [
        "no.a.example",
        "no.web.a.example",
        "dangling.a.example",
        "y.closed.wild.a.example",  # below the closest encloser, which has no wildcard
        "no-address.pod.a.example",
        "fe80--1%eth0.pod.a.example",
    ],
)
def test_a_name_that_does_not_exist(name: str) -> None:
    found = INDEX.lookup(name, "A")
    assert isinstance(found, Reply)
    assert found.rcode is Rcode.NXDOMAIN
    assert [each.name for each in found.authority] == ["a.example"]


@pytest.mark.parametrize(
    ("name", "forward", "asked", "aliases"),
    [
        ("example.org", UPSTREAM, "example.org", 0),
        ("x.corp.example", STUB, "x.corp.example", 0),
        ("corp.example", STUB, "corp.example", 0),
        ("out.a.example", UPSTREAM, "www.example.org", 1),
        ("corp.a.example", STUB, "x.corp.example", 1),
        ("9.2.0.192.in-addr.arpa", UPSTREAM, "9.2.0.192.in-addr.arpa", 0),  # falls through
    ],
)
def test_other_names_are_those_of_other_servers(
    name: str, forward: Forward, asked: str, aliases: int
) -> None:
    found = INDEX.lookup(name, "A")
    assert isinstance(found, Onward)
    assert (found.forward, found.name, len(found.answer)) == (forward, asked, aliases)


def test_aliases_in_a_circle_are_an_error() -> None:
    assert INDEX.lookup("loop.a.example", "A") == Reply(Rcode.SERVFAIL)


def test_an_srv_record_comes_with_the_addresses_of_its_target() -> None:
    found = INDEX.lookup("_http._tcp.web.a.example", "SRV")
    assert isinstance(found, Reply)
    assert [each.data for each in found.additional] == ["192.0.2.1", "2001:db8::1"]


def test_any_is_answered_by_one_record() -> None:
    assert len(answers("web.a.example", "ANY")) == 1


def test_a_server_without_others_refuses_what_it_does_not_know() -> None:
    found = Index(Names(ZONES)).lookup("example.org", "A")
    assert isinstance(found, Reply)
    assert (found.rcode, found.authoritative) == (Rcode.REFUSED, False)
