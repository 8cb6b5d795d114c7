"""The API server's messages for fields."""

import pytest

from nsnet.scenario.field_errors import duplicate, forbidden, invalid, required


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (invalid("80", "must be a name"), 'Invalid value: "80": must be a name'),
        (invalid(70000, "is too large"), "Invalid value: 70000: is too large"),
        (invalid(["a", "b"], "must be one"), 'Invalid value: ["a","b"]: must be one'),
        (invalid("\x1b[2J", "must be text"), 'Invalid value: "\\u001b[2J": must be text'),
        (duplicate({"port": 80}), 'Duplicate value: {"port":80}'),
        (required(), "Required value"),
        (required("at least one"), "Required value: at least one"),
        (forbidden("may not be set"), "Forbidden: may not be set"),
    ],
)
def test_the_messages_of_the_api_server(message: str, text: str) -> None:
    assert message == text


def test_a_long_value_is_shortened() -> None:
    message = invalid("a" * 1000 + "end", "is too long")
    assert message.endswith('end": is too long')
    assert len(message) < 120
