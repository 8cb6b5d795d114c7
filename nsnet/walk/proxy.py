"""A model of haproxy: which frontend accepts a connection, and the path of a connection with two
legs, from client to proxy and from proxy to server."""

from dataclasses import replace
from typing import Final

from nsnet.ip import Protocol
from nsnet.state.haproxy import AnyFrontend, Haproxy
from nsnet.state.http import Server
from nsnet.state.model import Netns
from nsnet.verdict import Verdict
from nsnet.walk.packet import Packet, PredictedPath

ESTABLISHED: Final = (Verdict.OK, Verdict.LARGE_HANGS)  # the handshake was completed
_WITHOUT_REPLY: Final = {Verdict.OK: Verdict.RESET, Verdict.LARGE_HANGS: Verdict.TIMEOUT}


def frontend_of(netns: Netns, packet: Packet) -> AnyFrontend | None:
    """Return the frontend of haproxy that accepts the connection which this packet opens; None if
    there is none."""
    if packet.protocol is not Protocol.TCP:
        return None
    for daemon in netns.daemons:
        for each in daemon.every if isinstance(daemon, Haproxy) else ():
            if (each.address, each.port) == (packet.dst, packet.dport):
                return each
    return None


def relayed(near: PredictedPath, far: PredictedPath, server: Server) -> PredictedPath:
    """Return the path that consists of two legs: `near` from client to proxy, and `far` from proxy
    to server.

    The client's connection is established before the proxy connects to the server. If the server
    refuses, the proxy resets the client's connection. If the server does not reply, neither does
    the proxy. If the connection to the server is not established, the request's path ends at the
    proxy.
    """
    if near.verdict not in ESTABLISHED:
        return closed_by_proxy(near)
    verdict = near.verdict if far.verdict is Verdict.OK else far.verdict
    if verdict not in (*ESTABLISHED, Verdict.TIMEOUT):
        verdict = Verdict.RESET
    answered = verdict is Verdict.OK
    source = near.source if server.proxy_protocol else far.source
    reached = far.verdict in (*ESTABLISHED, Verdict.RESET)
    onward, tried = (far.request, ()) if reached else ((), far.request)
    return PredictedPath(
        verdict=verdict,
        server=far.server if answered else None,
        source=source if answered and far.server else None,
        status=far.status if answered else None,
        location=far.location if answered else "",
        request=(*near.request, *onward),
        reply=(*tried, *far.reply, *near.reply),
        large=(*near.large, *far.large),
    )


def closed_by_proxy(near: PredictedPath) -> PredictedPath:
    """Return the path of a probe to a proxy that expects TLS. The proxy closes the connection when
    it reads anything else."""
    verdict = _WITHOUT_REPLY.get(near.verdict, near.verdict)
    return replace(near, verdict=verdict, server=None, source=None)
