"""Ranges of addresses in which each address has at most one owner, and the range of NodePorts."""

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from nsnet.errors import NsnetError
from nsnet.ip import IPAddress, IPNetwork

NODE_PORTS: Final = range(30_000, 32_768)  # --service-node-port-range of the API server


class AddressError(NsnetError):
    """An address or a port that cannot be allocated. The caller adds the line of the file."""


class Pool:
    """The host addresses of one range. They are allocated lowest first, or from the end."""

    def __init__(
        self,
        network: IPNetwork,
        excluded: Iterable[IPAddress] = (),
        window: Sequence[IPAddress] = (),
    ) -> None:
        """Excluded addresses, and those outside the window, can be reserved, but `allocate` does
        not choose them. The window is a run of addresses; without it, it is the whole range."""
        self.network = network
        self._owners: dict[IPAddress, str] = {}
        self._excluded = frozenset(excluded)
        self._next = 1
        # The last address of an IPv4 range is its broadcast address.
        self._end = network.num_addresses - (1 if network.version == 4 else 0)
        self._window = f"{window[0]}-{window[-1]}" if window else ""
        if window:
            self._next = int(window[0]) - int(network[0])
            self._end = self._next + len(window)

    def __str__(self) -> str:
        return self._window or str(self.network)

    def owner(self, address: IPAddress) -> str | None:
        """Return the owner of the address, or None if it is free."""
        return self._owners.get(address)

    def reserve(self, address: IPAddress, owner: str) -> None:
        """Allocate this address to `owner`, which may already have it.

        Raises AddressError if it has another owner or is outside the range.
        """
        if address not in self.network:
            raise AddressError(f"{address} is outside {self.network}")
        first = self._owners.setdefault(address, owner)
        if first != owner:
            raise AddressError(f"{address} is taken by {first}")

    def allocate(self, owner: str) -> IPAddress:
        """Allocate the first free address to `owner`. Raises AddressError if none is free."""
        while self._next < self._end:
            address = self.network[self._next]
            self._next += 1
            if address not in self._owners and address not in self._excluded:
                self._owners[address] = owner
                return address
        raise AddressError(f"{self} has no free address left for {owner}")

    def allocate_run(self, owner: str, length: int) -> tuple[IPAddress, ...]:
        """Allocate the first free addresses that follow each other, `length` of them. Raises
        AddressError if there are too few."""
        found: list[IPAddress] = []
        while self._next < self._end:
            address = self.network[self._next]
            self._next += 1
            free = address not in self._owners and address not in self._excluded
            found = [*found, address] if free else []
            if len(found) == length:
                self._owners |= dict.fromkeys(found, owner)
                return tuple(found)
        what = "free address" if length == 1 else f"{length} free addresses in a row"
        raise AddressError(f"{self} has no {what} left for {owner}")

    def allocate_last(self, owner: str) -> IPAddress | None:
        """Allocate the last free address to `owner`. Return None if none is free."""
        while self._next < self._end:
            self._end -= 1
            address = self.network[self._end]
            if address not in self._owners and address not in self._excluded:
                self._owners[address] = owner
                return address
        return None


class Ranges:
    """Ranges of one family that do not overlap, sorted."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []  # the address after the last one

    def add(self, network: IPNetwork) -> bool:
        """Add the range and return True, or return False if it overlaps another one."""
        start = int(network.network_address)
        end = start + network.num_addresses
        at = bisect(self._starts, start)
        if (at and self._ends[at - 1] > start) or (
            at < len(self._starts) and self._starts[at] < end
        ):
            return False
        self._starts.insert(at, start)
        self._ends.insert(at, end)
        return True

    def free(self, network: IPNetwork, size: int) -> Iterator[IPNetwork]:
        """Yield the subnets of `network` with this prefix length that overlap no range here."""
        step: int = 2 ** (network.max_prefixlen - size)
        at = int(network.network_address)
        end = at + network.num_addresses
        for start, after in zip((*self._starts, end), (*self._ends, end), strict=True):
            while at + step <= start:
                yield type(network)((at, size))
                at += step
            at = max(at, -(-after // step) * step)


def special_use(address: IPAddress, network: IPNetwork) -> str:
    """Return the use of an address that no host can have ("broadcast"), or "" for any other."""
    if address == network.network_address:
        return "network" if network.version == 4 else "subnet-router anycast"
    if address == network.broadcast_address and network.version == 4:
        return "broadcast"
    return ""


def allocate_all(
    pool: Pool, owners: Iterable[str], wanted: Mapping[str, IPAddress]
) -> dict[str, IPAddress]:
    """Return an address for each owner: the one in `wanted`, else the first free one.

    Wanted addresses are reserved before free ones are allocated. Raises AddressError.
    """
    waiting = list(owners)
    allocated: dict[str, IPAddress] = {}
    for owner in waiting:
        if owner in wanted:
            pool.reserve(wanted[owner], owner)
            allocated[owner] = wanted[owner]
    return allocated | {owner: pool.allocate(owner) for owner in waiting if owner not in allocated}
