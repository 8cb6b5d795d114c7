"""The value of a YAML scalar without quotes, as Kubernetes reads it.

This is YAML 1.1 as in go-yaml v2 (resolve.go of sigs.k8s.io/yaml): `yes` and `on` are booleans,
0080 is a number, but dates and 12:30 are text. Unlike there, `y` and `n` are text: they are used as
names and labels, which may not be booleans.
"""

import math
import re
from functools import lru_cache
from typing import Final

WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES"), True),
    **dict.fromkeys(("on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO"), False),
    **dict.fromkeys(("off", "Off", "OFF"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
NUMERIC: Final = frozenset("+-.0123456789")  # a number starts with one of these
INTEGER: Final = re.compile(
    r"[-+]?(0[bB][01]{1,64}|0[xX][0-9a-fA-F]{1,16}|0[oO]?[0-7]{1,22}|[1-9][0-9]{0,40}|0)"
)
FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
EXPONENT: Final = 1e21  # from here on, JSON of Go has an exponent


@lru_cache(maxsize=10_000)
def plain(text: str) -> object:
    """Return the value of an unquoted scalar: None, a boolean, a number, or the text itself."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMERIC:
        return text
    digits = text if text[0] == "." else text.replace("_", "")  # 1_000 is 1000
    if number := INTEGER.fullmatch(digits):
        octal = number[1][0] == "0" and number[1][1:].isdecimal()
        return int(digits, 8 if octal else 0)
    if not FLOAT.fullmatch(digits):
        return text
    value = float(digits)
    # As kubectl writes JSON: 80.0 is 80, which fits a whole number.
    return int(value) if value.is_integer() and abs(value) < EXPONENT else value


def key_of(text: str) -> str | None:
    """Return an unquoted key as text: "true" for `on`, "80" for 80. Return None if it is null."""
    if text not in WORDS and text[0] not in NUMERIC:
        return text
    value = plain(text)
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case float() if math.isfinite(value):
            return f"{value:g}"
        case float():
            return f"{'-' if value < 0 else ''}.{'nan' if math.isnan(value) else 'inf'}"
        case _:
            return str(value)
