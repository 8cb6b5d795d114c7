"""VNets: their machines, and the addresses that nodes and pods have in a subnet."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from nsnet.ip import IPAddress, IPInterface, IPNetwork, Protocol, held_at
from nsnet.scenario.kinds import ClusterSpec, ScenarioSpec
from nsnet.scenario.vnets import IN_SUBNET, MAX_PODS, MachineSpec, VnetSpec
from nsnet.sizing.azure import RESERVED_FIRST, RESERVED_LAST
from nsnet.state.namespaces import netns_name
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Allowed, Firewall, ListenPort, Machine, Subnet, VNet
from nsnet.topology.pool import AddressError, Pool
from nsnet.topology.ranges import peered_ranges


class SubnetAddresses:
    """The addresses of one subnet. Machines get theirs first, then nodes with their pods."""

    def __init__(self, network: IPNetwork) -> None:
        self.network = network
        self.pool = Pool(network, reserved_by_azure(network))

    def of_nodes(
        self, ledger: Ledger, path: str, owners: Sequence[str], spec: ClusterSpec
    ) -> dict[str, tuple[IPAddress, ...]]:
        """Return the addresses of each node: its own and, if its pods have addresses of the subnet,
        those reserved for them. They follow each other. A node keeps those that it has in the lab.
        """
        length = 1 + (max_pods(spec) if spec.cni in IN_SUBNET else 0)
        kept = {each: self._kept(ledger, each, length) for each in owners}
        allocated = {owner: run for owner, run in kept.items() if run}
        try:
            for owner in owners:
                if owner not in allocated:
                    allocated[owner] = self.pool.allocate_run(owner, length)
        except AddressError as error:
            ledger.refuse(path, str(error))
            return {}
        return allocated

    def _kept(self, ledger: Ledger, owner: str, length: int) -> tuple[IPAddress, ...]:
        """Return the addresses that the node has in the lab; none if they do not suffice."""
        first = ledger.keep.address_in(self.network, owner)
        if first is None or int(first) + length > int(self.network[-1]):
            return ()
        run = tuple(first + offset for offset in range(length))
        if any(self.pool.owner(each) is not None for each in run):
            return ()
        for each in run:
            self.pool.reserve(each, owner)
        return run


def reserved_by_azure(network: IPNetwork) -> tuple[IPAddress, ...]:
    """Return the addresses of a subnet that Azure keeps for itself: the first four and the last.

    Source: "Azure Virtual Network FAQ". Its first one is the network's own address, its second the
    default gateway.
    """
    size = network.num_addresses
    places = (*range(min(RESERVED_FIRST, size)), *range(max(size - RESERVED_LAST, 0), size))
    return tuple(network[place] for place in dict.fromkeys(places))


def max_pods(spec: ClusterSpec) -> int:
    """Return the largest number of pods on a node of a cluster in a VNet."""
    return spec.max_pods or MAX_PODS[spec.cni]


@dataclass(frozen=True, slots=True)
class ResolvedVnets:
    """The VNets of a lab, and the addresses of their subnets, by the names of both."""

    vnets: tuple[VNet, ...]
    addresses: Mapping[tuple[str, str], SubnetAddresses]


def resolve_vnets(ledger: Ledger) -> ResolvedVnets:
    """Return the VNets with their machines. Record a mistake for an address that cannot be used."""
    addresses: dict[tuple[str, str], SubnetAddresses] = {}
    found = []
    for index, vnet in enumerate(ledger.scenario.spec.vnets):
        subnets = []
        for each in vnet.subnets:
            held = SubnetAddresses(each.range)
            addresses[vnet.name, each.name] = held
            path = f"spec.vnets[{index}].machines"
            machines = tuple(_machines(ledger, path, vnet, each.name, held))
            firewalls = tuple(_firewalls(ledger, index, vnet, each.name, held))
            subnets.append(Subnet(each.name, each.range, machines, firewalls))
        (outside,) = _outside(ledger, f"vnet/{vnet.name}") or (None,)
        if outside is None:
            continue  # recorded as a mistake
        found.append(
            VNet(
                name=vnet.name,
                netns=netns_name(ledger.scenario.name, "vnet", vnet.name),
                reference=f"vnet/{vnet.name}",
                ranges=vnet.ranges,
                subnets=tuple(subnets),
                outside=outside,
                peered=tuple(_peered(ledger.scenario.spec, vnet)),
            )
        )
    return ResolvedVnets(tuple(found), addresses)


def _outside(ledger: Ledger, owner: str) -> tuple[IPInterface, ...]:
    """Return the address of a VNet or a firewall on the fabric."""
    fabric = next((one for one in ledger.scenario.spec.fabric_cidr if one.version == 4), None)
    if fabric is None:
        ledger.refuse("spec.fabricCIDR", "has no IPv4 range, but a VNet needs an address of it")
        return ()
    return tuple(held_at(each, fabric) for each in ledger.allocate_fabric_ips((4,), owner))


def _machines(
    ledger: Ledger, path: str, vnet: VnetSpec, subnet: str, held: SubnetAddresses
) -> Iterator[Machine]:
    """Yield the machines in a subnet."""
    those = [(f"{path}[{at}]", each) for at, each in enumerate(vnet.machines)]
    mine = {f"vm/{each.name}": (at, each) for at, each in those if each.subnet == subnet}
    written: dict[IPAddress, str] = {}
    for owner, (at, each) in mine.items():
        why = _why_not(each, held, written)
        if why:
            ledger.refuse(f"{at}.address", f"{each.address} {why}")
        elif each.address is not None:
            written[each.address] = owner
    allocated = ledger.allocate(path, held.pool, [*mine], written)
    for owner, (_, each) in mine.items():
        if owner in allocated:
            yield Machine(
                name=each.name,
                netns=netns_name(ledger.scenario.name, "vm", each.name),
                reference=owner,
                address=held_at(allocated[owner], held.network),
                ports=tuple(
                    ListenPort(one.port, Protocol(one.protocol.lower())) for one in each.ports
                ),
            )


def _firewalls(
    ledger: Ledger, index: int, vnet: VnetSpec, subnet: str, held: SubnetAddresses
) -> Iterator[Firewall]:
    """Yield the firewalls in a subnet."""
    path = f"spec.vnets[{index}].firewalls"
    mine = {f"firewall/{each.name}": each for each in vnet.firewalls if each.subnet == subnet}
    allocated = ledger.allocate(path, held.pool, [*mine])
    for owner, each in mine.items():
        outside = _outside(ledger, owner)
        if owner in allocated and outside:
            yield Firewall(
                name=each.name,
                netns=netns_name(ledger.scenario.name, "firewall", each.name),
                reference=owner,
                address=held_at(allocated[owner], held.network),
                outside=outside[0],
                allowed=tuple(
                    Allowed(one.to, Protocol(one.protocol.lower()), one.port) for one in each.allow
                ),
            )


def _why_not(each: MachineSpec, held: SubnetAddresses, written: Mapping[IPAddress, str]) -> str:
    """Return why a machine cannot have the address that it states; "" if it can."""
    if each.address is None:
        return ""
    if each.address not in held.network:
        return f"is outside {held.network}, the range of subnet {each.subnet}"
    if each.address in reserved_by_azure(held.network):
        return f"is one of the addresses of {held.network} that Azure reserves"
    return f"is the address of {written[each.address]}" if each.address in written else ""


def _peered(spec: ScenarioSpec, vnet: VnetSpec) -> Iterator[IPNetwork]:
    """Yield the ranges of the networks that a VNet is peered with."""
    for peering in vnet.peerings:
        yield from peered_ranges(spec, peering)
