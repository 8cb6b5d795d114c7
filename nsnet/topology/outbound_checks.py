"""Mistakes in how clusters in VNets get to the internet."""

from collections.abc import Iterator
from typing import Final

from nsnet.errors import Problem
from nsnet.scenario.model import Scenario
from nsnet.scenario.vnets import OutboundSpec
from nsnet.sizing.azure import MOST_ADDRESSES, PORTS

# The keys that a type of outbound does not have.
_WITHOUT: Final[dict[str, tuple[str, ...]]] = {
    "loadBalancer": (),
    "natGateway": ("portsPerNode",),
    "none": ("addresses", "portsPerNode", "portsPerAddress", "idleMinutes", "idleSeconds"),
}


def outbound_problems(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each setting that does not fit the type of outbound, or that another
    cluster of the VNet contradicts."""
    idle: dict[str, tuple[str, int | None]] = {}
    for index, cluster in enumerate(scenario.spec.clusters):
        path = f"spec.clusters[{index}].outbound"
        spec = cluster.outbound or OutboundSpec()
        for key, message in _settings(spec):
            yield scenario.problem(f"{path}.{key}", message)
        if cluster.vnet is None or spec.type not in PORTS:
            continue
        first, seconds = idle.setdefault(cluster.vnet, (cluster.name, spec.idle_seconds))
        if seconds != spec.idle_seconds:
            message = f"{cluster.vnet} has one idle timeout, and {first} says {seconds or 'none'}"
            yield scenario.problem(path, f"{message}; set the same idleSeconds")


def _settings(spec: OutboundSpec) -> Iterator[tuple[str, str]]:
    """Yield the key and the message of each setting that the type of outbound cannot have."""
    written = spec.model_dump(by_alias=True, exclude_none=True)
    for key in _WITHOUT[spec.type]:
        if key in written:
            yield key, f"outbound of type {spec.type} has no {key}; remove it"
            del written[key]
    for key, limits in (("addresses", MOST_ADDRESSES), ("portsPerAddress", PORTS)):
        most = limits.get(spec.type)
        if most is not None and written.get(key, 0) > most:
            yield key, f"{written[key]} is too large for type {spec.type}: at most {most}"
