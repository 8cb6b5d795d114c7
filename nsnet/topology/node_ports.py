"""NodePorts: the ports at which every node offers a Service, and the ports of health checks.

Source: kubernetes/pkg/registry/core/service/storage/alloc.go, v1.30.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nsnet.ip import Protocol
from nsnet.topology.assignment import health_check_owner, node_port_owner
from nsnet.topology.declared import DeclaredService
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Pod
from nsnet.topology.pool import AddressError

NODE_PORTS: Final = range(30_000, 32_768)  # --service-node-port-range of the API server


class _Request(NamedTuple):
    """A port of a Service that needs a NodePort, or a Service that needs a health check port."""

    service: DeclaredService
    owner: str
    path: str
    written: int | None
    port: int = 0  # of the Service; 0: the health check
    protocol: str = ""

    @property
    def group(self) -> str:
        """The key of the requests that may share a number: all ports of one Service."""
        return self.service.reference if self.port else self.owner

    def order(self, kept: Mapping[str, int]) -> int:
        """Return the position in the order of allocation: kept, written, then free numbers.

        So a conflict with a kept number is reported at the line that was added.
        """
        if self.written is None:
            return 0 if self.owner in kept else 2
        return 1


class _PortPool:
    """The NodePorts of a cluster. TCP and UDP of one Service may share a number.

    `bound`: the TCP ports on which hostNetwork pods listen. A NodePort may have the same number,
    because it is translated before it reaches a socket; a health check may not.
    """

    def __init__(self, bound: Mapping[int, str]) -> None:
        self._bound = bound
        self._owners: dict[int, str] = {}
        self._free = iter(NODE_PORTS)

    def reserve(self, number: int, owner: str, *, listens: bool) -> None:
        """Allocate this number to `owner`, which may already have it. Raises AddressError."""
        if listens and number in self._bound:
            raise AddressError(f"{number} is taken by {self._bound[number]}, on the host network")
        if number not in NODE_PORTS:
            raise AddressError(f"{number} is not a NodePort ({NODE_PORTS[0]}-{NODE_PORTS[-1]})")
        first = self._owners.setdefault(number, owner)
        if first != owner:
            raise AddressError(f"{number} is taken by {first}")

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
    """Return every NodePort and health check port, by owner: written, kept, or the first free."""
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
