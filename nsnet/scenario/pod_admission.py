"""The API server's checks of a pod or a workload, except those that need other objects.

It also requires containers and, in a workload, a selector and a template. nsnet does without them:
a workload without a selector has the labels of its template.

Source: kubernetes/pkg/apis/{core,apps,batch}/validation/validation.go, v1.32.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from nsnet.scenario.field_errors import Refusal, duplicate, invalid, required, unsupported
from nsnet.scenario.interior_admission import interior_refusals
from nsnet.scenario.kubernetes import Container, Job, Pod, PodSpec, Workload
from nsnet.scenario.kubernetes.names import label_mistake

RESTARTS: Final = ("Always", "OnFailure", "Never")
RESTART_POLICY: Final = "spec.template.spec.restartPolicy"
# Labels that a Job's selector and its template get.
GENERATED: Final = frozenset(
    f"{prefix}{name}"
    for prefix in ("", "batch.kubernetes.io/")
    for name in ("controller-uid", "job-name")
)


def pod_refusals(found: Pod | Workload) -> Iterator[Refusal]:
    """Yield the path of each field that the API server refuses, and the reason."""
    if isinstance(found, Pod):
        yield from _pod_spec("spec", found.spec)
        policy = found.spec.restart_policy
        if policy and policy not in RESTARTS:
            yield "spec.restartPolicy", unsupported(policy, RESTARTS)
    else:
        yield from _selector(found)
        yield from _job(found) if isinstance(found, Job) else _restarts(found)
        yield from _pod_spec("spec.template.spec", found.spec.template.spec)
        yield from _subdomain(found)


def _subdomain(workload: Workload) -> Iterator[Refusal]:
    """Yield a serviceName that is no label. The API server accepts it, but it refuses all pods of
    the StatefulSet, because it is their subdomain."""
    name = workload.spec.service_name
    if workload.kind == "StatefulSet" and name and (mistake := label_mistake(name)):
        yield "spec.serviceName", mistake


def _selector(workload: Workload) -> Iterator[Refusal]:
    selector, labels = workload.spec.selector, workload.spec.template.metadata.labels
    if selector is None:
        return
    written = {"matchLabels": selector.match_labels} if selector.match_labels else {}
    keys = {*selector.match_labels, *(each.key for each in selector.match_expressions)}
    if isinstance(workload, Job) and not workload.spec.manual_selector:
        if not keys <= GENERATED:
            yield "spec.selector", invalid(written, "`selector` not auto-generated")
    elif not keys:
        kind = "deployment" if workload.kind == "ReplicaSet" else workload.kind.lower()
        yield "spec.selector", invalid(written, f"empty selector is invalid for {kind}")
    elif not selector.matches(labels):
        message = invalid(labels, "`selector` does not match template `labels`")
        yield "spec.template.metadata.labels", message


def _job(job: Job) -> Iterator[Refusal]:
    policy = job.spec.template.spec.restart_policy
    if policy in ("", "Always"):
        yield RESTART_POLICY, required('valid values: "OnFailure", "Never"')
    elif policy not in RESTARTS:
        yield RESTART_POLICY, unsupported(policy, RESTARTS[1:])
    if job.spec.completion_mode == "Indexed" and job.spec.completions is None:
        yield "spec.completions", required("when completion mode is Indexed")


def _restarts(workload: Workload) -> Iterator[Refusal]:
    policy = workload.spec.template.spec.restart_policy
    if policy not in ("", "Always"):
        yield RESTART_POLICY, unsupported(policy, RESTARTS[:1])


def _pod_spec(path: str, spec: PodSpec) -> Iterator[Refusal]:
    names: set[str] = set()
    for key, containers in (
        ("initContainers", spec.init_containers),
        ("containers", spec.containers),
    ):
        for index, container in enumerate(containers):
            at = f"{path}.{key}[{index}]"
            if container.name and container.name in names:
                yield f"{at}.name", duplicate(container.name)
            names.add(container.name)
            yield from _port_names(at, container)
    for index, container in enumerate(spec.init_containers):
        if container.restart_policy not in ("", "Always"):
            at = f"{path}.initContainers[{index}].restartPolicy"
            yield at, unsupported(container.restart_policy, RESTARTS[:1])
    yield from _host_ports(f"{path}.containers", spec.containers, host=spec.host_network)
    yield from interior_refusals(path, spec)
    yield from _spreads(f"{path}.topologySpreadConstraints", spec)


def _port_names(path: str, container: Container) -> Iterator[Refusal]:
    names: set[str] = set()
    for index, port in enumerate(container.ports):
        if port.name and port.name in names:
            yield f"{path}.ports[{index}].name", duplicate(port.name)
        names.add(port.name)


def _spreads(path: str, spec: PodSpec) -> Iterator[Refusal]:
    seen: set[str] = set()
    for index, each in enumerate(spec.topology_spread_constraints):
        kind = f"{{{each.topology_key}, {each.when_unsatisfiable}}}"
        if kind in seen:
            yield f"{path}[{index}].topologyKey", duplicate(kind)
        seen.add(kind)


def _host_ports(path: str, containers: Sequence[Container], *, host: bool) -> Iterator[Refusal]:
    """Yield the host ports that are used twice. `host`: the pods are on the host network, where
    each port is a host port."""
    taken: set[str] = set()
    for index, container in enumerate(containers):
        for number, port in enumerate(container.ports):
            at = f"{path}[{index}].ports[{number}]"
            if host and port.host_port not in (0, port.container_port):
                reason = "must match `hostPort` when `hostNetwork` is true"
                yield f"{at}.containerPort", invalid(port.container_port, reason)
            bound = port.container_port if host else port.host_port
            key = f"{port.protocol}/{port.host_ip}/{bound}"
            if bound and key in taken:
                yield f"{at}.hostPort", duplicate(key)
            taken.add(key)
