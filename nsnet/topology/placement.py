"""Which pods there are, and which node each runs on."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nsnet.errors import Problem
from nsnet.ip import Protocol
from nsnet.scenario.kubernetes import Pod, PodSpec, Workload
from nsnet.scenario.model import Manifest
from nsnet.topology.assignment import Assignment
from nsnet.topology.model import ListenPort, Node, reference_of

WORKLOADS: Mapping[str, str] = {
    "Deployment": "deploy",
    "ReplicaSet": "replicaset",
    "StatefulSet": "statefulset",
    "DaemonSet": "daemonset",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A pod before it has a node: what the manifest says of it."""

    name: str
    namespace: str
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
        """What its containers listen on; SCTP is left out."""
        return tuple(
            ListenPort(each.container_port, Protocol(each.protocol.lower()), each.name)
            for container in self.spec.containers
            for each in container.ports
            if each.protocol != "SCTP"
        )


def drafts(cluster: str, manifests: Sequence[Manifest], nodes: Sequence[Node]) -> Iterator[Draft]:
    """Every pod of the cluster: bare ones, and those that workloads make."""
    for manifest in manifests:
        match manifest.object:
            case Pod() as pod:
                conditions = {each.type: each.status for each in pod.status.conditions}
                yield Draft(
                    pod.metadata.name,
                    pod.metadata.namespace,
                    pod.metadata.labels,
                    pod.spec,
                    "spec",
                    manifest,
                    node=pod.spec.node_name,
                    ready=conditions.get("Ready", "True") == "True",
                    terminating=pod.metadata.deletion_timestamp is not None,
                    annotations=pod.metadata.annotations,
                )
            case Workload(kind="DaemonSet") as daemons:
                for node in nodes:
                    if _fits(daemons.spec.template.spec, node):
                        yield _of_workload(cluster, manifest, daemons, node.name, node=node.name)
            case Workload() as workload:
                for number in range(workload.spec.replicas):
                    yield _of_workload(
                        cluster,
                        manifest,
                        workload,
                        str(number),
                        node=workload.spec.template.spec.node_name,
                    )


def workloads(cluster: str, manifests: Sequence[Manifest]) -> Iterator[str]:
    """The reference of everything that makes pods, even where it makes none."""
    for manifest in manifests:
        if isinstance(manifest.object, Workload):
            meta = manifest.object.metadata
            yield reference_of(cluster, WORKLOADS[manifest.object.kind], meta.name, meta.namespace)


def _of_workload(
    cluster: str, manifest: Manifest, workload: Workload, suffix: str, *, node: str
) -> Draft:
    meta, template = workload.metadata, workload.spec.template
    return Draft(
        f"{meta.name}-{suffix}",
        meta.namespace,
        template.metadata.labels,
        template.spec,
        "spec.template.spec",
        manifest,
        workload=reference_of(cluster, WORKLOADS[workload.kind], meta.name, meta.namespace),
        node=node,
        annotations=template.metadata.annotations,
    )


def place(
    cluster: str, pods: Sequence[Draft], nodes: Sequence[Node], keep: Assignment
) -> Iterator[tuple[Draft, Node] | Problem]:
    """A node for each pod, in (namespace, name) order: one round-robin, which nodeName and
    nodeSelector overrule.

    A pod that already runs stays where it is.
    """
    by_name = {node.name: node for node in nodes}
    turn = 0
    for pod in sorted(pods, key=lambda pod: (pod.namespace, pod.name)):
        kept = keep.nodes.get(reference_of(cluster, "pod", pod.name, pod.namespace), "")
        fitting = [node for node in nodes if _fits(pod.spec, node)]
        if pod.node and pod.node not in by_name:
            known = ", ".join(by_name)
            yield pod.manifest.problem(
                f"{pod.path}.nodeName", f"{cluster} has no node {pod.node}; it has {known}"
            )
        elif pod.node:
            yield pod, by_name[pod.node]
        elif not fitting:
            yield pod.manifest.problem(f"{pod.path}.nodeSelector", "matches no node of " + cluster)
        else:
            choice = fitting[turn % len(fitting)]
            turn += 1
            yield pod, by_name.get(kept, choice)


def _fits(spec: PodSpec, node: Node) -> bool:
    return spec.node_selector.items() <= node.labels.items()
