"""What stands behind each Service: the pods its selector finds, or the EndpointSlices written by
hand."""

from collections.abc import Iterator, Mapping, Sequence

from nsnet.scenario import kubernetes
from nsnet.scenario.load import Manifest
from nsnet.state import IPAddress, Protocol
from nsnet.topology import Endpoint, Pod, ServicePort

SERVICE_NAME = "kubernetes.io/service-name"  # the label by which a slice names its Service


def service_ports(
    service: kubernetes.Service,
    pods: Sequence[Pod],
    manifests: Sequence[Manifest],
    others: Mapping[IPAddress, str],
) -> tuple[ServicePort, ...]:
    """The ports of a Service with their endpoints, in the order of the file. `others` are the
    references of those who are no pods."""
    slices = [
        each.object
        for each in manifests
        if isinstance(each.object, kubernetes.EndpointSlice)
        and each.object.metadata.namespace == service.metadata.namespace
        and each.object.metadata.labels.get(SERVICE_NAME) == service.metadata.name
    ]
    selected = selected_pods(service, pods)
    by_address: dict[IPAddress, list[Pod]] = {}
    for pod in pods:
        for address in pod.addresses:
            by_address.setdefault(address, []).append(pod)
    return tuple(
        ServicePort(
            port.name,
            port.port,
            Protocol(port.protocol.lower()),
            (
                *_from_pods(service, port, selected),
                *_from_slices(port, slices, by_address, others),
            ),
            port.node_port,
        )
        for port in service.spec.ports
        if port.protocol != "SCTP"
    )


def selected_pods(service: kubernetes.Service, pods: Sequence[Pod]) -> list[Pod]:
    """The pods of the Service's namespace that carry every label of its selector."""
    selector = service.spec.selector
    if not selector or service.spec.type == "ExternalName":
        return []
    return [
        pod
        for pod in pods
        if pod.namespace == service.metadata.namespace and selector.items() <= pod.labels.items()
    ]


def _from_pods(
    service: kubernetes.Service, port: kubernetes.ServicePort, pods: Sequence[Pod]
) -> Iterator[Endpoint]:
    for pod in pods:
        number = _target_port(port, pod)
        if number is None:
            continue
        for address in pod.addresses:
            yield Endpoint(
                address,
                number,
                pod.reference,
                pod.node,
                ready=pod.ready and not pod.terminating,
                serving=pod.ready,
                terminating=pod.terminating,
            )


def _target_port(port: kubernetes.ServicePort, pod: Pod) -> int | None:
    """The number behind a targetPort; a name is looked up in each pod, so that pods may differ."""
    target = port.target_port
    if target is None:
        return port.port
    if isinstance(target, int):
        return target
    protocol = Protocol(port.protocol.lower())
    return next(
        (each.port for each in pod.ports if each.name == target and each.protocol is protocol), None
    )


def _from_slices(
    port: kubernetes.ServicePort,
    slices: Sequence[kubernetes.EndpointSlice],
    pods: Mapping[IPAddress, Sequence[Pod]],
    others: Mapping[IPAddress, str],
) -> Iterator[Endpoint]:
    for each in slices:
        numbers = [
            candidate.port
            for candidate in each.ports
            if candidate.name == port.name and candidate.protocol == port.protocol
        ]
        for endpoint in each.endpoints if numbers else ():
            conditions = endpoint.conditions
            ready = conditions.ready is not False
            for address in endpoint.addresses[:1]:  # the API: only the first is used
                pod = _listening(pods.get(address, ()), numbers[0])
                yield Endpoint(
                    address,
                    numbers[0],
                    pod.reference if pod else others.get(address, str(address)),
                    endpoint.node_name or (pod.node if pod else ""),
                    ready=ready,
                    serving=ready if conditions.serving is None else conditions.serving,
                    terminating=bool(conditions.terminating),
                )


def _listening(pods: Sequence[Pod], port: int) -> Pod | None:
    """Of the pods that share an address, the node's, the one that has the port."""
    having = (pod for pod in pods if any(each.port == port for each in pod.ports))
    return next(having, pods[0] if pods else None)
