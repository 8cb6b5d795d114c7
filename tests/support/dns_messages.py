"""DNS queries, whole and damaged, for the tests of DNS servers."""

import random
from collections.abc import Iterator

from dnslib import EDNS0, QTYPE, DNSHeader, DNSQuestion, DNSRecord, EDNSOption

KINDS = ("A", "AAAA", "SRV", "ANY", "SOA", "TXT")


def query(
    name: str | list[bytes],
    kind: str = "A",
    *,
    number: int = 7,
    edns: int = 0,
    do: bool = False,
    **header: int,
) -> bytes:
    """A query with this id; `edns` is the size that it announces."""
    message = DNSRecord(
        DNSHeader(id=number, rd=1, **header), q=DNSQuestion(name, getattr(QTYPE, kind))
    )
    if edns:
        option = EDNSOption(65001, b"x")
        message.add_ar(EDNS0(udp_len=edns, opts=[option], flags="do" if do else ""))
    return bytes(message.pack())


def damaged_queries(names: tuple[str, ...], count: int, seed: int) -> Iterator[bytes]:
    """Yield this many messages: one in ten is noise, the others are queries for these names with
    some bytes changed, left out or added."""
    dice = random.Random(seed)
    whole = [query(name, kind, edns=1232) for name in names for kind in KINDS]
    for number in range(count):
        if number % 10 == 0:
            yield dice.randbytes(dice.randrange(600))
        else:
            yield _damaged(dice, dice.choice(whole))


def _damaged(dice: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(dice.randint(0, 6)):
        changed[dice.randrange(len(changed))] = dice.choice((dice.randrange(256), 0xC0, 0xFF, 0))
    if dice.random() < 0.3:
        del changed[dice.randrange(len(changed)) :]
    elif dice.random() < 0.2:
        changed += dice.randbytes(dice.randrange(40))
    return bytes(changed)
