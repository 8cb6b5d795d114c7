"""A scenario in which a workload has another number of replicas, as after `kubectl scale`."""

from collections.abc import Sequence
from dataclasses import replace

from nsnet.scenario.kubernetes import Workload
from nsnet.scenario.model import Manifest, Scenario

KINDS = {"deploy": "Deployment", "statefulset": "StatefulSet"}


def scaled(
    scenario: Scenario, cluster: str, kind: str, name: str, namespace: str, replicas: int
) -> Scenario:
    """Return the scenario with this number of replicas of a workload. Raises KeyError if there is
    no such workload."""
    found = False
    manifests = list[Manifest]()
    for manifest in scenario.manifests:
        workload = manifest.object
        if (
            isinstance(workload, Workload)
            and workload.kind == KINDS[kind]
            and (workload.metadata.name, workload.metadata.namespace) == (name, namespace)
            and cluster in manifest.clusters
        ):
            found = True
            manifests += _split(manifest, workload, cluster, replicas)
        else:
            manifests.append(manifest)
    if not found:
        raise KeyError(name)
    return replace(scenario, manifests=tuple(manifests))


def _split(
    manifest: Manifest, workload: Workload, cluster: str, replicas: int
) -> Sequence[Manifest]:
    """Return a manifest with the new number of replicas for this cluster.

    If the object is also in other clusters, a second manifest keeps the old number for them.
    """
    spec = workload.spec.model_copy(update={"replicas": replicas})
    here = replace(manifest, object=workload.model_copy(update={"spec": spec}), clusters=(cluster,))
    others = tuple(each for each in manifest.clusters if each != cluster)
    return [here, *([replace(manifest, clusters=others)] if others else [])]
