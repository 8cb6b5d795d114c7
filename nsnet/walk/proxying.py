"""Connections through a proxy: which frontend accepts one, and how its two legs make one path."""

from dataclasses import replace
from typing import Final

from nsnet.ip import Protocol
from nsnet.state.haproxy import Frontend, Haproxy, Server
from nsnet.state.model import Netns
from nsnet.verdict import Verdict
from nsnet.walk.packet import Packet, PredictedPath

_OPEN: Final = (Verdict.OK, Verdict.LARGE_HANGS)  # connected, and small packets pass
_WITHOUT_ANSWER: Final = {Verdict.OK: Verdict.RESET, Verdict.LARGE_HANGS: Verdict.TIMEOUT}


def frontend_of(netns: Netns, packet: Packet) -> Frontend | None:
    """Return the frontend that accepts the connection which this packet opens; the first of those
    that TLS chooses among."""
    if packet.protocol is not Protocol.TCP:
        return None
    frontends = (
        each
        for daemon in netns.daemons
        if isinstance(daemon, Haproxy)
        for each in daemon.frontends
        if (each.address, each.port) == (packet.dst, packet.dport)
    )
    return next(frontends, None)


def relayed(near: PredictedPath, far: PredictedPath, server: Server) -> PredictedPath:
    """Return one path of the leg from the client to the proxy and the leg from the proxy to the
    server.

    The client's connection is established before the proxy connects to the server. If the server
    refuses, the proxy resets the client; if it does not reply, neither does the proxy. Until both
    are established, the request gets as far as the proxy.
    """
    if near.verdict not in _OPEN:
        return hung_up(near)
    verdict = near.verdict if far.verdict is Verdict.OK else far.verdict
    if verdict not in (*_OPEN, Verdict.TIMEOUT):
        verdict = Verdict.RESET
    answered = verdict is Verdict.OK
    source = near.source if server.proxy_protocol else far.source
    onward, tried = (far.request, ()) if far.verdict in _OPEN else ((), far.request)
    return PredictedPath(
        verdict=verdict,
        server=far.server if answered else None,
        source=source if answered else None,
        request=(*near.request, *onward),
        reply=(*tried, *far.reply, *near.reply),
        large=(*near.large, *far.large),
    )


def hung_up(near: PredictedPath) -> PredictedPath:
    """Return the path of a probe to a proxy that expects TLS: it closes the connection when it
    reads anything else."""
    verdict = _WITHOUT_ANSWER.get(near.verdict, near.verdict)
    return replace(near, verdict=verdict, server=None, source=None)
