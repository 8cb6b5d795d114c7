"""How clusters in VNets get to the internet: their public addresses, and the ports of these."""

from collections.abc import Iterator, Sequence
from typing import Final

from nsnet.ip import IPAddress
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.vnets import OutboundSpec
from nsnet.sizing.azure import PORTS
from nsnet.sizing.outbound import default_ports, fitting_ports
from nsnet.text import number_of
from nsnet.topology.assignment import outbound_owner
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Outbound, PortBlock
from nsnet.topology.ranges import firewall_of

FIRST_PORT: Final = 1024  # those below are reserved


def resolve_outbound(ledger: Ledger, path: str, spec: ClusterSpec, nodes: int) -> Outbound | None:
    """Return how a cluster of so many nodes gets to the internet; None if it is in no VNet. Record
    a mistake if the public addresses have too few ports."""
    if spec.vnet is None:
        return None
    wanted = spec.outbound or OutboundSpec()
    if wanted.type not in PORTS:
        vnet = next((each for each in ledger.scenario.spec.vnets if each.name == spec.vnet), None)
        through = firewall_of(vnet, wanted) if vnet and wanted.type != "none" else None
        return Outbound(wanted.type, firewall=through.name if through else "")
    count = wanted.addresses or 1
    of_each = wanted.ports_per_address or PORTS[wanted.type]
    owners = [outbound_owner(spec.name, number) for number in range(1, count + 1)]
    public = tuple(each for owner in owners for each in ledger.allocate_fabric_ips((4,), owner))
    if len(public) < count:
        return None  # recorded as a mistake
    if wanted.type == "natGateway":
        blocks = tuple(PortBlock(each, _ports(0, of_each)) for each in public)
        return Outbound(wanted.type, public, blocks, idle_seconds=wanted.idle_seconds)
    of_node = wanted.ports_per_node or default_ports(nodes, count, of_each)
    if nodes > count * (of_each // of_node):
        key = "portsPerNode" if wanted.ports_per_node else "portsPerAddress"
        ledger.refuse(f"{path}.outbound.{key}", _too_few(nodes, of_node, count, of_each))
        return None
    blocks = tuple(_blocks(public, nodes, of_node, of_each))
    return Outbound(wanted.type, public, blocks, idle_seconds=wanted.idle_seconds)


def _blocks(
    public: Sequence[IPAddress], nodes: int, of_node: int, of_each: int
) -> Iterator[PortBlock]:
    """Yield a block of ports for each node. The first address is full before the next is used."""
    for number in range(nodes):
        at, place = divmod(number, of_each // of_node)
        yield PortBlock(public[at], _ports(place * of_node, of_node))


def _ports(start: int, count: int) -> tuple[int, int]:
    return FIRST_PORT + start, FIRST_PORT + start + count - 1


def _too_few(nodes: int, of_node: int, addresses: int, of_each: int) -> str:
    have = "1 public address" if addresses == 1 else f"{addresses} public addresses"
    message = f"{number_of(nodes, 'node')} × {of_node} ports do not fit {have} of {of_each} ports"
    remedies = []
    if fitting := fitting_ports(nodes, addresses, of_each):
        remedies.append(f"at most {fitting} each fit")
    if at_one_address := of_each // of_node:
        remedies.append(f"{-(-nodes // at_one_address)} addresses do")
    return f"{message}; {', or '.join(remedies)}" if remedies else message
