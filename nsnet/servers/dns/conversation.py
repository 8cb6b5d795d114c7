"""DNS over TCP: each message has its length before it, and a connection carries any number of them.

Source: RFC 1035, section 4.2.2; RFC 7766.
"""

from collections.abc import Callable, Iterator

from nsnet.servers.echo.conversation import Conversation
from nsnet.servers.echo.message import PREFIX

_LENGTH = 2  # bytes


class DnsConversation:
    """The conversation on one TCP connection to a DNS server. `answer` returns the answer to a
    query, or b"" if there is none yet. A client that begins as a probe does talks to `echo`: as
    lengths and ids, its first bytes would be those of a message of 28,275 bytes."""

    chunk = (
        512  # bytes that are received at a time: some 20 queries, so that other clients wait less
    )

    def __init__(self, answer: Callable[[bytes], bytes], echo: Conversation) -> None:
        self._answer = answer
        self._echo = echo
        self._unread = bytearray()
        self._is_probe: bool | None = None

    @property
    def ended(self) -> bool:
        """Whether all bytes that arrive are discarded."""
        return self._echo.ended

    def receive(self, data: bytes) -> bytes:
        """Return the answers to the queries that these bytes complete."""
        if self._is_probe:
            return self._echo.receive(data)
        self._unread += data
        beginning = bytes(self._unread[: len(PREFIX)])
        if self._is_probe is None and PREFIX.startswith(beginning):
            if beginning != PREFIX:
                return b""
            self._is_probe = True
            return self._echo.receive(bytes(self._unread))
        self._is_probe = False
        answers = map(self._answer, self._queries())
        return b"".join(framed(each) for each in answers if each)

    def _queries(self) -> Iterator[bytes]:
        while len(self._unread) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._unread[:_LENGTH], "big")
            if len(self._unread) < end:
                return
            query = bytes(self._unread[_LENGTH:end])
            del self._unread[:end]
            yield query


def framed(message: bytes) -> bytes:
    """Return a message with its length before it."""
    return len(message).to_bytes(_LENGTH, "big") + message
