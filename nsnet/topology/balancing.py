"""Which endpoints get connections, and in what shares: what kube-proxy of a node makes of an
EndpointSlice.

Source: kubernetes/pkg/proxy/topology.go, v1.30.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from nsnet.ip import Family
from nsnet.topology.model import ZONE, Endpoint, Node, Service, ServicePort

Choice = TypeVar("Choice")


class Candidates(NamedTuple):
    """The endpoints of a Service port as one node sees them.

    `anywhere` tells a Service whose endpoints are all elsewhere (its packets are dropped) from
    one that has none (they are refused).
    """

    cluster: tuple[Endpoint, ...]  # for traffic of policy Cluster
    local: tuple[Endpoint, ...]  # for traffic of policy Local
    anywhere: bool

    def serve(self, local: bool) -> bool:
        """Traffic of this policy has endpoints: of policy Local, on this node."""
        return bool(self.local) if local else self.anywhere


def candidates(service: Service, port: ServicePort, node: Node, family: Family) -> Candidates:
    """Who may be chosen on this node, by ready, terminating and local endpoints and zone hints."""
    mine = _of_family(port.endpoints, family)
    external = service.is_external(port, family)
    cluster: tuple[Endpoint, ...] = ()
    anywhere = False
    # Even where external traffic stays local, a node's own clients may go anywhere.
    if external or not service.internal_local:
        cluster = ready_else_terminating(_near(mine, node))
        anywhere = bool(cluster)
    local: tuple[Endpoint, ...] = ()
    if service.internal_local or (service.external_local and external):
        anywhere = bool(ready_else_terminating(mine))
        local = ready_else_terminating(each for each in mine if each.node == node.name)
    return Candidates(cluster, local, anywhere)


def ready_else_terminating(endpoints: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    """Return the ready endpoints or, if there is none, the terminating ones that still serve.

    Source: KEP-1669, "Proxy Terminating Endpoints".
    """
    every = tuple(endpoints)
    ready = tuple(each for each in every if each.ready)
    return ready or tuple(each for each in every if each.serving and each.terminating)


def usable(endpoints: Iterable[Endpoint], family: Family) -> tuple[Endpoint, ...]:
    """Return the endpoints of this family that may get new connections on any node."""
    return ready_else_terminating(_of_family(endpoints, family))


def ready_on(service: Service, node: Node) -> int:
    """What the node's health check counts: one endpoint of several ports or families is one."""
    endpoints = (each for port in service.ports for each in port.endpoints)
    return len({each.reference for each in endpoints if each.ready and each.node == node.name})


def shares(endpoints: Sequence[Choice]) -> Iterator[tuple[Choice, float | None]]:
    """Each endpoint with the probability of its rule, given that no rule before it matched; the
    last always does."""
    for position, endpoint in enumerate(endpoints):
        left = len(endpoints) - position
        yield endpoint, 1 / left if left > 1 else None


def _of_family(endpoints: Iterable[Endpoint], family: Family) -> Sequence[Endpoint]:
    return [each for each in endpoints if each.address.version == family]


def _near(endpoints: Sequence[Endpoint], node: Node) -> Sequence[Endpoint]:
    """Those meant for the node's zone, where every ready endpoint has a hint and one names it."""
    zone = node.labels.get(ZONE, "")
    ready = [each for each in endpoints if each.ready]
    hinted = zone and all(each.zones for each in ready)
    meant = [each for each in ready if zone in each.zones] if hinted else []
    return meant or endpoints
