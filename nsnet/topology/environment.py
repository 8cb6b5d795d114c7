"""The environment of containers: variables of Services, and those of the manifest.

Source: kubernetes/pkg/kubelet/envvars and kubelet_pods.go (makeEnvironmentVariables), v1.32;
kubernetes/third_party/forked/golang/expansion.
"""

import re
from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import ceil
from typing import Final
from uuid import UUID, uuid5

from nsnet.scenario.kubernetes import Container, EnvVar, PodSpec
from nsnet.scenario.kubernetes.interior import ResourceSelector
from nsnet.text import some_of
from nsnet.topology.assignment import ServiceEvent
from nsnet.topology.births import API_SERVER, configuration_of
from nsnet.topology.model import Cluster, Configuration, Pod
from nsnet.topology.unplaced import UnplacedPod

_UID: Final = UUID(int=0)
_MAPPED: Final = re.compile(r"^metadata\.(labels|annotations)\['(.*)'\]$")
_REFERENCE: Final = re.compile(r"\$(\$|\(([^)]*)\))")


def environment(cluster: Cluster, pod: Pod, container: Container) -> dict[str, str]:
    """Return the variables of a container, by name. What another object has to say is left out if
    the object is missing; `missing` yields it."""
    services = service_variables(cluster, pod)
    objects = {
        optional: configuration_of(cluster.births, pod.reference, waits=not optional)
        for optional in (False, True)
    }
    found: dict[str, str] = {}
    for source in container.env_from:
        for kind, each in ("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref):
            if each is not None:
                values = objects[each.optional].get((kind, pod.namespace, each.name), {})
                found |= {f"{source.prefix}{key}": value for key, value in values.items()}
    for variable in container.env:
        value = _value(cluster, pod, container, variable, ChainMap(found, services), objects)
        if value is not None:
            found[variable.name] = value
    return {**services, **found}


def service_variables(cluster: Cluster, pod: Pod) -> dict[str, str]:
    """Return the variables of the Services that existed before the pod: those of its namespace, and
    that of the API server."""
    api = ServiceEvent(*API_SERVER, str(cluster.api_addresses[0]), (("https", 443, "tcp"),))
    found: dict[str, ServiceEvent] = {}
    for each in cluster.births.events[: cluster.births.seen.get(pod.reference, 0)]:
        if not isinstance(each, ServiceEvent):
            continue
        if each[:2] == API_SERVER:
            api = each if each.address else api
        elif each.namespace == pod.namespace and pod.spec.enable_service_links:
            found[each.name] = each
    services = {API_SERVER[1]: api, **found}.values()
    return {name: value for each in services if each.address for name, value in _of_service(each)}


def _of_service(each: ServiceEvent) -> Iterator[tuple[str, str]]:
    """Yield the variables of a Service, also those of Docker's links."""
    prefix = _upper(each.name)
    host = f"[{each.address}]" if ":" in each.address else each.address
    yield f"{prefix}_SERVICE_HOST", each.address
    for index, (name, number, protocol) in enumerate(each.ports):
        if index == 0:
            yield f"{prefix}_SERVICE_PORT", str(number)
            yield f"{prefix}_PORT", f"{protocol}://{host}:{number}"
        if name:
            yield f"{prefix}_SERVICE_PORT_{_upper(name)}", str(number)
        link = f"{prefix}_PORT_{number}_{protocol.upper()}"
        yield link, f"{protocol}://{host}:{number}"
        yield f"{link}_PROTO", protocol
        yield f"{link}_PORT", str(number)
        yield f"{link}_ADDR", each.address


def _upper(name: str) -> str:
    return name.upper().replace("-", "_")


def _value(
    cluster: Cluster,
    pod: Pod,
    container: Container,
    each: EnvVar,
    known: Mapping[str, str],
    objects: Mapping[bool, Configuration],
) -> str | None:
    """Return the value of a variable; None if it has none."""
    source = each.value_from
    if source is None:
        return expanded(each.value, known)
    if source.field_ref is not None:
        return _field(cluster, pod, source.field_ref.field_path)
    if source.resource_field_ref is not None:
        return _resource(pod.spec, container, source.resource_field_ref)
    for kind, key in ("ConfigMap", source.config_map_key_ref), ("Secret", source.secret_key_ref):
        if key is not None:
            return objects[key.optional].get((kind, pod.namespace, key.name), {}).get(key.key)
    return None


def _field(cluster: Cluster, pod: Pod, path: str) -> str | None:
    """Return the value of a field of the pod; None if there is none of this name. The uid is
    derived from its name and addresses, so that it changes when the pod is restarted."""
    if found := _MAPPED.match(path):
        values = pod.labels if found[1] == "labels" else pod.annotations
        return values.get(found[2], "")
    node = [str(each.ip) for each in cluster.node(pod.node).addresses]
    own = [str(each) for each in pod.addresses]
    fields = {
        "metadata.name": pod.name,
        "metadata.namespace": pod.namespace,
        "metadata.uid": str(uuid5(_UID, f"{pod.netns} {pod.name} {' '.join(own)}")),
        "spec.nodeName": pod.node,
        "spec.serviceAccountName": pod.spec.service_account_name
        or pod.spec.service_account
        or "default",
        "status.hostIP": node[0],
        "status.hostIPs": ",".join(node),
        "status.podIP": own[0] if own else "",
        "status.podIPs": ",".join(own),
    }
    return fields.get(path)


def _resource(spec: PodSpec, container: Container, wanted: ResourceSelector) -> str | None:
    """Return a resource of a container, in the units that the variable asks for; None if it has no
    such limit: then the limit is the size of the node, and nsnet's nodes have none."""
    name = wanted.container_name
    owner = next((each for each in spec.serving if each.name == name), None)
    own = container if not name else owner
    kind, _, resource = wanted.resource.partition(".")
    if own is None:
        return None
    value = own.resources.limits.get(resource)
    if kind == "requests":
        value = own.resources.requests.get(resource, Fraction(0) if value is None else value)
    return None if value is None else str(ceil(value / (wanted.divisor or 1)))


def expanded(text: str, known: Mapping[str, str]) -> str:
    """Return a text with $(NAME) replaced by the value of a known variable, and $$ by $."""

    def replacement(found: re.Match[str]) -> str:
        if found[1] == "$":
            return "$"
        return known.get(found[2], found[0])

    return _REFERENCE.sub(replacement, text)


def unset_variables(pods: Iterable[UnplacedPod], configuration: Configuration) -> Iterator[str]:
    """Yield a warning for all pods that refer to ConfigMaps, Secrets and keys that the files do not
    have, and one for those that refer to what nsnet does not have."""
    absent: dict[str, UnplacedPod] = {}
    unknown: dict[str, UnplacedPod] = {}
    for pod in {id(each.manifest): each for each in pods}.values():
        for container in pod.spec.serving:
            for each in missing(configuration, pod.namespace, container):
                absent.setdefault(f"{pod.workload or pod.reference} ({each})", pod)
            for each in _unknown(pod, container):
                unknown.setdefault(f"{pod.workload or pod.reference} ({each})", pod)
    for found, why in (
        (absent, "for want of which a container would not start (CreateContainerConfigError)"),
        (unknown, "which nsnet does not know"),
    ):
        if found:
            pod = next(iter(found.values()))
            message = f"variables are left out, {why}: {some_of(found)}"
            yield pod.manifest.warning(f"{pod.path}.containers", message)


def _unknown(pod: UnplacedPod, container: Container) -> Iterator[str]:
    """Yield what the container's variables refer to and nsnet does not have."""
    for variable in container.env:
        source = variable.value_from
        if source is None:
            continue
        if source.file_key_ref is not None:
            yield "fileKeyRef"
        each = source.resource_field_ref
        if each is not None and _resource(pod.spec, container, each) is None:
            yield each.resource


def missing(configuration: Configuration, namespace: str, container: Container) -> Iterator[str]:
    """Yield what the container refers to and the files do not have: then it would not start."""
    for source in container.env_from:
        for kind, each in ("ConfigMap", source.config_map_ref), ("Secret", source.secret_ref):
            if each and not each.optional and (kind, namespace, each.name) not in configuration:
                yield f"{kind} {each.name}"
    for variable in container.env:
        origin = variable.value_from
        if origin is None:
            continue
        for kind, key in (
            ("ConfigMap", origin.config_map_key_ref),
            ("Secret", origin.secret_key_ref),
        ):
            if key is not None and not key.optional:
                values = configuration.get((kind, namespace, key.name))
                if values is None:
                    yield f"{kind} {key.name}"
                elif key.key not in values:
                    yield f"key {key.key} of {kind} {key.name}"
