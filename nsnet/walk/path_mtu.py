"""How large a packet gets through: what the ends agree on, and what routers on the way say.

      client ── 1500 ── router ── 1400 ──▶ server
         ◀─ ICMP: fragmentation needed, 1400 ─┘

TCP's largest segment is what the links of both ends take. A router in between that cannot pass a
packet on says how large one may be, and the sender goes on smaller. Where that ICMP error is lost,
the sender knows nothing, and what it sends again is as large: small passes, large hangs.
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
    """The first packet with the size that counts on its way. What the client's link does not take
    leaves in fragments, which IPv4 routers may fragment further, and IPv6 routers may not."""
    mtu = _narrowest_mtu(routes, request.packet.dst)
    if request.length > mtu:
        return fragmented(request, mtu)
    return replace(request.packet, size=request.length)


def fragmented(request: Request, mtu: int) -> Packet:
    """The datagram as a client sends it that knows how large a packet may be."""
    if request.packet.dst.version == 4:
        return request.packet
    return replace(request.packet, size=mtu, whole=request.length, fragment=mtu)


def is_fragmented_locally(packet: Packet) -> bool:
    """Its own kernel fragments it for a link that takes less than the one it was meant for. (An
    IPv4 datagram of a probe is a raw packet, and DF holds for it even here.)"""
    return packet.dst.version == 6 or packet.protocol is Protocol.ICMP


def is_large_echo(reply: Request) -> bool:
    """It is as large as the question, and no router may take it apart. (An IPv4 echo may be.)"""
    icmp = reply.packet.protocol is Protocol.ICMP and reply.packet.dst.version == 6
    return icmp and reply.size > 0


def reassembled(packet: Packet) -> tuple[Packet, ...]:
    """IPv6 fragments that a bridge showed to its rules (br_netfilter): they are one packet again,
    and it is forgotten that no larger ones were sent.

    Where a link does not take it as it is, it comes apart as it was, or as the link needs it:
    that depends on whether somebody (a packet socket, too) has a copy of it.
    """
    if not packet.whole:
        return (packet,)
    whole = replace(packet, size=0)
    return (whole, replace(whole, fragment=packet.whole))


def refragmented(packet: Packet, mtu: int) -> Packet:
    """What was put together on the way stays so where the link takes it."""
    if packet.size or not packet.whole:
        return packet
    size = packet.whole if packet.whole <= mtu else min(packet.fragment, mtu)
    return replace(packet, size=size)


def largest_segment(request: Request, near: Routes, far: Routes, seen: IPAddress) -> int:
    """The bytes of the largest packet that is sent: each end tells the other what it takes."""
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
    """What becomes of the ICMP error that a packet which was too big brings about."""
    about = end.journey.packet
    # By the verdict that follows if it does not arrive.
    error = about.answering(about.mark, Verdict.LARGE_HANGS)
    start = replace(end.journey, packet=error, ttl=TTL)
    name = "fragmentation-needed" if about.dst.version == 4 else "packet-too-big"
    yield from emit(end.here.name, note(start, end.here, f"sends ICMP {name}, MTU {end.mtu}"))


def large_hangs(path: PredictedPath, hops: tuple[Hop, ...]) -> PredictedPath:
    """Small passes by this path, large does not."""
    return replace(path, verdict=Verdict.LARGE_HANGS, server=None, source=None, large=hops)


def _narrowest_mtu(routes: Routes, to: IPAddress) -> int:
    """Of several ways the narrowest counts."""
    hops = routes.find(to)
    return min((each.mtu for each in hops), default=0) if hops else 0
