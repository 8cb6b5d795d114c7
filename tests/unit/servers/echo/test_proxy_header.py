"""PROXY headers, version 2, byte by byte."""

import pytest

from nsnet.servers.echo import proxy_header

HEAD = b"\r\n\r\n\0\r\nQUIT\n"
IPV4 = b"\x0a\xf4\0\2" + b"\x0a\0\0\1" + b"\x12\x67" + b"\0\x50"
IPV6 = bytes(15) + b"\1" + bytes(15) + b"\2" + b"\x12\x67" + b"\0\x50"


@pytest.mark.parametrize(
    ("header", "length", "client"),
    [
        (HEAD + b"\x21\x11\0\x0c" + IPV4, 28, ("10.244.0.2", 4711)),
        (HEAD + b"\x21\x21\0\x24" + IPV6, 52, ("::1", 4711)),
        (HEAD + b"\x21\x11\0\x0f" + IPV4 + b"\4\0\0", 31, ("10.244.0.2", 4711)),  # more may follow
        (HEAD + b"\x20\x11\0\x0c" + IPV4, 28, None),  # LOCAL: the proxy's own connection
        (HEAD + b"\x21\0\0\0", 16, None),  # of no family
        (HEAD + b"\x21\x11\0\2\0\0", 18, None),  # too short for addresses
    ],
)
def test_a_header_names_the_client(
    header: bytes, length: int, client: tuple[str, int] | None
) -> None:
    assert proxy_header.length(header + b"GET /") == length
    assert proxy_header.client(header) == client


def test_the_length_is_unknown_until_the_fixed_part_is_there() -> None:
    header = HEAD + b"\x21\x11\0\x0c"
    assert [proxy_header.length(header[:end]) for end in (0, 12, 15, 16)] == [None, None, None, 28]
