"""NodePorts: the ports at which every node offers a Service, and the ports of health checks.

Source: kubernetes/pkg/registry/core/service/storage/alloc.go, v1.30.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from nsnet.ip import Protocol
from nsnet.scenario.field_errors import invalid
from nsnet.topology.assignment import health_check_owner, node_port_owner
from nsnet.topology.declared_services import DeclaredService
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Pod
from nsnet.topology.pool import NODE_PORTS, AddressError


class _Request(NamedTuple):
    """A number that a Service needs: the NodePort of one of its ports, or a health check port."""

    service: DeclaredService
    owner: str
    path: str
    written: int | None
    port: int = 0  # of the Service; 0: the health check
    protocol: str = ""

    @property
    def group(self) -> str:
        """The owner for which the pool allocates the number.

        It is the same for all ports of one Service, so that TCP and UDP can share a number.
        """
        return self.service.reference if self.port else self.owner

    def order(self, kept: Mapping[str, int]) -> int:
        """Return the turn of this request in the allocation.

        Numbers that the lab has are allocated first, then those in manifests, then free ones. So a
        conflict with a number of the lab is reported at the line of the manifest that was added.
        """
        if self.written is None:
            return 0 if self.owner in kept else 2
        return 1


class _PortPool:
    """The NodePorts and health check ports of a cluster.

    TCP and UDP ports of one Service may share a number.

    `bound`: the hostNetwork pods, by the TCP port on which they listen. A manifest may set a
    NodePort to the number of a bound port, because packets to a NodePort are translated before they
    reach a socket. A health check port must differ from every bound port, because kube-proxy
    listens on it.
    """

    def __init__(self, bound: Mapping[int, str]) -> None:
        self._bound = bound
        self._owners: dict[int, str] = {}
        self._free = iter(NODE_PORTS)

    def reserve(self, number: int, owner: str, *, listens: bool) -> None:
        """Allocate this number to `owner`, which may already have it. Raises AddressError.

        `listens`: kube-proxy listens on the port, so no hostNetwork pod may listen on it.
        """
        if listens and number in self._bound:
            raise AddressError(f"{number} is taken by {self._bound[number]}, on the host network")
        if number not in NODE_PORTS:
            reason = "provided port is not in the valid range. The range of valid ports is"
            raise AddressError(invalid(number, f"{reason} {NODE_PORTS[0]}-{NODE_PORTS[-1]}"))
        first = self._owners.setdefault(number, owner)
        if first != owner:
            reason = f"provided port is already allocated: it is taken by {first}"
            raise AddressError(invalid(number, reason))

    def allocate(self, owner: str) -> int:
        """Allocate the first free number to `owner`. Raises AddressError if none is free."""
        for number in self._free:
            if number not in self._owners and number not in self._bound:
                self._owners[number] = owner
                return number
        raise AddressError(f"all of {NODE_PORTS[0]}-{NODE_PORTS[-1]} are taken")


def node_ports(
    ledger: Ledger, services: Sequence[DeclaredService], pods: Sequence[Pod]
) -> Mapping[str, int]:
    """Return the number of every NodePort and health check port, by owner.

    Each number is the one in the manifest, else the one that the lab has, else the first free one.
    """
    requests = [each for service in services for each in _requests(service)]
    # Within a protocol, a number belongs to one port of the Service.
    used = {(each.group, each.protocol, each.written) for each in requests if each.written}
    kept = {
        each.owner: number
        for each in requests
        if (number := ledger.keep.node_ports.get(each.owner)) is not None
        and (each.group, each.protocol, number) not in used
    }
    pool = _PortPool(_bound_on_nodes(pods))
    allocated: dict[str, int] = {}
    same: dict[tuple[str, int], int] = {}  # TCP and UDP of one port get the same number
    for each in sorted(requests, key=lambda each: each.order(kept)):
        wanted = each.written or kept.get(each.owner) or same.get((each.group, each.port))
        if each.written is None and (each.group, each.protocol, wanted) in used:
            wanted = None
        try:
            if wanted is not None:
                pool.reserve(wanted, each.group, listens=not each.port)
            number = wanted or pool.allocate(each.group)
        except AddressError as error:
            ledger.problems.append(each.service.problem(each.path, str(error)))
            continue
        allocated[each.owner] = number
        same.setdefault((each.group, each.port), number)
        used.add((each.group, each.protocol, number))
    return allocated


def _bound_on_nodes(pods: Sequence[Pod]) -> dict[int, str]:
    return {
        each.port: pod.reference
        for pod in pods
        for each in (pod.ports if pod.host_network else ())
        if each.protocol is Protocol.TCP
    }


def _requests(service: DeclaredService) -> Iterator[_Request]:
    spec = service.spec
    if spec.type not in ("NodePort", "LoadBalancer"):
        return
    allocates = spec.type == "NodePort" or spec.allocate_load_balancer_node_ports is not False
    for index, port in enumerate(spec.ports):
        if port.node_port is not None or (allocates and port.protocol != "SCTP"):
            yield _Request(
                service=service,
                owner=node_port_owner(service.reference, port.port, port.protocol),
                path=f"spec.ports[{index}].nodePort",
                written=port.node_port,
                port=port.port,
                protocol=port.protocol,
            )
    if spec.has_health_check:
        yield _Request(
            service=service,
            owner=health_check_owner(service.reference),
            path="spec.healthCheckNodePort",
            written=spec.health_check_node_port,
        )
