"""How packets leave a VNet: the SNAT ports of each node, and the nodes for which they suffice."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

from nsnet.sizing import azure

OutboundType = Literal["loadBalancer", "natGateway", "userDefinedRouting", "none"]
OUTBOUND_TYPES: tuple[OutboundType, ...] = get_args(OutboundType)


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
    def ports(self) -> int:
        """The SNAT ports of all addresses; 0 if there is neither load balancer nor NAT gateway."""
        match self.type:
            case "loadBalancer":
                return self.addresses * (self.ports_per_address or azure.PORTS_OF_ADDRESS)
            case "natGateway":
                return self.addresses * (self.ports_per_address or azure.PORTS_OF_NAT_GATEWAY)
            case _:
                return 0

    def ports_of(self, nodes: int) -> int | None:
        """Return the SNAT ports of a node if there are so many nodes; None if they are not assigned
        by node. The default ends at 1,000 nodes: beyond, there are 0."""
        if self.type != "loadBalancer":
            return None
        if self.ports_per_node:
            return self.ports_per_node
        default = next((ports for most, ports in azure.DEFAULT_PORTS if nodes <= most), 0)
        return min(default * self.addresses, azure.MOST_DEFAULT_PORTS)

    @property
    def fewer_ports(self) -> tuple[tuple[int, int], ...]:
        """The numbers of nodes from which each node has fewer SNAT ports by default, and how many
        it has then."""
        if self.type != "loadBalancer" or self.ports_per_node:
            return ()
        starts = [most + 1 for most, _ in azure.DEFAULT_PORTS]
        found = [(start, self.ports_of(start) or 0) for start in starts]
        return tuple(
            (start, ports) for start, ports in found if ports < (self.ports_of(start - 1) or 0)
        )

    @property
    def room(self) -> int | None:
        """The most nodes for which the SNAT ports suffice; None: any number."""
        if self.type != "loadBalancer":
            return None
        if self.ports_per_node:
            return self.ports // self.ports_per_node
        return azure.DEFAULT_PORTS[-1][0]

    def mistakes(self) -> Iterator[str]:
        """Yield why there is no such outbound type."""
        most = {"loadBalancer": azure.MOST_FRONTENDS, "natGateway": azure.MOST_NAT_ADDRESSES}
        if self.addresses > most.get(self.type, self.addresses):
            yield f"addresses: a {self.type} has at most {most[self.type]}, not {self.addresses}"
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
        elif self.ports_per_node > azure.PORTS_OF_ADDRESS:
            most_ports = f"at most {azure.PORTS_OF_ADDRESS:,}"
            yield f"portsPerNode: {most_ports}, not {self.ports_per_node:,}"

    def __str__(self) -> str:
        if not self.ports:
            return self.type
        kind = "frontend" if self.type == "loadBalancer" else "public"
        return f"{self.type}, {self.addresses} {kind} address{'es' if self.addresses > 1 else ''}"
