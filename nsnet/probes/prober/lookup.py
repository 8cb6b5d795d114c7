"""Lookups of names by the resolver of the place that asks: a program in the pod calls
getaddrinfo(), and a packet socket in its network namespace counts the queries that it sends."""

import json
import os
import signal
import socket
import struct
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final, NamedTuple

from nsnet.errors import KernelError
from nsnet.kernel import enter, netns, processes, taps
from nsnet.names.resolver import Failure, ResolvConf, listed, resolv_conf
from nsnet.probes.lookup import PORT, Lookup
from nsnet.probes.prober import getaddrinfo
from nsnet.topology.interior import Interior

_PROGRAM: Final = Path(getaddrinfo.__file__)
_AT_ONCE: Final = 8  # programs
_SPARE: Final = 10.0  # seconds that a program may take besides its waiting
_SNAP: Final = 2048  # bytes kept of a packet
_UDP, _TCP = 17, 6
_KINDS: Final = {1: "A", 28: "AAAA"}
_TEST_PACKET: Final = bytes([0x45, *bytes(39)])


def is_glibc() -> bool:
    """Return whether the resolver of this host's programs is that of glibc. Others ask in other
    ways."""
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (ValueError, OSError):
        return False


class Client(NamedTuple):
    """A place that looks up names: its network namespace, its inside, and the names."""

    netns: str
    inside: Interior
    names: tuple[str, ...]


class Query(NamedTuple):
    """A query that a packet carries. `key` tells it from all others, but not from its own
    retransmissions, nor from the same packet at another interface."""

    name: str
    key: tuple[int, int, int]  # source port, id, type
    stream: bool


class _Seen(NamedTuple):
    """A query at an interface of a namespace."""

    query: Query
    interface: str
    sent: bool
    time: int  # nanoseconds since 1970


class _Done(NamedTuple):
    """What the program printed for one name."""

    addresses: tuple[str, ...]
    failure: str
    begun: int
    ended: int


def look_up(clients: Sequence[Client]) -> list[tuple[Lookup, ...]]:
    """Look up all names, and return what was found: for each client, for each of its names. Raises
    KernelError."""
    by_netns: dict[str, list[int]] = {}
    for number, each in enumerate(clients):
        by_netns.setdefault(each.netns, []).append(number)
    found: dict[int, tuple[Lookup, ...]] = {}

    def work(numbers: Sequence[int]) -> None:
        # Clients of one network namespace take turns, because their packets look alike.
        for number in numbers:
            found[number] = _looked_up(clients[number])

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(work, by_netns.values()))
    return [found[number] for number in range(len(clients))]


def _looked_up(client: Client) -> tuple[Lookup, ...]:
    with ExitStack() as stack:
        with netns.inside(client.netns):
            tap = taps.open_tap(socket.SOCK_DGRAM)
        stack.callback(tap.close)
        taps.await_timestamps([tap], _TEST_PACKET)
        done = _run(client)
        seen = list(_read(tap))
        if lost := taps.dropped(tap):
            raise KernelError(f"{client.netns}: {lost} packets could not be captured")
    conf = resolv_conf(client.inside.resolv_conf)
    asked = [_asked(conf, name) for name in client.names]
    results = []
    for name, own, each in zip(client.names, asked, done, strict=True):
        queries = count(
            one
            for one in seen
            # Two names may be asked for by one, such as web and web.default.
            if one.query.name in own
            and (sum(one.query.name in names for names in asked) == 1 or _is_during(one, each))
        )
        ms = (each.ended - each.begun) / 1e6
        results.append(Lookup(name, each.addresses, each.failure, queries, ms))
    return tuple(results)


def _asked(conf: ResolvConf, name: str) -> set[str]:
    """Return all names that a resolver may ask for to find this one."""
    return {name.lower().removesuffix("."), *(each.lower() for each in listed(conf, name))}


def _run(client: Client) -> list[_Done]:
    program = [sys.executable, "-I", "-S", str(_PROGRAM), *client.names]
    command = enter.command(client.netns, client.inside.hostname, client.inside.files, program)
    waits = resolv_conf(client.inside.resolv_conf).patience * len(client.names)
    try:
        ended = processes.run(command, client.netns, {}, seconds=waits + _SPARE)
    except TimeoutError as error:
        raise KernelError(
            f"{', '.join(client.names)}: the resolver found nothing in {waits + _SPARE:g} s"
        ) from error
    try:
        read = [json.loads(line) for line in ended.stdout.splitlines()]
        done = [_Done(tuple(addresses), *others) for addresses, *others in read]
    except (ValueError, TypeError):
        done = []
    if ended.returncode == -signal.SIGABRT:
        left = len(client.names) - len(done)
        done += [_Done((), Failure.ABORT, 0, 0)] * left
    if len(done) != len(client.names):
        reason = (ended.stderr.strip() or f"exit status {ended.returncode}").splitlines()[-1]
        raise KernelError(f"names cannot be looked up in {client.netns}: {reason}")
    return done


def _is_during(seen: _Seen, done: _Done) -> bool:
    return done.begun <= seen.time <= done.ended


def count(seen: Iterable[_Seen]) -> int:
    """Return the number of queries that the namespace itself has sent, given what was seen in the
    order of time.

    A packet that a node forwards enters the namespace before it leaves. One of its own may enter,
    too, but later: a bridge that floods it also sends it back to a port in hairpin mode. One that
    passes a bridge is seen at several interfaces.
    """
    numbers: dict[Query, Counter[str]] = {}
    forwarded = set()
    for each in seen:
        if each.sent:
            numbers.setdefault(each.query, Counter())[each.interface] += 1
        elif each.query not in numbers:
            forwarded.add(each.query)
    return sum(
        1 if query.stream else max(interfaces.values())
        for query, interfaces in numbers.items()
        if query not in forwarded
    )


def _read(tap: socket.socket) -> Iterator[_Seen]:
    with suppress(BlockingIOError):
        while True:
            packet, control, _, (interface, _, kind, *_) = tap.recvmsg(_SNAP, taps.CONTROL)
            for each in parse(packet):
                sent = kind == socket.PACKET_OUTGOING
                yield _Seen(each, interface, sent, taps.timestamp(control))


def parse(packet: bytes) -> Iterator[Query]:
    """Yield the DNS queries for addresses that an IP packet to port 53 carries."""
    try:
        if packet[0] >> 4 == 4:
            protocol, start = packet[9], (packet[0] & 0xF) * 4
        else:
            protocol, start = packet[6], 40
        source, destination = struct.unpack_from("!HH", packet, start)
        if destination != PORT or protocol not in (_UDP, _TCP):
            return
        if protocol == _UDP:
            yield from _query(packet[start + 8 :], source, stream=False)
            return
        data = packet[start + (packet[start + 12] >> 4) * 4 :]
        while len(data) > 2:  # several messages, each with its length before it
            length = int.from_bytes(data[:2], "big")
            yield from _query(data[2 : 2 + length], source, stream=True)
            data = data[2 + length :]
    except (IndexError, struct.error):
        return


def _query(message: bytes, source: int, *, stream: bool) -> Iterator[Query]:
    number, flags, questions = struct.unpack_from("!3H", message)
    if flags & 0x8000 or questions != 1:
        return
    labels, at = [], 12
    while length := message[at]:
        labels.append(message[at + 1 : at + 1 + length].decode("latin-1").lower())
        at += 1 + length
    (kind,) = struct.unpack_from("!H", message, at + 1)
    if kind in _KINDS:
        yield Query(".".join(labels), (source, number, kind), stream)
