"""Send the attempts of all flows concurrently, from one thread. Each attempt has its own
timeout."""

import os
import resource
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from ipaddress import ip_address
from itertools import count
from typing import TypeAlias, assert_never

from nsnet.errors import KernelError
from nsnet.ip import Family, Protocol
from nsnet.kernel import netns
from nsnet.kernel.counters import withheld_errors
from nsnet.probes.loop import Loop
from nsnet.probes.outcome import Outcome
from nsnet.probes.prober import craft
from nsnet.probes.prober.attempt import Attempt
from nsnet.probes.prober.capture import Capture, TraceKey
from nsnet.probes.prober.flows import Flow
from nsnet.probes.prober.http import HttpTalk, TlsTalk, subject
from nsnet.probes.prober.icmp import Echoes, IcmpExchange
from nsnet.probes.prober.pace import PACE, Pace
from nsnet.probes.prober.path import answered, passed, relayed
from nsnet.probes.prober.schedule import Schedule, ScheduledFlow
from nsnet.probes.prober.tcp import EchoTalk, Talk, TcpExchange
from nsnet.probes.prober.udp import UdpExchange
from nsnet.verdict import Verdict

Exchange: TypeAlias = TcpExchange | UdpExchange | IcmpExchange

# At most so many attempts wait for replies at a time, so that queueing at the server causes no
# timeout. An attempt that has waited for _MOMENT, and for _MUCH_LONGER times as long as answered
# ones, is presumed lost: it no longer counts, and waits for its timeout.
_WINDOW = 512
_MOMENT = 0.1  # seconds
_MUCH_LONGER = 4
_BATCH = 32  # attempts started before replies are read again
_SPARE, _OF_A_SOURCE = 64, 5  # file descriptors for other uses, and for a namespace's raw sockets
_STRIDE = 0x9E3779B1  # odd: the first 2^32 attempts have different sequence numbers


def send(
    flows: Sequence[Flow],
    namespaces: Sequence[str],
    progress: Callable[[int], None] = lambda done: None,
    neighbours: Mapping[str, frozenset[str]] | None = None,
    pace: Pace | None = None,
) -> list[tuple[Outcome, ...]]:
    """Send every attempt of every flow. Return the outcomes of each flow, in the order of `flows`.

    For icmp, or if a path is recorded, requests are captured in all `namespaces`. Where timestamps
    are too close to order two captures, `neighbours` (the namespaces at the other ends of veth
    pairs) decides. `progress` is called with the number of attempts that have ended. `pace` has the
    moments that this process shares with others. Raises KernelError.
    """
    if any(flow.protocol is not Protocol.TCP for flow in flows):
        craft.load()
    with ExitStack() as stack:
        loop = Loop()
        stack.callback(loop.close)
        capture = Capture(loop)
        stack.callback(capture.close)
        if any(map(_is_followed, flows)):
            capture.listen(namespaces)
        sender = _Sender(flows, loop, capture, pace or Pace())
        stack.callback(sender.close)
        routers = {flow.router for flow in flows if flow.router}
        before = {each: withheld_errors(each) for each in routers}
        sender.run(progress)
        capture.drain()
        limiting = {each for each in routers if withheld_errors(each) > before[each]}
        return [
            tuple(
                _outcome(attempt, capture, neighbours or {}, withheld=flow.flow.router in limiting)
                for attempt in attempts
            )
            for flow, attempts in sender.attempts.items()
        ]


