"""kind: nat. On the way out everything gets the gateway's address; on the way in each exported
Service has its own.

PREROUTING ─▶ NSNET-EXPORTS ─▶ NSNET-EXP-… (one a port) ─▶ DNAT to one of the ready endpoints
POSTROUTING ─▶ NSNET-EGRESS ─▶ SNAT out of eth1
"""

from collections.abc import Iterator
from hashlib import sha256

from nsnet.balancing import shares, usable
from nsnet.ip import Family, IPAddress, Protocol, everywhere, of_family, only, single
from nsnet.rules import Chain, Dnat, Jump, Match, Rule, Snat
from nsnet.settings import forwarding
from nsnet.state import Fact, Route
from nsnet.topology import Cluster, Gateway, Service, ServicePort, Topology
from nsnet.translations import translated

INSIDE, OUTSIDE = "eth0", "eth1"
EXPORTS, EGRESS = "NSNET-EXPORTS", "NSNET-EGRESS"


def nat(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """The gateway's routes, and its translation in both directions."""
    here = gateway.netns
    yield from forwarding(here, bridge_netfilter=False)
    for router in topology.fabric:
        if of_family(only(gateway.outside), router.version) is not None:
            yield here, Route(everywhere(router.ip), router.ip, OUTSIDE, why="the fabric")
    for node in cluster.nodes:
        for pods in node.pod_cidrs:
            via = of_family(only(node.addresses), pods.version)
            yield here, Route(pods, via, INSIDE, why=f"pods of {node.reference}")
    for service in cluster.services:
        for port in service.ports:
            if port.protocol is Protocol.UDP:
                for each in translated(service.exported, port.port, port.endpoints):
                    yield here, each
    for outside in gateway.outside:
        exports = [
            (service, port)
            for service in cluster.services
            for port in service.ports
            if of_family(service.exported, outside.version) is not None
        ]
        for chain in _chains(exports, outside.ip):
            yield here, chain


def _chains(exports: list[tuple[Service, ServicePort]], outside: IPAddress) -> Iterator[Chain]:
    """What comes in for an exported Service goes to one of its endpoints; what leaves is the
    gateway's."""
    family = outside.version
    offered = [(service, port, usable(port.endpoints, family)) for service, port in exports]
    yield Chain(
        "nat",
        EXPORTS,
        # Without an endpoint there is nothing to translate to: the gateway itself refuses, as
        # nothing listens there.
        tuple(_offer(service, port, family) for service, port, endpoints in offered if endpoints),
        family,
    )
    for service, port, endpoints in offered:
        if not endpoints:
            continue
        name = f"{service.namespace}/{service.name}"
        yield Chain(
            "nat",
            _chain_name(service, port),
            tuple(
                Rule(
                    Match(
                        protocol=port.protocol,
                        comment=f"{name} -> {endpoint.address}:{endpoint.port}",
                        probability=probability,
                    ),
                    Dnat(endpoint.address, endpoint.port),
                    why=f"exported {name}: endpoint {number} of {len(endpoints)}",
                )
                for number, (endpoint, probability) in enumerate(shares(endpoints), 1)
            ),
            family,
        )
    leaving = Match(out_interface=OUTSIDE, comment="leaves with the address of the gateway")
    # Not MASQUERADE: eth1 holds the exported addresses, too, and the kernel might choose one.
    yield Chain("nat", EGRESS, (Rule(leaving, Snat(outside), why="egress"),), family)


def _offer(service: Service, port: ServicePort, family: Family) -> Rule:
    address = of_family(service.exported, family)
    assert address is not None  # only Services with an exported address get here
    name = f"{service.namespace}/{service.name}"
    match = Match(
        dst=single(address), protocol=port.protocol, dport=port.port, comment=f"{name} exported"
    )
    return Rule(
        match, Jump(_chain_name(service, port)), why=f"{service.reference} for other clusters"
    )


def _chain_name(service: Service, port: ServicePort) -> str:
    key = f"{service.namespace}/{service.name}:{port.port}/{port.protocol}"
    return f"NSNET-EXP-{sha256(key.encode()).hexdigest()[:16].upper()}"
