"""The inside of pods: variables, the ConfigMaps and Secrets with their values, and names."""

import base64
import binascii
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StrictBool

from nsnet.scenario.kubernetes.fields import Lenient, ObjectMeta
from nsnet.scenario.kubernetes.labels import Texts
from nsnet.scenario.kubernetes.quantities import Quantity


def _hidden(value: Any) -> Any:
    """Return a mapping of texts unchanged. Raises ValueError, without a value, if it is none: the
    message of pydantic would show the value."""
    if not isinstance(value, dict):
        raise ValueError("expected a mapping")
    for key, each in value.items():
        if each is not None and not isinstance(each, str):
            raise ValueError(f"{key}: expected text; put it in quotes")
    return value


def _base64(value: Mapping[str, str]) -> Mapping[str, str]:
    for key, each in value.items():
        try:
            base64.b64decode(each.translate(_LINE_ENDS), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"{key}: illegal base64 data") from None
    return value


_LINE_ENDS: Final = {ord("\r"): None, ord("\n"): None}  # which Go ignores in base64
Encoded = Annotated[Texts, BeforeValidator(_hidden), AfterValidator(_base64)]
Hidden = Annotated[Texts, BeforeValidator(_hidden)]


class ConfigMap(Lenient):
    """A ConfigMap. What is in `binaryData` cannot be a variable."""

    kind: Literal["ConfigMap"]
    metadata: ObjectMeta
    data: Texts = {}
    binary_data: Encoded = {}

    @property
    def values(self) -> Mapping[str, str]:
        """The values by key."""
        return self.data


class Secret(Lenient):
    """A Secret."""

    kind: Literal["Secret"]
    metadata: ObjectMeta
    type: str = "Opaque"
    data: Encoded = {}
    string_data: Hidden = {}

    def __repr__(self) -> str:
        return f"Secret({self.metadata.namespace}/{self.metadata.name})"

    __str__ = __repr__

    @cached_property
    def values(self) -> Mapping[str, str]:
        """The values by key, as text. Bytes that are no text are surrogates."""
        decoded = {
            key: base64.b64decode(each).decode(errors="surrogateescape")
            for key, each in self.data.items()
        }
        return {**decoded, **self.string_data}


class KeySelector(Lenient):
    """A key of a ConfigMap or a Secret."""

    name: str = ""
    key: str = ""
    optional: StrictBool = False


class FieldSelector(Lenient):
    """A field of the pod."""

    field_path: str = ""


class ResourceSelector(Lenient):
    """A resource of a container ("": the variable's own), in units of `divisor`."""

    container_name: str = ""
    resource: str = ""
    divisor: Quantity | None = None


class Resources(Lenient):
    """What a container may use at most, and what its node reserves for it."""

    limits: dict[str, Quantity] = {}
    requests: dict[str, Quantity] = {}


class EnvVarSource(Lenient):
    """Where a variable's value comes from."""

    unread = ""

    field_ref: FieldSelector | None = None
    resource_field_ref: ResourceSelector | None = None
    file_key_ref: Any = Field(default=None, repr=False)  # a volume's file, which nsnet has not
    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None


class EnvVar(Lenient):
    """A variable of a container."""

    unread = ""

    name: str = ""
    value: str = ""
    value_from: EnvVarSource | None = None


class SourceName(Lenient):
    """A ConfigMap or a Secret, by its name."""

    name: str = ""
    optional: StrictBool = False


class EnvFromSource(Lenient):
    """A ConfigMap or a Secret, each of whose keys is a variable."""

    unread = ""

    prefix: str = ""
    config_map_ref: SourceName | None = None
    secret_ref: SourceName | None = None


class DnsOption(Lenient):
    """An option of a resolver."""

    name: str = ""
    value: str | None = None


class PodDnsConfig(Lenient):
    """What a pod adds to its resolver's configuration."""

    unread = ""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[DnsOption, ...] = ()


class HostAlias(Lenient):
    """An address with its names in /etc/hosts."""

    ip: str = ""
    hostnames: tuple[str, ...] = ()
