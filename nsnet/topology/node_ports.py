"""NodePorts: the ports of every node behind which a Service stands, and those at which a load
balancer asks a node for its health.

Source: kubernetes/pkg/registry/core/service/storage/alloc.go, v1.30.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from nsnet.ip import Protocol
from nsnet.topology.declared import Declared
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Pod, health_check_of, node_port_of
from nsnet.topology.pool import AddressError

NODE_PORTS: Final = range(30_000, 32_768)  # --service-node-port-range of the API server


class _Asking(NamedTuple):
    """A port that needs a number, or has one that shall be its own."""

    each: Declared
    owner: str
    path: str
    written: int | None
    port: int = 0  # of the Service; 0: the health check's
    protocol: str = ""

    @property
    def holder(self) -> str:
        """Who may share the number: all ports of a Service, and its health check nobody's."""
        return self.each.reference if self.port else self.owner

    def turn(self, kept: Mapping[str, int]) -> int:
        """Those that stand come first, so that it is a new one that is wrong; new ones last."""
        if self.written is None:
            return 0 if self.owner in kept else 2
        return 1


class _Numbers:
    """Who holds which number. TCP and UDP of one Service may share one, two Services may not.

    `bound` is what pods of the host's network listen on, over TCP: a NodePort may be written over
    one, but nobody else can listen there.
    """

    def __init__(self, bound: Mapping[int, str]) -> None:
        self._bound = bound
        self._holders: dict[int, str] = {}
        self._free = iter(NODE_PORTS)

    def hold(self, number: int, holder: str, *, listens: bool) -> None:
        """The number is this holder's. Raises AddressError where it cannot be."""
        if listens and number in self._bound:
            raise AddressError(f"{number} is taken by {self._bound[number]}, on the host's network")
        if number not in NODE_PORTS:
            raise AddressError(f"{number} is no NodePort ({NODE_PORTS[0]}-{NODE_PORTS[-1]})")
        standing = self._holders.setdefault(number, holder)
        if standing != holder:
            raise AddressError(f"{number} is taken by {standing}")

    def take(self, holder: str) -> int:
        """The first free number. Raises AddressError when none is left."""
        for number in self._free:
            if number not in self._holders and number not in self._bound:
                self._holders[number] = holder
                return number
        raise AddressError(f"all of {NODE_PORTS[0]}-{NODE_PORTS[-1]} are taken")


def node_ports(
    ledger: Ledger, services: Sequence[Declared], housed: Sequence[Pod]
) -> Mapping[str, int]:
    """The number of every port that has one, by its owner: as written, as it was, or the first
    free."""
    numbers = _Numbers(
        {
            each.port: pod.reference
            for pod in housed
            for each in (pod.ports if pod.host_network else ())
            if each.protocol is Protocol.TCP
        }
    )
    given: dict[str, int] = {}
    same: dict[tuple[str, int], int] = {}  # a port of a Service has one number for TCP and UDP
    asking = [ask for each in services for ask in _asking(each)]
    # What a Service has for one port it cannot have for another of the same protocol.
    used = {(each.holder, each.protocol, each.written) for each in asking if each.written}
    standing = ledger.keep.node_ports
    kept = {
        each.owner: number
        for each in asking
        if (number := standing.get(each.owner)) is not None
        and (each.holder, each.protocol, number) not in used
    }
    for ask in sorted(asking, key=lambda ask: ask.turn(kept)):
        place = (ask.holder, ask.port)
        try:
            wanted = ask.written or kept.get(ask.owner) or same.get(place)
            if ask.written is None and (ask.holder, ask.protocol, wanted) in used:
                wanted = None
            if wanted is not None:
                numbers.hold(wanted, ask.holder, listens=not ask.port)
            given[ask.owner] = wanted or numbers.take(ask.holder)
        except AddressError as error:
            ledger.problems.append(ask.each.problem(ask.path, str(error)))
        else:
            same.setdefault(place, given[ask.owner])
            used.add((ask.holder, ask.protocol, given[ask.owner]))
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
        path = f"spec.ports[{index}].nodePort"
        yield _Asking(each, owner, path, port.node_port, port.port, port.protocol)
    if spec.has_health_check:
        owner = health_check_of(each.reference)
        yield _Asking(each, owner, "spec.healthCheckNodePort", spec.health_check_node_port)