class _Sender:
    """The attempts of all flows, and the sockets of those under way."""

    def __init__(self, flows: Sequence[Flow], loop: Loop, capture: Capture, pace: Pace) -> None:
        self._loop = loop
        self._capture = capture
        self._pace = pace
        now = time.monotonic()
        first = {each: pace.reserve(each, now) for each in {flow.pace for flow in flows} - {""}}
        held = {each: moment for each, moment in first.items() if moment > now}
        self._schedule = Schedule(flows, held.keys())
        for each, moment in held.items():
            loop.at(moment, partial(self._schedule.release_pace, each))
        self.attempts: dict[ScheduledFlow, list[Attempt]] = {
            each: [] for each in self._schedule.flows
        }
        self._total = sum(flow.times for flow in flows)
        self._ended = 0
        self._exchanges: dict[Attempt, tuple[Exchange, ScheduledFlow]] = {}
        self._in_window: set[Attempt] = set()
        self._patience = _MOMENT
        self._raw: dict[str, socket.socket] = {}
        self._echoes: dict[tuple[str, Family], Echoes] = {}
        self._run = secrets.token_hex(4).encode()
        self._sequence = secrets.randbits(32)
        self._numbers = count()
        self._room = _descriptors({flow.netns for flow in flows})
        self._held: dict[ScheduledFlow, list[Exchange]] = {}
        connections = sum(flow.times for flow in flows if flow.held)
        if connections > self._room - _BATCH:
            raise KernelError(
                f"{connections} connections cannot be held open at the same time: this process can"
                f" have {self._room} more open files",
                hint="raise the hard limit (ulimit -Hn), or hold fewer",
            )
        self._room -= connections

    def close(self) -> None:
        """Close every socket."""
        for exchange, _ in self._exchanges.values():
            exchange.close()
        for held in self._held.values():
            for each in held:
                each.close()
        for opened in self._raw.values():
            opened.close()
        for echoes in self._echoes.values():
            echoes.close()

    def run(self, progress: Callable[[int], None]) -> None:
        """Start all attempts, and return when every attempt has ended."""
        reported = 0
        for batch in self._schedule.together():
            while self._exchanges and len(batch) > self._room - len(self._exchanges):
                self._loop.run_once(wait=True)
            self._start_together(batch)
        while self._ended < self._total:
            room = min(_BATCH, _WINDOW - len(self._in_window), self._room - len(self._exchanges))
            name, batch = self._schedule.take(room) if room > 0 else ("", [])
            if batch:
                self._start(self._open(name, batch))
            self._loop.run_once(wait=not batch)
            if self._ended > reported:
                reported = self._ended
                progress(reported)

    def _start_together(self, batch: Sequence[ScheduledFlow]) -> None:
        """Start one attempt of each flow before any reply is read."""
        self._start([one for each in batch for one in self._open(each.flow.netns, [each])])

    def _open(self, name: str, batch: Sequence[ScheduledFlow]) -> list[Attempt]:
        """Return a new attempt for each flow. The attempts' sockets are opened inside the namespace
        `name`, and used from outside."""
        attempts = [self._attempt(scheduled) for scheduled in batch]
        try:
            with netns.inside(name):
                for attempt, scheduled in zip(attempts, batch, strict=True):
                    self._exchanges[attempt] = (self._exchange(attempt), scheduled)
        except FileNotFoundError as error:
            raise KernelError(f"{name}: there is no such namespace") from error
        return attempts

    def _start(self, attempts: Sequence[Attempt]) -> None:
        for attempt in attempts:
            self._in_window.add(attempt)
            self._start_one(attempt, self._exchanges[attempt][0])

    def _start_one(self, attempt: Attempt, exchange: Exchange) -> None:
        flow, now = attempt.flow, time.monotonic()
        attempt.started = now
        exchange.start()
        if attempt.verdict is None:
            self._loop.at(now + self._patience, partial(self._in_window.discard, attempt))
            self._loop.at(now + flow.idle + flow.timeout, partial(attempt.end, Verdict.TIMEOUT))
        if flow.pace and self._schedule.has_more(flow.pace):
            moment = self._pace.reserve(flow.pace, now + PACE)
            self._loop.at(moment, partial(self._schedule.release_pace, flow.pace))

    def _attempt(self, scheduled: ScheduledFlow) -> Attempt:
        number = next(self._numbers)
        sequence = (self._sequence + number * _STRIDE) & 0xFFFFFFFF or 1  # 0: random
        attempt = Attempt(scheduled.flow, b"%s%08x" % (self._run, number), sequence, self._done)
        self.attempts[scheduled].append(attempt)
        if _is_followed(scheduled.flow):
            for key in {_key(attempt), attempt.token}:
                self._capture.follow(key)
        return attempt

    def _done(self, attempt: Attempt) -> None:
        """Close the socket of an attempt that has ended, which makes room for another. If it timed
        out and its size may be the cause, send a small request."""
        exchange, scheduled = self._exchanges.pop(attempt)
        if scheduled.flow.held:
            self._held.setdefault(scheduled, []).append(exchange)
        else:
            exchange.close()
        self._in_window.discard(attempt)
        if attempt.verdict is Verdict.OK:
            waited = attempt.ended - attempt.started
            self._patience = max(_MOMENT, _MUCH_LONGER * waited, 0.9 * self._patience)
        if attempt.verdict is Verdict.TIMEOUT and _may_hang(exchange, attempt):
            self._ask_small(attempt, scheduled)
        else:
            self._finish(scheduled)

    def _finish(self, scheduled: ScheduledFlow) -> None:
        self._ended += 1
        self._schedule.ended(scheduled)
        if scheduled.has_ended:
            for each in self._held.pop(scheduled, ()):
                each.close()

    def _ask_small(self, attempt: Attempt, scheduled: ScheduledFlow) -> None:
        """Send the attempt's request again, without a body. If that is answered, the size was the
        cause of the timeout."""
        number = next(self._numbers)
        flow = replace(scheduled.flow, size=0, path=False, pace="")
        judge = partial(self._judge, attempt)
        small = Attempt(flow, b"%s%08x" % (self._run, number), number or 1, judge)
        if _is_followed(scheduled.flow):
            self._capture.follow(small.token)
        with netns.inside(flow.netns):
            self._exchanges[small] = (self._exchange(small), scheduled)
        self._start_one(small, self._exchanges[small][0])

    def _judge(self, attempt: Attempt, small: Attempt) -> None:
        """Finish the large attempt once the small one has ended. If the small one was answered, the
        large one's verdict is large-hangs."""
        exchange, scheduled = self._exchanges.pop(small)
        exchange.close()
        self._in_window.discard(small)
        if small.verdict is Verdict.OK:
            attempt.verdict, attempt.small = Verdict.LARGE_HANGS, small.token
        self._finish(scheduled)

    def _exchange(self, attempt: Attempt) -> Exchange:
        """Return the exchange that carries out the attempt, with a socket of the current
        namespace."""
        flow = attempt.flow
        kind = socket.AF_INET if flow.address.version == 4 else socket.AF_INET6
        match flow.protocol:
            case Protocol.TCP:
                opened = socket.socket(kind, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
                return TcpExchange(attempt, opened, self._loop, _talk(attempt))
            case Protocol.UDP:
                opened = socket.socket(kind, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
                # A raw IPv6 socket would need the whole header from us; the socket itself sends.
                raw = self._raw_socket(flow.netns) if kind == socket.AF_INET else None
                return UdpExchange(attempt, opened, raw, self._loop)
            case Protocol.ICMP:
                key = (flow.netns, flow.address.version)
                if key not in self._echoes:
                    self._echoes[key] = Echoes(flow.address.version, self._loop)
                return IcmpExchange(attempt, self._echoes[key])
            case _:
                assert_never(flow.protocol)

    def _raw_socket(self, name: str) -> socket.socket:
        """Return the raw socket of the current namespace, `name`; open it on first use. It sends
        whole IPv4 packets and receives nothing."""
        if name not in self._raw:
            kind = socket.SOCK_RAW | socket.SOCK_NONBLOCK
            self._raw[name] = socket.socket(socket.AF_INET, kind, socket.IPPROTO_RAW)
        return self._raw[name]


def _talk(attempt: Attempt) -> Talk:
    flow = attempt.flow
    if flow.http is None:
        return EchoTalk(attempt)
    talk = HttpTalk(attempt, flow.http, attempt.token if flow.path else b"")
    return TlsTalk(attempt, talk, flow.http.server_name) if flow.http.tls else talk


def _is_followed(flow: Flow) -> bool:
    """Return whether the flow's requests are captured on their way: to record their path, or to
    find out which namespace replies to an echo request."""
    return flow.path or flow.protocol is Protocol.ICMP


def _may_hang(exchange: Exchange, attempt: Attempt) -> bool:
    """Return whether the request's size may have caused the timeout: the request has a body, and
    the client has sent it."""
    sent = exchange.connected if isinstance(exchange, TcpExchange) else True
    return attempt.flow.size > 0 and sent


def _key(attempt: Attempt) -> TraceKey:
    return attempt.sequence if attempt.flow.protocol is Protocol.TCP else attempt.token


def _outcome(
    attempt: Attempt,
    capture: Capture,
    neighbours: Mapping[str, frozenset[str]],
    *,
    withheld: bool,
) -> Outcome:
    flow, server, source, path = attempt.flow, attempt.server, attempt.source, None
    if flow.protocol is Protocol.ICMP and attempt.verdict is Verdict.OK:
        server, seen = answered(capture.requests(attempt.token), capture.replies(attempt.token))
        source = ip_address(seen) if seen else None
    if flow.path:
        path = passed(flow.netns, capture.requests(_key(attempt)), neighbours)
        if flow.protocol is Protocol.TCP:
            said = capture.requests(attempt.small or attempt.token)
            hidden = flow.http is not None and flow.http.tls
            path = relayed(path, said, neighbours, hidden=hidden)
    ms = (attempt.ended - attempt.started) * 1000
    return Outcome(
        verdict=attempt.verdict or Verdict.TIMEOUT,
        server=server,
        source=source,
        path=path,
        ms=ms,
        withheld=withheld,
        status=attempt.status,
        location=attempt.location,
        certificate=subject(attempt.certificate),
    )


def _descriptors(sources: set[str]) -> int:
    """Raise this process's soft limit of file descriptors to its hard limit. Return how many
    attempts from the namespaces `sources` can have a socket at the same time."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    shared = _OF_A_SOURCE * len(sources)
    return max(_BATCH, hard - len(os.listdir("/proc/self/fd")) - shared - _SPARE)
