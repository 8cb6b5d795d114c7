"""Path MTU discovery: the MSS that both ends agree on, and the MTU errors of routers between them.

      client ── 1500 ── router ── 1400 ──▶ server
         ◀─ ICMP: fragmentation needed, 1400 ─┘

TCP's MSS follows from the MTUs of the links at both ends. A router that cannot forward a packet
sends an ICMP error with the MTU, and the sender continues with smaller packets. If that error is
lost, the sender retransmits packets of the same size. Then small requests get replies, and large
ones hang.
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
    """Return the packet of a UDP or ICMP request, with its size in bytes. If the request exceeds
    the MTU of the client's link, the client fragments it: an IPv6 packet gets the size of one
    fragment; an IPv4 packet gets no size, because routers may fragment it further."""
    mtu = _narrowest_mtu(routes, request.packet.dst)
    if request.length > mtu:
        return fragmented(request, mtu)
    return replace(request.packet, size=request.length)


def fragmented(request: Request, mtu: int) -> Packet:
    """Return the packet of a UDP or ICMP request that the client fragments to fit this MTU. An IPv6
    packet gets the size of one fragment; an IPv4 packet is returned unchanged, because routers may
    fragment it further."""
    if request.packet.dst.version == 4:
        return request.packet
    return replace(request.packet, size=mtu, whole=request.length, fragment=mtu)


def is_fragmented_locally(packet: Packet) -> bool:
    """Return whether the sender's kernel fragments the packet if the sender's own rules reroute it
    to a link with a smaller MTU. The kernel does not fragment an IPv4 UDP probe, because it is a
    raw packet with the DF bit."""
    return packet.dst.version == 6 or packet.protocol is Protocol.ICMP


def is_large_echo(reply: Request) -> bool:
    """Return whether this is a large ICMPv6 echo reply, which no router may fragment. (IPv4 routers
    may fragment echo replies.)"""
    icmp = reply.packet.protocol is Protocol.ICMP and reply.packet.dst.version == 6
    return icmp and reply.size > 0


def reassembled(packet: Packet) -> tuple[Packet, ...]:
    """Return the packets that IPv6 fragments may become on a bridge whose frames traverse rules
    (br_netfilter). The kernel reassembles the fragments there into one packet.

    If that packet exceeds the MTU of a link, the kernel fragments it again, into fragments of the
    original size or of the link's MTU. Which of the two depends on whether anything, such as a
    packet socket, holds a copy of the packet, so both are returned.
    """
    if not packet.whole:
        return (packet,)
    whole = replace(packet, size=0)
    return (whole, replace(whole, fragment=packet.whole))


def refragmented(packet: Packet, mtu: int) -> Packet:
    """Return a reassembled packet with its size on a link with this MTU: the whole size if it fits,
    otherwise the size of a fragment. Other packets are returned unchanged."""
    if packet.size or not packet.whole:
        return packet
    size = packet.whole if packet.whole <= mtu else min(packet.fragment, mtu)
    return replace(packet, size=size)


def largest_segment(request: Request, near: Routes, far: Routes, seen: IPAddress) -> int:
    """Return the size in bytes of the largest packet that a TCP client sends. Both ends limit it,
    because each end announces the MSS that its link allows. `seen` is the client's address as the
    server sees it."""
    return min(request.length, _narrowest_mtu(near, request.packet.dst), _narrowest_mtu(far, seen))


def after_handshake(
    request: Request, size: int, journey: Journey, path: PredictedPath, emit: Emit
) -> Iterator[PredictedPath]:
    """Yield the paths of a TCP connection whose handshake took `path`. After the handshake, the
    client sends its first full segment, of `size` bytes."""
    yield from _send_segment(request, size, replace(journey, hops=()), path, emit)


def _send_segment(
    request: Request, size: int, journey: Journey, path: PredictedPath, emit: Emit
) -> Iterator[PredictedPath]:
    packet = replace(request.packet, size=size)
    start = replace(journey, packet=packet, ttl=TTL)
    for end in emit(request.client.name, note(start, request.client, f"sends {size} bytes")):
        match end:
            case Arrived():
                # Show the segment's path only if its sender has learned an MTU.
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
    """Yield each way in which the ICMP error about a packet that was too big can end."""
    about = end.journey.packet
    # The error is identified by the verdict that follows if it is lost.
    error = about.answering(about.mark, Verdict.LARGE_HANGS)
    start = replace(end.journey, packet=error, ttl=TTL)
    name = "fragmentation-needed" if about.dst.version == 4 else "packet-too-big"
    yield from emit(end.here.name, note(start, end.here, f"sends ICMP {name}, MTU {end.mtu}"))


def large_hangs(path: PredictedPath, hops: tuple[Hop, ...]) -> PredictedPath:
    """Return the path with the verdict `large-hangs`: small packets pass, and large ones do not."""
    return replace(path, verdict=Verdict.LARGE_HANGS, server=None, source=None, large=hops)


def _narrowest_mtu(routes: Routes, to: IPAddress) -> int:
    """Return the smallest MTU of all next hops to this address, in bytes; 0 if there is no
    route."""
    hops = routes.find(to)
    return min((each.mtu for each in hops), default=0) if hops else 0
