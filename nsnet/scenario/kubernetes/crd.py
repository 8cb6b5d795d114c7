"""Fields of Gateway API with their patterns and limits, and the API server's messages.

Source: kubernetes-sigs/gateway-api, config/crd/standard, v1.6.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator

from nsnet.scenario.field_errors import duplicate, invalid
from nsnet.scenario.fields import Number

GROUP: Final = "gateway.networking.k8s.io"
LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
DOMAIN: Final = rf"{LABEL}(\.{LABEL})*"
_TOKEN: Final = r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$"
Value = TypeVar("Value")
Items = TypeVar("Items", bound=Sequence[Any])


def text(pattern: str = "", least: int = 1, most: int = 253) -> AfterValidator:
    """Return a validator of texts of `least` to `most` characters that match the pattern."""

    def check(value: str) -> str:
        if len(value) > most:
            raise ValueError(f"Too long: may not be more than {most} bytes")
        if len(value) < least:
            raise ValueError(invalid(value, f"should be at least {least} chars long"))
        if not value.isprintable():  # else a header's value could contain another header
            raise ValueError(invalid(value, "may not contain control characters"))
        if pattern and not re.search(pattern, value):
            raise ValueError(invalid(value, f"should match '{pattern}'"))
        return value

    return AfterValidator(check)


def between(least: int, most: int) -> AfterValidator:
    def check(value: int) -> int:
        if value < least:
            raise ValueError(invalid(value, f"should be greater than or equal to {least}"))
        if value > most:
            raise ValueError(invalid(value, f"should be less than or equal to {most}"))
        return value

    return AfterValidator(check)


def items(most: int, least: int = 0) -> AfterValidator:
    def check(value: Items) -> Items:
        if len(value) > most:
            raise ValueError(f"Too many: {len(value)}: must have at most {most} items")
        if len(value) < least:
            raise ValueError(invalid(len(value), f"should have at least {least} items"))
        return value

    return AfterValidator(check)


def checked_by(check: Callable[[Any], Iterator[str]]) -> AfterValidator:
    """Return a validator of rules: `check` yields the message of each rule that a value breaks."""

    def validate(value: Value) -> Value:
        for message in check(value):
            raise ValueError(f"Invalid value: {message}")
        return value

    return AfterValidator(validate)


def keyed(value: Items) -> Items:
    """Return the entries of a list that is a map by their names. Raises ValueError if a name is
    repeated."""
    names = [each.name for each in value]
    for each in names:
        if names.count(each) > 1:
            raise ValueError(duplicate({"name": each}))
    return value


Domain = Annotated[str, text(rf"^{DOMAIN}$")]
Hostname = Annotated[str, text(rf"^(\*\.)?{DOMAIN}$")]
Group = Annotated[str, text(rf"^$|^{DOMAIN}$", least=0)]
Kind = Annotated[str, text(r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$", most=63)]
NamespaceName = Annotated[str, text(rf"^{LABEL}$", most=63)]
ObjectName = Annotated[str, text()]
Port = Annotated[Number, between(1, 65535)]
HeaderName = Annotated[str, text(_TOKEN, most=256)]
HeaderValue = Annotated[str, text(most=4096)]
NewPath = Annotated[str, text(least=0, most=1024)]
