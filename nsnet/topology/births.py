"""The Services that each pod finds in its environment: those that existed when it was created.

Objects are created in the order of the manifests. A pod that a lab keeps when it is changed keeps
the environment that it has.
"""

from collections.abc import Iterable, Sequence

from nsnet.scenario.kubernetes import Pod as PodObject
from nsnet.scenario.kubernetes import Service as ServiceObject
from nsnet.scenario.kubernetes import Workload
from nsnet.scenario.model import Manifest
from nsnet.topology.assignment import Assignment, ServiceEvent
from nsnet.topology.model import Births, Pod, Service, reference_of
from nsnet.topology.workloads import WORKLOADS

API_SERVER = ("default", "kubernetes")


def births(
    cluster: str,
    manifests: Iterable[Manifest],
    pods: Iterable[Pod],
    services: Sequence[Service],
    keep: Assignment,
) -> Births:
    """Return what the pods of a cluster find of its Services."""
    events = [*keep.events.get(cluster, ())]
    known = {(each.namespace, each.name): each for each in events if each.address}
    wanted = {(each.namespace, each.name): _event(each) for each in services if each.addresses}
    events += (ServiceEvent(*key) for key in known if key not in wanted)
    waiting: dict[str, list[Pod]] = {}
    seen: dict[str, int] = {}
    for pod in pods:
        if pod.reference in keep.seen:
            seen[pod.reference] = keep.seen[pod.reference]
        else:
            waiting.setdefault(pod.workload or pod.reference, []).append(pod)
    for manifest in manifests:
        meta = manifest.object.metadata
        match manifest.object:
            case ServiceObject():
                event = wanted.get((meta.namespace, meta.name))
                if event and known.get((meta.namespace, meta.name)) != event:
                    events.append(event)
            case PodObject() | Workload():
                kind = WORKLOADS.get(manifest.object.kind, "pod")
                owner = reference_of(cluster, kind, meta.name, meta.namespace)
                for pod in waiting.pop(owner, ()):
                    seen[pod.reference] = len(events)
            case _:
                pass
    rest = (pod for those in waiting.values() for pod in those)
    return Births(tuple(events), seen | {pod.reference: len(events) for pod in rest})


def _event(service: Service) -> ServiceEvent:
    ports = tuple((each.name, each.port, each.protocol.value) for each in service.ports)
    return ServiceEvent(service.namespace, service.name, str(service.addresses[0]), ports)
