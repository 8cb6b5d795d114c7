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
from nsnet.walk.packet import Hop, Packet, Path
from nsnet.walk.request import Request
from nsnet.walk.routing import Routes

Emit: TypeAlias = Callable[[str, Journey], Iterator[End]]


def datagram(request: Request, routes: Routes) -> Packet:
    """The first packet with the size that counts on its way. What the client's link does not take
    leaves in fragments, which IPv4 routers may fragment further, and IPv6 routers may not."""
    widest = _widest(routes, request.packet.dst)
    if request.length > widest:
        return fragments(request, widest)
    return replace(request.packet, size=request.length)


def fragments(request: Request, mtu: int) -> Packet:
    """The datagram as a client sends it that knows how large a packet may be."""
    if request.packet.dst.version == 4:
        return request.packet
    return replace(request.packet, size=mtu, whole=request.length, fragment=mtu)


def is_taken_apart(packet: Packet) -> bool:
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


def leaving(packet: Packet, mtu: int) -> Packet:
    """What was put together on the way stays so where the link takes it."""
    if packet.size or not packet.whole:
        return packet
    size = packet.whole if packet.whole <= mtu else min(packet.fragment, mtu)
    return replace(packet, size=size)


def segment(request: Request, near: Routes, far: Routes, seen: IPAddress) -> int:
    """The bytes of the largest packet that is sent: each end tells the other what it takes."""
    return min(request.length, _widest(near, request.packet.dst), _widest(far, seen))


def connected(request: Request, size: int, journey: Journey, path: Path, emit: Emit) -> list[Path]:
    """What becomes of a connection whose handshake took this path when its first full segment
    follows."""
    return list(_grown(request, size, replace(journey, hops=()), path, emit))


def _grown(request: Request, size: int, journey: Journey, path: Path, emit: Emit) -> Iterator[Path]:
    packet = replace(request.packet, size=size)
    start = replace(journey, packet=packet, ttl=TTL)
    for end in emit(request.client.name, note(start, request.client, f"sends {size} bytes")):
        match end:
            case Arrived():
                # That it simply gets there is not worth telling.
                learned = any(hop.packet.error for hop in end.journey.hops)
                yield replace(path, large=end.journey.hops) if learned else path
            case TooBig(mtu=mtu):
                for told in complaint(end, emit):
                    if request.is_answered(told) and mtu < size:
                        yield from _grown(request, mtu, told.journey, path, emit)
                    else:
                        yield hangs(path, told.journey.hops)
            case _:
                yield hangs(path, end.journey.hops)


def complaint(end: TooBig, emit: Emit) -> Iterator[End]:
    """What becomes of the ICMP error that a packet which was too big brings about."""
    about = end.journey.packet
    # By the verdict that follows if it does not arrive.
    error = about.answering(about.mark, Verdict.LARGE_HANGS)
    start = replace(end.journey, packet=error, ttl=TTL)
    yield from emit(end.here.name, note(start, end.here, f"says: at most {end.mtu} bytes"))


def hangs(path: Path, hops: tuple[Hop, ...]) -> Path:
    """Small passes by this path, large does not."""
    return replace(path, verdict=Verdict.LARGE_HANGS, server=None, source=None, large=hops)


def _widest(routes: Routes, to: IPAddress) -> int:
    """Of several ways the narrowest counts."""
    hops = routes.find(to)
    return min((each.mtu for each in hops), default=0) if hops else 0
