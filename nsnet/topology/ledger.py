"""What `resolve` records: mistakes, warnings, and the owners of addresses in fabricCIDR."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from nsnet.errors import Problem
from nsnet.ip import IPAddress
from nsnet.scenario.model import Scenario
from nsnet.topology.assignment import Assignment
from nsnet.topology.pool import AddressError, Pool, allocate_all


class Ledger:
    """The record of one `resolve`: it leaves out a wrong part and still checks the others."""

    def __init__(
        self, scenario: Scenario, keep: Assignment, problems: Iterable[Problem] = ()
    ) -> None:
        self.scenario = scenario
        self.keep = keep
        self.problems = list(problems)
        self.warnings = list(scenario.warnings)
        self._fabric = [Pool(each) for each in scenario.spec.fabric_cidr]
        for pool in self._fabric:
            pool.reserve(pool.network[1], "fabric")

    def refuse(self, path: str, message: str) -> None:
        """Record a mistake at this path of the Scenario."""
        self.problems.append(self.scenario.problem(path, message))

    def allocate(self, path: str, pool: Pool, owners: Sequence[str]) -> Mapping[str, IPAddress]:
        """Return an address for each owner: its kept one, or the first free one.

        If there are too few, return none and record a mistake at `path`.
        """
        kept = {owner: self.keep.address_in(pool.network, owner) for owner in owners}
        try:
            return allocate_all(pool, owners, {owner: ip for owner, ip in kept.items() if ip})
        except AddressError as error:
            self.refuse(path, str(error))
            return {}

    def reserve_fabric_ip(self, address: IPAddress, owner: str) -> bool:
        """Allocate this address to `owner`; return False if it is outside fabricCIDR.

        Raises AddressError if it has another owner.
        """
        pool = self._pool_of(address)
        if pool is not None:
            pool.reserve(address, owner)
        return pool is not None

    def reserve_fabric_ip_if_free(self, address: IPAddress, owner: str) -> None:
        """Reserve the address unless it is already allocated or outside fabricCIDR."""
        pool = self._pool_of(address)
        if pool is not None and pool.owner(address) is None:
            pool.reserve(address, owner)

    def reserve_kept_fabric_ips(self) -> None:
        """Reserve what the lab has allocated, unless the file gives it to another owner."""
        for pool in self._fabric:
            for owner in self.keep.addresses:
                kept = self.keep.address_in(pool.network, owner)
                if kept is not None and pool.owner(kept) is None:
                    pool.reserve(kept, owner)

    def allocate_fabric_ips(
        self, families: Collection[int], owner: str, written: Collection[IPAddress] = ()
    ) -> tuple[IPAddress, ...]:
        """Return an address of fabricCIDR for each of the families that it has.

        Addresses in `written` are reserved already and win over kept and free ones.
        """
        allocated: list[IPAddress] = []
        for pool in self._fabric:
            if pool.network.version not in families:
                continue
            kept = self.keep.address_in(pool.network, owner)
            if in_range := [each for each in written if each in pool.network]:
                allocated += in_range
            elif kept is not None and pool.owner(kept) == owner:
                allocated.append(kept)
            else:
                try:
                    allocated.append(pool.allocate(owner))
                except AddressError as error:
                    self.refuse("spec.fabricCIDR", str(error))
        return tuple(allocated)

    def _pool_of(self, address: IPAddress) -> Pool | None:
        return next((each for each in self._fabric if address in each.network), None)
