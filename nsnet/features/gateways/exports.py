"""Exported Services: each has an address of its own on the gateway, for clients in other clusters.

PREROUTING ─▶ NSNET-EXPORTS ─▶ NSNET-EXP-… (one for each port) ─▶ DNAT to one of the endpoints
                            └▶ NETMAP: each address of a headless Service, to its pod's
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256

from nsnet.features.services.udp_flows import translated
from nsnet.ip import Family, Protocol, host_network, of_family
from nsnet.state.model import Fact
from nsnet.state.rules import Chain, Dnat, Hook, Jump, Match, Netmap, Rule
from nsnet.topology.balancing import rule_probabilities, usable
from nsnet.topology.model import Endpoint, ExportedPod, Gateway, Service, ServicePort

EXPORTS = "NSNET-EXPORTS"


def exports(services: Sequence[Service], gateway: Gateway) -> Iterator[Fact]:
    """Yield the chains that DNAT from the address of each exported Service to its endpoints, and a
    Translation for each UDP port."""
    here = gateway.netns
    balanced = [each for each in services if not each.exported_pods]
    pods = [one for each in services for one in each.exported_pods]
    for service in balanced:
        for port in service.ports:
            if port.protocol is Protocol.UDP:
                for each in translated(service.exported, port.port, port.endpoints):
                    yield here, each
    for outside in gateway.outside:
        offered = [
            (service, port)
            for service in balanced
            for port in service.ports
            if of_family(service.exported, outside.version) is not None
        ]
        yield from ((here, each) for each in _chains(offered, pods, outside.version))


def _chains(
    exported: list[tuple[Service, ServicePort]], pods: Sequence[ExportedPod], family: Family
) -> Iterator[Chain | Hook]:
    # A port without endpoints is not translated: the gateway itself refuses the connection, because
    # nothing listens on the port.
    offered = [
        (service, port, endpoints)
        for service, port in exported
        if (endpoints := usable(port.endpoints, family))
    ]
    jumps = tuple(_jump(service, port, family) for service, port, _ in offered)
    mapped = (_map(each) for each in pods if each.outside.version == family)
    yield Chain("nat", EXPORTS, (*jumps, *mapped), family)
    yield Hook("nat", "PREROUTING", EXPORTS, Match(comment="exported services"), family)
    for service, port, endpoints in offered:
        rules = tuple(_endpoint_rules(service, port, endpoints))
        yield Chain("nat", _chain_name(service, port), rules, family)


def _map(each: ExportedPod) -> Rule:
    comment = f"{each.reference} exported"
    match = Match(dst=host_network(each.outside), comment=comment)
    return Rule(
        match, Netmap(host_network(each.inside)), why=f"{each.reference} for other clusters"
    )


def _jump(service: Service, port: ServicePort, family: Family) -> Rule:
    address = of_family(service.exported, family)
    assert address is not None  # only Services with an exported address get here
    name = service.reference
    match = Match(
        dst=host_network(address),
        protocol=port.protocol,
        dport=port.port,
        comment=f"{name} exported",
    )
    return Rule(match, Jump(_chain_name(service, port)), why=f"{name} for other clusters")


def _endpoint_rules(
    service: Service, port: ServicePort, endpoints: Sequence[Endpoint]
) -> Iterator[Rule]:
    name = service.reference
    for number, (endpoint, probability) in enumerate(rule_probabilities(endpoints), 1):
        match = Match(
            protocol=port.protocol,
            comment=f"{name} -> {endpoint.address}:{endpoint.port}",
            probability=probability,
        )
        why = f"exported {name}: endpoint {number} of {len(endpoints)}"
        yield Rule(match, Dnat(endpoint.address, endpoint.port), why=why)


def _chain_name(service: Service, port: ServicePort) -> str:
    # Clusters that share a gateway may have a Service of the same name.
    key = f"{service.reference}:{port.port}/{port.protocol}"
    return f"NSNET-EXP-{sha256(key.encode()).hexdigest()[:16].upper()}"
