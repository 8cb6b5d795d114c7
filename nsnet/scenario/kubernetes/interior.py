"""The inside of pods: variables, the ConfigMaps and Secrets with their values, and names."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, StrictBool

from nsnet.scenario.field_errors import invalid
from nsnet.scenario.kubernetes.fields import Lenient, ObjectMeta
from nsnet.scenario.kubernetes.labels import Texts


def _base64(value: Mapping[str, str]) -> Mapping[str, str]:
    for key, each in value.items():
        try:
            base64.b64decode("".join(each.split()), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"{key}: illegal base64 data") from None
    return value


Encoded = Annotated[Texts, AfterValidator(_base64)]


class ConfigMap(Lenient):
    """A ConfigMap. What is in `binaryData` cannot be a variable."""

    kind: Literal["ConfigMap"]
    metadata: ObjectMeta
    data: Texts = {}

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
    string_data: Texts = {}

    def __repr__(self) -> str:
        return f"Secret({self.metadata.namespace}/{self.metadata.name})"

    __str__ = __repr__

    @property
    def values(self) -> Mapping[str, str]:
        """The values by key, as text."""
        decoded = {
            key: base64.b64decode(each).decode(errors="replace") for key, each in self.data.items()
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


class EnvVarSource(Lenient):
    """Where a variable's value comes from."""

    unread = "fileKeyRef resourceFieldRef"

    field_ref: FieldSelector | None = None
    config_map_key_ref: KeySelector | None = None
    secret_key_ref: KeySelector | None = None


def _variable_name(value: str) -> str:
    if not value or "=" in value or not value.isprintable() or not value.isascii():
        reason = "a valid environment variable name must consist only of printable ASCII"
        raise ValueError(invalid(value, f"{reason} characters other than '='"))
    return value


class EnvVar(Lenient):
    """A variable of a container."""

    unread = ""

    name: Annotated[str, AfterValidator(_variable_name)]
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
