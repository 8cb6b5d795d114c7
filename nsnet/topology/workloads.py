"""The pods of a cluster: those with their own manifest, and those that workloads create.

A pod of the manifests that a workload controls counts as one of the workload's pods.

Source: kubernetes/pkg/controller/{replicaset,statefulset,daemon,job}, v1.32.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Final, assert_never

from nsnet.errors import ScenarioError
from nsnet.scenario.kubernetes import Job, Pod, Workload
from nsnet.scenario.model import Manifest
from nsnet.scenario.ownership import Ownership
from nsnet.text import number_of, printable, some_of
from nsnet.topology.fitting import daemon_misfit
from nsnet.topology.limits import MOST_PODS, over
from nsnet.topology.model import AbsentPod, Node, reference_of
from nsnet.topology.unplaced import UnplacedPod

WORKLOADS: Final[Mapping[str, str]] = {
    "Deployment": "deploy",
    "ReplicaSet": "replicaset",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
    "ReplicationController": "replicationcontroller",
    "Job": "job",
}
JOB_NAME: Final = ("batch.kubernetes.io/job-name", "job-name")
COMPLETION_INDEX: Final = "batch.kubernetes.io/job-completion-index"
POD_NAME: Final = "statefulset.kubernetes.io/pod-name"
POD_INDEX: Final = "apps.kubernetes.io/pod-index"
GATED: Final = "is Pending: Scheduling is blocked due to non-empty scheduling gates"


@dataclass(slots=True)
class _Owned:
    """The pods of the manifests that one workload controls, without those that have ended."""

    pods: list[UnplacedPod] = field(default_factory=list)
    succeeded: int = 0

    @property
    def names(self) -> set[str]:
        return {each.name for each in self.pods}

    @property
    def active(self) -> int:
        """The number of pods that are not being deleted."""
        return sum(not each.terminating for each in self.pods)


def declared_pods(
    cluster: str, manifests: Sequence[Manifest], nodes: Sequence[Node], room: int = MOST_PODS
) -> tuple[list[UnplacedPod], list[AbsentPod]]:
    """Return the pods to place on nodes, and the pods of the manifests that do not run.

    Raises ScenarioError if there are more pods to place than `room`.
    """
    ownership = Ownership(each.object for each in manifests)
    unplaced: list[UnplacedPod] = []
    absent: list[AbsentPod] = []
    owned: dict[str, _Owned] = {}
    for manifest in manifests:
        found = manifest.object
        if not isinstance(found, Pod):
            continue
        owner = ownership.owner(found)
        workload = _workload_reference(cluster, owner) if owner else ""
        siblings = owned.setdefault(workload, _Owned())
        pod = _of_manifest(cluster, manifest, found, workload)
        ended = _ended(found)
        if why := ended or _pending(found):
            absent.append(_absent(pod, why))
        else:
            unplaced.append(pod)
        if not ended:
            siblings.pods.append(pod)
        siblings.succeeded += found.status.phase == "Succeeded"
    for manifest in manifests:
        found = manifest.object
        if isinstance(found, Workload) and ownership.owner(found) is None:
            siblings = owned.get(_workload_reference(cluster, found), _Owned())
            created = _created(cluster, manifest, found, siblings, nodes)
            unplaced += islice(created, max(0, room - len(unplaced)) + 1)
            if len(unplaced) > room:
                raise ScenarioError([manifest.problem("spec", over(MOST_PODS, "pods"))])
    # A StatefulSet replaces a pod that has ended by one of the same name.
    names = {each.reference for each in unplaced}
    absent = [each for each in absent if each.reference not in names]
    absent += [_absent(each, GATED) for each in unplaced if _is_gated(each)]
    return [each for each in unplaced if not _is_gated(each)], absent


def absence_warning(absent: Sequence[AbsentPod]) -> Iterator[str]:
    """Yield one warning for all pods that do not run."""
    if absent:
        those = some_of([f"{each.reference} {each.why}" for each in absent])
        yield f"{number_of(len(absent), 'pod')} left out: {those}"


def workloads(cluster: str, manifests: Sequence[Manifest]) -> Iterator[str]:
    """Yield the reference of each workload of the cluster, also of workloads without pods."""
    for manifest in manifests:
        if isinstance(manifest.object, Workload):
            yield _workload_reference(cluster, manifest.object)


def _of_manifest(cluster: str, manifest: Manifest, pod: Pod, workload: str) -> UnplacedPod:
    meta = pod.metadata
    return UnplacedPod(
        name=meta.name,
        namespace=meta.namespace,
        reference=reference_of(cluster, "pod", meta.name, meta.namespace),
        labels=meta.labels,
        spec=pod.spec,
        path="spec",
        manifest=manifest,
        workload=workload,
        node=pod.spec.node_name,
        ready=pod.is_ready,
        terminating=meta.deletion_timestamp is not None,
        annotations=meta.annotations,
        hostname=pod.spec.hostname,
        subdomain=pod.spec.subdomain,
    )


def _absent(pod: UnplacedPod, why: str) -> AbsentPod:
    return AbsentPod(pod.name, pod.namespace, pod.reference, why, pod.workload)


def _is_gated(pod: UnplacedPod) -> bool:
    """Return whether the scheduler must not consider the pod yet."""
    return bool(pod.spec.scheduling_gates) and not pod.spec.node_name


def _ended(pod: Pod) -> str:
    """Return why the pod has ended, or "" if it has not."""
    status = pod.status
    if not pod.has_ended:
        return ""
    reason = f" ({printable(status.reason)})" if status.reason else ""
    return f"has ended: {status.phase}{reason}"


def _pending(pod: Pod) -> str:
    """Return why no node was found for the pod, according to its status, or "" if one was."""
    scheduled = pod.status.condition("PodScheduled")
    if pod.spec.node_name or scheduled is None or scheduled.status != "False":
        return ""
    why = scheduled.message or scheduled.reason
    return "is Pending" + (f": {printable(why)}" if why else "")


def _created(
    cluster: str, manifest: Manifest, workload: Workload, owned: _Owned, nodes: Sequence[Node]
) -> Iterator[UnplacedPod]:
    """Yield the pods that the workload creates beside those that it has in the manifests."""
    template = workload.spec.template
    fixed = template.spec.node_name
    is_stateful = workload.kind == "StatefulSet"
    is_indexed = isinstance(workload, Job) and workload.spec.completion_mode == "Indexed"
    for suffix, node, labels in _pods(workload, owned, nodes):
        meta = workload.metadata
        name = f"{meta.name}-{suffix}"
        yield UnplacedPod(
            name=name,
            namespace=meta.namespace,
            reference=reference_of(cluster, "pod", name, meta.namespace),
            labels={**template.metadata.labels, **labels},
            spec=template.spec,
            path="spec.template.spec",
            manifest=manifest,
            workload=_workload_reference(cluster, workload),
            node=node or fixed,
            annotations=template.metadata.annotations,
            hostname=name if is_stateful or is_indexed else template.spec.hostname,
            subdomain=(is_stateful and workload.spec.service_name) or template.spec.subdomain,
        )


def _pods(
    workload: Workload, owned: _Owned, nodes: Sequence[Node]
) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield, for each pod to create, the end of its name, its node and its additional labels.

    The node is "" if the scheduler chooses it.
    """
    name, spec, taken = workload.metadata.name, workload.spec, owned.names
    match workload.kind:
        case "DaemonSet":
            served = {each.node for each in owned.pods}
            for node in nodes:
                if node.name not in served and not daemon_misfit(spec.template.spec, node):
                    yield node.name, node.name, {}
        case "StatefulSet":
            first = spec.ordinals.start
            for number in map(str, range(first, first + spec.replicas)):
                if f"{name}-{number}" not in taken:
                    yield number, "", {POD_NAME: f"{name}-{number}", POD_INDEX: number}
        case "Job":
            assert isinstance(workload, Job)
            yield from _job_pods(workload, owned)
        case "Deployment" if spec.paused and not (owned.pods or workload.status.replicas):
            return  # while it is paused, a new Deployment has no ReplicaSet
        case "Deployment" | "ReplicaSet" | "ReplicationController":
            free = (each for each in map(str, count()) if f"{name}-{each}" not in taken)
            for number in islice(free, max(0, spec.replicas - owned.active)):
                yield number, "", {}
        case _:
            assert_never(workload.kind)


