"""Values of YAML scalars without quotes."""

import math

import pytest

from nsnet.scenario.scalars import key_of, plain


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("0x1F", 31),
        ("0b101", 5),
        ("0o17", 15),
        ("017", 15),
        ("0X1f", 31),
        ("0080", 80),  # 8 is not an octal digit
        ("0012e4", 120000),  # even if it is from a hash
        ("1_000", 1000),
        ("12.5", 12.5),
        (".5", 0.5),
        ("00.5", 0.5),
        ("1e3", 1000),
        ("80.0", 80),
        ("1e21", 1e21),
        ("9" * 5000, math.inf),
        ("-.inf", -math.inf),
        ("12:30", "12:30"),  # not 750
        ("2024-05-01", "2024-05-01"),  # not a date
        ("10.0.0.1", "10.0.0.1"),
        ("yes", True),
        ("Off", False),
        ("y", "y"),  # a boolean in go-yaml
        ("N", "N"),
        ("+_", "+_"),
        ("~", None),
        ("", None),
        ("None", "None"),
    ],
)
def test_the_value_of_a_scalar_without_quotes(written: str, read: object) -> None:
    found = plain(written)
    assert (type(found), found) == (type(read), read)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("app", "app"),
        ("on", "true"),
        ("off", "false"),
        ("80", "80"),
        ("0x10", "16"),
        ("1.0", "1"),
        ("1e21", "1e+21"),
        ("-.Inf", "-.inf"),
        (".NaN", ".nan"),
        ("10.0.0.1", "10.0.0.1"),
        ("~", None),
        ("", None),
    ],
)
def test_the_text_of_a_key_without_quotes(written: str, read: str | None) -> None:
    assert key_of(written) == read
