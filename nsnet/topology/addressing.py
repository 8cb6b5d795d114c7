"""Who owns which address: ranges that hand out their free addresses, and what a running lab has
already given."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address, ip_network
from typing import Any

from nsnet.errors import NsnetError
from nsnet.ip import IPAddress, IPNetwork


class AddressError(NsnetError):
    """A range cannot give what was asked of it; the caller knows the line in the file."""


class Pool:
    """The host addresses of one range, lowest first; every address has one owner."""

    def __init__(self, network: IPNetwork, reserved: Iterable[IPAddress] = ()) -> None:
        self.network = network
        self._owners: dict[IPAddress, str] = {}
        self._reserved = frozenset(reserved)  # never handed out, but whoever asks by name gets it
        self._next = 1
        # The last address of an IPv4 range is its broadcast address.
        self._end = network.num_addresses - (1 if network.version == 4 else 0)

    def hold(self, address: IPAddress, owner: str) -> None:
        """The address belongs to `owner`. Raises AddressError where it is another's or outside
        the range."""
        if address not in self.network:
            raise AddressError(f"{address} is outside {self.network}")
        standing = self._owners.setdefault(address, owner)
        if standing != owner:
            raise AddressError(f"{address} is taken by {standing}")

    def owner(self, address: IPAddress) -> str | None:
        """Whose the address is, if it is anybody's."""
        return self._owners.get(address)

    def take(self, owner: str) -> IPAddress:
        """The first free address, owned by `owner` now. Raises AddressError when none is left."""
        while self._next < self._end:
            address = self.network[self._next]
            self._next += 1
            if address not in self._owners and address not in self._reserved:
                self._owners[address] = owner
                return address
        raise AddressError(f"{self.network} has no free address left for {owner}")


def allocate(
    pool: Pool, owners: Iterable[str], wanted: Mapping[str, IPAddress]
) -> dict[str, IPAddress]:
    """An address for each owner: the wanted one, else the first free. Raises AddressError."""
    waiting = list(owners)
    given: dict[str, IPAddress] = {}
    for owner in waiting:
        if owner in wanted:
            pool.hold(wanted[owner], owner)
            given[owner] = wanted[owner]
    return given | {owner: pool.take(owner) for owner in waiting if owner not in given}


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a lab has given to whom, by reference: what exists keeps its own over a change."""

    addresses: Mapping[str, tuple[IPAddress, ...]] = field(default_factory=dict)
    pod_cidrs: Mapping[str, tuple[IPNetwork, ...]] = field(default_factory=dict)
    nodes: Mapping[str, str] = field(default_factory=dict)  # pod reference → node name
    node_ports: Mapping[str, int] = field(default_factory=dict)
    given_up: frozenset[IPAddress] = frozenset()  # a moment ago: nobody is handed them now

    def of(self, owner: str, network: IPNetwork) -> IPAddress | None:
        """The address that the owner holds in this range, if any."""
        held = self.addresses.get(owner, ())
        return next((address for address in held if address in network), None)

    def without(self, owner: str) -> "Assignment":
        """The owner has given its addresses up, and will be handed others."""
        held = dict(self.addresses)
        return replace(self, given_up=frozenset(held.pop(owner, ())), addresses=held)

    def to_json(self) -> dict[str, object]:
        """As plain data for a file."""
        return {
            "addresses": {owner: list(map(str, held)) for owner, held in self.addresses.items()},
            "podCIDRs": {owner: list(map(str, held)) for owner, held in self.pod_cidrs.items()},
            "nodes": dict(self.nodes),
            "nodePorts": dict(self.node_ports),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Mapping[str, Any]]) -> "Assignment":
        """What `to_json` wrote, also before there were NodePorts. Raises KeyError or ValueError on
        anything else."""
        return cls(
            {owner: tuple(map(ip_address, held)) for owner, held in data["addresses"].items()},
            {owner: tuple(map(ip_network, held)) for owner, held in data["podCIDRs"].items()},
            {owner: str(node) for owner, node in data["nodes"].items()},
            {owner: int(number) for owner, number in data.get("nodePorts", {}).items()},
        )
