"""What each Service port adds on each node, in the modes iptables and nftables."""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias, TypeVar, cast

from nsnet.features.services.kube_proxy import node_in_source_ranges, proxied, same_on_all_nodes
from nsnet.ip import Family, IPNetwork
from nsnet.topology.balancing import Candidates, candidates, usable
from nsnet.topology.model import Cluster, Node, Service, ServicePort

# Results that a cache keeps: enough for the largest lab twice, before and after a change.
CACHED: Final = 1 << 15


class Terms(NamedTuple):
    """Parameters that are the same for all Service ports of a cluster, in one family."""

    family: Family
    pods: IPNetwork | None  # kube-proxy's --cluster-cidr
    masquerade_all: bool
    comments: bool = True  # on the rules of endpoints, in mode iptables


class OnNode(NamedTuple):
    """The properties of a node on which the rules of one Service port depend."""

    found: Candidates
    node_admitted: bool  # the node's own address is within the Service's source ranges


Added = TypeVar("Added")
Compute: TypeAlias = Callable[[Service, ServicePort, OnNode, Terms], Added]


def added_by_node(
    cluster: Cluster, terms: Terms, compute: Compute[Added]
) -> Sequence[Sequence[Added]]:
    """Return, for each node, what each Service port adds there: the results of `compute`, in the
    order of the Services.

    If a Service has the same rules on all nodes, the nodes share the same objects.
    """
    rows: list[list[Added]] = [[] for _ in cluster.nodes]
    for service in proxied(cluster, terms.family):
        same = _anywhere(service, terms.family) if same_on_all_nodes(service) else None
        for node, row in zip(cluster.nodes, rows, strict=True):
            here = same if same is not None else _on_node(service, node, terms.family)
            row.extend(cast(tuple[Added, ...], _added(compute, service, here, terms)))
    return rows


def _anywhere(service: Service, family: Family) -> tuple[OnNode, ...]:
    """Return what the rules of each port depend on, whichever node it is. This is only for a
    Service whose rules are the same on all nodes."""
    found = (usable(port.endpoints, family) for port in service.ports)
    return tuple(OnNode(Candidates(each, (), bool(each)), node_admitted=False) for each in found)


def _on_node(service: Service, node: Node, family: Family) -> tuple[OnNode, ...]:
    admitted = node_in_source_ranges(service, node, family)
    found = (candidates(service, port, node, family) for port in service.ports)
    return tuple(OnNode(each, admitted) for each in found)


@lru_cache(CACHED)
def _added(
    compute: Compute[object], service: Service, here: tuple[OnNode, ...], terms: Terms
) -> tuple[object, ...]:
    """Return what each port of a Service adds on a node with these properties. Equal calls share
    one result. A Service is looked up whole: its hash is computed once, not once for each port."""
    ports = zip(service.ports, here, strict=True)
    return tuple(compute(service, port, each, terms) for port, each in ports)
