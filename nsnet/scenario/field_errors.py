"""The API server's messages for fields that it refuses, which kubectl prints.

Source: k8s.io/apimachinery/pkg/util/validation/field/errors.go, v1.30.
"""

import json
from collections.abc import Sequence
from typing import Final, TypeAlias

Refusal: TypeAlias = tuple[str, str]  # the path of a field that is refused, and the reason

_SHOWN: Final = 80  # characters of a value


def invalid(value: object, reason: str) -> str:
    """Return the message for a value that is refused."""
    return f"Invalid value: {_shown(value)}: {reason}"


def required(advice: str = "") -> str:
    """Return the message for a field that is missing."""
    return f"Required value: {advice}" if advice else "Required value"


def duplicate(value: object) -> str:
    """Return the message for a value that another entry has."""
    return f"Duplicate value: {_shown(value)}"


def unsupported(value: object, supported: Sequence[str]) -> str:
    """Return the message for a value that is none of those that the field can have."""
    values = ", ".join(map(json.dumps, supported))
    return f"Unsupported value: {_shown(value)}: supported values: {values}"


def forbidden(reason: str) -> str:
    """Return the message for a field that may not be set."""
    return f"Forbidden: {reason}"


def _shown(value: object) -> str:
    """Return the value as JSON, without control characters, shortened if it is long."""
    text = json.dumps(value, default=str, separators=(",", ":"))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 20]}…{text[-20:]}"
