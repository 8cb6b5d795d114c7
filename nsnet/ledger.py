"""What is found out while a file is resolved: its mistakes, its warnings, and who gets which
address."""

from collections.abc import Mapping, Sequence

from nsnet.addressing import AddressError, Assignment, Pool, allocate
from nsnet.errors import Problem
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.load import Scenario
from nsnet.state import IPAddress


class Ledger:
    """One pass over a file writes here; a part that is wrong is left out, and the rest still
    checked."""

    def __init__(self, scenario: Scenario, keep: Assignment) -> None:
        self.scenario = scenario
        self.keep = keep
        self.problems: list[Problem] = []
        self.warnings: list[str] = list(scenario.warnings)
        self._outside = [Pool(each, (each[1],)) for each in scenario.spec.fabric_cidr]
        for pool in self._outside:
            for owner in keep.addresses:
                held = keep.of(owner, pool.network)
                if held is not None:
                    pool.hold(held, owner)

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
        kept = {owner: self.keep.of(owner, pool.network) for owner in owners}
        try:
            return allocate(pool, owners, {owner: held for owner, held in kept.items() if held})
        except AddressError as error:
            self.wrong(path, str(error))
            return {}

    def outside(self, spec: ClusterSpec, owner: str) -> tuple[IPAddress, ...]:
        """Addresses outside every cluster, of the families that the cluster has."""
        versions = {each.version for each in spec.pod_cidr}
        given: list[IPAddress] = []
        for pool in self._outside:
            if pool.network.version in versions:
                given.extend(self.allocate("spec.fabricCIDR", pool, [owner]).values())
        return tuple(given)
