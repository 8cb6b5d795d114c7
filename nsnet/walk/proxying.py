"""What a proxy makes of connections: which it takes, and how two legs are one path."""

from dataclasses import replace
from typing import Final

from nsnet.ip import Protocol
from nsnet.state.haproxy import Frontend, Haproxy, Server
from nsnet.state.model import Netns
from nsnet.verdict import Verdict
from nsnet.walk.packet import Packet, PredictedPath

_OPEN: Final = (Verdict.OK, Verdict.LARGE_HANGS)  # connected, and small gets through
_UNHEARD: Final = {Verdict.OK: Verdict.RESET, Verdict.LARGE_HANGS: Verdict.TIMEOUT}


def frontend_of(netns: Netns, packet: Packet) -> Frontend | None:
    """The frontend for which this packet opens a connection; where TLS chooses among several,
    the first."""
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
    """From the client to the proxy, and from there to the server.

    The client's connection is open before the other one is tried: where that is refused, it is
    reset; where nothing answers, neither does the proxy. Until both are open, what the client says
    gets as far as the proxy.
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
    """To a proxy that listens for TLS, our probes speak none: once it has heard that, it hangs
    up."""
    verdict = _UNHEARD.get(near.verdict, near.verdict)
    return replace(near, verdict=verdict, server=None, source=None)
