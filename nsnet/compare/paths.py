"""The paths that are compared: the same for all variants, between the actors of the first two
clusters, and a host outside."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from nsnet.compare.actors import CLIENT, ECHO, FAR, NEAR, SERVICE, reference
from nsnet.ip import Protocol
from nsnet.topology.model import Topology

TWO_NODES: Final = "pod to pod, two nodes"
TO_ANOTHER_CLUSTER: Final = "pod to Service of another cluster"
# The paths whose costs tell models apart, the most telling first.
TELLING: Final = (TO_ANOTHER_CLUSTER, TWO_NODES)


class ComparedPath(NamedTuple):
    """A path by its name: who asks, and whom."""

    name: str
    source: str
    to: str  # a reference without a port
    port: int = ECHO


def compared_paths(topology: Topology) -> Iterator[ComparedPath]:
    """Yield the paths of a lab. Machines of VNets are not in every variant, so none begins or ends
    there; a host outside is."""
    one, *others = [each.name for each in topology.clusters]
    client, near, far = (reference(one, "pod", each) for each in (CLIENT, NEAR, FAR))
    outside, port = _outside(topology)
    yield ComparedPath("pod to pod, one node", client, near)
    yield ComparedPath(TWO_NODES, client, far)
    yield ComparedPath("pod to Service", client, reference(one, "svc", SERVICE))
    if others:
        other = others[0]
        exported = any(
            each.exported
            for each in topology.clusters[1].services
            if each.reference == reference(other, "svc", SERVICE)
        )
        service = reference(other, "svc" if exported else "lb", SERVICE)
        yield ComparedPath(TO_ANOTHER_CLUSTER, client, service)
        yield ComparedPath("pod to pod of another cluster", client, reference(other, "pod", FAR))
    yield ComparedPath("outside to Service", outside, reference(one, "lb", SERVICE))
    yield ComparedPath("outside to pod", outside, far)
    yield ComparedPath("pod to outside", client, outside, port)


def _outside(topology: Topology) -> tuple[str, int]:
    """Return the reference of a host outside that listens, and its TCP port."""
    return next(
        (each.reference, one.port)
        for each in topology.externals
        for one in each.ports
        if one.protocol is Protocol.TCP
    )
