"""What stands behind each Service: the pods its selector finds, or the EndpointSlices written by
hand.

Source: kubernetes/pkg/controller/endpointslice and kubernetes/pkg/proxy/endpointslicecache.go,
v1.30.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from nsnet.ip import Family, IPAddress, Protocol
from nsnet.ip import endpoint as written
from nsnet.scenario import kubernetes
from nsnet.scenario.model import Manifest
from nsnet.topology.declared import Declared
from nsnet.topology.model import ZONE, Endpoint, Node, Pod, ServicePort, node_port_of

SERVICE_NAME: Final = "kubernetes.io/service-name"  # the label by which a slice names its Service
# The annotations that ask for zone hints, the old one and the new one.
TOPOLOGY: Final = (
    "service.kubernetes.io/topology-mode",
    "service.kubernetes.io/topology-aware-hints",
)


class Backends:
    """Who can stand behind the Services of a cluster. `others` are the references of those who are
    no pods."""

    def __init__(
        self,
        manifests: Sequence[Manifest],
        nodes: Sequence[Node],
        pods: Sequence[Pod],
        others: Mapping[IPAddress, str],
    ) -> None:
        self._others = others
        self._zones = {each.name: each.labels.get(ZONE, "") for each in nodes}
        self._namespaces: dict[str, list[Pod]] = {}
        self._pods: dict[IPAddress, list[Pod]] = {}
        for pod in pods:
            self._namespaces.setdefault(pod.namespace, []).append(pod)
            for address in pod.addresses:
                self._pods.setdefault(address, []).append(pod)
        self._slices: dict[tuple[str, str], list[kubernetes.EndpointSlice]] = {}
        for manifest in manifests:
            if isinstance(manifest.object, kubernetes.EndpointSlice):
                meta = manifest.object.metadata
                service = (meta.namespace, meta.labels.get(SERVICE_NAME, ""))
                self._slices.setdefault(service, []).append(manifest.object)

    def selected(self, each: Declared) -> list[Pod]:
        """The pods of the Service's namespace that carry every label of its selector."""
        selector = each.spec.selector.items()
        if not selector or each.spec.type == "ExternalName":
            return []
        there = self._namespaces.get(each.service.metadata.namespace, ())
        return [pod for pod in there if selector <= pod.labels.items()]

    def refusals(self, each: Declared) -> Iterator[tuple[str, str]]:
        """Every targetPort that no selected pod has, and what they have."""
        pods = self.selected(each)
        for index, port in enumerate(each.spec.ports if pods else ()):
            if port.protocol == "SCTP" or not isinstance(port.target_port, str):
                continue
            if all(_target_port(port, pod) is None for pod in pods):
                named = {f"{one.name}/{one.protocol}" for pod in pods for one in pod.ports}
                known = ", ".join(sorted(name for name in named if name[0] != "/")) or "none"
                target = f"{port.target_port}/{port.protocol.lower()}"
                message = f"no pod behind {each.reference} names a port {target}; named: {known}"
                yield f"spec.ports[{index}].targetPort", message

    def ports(
        self, each: Declared, node_ports: Mapping[str, int], families: Collection[Family]
    ) -> tuple[ServicePort, ...]:
        """The ports of a Service, in the order of the file. Their endpoints are in kube-proxy's
        order, which is that of "address:port" as text; each place once."""
        meta = each.service.metadata
        pods = self.selected(each)
        slices = self._slices.get((meta.namespace, meta.name), ())
        found = []
        for port in each.spec.ports:
            if port.protocol == "SCTP":
                continue
            places: dict[tuple[IPAddress, int], Endpoint] = {}
            for one in (
                *self._from_pods(each, port, pods, families),
                *self._from_slices(each, port, slices),
            ):
                places.setdefault((one.address, one.port), one)
            number = node_ports.get(node_port_of(each.reference, port.port, port.protocol))
            protocol = Protocol(port.protocol.lower())
            endpoints = tuple(places[place] for place in sorted(places, key=_written))
            found.append(ServicePort(port.name, port.port, protocol, endpoints, number))
        return tuple(found)

    def _from_pods(
        self,
        each: Declared,
        port: kubernetes.ServicePort,
        pods: Sequence[Pod],
        families: Collection[Family],
    ) -> Iterator[Endpoint]:
        hinted = _asks_for_hints(each.service)
        for pod in pods:
            number = _target_port(port, pod)
            if number is None:
                continue
            # Kubernetes gives a zone's endpoint to another zone where shares would be too uneven.
            # Here each is meant for its own zone, always.
            zone = self._zones.get(pod.node, "") if hinted else ""
            ready = pod.ready and not pod.terminating
            for address in pod.addresses:
                if address.version in families:
                    yield Endpoint(
                        address,
                        number,
                        pod.reference,
                        pod.node,
                        ready=ready or each.spec.publish_not_ready_addresses,
                        serving=pod.ready,
                        terminating=pod.terminating,
                        zones=(zone,) if zone else (),
                    )

    def _from_slices(
        self,
        each: Declared,
        port: kubernetes.ServicePort,
        slices: Sequence[kubernetes.EndpointSlice],
    ) -> Iterator[Endpoint]:
        hinted = _asks_for_hints(each.service)
        for some in slices:
            numbers = [
                candidate.port
                for candidate in some.ports
                if candidate.name == port.name and candidate.protocol == port.protocol
            ]
            for endpoint in some.endpoints if numbers else ():
                conditions = endpoint.conditions
                ready = conditions.ready is not False
                zones = tuple(zone.name for zone in endpoint.hints.for_zones) if hinted else ()
                for address in endpoint.addresses[:1]:  # the API: only the first is used
                    pod = _listening(self._pods.get(address, ()), numbers[0])
                    yield Endpoint(
                        address,
                        numbers[0],
                        pod.reference if pod else self._others.get(address, str(address)),
                        endpoint.node_name or (pod.node if pod else ""),
                        ready=ready,
                        serving=ready if conditions.serving is None else conditions.serving,
                        terminating=bool(conditions.terminating),
                        zones=zones,
                    )


def _asks_for_hints(service: kubernetes.Service) -> bool:
    """The Service wants its clients to be served in their own zone."""
    said = [service.metadata.annotations.get(each, "") for each in TOPOLOGY]
    wanted = next((each for each in said if each), "")
    return wanted.lower() == "auto" or service.spec.traffic_distribution == "PreferClose"


def _written(place: tuple[IPAddress, int]) -> str:
    return written(*place)


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


def _listening(pods: Sequence[Pod], port: int) -> Pod | None:
    """Of the pods that share an address, the node's, the one that has the port."""
    having = (pod for pod in pods if any(each.port == port for each in pod.ports))
    return next(having, pods[0] if pods else None)
