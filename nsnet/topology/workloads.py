"""The pods of a cluster: those with their own manifest, and those that workloads create."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from nsnet.scenario.kubernetes import Pod, Workload
from nsnet.scenario.model import Manifest
from nsnet.topology.model import Node, reference_of
from nsnet.topology.scheduling import fits
from nsnet.topology.unplaced import UnplacedPod

WORKLOADS: Final[Mapping[str, str]] = {
    "Deployment": "deploy",
    "ReplicaSet": "replicaset",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
}


def unplaced_pods(
    cluster: str, manifests: Sequence[Manifest], nodes: Sequence[Node]
) -> Iterator[UnplacedPod]:
    """Yield every pod of the cluster: those with their own manifest, and those of workloads."""
    for manifest in manifests:
        match manifest.object:
            case Pod() as pod:
                conditions = {each.type: each.status for each in pod.status.conditions}
                meta = pod.metadata
                yield UnplacedPod(
                    name=meta.name,
                    namespace=meta.namespace,
                    reference=reference_of(cluster, "pod", meta.name, meta.namespace),
                    labels=meta.labels,
                    spec=pod.spec,
                    path="spec",
                    manifest=manifest,
                    node=pod.spec.node_name,
                    ready=conditions.get("Ready", "True") == "True",
                    terminating=meta.deletion_timestamp is not None,
                    annotations=meta.annotations,
                )
            case Workload(kind="DaemonSet") as daemons:
                for node in nodes:
                    if fits(daemons.spec.template.spec, node):
                        yield _of_workload(cluster, manifest, daemons, node.name, node=node.name)
            case Workload() as workload:
                node_name = workload.spec.template.spec.node_name
                for number in range(workload.spec.replicas):
                    yield _of_workload(cluster, manifest, workload, str(number), node=node_name)


def workloads(cluster: str, manifests: Sequence[Manifest]) -> Iterator[str]:
    """Yield the reference of each workload of the cluster, also of workloads without pods."""
    for manifest in manifests:
        if isinstance(manifest.object, Workload):
            yield _workload_reference(cluster, manifest.object)


def _of_workload(
    cluster: str, manifest: Manifest, workload: Workload, suffix: str, *, node: str
) -> UnplacedPod:
    meta, template = workload.metadata, workload.spec.template
    name = f"{meta.name}-{suffix}"
    return UnplacedPod(
        name=name,
        namespace=meta.namespace,
        reference=reference_of(cluster, "pod", name, meta.namespace),
        labels=template.metadata.labels,
        spec=template.spec,
        path="spec.template.spec",
        manifest=manifest,
        workload=_workload_reference(cluster, workload),
        node=node,
        annotations=template.metadata.annotations,
    )


def _workload_reference(cluster: str, workload: Workload) -> str:
    meta = workload.metadata
    return reference_of(cluster, WORKLOADS[workload.kind], meta.name, meta.namespace)
