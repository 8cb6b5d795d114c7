"""How long messages are, compared with those that the server writes."""

import random
from itertools import pairwise

import pytest
from dnslib import DNSRecord

from nsnet.names.lookup import Index, Reply
from nsnet.names.sizes import PLAIN, message_size
from nsnet.names.zones import Names, Record, RecordType, Zone
from nsnet.servers.dns import wire

A, AAAA, CNAME, SOA = RecordType.A, RecordType.AAAA, RecordType.CNAME, RecordType.SOA


def index_of(name: str, targets: list[str], addresses: int) -> Index:
    """A server that knows a name with so many addresses, after these aliases of it."""
    chain = [name, *targets]
    records: dict[str, tuple[Record, ...]] = {
        alias: (Record(alias, CNAME, 5, target),) for alias, target in pairwise(chain)
    }
    records[chain[-1]] = tuple(
        Record(chain[-1], A, 5, f"10.0.{n // 250}.{n % 250}") for n in range(addresses)
    )
    records["test"] = (Record("test", SOA, 5, "ns.dns.test hostmaster.test 1 7200 1800 86400 5"),)
    return Index(Names((Zone("test", records),)))


@pytest.mark.parametrize("seed", range(30))
def test_a_message_is_as_long_as_it_is_predicted(seed: int) -> None:
    chance = random.Random(seed)
    names = [
        ".".join("x" * chance.randint(1, 20) for _ in range(chance.randint(1, 3))) + f"{n}.test"
        for n in range(3)
    ]
    name, *targets = names[: chance.randint(1, 3)]
    index = index_of(name, targets, chance.randint(0, 40))
    asked = chance.choice((name, name.upper(), name.replace("test", "Test")))
    for kind in (A, AAAA):
        reply = index.lookup(name, kind)
        assert isinstance(reply, Reply)
        query = bytes(DNSRecord.question(asked, kind.value).pack())
        whole = wire.respond(index, query, stream=True)
        assert isinstance(whole, bytes)
        assert message_size(asked, reply) == len(whole)
        plain = wire.respond(index, query, stream=False)
        assert isinstance(plain, bytes)
        assert bool(DNSRecord.parse(plain).header.tc) == (message_size(asked, reply) > PLAIN)
