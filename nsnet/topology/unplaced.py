"""A pod as its manifest describes it, before it is placed on a node."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address

from nsnet.ip import Protocol
from nsnet.scenario.kubernetes import PodSpec
from nsnet.scenario.kubernetes.names import is_address
from nsnet.scenario.model import Manifest
from nsnet.text import printable
from nsnet.topology.model import ListenPort, PortMapping


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
    hostname: str = ""
    subdomain: str = ""

    @property
    def ports(self) -> tuple[ListenPort, ...]:
        """The ports that the pod's containers declare, without SCTP ports.

        Init containers have none, because they exit before the pod is ready; sidecars have.
        """
        return tuple(
            ListenPort(
                each.container_port,
                Protocol(each.protocol.lower()),
                each.name,
                container.name,
            )
            for container in self.spec.serving
            for each in container.ports
            if each.protocol != "SCTP"
        )

    @property
    def port_mappings(self) -> tuple[PortMapping, ...]:
        """Its hostPorts, without those of SCTP, and those whose hostIP is no address."""
        found = (
            PortMapping(
                host_port=each.host_port,
                port=each.container_port,
                protocol=Protocol(each.protocol.lower()),
                host_ip=ip_address(each.host_ip) if each.host_ip else None,
            )
            for container in self.spec.serving
            for each in container.ports
            if each.host_port and each.protocol != "SCTP"
            if not each.host_ip or is_address(each.host_ip)
        )
        return tuple(dict.fromkeys(found))


def bound_twice(pods: Iterable[UnplacedPod]) -> Iterator[str]:
    """Yield a warning for each port that two containers of a pod declare, once per manifest."""
    for pod in {id(each.manifest): each for each in pods}.values():
        for port, first, second in _shared_ports(pod.spec):
            yield pod.manifest.warning(
                f"{pod.path}.containers",
                f"two containers of {pod.workload or pod.reference} declare port {port}, but share"
                f" one network: {printable(first)} answers, {printable(second)} would fail"
                " (address already in use)",
            )


def _shared_ports(spec: PodSpec) -> Iterator[tuple[str, str, str]]:
    """Yield each port that several containers declare, with the names of two of them.

    A container may declare a port several times, to give it several names.
    """
    owners: dict[str, tuple[int, str]] = {}
    for index, container in enumerate(spec.serving):
        ports = (f"{each.container_port}/{each.protocol}" for each in container.ports)
        for port in dict.fromkeys(ports):
            first, name = owners.setdefault(port, (index, container.name))
            if first != index:
                yield port, name, container.name
