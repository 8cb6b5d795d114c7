"""The gateways: their addresses, the clusters that share one, and their links to clusters."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_interface
from typing import Final

from nsnet.ip import IPAddress, IPNetwork
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.model import Scenario
from nsnet.state.namespaces import netns_name
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Attachment, Gateway, Replica
from nsnet.topology.pool import AddressError, special_use

# A shared gateway has a routing table for each cluster, from 101 on; 253 is the kernel's own.
MOST_CLUSTERS: Final = 99


def reserve_gateway_ips(ledger: Ledger) -> None:
    """Reserve the gateway addresses that the Scenario sets.

    Free addresses of fabricCIDR are allocated only after this.
    """
    for index, cluster in enumerate(ledger.scenario.spec.clusters):
        for address in _written(cluster):
            try:
                _reserve(ledger, cluster, address)
            except AddressError as error:
                ledger.refuse(f"spec.clusters[{index}].gateway.address", str(error))


def refuse_mixed_gateways(ledger: Ledger) -> None:
    """Record each cluster that describes a shared gateway unlike the first cluster that shares it.

    Also record gateways that are shared but must not be, or that too many clusters share.
    """
    for index, spec in enumerate(ledger.scenario.spec.clusters):
        members = _sharing(ledger.scenario, spec)
        first, gateway = members[0].gateway, spec.gateway
        if len(members) == 1 or first is None or gateway is None:
            continue
        path, owner = f"spec.clusters[{index}].gateway", members[0].name
        if gateway.replicas > 1:
            message = f"{gateway.name} is shared, and a shared gateway has no replicas"
            ledger.refuse(f"{path}.replicas", message)
        if gateway.kind != first.kind:
            message = f"differs from {first.kind}, the kind that {owner} sets for the same gateway"
            ledger.refuse(f"{path}.kind", message)
        elif gateway.kind != "nat":
            names = " and ".join(each.name for each in members)
            message = f"only a gateway of kind nat can be shared; {names} share {gateway.name}"
            ledger.refuse(f"{path}.kind", message)
        if gateway.address and spec is not members[0]:
            message = f"move the addresses of this gateway to {owner}, its first cluster"
            ledger.refuse(f"{path}.address", message)
        if len(members) > MOST_CLUSTERS and spec is members[MOST_CLUSTERS]:
            ledger.refuse(f"{path}.kind", f"at most {MOST_CLUSTERS} clusters can share a gateway")


def resolve_gateways(ledger: Ledger) -> dict[str, Gateway]:
    """Return every gateway by its reference.

    A gateway has the addresses that the Scenario sets, else those that it has in the lab, else the
    first free ones of fabricCIDR. Of two replicas, only the preferred one has addresses that are
    set.
    """
    found: dict[str, Gateway] = {}
    for cluster in ledger.scenario.spec.clusters:
        members = _sharing(ledger.scenario, cluster)
        if cluster.gateway is None or cluster is not members[0]:
            continue
        families = {network.version for one in members for network in one.pod_cidr}
        for reference, replica in _references(members):
            written = () if replica is Replica.STANDBY else tuple(_written(cluster))
            addresses = ledger.allocate_fabric_ips(families, reference, written)
            found[reference] = _gateway(ledger.scenario, members, reference, replica, addresses)
    return found


def attachments(
    ledger: Ledger,
    path: str,
    spec: ClusterSpec,
    underlay: Sequence[IPNetwork],
    gateways: Mapping[str, Gateway],
) -> tuple[Attachment, ...]:
    """Return the cluster's attachments: one to its gateway, or one to each replica.

    The preferred replica is first. There is no attachment without a gateway.
    """
    if spec.gateway is None:
        return ()
    members = _sharing(ledger.scenario, spec)
    number = members.index(spec) + 1
    references = [reference for reference, _ in _references(members)]
    if len(references) > 1 and any(each.num_addresses < 8 for each in underlay):
        ledger.refuse(f"{path}.nodeCIDR", "has no room for two gateways and a node")
    return tuple(
        Attachment(
            gateway=gateways[reference],
            link=f"eth{number}" if number > 1 else "eth0",  # eth1 is its link to the fabric
            addresses=tuple(ip_interface(f"{each[end]}/{each.prefixlen}") for each in underlay),
            number=number,
        )
        for reference, end in zip(references, (1, -2), strict=False)
    )


def _sharing(scenario: Scenario, spec: ClusterSpec) -> list[ClusterSpec]:
    """Return the clusters that share this cluster's gateway, including this cluster."""
    if spec.gateway is None or spec.gateway.name is None:
        return [spec]
    named = [each for each in scenario.spec.clusters if each.gateway is not None]
    return [each for each in named if each.gateway and each.gateway.name == spec.gateway.name]


def _references(clusters: Sequence[ClusterSpec]) -> list[tuple[str, Replica | None]]:
    """Return (reference, replica) for each replica of the clusters' gateway, the preferred first.

    Without replicas, the gateway's only reference comes with None.
    """
    reference = f"{','.join(each.name for each in clusters)}/gateway"
    first = clusters[0].gateway
    if first is None or first.replicas == 1:
        return [(reference, None)]
    return [(f"{reference}/{each.number}", each) for each in Replica]


def _gateway(
    scenario: Scenario,
    members: Sequence[ClusterSpec],
    reference: str,
    replica: Replica | None,
    addresses: Sequence[IPAddress],
) -> Gateway:
    spec = members[0].gateway
    assert spec is not None  # the first of those that share a gateway has one
    parts = ("gateway", spec.name) if spec.name is not None else (members[0].name, "gateway")
    number = () if replica is None else (str(replica.number),)
    prefixes = {each.version: each.prefixlen for each in scenario.spec.fabric_cidr}
    return Gateway(
        kind=spec.kind,
        netns=netns_name(scenario.name, *parts, *number),
        reference=reference,
        outside=tuple(ip_interface(f"{each}/{prefixes[each.version]}") for each in addresses),
        name=spec.name or "",
        shared=len(members) > 1,
        replica=replica,
    )


def _reserve(ledger: Ledger, cluster: ClusterSpec, address: IPAddress) -> None:
    """Reserve an address that the Scenario sets for the cluster's gateway.

    Raises AddressError if the gateway cannot have it.
    """
    if address.version not in {network.version for network in cluster.pod_cidr}:
        family = f"IPv{address.version}"
        raise AddressError(
            f"{address} is {family}, and the pods of {cluster.name} have no {family}"
        )
    for each in ledger.scenario.spec.fabric_cidr:
        if use := special_use(address, each):
            raise AddressError(f"{address} is the {use} address of fabricCIDR {each}")
    owner, _ = _references(_sharing(ledger.scenario, cluster))[0]
    if not ledger.reserve_fabric_ip(address, owner):
        ranges = ", ".join(map(str, ledger.scenario.spec.fabric_cidr))
        raise AddressError(f"{address} is outside fabricCIDR {ranges}")


def _written(cluster: ClusterSpec) -> Iterator[IPAddress]:
    if cluster.gateway is not None:
        yield from cluster.gateway.address or ()
