"""A netlink socket of one namespace: many requests in one send, a whole table in one dump.

The kernel works through a send before sendmsg(2) returns, so every answer is there by then and
nothing here ever waits. Standard library only: what is in a message, pyroute2's classes encode and
decode; where a few bytes do (`packed`, `attribute`, `attributes`), importing them would cost more.
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
_BATCH = 128  # so many refusals fit in a receive buffer of the default size
_BATCH_BYTES = 1 << 16
_RECEIVE = 1 << 17


class Refusal(NamedTuple):
    """Why the kernel refused a request: the error number, and its own words where it has any."""

    errno: int
    text: str

    def __str__(self) -> str:
        return self.text or os.strerror(self.errno)


class Answer(NamedTuple):
    """One message of an answer, header included: pyroute2's classes decode `data`."""

    kind: int
    flags: int
    sequence: int
    data: bytes


def encoded(message: Any, kind: int, flags: int = 0) -> bytes:
    """A pyroute2 message as the bytes of a request of this kind (RTM_…), NLM_F_REQUEST included."""
    message["header"]["type"] = kind
    message["header"]["flags"] = uapi.NLM_F_REQUEST | flags
    message.encode()
    return bytes(message.data)


def packed(kind: int, body: bytes, flags: int = 0) -> bytes:
    """A request of this kind, NLM_F_REQUEST included, whose body is bytes already."""
    return _HEADER.pack(_HEADER.size + len(body), kind, uapi.NLM_F_REQUEST | flags, 0, 0) + body


def nfgenmsg(family: int = socket.AF_UNSPEC) -> bytes:
    """The head of the body of a request to netfilter (struct nfgenmsg): for tables of this family,
    or of all."""
    return struct.pack("=BBH", family, 0, 0)


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute of a message, or a nest of several."""
    length = _ATTRIBUTE.size + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + bytes(_aligned(length) - length)


class Socket:
    """Belongs for good to the namespace in which the calling thread stood when it was opened."""

    def __init__(self, protocol: int = socket.NETLINK_ROUTE) -> None:
        self._socket = socket.socket(
            socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol
        )
        self._sequence = count(1)
        # Refusals come with words, and without the request they refuse.
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
        """Give the descriptor back; no error the second time."""
        self._socket.close()

    def send(self, messages: Sequence[bytes]) -> dict[int, Refusal]:
        """Every request has been carried out in order, but for the refused ones: {position: why}.

        A refusal does not stop the requests after it. Raises OSError where the answers are lost.
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
        """The one message that answers this request. Raises OSError with the kernel's words."""
        number = next(self._sequence)
        self._socket.sendall(_numbered(message, number, last=False))
        for answer in self._pending():
            if answer.sequence == number:
                _raise(answer)
                return answer.data
        raise OSError(errno.ENODATA, os.strerror(errno.ENODATA), "netlink")

    def dump(self, message: bytes) -> list[bytes]:
        """Every entry of the table that this request names. Raises OSError as `ask` does."""
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
        """The rest of a dump; None where the table changed meanwhile: entries may be missing."""
        entries: list[bytes] = []
        whole = True
        while True:
            # A dump's next part is made when the part before it is received: there is always one.
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
    """The attributes (type: value) from `offset` on; where a type stands twice, the last of it."""
    found = {}
    while offset + _ATTRIBUTE.size <= len(data):
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size:
            break
        found[kind & uapi.NLA_TYPE_MASK] = data[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(length)
    return found


def _batches(messages: Sequence[bytes]) -> Iterator[tuple[int, Sequence[bytes]]]:
    """The requests in sends the kernel accepts, each with the position of its first."""
    start = size = 0
    for position, message in enumerate(messages):
        if position > start and (position - start == _BATCH or size + len(message) > _BATCH_BYTES):
            yield start, messages[start:position]
            start, size = position, 0
        size += len(message)
    if start < len(messages):
        yield start, messages[start:]


def _numbered(message: bytes, number: int, *, last: bool) -> bytes:
    """The request with its sequence number; where all is well only a send's last is answered."""
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
    """What an error message says; None from an acknowledgement and the good end of a dump."""
    code = -struct.unpack_from("=i", answer.data, _HEADER.size)[0]
    if not code:
        return None
    # An error quotes the header of its request before the attributes; the end of a dump does not.
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
