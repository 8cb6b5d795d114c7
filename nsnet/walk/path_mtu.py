"""Path MTU discovery: the size that both ends agree on, and the MTU errors of routers between.

      client ── 1500 ── router ── 1400 ──▶ server
         ◀─ ICMP: fragmentation needed, 1400 ─┘

TCP's MSS follows from the links of both ends. A router that cannot forward a packet sends an ICMP
error with the MTU, and the sender continues with smaller packets. Where that error is lost, the
sender retransmits packets of the same size: small passes, large hangs.
Source: net/ipv4/ip_forward.c, ip_output.c, tcp_ipv4.c, udp.c, RFC 1191, RFC 8201.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

from nsnet.ip import IPAddress, Protocol
from nsnet.verdict import Verdict
from nsnet.walk.journey import TTL, Arrived, End, Journey, TooBig, note
from nsnet.walk.packet import Hop, Packet, PredictedPath
from nsnet.walk.request import Request
from nsnet.walk.routing import Routes

Emit: TypeAlias = Callable[[str, Journey], Iterator[End]]


def datagram(request: Request, routes: Routes) -> Packet:
    """Return the first packet with its size on the wire. A datagram that exceeds the MTU of the
    client's link leaves in fragments, which IPv4 routers may fragment further, and IPv6 routers may
    not."""
    mtu = _narrowest_mtu(routes, request.packet.dst)
    if request.length > mtu:
        return fragmented(request, mtu)
    return replace(request.packet, size=request.length)


def fragmented(request: Request, mtu: int) -> Packet:
    """Return the datagram as a client sends it that has learned the MTU."""
    if request.packet.dst.version == 4:
        return request.packet
    return replace(request.packet, size=mtu, whole=request.length, fragment=mtu)


def is_fragmented_locally(packet: Packet) -> bool:
    """The sender's kernel fragments it for a link with a smaller MTU than the one it was routed to
    first. (An IPv4 datagram of a probe is a raw packet, and DF holds even here.)"""
    return packet.dst.version == 6 or packet.protocol is Protocol.ICMP


def is_large_echo(reply: Request) -> bool:
    """An ICMPv6 echo reply as large as its request, which no router may fragment. (IPv4 routers
    may.)"""
    icmp = reply.packet.protocol is Protocol.ICMP and reply.packet.dst.version == 6
    return icmp and reply.size > 0


def reassembled(packet: Packet) -> tuple[Packet, ...]:
    """Return what becomes of IPv6 fragments that a bridge shows to its rules (br_netfilter): one
    packet again, which may leave in larger fragments than it was sent in.

    Where it exceeds the MTU of a link, it is fragmented as before, or as the link needs it: that
    depends on whether something (also a packet socket) holds a copy of it.
    """
    if not packet.whole:
        return (packet,)
    whole = replace(packet, size=0)
    return (whole, replace(whole, fragment=packet.whole))


def refragmented(packet: Packet, mtu: int) -> Packet:
    """Return a reassembled packet with its size on this link: whole if it fits, else in
    fragments."""
    if packet.size or not packet.whole:
        return packet
    size = packet.whole if packet.whole <= mtu else min(packet.fragment, mtu)
    return replace(packet, size=size)


def largest_segment(request: Request, near: Routes, far: Routes, seen: IPAddress) -> int:
    """Return the bytes of the largest packet that is sent: each end announces its MSS."""
    return min(request.length, _narrowest_mtu(near, request.packet.dst), _narrowest_mtu(far, seen))


def after_handshake(
    request: Request, size: int, journey: Journey, path: PredictedPath, emit: Emit
) -> Iterator[PredictedPath]:
    """Yield the paths of a connection whose handshake took this path, once its first full segment
    of `size` bytes is sent."""
    yield from _send_segment(request, size, replace(journey, hops=()), path, emit)


def _send_segment(
    request: Request, size: int, journey: Journey, path: PredictedPath, emit: Emit
) -> Iterator[PredictedPath]:
    packet = replace(request.packet, size=size)
    start = replace(journey, packet=packet, ttl=TTL)
    for end in emit(request.client.name, note(start, request.client, f"sends {size} bytes")):
        match end:
            case Arrived():
                # Only a path whose MTU was learned is worth showing.
                learned = any(hop.packet.error for hop in end.journey.hops)
                yield replace(path, large=end.journey.hops) if learned else path
            case TooBig(mtu=mtu):
                for error in too_big_error(end, emit):
                    if request.is_answered(error) and mtu < size:
                        yield from _send_segment(request, mtu, error.journey, path, emit)
                    else:
                        yield large_hangs(path, error.journey.hops)
            case _:
                yield large_hangs(path, end.journey.hops)


def too_big_error(end: TooBig, emit: Emit) -> Iterator[End]:
    """Yield how the ICMP error about a packet that was too big ends."""
    about = end.journey.packet
    # Named by the verdict that follows if it does not arrive.
    error = about.answering(about.mark, Verdict.LARGE_HANGS)
    start = replace(end.journey, packet=error, ttl=TTL)
    name = "fragmentation-needed" if about.dst.version == 4 else "packet-too-big"
    yield from emit(end.here.name, note(start, end.here, f"sends ICMP {name}, MTU {end.mtu}"))


def large_hangs(path: PredictedPath, hops: tuple[Hop, ...]) -> PredictedPath:
    """Return the path with the verdict that small packets pass and large ones do not."""
    return replace(path, verdict=Verdict.LARGE_HANGS, server=None, source=None, large=hops)


def _narrowest_mtu(routes: Routes, to: IPAddress) -> int:
    """Return the smallest MTU of all next hops; 0 without a route."""
    hops = routes.find(to)
    return min((each.mtu for each in hops), default=0) if hops else 0
