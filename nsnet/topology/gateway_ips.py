"""The outside addresses of gateways: as written, as they were, or the first free of fabricCIDR."""

from collections.abc import Iterator

from nsnet.ip import IPAddress
from nsnet.scenario.kinds import ClusterSpec
from nsnet.topology.ledger import Ledger
from nsnet.topology.pool import AddressError
from nsnet.topology.sharing import gateways_of, sharing


def hold_gateways(ledger: Ledger) -> None:
    """What the file says by number is nobody else's: before any address outside is given away."""
    for index, cluster in enumerate(ledger.scenario.spec.clusters):
        for address in _written(cluster):
            try:
                _hold(ledger, cluster, address)
            except AddressError as error:
                ledger.refuse(f"spec.clusters[{index}].gateway.address", str(error))


def gateway_ips(ledger: Ledger) -> dict[str, tuple[IPAddress, ...]]:
    """For each gateway, by reference, its addresses, of the families of the pods behind it. Those
    that are written are the preferred replica's."""
    given: dict[str, tuple[IPAddress, ...]] = {}
    for cluster in ledger.scenario.spec.clusters:
        members = sharing(ledger.scenario, cluster)
        if cluster.gateway is not None and cluster is members[0]:
            families = {network.version for one in members for network in one.pod_cidr}
            for number, owner in enumerate(gateways_of(members)):
                written = () if number else tuple(_written(cluster))
                given[owner] = ledger.allocate_fabric_ips(families, owner, written)
    return given


def _hold(ledger: Ledger, cluster: ClusterSpec, address: IPAddress) -> None:
    """Raises AddressError."""
    if address.version not in {network.version for network in cluster.pod_cidr}:
        family = f"IPv{address.version}"
        raise AddressError(
            f"{address} is {family}, and the pods of {cluster.name} have no {family}"
        )
    for each in ledger.scenario.spec.fabric_cidr:
        ends = each.network_address, each.broadcast_address
        if address in (ends if each.version == 4 else ends[:1]):
            raise AddressError(f"{address} is an end of fabricCIDR {each}, and nobody's")
    owner = gateways_of(sharing(ledger.scenario, cluster))[0]
    if not ledger.reserve_fabric_ip(address, owner):
        ranges = ", ".join(map(str, ledger.scenario.spec.fabric_cidr))
        raise AddressError(f"{address} is outside fabricCIDR {ranges}")


def _written(cluster: ClusterSpec) -> Iterator[IPAddress]:
    if cluster.gateway is not None:
        yield from cluster.gateway.address or ()
