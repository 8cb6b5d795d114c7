"""The references of a lab, as a list that a shell's completion offers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from nsnet.topology.model import FABRIC, ListenPort, Pod, Service, ServicePort, Topology


class Name(NamedTuple):
    """A reference and its ports, each given by its name or else by its number. A place has a
    network namespace; a Service has none."""

    reference: str
    ports: tuple[str, ...] = ()
    is_place: bool = True


@dataclass(frozen=True, slots=True)
class Names:
    """The names of the clusters, and every reference: those of pods, Services, nodes, gateways,
    Services of several clusters, external hosts and the fabric."""

    clusters: tuple[str, ...]
    references: tuple[Name, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the names as plain data for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Names":
        """Return the names that `to_json` wrote. Raises KeyError, ValueError or TypeError."""
        return cls(
            clusters=tuple(map(str, data["clusters"])),
            references=tuple(
                Name(str(reference), tuple(map(str, ports)), is_place=bool(is_place))
                for reference, ports, is_place in data["references"]
            ),
        )

    def offered(self, incomplete: str, *, targets: bool) -> Iterator[str]:
        """Yield the references that begin with `incomplete`: of every place, and with `targets` of
        every Service. If a colon has been typed after a target, yield each of its ports.

        The name of a lab's only cluster is left out, unless it has been typed.
        """
        implied = f"{self.clusters[0]}/" if len(self.clusters) == 1 else ""
        if implied and incomplete.startswith(implied):
            implied = ""
        for each in self.references:
            if not (targets or each.is_place):
                continue
            name = each.reference.removeprefix(implied)
            ported = targets and ":" in incomplete
            found = [f"{name}:{port}" for port in each.ports] if ported else [name]
            yield from (one for one in found if one.startswith(incomplete))


def names_of(topology: Topology) -> Names:
    """Return the names of every part of a lab."""
    return Names(
        clusters=tuple(each.name for each in topology.clusters),
        references=tuple(_names(topology)),
    )


def _names(topology: Topology) -> Iterator[Name]:
    for cluster in topology.clusters:
        things: tuple[Pod | Service, ...] = (*cluster.pods, *cluster.services)
        for each in things:
            yield Name(each.reference, _ports(each.ports), is_place=isinstance(each, Pod))
        yield from (Name(node.reference) for node in cluster.nodes)
        yield from (Name(gateway.reference) for gateway in topology.own_gateways(cluster))
        if any(gateway.shared for gateway in cluster.gateways):
            yield Name(f"{cluster.name}/gateway")
    for common in topology.clusterset:
        yield Name(common.reference, _ports(common.ports), is_place=False)
    for external in topology.externals:
        yield Name(external.reference, _ports(external.ports))
    for vnet in topology.vnets:
        yield Name(vnet.reference)
        for machine in vnet.machines:
            yield Name(machine.reference, _ports(machine.ports))
        yield from (Name(firewall.reference) for firewall in vnet.firewalls)
    yield Name(FABRIC)


def _ports(ports: Sequence[ListenPort | ServicePort]) -> tuple[str, ...]:
    """Return the name or number of each port. A port that is open for both TCP and UDP is listed
    once."""
    return tuple(dict.fromkeys(each.name or str(each.port) for each in ports))
