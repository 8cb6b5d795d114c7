"""The choice of endpoints for traffic to a Service: which ones a node uses, and in what shares.

Which endpoints a Service has is decided in topology.endpoints, and the addresses of load balancers
in topology.outside_ips.

Source: kubernetes/pkg/proxy/topology.go, v1.30, and for node hints v1.35.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from nsnet.ip import Family
from nsnet.topology.model import ZONE, Endpoint, Node, Service, ServicePort

Choice = TypeVar("Choice")


class Candidates(NamedTuple):
    """The endpoints of a Service port among which a node chooses for new connections.

    Traffic whose policy (internalTrafficPolicy or externalTrafficPolicy) is Local may only use
    endpoints on this node. If all endpoints are on other nodes, such traffic is dropped. If there
    are no endpoints at all, traffic of either policy is refused.
    """

    cluster: tuple[Endpoint, ...]  # for traffic of policy Cluster
    local: tuple[Endpoint, ...]  # for traffic of policy Local
    anywhere: bool  # the port has endpoints on any node

    def has_endpoints(self, local: bool) -> bool:
        """Return whether there is an endpoint that traffic may use.

        With `local`, the traffic has policy Local, and so may only use endpoints on this node.
        """
        return bool(self.local) if local else self.anywhere


def candidates(service: Service, port: ServicePort, node: Node, family: Family) -> Candidates:
    """Return the endpoints that this node may use for connections to the port.

    They are chosen by their conditions, their nodes and their hints.
    """
    mine = _of_family(port.endpoints, family)
    external = service.is_external(port, family)
    cluster: tuple[Endpoint, ...] = ()
    anywhere = False
    # With externalTrafficPolicy: Local, pods and nodes of the cluster still use all endpoints.
    if external or not service.internal_local:
        cluster = ready_else_terminating(_hinted_for(mine, node))
        anywhere = bool(cluster)
    local: tuple[Endpoint, ...] = ()
    if service.internal_local or (service.external_local and external):
        anywhere = bool(ready_else_terminating(mine))
        local = ready_else_terminating(each for each in mine if each.node == node.name)
    return Candidates(cluster, local, anywhere)


def choices(
    service: Service, port: ServicePort, node: Node, *, internal: bool, near: bool
) -> Iterator[Endpoint]:
    """Yield the endpoints, of all families, that this node may use for connections to the port.

    `internal` says that the connections are to the ClusterIP, so that internalTrafficPolicy
    applies, else externalTrafficPolicy does. `near` says that the client is in the cluster: with
    externalTrafficPolicy Local, the node may use all endpoints for it, or in mode ipvs its own.
    """
    for family in sorted({each.address.version for each in port.endpoints}):
        found = candidates(service, port, node, family)
        local = service.internal_local if internal else service.external_local
        if local:
            yield from found.local
        if not local or (near and not internal):
            yield from found.cluster


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


def ready_pods_on(service: Service, node: Node) -> int:
    """Return how many ready pods of the Service are on the node, for the Service's health check.

    A pod with several ports or families counts once.
    """
    endpoints = (each for port in service.ports for each in port.endpoints)
    return len({each.reference for each in endpoints if each.ready and each.node == node.name})


def rule_probabilities(endpoints: Sequence[Choice]) -> Iterator[tuple[Choice, float | None]]:
    """Yield each endpoint with the probability that its rule matches, or None for the last rule.

    A packet reaches a rule only if no rule before it has matched, and the last rule always matches.
    So three endpoints have 1/3, 1/2 and None, and get equal shares.
    """
    for position, endpoint in enumerate(endpoints):
        left = len(endpoints) - position
        yield endpoint, 1 / left if left > 1 else None


def _of_family(endpoints: Iterable[Endpoint], family: Family) -> Sequence[Endpoint]:
    return [each for each in endpoints if each.address.version == family]


def _hinted_for(endpoints: Sequence[Endpoint], node: Node) -> Sequence[Endpoint]:
    """Return the ready endpoints with a hint for this node, else those with one for its zone.

    Hints of a kind are ignored if a ready endpoint has none of that kind. Return all endpoints if
    no hint remains.
    """
    zone = node.labels.get(ZONE, "")
    ready = [each for each in endpoints if each.ready]
    if all(each.nodes for each in ready):
        same_node = [each for each in ready if node.name in each.nodes]
        if same_node:
            return same_node
    if zone and all(each.zones for each in ready):
        return [each for each in ready if zone in each.zones] or endpoints
    return endpoints
