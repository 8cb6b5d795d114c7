"""Address ranges of a cluster in Azure that contradict each other, or Azure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

from nsnet.ip import IPNetwork
from nsnet.sizing import azure


@dataclass(frozen=True, slots=True)
class Range:
    """A range with its name, and its use: for a subnet, pods with addresses of their own, Services,
    or anything else that the cluster is connected to."""

    name: str
    use: Literal["subnet", "pods", "services", "network"]
    network: IPNetwork

    def __str__(self) -> str:
        return f"{self.name} {self.network}"


def conflicts(ranges: Sequence[Range]) -> Iterator[tuple[str, str]]:
    """Yield the range and the sentence of each conflict."""
    for each in ranges:
        for forbidden in azure.FORBIDDEN:
            if each.network.overlaps(forbidden):
                how = "contains" if each.network.prefixlen < forbidden.prefixlen else "is part of"
                how = "is" if each.network == forbidden else how
                yield str(each), f"{each} {how} {forbidden}, which Azure reserves"
        if each.use == "services" and each.network.prefixlen <= azure.SERVICE_PREFIX:
            yield str(each), f"{each} has to be smaller than a /{azure.SERVICE_PREFIX}"
        if each.use == "subnet" and each.network.prefixlen > azure.LONGEST_PREFIX:
            smallest = f"a /{azure.LONGEST_PREFIX}, the smallest subnet"
            yield str(each), f"{each} is smaller than {smallest}"
        if each.use == "pods" and not _is_private(each.network):
            yield str(each), f"{each} is outside {', '.join(map(str, azure.PRIVATE))}"
    for one, other in combinations(ranges, 2):
        if one.network.version == other.network.version and one.network.overlaps(other.network):
            yield str(other), f"{other} overlaps {one}"


def _is_private(network: IPNetwork) -> bool:
    # subnet_of() takes networks of one family only.
    return any(
        network.overlaps(each) and network.prefixlen >= each.prefixlen for each in azure.PRIVATE
    )
