"""A request: the first packet of a client, and its payload."""

from dataclasses import dataclass

from nsnet.ip import Protocol
from nsnet.state.model import Netns
from nsnet.walk.http import HttpRequest
from nsnet.walk.idle import Idle
from nsnet.walk.journey import Arrived, End
from nsnet.walk.packet import Packet

_IP = {4: 20, 6: 40}  # bytes of header
_TCP = 32  # with the timestamps that every segment has
_DATAGRAM = 8  # UDP and ICMP alike


@dataclass(frozen=True, slots=True)
class Request:
    """A client, the first packet that it sends, and the bytes of its payload. In TCP the payload
    follows the first packet; in UDP and ICMP it is part of it."""

    client: Netns
    packet: Packet
    size: int = 0
    http: HttpRequest | None = None  # what is said on a TCP connection; None: the echo protocol
    proxies: int = 0  # that it has passed before this client, which is then the last of them
    idle: Idle | None = None  # how long the TCP connection is idle before the payload

    @property
    def length(self) -> int:
        """The bytes of the whole request, headers included, if it were one packet."""
        above = _TCP if self.packet.protocol is Protocol.TCP else _DATAGRAM
        return _IP[self.packet.dst.version] + above + self.size

    def is_answered(self, end: End) -> bool:
        """Return whether a packet that ended like this answers the request: it reached the client
        as the reply, or as an ICMP error about the request."""
        return (
            isinstance(end, Arrived)
            and end.netns == self.client.name
            and end.journey.packet.tuple == self.packet.tuple.reversed()
        )
