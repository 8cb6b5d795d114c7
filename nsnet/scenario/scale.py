"""A scenario in which a workload has another number of replicas, as after `kubectl scale`."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from nsnet.scenario.kubernetes import Pod, Workload
from nsnet.scenario.model import Manifest, Scenario
from nsnet.scenario.ownership import Ownership

KINDS = {"deploy": "Deployment", "statefulset": "StatefulSet"}


def scaled(
    scenario: Scenario, cluster: str, kind: str, name: str, namespace: str, replicas: int
) -> Scenario:
    """Return the scenario with this number of replicas of a workload.

    If the manifests have more pods of the workload, those above the number are removed. Raises
    KeyError if there is no such workload.
    """
    here = [each for each in scenario.manifests if cluster in each.clusters]
    workload = next((one for each in here if _is(one := each.object, kind, name, namespace)), None)
    if not isinstance(workload, Workload):
        raise KeyError(name)
    spec = workload.spec.model_copy(update={"replicas": replicas})
    new = workload.model_copy(update={"spec": spec})
    surplus = {id(each) for each in _surplus(new, _pods_of(workload, here))}
    manifests = list[Manifest]()
    for manifest in scenario.manifests:
        if cluster in manifest.clusters and manifest.object is workload:
            manifests += [
                replace(manifest, object=new, clusters=(cluster,)),
                *_kept(manifest, cluster),
            ]
        elif id(manifest) in surplus:
            manifests += _kept(manifest, cluster)
        else:
            manifests.append(manifest)
    return replace(scenario, manifests=tuple(manifests))


def _is(found: object, kind: str, name: str, namespace: str) -> bool:
    return (
        isinstance(found, Workload)
        and found.kind == KINDS[kind]
        and (found.metadata.name, found.metadata.namespace) == (name, namespace)
    )


def _pods_of(workload: Workload, manifests: Sequence[Manifest]) -> Iterator[tuple[Manifest, Pod]]:
    """Yield the pods of the manifests that the workload controls, except those being deleted."""
    ownership = Ownership(each.object for each in manifests)
    for manifest in manifests:
        pod = manifest.object
        if isinstance(pod, Pod) and pod.is_active and ownership.owner(pod) is workload:
            yield manifest, pod


def _surplus(workload: Workload, pods: Iterator[tuple[Manifest, Pod]]) -> list[Manifest]:
    """Return the pods to remove: of a StatefulSet by ordinal, else those that are not ready first.

    Source: kubernetes/pkg/controller/controller_utils.go (ActivePodsWithRanks), v1.32.
    """
    spec, name = workload.spec, workload.metadata.name
    if workload.kind == "StatefulSet":
        first = spec.ordinals.start
        names = {f"{name}-{number}" for number in range(first, first + spec.replicas)}
        return [manifest for manifest, pod in pods if pod.metadata.name not in names]
    ranked = sorted(pods, key=lambda each: (not each[1].is_ready, each[1].metadata.name))
    return [manifest for manifest, _ in ranked[spec.replicas :]]


def _kept(manifest: Manifest, cluster: str) -> Iterator[Manifest]:
    """Yield the manifest for its other clusters, if it has any."""
    others = tuple(each for each in manifest.clusters if each != cluster)
    if others:
        yield replace(manifest, clusters=others)
