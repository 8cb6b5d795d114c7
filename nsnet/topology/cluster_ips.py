"""ClusterIPs: the addresses of Services inside their cluster, of one family or two.

Source: kubernetes/pkg/registry/core/service/storage/alloc.go, v1.30.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from nsnet.ip import Family, IPAddress
from nsnet.scenario.field_errors import invalid
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.kubernetes import ServiceSpec
from nsnet.scenario.service_admission import written_cluster_ips
from nsnet.topology.declared_services import DeclaredService
from nsnet.topology.ledger import Ledger
from nsnet.topology.pool import AddressError, Pool, special_use

# Addresses of every service range that are not allocated, by position: kubernetes.default, and by
# convention the cluster's DNS.
EXCLUDED: Final = (1, 10)


def families(ledger: Ledger, cluster: ClusterSpec, each: DeclaredService) -> tuple[Family, ...]:
    """Return the IP families of the Service's addresses and endpoints, the preferred one first.

    There is one family, unless the Service asks for two. Record requests that it cannot have.
    """
    ledger.problems.extend(each.problem(*wrong) for wrong in _family_refusals(cluster, each.spec))
    spec = each.spec
    known: tuple[Family, ...] = tuple(network.version for network in cluster.service_cidr)
    requested = [_family(name) for name in spec.ip_families]
    requested = requested or [address.version for _, address in _written(spec)] or [known[0]]
    others = () if spec.ip_family_policy in (None, "SingleStack") else known
    return (requested[0], *(each for each in others if each != requested[0]))


def cluster_ips(
    ledger: Ledger,
    path: str,
    cluster: ClusterSpec,
    services: Mapping[str, DeclaredService],
    wanted: Mapping[str, tuple[Family, ...]],
) -> dict[str, tuple[IPAddress, ...]]:
    """Return the ClusterIPs of each Service, by its reference: one of each of its families.

    It is the address in the manifest, else the one that the lab has, else the first free one. For
    nsnet's own Services it is the last free one; if there is none, they have no address.
    """
    pools = [
        Pool(each, [each[host] for host in EXCLUDED if host < each.num_addresses])
        for each in cluster.service_cidr
    ]
    allocated: dict[tuple[str, Family], IPAddress] = {}
    for owner, each in services.items():
        for where, address in _written(each.spec):
            try:
                _reserve(pools, address, owner)
                allocated[owner, address.version] = address
            except AddressError as error:
                ledger.problems.append(each.problem(where, str(error)))
    for pool in pools:
        family = pool.network.version
        waiting = [
            owner
            for owner, each in services.items()
            if each.spec.has_cluster_ip
            and family in wanted[owner]
            and (owner, family) not in allocated
        ]
        own = [owner for owner in waiting if services[owner].manifest.own]
        of_files = [owner for owner in waiting if not services[owner].manifest.own]
        found = ledger.allocate(f"{path}.serviceCIDR", pool, of_files)
        last = ledger.allocate_last(pool, own)
        for owner, address in (*found.items(), *last.items()):
            allocated[owner, family] = address
    return {
        owner: tuple(
            allocated[owner, family] for family in wanted[owner] if (owner, family) in allocated
        )
        for owner in services
    }


def _reserve(pools: Sequence[Pool], address: IPAddress, owner: str) -> None:
    pool = next((each for each in pools if address in each.network), None)
    if pool is None:
        ranges = ", ".join(str(each.network) for each in pools)
        reason = f"failed to allocate IP {address}: the provided IP is not in the valid range. The"
        raise AddressError(
            invalid(address, f"{reason} range of valid IPs is {ranges} (serviceCIDR)")
        )
    if use := special_use(address, pool.network):
        reason = f"failed to allocate IP {address}: it is the {use} address of serviceCIDR"
        raise AddressError(invalid(address, f"{reason} {pool.network}"))
    if (first := pool.owner(address)) not in (None, owner):
        reason = f"failed to allocate IP {address}: provided IP is already allocated"
        raise AddressError(invalid(address, f"{reason}: it is taken by {first}"))
    pool.reserve(address, owner)


def _written(spec: ServiceSpec) -> Iterator[tuple[str, IPAddress]]:
    """Yield (field path, address) for each ClusterIP that the manifest sets."""
    for path, each in written_cluster_ips(spec):
        if not isinstance(each, str):
            yield path, each


def _family_refusals(cluster: ClusterSpec, spec: ServiceSpec) -> Iterator[tuple[str, str]]:
    """Yield (field path, reason) for each family or policy that this cluster cannot have."""
    if spec.selectorless:
        return
    ranges = ", ".join(map(str, cluster.service_cidr))
    known = {each.version for each in cluster.service_cidr}
    for index, name in enumerate(spec.ip_families):
        if _family(name) not in known:
            reason = f"not configured on this cluster: serviceCIDR is {ranges}"
            yield f"spec.ipFamilies[{index}]", invalid(name, reason)
    if spec.ip_family_policy == "RequireDualStack" and len(known) < 2:
        reason = "this cluster is not configured for dual-stack services: serviceCIDR is"
        yield "spec.ipFamilyPolicy", invalid(spec.ip_family_policy, f"{reason} {ranges}")


def _family(name: str) -> Family:
    return 4 if name == "IPv4" else 6
