"""The fields that Kubernetes objects share: metadata, labels, names, ports and addresses.

Keys that nsnet does not need are ignored. Field names and meanings are those of the Kubernetes API
reference, v1.30.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    model_validator,
)
from pydantic.alias_generators import to_camel

from nsnet.scenario.field_errors import invalid
from nsnet.scenario.kubernetes.labels import Labels, Texts
from nsnet.scenario.kubernetes.names import Label, Subdomain
from nsnet.text import nearest, printable

NO_LETTER: Final = "must contain at least one letter (a-z)"  # of the name of a port


class Lenient(BaseModel):
    """A mapping of which nsnet reads some keys. A key that is null is treated as absent.

    `unread`: the names of all other keys that the API has, if nsnet knows them: then a key that is
    spelled nearly like one of the API, or belongs one level deeper, is a mistake.
    """

    unread: ClassVar[str | None] = None

    model_config = ConfigDict(extra="ignore", frozen=True, alias_generator=to_camel)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        for key in data:
            if meant := _meant(cls, key):
                raise ValueError(f'unknown field "{printable(key)}"; did you mean {meant}?')
        if None not in data.values():
            return data
        return {key: value for key, value in data.items() if value is not None}


def _names(model: type[Lenient]) -> list[str]:
    """Return the names of the fields that nsnet reads, as the API has them."""
    return [field.alias or name for name, field in model.model_fields.items()]


@lru_cache(maxsize=10_000)
def _meant(model: type[Lenient], key: str) -> str:
    """Return the field that the author of an unknown key seems to mean, or "".

    It differs in letter case, '_' or '-' (no two fields of Kubernetes differ in this alone, so the
    API server does not know the key). Of a mapping whose fields are all known, it may also be
    spelled nearly so, or be a field of one of the mappings in it.
    """
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    if key in fields:
        return ""
    plain = re.sub("[_-]", "", key).casefold()
    if same := next((name for name in fields if name.casefold() == plain), ""):
        return same
    if model.unread is None or key in model.unread.split():
        return ""
    for name, field in fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Lenient) and key in _names(inner):
            return f"{name}.{key}"
    alike = [
        name
        for name in (*fields, *model.unread.split())
        if name[:1] == key[:1] and abs(len(name) - len(key)) <= 2
    ]
    return nearest(key, alike, likeness=0.82)


def zero_means(default: object) -> BeforeValidator:
    """Return a validator that replaces "" and 0 by `default`.

    Kubernetes' fields that are no pointers cannot be absent: their zero value means "not set".
    """
    return BeforeValidator(
        lambda value: default if value == "" or (type(value) is int and value == 0) else value
    )


def check_port(value: int) -> int:
    """Return the number if it is one of a socket. Raises ValueError, as the API server says it."""
    if not 1 <= value <= 65535:
        raise ValueError(invalid(value, "must be between 1 and 65535, inclusive"))
    return value


def port_name_mistakes(name: str) -> Iterator[str]:
    """Yield each reason why a container's port cannot have this name (IsValidPortName)."""
    if len(name) > 15:
        yield "must be no more than 15 characters"
    if not re.fullmatch(r"[-a-z0-9]+", name):
        yield "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)"
    if not re.search(r"[a-z]", name):
        yield NO_LETTER
    if "--" in name:
        yield "must not contain consecutive hyphens"
    if name.startswith("-") or name.endswith("-"):
        yield "must not begin or end with a hyphen"


PortNumber = Annotated[int, Field(strict=True), AfterValidator(check_port)]
PortProtocol = Annotated[Literal["SCTP", "TCP", "UDP"], zero_means("TCP")]


class OwnerReference(Lenient):
    """An object that owns this one. `controller`: it is the one that manages it."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    controller: StrictBool = False


# The end of a name that is still to be generated. Kubernetes' random ends have no zeros.
UNNAMED: Final = "00000"


def _unnamed(prefix: str) -> str:
    return prefix[: 63 - len(UNNAMED)] + UNNAMED


class ObjectMeta(Lenient):
    """The metadata of an object.

    The name of an object that has only a generateName ends in UNNAMED until it is generated.
    """

    unread = (
        "clusterName creationTimestamp deletionGracePeriodSeconds finalizers generation"
        " managedFields resourceVersion selfLink uid"
    )

    name: Subdomain
    generate_name: str = ""
    namespace: Annotated[Label, zero_means("default")] = "default"
    labels: Texts = {}  # wrong ones are a warning (scenario.objects)
    annotations: Texts = {}
    deletion_timestamp: str | None = None
    owner_references: tuple[OwnerReference, ...] = ()

    @property
    def is_unnamed(self) -> bool:
        """Whether the name is still to be generated."""
        return bool(self.generate_name) and self.name == _unnamed(self.generate_name)

    @model_validator(mode="before")
    @classmethod
    def _with_name(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("name"):
            return data
        prefix = data.get("generateName")
        if not isinstance(prefix, str) or not prefix:
            return data
        return {**data, "name": _unnamed(prefix)}


class AgedMeta(ObjectMeta):
    """The metadata of an object of a kind of which the older one of two has precedence."""

    creation_timestamp: str = ""

    def age(self, number: int) -> tuple[str, str, str, int]:
        """Return a key by which the older object comes first. Objects that were read from a cluster
        have the time of their creation, and are older than the others, which have a `number`: their
        place in the files."""
        if self.creation_timestamp:
            return self.creation_timestamp, self.namespace, self.name, number
        return "~", "", "", number


class TemplateMeta(Lenient):
    """The labels and annotations of a workload's pods."""

    unread = f"{ObjectMeta.unread} deletionTimestamp generateName name namespace ownerReferences"

    labels: Labels = {}
    annotations: Texts = {}
