"""Conntrack's table of one namespace, by ctnetlink: what conntrack(8) lists and deletes."""

import errno
import socket
from collections.abc import Collection
from typing import Final

from nsnet.ip import Family, IPAddress
from nsnet.kernel import netns, uapi
from nsnet.kernel.netlink import Socket, attribute, attributes, nfgenmsg, packed

_CTA_IP_SRC: Final = {4: uapi.CTA_IP_V4_SRC, 6: uapi.CTA_IP_V6_SRC}
_CTA_IP_DST: Final = {4: uapi.CTA_IP_V4_DST, 6: uapi.CTA_IP_V6_DST}
_BODY = 20  # after the headers of netlink and of netfilter
_FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6}


def delete(
    family: Family, destination: IPAddress | None, dport: int | None, endpoint: IPAddress | None
) -> int:
    """The namespace in which the calling thread stands has no UDP flow that was sent to this
    address and port (None: any) and translated to this endpoint (None: or not). Returns how many
    there were.
    """
    head = nfgenmsg(_FAMILIES[family])
    with Socket(uapi.NETLINK_NETFILTER) as table:
        flows = [
            found
            for entry in table.dump(packed(uapi.IPCTNL_MSG_CT_GET, head))
            if _matches(found := attributes(entry, _BODY), family, destination, dport, endpoint)
        ]
        refused = table.send(
            [packed(uapi.IPCTNL_MSG_CT_DELETE, head + _identity(each)) for each in flows]
        )
    for refusal in refused.values():
        if refusal.errno != errno.ENOENT:  # it has ended by itself meanwhile
            raise OSError(refusal.errno, str(refusal), "conntrack")
    return len(flows) - len(refused)


def wait_for_packets_in_flight(name: str) -> None:
    """Every packet that any processor was at has been dealt with: conntrack shows a connection only
    once its first packet has passed all rules, and those may have been the old ones."""
    with netns.inside(name):
        # packet_release() waits for a grace period of RCU.
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()


def has_half_open(name: str, endpoints: Collection[IPAddress]) -> bool:
    """A TCP connection through this namespace to one of these is asked for, and not open yet."""
    wanted = {each.packed for each in endpoints}
    with netns.inside(name), Socket(uapi.NETLINK_NETFILTER) as table:
        entries = table.dump(packed(uapi.IPCTNL_MSG_CT_GET, nfgenmsg()))
    flows = (attributes(entry, _BODY) for entry in entries)
    return any(_reply_source(each) in wanted for each in flows if _half_open(each))


def _half_open(flow: dict[int, bytes]) -> bool:
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
    """As conntrack -D -p udp [--orig-dst …] [--dport …] [--dst-nat …] chooses."""
    asked = attributes(flow[uapi.CTA_TUPLE_ORIG], 0)
    protocol = attributes(asked[uapi.CTA_TUPLE_PROTO], 0)
    if protocol[uapi.CTA_PROTO_NUM][0] != socket.IPPROTO_UDP:
        return False
    if dport is not None and protocol[uapi.CTA_PROTO_DST_PORT] != dport.to_bytes(2, "big"):
        return False
    if destination is not None:
        address = attributes(asked[uapi.CTA_TUPLE_IP], 0)[_CTA_IP_DST[family]]
        if address != destination.packed:
            return False
    if endpoint is None:
        return True
    status = int.from_bytes(flow[uapi.CTA_STATUS], "big")
    return bool(status & uapi.IPS_DST_NAT) and _reply_source(flow) == endpoint.packed


def _identity(flow: dict[int, bytes]) -> bytes:
    """What names this flow and no other: a later one of the same addresses has another id."""
    parts = (
        (uapi.CTA_TUPLE_ORIG | uapi.NLA_F_NESTED, uapi.CTA_TUPLE_ORIG),
        (uapi.CTA_ID, uapi.CTA_ID),
        (uapi.CTA_ZONE,) * 2,
    )
    return b"".join(attribute(kind, flow[key]) for kind, key in parts if key in flow)
