"""There and back: what the end of a packet's way brings about, walked home to who sent it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from nsnet.ip import IPAddress, Protocol
from nsnet.state.haproxy import Frontend
from nsnet.state.model import Listener, Netns
from nsnet.verdict import Verdict
from nsnet.walk import path_mtu
from nsnet.walk.journey import TTL, Arrived, End, Journey, Lost, Refused, TooBig, note
from nsnet.walk.packet import Packet, Path
from nsnet.walk.path_mtu import Emit
from nsnet.walk.proxying import joined, taken, unheard
from nsnet.walk.request import Request
from nsnet.walk.routing import Routes


@dataclass(frozen=True, slots=True)
class Answers:
    """The namespaces of a State, and how a packet goes one way between them (`emit`)."""

    netns: Mapping[str, Netns]
    emit: Emit
    routes: Callable[[str], Routes]
    paths: Callable[[str, Protocol, IPAddress, int, int], tuple[Path, ...]]

    def ask(self, asked: Request) -> Iterator[Path]:
        """Every path of this request, there and back."""
        packet = asked.packet
        if asked.size and packet.protocol is not Protocol.TCP:
            packet = path_mtu.datagram(asked, self.routes(asked.client.name))
        start = note(Journey(packet), asked.client, f"sends {packet.protocol}")
        for end in self.emit(asked.client.name, start):
            yield from self._conclude(asked, end)

    def _conclude(self, asked: Request, end: End) -> Iterator[Path]:
        """The answer that this end of the way there brings about, walked back to the client."""
        match end:
            case Lost(journey):
                yield Path(Verdict.TIMEOUT, None, None, journey.hops)
            case TooBig():
                yield from self._resend(asked, end)
            case Refused(_, error, journey) if _stayed_at(asked.client.name, journey):
                heard = error is Verdict.NET_UNREACHABLE or self._hears(
                    asked.client, journey, error
                )
                yield Path(error if heard else Verdict.TIMEOUT, None, None, journey.hops)
            case Refused(netns, error, journey):
                answer = self._answer(netns, journey.packet, error)
                yield from self._return(asked, netns, journey, answer, None, f"says {error}")
            case Arrived(netns, journey):
                frontend = taken(self.netns[netns], journey.packet)
                if frontend is not None:
                    yield from self._relay(asked, netns, journey, frontend)
                    return
                server = self._server(netns, journey.packet)
                answer = self._answer(netns, journey.packet)
                if server is None and answer.protocol is Protocol.UDP:
                    answer = replace(answer, error=Verdict.REFUSED)  # by ICMP; TCP has its RST
                what = f"answers as {server}" if server else "refuses: nothing listens there"
                yield from self._return(asked, netns, journey, answer, server, what)
            case _:
                assert_never(end)

    def _hears(self, client: Netns, journey: Journey, error: Verdict) -> bool:
        """What it says to itself by ICMP passes its own rules; a missing route has no need to."""
        answer = self._answer(client.name, journey.packet, error)
        said = replace(journey, packet=answer, hops=(), ttl=TTL)
        return any(isinstance(each, Arrived) for each in self.emit(client.name, said))

    def _relay(
        self, asked: Request, netns: str, journey: Journey, frontend: Frontend
    ) -> Iterator[Path]:
        """A proxy ends the connection, and makes another one: the path has two legs."""
        here = note(journey, self.netns[netns], f"haproxy takes it for {frontend.reference}")
        answer = self._answer(netns, journey.packet)
        for near in self._return(asked, netns, here, answer, "haproxy", "haproxy answers"):
            if frontend.sni:
                yield unheard(near)
                continue
            for each in frontend.servers:
                to = (netns, Protocol.TCP, each.address, each.port, asked.size)
                yield from (joined(near, far, each) for far in self.paths(*to))

    def _answer(self, netns: str, packet: Packet, error: Verdict | None = None) -> Packet:
        """What this machine says to a packet."""
        return packet.answering(self.routes(netns).reflected(packet), error)

    def _resend(self, asked: Request, end: TooBig) -> Iterator[Path]:
        """A datagram that was too big comes again, smaller, once its sender hears of it."""
        if end.here == asked.client and path_mtu.is_taken_apart(asked.packet):
            yield from self._taken_apart(asked, end)
            return
        for told in path_mtu.complaint(end, self.emit):
            known = asked.packet.size
            heard = asked.is_answered(told) and (not known or end.mtu < known)
            packet = path_mtu.fragments(asked, end.mtu) if heard else replace(asked.packet, size=0)
            knowing = replace(asked, packet=replace(asked.packet, size=end.mtu))
            again = replace(told.journey, packet=packet, hops=(), flows=end.flows, ttl=TTL)
            start = note(again, asked.client, f"sends {packet.protocol} again")
            for then in self.emit(asked.client.name, start):
                for path in self._conclude(knowing, then):
                    if heard:
                        yield replace(path, large=(*told.journey.hops, *path.large))
                    elif path.verdict is Verdict.OK:
                        # Not that it is sent: a small one would pass.
                        passed = Path(Verdict.OK, None, None, end.journey.hops)
                        yield path_mtu.hangs(passed, told.journey.hops)
                    else:
                        yield Path(Verdict.TIMEOUT, None, None, end.journey.hops)

    def _taken_apart(self, asked: Request, end: TooBig) -> Iterator[Path]:
        """A rule of the client's own has sent it another way, whose link takes less."""
        packet = path_mtu.fragments(asked, end.mtu)
        known = replace(asked, packet=replace(asked.packet, size=end.mtu))
        first = Journey(packet if packet.fragment else replace(packet, size=0), flows=end.flows)
        start = note(first, asked.client, f"sends {packet.protocol} in fragments")
        for each in self.emit(asked.client.name, start):
            yield from self._conclude(known, each)

    def _return(
        self,
        asked: Request,
        netns: str,
        there: Journey,
        answer: Packet,
        server: str | None,
        what: str,
    ) -> Iterator[Path]:
        refused = answer.error or Verdict.REFUSED
        reply = Request(self.netns[netns], answer, asked.size)
        if server and path_mtu.is_large_echo(reply) and not answer.size:
            answer = path_mtu.datagram(reply, self.routes(netns))
        start = note(replace(there, packet=answer, hops=(), ttl=TTL), self.netns[netns], what)
        source = there.packet.src if server else None
        for end in self.emit(netns, start):
            if isinstance(end, TooBig):
                yield from self._answer_again(asked, reply, there, end, server, what)
                continue
            home = asked.is_answered(end)
            verdict = (Verdict.OK if server else refused) if home else Verdict.TIMEOUT
            back = end.journey.hops
            if not home:
                why = "no socket of the client waits for this answer"
                last = self.netns[back[-1].netns]
                back = note(end.journey, last, why).hops if isinstance(end, Arrived) else back
            path = Path(verdict, server, source, there.hops, back)
            if server and home and source and asked.size and answer.protocol is Protocol.TCP:
                ends = self.routes(asked.client.name), self.routes(netns)
                size = path_mtu.segment(asked, *ends, source)
                yield from path_mtu.connected(asked, size, end.journey, path, self.emit)
            else:
                yield path

    def _answer_again(
        self,
        asked: Request,
        reply: Request,
        there: Journey,
        end: TooBig,
        server: str | None,
        what: str,
    ) -> Iterator[Path]:
        """An echo that was too big is lost; where its sender hears of that, the next is smaller."""
        here = reply.client.name
        path = Path(Verdict.TIMEOUT, None, None, there.hops, end.journey.hops)
        known = reply.packet.fragment  # by what was heard before
        alone = replace(reply.packet, size=0, whole=0, fragment=0)
        small = replace(there, packet=alone, hops=(), ttl=TTL)
        passes = any(asked.is_answered(each) for each in self.emit(here, small))
        for told in path_mtu.complaint(end, self.emit):
            yield path_mtu.hangs(path, told.journey.hops) if passes else path
            if reply.is_answered(told) and (not known or end.mtu < known):
                answer = path_mtu.fragments(reply, end.mtu)
                yield from self._return(asked, here, there, answer, server, what)

    def _server(self, netns: str, packet: Packet) -> str | None:
        """Who answers here, if anybody listens."""
        if packet.protocol is Protocol.ICMP:
            return self.netns[netns].reference
        wanted = (packet.protocol, packet.dport)
        for each in self.netns[netns].listeners:
            if (each.protocol, each.port) == wanted:
                # A health check is its node's.
                own = self.netns[netns].reference
                return each.reference if isinstance(each, Listener) else own
        return None


def _stayed_at(netns: str, journey: Journey) -> bool:
    """The packet never left: its sender hears of an error at once, without any answer."""
    return {hop.netns for hop in journey.hops} == {netns}
