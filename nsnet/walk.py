"""State + Packet → every Path it can take: a pure model of routing, bridging, netfilter and
conntrack.

A packet in one namespace:

      in ─▶ PREROUTING ─▶ route? ─▶ FORWARD ──────▶ POSTROUTING ─▶ out
                            └─▶ INPUT ─▶ socket ─▶ route ─▶ OUTPUT ─┘

Random choices and routes of equal cost branch; an answer walks back through what conntrack
remembers of the way there.
Source: net/ipv4/ip_input.c, ip_output.c, route.c, net/bridge/br_netfilter_hooks.c, nf_nat_core.c.
"""

from collections.abc import Iterator
from dataclasses import replace

from nsnet.filtering import TRANSLATING, Passed, Rules
from nsnet.haproxy import Frontend
from nsnet.ip import IPAddress, Protocol
from nsnet.journey import TTL, Arrived, End, Journey, Lost, Refused, note
from nsnet.packet import Packet, Path
from nsnet.proxying import joined, taken, unheard
from nsnet.routing import LOCAL, NextHop, Routes
from nsnet.rules import Drop, Reject
from nsnet.state import Listener, State, VirtualServer
from nsnet.tracking import Known, Tracked, flow_of, track
from nsnet.verdict import Verdict
from nsnet.wires import Crossing, Station, Wires


def walk(
    state: State,
    netns: str,
    protocol: Protocol,
    to: IPAddress,
    port: int | None = None,
) -> tuple[Path, ...]:
    """Every path that a new flow from this namespace can take, in a lab at rest. Raises KeyError
    for no such namespace."""
    return Walker(state).paths(netns, protocol, to, port)


