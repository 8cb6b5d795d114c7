"""Which workload controls an object: the one in its ownerReferences, or the one that adopts it.

A dump of a cluster contains what controllers have created, too: ReplicaSets and pods. A controller
adopts a pod that has no controller, if its selector matches the pod.

Source: kubernetes/pkg/controller/controller_ref_manager.go, v1.32.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from nsnet.scenario.kubernetes import VERSIONS, LabelSelector, Object, Pod, Workload

# Label of the pods of a Deployment: the last part of the name of their ReplicaSet.
POD_TEMPLATE_HASH: Final = "pod-template-hash"
# The kinds whose selectors match pods that they have not created: that of a Job contains its UID,
# and a Deployment has only ReplicaSets, whose selectors contain a hash.
ADOPTERS: Final = ("ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet")


class _Adopter(NamedTuple):
    """A workload that adopts pods, and its selector."""

    workload: Workload
    selector: LabelSelector


class Ownership:
    """The workloads of one cluster, to find those that control an object."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._workloads: dict[tuple[str, str, str], Workload] = {
            (each.kind, each.metadata.namespace, each.metadata.name): each
            for each in objects
            if isinstance(each, Workload)
        }
        self._adopters: dict[tuple[str, str, str], list[_Adopter]] = {}
        for workload in self._workloads.values():
            selector = workload.selector
            if workload.kind in ADOPTERS and selector.match_labels:
                key, value = next(iter(selector.match_labels.items()))
                found = self._adopters.setdefault((workload.metadata.namespace, key, value), [])
                found.append(_Adopter(workload, selector))

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
        if isinstance(found, Pod) and not any(each.controller for each in meta.owner_references):
            return self._adopter(found)
        return None

    def _adopter(self, pod: Pod) -> Workload | None:
        """Return the first workload whose selector matches the pod, or None.

        Selectors without matchLabels are not considered.
        """
        meta = pod.metadata
        for label in meta.labels.items():
            for workload, selector in self._adopters.get((meta.namespace, *label), ()):
                if selector.matches(meta.labels) and _may_be_named(workload, meta.name):
                    return workload
        return None


def _may_be_named(workload: Workload, pod: str) -> bool:
    """Return whether one of the workload's pods may have this name."""
    name, _, ordinal = pod.rpartition("-")
    fits = name == workload.metadata.name and ordinal.isdecimal()
    return fits or workload.kind != "StatefulSet"


def _is_own_kind(kind: str, version: str) -> bool:
    """Return whether the kind is that of Kubernetes, and not one of the same name."""
    known = (each.rpartition("/")[0] for each in VERSIONS.get(kind, ()))
    return version.rpartition("/")[0] in known
