"""Routes that several features need: to the pods of a node, and to the fabric."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from nsnet.ip import default_destination, ips_of, of_family
from nsnet.state.model import Fact, Piece, Route, Shared
from nsnet.topology.model import Gateway, Node, Topology


def to_pods(node: Node, dev: str) -> Iterator[Route]:
    """Yield the routes to a node's pods, with the node as the next hop on the link `dev`."""
    for pods in node.pod_cidrs:
        via = of_family(ips_of(node.addresses), pods.version)
        yield Route(pods, via, dev, why=f"pods of {node.reference}")


def for_others(
    nodes: Sequence[Node], pieces_for: Callable[[Node], Iterable[Piece]]
) -> Iterator[Fact]:
    """Yield, for each node, the pieces by which the others reach it. All other nodes hold them."""
    found = [tuple(pieces_for(node)) for node in nodes]
    every = tuple(piece for pieces in found for piece in pieces)
    start = 0
    for node, pieces in zip(nodes, found, strict=True):
        stop = start + len(pieces)
        yield node.netns, Shared(every, start, stop)
        start = stop


def to_fabric(topology: Topology, gateway: Gateway, dev: str) -> Iterator[Route]:
    """Yield a gateway's default routes, one for each family in which it has an address on the
    fabric."""
    for router in topology.fabric:
        if of_family(ips_of(gateway.outside), router.version) is not None:
            yield Route(
                default_destination(router.ip), router.ip, dev, why="default route: the fabric"
            )