class Walker:
    """A State, indexed for many walks."""

    def __init__(self, state: State) -> None:
        self._netns = {each.name: each for each in state.netns}
        self._wires = Wires(state)
        self._routes: dict[str, Routes] = {}
        self._rules: dict[str, Rules] = {}

    def paths(
        self, netns: str, protocol: Protocol, to: IPAddress, port: int | None = None
    ) -> tuple[Path, ...]:
        """What `walk` returns."""
        here, routes = self._netns[netns], self._routes_of(netns)
        hops = routes.find(to)
        if hops == ():
            lost = note(Journey(_blank(protocol, to)), here, f"a black hole for {to}")
            return (Path(Verdict.TIMEOUT, None, None, lost.hops),)
        sources = dict.fromkeys(routes.source(hop) for hop in hops or ())
        if None in sources or not sources:
            lost = note(Journey(_blank(protocol, to)), here, f"no route to {to}")
            return (Path(Verdict.NET_UNREACHABLE, None, None, lost.hops),)
        packets = [Packet(protocol, each, to, dport=port or 0) for each in sources if each]
        paths = (
            path
            for packet in packets
            for end in self._emit(netns, note(Journey(packet), here, f"sends {protocol}"))
            for path in self._conclude(netns, packet, end)
        )
        return tuple(dict.fromkeys(paths))  # a filter may drop all that a choice would part

    def _conclude(self, client: str, asked: Packet, end: End) -> Iterator[Path]:
        """The answer that this end of the way there brings about, walked back to the client."""
        match end:
            case Lost(journey):
                yield Path(Verdict.TIMEOUT, None, None, journey.hops)
            case Refused(_, error, journey) if _stayed_at(client, journey):
                yield Path(error, None, None, journey.hops)
            case Refused(netns, error, journey):
                mark = self._routes_of(netns).reflected(journey.packet)
                answer = journey.packet.answering(mark, error)
                yield from self._return(client, asked, netns, journey, answer, None)
            case Arrived(netns, journey):
                server = self._server(netns, journey.packet)
                answer = journey.packet.answering(self._routes_of(netns).reflected(journey.packet))
                for frontend in taken(self._netns[netns], journey.packet):
                    yield from self._relay(client, asked, netns, journey, answer, frontend)
                    return
                yield from self._return(client, asked, netns, journey, answer, server)

    def _relay(
        self,
        client: str,
        asked: Packet,
        netns: str,
        journey: Journey,
        answer: Packet,
        frontend: Frontend,
    ) -> Iterator[Path]:
        """A proxy ends the connection, and makes another one: the path has two legs."""
        journey = note(journey, self._netns[netns], f"haproxy: {frontend.reference}")
        for near in self._return(client, asked, netns, journey, answer, "haproxy"):
            if frontend.sni:
                yield unheard(near)
                continue
            for server in frontend.servers:
                for far in self.paths(netns, Protocol.TCP, server.address, server.port):
                    yield joined(near, far, server)

    def _return(
        self,
        client: str,
        asked: Packet,
        netns: str,
        there: Journey,
        answer: Packet,
        server: str | None,
    ) -> Iterator[Path]:
        refused = answer.error or Verdict.REFUSED
        what = (server and f"answers as {server}") or (
            f"says {refused}" if answer.error else "refuses: nothing listens there"
        )
        start = note(replace(there, packet=answer, hops=(), ttl=TTL), self._netns[netns], what)
        source = there.packet.src if server else None
        for end in self._emit(netns, start):
            home = (
                isinstance(end, Arrived)
                and end.netns == client
                and end.journey.packet.tuple == asked.tuple.reversed()
            )
            verdict = (Verdict.OK if server else refused) if home else Verdict.TIMEOUT
            back = end.journey.hops
            if not home:
                why = "no socket of the client waits for this answer"
                last = self._netns[back[-1].netns]
                back = note(end.journey, last, why).hops if isinstance(end, Arrived) else back
            yield Path(verdict, server, source, there.hops, back)

    def _server(self, netns: str, packet: Packet) -> str | None:
        """Who answers here, if anybody listens."""
        if packet.protocol is Protocol.ICMP:
            return self._netns[netns].reference
        wanted = (packet.protocol, packet.dport)
        for each in self._netns[netns].listeners:
            if (each.protocol, each.port) == wanted:
                # A health check is its node's.
                own = self._netns[netns].reference
                return each.reference if isinstance(each, Listener) else own
        return None

    def _emit(self, netns: str, journey: Journey) -> Iterator[End]:
        """A packet made in this namespace: OUTPUT, and on."""
        yield from self._send(netns, journey, track(journey.packet, journey.known(netns)))

    def _send(
        self, netns: str, journey: Journey, tracked: Tracked, taken: VirtualServer | None = None
    ) -> Iterator[End]:
        """OUTPUT, and on, for a packet of this namespace's own or one that IPVS has `taken`."""
        for hop, sent in self._ways(netns, journey, own=True):
            if hop is None:
                yield self._unroutable(netns, sent)
                continue
            outcomes = self._rules_of(netns).hook(
                "OUTPUT", sent.packet, tracked, out_dev=hop.dev, taken=taken
            )
            for passed in outcomes:
                there = self._filtered(netns, sent, passed)
                if isinstance(passed.stop, VirtualServer):
                    yield from self._send(netns, there, tracked, passed.stop)
                    continue
                if passed.stop is not None:
                    yield self._stopped(netns, there, passed, tracked)
                    continue
                for onward, leaving in self._ways(netns, there, own=True):
                    if onward is None and leaving.packet.protocol is Protocol.TCP:
                        # tcp_connect() knew of a route, and tries again whatever comes of it.
                        yield Lost(self._unroutable(netns, leaving).journey)
                    elif onward is None:
                        yield self._unroutable(netns, leaving)
                    elif self._routes_of(netns).keeps_localnet(onward.dev, leaving.packet.src):
                        yield self._martian(netns, leaving, onward.dev)
                    else:
                        yield from self._leave(netns, onward, leaving, tracked)

    def _leave(
        self, netns: str, hop: NextHop, journey: Journey, tracked: Tracked, bridged_from: str = ""
    ) -> Iterator[End]:
        """POSTROUTING, then the wire. `bridged_from`: a frame DNATed on a bridge, switched on by
        it."""
        outcomes = self._rules_of(netns).hook(
            "POSTROUTING",
            journey.packet,
            tracked,
            out_dev=hop.dev,
            masquerade=self._routes_of(netns).masquerade(hop),
        )
        for passed in outcomes:
            there = self._filtered(netns, journey, passed)
            there = there.remember(netns, flow_of(tracked, there.packet))
            gone = replace(there, packet=there.packet.unmarked)
            if hop.dev == LOCAL:
                # What conntrack said of a packet stays with it.
                same = tracked
                if tracked.known is Known.NEW:
                    same = replace(tracked, known=Known.AGAIN, flow=there.known(netns)[-1])
                yield from self._accept(netns, gone, LOCAL, same)
                continue
            station = self._wires.find(netns, hop.dev, hop.neighbour)
            if station is None:
                lost = note(there, self._netns[netns], f"nobody on {hop.dev} has {hop.neighbour}")
                yield Refused(netns, Verdict.HOST_UNREACHABLE, lost)
            elif bridged_from and self._hairpinned(netns, hop.dev, station, bridged_from):
                yield Lost(note(there, self._netns[netns], f"{bridged_from} has no hairpin"))
            else:
                yield from self._wire(station, station.crossings, gone)

    def _hairpinned(self, netns: str, bridge: str, station: Station, in_port: str) -> bool:
        """The frame would have to leave by the port it came in on, and may not."""
        if self._wires.first_port(netns, bridge, station) != in_port:
            return False
        ports = {each.name: each for each in self._netns[netns].interfaces}
        return not ports[in_port].hairpin

    def _wire(
        self, station: Station, crossings: tuple[Crossing, ...], journey: Journey
    ) -> Iterator[End]:
        """The frame passes each bridge in its way, then it is there."""
        if not crossings:
            yield from self._enter(station, journey)
            return
        first, rest = crossings[0], crossings[1:]
        here = self._netns[first.netns]
        crossed = note(journey, here, f"{first.bridge} switches it to {first.out_port}")
        if not self._rules_of(here.name).sees_bridged(journey.packet):
            yield from self._wire(station, rest, crossed)
            return
        tracked = track(crossed.packet, crossed.known(here.name))
        rules = self._rules_of(here.name)
        for passed in rules.hook("PREROUTING", crossed.packet, tracked, in_dev=first.bridge):
            there = self._filtered(here.name, crossed, passed)
            if passed.stop is not None:
                yield self._stopped(here.name, there, passed, tracked)
            elif there.packet.dst != crossed.packet.dst:
                yield from self._routed(here.name, first.bridge, first.in_port, there, tracked)
            else:
                yield from self._switched(station, first, rest, there, tracked)

    def _switched(
        self,
        station: Station,
        crossing: Crossing,
        rest: tuple[Crossing, ...],
        journey: Journey,
        tracked: Tracked,
    ) -> Iterator[End]:
        """The other hooks of a frame that a bridge passes on as it is."""
        netns, bridge = crossing.netns, crossing.bridge
        rules = self._rules_of(netns)
        for passed in rules.hook("FORWARD", journey.packet, tracked, in_dev=bridge, out_dev=bridge):
            there = self._filtered(netns, journey, passed)
            if passed.stop is not None:
                yield self._stopped(netns, there, passed, tracked)
                continue
            borrowed = self._routes_of(netns).masquerade(NextHop(bridge, there.packet.dst))
            for last in rules.hook(
                "POSTROUTING", there.packet, tracked, out_dev=bridge, masquerade=borrowed
            ):
                gone = self._filtered(netns, there, last)
                gone = gone.remember(netns, flow_of(tracked, gone.packet))
                gone = replace(gone, packet=gone.packet.unmarked)
                yield from self._wire(station, rest, gone)

    def _enter(self, station: Station, journey: Journey) -> Iterator[End]:
        """A frame for this namespace: PREROUTING, then here or onward."""
        here = self._netns[station.netns]
        arrived = note(journey, here, f"comes in by {station.port or station.dev}")
        doubt = self._routes_of(here.name).implausible(station.dev, journey.packet.src)
        if doubt:
            yield Lost(note(arrived, here, doubt))
            return
        tracked = track(arrived.packet, arrived.known(here.name))
        rules = self._rules_of(here.name)
        for passed in rules.hook("PREROUTING", arrived.packet, tracked, in_dev=station.dev):
            there = self._filtered(here.name, arrived, passed)
            if passed.stop is not None:
                yield self._stopped(here.name, there, passed, tracked)
                continue
            changed = there.packet.dst != arrived.packet.dst
            in_port = (
                station.port
                if changed and self._rules_of(here.name).sees_bridged(there.packet)
                else ""
            )
            yield from self._routed(here.name, station.dev, in_port, there, tracked)

    def _routed(
        self, netns: str, in_dev: str, in_port: str, journey: Journey, tracked: Tracked
    ) -> Iterator[End]:
        """After PREROUTING: for us, or for somebody we have a route to."""
        here = self._netns[netns]
        packet = journey.packet
        known = journey.remember(netns, flow_of(tracked, packet))
        if self._routes_of(netns).keeps_localnet(in_dev, packet.src, packet.dst):
            yield self._martian(netns, journey, in_dev)
            return
        for hop, onward in self._ways(netns, journey):
            if hop is not None and hop.dev == LOCAL:
                yield from self._accept(netns, journey, in_dev, tracked)
            elif not self._routes_of(netns).forwards(packet.dst):
                yield Lost(note(journey, here, "ip_forward is 0"))
            elif hop is None:
                yield self._unroutable(netns, known)
            elif journey.ttl == 1:
                over = note(known, here, "its time to live is over")
                yield Refused(netns, Verdict.HOST_UNREACHABLE, over)
            else:
                passing = replace(onward, ttl=onward.ttl - 1)
                yield from self._forward(netns, in_dev, in_port, hop, passing, tracked)

    def _forward(
        self,
        netns: str,
        in_dev: str,
        in_port: str,
        hop: NextHop,
        journey: Journey,
        tracked: Tracked,
    ) -> Iterator[End]:
        """FORWARD, and on."""
        rules = self._rules_of(netns)
        for passed in rules.hook(
            "FORWARD", journey.packet, tracked, in_dev=in_dev, out_dev=hop.dev
        ):
            there = self._filtered(netns, journey, passed)
            if passed.stop is not None:
                yield self._stopped(netns, there, passed, tracked)
            else:
                bridged_from = in_port if hop.dev == in_dev else ""
                yield from self._leave(netns, hop, there, tracked, bridged_from)

    def _accept(self, netns: str, journey: Journey, in_dev: str, tracked: Tracked) -> Iterator[End]:
        """INPUT, then the socket."""
        for passed in self._rules_of(netns).hook("INPUT", journey.packet, tracked, in_dev=in_dev):
            there = self._filtered(netns, journey, passed)
            here = there.packet.dst in self._routes_of(netns).local
            if isinstance(passed.stop, VirtualServer) and not here:
                yield from self._send(netns, there, tracked, passed.stop)
            elif isinstance(passed.stop, Drop | Reject):
                yield self._stopped(netns, there, passed, tracked)
            else:
                yield Arrived(netns, there.remember(netns, flow_of(tracked, there.packet)))

    def _filtered(self, netns: str, journey: Journey, passed: Passed) -> Journey:
        """The journey after a hook, with a hop for what the rules did to the packet."""
        here = self._netns[netns]
        before, after = journey.packet, passed.packet
        deciding = [each for each in passed.rules if isinstance(each.rule.target, TRANSLATING)]
        rule = deciding[-1] if deciding else None
        moved = replace(journey, packet=after)
        if before.dst != after.dst or before.dport != after.dport:
            what = type(rule.rule.target).__name__.upper() if rule else "conntrack undoes the SNAT"
            moved = note(moved, here, what, rule)
        if before.src != after.src:
            what = type(rule.rule.target).__name__.upper() if rule else "conntrack undoes the DNAT"
            moved = note(moved, here, what, rule)
        return moved

    def _stopped(self, netns: str, journey: Journey, passed: Passed, tracked: Tracked) -> End:
        here, rule = self._netns[netns], passed.rules[-1]
        # An ICMP error about a packet that was DNATed already speaks of it as the client knows it.
        journey = journey.remember(netns, flow_of(tracked, journey.packet))
        if isinstance(passed.stop, Drop):
            return Lost(note(journey, here, "DROP", rule))
        return Refused(netns, Verdict.REFUSED, note(journey, here, "REJECT", rule))

    def _martian(self, netns: str, journey: Journey, dev: str) -> End:
        why = f"127.0.0.0/8 does not pass {dev}: route_localnet is 0"
        return Lost(note(journey, self._netns[netns], why))

    def _unroutable(self, netns: str, journey: Journey) -> End:
        here, to = self._netns[netns], journey.packet.dst
        if self._routes_of(netns).find(to, journey.packet.mark) == ():
            return Lost(note(journey, here, f"a black hole for {to}"))
        return Refused(netns, Verdict.NET_UNREACHABLE, note(journey, here, f"no route to {to}"))

    def _ways(
        self, netns: str, journey: Journey, *, own: bool = False
    ) -> Iterator[tuple[NextHop | None, Journey]]:
        """Each next hop that the packet can take here, None for want of any. Where it comes by
        again it takes the same: a hash of its addresses and ports has chosen."""
        packet = journey.packet
        hops = self._routes_of(netns).find(packet.dst, packet.mark, own=own) or (None,)
        chosen = journey.chosen.get((netns, packet.tuple))
        for hop in (chosen,) if chosen is not None else hops:
            if hop is None or len(hops) == 1:
                yield hop, journey
            else:
                choice = {(netns, packet.tuple): hop}
                yield hop, replace(journey, chosen={**journey.chosen, **choice})

    def _routes_of(self, netns: str) -> Routes:
        if netns not in self._routes:
            self._routes[netns] = Routes(self._netns[netns])
        return self._routes[netns]

    def _rules_of(self, netns: str) -> Rules:
        if netns not in self._rules:
            self._rules[netns] = Rules(self._netns[netns])
        return self._rules[netns]


def _stayed_at(netns: str, journey: Journey) -> bool:
    """The packet never left: its sender hears of an error at once, without any answer."""
    return {hop.netns for hop in journey.hops} == {netns}


def _blank(protocol: Protocol, to: IPAddress) -> Packet:
    """A packet that never got a source, for want of a route."""
    return Packet(protocol, to, to)
