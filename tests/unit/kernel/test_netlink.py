"""How netlink messages are packed, taken apart and sent in batches."""

import struct

import pytest

from nsnet.kernel import netlink, uapi
from nsnet.kernel.netlink import attribute, attributes, packed


@pytest.mark.parametrize("value", [b"", b"\1", b"four", b"five5"])
def test_an_attribute_is_read_back_and_padded_to_four_bytes(value: bytes) -> None:
    data = attribute(7, value) + attribute(8, b"next")
    assert len(data) % 4 == 0
    assert attributes(data, 0) == {7: value, 8: b"next"}


def test_a_nested_attribute_is_found_by_its_type() -> None:
    data = attribute(uapi.NLA_F_NESTED | 3, attribute(1, b"\2"))
    assert attributes(attributes(data, 0)[3], 0) == {1: b"\2"}


def test_of_a_repeated_attribute_the_last_counts() -> None:
    assert attributes(attribute(1, b"a") + attribute(1, b"b"), 0) == {1: b"b"}


def test_broken_attributes_end_the_list() -> None:
    assert attributes(attribute(1, b"a") + struct.pack("=HH", 0, 2), 0) == {1: b"a"}


def test_a_request_has_its_length_type_and_flags_in_front() -> None:
    message = packed(uapi.RTM_GETLINK, b"body", uapi.NLM_F_ACK)
    assert message[16:] == b"body"
    assert struct.unpack_from("=IHH", message) == (20, uapi.RTM_GETLINK, 0x5)


@pytest.mark.parametrize(
    ("count", "size", "batches"),
    [
        (0, 16, []),
        (128, 16, [(0, 128)]),
        (129, 16, [(0, 128), (128, 1)]),
        (3, 1 << 15, [(0, 2), (2, 1)]),
        (2, 1 << 17, [(0, 1), (1, 1)]),  # one message may be larger than a batch
    ],
)
def test_requests_are_sent_in_batches_that_the_kernel_accepts(
    count: int, size: int, batches: list[tuple[int, int]]
) -> None:
    messages = [bytes(size)] * count
    assert [(at, len(batch)) for at, batch in netlink._batches(messages)] == batches
