"""The endpoints of each Service: the pods that its selector matches, and those that are listed.

Which of them a node uses for a connection is chosen in topology.balancing.

Source: kubernetes/pkg/controller/endpointslice and kubernetes/pkg/proxy/endpointslicecache.go,
v1.30.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from nsnet.ip import Family, IPAddress, Protocol, endpoint
from nsnet.scenario import kubernetes
from nsnet.scenario.model import Manifest
from nsnet.scenario.service_admission import TOPOLOGY
from nsnet.text import some_of
from nsnet.topology.assignment import node_port_owner
from nsnet.topology.declared_services import DeclaredService
from nsnet.topology.former_addresses import former_addresses
from nsnet.topology.listed_endpoints import listed_endpoints
from nsnet.topology.model import ZONE, Endpoint, Node, Pod, ServicePort

NO_PORT: Final = 0  # of an endpoint that has only DNS names


class EndpointSources:
    """The pods and the listed endpoints of a cluster, of which its Services' endpoints are made.

    `others`: the references of hosts that are not pods, by address.
    """

    def __init__(
        self,
        manifests: Sequence[Manifest],
        services: Iterable[DeclaredService],
        nodes: Sequence[Node],
        pods: Sequence[Pod],
        others: Mapping[IPAddress, str],
    ) -> None:
        self._others = others
        self._zones = {each.name: each.labels.get(ZONE, "") for each in nodes}
        self._by_label: dict[tuple[str, str, str], list[Pod]] = {}
        # The numbers of each pod's named ports. The first of several with one name counts.
        self._named: dict[str, dict[tuple[str, Protocol], int]] = {}
        self._by_address: dict[IPAddress, list[Pod]] = {}
        for pod in pods:
            self._named[pod.reference] = {
                (each.name, each.protocol): each.port for each in reversed(pod.ports) if each.name
            }
            for key, value in pod.labels.items():
                self._by_label.setdefault((pod.namespace, key, value), []).append(pod)
            for address in pod.addresses:
                self._by_address.setdefault(address, []).append(pod)
        selecting = {each.key for each in services if each.spec.selector}
        self._listed = listed_endpoints(manifests, selecting)
        self._former = former_addresses(manifests, nodes, pods) if self._listed else {}

    def selected(self, each: DeclaredService) -> list[Pod]:
        """Return the pods in the Service's namespace that its selector matches.

        Without a selector there are none.
        """
        selector = each.spec.selector.items()
        if not selector or each.spec.type == "ExternalName":
            return []
        namespace = each.service.metadata.namespace
        having = (self._by_label.get((namespace, *label), []) for label in selector)
        return [pod for pod in min(having, key=len) if selector <= pod.labels.items()]

    def warnings(self, each: DeclaredService) -> Iterator[tuple[str, str]]:
        """Yield (field path, warning) for each port that has no endpoints because of a name."""
        yield from self._unknown_targets(each)
        yield from self._unlisted_ports(each)

    def _unlisted_ports(self, each: DeclaredService) -> Iterator[tuple[str, str]]:
        """Yield (field path, warning) for each port that none of the listed endpoints has."""
        listed = self._listed.get(each.key, ())
        if each.spec.selector or not listed:
            return
        known = {
            f"{name or 'no name'}/{protocol}" for one in listed for name, protocol in one.ports
        }
        for index, port in enumerate(each.spec.ports):
            if port.protocol == "SCTP" or any(_key(port) in one.ports for one in listed):
                continue
            name = f"named {port.name}" if port.name else "without a name"
            missing = f"no listed endpoints of {each.reference} have a {port.protocol} port {name}"
            closed = f"so its port {port.name or port.port} has none"
            there = ", ".join(sorted(known)) or "none"
            yield f"spec.ports[{index}]", f"{missing}, {closed}; their ports: {there}"

    def _unknown_targets(self, each: DeclaredService) -> Iterator[tuple[str, str]]:
        """Yield (field path, warning) for each named targetPort that no selected pod has."""
        pods = self.selected(each)
        named = {one for pod in pods for one in self._named[pod.reference]}
        known = some_of(sorted(f"{name}/{protocol}" for name, protocol in named)) or "none"
        for index, port in enumerate(each.spec.ports if pods else ()):
            if port.protocol == "SCTP" or not isinstance(port.target_port, str):
                continue
            if (port.target_port, Protocol(port.protocol.lower())) not in named:
                target = f"{port.target_port}/{port.protocol.lower()}"
                missing = f"no pod behind {each.reference} has a port named {target}"
                closed = f"so its port {port.name or port.port} has no endpoints"
                path = f"spec.ports[{index}].targetPort"
                yield path, f"{missing}, {closed}; named ports: {known}"

    def service_ports(
        self, each: DeclaredService, node_ports: Mapping[str, int], families: Collection[Family]
    ) -> tuple[ServicePort, ...]:
        """Return the ports of a Service with their endpoints, in the order of the manifest.

        Ports of SCTP are left out.
        """
        pods = self.selected(each)
        return tuple(
            ServicePort(
                name=port.name,
                port=port.port,
                protocol=Protocol(port.protocol.lower()),
                endpoints=self._endpoints(each, port, pods, families),
                node_port=node_ports.get(node_port_owner(each.reference, port.port, port.protocol)),
            )
            for port in each.spec.ports
            if port.protocol != "SCTP"
        )

    def portless(
        self, each: DeclaredService, ports: Iterable[ServicePort], families: Collection[Family]
    ) -> tuple[Endpoint, ...]:
        """Return the endpoints of a headless Service that have none of these ports of it."""
        if not each.spec.headless:
            return ()
        known = {one.address for port in ports for one in port.endpoints}
        pods = self._from_pods(each, None, self.selected(each), families)
        every = (*pods, *self._from_lists(each, None))
        return tuple({one.address: one for one in every if one.address not in known}.values())

    def _endpoints(
        self,
        each: DeclaredService,
        port: kubernetes.ServicePort,
        pods: Sequence[Pod],
        families: Collection[Family],
    ) -> tuple[Endpoint, ...]:
        """Return the port's endpoints, each once, sorted by "address:port" as in kube-proxy."""
        found: dict[str, Endpoint] = {}
        for one in (*self._from_pods(each, port, pods, families), *self._from_lists(each, port)):
            found.setdefault(endpoint(one.address, one.port), one)
        return tuple(found[key] for key in sorted(found))

    def _from_pods(
        self,
        each: DeclaredService,
        port: kubernetes.ServicePort | None,
        pods: Sequence[Pod],
        families: Collection[Family],
    ) -> Iterator[Endpoint]:
        """Yield the endpoints of a port, or those without a port, in these pods."""
        hinted = _asks_for_hints(each.service)
        distribution = each.spec.traffic_distribution
        same_node = distribution == "PreferSameNode" and not _has_topology_mode(each.service)
        for pod in pods:
            number = self._target_port(port, pod) if port else NO_PORT
            if number is None:
                continue
            # Kubernetes hints some endpoints for another zone if the shares of the zones would be
            # too uneven. Here each endpoint is hinted for its own zone.
            zone = self._zones.get(pod.node, "") if hinted else ""
            ready = pod.ready and not pod.terminating
            for address in pod.addresses:
                if address.version in families:
                    yield Endpoint(
                        address=address,
                        port=number,
                        reference=pod.reference,
                        node=pod.node,
                        ready=ready or each.spec.publish_not_ready_addresses,
                        serving=pod.ready,
                        terminating=pod.terminating,
                        zones=(zone,) if zone else (),
                        nodes=(pod.node,) if same_node else (),
                        hostname=_hostname(each, pod),
                    )

    def _from_lists(
        self, each: DeclaredService, port: kubernetes.ServicePort | None
    ) -> Iterator[Endpoint]:
        """Yield the endpoints of a port, or those without a port, that are listed."""
        hinted = _asks_for_hints(each.service)
        for listed in self._listed.get(each.key, ()):
            number = listed.ports.get(_key(port)) if port else NO_PORT
            if number is None:
                continue
            for one in listed.endpoints:
                address = self._former.get(one.address, one.address)
                pod = _listening(self._by_address.get(address, ()), number)
                other = self._others.get(address, str(address))
                yield Endpoint(
                    address=address,
                    port=number,
                    reference=pod.reference if pod else other,
                    node=one.node or (pod.node if pod else ""),
                    ready=one.ready,
                    serving=one.serving,
                    terminating=one.terminating,
                    zones=one.zones if hinted else (),
                    nodes=one.nodes,
                    hostname=one.hostname,
                )

    def _target_port(self, port: kubernetes.ServicePort, pod: Pod) -> int | None:
        """Return the number of the Service port's targetPort in this pod.

        Return None if the targetPort is a name that no port of this pod has. The same name may be
        another number in another pod.
        """
        target = port.target_port
        if target is None:
            return port.port
        if isinstance(target, int):
            return target
        return self._named[pod.reference].get((target, Protocol(port.protocol.lower())))


