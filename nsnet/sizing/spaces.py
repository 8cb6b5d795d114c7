"""Ranges of addresses of which each node takes the same number, and the nodes that fit in them."""

from dataclasses import dataclass, replace

from nsnet.ip import IPNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """A range of addresses (a subnet, say), and what each node takes of it.

    `of_node` addresses of each node are its own, `of_pods` are for its pods, and no one can use
    `wasted`. They are aligned runs of `unit` addresses if that is not 1. The `first` and `last`
    addresses of the range are reserved, and `others` have owners that are no nodes of the pool.
    """

    name: str
    network: IPNetwork | None = None  # None: not chosen yet
    of_node: int = 0
    of_pods: int = 0
    wasted: int = 0
    unit: int = 1
    first: int = 0
    last: int = 0
    others: int = 0
    bits: int = 32  # of an address
    longest: int = 32  # prefix length of the smallest range that is allowed
    unique: bool = True  # the networks around the cluster may not use these addresses
    prefix: int = 0  # length; that of `network`, if it is chosen

    def __str__(self) -> str:
        return f"{self.name} {self.network}" if self.network else f"{self.name} of /{self.prefix}"

    @property
    def per_node(self) -> int:
        """The number of addresses that a node takes."""
        return self.of_node + self.of_pods + self.wasted

    @property
    def size(self) -> int:
        """The number of addresses in the range."""
        return 1 << (self.bits - self.prefix)

    @property
    def usable(self) -> int:
        """The number of addresses that are not reserved, in whole units."""
        units = (self.size - self.last) // self.unit - -(-self.first // self.unit)
        return max(units, 0) * self.unit

    @property
    def reserved(self) -> int:
        """The number of addresses that are reserved, or in one unit with such an address."""
        return self.size - self.usable

    @property
    def room(self) -> int:
        """The number of nodes for which the range has room."""
        return max(self.usable - self.others, 0) // self.per_node

    def needs(self, nodes: int) -> int:
        """Return the number of addresses that so many nodes take."""
        return nodes * self.per_node

    def with_prefix(self, prefix: int) -> "Space":
        """Return a range of this length that is not chosen yet."""
        return replace(self, network=None, prefix=prefix)

    def smallest(self, nodes: int) -> int | None:
        """Return the prefix length of the smallest range with room for so many nodes; None if
        even the whole family of addresses is too small."""
        parts = (self.first, self.needs(nodes) + self.others, self.last)
        size = sum(-(-each // self.unit) for each in parts) * self.unit
        prefix = min(self.bits - (size - 1).bit_length(), self.longest)
        return prefix if prefix >= 0 else None
