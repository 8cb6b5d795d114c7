"""What a comparison found: for each variant the addresses that it spends, who reaches whom, and
what a path costs. Every value was measured or counted in a lab that was up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import Any, Final

from nsnet.compare.statistics import Ratio, ratio
from nsnet.ip import IPNetwork
from nsnet.topology.model import Topology
from nsnet.walk.packet import PredictedPath

SCHEMA: Final = "nsnet.dev/compare/v1"


class Measure(StrEnum):
    """What is measured of a path, and its unit."""

    THROUGHPUT = "throughput"
    LATENCY = "latency"
    CONNECT = "connect"

    @property
    def unit(self) -> str:
        """The unit of its values."""
        return "bit/s" if self is Measure.THROUGHPUT else "µs"


@dataclass(frozen=True, slots=True)
class Addresses:
    """The addresses that a variant spends."""

    nodes: int
    pods: int
    reserved: int  # for pods, in advance: distinct addresses of all clusters together
    outside: int  # of gateways, exported Services, load balancers and VNets


@dataclass(frozen=True, slots=True)
class Reached:
    """What became of connections: their verdict, the clients that the server saw, and their ways.
    There are several where chance decides."""

    verdict: str
    sources: tuple[str, ...]  # the references, or addresses, that the server saw; empty: no server
    ways: tuple[tuple[str, ...], ...]
    translations: tuple[int, ...]  # of addresses or ports, on each way of the request
    at_proxy: bool = False  # the client's connection ends at a proxy, which opens another one
    defects: tuple[str, ...] = ()

    @property
    def hops(self) -> tuple[int, ...]:
        """The number of machines on each way, without the client."""
        return tuple(len(each) - 1 for each in self.ways)


@dataclass(frozen=True, slots=True)
class Compared:
    """The findings about one variant. `costs` has the samples of each round, by path."""

    name: str
    lost: tuple[str, ...]
    addresses: Addresses
    reached: Mapping[str, Reached]
    costs: Mapping[str, Mapping[Measure, Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The findings about all variants; ratios are those to the variant `base`."""

    base: str
    variants: tuple[Compared, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """The names of the compared paths."""
        return tuple(dict.fromkeys(path for each in self.variants for path in each.reached))

    @property
    def measured(self) -> tuple[str, ...]:
        """The names of the paths whose cost was measured."""
        return tuple(dict.fromkeys(path for each in self.variants for path in each.costs))

    @property
    def rounds(self) -> int:
        """The number of samples of each measure."""
        samples = (
            one for each in self.variants for of in each.costs.values() for one in of.values()
        )
        return min(map(len, samples), default=0)

    def ratio(self, variant: Compared, path: str, measure: Measure) -> Ratio | None:
        """Return the ratio of a measure to that of the base; None for the base itself, or if one of
        them has no such path."""
        (base,) = (each for each in self.variants if each.name == self.base)
        samples = variant.costs.get(path, {}).get(measure)
        others = base.costs.get(path, {}).get(measure)
        return ratio(samples, others) if samples and others and variant is not base else None

    def as_json(self) -> dict[str, Any]:
        """Return the comparison as plain data for JSON (nsnet.dev/compare/v1)."""
        return {
            "schema": SCHEMA,
            "base": self.base,
            "rounds": self.rounds,
            "variants": [self._variant(each) for each in self.variants],
        }

    def _variant(self, each: Compared) -> dict[str, Any]:
        spent = each.addresses
        return {
            "name": each.name,
            "lost": list(each.lost),
            "addresses": {
                "nodes": spent.nodes,
                "pods": spent.pods,
                "reserved": spent.reserved,
                "outside": spent.outside,
            },
            "paths": [
                {
                    "name": name,
                    "verdict": found.verdict,
                    "sources": list(found.sources),
                    "ways": [
                        {"path": list(way), "hops": hops, "translations": changes}
                        for way, hops, changes in zip(
                            found.ways, found.hops, found.translations, strict=True
                        )
                    ],
                    "atProxy": found.at_proxy,
                    "defects": list(found.defects),
                    "costs": [self._cost(each, name, one) for one in each.costs.get(name, ())],
                }
                for name, found in each.reached.items()
            ],
        }

    def _cost(self, variant: Compared, path: str, measure: Measure) -> dict[str, Any]:
        found = self.ratio(variant, path, measure)
        return {
            "measure": measure.value,
            "unit": measure.unit,
            "median": median(variant.costs[path][measure]),
            "samples": list(variant.costs[path][measure]),
            "ratio": found.value if found else None,
            "interval": [found.low, found.high] if found else None,
            "conclusive": found.is_conclusive if found else None,
        }


def addresses_of(topology: Topology) -> Addresses:
    """Return the addresses that a lab spends."""
    nodes = [node for cluster in topology.clusters for node in cluster.nodes]
    pods = [pod for cluster in topology.clusters for pod in cluster.pods if not pod.host_network]
    ranges = {each for node in nodes for each in node.pod_cidrs}
    outside = {each for cluster in topology.clusters for each in _outside(topology, cluster.name)}
    outside |= {vnet.outside.ip for vnet in topology.vnets}
    return Addresses(
        nodes=sum(len(node.addresses) for node in nodes),
        pods=sum(len(pod.addresses) for pod in pods),
        reserved=sum(map(_size, ranges)) + sum(len(node.reserved) for node in nodes),
        outside=len(outside),
    )


def _outside(topology: Topology, name: str) -> Iterator[object]:
    (cluster,) = (each for each in topology.clusters if each.name == name)
    for gateway in cluster.gateways:
        yield from (each.ip for each in gateway.outside)
    for service in cluster.services:
        yield from (*service.exported, *service.load_balancer_ips)


def _size(network: IPNetwork) -> int:
    return network.num_addresses


def translations(path: PredictedPath) -> int:
    """Return how often the addresses or ports of a request change on its way."""
    ends = [(each.packet.src, each.packet.dst, each.packet.dport) for each in path.request]
    return sum(one != other for one, other in pairwise(ends))
