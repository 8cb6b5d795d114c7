"""Round trips: the path of a request, and the path of the reply or ICMP error that follows."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from nsnet.ip import IPAddress, Protocol
from nsnet.state.haproxy import Frontend
from nsnet.state.http import MOST_PROXIES, HttpFrontend, Server, TlsFrontend
from nsnet.state.model import HealthCheck, Listens, Netns
from nsnet.verdict import Verdict
from nsnet.walk import path_mtu
from nsnet.walk.http import HttpRequest, answered
from nsnet.walk.http_routes import (
    BAD_REQUEST,
    LOOP_DETECTED,
    NOT_FOUND,
    as_received,
    described,
    forwarded,
    is_looping,
    location,
    own_response,
    routed,
    rule_for,
    tls_rule_for,
    with_response_headers,
    with_status,
)
from nsnet.walk.idle import FIRST_SEGMENT, Idle, forgotten
from nsnet.walk.journey import TTL, Arrived, End, Journey, Lost, Refused, TooBig, note
from nsnet.walk.packet import Packet, PredictedPath
from nsnet.walk.path_mtu import Emit
from nsnet.walk.proxy import ESTABLISHED, closed_by_proxy, frontend_of, relayed
from nsnet.walk.request import Request
from nsnet.walk.routing import Routes


@dataclass(frozen=True, slots=True)
class RoundTrips:
    """Follows requests and replies between the namespaces of a State.

    `emit` yields each way in which a packet that a namespace sends can end. `routes` returns the
    routes of a namespace. `paths` returns the paths of a connection that a proxy opens.
    """

    netns: Mapping[str, Netns]
    emit: Emit
    routes: Callable[[str], Routes]
    paths: Callable[
        [str, Protocol, IPAddress, int, int, HttpRequest | None, int], tuple[PredictedPath, ...]
    ]

    def of(self, request: Request) -> Iterator[PredictedPath]:
        """Yield every path of a request and its reply."""
        packet = request.packet
        if request.size and packet.protocol is not Protocol.TCP:
            packet = path_mtu.datagram(request, self.routes(request.client.name))
        start = note(Journey(packet), request.client, f"sends {packet.protocol}")
        for end in self.emit(request.client.name, start):
            yield from self._conclude(request, end)

    def _conclude(self, request: Request, end: End) -> Iterator[PredictedPath]:
        """Yield the paths of a request whose packet ended in this way."""
        match end:
            case Lost(journey):
                yield PredictedPath(verdict=Verdict.TIMEOUT, request=journey.hops)
            case TooBig():
                yield from self._send_smaller(request, end)
            case Refused(_, error, journey) if _never_left(request.client.name, journey):
                # connect() and sendto() report a missing route without any packet.
                reported = error is Verdict.NET_UNREACHABLE or self._passes_own_rules(
                    request.client, journey, error
                )
                verdict = error if reported else Verdict.TIMEOUT
                yield PredictedPath(verdict=verdict, request=journey.hops)
            case Refused(netns, error, journey):
                reply = self._reply_to(netns, journey.packet, error)
                yield from self._send_reply(
                    request, netns, journey, reply, None, f"sends ICMP {reply.icmp_type}"
                )
            case Arrived(netns, journey):
                yield from self._serve(request, netns, journey)
            case _:
                assert_never(end)

    def _passes_own_rules(self, client: Netns, journey: Journey, error: Verdict) -> bool:
        """Return whether an ICMP error that the client's kernel sends to the client itself gets
        through the client's own rules."""
        reply = self._reply_to(client.name, journey.packet, error)
        sent = replace(journey, packet=reply, hops=(), ttl=TTL)
        return any(isinstance(each, Arrived) for each in self.emit(client.name, sent))

    def _serve(self, request: Request, netns: str, journey: Journey) -> Iterator[PredictedPath]:
        """Yield the paths of a request that arrived. A proxy, a socket or the kernel replies to
        it."""
        frontend = frontend_of(self.netns[netns], journey.packet)
        match frontend:
            case HttpFrontend():
                yield from self._route(request, netns, journey, frontend)
            case TlsFrontend():
                yield from self._pass_on(request, netns, journey, frontend)
            case Frontend():
                yield from self._relay(request, netns, journey, frontend)
            case None:
                yield from self._reply(request, netns, journey)

    def _reply(self, request: Request, netns: str, journey: Journey) -> Iterator[PredictedPath]:
        """Yield the paths of a request to which a socket or the kernel replies."""
        listens = self._listens(netns, journey.packet)
        server = self._named(netns, journey.packet, listens)
        reply = self._reply_to(netns, journey.packet)
        if server is None and reply.protocol is Protocol.UDP:
            reply = replace(reply, error=Verdict.REFUSED)  # by ICMP; TCP has its RST
        what = f"replies as {server}"
        if server is None:
            what = f"refuses: nothing listens on {reply.protocol} port {reply.sport}"
        for path in self._send_reply(request, netns, journey, reply, server, what):
            yield answered(path, listens, request.http) if request.http else path

    def _relay(
        self, request: Request, netns: str, journey: Journey, frontend: Frontend
    ) -> Iterator[PredictedPath]:
        """Yield the paths through a proxy, which accepts the connection and opens another one to a
        server."""
        here = note(journey, self.netns[netns], f"haproxy accepts it for {frontend.reference}")
        reply = self._reply_to(netns, journey.packet)
        for near in self._send_reply(request, netns, here, reply, "haproxy", "haproxy replies"):
            yield from self._to_servers(request, netns, near, frontend.servers)

    def _to_servers(
        self, request: Request, netns: str, near: PredictedPath, servers: Iterable[Server]
    ) -> Iterator[PredictedPath]:
        """Yield the paths on from a proxy, which a connection reaches by the path `near`. One that
        has passed too many proxies is taken to go in a circle, so that no reply comes."""
        if request.proxies >= MOST_PROXIES:
            yield replace(near, verdict=Verdict.TIMEOUT, server=None, source=None)
            return
        for each in servers:
            found = self._onward(request, netns, each, request.http)
            yield from (relayed(near, far, each) for far in found)

    def _onward(
        self, request: Request, netns: str, server: Server, http: HttpRequest | None
    ) -> tuple[PredictedPath, ...]:
        """Return the paths of the connection that a proxy opens to a server for a request."""
        to = (netns, Protocol.TCP, server.address, server.port, request.size, http)
        return self.paths(*to, request.proxies + 1)

    def _pass_on(
        self, request: Request, netns: str, journey: Journey, frontend: TlsFrontend
    ) -> Iterator[PredictedPath]:
        """Yield the paths through a proxy that chooses the server by the name in the TLS client
        hello. It closes connections without one, or with a name that fits no rule."""
        here = note(journey, self.netns[netns], f"haproxy accepts it for {frontend.reference}")
        reply = self._reply_to(netns, journey.packet)
        http = request.http
        rule = tls_rule_for(frontend, http.server_name) if http is not None and http.tls else None
        for near in self._send_reply(request, netns, here, reply, "haproxy", "haproxy replies"):
            backends = rule.weighted if rule is not None else ()
            if not all(each.servers for each in backends) or not backends:
                yield closed_by_proxy(near)
            for backend in backends:
                what = f"{rule.reference}: TLS name {rule.hostname or 'any'}" if rule else ""
                chosen = routed(near, f"{what} → {backend.reference}")
                yield from self._to_servers(request, netns, chosen, backend.servers)

    def _route(
        self, request: Request, netns: str, journey: Journey, frontend: HttpFrontend
    ) -> Iterator[PredictedPath]:
        """Yield the paths through a proxy that speaks HTTP. It answers anything else with an error,
        and closes the connection."""
        here = note(journey, self.netns[netns], f"haproxy accepts it for {frontend.reference}")
        reply = self._reply_to(netns, journey.packet)
        http = request.http
        for near in self._send_reply(request, netns, here, reply, "haproxy", "haproxy replies"):
            as_wanted = bool(frontend.certificates) == (http is not None and http.tls)
            if not as_wanted or near.verdict not in ESTABLISHED:
                yield closed_by_proxy(near)
            elif http is None:
                yield own_response(near, BAD_REQUEST)
                if request.size:  # the proxy resets the connection on which more bytes follow
                    yield closed_by_proxy(near)
            else:
                yield from self._by_rules(request, http, netns, near, frontend)

    def _by_rules(
        self,
        request: Request,
        http: HttpRequest,
        netns: str,
        near: PredictedPath,
        frontend: HttpFrontend,
    ) -> Iterator[PredictedPath]:
        """Yield the paths of an HTTP request that a proxy has received by the path `near`."""
        if is_looping(http):
            yield own_response(routed(near, "it has passed too many proxies"), LOOP_DETECTED)
            return
        rule = rule_for(frontend, http, near.source)
        if rule is None:
            yield own_response(routed(near, "no rule fits the request"), NOT_FOUND)
            return
        applied = f"{rule.reference}: {described(rule.match)}"
        if rule.redirect is not None:
            to = location(rule, frontend, http)
            yield own_response(routed(near, f"{applied} → {to}"), rule.redirect.status, to)
        elif not rule.weighted:
            yield own_response(routed(near, applied), rule.status)
        else:
            onward = forwarded(rule, as_received(http, near.source))
            for backend in rule.weighted:
                here = routed(near, f"{applied} → {backend.reference}")
                if not backend.servers:
                    yield own_response(here, backend.status)
                for each in backend.servers:
                    for far in self._onward(request, netns, each, onward):
                        answer = with_response_headers(relayed(here, far, each), rule)
                        yield with_status(answer, far)

    def _reply_to(self, netns: str, packet: Packet, error: Verdict | None = None) -> Packet:
        """Return the reply of this namespace to a packet or, with `error`, its ICMP error about the
        packet."""
        routes = self.routes(netns)
        mark = routes.reply_mark(packet)
        sender = routes.error_source(packet, mark) if error is not None else None
        return packet.answering(mark, error, sender)

    def _send_smaller(self, request: Request, end: TooBig) -> Iterator[PredictedPath]:
        """Yield the paths of a datagram that exceeded an MTU. If the ICMP error reaches the client,
        the client sends the datagram again in fragments."""
        if end.here == request.client and path_mtu.is_fragmented_locally(request.packet):
            yield from self._send_fragments(request, end)
            return
        for error in path_mtu.too_big_error(end, self.emit):
            known = request.packet.size
            learned = request.is_answered(error) and (not known or end.mtu < known)
            packet = path_mtu.fragmented(request, end.mtu)
            if not learned:
                packet = replace(request.packet, size=0)
            informed = replace(request, packet=replace(request.packet, size=end.mtu))
            again = replace(error.journey, packet=packet, hops=(), conntrack=end.conntrack, ttl=TTL)
            start = note(again, request.client, f"sends {packet.protocol} again")
            for then in self.emit(request.client.name, start):
                for path in self._conclude(informed, then):
                    if learned:
                        yield replace(path, large=(*error.journey.hops, *path.large))
                    elif path.verdict is Verdict.OK:
                        # The client does not send it again. A small datagram would pass.
                        passed = PredictedPath(verdict=Verdict.OK, request=end.journey.hops)
                        yield path_mtu.large_hangs(passed, error.journey.hops)
                    else:
                        yield PredictedPath(verdict=Verdict.TIMEOUT, request=end.journey.hops)

    def _send_fragments(self, request: Request, end: TooBig) -> Iterator[PredictedPath]:
        """Yield the paths of a datagram that the client sends in fragments, because its own rules
        have rerouted the datagram to a link with a smaller MTU."""
        packet = path_mtu.fragmented(request, end.mtu)
        informed = replace(request, packet=replace(request.packet, size=end.mtu))
        if not packet.fragment:
            packet = replace(packet, size=0)
        first = Journey(packet, conntrack=end.conntrack)
        start = note(first, request.client, f"sends {packet.protocol} in fragments")
        for each in self.emit(request.client.name, start):
            yield from self._conclude(informed, each)

    def _send_reply(
        self,
        request: Request,
        netns: str,
        arrived: Journey,
        reply: Packet,
        server: str | None,
        what: str,
    ) -> Iterator[PredictedPath]:
        sending = Request(self.netns[netns], reply, request.size)
        if server and path_mtu.is_large_echo(sending) and not reply.size:
            reply = path_mtu.datagram(sending, self.routes(netns))
        start = note(replace(arrived, packet=reply, hops=(), ttl=TTL), self.netns[netns], what)
        for end in self.emit(netns, start):
            if isinstance(end, TooBig):
                yield from self._send_smaller_reply(request, sending, arrived, end, server, what)
                continue
            path = self._path(request, arrived, reply, server, end)
            connected = path.verdict is Verdict.OK and reply.protocol is Protocol.TCP
            if connected and request.idle is not None:
                yield from self._after_idleness(request, request.idle, end.journey, path)
            elif connected and path.source and request.size:
                ends = self.routes(request.client.name), self.routes(netns)
                size = path_mtu.largest_segment(request, *ends, path.source)
                yield from path_mtu.after_handshake(request, size, end.journey, path, self.emit)
            else:
                yield path

    def _after_idleness(
        self, request: Request, idle: Idle, journey: Journey, path: PredictedPath
    ) -> Iterator[PredictedPath]:
        """Yield the paths of a TCP connection whose client sends its request after a while. Its
        handshake took `path`."""
        packet = replace(request.packet, size=FIRST_SEGMENT)
        known = forgotten(journey, idle, self.netns)
        start = note(
            replace(known, packet=packet, hops=(), ttl=TTL),
            request.client,
            f"sends its request after {idle.seconds:g} s",
        )
        for end in self.emit(request.client.name, start):
            if isinstance(end, Arrived):
                yield path
                continue
            lost = replace(path, verdict=Verdict.TIMEOUT, server=None, source=None)
            lost = replace(lost, request=(*path.request, *end.journey.hops), reply=())
            if isinstance(end, Refused):  # a rule that resets the connection
                reply = self._reply_to(end.netns, end.journey.packet)
                sent = replace(end.journey, packet=replace(reply, size=0), ttl=TTL)
                for back in self.emit(end.netns, note(sent, self.netns[end.netns], "sends a RST")):
                    reset = request.is_answered(back)
                    yield replace(lost, verdict=Verdict.RESET) if reset else lost
            else:
                yield lost

    def _path(
        self, request: Request, arrived: Journey, reply: Packet, server: str | None, end: End
    ) -> PredictedPath:
        """Return the path of a request that arrived. Its reply ended as `end` says."""
        verdict, hops = Verdict.TIMEOUT, end.journey.hops
        if request.is_answered(end):
            verdict = Verdict.OK if server else reply.error or Verdict.REFUSED
        elif isinstance(end, Arrived):
            last = self.netns[hops[-1].netns]
            hops = note(end.journey, last, "no socket of the client expects this reply").hops
        return PredictedPath(
            verdict=verdict,
            server=server,
            source=arrived.packet.src if server else None,
            request=arrived.hops,
            reply=hops,
        )

    def _send_smaller_reply(
        self,
        request: Request,
        reply: Request,
        arrived: Journey,
        end: TooBig,
        server: str | None,
        what: str,
    ) -> Iterator[PredictedPath]:
        """Yield the paths of an echo reply that exceeded an MTU and is lost. If the ICMP error
        reaches the server, the server sends its next reply in fragments."""
        here = reply.client.name
        path = PredictedPath(verdict=Verdict.TIMEOUT, request=arrived.hops, reply=end.journey.hops)
        known = reply.packet.fragment  # an MTU that was learned before
        alone = replace(reply.packet, size=0, whole=0, fragment=0)
        small = replace(arrived, packet=alone, hops=(), ttl=TTL)
        passes = any(request.is_answered(each) for each in self.emit(here, small))
        for error in path_mtu.too_big_error(end, self.emit):
            yield path_mtu.large_hangs(path, error.journey.hops) if passes else path
            if reply.is_answered(error) and (not known or end.mtu < known):
                packet = path_mtu.fragmented(reply, end.mtu)
                yield from self._send_reply(request, here, arrived, packet, server, what)

    def _listens(self, netns: str, packet: Packet) -> Listens | None:
        """Return what listens on the port to which a packet is sent; None if nothing does."""
        wanted = (packet.protocol, packet.dport)
        held = self.netns[netns].listeners
        return next((each for each in held if (each.protocol, each.port) == wanted), None)

    def _named(self, netns: str, packet: Packet, listens: Listens | None) -> str | None:
        """Return the reference of the server that replies in this namespace; None if there is
        none. A health check replies as its node."""
        if isinstance(listens, HealthCheck) or packet.protocol is Protocol.ICMP:
            return self.netns[netns].reference
        return listens.reference if listens is not None else None


def _never_left(netns: str, journey: Journey) -> bool:
    """Return whether the packet never left its sender. Then the sender's own kernel reports the
    error."""
    return {hop.netns for hop in journey.hops} == {netns}
