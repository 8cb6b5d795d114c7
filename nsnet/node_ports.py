"""NodePorts: the ports of every node behind which a Service stands, and those at which a load
balancer asks a node for its health.

Source: kubernetes/pkg/registry/core/service/storage/alloc.go, v1.30.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nsnet.addressing import AddressError
from nsnet.declared import Declared
from nsnet.ledger import Ledger
from nsnet.topology import health_check_of, node_port_of

NODE_PORTS: Final = range(30_000, 32_768)  # --service-node-port-range of the API server


class _Asking(NamedTuple):
    """A port that needs a number, or has one that shall be its own."""

    each: Declared
    owner: str
    path: str
    written: int | None
    port: int = 0  # of the Service; 0: the health check's

    def turn(self, kept: Mapping[str, int]) -> int:
        """Those that stand come first, so that it is a new one that is wrong; new ones last."""
        if self.written is None:
            return 0 if self.owner in kept else 2
        return 1


class _Numbers:
    """Who has which number. TCP and UDP of one Service may share one, two Services may not."""

    def __init__(self) -> None:
        self._owners: dict[int, str] = {}
        self._free = iter(NODE_PORTS)

    def hold(self, number: int, service: str) -> None:
        """The number belongs to this Service. Raises AddressError where it cannot."""
        if number not in NODE_PORTS:
            raise AddressError(f"{number} is no NodePort ({NODE_PORTS[0]}-{NODE_PORTS[-1]})")
        standing = self._owners.setdefault(number, service)
        if standing != service:
            raise AddressError(f"{number} is taken by {standing}")

    def take(self, service: str) -> int:
        """The first free number. Raises AddressError when none is left."""
        for number in self._free:
            if number not in self._owners:
                self._owners[number] = service
                return number
        raise AddressError(f"all of {NODE_PORTS[0]}-{NODE_PORTS[-1]} are taken")


def node_ports(ledger: Ledger, services: Sequence[Declared]) -> Mapping[str, int]:
    """The number of every port that has one, by its owner: as written, as it was, or the first
    free."""
    numbers = _Numbers()
    given: dict[str, int] = {}
    same: dict[tuple[str, int], int] = {}  # a port of a Service has one number for TCP and UDP
    kept = ledger.keep.node_ports
    asking = [ask for each in services for ask in _asking(each)]
    for ask in sorted(asking, key=lambda ask: ask.turn(kept)):
        service = ask.each.reference
        try:
            wanted = ask.written or kept.get(ask.owner) or same.get((service, ask.port))
            if wanted is not None:
                numbers.hold(wanted, service)
            given[ask.owner] = wanted or numbers.take(service)
        except AddressError as error:
            ledger.problems.append(ask.each.problem(ask.path, str(error)))
        else:
            same.setdefault((service, ask.port), given[ask.owner])
    return given


def _asking(each: Declared) -> Iterator[_Asking]:
    """The ports of a Service that have a number, or get one."""
    spec = each.spec
    allocates = spec.type == "NodePort" or (
        spec.type == "LoadBalancer" and spec.allocate_load_balancer_node_ports is not False
    )
    if spec.type not in ("NodePort", "LoadBalancer"):
        return
    for index, port in enumerate(spec.ports):
        if port.node_port is None and (not allocates or port.protocol == "SCTP"):
            continue
        owner = node_port_of(each.reference, port.port, port.protocol)
        yield _Asking(each, owner, f"spec.ports[{index}].nodePort", port.node_port, port.port)
    if spec.has_health_check:
        owner = health_check_of(each.reference)
        yield _Asking(each, owner, "spec.healthCheckNodePort", spec.health_check_node_port)
