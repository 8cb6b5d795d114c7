"""The addresses of Services that are in no range of their cluster: those of load balancers, and
externalIPs.

Nobody's interface holds them. The lab's network brings them to a node, where kube-proxy knows them.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nsnet.ip import Family, IPAddress
from nsnet.scenario.kinds import ClusterSpec
from nsnet.topology.assignment import balancer_of
from nsnet.topology.declared import DeclaredService, declared_services
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Service
from nsnet.topology.pool import AddressError
from nsnet.topology.ranges import Range, all_ranges


def reserve_written_ips(ledger: Ledger) -> None:
    """What the file says by number is nobody else's: before any address outside is given away."""
    ranges = all_ranges(ledger.scenario)
    owners: dict[IPAddress, tuple[str, str]] = {}  # of a load balancer: its cluster and Service
    external: dict[IPAddress, str] = {}
    for cluster in ledger.scenario.spec.clusters:
        for each in declared_services(cluster.name, ledger.scenario.manifests):
            for address in each.spec.external_ips:
                external.setdefault(address, each.reference)
            if cluster.model == "isolated":
                continue
            for path, address in _written(each):
                there, owner = owners.setdefault(address, (cluster.name, each.reference))
                try:
                    if there != cluster.name:
                        raise AddressError(f"{address} is taken by {owner}, of another cluster")
                    if not ledger.reserve_fabric_ip(address, owner):
                        _refuse_overlap(address, ranges)
                except AddressError as error:
                    ledger.problems.append(each.problem(path, str(error)))
    for address, owner in external.items():
        ledger.reserve_fabric_ip_if_free(address, owner)


def _refuse_overlap(address: IPAddress, ranges: Iterable[Range]) -> None:
    for each in ranges:
        if address in each.network and each.network.num_addresses == 1:
            raise AddressError(f"{address} is the address of {each.name}")
        if address in each.network:
            raise AddressError(f"{address} is in {each.network}, the {each.name}")


def load_balancer_ips(
    ledger: Ledger,
    cluster: ClusterSpec,
    services: Mapping[str, DeclaredService],
    families: Mapping[str, tuple[Family, ...]],
) -> dict[str, tuple[IPAddress, ...]]:
    """The addresses at which kube-proxy expects what comes by a load balancer: as written, as they
    were, or the first free of fabricCIDR."""
    balanced = {owner: each for owner, each in services.items() if each.spec.type == "LoadBalancer"}
    if balanced and cluster.model == "isolated":
        names = ", ".join(balanced)
        ledger.warnings.append(
            f"{cluster.name} is isolated, so its load balancers have no address: {names}"
        )
        return {}
    given: dict[str, tuple[IPAddress, ...]] = {}
    for owner, each in balanced.items():
        if each.service.status.load_balancer.ingress or each.spec.load_balancer_ip:
            given[owner] = _noticed(ledger, each, families[owner], _written(each))
        else:
            given[owner] = ledger.allocate_fabric_ips(families[owner], balancer_of(owner))
            if not given[owner]:
                ranges = ", ".join(map(str, ledger.scenario.spec.fabric_cidr))
                message = f"{owner} has no load-balancer address of its family in {ranges}"
                ledger.warnings.append(each.warning("spec.type", message))
    return given


def external_ips(
    ledger: Ledger, each: DeclaredService, cluster_ips: tuple[IPAddress, ...]
) -> tuple[IPAddress, ...]:
    """The externalIPs that kube-proxy takes notice of: those of a family of the ClusterIPs."""
    mine = [address.version for address in cluster_ips]
    return _noticed(ledger, each, mine, _external(each))


def _noticed(
    ledger: Ledger,
    each: DeclaredService,
    families: Sequence[Family],
    written: Iterable[tuple[str, IPAddress]],
) -> tuple[IPAddress, ...]:
    """Those of the Service's families, and a warning for each of the others."""
    known = []
    for path, address in written:
        if address.version in families:
            known.append(address)
        else:
            lacks = f"{each.reference} has no IPv{address.version} ClusterIP"
            message = f"{lacks}, so kube-proxy takes no notice of {address}"
            ledger.warnings.append(each.warning(path, message))
    return tuple(dict.fromkeys(known))


def refuse_clashes(ledger: Ledger, offered: Sequence[tuple[DeclaredService, Service]]) -> None:
    """Every address and port outside leads to one Service; two may share an address."""
    owners: dict[tuple[IPAddress, int, str], str] = {}
    for _, service in offered:
        for address in service.addresses:
            for port in service.ports:
                owners[address, port.port, port.protocol] = service.reference
    for each, service in offered:
        for path, address in (*_written(each), *_external(each)):
            for port in service.ports:
                place = (address, port.port, port.protocol)
                standing = owners.setdefault(place, service.reference)
                if standing != service.reference:
                    at = f"{port.port}/{port.protocol.upper()} of {address}"
                    ledger.problems.append(each.problem(path, f"{at} is taken by {standing}"))
    _refuse_unlike(ledger, [each for each in offered if each[1].proxied])


def _refuse_unlike(ledger: Ledger, offered: Iterable[tuple[DeclaredService, Service]]) -> None:
    """One route leads to an address: whoever shares it must be found on the same nodes. MetalLB
    asks for the same."""
    first: dict[IPAddress, tuple[str, object]] = {}
    for each, service in offered:
        mine = service.reference, _whereabouts(each, service)
        for path, address in _written(each):
            if address not in service.load_balancer_ips:
                continue
            other, there = first.setdefault(address, mine)
            if there != mine[1]:
                message = (
                    f"{address} is shared with {other}, and leads to the same nodes: both need"
                    " externalTrafficPolicy: Cluster, or both Local and the same pods"
                )
                ledger.problems.append(each.problem(path, message))


def _whereabouts(each: DeclaredService, service: Service) -> object:
    """Equal for Services that the load balancer looks for on the same nodes."""
    spec = each.spec
    if spec.external_traffic_policy != "Local":
        return None
    # Without a selector the endpoints are its own.
    whose = spec.selector or each.reference
    nodes = {one.node for port in service.ports for one in port.endpoints if one.ready}
    return service.namespace, whose, spec.publish_not_ready_addresses, nodes


def _written(each: DeclaredService) -> Iterator[tuple[str, IPAddress]]:
    """Each address that the file gives to a load balancer, and its path."""
    if each.spec.type != "LoadBalancer":
        return
    ingress = each.service.status.load_balancer.ingress
    for index, one in enumerate(ingress):
        # In mode Proxy the load balancer talks to the nodes for its clients: to kube-proxy its
        # address is as any other.
        if one.ip is not None and one.ip_mode == "VIP":
            yield f"status.loadBalancer.ingress[{index}].ip", one.ip
    if not ingress and each.spec.load_balancer_ip is not None:
        yield "spec.loadBalancerIP", each.spec.load_balancer_ip


def _external(each: DeclaredService) -> Iterator[tuple[str, IPAddress]]:
    for index, address in enumerate(each.spec.external_ips):
        yield f"spec.externalIPs[{index}]", address
