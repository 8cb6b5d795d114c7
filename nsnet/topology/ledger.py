"""What is found out while a file is resolved: its mistakes, its warnings, and who gets which
address."""

from collections.abc import Collection, Mapping, Sequence

from nsnet.errors import Problem
from nsnet.ip import IPAddress
from nsnet.scenario.model import Scenario
from nsnet.topology.assignment import Assignment
from nsnet.topology.pool import AddressError, Pool, allocate_all


class Ledger:
    """One pass over a file writes here; a part that is wrong is left out, and the rest still
    checked."""

    def __init__(self, scenario: Scenario, keep: Assignment) -> None:
        self.scenario = scenario
        self.keep = keep
        self.problems: list[Problem] = []
        self.warnings: list[str] = list(scenario.warnings)
        self._outside = [Pool(each) for each in scenario.spec.fabric_cidr]
        for pool in self._outside:
            pool.reserve(pool.network[1], "fabric")

    def wrong(self, path: str, message: str) -> None:
        """A mistake at this path of the Scenario."""
        self.problems.append(self.scenario.problem(path, message))

    def refuse_twice(self, path: str, names: Sequence[str]) -> None:
        """Each name of a list stands there once."""
        for index, name in enumerate(names):
            if name in names[:index]:
                self.wrong(f"{path}[{index}].name", f"{name} is there twice")

    def allocate(self, path: str, pool: Pool, owners: Sequence[str]) -> Mapping[str, IPAddress]:
        """An address for each owner, the one it had if it had one; a mistake at `path` if there
        are too few."""
        kept = {owner: self.keep.address_in(pool.network, owner) for owner in owners}
        try:
            return allocate_all(pool, owners, {owner: held for owner, held in kept.items() if held})
        except AddressError as error:
            self.wrong(path, str(error))
            return {}

    def hold_outside(self, address: IPAddress, owner: str) -> bool:
        """Nobody else is given this address; False where it is outside fabricCIDR. Raises
        AddressError where it is taken."""
        for pool in self._outside:
            if address in pool.network:
                pool.reserve(address, owner)
                return True
        return False

    def reserve_outside(self, address: IPAddress, owner: str) -> None:
        """Nobody is given this address who has not got it already."""
        for pool in self._outside:
            if address in pool.network and pool.owner(address) is None:
                pool.reserve(address, owner)

    def keep_outside(self) -> None:
        """Who has an address outside keeps it, unless the file gives it to somebody else."""
        for pool in self._outside:
            for owner in self.keep.addresses:
                held = self.keep.address_in(pool.network, owner)
                if held is not None and pool.owner(held) is None:
                    pool.reserve(held, owner)

    def outside(
        self, families: Collection[int], owner: str, written: Collection[IPAddress] = ()
    ) -> tuple[IPAddress, ...]:
        """Addresses outside every cluster, of these families; those written are held already."""
        given: list[IPAddress] = []
        for pool in self._outside:
            held = self.keep.address_in(pool.network, owner)
            if pool.network.version not in families:
                continue
            if said := [each for each in written if each in pool.network]:
                given += said
                continue
            if held is not None and pool.owner(held) == owner:
                given.append(held)
                continue
            try:
                given.append(pool.allocate(owner))
            except AddressError as error:
                self.wrong("spec.fabricCIDR", str(error))
        return tuple(given)
