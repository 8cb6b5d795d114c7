"""A pure model of routing, bridging, netfilter and conntrack: every path of a packet in a State.

A packet in one namespace:

      in ─▶ PREROUTING ─▶ route? ─▶ FORWARD ──────▶ POSTROUTING ─▶ out
                            └─▶ INPUT ─▶ socket ─▶ route ─▶ OUTPUT ─┘

A random choice yields one path for each outcome, and an equal-cost route yields one path for each
next hop. A reply is translated by the conntrack entries that its request has created.
Source: net/ipv4/ip_input.c, ip_output.c, route.c, net/bridge/br_netfilter_hooks.c, nf_nat_core.c.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from nsnet.ip import IPAddress, Protocol
from nsnet.state.model import Interface, State, VirtualServer
from nsnet.state.rules import Drop, Reject
from nsnet.state.wires import Crossing, Station, Wires
from nsnet.verdict import Verdict
from nsnet.walk import path_mtu
from nsnet.walk import vxlan as tunnels
from nsnet.walk.conntrack import CtInfo, Tracked, new_entry, track
from nsnet.walk.http import HttpRequest
from nsnet.walk.idle import Idle, as_known
from nsnet.walk.journey import (
    TTL,
    Arrived,
    End,
    Journey,
    Lost,
    Refused,
    TooBig,
    after_hook,
    note,
    stopped,
)
from nsnet.walk.netfilter import Passed, Rules
from nsnet.walk.packet import Packet, PredictedPath
from nsnet.walk.request import Request
from nsnet.walk.round_trips import RoundTrips
from nsnet.walk.routing import LOCAL, NextHop, Routes


def walk(
    state: State,
    netns: str,
    protocol: Protocol,
    to: IPAddress,
    port: int | None = None,
    size: int = 0,
) -> tuple[PredictedPath, ...]:
    """Return every path that a new flow from this namespace can take in a lab that is not being
    changed. The request has `size` bytes of payload. Raises KeyError for an unknown namespace."""
    return Walker(state).paths(netns, protocol, to, port, size)


class Walker:
    """A State with the indexes that walks need. It serves any number of walks."""

    def __init__(self, state: State) -> None:
        self._netns = {each.name: each for each in state.netns}
        self._wires = Wires(state)
        self._routes: dict[str, Routes] = {}
        self._rules: dict[str, Rules] = {}
        # Many requests that pass a proxy go on alike.
        onward = cache(self.paths)
        self._round_trips = RoundTrips(self._netns, self._emit, self._routes_of, onward)

    def paths(
        self,
        netns: str,
        protocol: Protocol,
        to: IPAddress,
        port: int | None = None,
        size: int = 0,
        http: HttpRequest | None = None,
        proxies: int = 0,
        idle: Idle | None = None,
    ) -> tuple[PredictedPath, ...]:
        """Return what `walk` returns for this State. With `http`, the client sends this request on
        its TCP connection. `proxies`: how many it has passed, if the client is one of them. With
        `idle`, the connection is idle before the request."""
        here, routes = self._netns[netns], self._routes_of(netns)
        hops = routes.find(to)
        if hops == ():
            lost = note(Journey(_without_source(protocol, to)), here, f"blackhole route to {to}")
            return (PredictedPath(verdict=Verdict.TIMEOUT, request=lost.hops),)
        sources = dict.fromkeys(routes.source(hop) for hop in hops or ())
        if None in sources or not sources:
            lost = note(Journey(_without_source(protocol, to)), here, f"no route to {to}")
            return (PredictedPath(verdict=Verdict.NET_UNREACHABLE, request=lost.hops),)
        packets = [
            Packet(protocol=protocol, src=each, dst=to, dport=port or 0) for each in sources if each
        ]
        requests = [Request(here, packet, size, http, proxies, idle) for packet in packets]
        paths = (path for each in requests for path in self._round_trips.of(each))
        return tuple(dict.fromkeys(paths))  # different choices may yield equal paths

    def _emit(self, netns: str, journey: Journey) -> Iterator[End]:
        """Yield each way in which a packet that this namespace sends can end."""
        yield from self._send(netns, journey, self._tracked(netns, journey))

    def _send(
        self, netns: str, journey: Journey, tracked: Tracked, taken: VirtualServer | None = None
    ) -> Iterator[End]:
        """Yield each end of a packet that this namespace sends, or that IPVS sends for the virtual
        server `taken`. The packet goes through OUTPUT first."""
        for hop, sent in self._next_hops(netns, journey, LOCAL):
            if hop is None:
                yield self._unroutable(netns, sent, LOCAL)
                continue
            for passed in self._rules_of(netns).hook(
                "OUTPUT", sent.packet, tracked, out_dev=hop.dev, taken=taken
            ):
                after = self._after_hook(netns, sent, passed)
                if isinstance(passed.stop, VirtualServer):
                    yield from self._send(netns, after, tracked, passed.stop)
                elif passed.stop is not None:
                    yield self._stopped(netns, after, passed, tracked)
                else:
                    yield from self._reroute(netns, after, tracked)

    def _reroute(self, netns: str, journey: Journey, tracked: Tracked) -> Iterator[End]:
        """Yield each end of a packet after OUTPUT. Its route is looked up again, because OUTPUT may
        have changed its destination or mark."""
        for hop, leaving in self._next_hops(netns, journey, LOCAL):
            if hop is None and leaving.packet.protocol is Protocol.TCP:
                # connect() found a route before; its SYN is retransmitted until it times out.
                yield Lost(self._unroutable(netns, leaving, LOCAL).journey)
            elif hop is None:
                yield self._unroutable(netns, leaving, LOCAL)
            elif self._routes_of(netns).drops_localnet(hop.dev, leaving.packet.src):
                yield self._martian(netns, leaving, hop.dev)
            else:
                yield from self._leave(netns, hop, leaving, tracked)

    def _leave(
        self, netns: str, hop: NextHop, journey: Journey, tracked: Tracked, bridged_from: str = ""
    ) -> Iterator[End]:
        """Yield each end of a packet that goes through POSTROUTING and then leaves by a link. If a
        bridge DNATed a frame and forwards it itself, `bridged_from` is the port by which the frame
        entered the bridge."""
        for passed in self._rules_of(netns).hook(
            "POSTROUTING",
            journey.packet,
            tracked,
            out_dev=hop.dev,
            masquerade=self._routes_of(netns).masquerade(hop),
        ):
            after = self._after_hook(netns, journey, passed)
            after = after.remember(netns, new_entry(tracked, after.packet))
            after = replace(after, packet=path_mtu.refragmented(after.packet, hop.mtu))
            if hop.dev == LOCAL:
                yield from self._loop_back(netns, after, tracked)
            elif after.packet.size > hop.mtu:
                yield self._too_big(netns, hop, after, after)
            else:
                yield from self._transmit(netns, hop, after, bridged_from)

    def _loop_back(self, netns: str, journey: Journey, tracked: Tracked) -> Iterator[End]:
        """Yield each end of a packet that goes out of `lo` and comes in again. It keeps its
        conntrack state."""
        if tracked.info is CtInfo.NEW:
            tracked = replace(tracked, info=CtInfo.REPEATED, entry=journey.entries(netns)[-1])
        unmarked = replace(journey, packet=journey.packet.unmarked)
        yield from self._accept(netns, unmarked, LOCAL, tracked)

    def _transmit(
        self, netns: str, hop: NextHop, journey: Journey, bridged_from: str
    ) -> Iterator[End]:
        """Yield each end of a packet that is sent on a link, to the neighbour that answers ARP or
        NDP there."""
        here = self._netns[netns]
        sent = replace(journey, packet=journey.packet.unmarked)
        link = self._link(netns, hop.dev)
        if link.vxlan is not None:
            yield from self._encapsulate(netns, link, hop.neighbour, sent)
            return
        station = self._wires.find(netns, hop.dev, hop.neighbour)
        if station is None:
            asking = "ARP" if hop.neighbour.version == 4 else "NDP"
            what = f"no neighbour on {hop.dev} answers {asking} for {hop.neighbour}"
            lost = note(journey, here, what)
            yield Refused(netns, Verdict.HOST_UNREACHABLE, lost)
        elif bridged_from and self._drops_hairpin(netns, hop.dev, station, bridged_from):
            yield Lost(note(journey, here, f"hairpin is off on port {bridged_from}"))
        else:
            yield from self._cross(station, station.crossings, sent)

    def _encapsulate(
        self, netns: str, tunnel: Interface, neighbour: IPAddress, journey: Journey
    ) -> Iterator[End]:
        """Yield each end of a packet that is sent through a VXLAN tunnel. It continues where it is
        decapsulated."""
        here = self._netns[netns]
        mac = tunnels.neighbour_mac(here, tunnel, neighbour)
        if mac is None:
            lost = note(journey, here, f"{tunnel.name} has no neighbour entry for {neighbour}")
            yield Refused(netns, Verdict.HOST_UNREACHABLE, lost)
            return
        outer = tunnels.encapsulated(here, tunnel, mac)
        if outer is None:
            yield Lost(note(journey, here, f"{tunnel.name} has no FDB entry for {mac}"))
            return
        out = replace(journey, packet=outer, ttl=TTL)
        out = note(out, here, f"{tunnel.name} encapsulates it in UDP")
        for end in self._emit(netns, out):
            inside = replace(end.journey, packet=journey.packet, ttl=journey.ttl)
            link = isinstance(end, Arrived) and tunnels.decapsulating(
                self._netns[end.netns], end.journey.packet, tunnel, mac
            )
            if isinstance(end, Arrived) and link:
                yield from self._enter(Station(end.netns, link.name, "", ()), inside)
            else:
                yield Lost(end.journey)

    def _drops_hairpin(self, netns: str, bridge: str, station: Station, in_port: str) -> bool:
        """Return whether the bridge drops a frame because it would leave by the port that it
        entered by, and hairpin is off on that port."""
        if self._wires.first_port(netns, bridge, station) != in_port:
            return False
        ports = {each.name: each for each in self._netns[netns].interfaces}
        return not ports[in_port].hairpin

    def _cross(
        self, station: Station, crossings: tuple[Crossing, ...], journey: Journey
    ) -> Iterator[End]:
        """Yield each end of a frame that crosses these bridges, one after the other, to reach the
        station."""
        if not crossings:
            yield from self._enter(station, journey)
            return
        first, rest = crossings[0], crossings[1:]
        here = self._netns[first.netns]
        crossed = note(journey, here, f"{first.bridge} forwards it to port {first.out_port}")
        if not self._rules_of(here.name).sees_bridged(journey.packet):
            yield from self._cross(station, rest, crossed)
            return
        tracked = self._tracked(here.name, crossed)
        rules = self._rules_of(here.name)
        for passed in rules.hook("PREROUTING", crossed.packet, tracked, in_dev=first.bridge):
            after = self._after_hook(here.name, crossed, passed)
            if passed.stop is not None:
                yield self._stopped(here.name, after, passed, tracked)
            elif after.packet.dst != crossed.packet.dst:
                yield from self._route(here.name, first.bridge, first.in_port, after, tracked)
            else:
                yield from self._bridge(station, first, rest, after, tracked)

    def _bridge(
        self,
        station: Station,
        crossing: Crossing,
        rest: tuple[Crossing, ...],
        journey: Journey,
        tracked: Tracked,
    ) -> Iterator[End]:
        """Yield each end of a frame whose destination PREROUTING did not change, so that it is
        bridged and not routed. It goes through FORWARD and POSTROUTING (br_netfilter)."""
        netns, bridge = crossing.netns, crossing.bridge
        rules = self._rules_of(netns)
        for passed in rules.hook("FORWARD", journey.packet, tracked, in_dev=bridge, out_dev=bridge):
            after = self._after_hook(netns, journey, passed)
            if passed.stop is not None:
                yield self._stopped(netns, after, passed, tracked)
                continue
            masquerade = self._routes_of(netns).masquerade(NextHop(bridge, after.packet.dst))
            for last in rules.hook(
                "POSTROUTING", after.packet, tracked, out_dev=bridge, masquerade=masquerade
            ):
                gone = self._after_hook(netns, after, last)
                gone = gone.remember(netns, new_entry(tracked, gone.packet))
                gone = replace(gone, packet=gone.packet.unmarked)
                yield from self._cross(station, rest, gone)

    def _enter(self, station: Station, journey: Journey) -> Iterator[End]:
        """Yield each end of a frame that a link receives. The frame is dropped if its source is a
        martian or fails rp_filter."""
        here = self._netns[station.netns]
        arrived = note(journey, here, f"received on {station.port or station.dev}")
        source = journey.packet.sender or journey.packet.src
        reason = self._routes_of(here.name).why_source_is_dropped(station.dev, source)
        if reason:
            yield Lost(note(arrived, here, reason))
            return
        packets: tuple[Packet, ...] = (arrived.packet,)
        if station.port and self._rules_of(here.name).sees_bridged(arrived.packet):
            packets = path_mtu.reassembled(arrived.packet)
        for packet in packets:
            yield from self._receive(station, replace(arrived, packet=packet))

    def _receive(self, station: Station, arrived: Journey) -> Iterator[End]:
        """Yield each end of a packet that a link has received. It goes through PREROUTING and is
        then routed."""
        here = self._netns[station.netns]
        tracked = self._tracked(here.name, arrived)
        rules = self._rules_of(here.name)
        for passed in rules.hook("PREROUTING", arrived.packet, tracked, in_dev=station.dev):
            after = self._after_hook(here.name, arrived, passed)
            if passed.stop is not None:
                yield self._stopped(here.name, after, passed, tracked)
                continue
            changed = after.packet.dst != arrived.packet.dst
            in_port = (
                station.port
                if changed and self._rules_of(here.name).sees_bridged(after.packet)
                else ""
            )
            yield from self._route(here.name, station.dev, in_port, after, tracked)

    def _route(
        self, netns: str, in_dev: str, in_port: str, journey: Journey, tracked: Tracked
    ) -> Iterator[End]:
        """Yield each end of a packet after the routing decision: it is delivered locally or
        forwarded."""
        here = self._netns[netns]
        packet = journey.packet
        known = journey.remember(netns, new_entry(tracked, packet))
        if self._routes_of(netns).drops_localnet(in_dev, packet.src, packet.dst):
            yield self._martian(netns, journey, in_dev)
            return
        for hop, onward in self._next_hops(netns, journey, in_dev):
            if hop is not None and hop.dev == LOCAL:
                yield from self._accept(netns, journey, in_dev, tracked)
            elif not self._routes_of(netns).forwards(packet.dst):
                yield Lost(note(journey, here, "ip_forward is 0"))
            elif hop is None and in_port and packet.dst.version == 6:
                # br_netfilter looks up the route of a DNATed frame, and only IPv4 has a route that
                # sends the ICMP error (br_nf_pre_routing_finish_ipv6).
                yield Lost(note(known, here, f"br_netfilter has no route to {packet.dst}"))
            elif hop is None:
                yield self._unroutable(netns, known, in_dev)
            elif journey.ttl == 1:
                over = note(known, here, "TTL exceeded")
                yield Refused(netns, Verdict.HOST_UNREACHABLE, over)
            elif onward.packet.size > hop.mtu:  # checked before FORWARD
                remembering = replace(onward, conntrack=known.conntrack)
                yield self._too_big(netns, hop, remembering, onward)
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
        """Yield each end of a packet that is forwarded. It goes through FORWARD and then leaves."""
        rules = self._rules_of(netns)
        for passed in rules.hook(
            "FORWARD", journey.packet, tracked, in_dev=in_dev, out_dev=hop.dev
        ):
            after = self._after_hook(netns, journey, passed)
            if passed.stop is not None:
                yield self._stopped(netns, after, passed, tracked)
            else:
                bridged_from = in_port if hop.dev == in_dev else ""
                yield from self._leave(netns, hop, after, tracked, bridged_from)

    def _accept(self, netns: str, journey: Journey, in_dev: str, tracked: Tracked) -> Iterator[End]:
        """Yield each end of a packet that goes through INPUT and is then delivered locally. IPVS
        may take it in INPUT and send it on."""
        for passed in self._rules_of(netns).hook("INPUT", journey.packet, tracked, in_dev=in_dev):
            after = self._after_hook(netns, journey, passed)
            is_local = after.packet.dst in self._routes_of(netns).local
            if isinstance(passed.stop, VirtualServer) and not is_local:
                yield from self._send(netns, after, tracked, passed.stop)
            elif isinstance(passed.stop, Drop | Reject):
                yield self._stopped(netns, after, passed, tracked)
            else:
                yield Arrived(netns, after.remember(netns, new_entry(tracked, after.packet)))

    def _after_hook(self, netns: str, journey: Journey, passed: Passed) -> Journey:
        return after_hook(self._netns[netns], journey, passed)

    def _stopped(self, netns: str, journey: Journey, passed: Passed, tracked: Tracked) -> End:
        return stopped(self._netns[netns], journey, passed, tracked)

    def _too_big(self, netns: str, hop: NextHop, journey: Journey, after: Journey) -> End:
        here = self._netns[netns]
        packet = journey.packet
        what = f"{packet.size} bytes exceed the MTU of {hop.mtu} towards {packet.dst} on {hop.dev}"
        noted = note(journey, here, what)
        mark = self._routes_of(netns).reply_mark(journey.packet)
        marked = replace(noted, packet=replace(noted.packet, mark=mark))
        return TooBig(here, hop.mtu, marked, after.conntrack)

    def _tracked(self, netns: str, journey: Journey) -> Tracked:
        """Return what conntrack attaches to a packet that arrives in a namespace."""
        found = track(journey.packet, journey.entries(netns))
        return as_known(self._netns[netns], journey.packet, found)

    def _link(self, netns: str, dev: str) -> Interface:
        return next(each for each in self._netns[netns].interfaces if each.name == dev)

    def _martian(self, netns: str, journey: Journey, dev: str) -> End:
        why = f"127.0.0.0/8 does not pass {dev}: route_localnet is 0"
        return Lost(note(journey, self._netns[netns], why))

    def _unroutable(self, netns: str, journey: Journey, iif: str) -> End:
        here, to = self._netns[netns], journey.packet.dst
        if self._routes_of(netns).find(to, journey.packet.mark, iif) == ():
            return Lost(note(journey, here, f"blackhole route to {to}"))
        return Refused(netns, Verdict.NET_UNREACHABLE, note(journey, here, f"no route to {to}"))

    def _next_hops(
        self, netns: str, journey: Journey, iif: str
    ) -> Iterator[tuple[NextHop | None, Journey]]:
        """Yield each next hop that the packet can take here, with the journey that remembers this
        choice. The next hop is None if there is no route or a blackhole route. `iif` is the link
        that has received it; `lo`: this namespace sends it.

        A packet that passes here again takes the same next hop, because a hash of its addresses and
        ports chooses it.
        """
        packet = journey.packet
        hops = self._routes_of(netns).find(packet.dst, packet.mark, iif) or (None,)
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


def _without_source(protocol: Protocol, to: IPAddress) -> Packet:
    """Return a packet without a source address, because there is no route by which to choose one.
    Its `src` is only a placeholder."""
    return Packet(protocol=protocol, src=to, dst=to)
