"""The value of a YAML scalar without quotes, as Kubernetes reads it.

This is YAML 1.1 as in go-yaml: `yes` and `on` are booleans, but dates and 12:30 are text.
"""

import re
from functools import lru_cache
from typing import Final

WORDS: Final[dict[str, object]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf"), float("inf")),
    "-.inf": float("-inf"),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
INTEGER: Final = re.compile(
    r"[-+]?(0b[01]{1,64}|0x[0-9a-fA-F]{1,16}|0o?[0-7]{1,22}|[1-9][0-9]{0,40}|0)"
)
# With a leading zero, only octal digits are a number: 0080, or a hash such as 0012e4, is text.
FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


@lru_cache(maxsize=10_000)
def plain(text: str) -> object:
    """Return the value of an unquoted scalar: None, a boolean, a number, or the text itself."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in "+-.0123456789":
        return text
    if number := INTEGER.fullmatch(text):
        octal = number[1][0] == "0" and number[1][1:].isdecimal()
        return int(text, 8 if octal else 0)
    return float(text) if FLOAT.fullmatch(text) else text
