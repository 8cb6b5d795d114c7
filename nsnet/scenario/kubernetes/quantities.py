"""Quantities, such as 500m or 1.5Gi.

Source: k8s.io/apimachinery/pkg/api/resource/quantity.go, v1.32.
"""

import re
from fractions import Fraction
from typing import Annotated, Final

from pydantic import PlainValidator

_FORM: Final = r"^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$"
_PARTS: Final = re.compile(
    r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+))(?:([eE][+-]?[0-9]{1,3})|([KMGTPE]i|[numkMGTPE]))?"
)
_BINARY: Final = {f"{each}i": Fraction(1024) ** power for power, each in enumerate("KMGTPE", 1)}
_DECIMAL: Final = {
    each: Fraction(1000) ** power for power, each in zip(range(-3, 7), "num kMGTPE", strict=True)
}


def parse_quantity(value: object) -> Fraction:
    """Return the number that a quantity stands for. Raises ValueError in the API server's words."""
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    if isinstance(text, str) and (found := _PARTS.fullmatch(text)):
        number, exponent, suffix = found.groups()
        return Fraction(f"{number}{exponent or ''}") * {**_BINARY, **_DECIMAL}.get(suffix, 1)
    raise ValueError(f"quantities must match the regular expression '{_FORM}'")


Quantity = Annotated[Fraction, PlainValidator(parse_quantity)]
