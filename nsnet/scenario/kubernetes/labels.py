"""Labels, and what the API server accepts as one.

Source: k8s.io/apimachinery/pkg/util/validation/validation.go (IsQualifiedName, IsValidLabelValue),
v1.30.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator

from nsnet.scenario.field_errors import invalid
from nsnet.scenario.fields import SUBDOMAIN

_NAME: Final = r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?"
_QUALIFIED: Final = re.compile(rf"({SUBDOMAIN}/)?{_NAME}")
_VALUE: Final = re.compile(rf"({_NAME})?")
_CHARACTERS: Final = (
    "consist of alphanumeric characters, '-', '_' or '.', and must start and end with an"
    " alphanumeric character"
)
NAME_FORM: Final = f"must {_CHARACTERS} (e.g. 'MyName' or 'example.com/my-name')"


def _null_is_empty(value: object) -> object:
    # Kubernetes keeps the key: the selector {app: null} means app="". Without the key it would
    # select every pod.
    if not isinstance(value, dict) or None not in value.values():
        return value
    return {key: "" if each is None else each for key, each in value.items()}


def _check(labels: dict[str, str]) -> dict[str, str]:
    if message := label_mistake(labels):
        raise ValueError(message)
    return labels


def label_mistake(labels: Mapping[str, str]) -> str:
    """Return why the API server refuses the first wrong label, or "" if it accepts all."""
    return next(filter(None, (_mistake(*each) for each in labels.items())), "")


@lru_cache(maxsize=10_000)
def _mistake(key: str, value: str) -> str:
    """Return why the API server refuses a label, or "" if it does not."""
    if not is_qualified(key):
        return invalid(key, f"name part {NAME_FORM}")
    if len(value) > 63:
        return invalid(value, "must be no more than 63 characters")
    if not _VALUE.fullmatch(value):
        return invalid(value, f"a valid label must be an empty string or {_CHARACTERS}")
    return ""


def is_qualified(text: str) -> bool:
    """Return whether the text is a qualified name: NAME or DNS-NAME/NAME."""
    prefix, _, name = text.rpartition("/")
    return len(name) <= 63 and len(prefix) <= 253 and bool(_QUALIFIED.fullmatch(text))


Texts = Annotated[dict[str, str], BeforeValidator(_null_is_empty)]
Labels = Annotated[Texts, AfterValidator(_check)]
