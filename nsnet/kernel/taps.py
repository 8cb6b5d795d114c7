"""Taps: sockets that hear what passes all interfaces of a namespace, with the kernel's time.

See packet(7). A tap hears a frame that is sent and a frame that comes in, also one that is not for
this machine. It keeps its namespace alive, even without a name.
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
Control: TypeAlias = list[tuple[int, int, bytes]]  # what recvmsg says besides

CONTROL = 64  # bytes of it
TEST_ETHERTYPE = 0x88B5  # the type of a frame that nobody receives: for experiments
_WAITING = 1 << 23  # bytes of packets
_CLOSED_AT_ONCE = 64


def open_tap(kind: socket.SocketKind, program: Program | None = None) -> socket.socket:
    """A tap, which never waits, on the namespace in which the calling thread stands: of whole
    frames (SOCK_RAW) or of what is in them (SOCK_DGRAM), of all or of what the program keeps."""
    tap = socket.socket(socket.AF_PACKET, kind | socket.SOCK_NONBLOCK, socket.htons(uapi.ETH_P_ALL))
    if program is not None:
        code = array.array("B", b"".join(struct.pack("HBBI", *each) for each in program))
        address, length = code.buffer_info()
        attached = struct.pack("HP", length // 8, address)
        tap.setsockopt(socket.SOL_SOCKET, uapi.SO_ATTACH_FILTER, attached)
    tap.setsockopt(socket.SOL_SOCKET, uapi.SO_TIMESTAMPNS, 1)
    try:
        tap.setsockopt(socket.SOL_SOCKET, uapi.SO_RCVBUFFORCE, _WAITING)
    except PermissionError:  # root of a user namespace gets what is usual, at most
        tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WAITING)
    return tap


def timestamp(control: Control) -> int:
    """When the packet passed, in ns since 1970."""
    for level, kind, data in control:
        if (level, kind) == (socket.SOL_SOCKET, uapi.SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data)
            return int(seconds) * 1_000_000_000 + int(nanoseconds)
    return 0


def dropped(tap: socket.socket) -> int:
    """How many packets there was no room for, since this was asked last."""
    _, count = struct.unpack("II", tap.getsockopt(uapi.SOL_PACKET, uapi.PACKET_STATISTICS, 8))
    return int(count)


def await_timestamps(taps: Iterable[socket.socket], frame: bytes) -> None:
    """The kernel notes when packets pass. It begins to a moment after the first tap asks it to;
    until then a packet's time is when it was read, so that a reply can seem to come before its
    request. Raises KernelError.

    The test is a frame over lo at one of these taps (SOCK_DGRAM), which keep it; what else they
    have heard is forgotten.
    """
    for each in taps:
        try:
            until(partial(_is_timestamped, each, frame), what="captured packets carry no time")
        except TimeoutError as error:
            raise KernelError(str(error)) from error
        except OSError:  # lo is down: another namespace will do
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
    """They are closed. Each waits 13 ms for an RCU grace period, which many share."""
    with ThreadPoolExecutor(_CLOSED_AT_ONCE) as pool:
        list(pool.map(by, taps))
