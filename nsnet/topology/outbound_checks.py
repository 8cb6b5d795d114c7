"""Mistakes in how clusters in VNets get to the internet."""

from collections.abc import Iterator
from typing import Final

from nsnet.errors import Problem
from nsnet.scenario.kinds import AllowedRule, ClusterSpec
from nsnet.scenario.model import Scenario
from nsnet.scenario.vnets import OutboundSpec
from nsnet.sizing.azure import MOST_ADDRESSES, PORTS
from nsnet.text import did_you_mean
from nsnet.topology.ranges import firewall_of, subnet_of

_OF_ADDRESSES: Final = (
    "addresses",
    "portsPerNode",
    "portsPerAddress",
    "idleMinutes",
    "idleSeconds",
)
# The keys that a type of outbound does not have.
_WITHOUT: Final[dict[str, tuple[str, ...]]] = {
    "loadBalancer": ("firewall",),
    "natGateway": ("portsPerNode", "firewall"),
    "userDefinedRouting": _OF_ADDRESSES,
    "none": (*_OF_ADDRESSES, "firewall"),
}
_MISSING: Final[AllowedRule] = "missing-route"


def outbound_problems(scenario: Scenario) -> Iterator[Problem]:
    """Yield a problem for each setting that does not fit the type of outbound, or that another
    cluster of the VNet contradicts."""
    idle: dict[str, tuple[str, int | None]] = {}
    for index, cluster in enumerate(scenario.spec.clusters):
        path = f"spec.clusters[{index}].outbound"
        spec = cluster.outbound or OutboundSpec()
        for key, message in _settings(spec):
            yield scenario.problem(f"{path}.{key}", message)
        if spec.type == "userDefinedRouting" and cluster.vnet is not None:
            yield from _route(scenario, index, cluster, spec)
        if cluster.vnet is None or spec.type not in PORTS:
            continue
        first, seconds = idle.setdefault(cluster.vnet, (cluster.name, spec.idle_seconds))
        if seconds != spec.idle_seconds:
            message = f"{cluster.vnet} has one idle timeout, and {first} says {seconds or 'none'}"
            yield scenario.problem(path, f"{message}; set the same idleSeconds")


def _route(
    scenario: Scenario, index: int, cluster: ClusterSpec, spec: OutboundSpec
) -> Iterator[Problem]:
    """Yield the mistakes in a cluster's user-defined route to a firewall."""
    path = f"spec.clusters[{index}].outbound"
    vnet = next((each for each in scenario.spec.vnets if each.name == cluster.vnet), None)
    if vnet is None:
        return  # another mistake
    names = [each.name for each in vnet.firewalls]
    found = firewall_of(vnet, spec)
    if spec.firewall is not None and found is None:
        message = f"{vnet.name} has no firewall {spec.firewall}"
        near = f"; {did_you_mean(spec.firewall, names)}" if names else ""
        yield scenario.problem(f"{path}.firewall", message + near)
    elif len(names) > 1 and found is None:
        message = f"{vnet.name} has several firewalls; add firewall: {' or '.join(names)}"
        yield scenario.problem(f"{path}.type", message)
    elif found is None:
        message = f"{vnet.name} has no firewall to route to; add firewalls to it, each with subnet"
        yield scenario.problem(f"{path}.type", message, _MISSING)
    place = subnet_of(scenario.spec, cluster)
    if place is None:
        return
    subnet, wanted = place[0], found.name if found else None
    if found is not None and found.subnet == subnet:
        message = f"firewall {found.name} is in subnet {subnet}; it needs a subnet without nodes"
        yield scenario.problem(f"{path}.type", message)
    for other in scenario.spec.clusters:
        its = other.outbound or OutboundSpec()
        beside = other.vnet == cluster.vnet and subnet_of(scenario.spec, other) == place
        through = firewall_of(vnet, its) if its.type == spec.type else None
        if other is not cluster and beside and (through.name if through else None) != wanted:
            message = f"the route holds for the whole subnet {subnet}, and {other.name} is in it"
            remedy = "give both the same outbound, or another subnet"
            yield scenario.problem(f"{path}.type", f"{message}; {remedy}")


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
