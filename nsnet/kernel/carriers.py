"""The carrier of links.

A link whose other end is down has no carrier. The kernel tells ARP and routing of a change up to a
second later (net/core/link_watch.c). It then flushes the neighbours of the link, and silently drops
the packets that wait for one of them.
"""

import socket
import struct
from typing import Final

from nsnet.kernel import netns, uapi
from nsnet.kernel.netlink import Socket, packed

_IFINFOMSG: Final = struct.Struct("=BxHiII")


def settle(name: str) -> None:
    """Make the kernel act now on every change of a carrier in the namespace. It does so when it is
    asked for a single link (since Linux 6.8)."""
    with netns.inside(name), Socket() as asked:
        for index, _ in socket.if_nameindex():
            asked.ask(packed(uapi.RTM_GETLINK, _IFINFOMSG.pack(0, 0, index, 0, 0)))