def _hostname(each: DeclaredService, pod: Pod) -> str:
    """Return the hostname of an endpoint: that of a pod whose subdomain is the Service."""
    return pod.hostname if pod.subdomain == each.service.metadata.name else ""


def _key(port: kubernetes.ServicePort) -> tuple[str, str]:
    """Return what a port of listed endpoints must have in common with this port."""
    return port.name, port.protocol


def _asks_for_hints(service: kubernetes.Service) -> bool:
    """Return whether the Service asks its clients to prefer endpoints that are close to them.

    Every trafficDistribution does. PreferSameNode falls back to the endpoints of the same zone.
    """
    return _has_topology_mode(service) or service.spec.traffic_distribution is not None


def _has_topology_mode(service: kubernetes.Service) -> bool:
    """Return whether an annotation asks for hints of zones, which precedes trafficDistribution."""
    values = [service.metadata.annotations.get(each, "") for each in TOPOLOGY]
    mode = next((each for each in values if each), "")
    return mode.lower() == "auto"


def _listening(pods: Sequence[Pod], port: int) -> Pod | None:
    """Return the pod that listens on the port, else the first pod, or None if there are no pods.

    There are several pods at one address if they are hostNetwork pods of the same node.
    """
    having = (pod for pod in pods if any(each.port == port for each in pod.ports))
    return next(having, pods[0] if pods else None)
