"""A netlink socket of one namespace. It sends many requests by one system call, and reads a whole
table in one dump.

The kernel processes all requests of a send before sendmsg(2) returns. Every answer is in the
receive buffer by then, so nothing here waits.

This module needs no package beyond the standard library. Large messages are encoded and decoded by
pyroute2's classes, elsewhere. Small ones are encoded and decoded by `packed`, `attribute` and
`attributes`, because importing pyroute2 takes longer than the work itself.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from itertools import count
from types import TracebackType
from typing import Any, NamedTuple, Self

from nsnet.kernel import uapi

_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence number, port id
_FLAGS_AND_SEQUENCE = struct.Struct("=HI")
_ATTRIBUTE = struct.Struct("=HH")
_BATCH = 128  # requests; as many refusals fit in a receive buffer of the default size
_BATCH_BYTES = 1 << 16
_RECEIVE = 1 << 17


class Refusal(NamedTuple):
    """Why the kernel refused a request: the error number, and the kernel's message if it has
    one."""

    errno: int
    text: str

    def __str__(self) -> str:
        return self.text or os.strerror(self.errno)


class Answer(NamedTuple):
    """One message of the kernel's answer. `data` includes the netlink header, as pyroute2's classes
    expect."""

    kind: int
    flags: int
    sequence: int
    data: bytes


def encoded(message: Any, kind: int, flags: int = 0) -> bytes:
    """Return a pyroute2 message, encoded as a request of this type (RTM_…) with these flags and
    NLM_F_REQUEST."""
    message["header"]["type"] = kind
    message["header"]["flags"] = uapi.NLM_F_REQUEST | flags
    message.encode()
    return bytes(message.data)


def packed(kind: int, body: bytes, flags: int = 0) -> bytes:
    """Return a request of this type with this body, these flags and NLM_F_REQUEST."""
    return _HEADER.pack(_HEADER.size + len(body), kind, uapi.NLM_F_REQUEST | flags, 0, 0) + body


def nfgenmsg(family: int = socket.AF_UNSPEC) -> bytes:
    """Return the header with which the body of a netfilter request begins (struct nfgenmsg). The
    request is for the tables of this address family; AF_UNSPEC stands for all families."""
    return struct.pack("=BBH", family, 0, 0)


def attribute(kind: int, value: bytes) -> bytes:
    """Return one attribute of a message, encoded. Its value may consist of nested attributes."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(_aligned(length) - length)


