"""The conntrack table of a namespace: its entries listed and deleted by ctnetlink, as conntrack(8)
does."""

import errno
import socket
from collections.abc import Collection
from ipaddress import ip_address
from typing import Final, NamedTuple

from nsnet.ip import Family, IPAddress, Protocol
from nsnet.kernel import netns, uapi
from nsnet.kernel.netlink import Socket, attribute, attributes, nfgenmsg, packed

_CTA_IP_SRC: Final = {4: uapi.CTA_IP_V4_SRC, 6: uapi.CTA_IP_V6_SRC}
_CTA_IP_DST: Final = {4: uapi.CTA_IP_V4_DST, 6: uapi.CTA_IP_V6_DST}
_PROTOCOLS: Final = {socket.IPPROTO_TCP: Protocol.TCP, socket.IPPROTO_UDP: Protocol.UDP}
_BODY = 20  # bytes of headers: netlink's 16, nfgenmsg's 4
_FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6}


def delete(
    family: Family, destination: IPAddress | None, dport: int | None, endpoint: IPAddress | None
) -> int:
    """Delete the UDP flows that match, in the calling thread's namespace. Return how many were
    deleted.

    A flow matches if its client sent to this destination and port (None: any), and DNAT sends it to
    this endpoint (None: to any, or there is no DNAT). Raises OSError.
    """
    head = nfgenmsg(_FAMILIES[family])
    with Socket(uapi.NETLINK_NETFILTER) as table:
        flows = [
            found
            for entry in table.dump(packed(uapi.IPCTNL_MSG_CT_GET, head))
            if _matches(found := attributes(entry, _BODY), family, destination, dport, endpoint)
        ]
        refused = table.send(
            [
                packed(uapi.IPCTNL_MSG_CT_DELETE, head + _identifying_attributes(each))
                for each in flows
            ]
        )
    for refusal in refused.values():
        if refusal.errno != errno.ENOENT:  # ENOENT: the flow has expired meanwhile
            raise OSError(refusal.errno, str(refusal), "conntrack")
    return len(flows) - len(refused)


def wait_for_packets_in_flight(name: str) -> None:
    """Wait until every packet that a CPU is processing now has left the network stack.

    After a change of rules, a packet in flight may still pass the old ones. Conntrack lists the
    packet's connection only after the packet has passed all rules.
    """
    with netns.inside(name):
        # Closing a packet socket waits for an RCU grace period (packet_release()).
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


class Translated(NamedTuple):
    """A connection whose source is translated: its protocol, its new source, its destination."""

    protocol: Protocol
    address: IPAddress
    port: int
    destination: IPAddress
    dport: int


def translated(name: str) -> list[Translated]:
    """Return the TCP and UDP connections with a translated source that conntrack of the namespace
    lists."""
    with netns.inside(name), Socket(uapi.NETLINK_NETFILTER) as table:
        entries = table.dump(packed(uapi.IPCTNL_MSG_CT_GET, nfgenmsg()))
    flows = (attributes(entry, _BODY) for entry in entries)
    return [found for each in flows if (found := _translated(each)) is not None]


def _translated(flow: dict[int, bytes]) -> Translated | None:
    if not int.from_bytes(flow[uapi.CTA_STATUS], "big") & uapi.IPS_SRC_NAT:
        return None
    reply = attributes(flow[uapi.CTA_TUPLE_REPLY], 0)
    transport = attributes(reply[uapi.CTA_TUPLE_PROTO], 0)
    protocol = _PROTOCOLS.get(transport[uapi.CTA_PROTO_NUM][0])
    if protocol is None:
        return None
    # A reply goes from the destination to the new source.
    ends = attributes(reply[uapi.CTA_TUPLE_IP], 0)
    family = 4 if uapi.CTA_IP_V4_SRC in ends else 6
    return Translated(
        protocol,
        ip_address(ends[_CTA_IP_DST[family]]),
        int.from_bytes(transport[uapi.CTA_PROTO_DST_PORT], "big"),
        ip_address(ends[_CTA_IP_SRC[family]]),
        int.from_bytes(transport[uapi.CTA_PROTO_SRC_PORT], "big"),
    )


def has_half_open(name: str, endpoints: Collection[IPAddress]) -> bool:
    """Return whether conntrack of the namespace lists a half-open TCP connection to one of these
    endpoints: a connection whose handshake has begun and has not ended."""
    wanted = {each.packed for each in endpoints}
    with netns.inside(name), Socket(uapi.NETLINK_NETFILTER) as table:
        entries = table.dump(packed(uapi.IPCTNL_MSG_CT_GET, nfgenmsg()))
    flows = (attributes(entry, _BODY) for entry in entries)
    return any(_reply_source(each) in wanted for each in flows if _is_half_open(each))


def _is_half_open(flow: dict[int, bytes]) -> bool:
    tcp = attributes(flow.get(uapi.CTA_PROTOINFO, b""), 0).get(uapi.CTA_PROTOINFO_TCP, b"")
    state = attributes(tcp, 0).get(uapi.CTA_PROTOINFO_TCP_STATE, b"\0")
    return state[0] in (uapi.TCP_CONNTRACK_SYN_SENT, uapi.TCP_CONNTRACK_SYN_RECV)


def _reply_source(flow: dict[int, bytes]) -> bytes:
    answers = attributes(attributes(flow[uapi.CTA_TUPLE_REPLY], 0)[uapi.CTA_TUPLE_IP], 0)
    return next(answers[kind] for kind in _CTA_IP_SRC.values() if kind in answers)


def _matches(
    flow: dict[int, bytes],
    family: Family,
    destination: IPAddress | None,
    dport: int | None,
    endpoint: IPAddress | None,
) -> bool:
    """Return whether this command would delete the flow: conntrack -D -p udp [--orig-dst …]
    [--dport …] [--dst-nat …]."""
    original = attributes(flow[uapi.CTA_TUPLE_ORIG], 0)
    protocol = attributes(original[uapi.CTA_TUPLE_PROTO], 0)
    if protocol[uapi.CTA_PROTO_NUM][0] != socket.IPPROTO_UDP:
        return False
    if dport is not None and protocol[uapi.CTA_PROTO_DST_PORT] != dport.to_bytes(2, "big"):
        return False
    if destination is not None:
        address = attributes(original[uapi.CTA_TUPLE_IP], 0)[_CTA_IP_DST[family]]
        if address != destination.packed:
            return False
    if endpoint is None:
        return True
    status = int.from_bytes(flow[uapi.CTA_STATUS], "big")
    return bool(status & uapi.IPS_DST_NAT) and _reply_source(flow) == endpoint.packed


def _identifying_attributes(flow: dict[int, bytes]) -> bytes:
    """Return the attributes that identify this flow, encoded. They include its id, because a later
    flow may have the same addresses."""
    parts = (
        (uapi.CTA_TUPLE_ORIG | uapi.NLA_F_NESTED, uapi.CTA_TUPLE_ORIG),
        (uapi.CTA_ID, uapi.CTA_ID),
        (uapi.CTA_ZONE,) * 2,
    )
    return b"".join(attribute(kind, flow[key]) for kind, key in parts if key in flow)
