"""Taps: packet sockets that receive every frame on all interfaces of a namespace, with the kernel's
timestamps.

See packet(7). A tap receives outgoing and incoming frames, also incoming ones that are addressed to
another machine. While a tap is open, its namespace exists, even if the namespace's name was
deleted.
"""

import array
import socket
import struct
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TypeAlias

from nsnet.errors import KernelError
from nsnet.kernel import uapi
from nsnet.kernel.processes import until

Program: TypeAlias = list[tuple[int, int, int, int]]  # classic BPF: code, jumps, operand
Control: TypeAlias = list[tuple[int, int, bytes]]  # ancillary data of recvmsg

CONTROL = 64  # bytes of ancillary data
TEST_ETHERTYPE = 0x88B5  # IEEE 802: for local experiments; no protocol receives it
_WAITING = 1 << 23  # bytes of packets
_CLOSED_AT_ONCE = 64


def open_tap(kind: socket.SocketKind, program: Program | None = None) -> socket.socket:
    """Open a non-blocking tap on the calling thread's namespace.

    The tap receives whole frames (SOCK_RAW), or only the payloads of frames (SOCK_DGRAM). With a
    BPF program, it receives only what the program accepts.
    """
    tap = socket.socket(socket.AF_PACKET, kind | socket.SOCK_NONBLOCK, socket.htons(uapi.ETH_P_ALL))
    if program is not None:
        code = array.array("B", b"".join(struct.pack("HBBI", *each) for each in program))
        address, length = code.buffer_info()
        attached = struct.pack("HP", length // 8, address)
        tap.setsockopt(socket.SOL_SOCKET, uapi.SO_ATTACH_FILTER, attached)
    tap.setsockopt(socket.SOL_SOCKET, uapi.SO_TIMESTAMPNS, 1)
    try:
        tap.setsockopt(socket.SOL_SOCKET, uapi.SO_RCVBUFFORCE, _WAITING)
    except PermissionError:  # root of a user namespace: net.core.rmem_max is the limit
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WAITING)
    return tap


def timestamp(control: Control) -> int:
    """Return when the packet passed, in nanoseconds since 1970. Return 0 if the packet has no
    timestamp."""
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_SOCKET, uapi.SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return 0


def dropped(tap: socket.socket) -> int:
    """Return how many packets the tap has dropped since the last call because its buffer was
    full."""
    _, count = struct.unpack("II", tap.getsockopt(uapi.SOL_PACKET, uapi.PACKET_STATISTICS, 8))
    return int(count)


def await_timestamps(taps: Iterable[socket.socket], frame: bytes) -> None:
    """Wait until the kernel timestamps packets as they pass. Raises KernelError if that takes more
    than five seconds.

    The kernel begins a moment after a first socket has requested timestamps. Until then, a packet
    has the time at which it is read, so that a reply can seem to precede its request. To see
    whether the kernel has begun, the frame is sent over lo in the namespace of one tap
    (SOCK_DGRAM). What that tap has received by then is discarded.
    """
    for each in taps:
        try:
            until(
                partial(_is_timestamped, each, frame),
                what="captured packets have no kernel timestamp",
            )
        except TimeoutError as error:
            raise KernelError(str(error)) from error
        except OSError:  # lo is down there: try the next namespace
            continue
        return


def _is_timestamped(tap: socket.socket, frame: bytes) -> bool:
    tap.sendto(frame, ("lo", TEST_ETHERTYPE))
    now = time.time_ns()
    with suppress(BlockingIOError):
        while True:
            _, control, _, _ = tap.recvmsg(0, CONTROL)
            if timestamp(control) < now:
                return True
    return False


def close(taps: Iterable[socket.socket], by: Callable[[socket.socket], None]) -> None:
    """Close the taps in parallel, each by calling `by` with it. A close waits 13 ms for an RCU
    grace period, and many closes can wait for the same grace period."""
    with ThreadPoolExecutor(_CLOSED_AT_ONCE) as pool:
        list(pool.map(by, taps))