def _job_pods(job: Job, owned: _Owned) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """Yield the pods that the Job creates, as `_pods` does: as many as run at the same time."""
    spec, name = job.spec, job.metadata.name
    if job.ended or spec.suspend:
        return
    succeeded = max(job.status.succeeded, owned.succeeded)
    if spec.completions is None:  # the first success ends the work
        wanted = 0 if succeeded else spec.parallelism
    else:
        wanted = min(spec.parallelism, spec.completions - succeeded)
    labels = dict.fromkeys(JOB_NAME, name)
    taken = owned.names
    if spec.completion_mode == "Indexed":
        running = {each.annotations.get(COMPLETION_INDEX) for each in owned.pods}
        indexes = _missing_indexes(job.status.completed_indexes, spec.completions or 0)
        free = (each for each in map(str, indexes) if each not in running)
    else:
        free = (each for each in map(str, count()) if f"{name}-{each}" not in taken)
    for number in islice(free, max(0, wanted - owned.active)):
        index = {COMPLETION_INDEX: number} if spec.completion_mode == "Indexed" else {}
        yield number, "", labels | index


def _missing_indexes(completed: str, completions: int) -> Iterator[int]:
    """Yield the indexes below `completions` that are not in a text such as "1,3-5"."""
    ranges = re.findall(r"(\d{1,9})(?:-(\d{1,9}))?", completed)
    first = 0
    for start, end in sorted((int(start), int(end or start)) for start, end in ranges):
        yield from range(first, min(start, completions))
        first = max(first, end + 1)
    yield from range(first, completions)


def _workload_reference(cluster: str, workload: Workload) -> str:
    meta = workload.metadata
    return reference_of(cluster, WORKLOADS[workload.kind], meta.name, meta.namespace)
