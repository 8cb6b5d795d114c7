"""How packets leave a VNet: the SNAT ports of each node, and the nodes for which they suffice."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, get_args

from nsnet.sizing import azure

OutboundType = Literal["loadBalancer", "natGateway", "userDefinedRouting", "none"]
OUTBOUND_TYPES: tuple[OutboundType, ...] = get_args(OutboundType)
_MOST_NODES: Final = azure.DEFAULT_PORTS[-1][0]  # for which there is a default number of ports


def default_ports(nodes: int, addresses: int, of_each: int) -> int:
    """Return how many ports a load balancer has for each of so many nodes: as many as Azure's,
    but no more than fit these addresses, of `of_each` ports each; at least 8."""
    last = azure.DEFAULT_PORTS[-1][1]
    default = next((ports for most, ports in azure.DEFAULT_PORTS if nodes <= most), last)
    fitting = fitting_ports(nodes, addresses, of_each)
    return max(azure.PORT_STEP, min(azure.MOST_DEFAULT_PORTS, default * addresses, fitting))


def fitting_ports(nodes: int, addresses: int, of_each: int) -> int:
    """Return the most ports that each node can have, a multiple of 8; all are of one address."""
    at_one_address = -(-nodes // addresses)
    return of_each // max(1, at_one_address) // azure.PORT_STEP * azure.PORT_STEP


@dataclass(frozen=True, slots=True)
class Outbound:
    """An outbound type and its public addresses: of a load balancer, its frontend addresses.

    A node has `ports_per_node` SNAT ports of a load balancer; 0: Azure's default for the number of
    nodes. `ports_per_address` is the number of an address's ports; 0: that of Azure.
    """

    type: OutboundType = "loadBalancer"
    addresses: int = 1
    ports_per_node: int = 0
    ports_per_address: int = 0

    @property
    def of_each(self) -> int:
        """The SNAT ports of an address; 0 if there is neither load balancer nor NAT gateway."""
        ports = azure.PORTS.get(self.type, 0)
        return ports and (self.ports_per_address or ports)

    @property
    def ports(self) -> int:
        """The SNAT ports of all addresses."""
        return self.addresses * self.of_each

    def ports_of(self, nodes: int) -> int | None:
        """Return the SNAT ports of a node if there are so many nodes; None if they are not assigned
        by node. By default there are 0 for more nodes than `room`."""
        if self.type != "loadBalancer":
            return None
        if self.ports_per_node:
            return self.ports_per_node
        if nodes > (self.room or 0):
            return 0
        return default_ports(nodes, self.addresses, self.of_each)

    @property
    def fewer_ports(self) -> tuple[tuple[int, int], ...]:
        """The numbers of nodes from which each node has fewer SNAT ports by default, and how many
        it has then."""
        if self.type != "loadBalancer" or self.ports_per_node:
            return ()
        ports = [(nodes, self.ports_of(nodes) or 0) for nodes in range(1, _MOST_NODES + 2)]
        return tuple(after for before, after in pairwise(ports) if after[1] < before[1])

    @property
    def room(self) -> int | None:
        """The most nodes for which the SNAT ports suffice; None: any number. By default they do for
        1,000, unless there are fewer than 8 for each."""
        if self.type != "loadBalancer":
            return None
        fewest = self.ports_per_node or azure.PORT_STEP
        room = self.addresses * (self.of_each // fewest)
        return room if self.ports_per_node else min(room, _MOST_NODES)

    def mistakes(self) -> Iterator[str]:
        """Yield why there is no such outbound type."""
        most = azure.MOST_ADDRESSES.get(self.type, self.addresses)
        if self.addresses > most:
            yield f"addresses: a {self.type} has at most {most}, not {self.addresses}"
        if not self.ports_per_node:
            return
        if self.type != "loadBalancer":
            yield f"portsPerNode: only a loadBalancer has them; the outbound type is {self.type}"
        elif self.ports_per_node % azure.PORT_STEP:
            step = azure.PORT_STEP
            below = self.ports_per_node // step * step
            near = f"such as {below} or {below + step}" if below else f"such as {step}"
            message = f"has to be a multiple of {step}, {near}, not {self.ports_per_node}"
            yield f"portsPerNode: {message}"
        elif self.ports_per_node > self.of_each:
            yield f"portsPerNode: at most {self.of_each:,}, not {self.ports_per_node:,}"

    def __str__(self) -> str:
        if not self.ports:
            return self.type
        kind = "frontend" if self.type == "loadBalancer" else "public"
        return f"{self.type}, {self.addresses} {kind} address{'es' if self.addresses > 1 else ''}"
