"""The API server's checks of what is inside a pod: names, the resolver and variables; and of the
ConfigMaps and Secrets that variables come from. No message shows a value of a Secret.

Source: kubernetes/pkg/apis/core/validation/validation.go, v1.34; k8s.io/apimachinery/pkg/util/
validation/validation.go.
"""

import re
from collections.abc import Iterator
from typing import Final

from nsnet.scenario.field_errors import Refusal, invalid, required, unsupported
from nsnet.scenario.kubernetes import ConfigMap, Container, PodSpec, Secret
from nsnet.scenario.kubernetes.interior import EnvFromSource, EnvVarSource, KeySelector, SourceName
from nsnet.scenario.kubernetes.names import is_address, label_mistake, subdomain_mistake

MOST_NAMESERVERS: Final = 3
MOST_SEARCHES: Final = 32
LONGEST_SEARCHES: Final = 2048  # characters
LARGEST: Final = 1 << 20  # bytes of the values of a ConfigMap or Secret
NO_ADDRESS: Final = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NO_VARIABLE: Final = (
    "a valid environment variable name must consist only of printable ASCII characters other than"
    " '='"
)
NO_KEY: Final = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',"
    "  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
# The fields that a variable may have, and those that only a volume may have.
FIELDS: Final = (
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
)
_OTHER_FIELDS: Final = (
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.phase",
)
_SUBSCRIPT: Final = re.compile(r"(.*)\['(.*)'\]")
RESOURCES: Final = tuple(
    f"{kind}.{resource}"
    for kind in ("limits", "requests")
    for resource in ("cpu", "ephemeral-storage", "memory")
)
_HUGE_PAGES: Final = ("limits.hugepages-", "requests.hugepages-")
# The keys that a Secret of a type must have.
KEYS: Final = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
_BASIC: Final = "kubernetes.io/basic-auth", ("username", "password")  # one of them


def interior_refusals(path: str, spec: PodSpec) -> Iterator[Refusal]:
    """Yield the path of each field of a pod's spec that the API server refuses, and the reason."""
    for key, value in (("hostname", spec.hostname), ("subdomain", spec.subdomain)):
        if value and (mistake := label_mistake(value)):
            yield f"{path}.{key}", mistake
    for index, alias in enumerate(spec.host_aliases):
        at = f"{path}.hostAliases[{index}]"
        if not is_address(alias.ip):
            yield f"{at}.ip", invalid(alias.ip, NO_ADDRESS)
        for number, name in enumerate(alias.hostnames):
            if mistake := subdomain_mistake(name):
                yield f"{at}.hostnames[{number}]", mistake
    yield from _dns(f"{path}.dnsConfig", spec)
    for key, containers in (
        ("initContainers", spec.init_containers),
        ("containers", spec.containers),
    ):
        for index, container in enumerate(containers):
            yield from _variables(f"{path}.{key}[{index}]", container)


def _dns(path: str, spec: PodSpec) -> Iterator[Refusal]:
    config = spec.dns_config
    if spec.dns_policy == "None" and not config.nameservers:
        message = "must provide at least one DNS nameserver when `dnsPolicy` is None"
        yield f"{path}.nameservers", required(message)
    if len(config.nameservers) > MOST_NAMESERVERS:
        message = f"must not have more than {MOST_NAMESERVERS} nameservers"
        yield f"{path}.nameservers", invalid(config.nameservers, message)
    for index, address in enumerate(config.nameservers):
        if not is_address(address):
            yield f"{path}.nameservers[{index}]", invalid(address, NO_ADDRESS)
    if len(config.searches) > MOST_SEARCHES:
        message = f"must not have more than {MOST_SEARCHES} search paths"
        yield f"{path}.searches", invalid(config.searches, message)
    if len(" ".join(config.searches)) > LONGEST_SEARCHES:
        message = f"must not have more than {LONGEST_SEARCHES} characters (including spaces) in the"
        yield f"{path}.searches", invalid(config.searches, f"{message} search list")
    for index, domain in enumerate(config.searches):
        # Labels such as _tcp are allowed since 1.32.
        plain = domain.removesuffix(".").replace("_", "a")
        if domain != "." and subdomain_mistake(plain):
            yield f"{path}.searches[{index}]", subdomain_mistake(domain)
    for index, option in enumerate(config.options):
        if not option.name:
            yield f"{path}.options[{index}]", required("must not be empty")
        elif not f"{option.name}{option.value or ''}".isprintable() or " " in option.name:
            # The API server would accept it, and the file would have another line.
            yield f"{path}.options[{index}]", invalid(option.name, "must be one word")


