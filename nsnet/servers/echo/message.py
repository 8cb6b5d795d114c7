"""The echo protocol: the request of a client, and the line of JSON that answers it.

    the client sends                 the server answers
    ----------------                 ------------------
    nsnet TOKEN SIZE\\n, SIZE bytes   {"server", "source", "port", "token", "size"}
    any other line                   {"server", "source", "port"}

An empty line after a request is ignored. A datagram is one request. The `size` in its answer is
the number of bytes of the body that arrived.
An ICMP echo request of a probe has the same request as its data. Only the standard library is used
here, so that the server starts in 40 ms.
"""

import json
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

PREFIX = b"nsnet "
TOKEN = 16  # bytes of a probe's token; the server accepts any length
TOKEN_HEADER = "nsnet-token"  # of HTTP requests whose path is recorded
# To an HTTP proxy, a request is the first line of a bad one. The empty line after it makes the
# proxy answer at once. A request without a body has one over TCP.
END = b"\n"
_BODY = b"x"
_SIZE_DIGITS = 15  # at most


def request(token: bytes, size: int) -> bytes:
    """Return a request with this token and a body of `size` bytes."""
    body = (END + _BODY * (size - 1)) if size else b""
    return b"%s%s %d\n%s" % (PREFIX, token, size, body)


def request_length(size: int) -> int:
    """Return the length of a probe's request in bytes, if its body has `size` bytes."""
    return len(PREFIX) + TOKEN + len(f" {size}\n") + size


def parsed_request(line: bytes) -> tuple[str, int] | None:
    """Return the token, and the size of the body that follows, if the line begins a request; None
    for any other line."""
    match line.split():
        case [word, token, size] if (
            word == PREFIX.strip() and size.isdigit() and len(size) <= _SIZE_DIGITS
        ):
            return token.decode(errors="replace"), int(size)
        case _:
            return None


def json_line(answer: dict[str, Any]) -> bytes:
    """Return one line of JSON."""
    return json.dumps(answer).encode() + b"\n"


def parsed_answer(
    answer: bytes, token: bytes
) -> tuple[str | None, IPv4Address | IPv6Address | None] | None:
    """Return the server that answered, and the source that the server saw. Return None if the
    answer has another token, and (None, None) if it is not the answer of an echo server."""
    try:
        read = json.loads(answer)
        if read["token"].encode() != token:
            return None
        return str(read["server"]), _address(read["source"])
    except (ValueError, LookupError, TypeError, AttributeError):
        return None, None


@lru_cache(maxsize=1024)
def _address(text: str) -> IPv4Address | IPv6Address:
    return ip_address(text)
