"""What `resolve` records: mistakes, warnings, and the owners of addresses in fabricCIDR."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType

from nsnet.errors import Problem
from nsnet.ip import IPAddress
from nsnet.scenario.model import Scenario
from nsnet.topology.assignment import Assignment
from nsnet.topology.pool import AddressError, Pool, allocate_all


class Ledger:
    """The mistakes and warnings that one run of `resolve` finds, and the owners of the fabricCIDR
    addresses that it reserves and allocates.

    `resolve` goes on after a mistake: it leaves the wrong part out of the lab and still checks the
    other parts.
    """

    def __init__(
        self, scenario: Scenario, keep: Assignment, problems: Iterable[Problem] = ()
    ) -> None:
        self.scenario = scenario
        self.keep = keep
        self.problems = list(problems)
        self.warnings = list(scenario.warnings)
        self.pods = 0  # of the clusters resolved so far
        self.endpoints = 0
        self._fabric = [Pool(each) for each in scenario.spec.fabric_cidr]
        for pool in self._fabric:
            pool.reserve(pool.network[1], "fabric")

    def refuse(self, path: str, message: str) -> None:
        """Record a mistake at this field path of the Scenario."""
        self.problems.append(self.scenario.problem(path, message))

    def allocate(
        self,
        path: str,
        pool: Pool,
        owners: Sequence[str],
        written: Mapping[IPAddress, str] = MappingProxyType({}),
    ) -> Mapping[str, IPAddress]:
        """Return an address of the pool for each owner.

        It is the one that is written for it, else the one that the owner has in the lab, else the
        first free one. If too few are free, return no address at all and record a mistake at
        `path`.
        """
        kept = {owner: self.keep.address_in(pool.network, owner) for owner in owners}
        wanted = {owner: ip for owner, ip in kept.items() if ip and ip not in written}
        wanted |= {owner: address for address, owner in written.items()}
        try:
            return allocate_all(pool, owners, wanted)
        except AddressError as error:
            self.refuse(path, str(error))
            return {}

    def allocate_last(self, pool: Pool, owners: Iterable[str]) -> Mapping[str, IPAddress]:
        """Return an address of the pool for each of these owners, which are nsnet's own objects.

        It is the one that the owner has in the lab, if it is free, else the last free one. An owner
        for which none is left has none.
        """
        allocated: dict[str, IPAddress] = {}
        for owner in owners:
            kept = self.keep.address_in(pool.network, owner)
            if kept is not None and pool.owner(kept) is None:
                pool.reserve(kept, owner)
                allocated[owner] = kept
            elif free := pool.allocate_last(owner):
                allocated[owner] = free
        return allocated

    def reserve_fabric_ip(self, address: IPAddress, owner: str) -> bool:
        """Reserve this address of fabricCIDR for `owner`. Return False if it is outside fabricCIDR.

        Raises AddressError if it has another owner.
        """
        pool = self._pool_of(address)
        if pool is not None:
            pool.reserve(address, owner)
        return pool is not None

    def reserve_fabric_ip_if_free(self, address: IPAddress, owner: str) -> None:
        """Reserve the address for `owner`, unless it is already reserved or outside fabricCIDR."""
        pool = self._pool_of(address)
        if pool is not None and pool.owner(address) is None:
            pool.reserve(address, owner)

    def reserve_kept_fabric_ips(self) -> None:
        """Reserve each address of fabricCIDR that an owner has in the lab, for this owner.

        Addresses that are already reserved, because the files set them, are left out.
        """
        for pool in self._fabric:
            for owner in self.keep.addresses:
                kept = self.keep.address_in(pool.network, owner)
                if kept is not None and pool.owner(kept) is None:
                    pool.reserve(kept, owner)

    def allocate_fabric_ips(
        self,
        families: Collection[int],
        owner: str,
        written: Collection[IPAddress] = (),
        *,
        own: bool = False,
    ) -> tuple[IPAddress, ...]:
        """Return an address of fabricCIDR for each of these families that fabricCIDR has.

        It is the one in `written`, which is already reserved, else the one that the owner has in
        the lab, else the first free one, for nsnet's own objects the last free one.
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
            elif own:
                last = pool.allocate_last(owner)
                allocated += [last] if last else []
            else:
                try:
                    allocated.append(pool.allocate(owner))
                except AddressError as error:
                    self.refuse("spec.fabricCIDR", str(error))
        return tuple(allocated)

    def _pool_of(self, address: IPAddress) -> Pool | None:
        return next((each for each in self._fabric if address in each.network), None)
