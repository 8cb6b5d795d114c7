"""The pods of a cluster, and the nodes on which they are placed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from nsnet.errors import Problem
from nsnet.ip import Protocol
from nsnet.scenario.kubernetes import Pod, PodSpec, Workload
from nsnet.scenario.model import Manifest
from nsnet.topology.assignment import Assignment
from nsnet.topology.model import ListenPort, Node, reference_of

WORKLOADS: Final[Mapping[str, str]] = {
    "Deployment": "deploy",
    "ReplicaSet": "replicaset",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
}


@dataclass(frozen=True, slots=True)
class UnplacedPod:
    """A pod as its manifest describes it, before it is placed on a node."""

    name: str
    namespace: str
    reference: str
    labels: Mapping[str, str]
    spec: PodSpec
    path: str  # of the pod's spec inside its manifest
    manifest: Manifest
    workload: str = ""
    node: str = ""  # the only node it can run on
    ready: bool = True
    terminating: bool = False
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def ports(self) -> tuple[ListenPort, ...]:
        """The ports of the pod's containers, without SCTP ports."""
        return tuple(
            ListenPort(each.container_port, Protocol(each.protocol.lower()), each.name)
            for container in self.spec.containers
            for each in container.ports
            if each.protocol != "SCTP"
        )


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
                    if _fits(daemons.spec.template.spec, node):
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


def place_pods(
    cluster: str, pods: Sequence[UnplacedPod], nodes: Sequence[Node], keep: Assignment
) -> Iterator[tuple[UnplacedPod, Node] | Problem]:
    """Yield each pod with its node, sorted by namespace and name, or a problem if no node fits.

    Pods without a nodeName are placed in turn on the nodes that their nodeSelector matches. A pod
    that already runs stays on its node, unless nodeName sets another one.
    """
    by_name = {node.name: node for node in nodes}
    turn = 0
    for pod in sorted(pods, key=lambda pod: (pod.namespace, pod.name)):
        fitting = [node for node in nodes if _fits(pod.spec, node)]
        if pod.node and pod.node not in by_name:
            known = ", ".join(by_name)
            message = f"{cluster} has no node {pod.node}; it has {known}"
            yield pod.manifest.problem(f"{pod.path}.nodeName", message)
        elif pod.node:
            yield pod, by_name[pod.node]
        elif not fitting:
            yield pod.manifest.problem(f"{pod.path}.nodeSelector", f"matches no node of {cluster}")
        else:
            choice = fitting[turn % len(fitting)]
            turn += 1
            yield pod, by_name.get(keep.nodes.get(pod.reference, ""), choice)


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


def _fits(spec: PodSpec, node: Node) -> bool:
    return spec.node_selector.items() <= node.labels.items()
