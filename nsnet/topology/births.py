"""What pods find in their environment: the Services, ConfigMaps and Secrets of when they were
created.

Objects are created in the order of the manifests. A pod that a lab keeps when it is changed keeps
the environment that it has. A pod that lacks a ConfigMap or a Secret waits for it, so that it finds
one that is created later.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nsnet.scenario.kubernetes import Pod as PodObject
from nsnet.scenario.kubernetes import PodSpec, Workload
from nsnet.scenario.kubernetes import Service as ServiceObject
from nsnet.scenario.model import Manifest
from nsnet.topology.assignment import Assignment, ConfigEvent, Event, ServiceEvent
from nsnet.topology.model import Births, Configuration, Pod, Service, reference_of
from nsnet.topology.workloads import WORKLOADS

API_SERVER = ("default", "kubernetes")


def births(
    cluster: str,
    manifests: Iterable[Manifest],
    pods: Sequence[Pod],
    services: Iterable[Service],
    configuration: Configuration,
    keep: Assignment,
) -> Births:
    """Return what the pods of a cluster find of its Services, ConfigMaps and Secrets."""
    kept = {each.reference: keep.seen[each.reference] for each in pods if _is_kept(each, keep)}
    events, seen = _compacted(keep.events.get(cluster, ()), kept)
    known = {each.key: each for each in events}
    addresses = {
        ("Service", each.namespace, each.name): str(each.addresses[0])
        for each in services
        if each.addresses and not each.imported_from
    }
    configs = _referenced(pods) & configuration.keys()
    for each in [*known.values()]:
        if each.key not in addresses and each.key not in configs:
            _happen(events, known, _deletion(each))
    for key in sorted(configs):
        _happen(events, known, ConfigEvent(*key, configuration[key]))
    waiting: dict[str, list[Pod]] = {}
    for pod in pods:
        if pod.reference not in seen:
            waiting.setdefault(pod.workload or pod.reference, []).append(pod)
    for manifest in manifests:
        meta = manifest.object.metadata
        match manifest.object:
            case ServiceObject() as service:
                address = addresses.get(("Service", meta.namespace, meta.name))
                if address:
                    _happen(events, known, _creation(service, address))
            case PodObject() | Workload():
                kind = WORKLOADS.get(manifest.object.kind, "pod")
                owner = reference_of(cluster, kind, meta.name, meta.namespace)
                for pod in waiting.pop(owner, ()):
                    seen[pod.reference] = len(events)
            case _:
                pass
    rest = (pod for those in waiting.values() for pod in those)
    return Births(tuple(events), seen | {pod.reference: len(events) for pod in rest})


def _is_kept(pod: Pod, keep: Assignment) -> bool:
    """Return whether it is a pod that the lab has: not one that was moved or restarted."""
    address = keep.addresses.get(pod.reference)
    return pod.reference in keep.seen and (pod.host_network or address == pod.addresses)


def _compacted(
    events: Sequence[Event], seen: Mapping[str, int]
) -> tuple[list[Event], dict[str, int]]:
    """Return the events without those whose effects no pod can have seen, and the number of events
    that each pod has seen of them."""
    oldest = min(seen.values(), default=len(events))
    last = {each.key: number for number, each in enumerate(events[:oldest])}
    first = [
        each
        for number, each in enumerate(events[:oldest])
        if last[each.key] == number and not each.is_deletion
    ]
    gone = oldest - len(first)
    return [*first, *events[oldest:]], {pod: count - gone for pod, count in seen.items()}


def _happen(events: list[Event], known: dict[tuple[str, str, str], Event], event: Event) -> None:
    """Add an event, if it changes what is known."""
    earlier = known.get(event.key)
    if event != earlier and not (event.is_deletion and (earlier is None or earlier.is_deletion)):
        known[event.key] = event
        events.append(event)


def _creation(service: ServiceObject, address: str) -> ServiceEvent:
    meta = service.metadata
    ports = ((each.name, each.port, each.protocol.lower()) for each in service.spec.ports)
    return ServiceEvent(meta.namespace, meta.name, address, tuple(ports))


def _deletion(event: Event) -> Event:
    if isinstance(event, ServiceEvent):
        return ServiceEvent(event.namespace, event.name)
    return ConfigEvent(*event.key)


def _referenced(pods: Iterable[Pod]) -> set[tuple[str, str, str]]:
    """Return the ConfigMaps and Secrets from which pods have variables."""
    specs = {(id(each.spec), each.namespace): each for each in pods}
    return {
        (kind, pod.namespace, name) for pod in specs.values() for kind, name in _sources(pod.spec)
    }


def _sources(spec: PodSpec) -> Iterator[tuple[str, str]]:
    for container in spec.serving:
        for all_keys in container.env_from:
            for kind, each in (
                ("ConfigMap", all_keys.config_map_ref),
                ("Secret", all_keys.secret_ref),
            ):
                if each is not None:
                    yield kind, each.name
        for variable in container.env:
            if source := variable.value_from:
                for kind, key in (
                    ("ConfigMap", source.config_map_key_ref),
                    ("Secret", source.secret_key_ref),
                ):
                    if key is not None:
                        yield kind, key.name


def configuration_of(births: Births, pod: str, *, waits: bool) -> Configuration:
    """Return the values of the ConfigMaps and Secrets that a pod, given by its reference, finds.

    `waits`: also of those that were created later, if there were none of their names.
    """
    seen = births.seen.get(pod, 0)
    found: dict[tuple[str, str, str], Mapping[str, str]] = {}
    for each in births.events[:seen]:
        if isinstance(each, ConfigEvent):
            found.pop(each.key, None)
            if each.values is not None:
                found[each.key] = each.values
    for each in births.events[seen:] if waits else ():
        if isinstance(each, ConfigEvent) and each.values is not None:
            found.setdefault(each.key, each.values)
    return found