def _variables(path: str, container: Container) -> Iterator[Refusal]:
    for index, variable in enumerate(container.env):
        at = f"{path}.env[{index}]"
        if not variable.name:
            yield f"{at}.name", required()
        elif not is_variable_name(variable.name):
            yield f"{at}.name", invalid(variable.name, NO_VARIABLE)
        if variable.value_from is not None:
            yield from _source(f"{at}.valueFrom", variable.value_from, bool(variable.value))
    for index, each in enumerate(container.env_from):
        yield from _env_from(f"{path}.envFrom[{index}]", each)


def is_variable_name(text: str) -> bool:
    """Return whether a variable can have this name."""
    return text.isascii() and text.isprintable() and "=" not in text


def _source(path: str, source: EnvVarSource, has_value: bool) -> Iterator[Refusal]:
    found = 0
    if source.field_ref is not None:
        found += 1
        yield from _field(f"{path}.fieldRef.fieldPath", source.field_ref.field_path)
    if source.resource_field_ref is not None:
        found += 1
        resource = source.resource_field_ref.resource
        if not resource:
            yield f"{path}.resourceFieldRef.resource", required()
        elif resource not in RESOURCES and not resource.startswith(_HUGE_PAGES):
            yield f"{path}.resourceFieldRef.resource", unsupported(resource, RESOURCES)
    for key, selector in (
        ("configMapKeyRef", source.config_map_key_ref),
        ("secretKeyRef", source.secret_key_ref),
    ):
        if selector is not None:
            found += 1
            yield from _key_selector(f"{path}.{key}", selector)
    found += source.file_key_ref is not None
    if not found:
        kinds = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`"
        yield path, invalid("", f"must specify one of: {kinds}")
    elif has_value:
        yield path, invalid("", "may not be specified when `value` is not empty")
    elif found > 1:
        yield path, invalid("", "may not have more than one field specified at a time")


def _field(path: str, field: str) -> Iterator[Refusal]:
    if not field:
        yield path, required()
    elif found := _SUBSCRIPT.fullmatch(field):
        if found[1] not in ("metadata.annotations", "metadata.labels"):
            yield path, invalid(field, "does not support subscript")
    elif field in _OTHER_FIELDS:
        yield path, unsupported(field, FIELDS)
    elif field not in FIELDS:
        message = f"error converting fieldPath: field label not supported: {field}"
        yield path, invalid(field, message)


def _key_selector(path: str, selector: KeySelector) -> Iterator[Refusal]:
    yield from _source_name(path, selector)
    if not selector.key:
        yield f"{path}.key", required()
    else:
        yield from ((f"{path}.key", message) for message in _key_mistakes(selector.key))


def _source_name(path: str, source: KeySelector | SourceName) -> Iterator[Refusal]:
    if mistake := subdomain_mistake(source.name):
        yield f"{path}.name", mistake


def _env_from(path: str, each: EnvFromSource) -> Iterator[Refusal]:
    if not is_variable_name(each.prefix):
        yield f"{path}.prefix", invalid(each.prefix, NO_VARIABLE)
    sources = ("configMapRef", each.config_map_ref), ("secretRef", each.secret_ref)
    found = [(key, source) for key, source in sources if source is not None]
    for key, source in found:
        yield from _source_name(f"{path}.{key}", source)
    if not found:
        yield path, invalid("", "must specify one of: `configMapRef` or `secretRef`")
    elif len(found) > 1:
        yield path, invalid("", "may not have more than one field specified at a time")


def _key_mistakes(key: str) -> Iterator[str]:
    """Yield each reason why a ConfigMap or a Secret cannot have this key (IsConfigMapKey)."""
    if len(key) > 253:
        yield invalid(key, "must be no more than 253 characters")
    if not re.fullmatch(r"[-._a-zA-Z0-9]+", key):
        yield invalid(key, NO_KEY)
    if key in (".", ".."):
        yield invalid(key, f"must not be '{key}'")
    elif key.startswith(".."):
        yield invalid(key, "must not start with '..'")


def config_refusals(found: ConfigMap | Secret) -> Iterator[Refusal]:
    """Yield the path of each field that the API server refuses, and the reason."""
    binary = found.binary_data if isinstance(found, ConfigMap) else {}
    for path, keys in ("data", found.values), ("binaryData", binary):
        for key in keys:
            yield from ((path, message) for message in _key_mistakes(key))
    for key in found.values.keys() & binary.keys():
        yield "data", invalid(key, "duplicate of key present in binaryData")
    values = (*found.values.values(), *binary.values())
    if sum(len(each.encode(errors="surrogatepass")) for each in values) > LARGEST:
        yield "data", f"Too long: may not be more than {LARGEST} bytes"
    if isinstance(found, Secret):
        yield from _secret_keys(found)


def _secret_keys(secret: Secret) -> Iterator[Refusal]:
    kind, either = _BASIC
    missing = [each for each in KEYS.get(secret.type, ()) if each not in secret.values]
    if secret.type == kind and not any(each in secret.values for each in either):
        missing = [*either]
    yield from (("data", f"[{key}]: {required()}") for key in missing)