class Socket:
    """A netlink socket. It belongs to the namespace in which the calling thread is when it opens
    the socket."""

    def __init__(self, protocol: int = socket.NETLINK_ROUTE) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol
        )
        self._sequence = count(1)
        # Refusals contain the kernel's message, and no copy of the request.
        self._socket.setsockopt(uapi.SOL_NETLINK, uapi.NETLINK_EXT_ACK, 1)
        self._socket.setsockopt(uapi.SOL_NETLINK, uapi.NETLINK_CAP_ACK, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket. Closing it twice is no error."""
        self._socket.close()

    def send(self, messages: Sequence[bytes]) -> dict[int, Refusal]:
        """Send the requests in order. Return the kernel's refusals, by the position of the refused
        request.

        After a refused request, the next ones are still carried out. Raises OSError if answers are
        lost.
        """
        refused: dict[int, Refusal] = {}
        for start, batch in _batches(messages):
            first = next(self._sequence)
            numbers = [first, *(next(self._sequence) for _ in batch[1:])]
            packet = bytearray()
            for number, message in zip(numbers, batch, strict=True):
                packet += _numbered(message, number, last=number == numbers[-1])
            self._socket.sendall(packet)
            finished = False
            for answer in self._pending():
                if answer.kind == uapi.NLMSG_ERROR and answer.sequence >= first:
                    finished |= answer.sequence == numbers[-1]
                    if refusal := _refusal(answer):
                        refused[start + answer.sequence - first] = refusal
            if not finished:
                raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS), "netlink")
        return refused

    def ask(self, message: bytes) -> bytes:
        """Send a request that has one message as its answer, and return this message. Raises
        OSError with the kernel's message."""
        number = next(self._sequence)
        self._socket.sendall(_numbered(message, number, last=False))
        for answer in self._pending():
            if answer.sequence == number:
                _raise(answer)
                return answer.data
        raise OSError(errno.ENODATA, os.strerror(errno.ENODATA), "netlink")

    def dump(self, message: bytes) -> list[bytes]:
        """Return every entry of the table that this request names. Raises OSError with the kernel's
        message, or if the table changes during each of ten attempts."""
        for _ in range(10):
            number = next(self._sequence)
            request = bytearray(_numbered(message, number, last=False))
            flags = _HEADER.unpack_from(request)[2] | uapi.NLM_F_DUMP
            _FLAGS_AND_SEQUENCE.pack_into(request, 6, flags, number)
            self._socket.sendall(request)
            entries = self._entries(number)
            if entries is not None:
                return entries
        raise OSError(errno.EINTR, "the table kept changing while it was read", "netlink")

    def _entries(self, number: int) -> list[bytes] | None:
        """Return the entries of the dump with this sequence number. Return None if the table
        changed during the dump, because entries may be missing."""
        entries: list[bytes] = []
        whole = True
        while True:
            # The kernel prepares the next part of a dump when this one is received: recv() never
            # blocks.
            for answer in _split(self._socket.recv(_RECEIVE)):
                if answer.sequence != number:
                    continue
                whole &= not answer.flags & uapi.NLM_F_DUMP_INTR
                _raise(answer)
                if answer.kind == uapi.NLMSG_DONE:
                    return entries if whole else None
                entries.append(answer.data)

    def _pending(self) -> Iterator[Answer]:
        while True:
            try:
                data = self._socket.recv(_RECEIVE, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            yield from _split(data)


def attributes(data: bytes, offset: int) -> dict[int, bytes]:
    """Return the values of the attributes in `data` from `offset` on, by type. If a type is
    repeated, its last value counts."""
    found = {}
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size:
            break
        found[kind & uapi.NLA_TYPE_MASK] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(length)
    return found


def _batches(messages: Sequence[bytes]) -> Iterator[tuple[int, Sequence[bytes]]]:
    """Split the requests into batches that the kernel accepts. Yield each batch, preceded by the
    position of its first request."""
    start = size = 0
    for position, message in enumerate(messages):
        if position > start and (position - start == _BATCH or size + len(message) > _BATCH_BYTES):
            yield start, messages[start:position]
            start, size = position, 0
        size += len(message)
    if start < len(messages):
        yield start, messages[start:]


def _numbered(message: bytes, number: int, *, last: bool) -> bytes:
    """Return the request with this sequence number. Only the last request of a send asks for an
    acknowledgement; the kernel answers the others only to refuse them."""
    numbered = bytearray(message)
    numbered += bytes(_aligned(len(message)) - len(message))
    flags = _HEADER.unpack_from(numbered)[2] & ~uapi.NLM_F_ACK
    _FLAGS_AND_SEQUENCE.pack_into(numbered, 6, flags | (uapi.NLM_F_ACK if last else 0), number)
    return bytes(numbered)


def _split(data: bytes) -> Iterator[Answer]:
    offset = 0
    while offset < len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        yield Answer(kind, flags, sequence, data[offset : offset + length])
        offset += _aligned(length)


def _refusal(answer: Answer) -> Refusal | None:
    """Return the refusal that an error message contains. Return None for an acknowledgement, and
    for the successful end of a dump."""
    code = -struct.unpack_from("=i", answer.data, _HEADER.size)[0]
    if not code:
        return None
    # An error message repeats the header of its request before the attributes; the end of a dump
    # does not.
    offset = _HEADER.size + 4 + (_HEADER.size if answer.kind == uapi.NLMSG_ERROR else 0)
    words = b""
    if answer.flags & uapi.NLM_F_ACK_TLVS:
        words = attributes(answer.data, offset).get(uapi.NLMSGERR_ATTR_MSG, b"")
    return Refusal(code, words.rstrip(b"\0").decode(errors="replace"))


def _raise(answer: Answer) -> None:
    if answer.kind not in (uapi.NLMSG_ERROR, uapi.NLMSG_DONE):
        return
    if refusal := _refusal(answer):
        raise OSError(refusal.errno, str(refusal), "netlink")


def _aligned(length: int) -> int:
    return (length + 3) & ~3
