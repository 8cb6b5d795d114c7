"""Which workload controls an object, according to its ownerReferences.

A dump of a cluster contains what controllers have created, too: ReplicaSets and pods.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from nsnet.scenario.kubernetes import VERSIONS, Object, Pod, Workload

# Label of the pods of a Deployment: the last part of the name of their ReplicaSet.
POD_TEMPLATE_HASH: Final = "pod-template-hash"


class Ownership:
    """The workloads of one cluster, to find those that control an object."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._workloads: dict[tuple[str, str, str], Workload] = {
            (each.kind, each.metadata.namespace, each.metadata.name): each
            for each in objects
            if isinstance(each, Workload)
        }

    def owner(self, found: Pod | Workload) -> Workload | None:
        """Return the workload of this cluster that the object belongs to, or None.

        Of a pod of a Deployment's ReplicaSet it is the Deployment.
        """
        owner = None
        for each in self._chain(found):
            owner = each
        return owner

    def _chain(self, found: Pod | Workload) -> Iterator[Workload]:
        """Yield the owner of the object, the owner of that owner, and so on."""
        seen = set[tuple[str, str, str]]()
        owner = self._direct(found)
        while owner is not None:
            key = owner.kind, owner.metadata.namespace, owner.metadata.name
            if key in seen:  # objects that own each other
                return
            seen.add(key)
            yield owner
            owner = self._direct(owner)

    def _direct(self, found: Pod | Workload) -> Workload | None:
        meta = found.metadata
        for each in meta.owner_references:
            if not each.controller or not _is_own_kind(each.kind, each.api_version):
                continue
            owner = self._workloads.get((each.kind, meta.namespace, each.name))
            if owner is None and each.kind == "ReplicaSet":
                # `kubectl get deploy,pod` leaves out the ReplicaSet in between.
                suffix = f"-{meta.labels.get(POD_TEMPLATE_HASH, '')}"
                name = each.name.removesuffix(suffix)
                if name != each.name:
                    owner = self._workloads.get(("Deployment", meta.namespace, name))
            return owner
        return None


def _is_own_kind(kind: str, version: str) -> bool:
    """Return whether the kind is that of Kubernetes, and not one of the same name."""
    known = (each.rpartition("/")[0] for each in VERSIONS.get(kind, ()))
    return version.rpartition("/")[0] in known
