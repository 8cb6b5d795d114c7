"""The addresses of Services outside their cluster: those of load balancers, and externalIPs.

No machine has a load balancer's address. The fabric routes packets to a node, where kube-proxy
translates the address. For externalIPs the fabric has no routes of its own. (In mode ipvs,
kube-proxy adds both to the dummy link kube-ipvs0 of every node.)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from nsnet.ip import Family, IPAddress
from nsnet.scenario.kinds import ClusterSpec
from nsnet.text import quoted
from nsnet.topology.assignment import load_balancer_owner
from nsnet.topology.declared_services import DeclaredService, declared_services
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Service
from nsnet.topology.pool import AddressError
from nsnet.topology.ranges import Range, all_ranges


def reserve_written_ips(ledger: Ledger) -> None:
    """Reserve the addresses that Services state in the files.

    Free addresses of fabricCIDR are allocated only after this.
    """
    ranges = all_ranges(ledger.scenario)
    owners: dict[IPAddress, tuple[str, str]] = {}  # load balancers: cluster and Service
    external: dict[IPAddress, str] = {}
    taken = [each.network for each in ranges]
    for cluster in ledger.scenario.spec.clusters:
        for each in declared_services(cluster, ledger.scenario.manifests, taken):
            for address in each.spec.external_ips:
                external.setdefault(address, each.reference)
            if cluster.model == "isolated":
                continue
            for path, address in _written(each):
                first, owner = owners.setdefault(address, (cluster.name, each.reference))
                try:
                    if first != cluster.name:
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
    """Return the load-balancer addresses of each Service that has a load balancer, by reference.

    They are those in the manifest, else those that the lab has, else the first free ones of
    fabricCIDR.
    """
    balanced = {owner: each for owner, each in services.items() if each.spec.type == "LoadBalancer"}
    if balanced and cluster.model == "isolated":
        names = ", ".join(balanced)
        ledger.warnings.append(
            f"{cluster.name} is isolated, so its load balancers have no address: {names}"
        )
        return {}
    allocated: dict[str, tuple[IPAddress, ...]] = {}
    for owner, each in balanced.items():
        requested = each.spec.load_balancer_ip
        if isinstance(requested, str) and requested:
            message = f"{quoted(requested)} is no address for a load balancer: {owner} gets another"
            ledger.warnings.append(each.warning("spec.loadBalancerIP", message))
        if each.service.status.load_balancer.ingress or not isinstance(requested, str):
            allocated[owner] = _of_families(ledger, each, families[owner], _written(each))
        else:
            allocated[owner] = ledger.allocate_fabric_ips(
                families[owner], load_balancer_owner(owner), own=each.manifest.own
            )
            if not allocated[owner]:
                ranges = ", ".join(map(str, ledger.scenario.spec.fabric_cidr))
                message = (
                    f"{owner} has no load-balancer address: fabricCIDR {ranges} lacks its family"
                )
                ledger.warnings.append(each.warning("spec.type", message))
    return allocated


def external_ips(
    ledger: Ledger, each: DeclaredService, cluster_ips: tuple[IPAddress, ...]
) -> tuple[IPAddress, ...]:
    """Return the externalIPs that kube-proxy uses: those of the same family as a ClusterIP."""
    versions = [address.version for address in cluster_ips]
    return _of_families(ledger, each, versions, _external(each))


def _of_families(
    ledger: Ledger,
    each: DeclaredService,
    families: Sequence[Family],
    written: Iterable[tuple[str, IPAddress]],
) -> tuple[IPAddress, ...]:
    """Return the `written` addresses that are of these families.

    Record a warning for each address of another family, because kube-proxy ignores it.
    """
    known = []
    for path, address in written:
        if address.version in families:
            known.append(address)
        else:
            lacks = f"{each.reference} has no IPv{address.version} ClusterIP"
            message = f"{lacks}, so kube-proxy ignores {address}"
            ledger.warnings.append(each.warning(path, message))
    return tuple(dict.fromkeys(known))


def refuse_clashes(ledger: Ledger, offered: Sequence[tuple[DeclaredService, Service]]) -> None:
    """Record a mistake for each combination of address and port that two Services have.

    Services may share an address if their ports differ.
    """
    owners: dict[tuple[IPAddress, int, str], str] = {}
    for _, service in offered:
        for address in service.addresses:
            for port in service.ports:
                owners[address, port.port, port.protocol] = service.reference
    for each, service in offered:
        for path, address in (*_written(each), *_external(each)):
            for port in service.ports:
                socket = (address, port.port, port.protocol)
                first = owners.setdefault(socket, service.reference)
                if first != service.reference:
                    at = f"{port.port}/{port.protocol.upper()} of {address}"
                    ledger.problems.append(each.problem(path, f"{at} is taken by {first}"))
    _refuse_different_nodes(ledger, [each for each in offered if each[1].proxied])


def _refuse_different_nodes(
    ledger: Ledger, offered: Iterable[tuple[DeclaredService, Service]]
) -> None:
    """Record a mistake if the traffic of two load balancers with one address needs different nodes.

    All packets to an address take the same route. MetalLB refuses this, too.
    """
    first: dict[IPAddress, tuple[str, object]] = {}
    for each, service in offered:
        key = _nodes_key(each, service)
        for path, address in _written(each):
            if address not in service.load_balancer_ips:
                continue
            other, its_key = first.setdefault(address, (service.reference, key))
            if its_key != key:
                message = (
                    f"{address} is shared with {other}, so both need the same route; set"
                    " externalTrafficPolicy: Cluster in both, or Local in both for the same pods"
                )
                ledger.problems.append(each.problem(path, message))


def _nodes_key(each: DeclaredService, service: Service) -> object:
    """Return a value that is equal for Services whose traffic goes to the same nodes.

    With externalTrafficPolicy: Cluster the value is None, because traffic goes to all nodes.
    """
    spec = each.spec
    if spec.external_traffic_policy != "Local":
        return None
    # Without a selector the endpoints belong to this Service only.
    pods = spec.selector or each.reference
    nodes = {one.node for port in service.ports for one in port.endpoints if one.ready}
    return service.namespace, pods, spec.publish_not_ready_addresses, nodes


def _written(each: DeclaredService) -> Iterator[tuple[str, IPAddress]]:
    """Yield (field path, address) for each load-balancer address that the manifest states.

    An address with ipMode Proxy is left out.
    """
    if each.spec.type != "LoadBalancer":
        return
    ingress = each.service.status.load_balancer.ingress
    for index, one in enumerate(ingress):
        # With ipMode Proxy the load balancer terminates connections: kube-proxy does not handle
        # packets to its address.
        if one.ip is not None and one.ip_mode == "VIP":
            yield f"status.loadBalancer.ingress[{index}].ip", one.ip
    requested = each.spec.load_balancer_ip
    if not ingress and not isinstance(requested, str):
        yield "spec.loadBalancerIP", requested


def _external(each: DeclaredService) -> Iterator[tuple[str, IPAddress]]:
    for index, address in enumerate(each.spec.external_ips):
        yield f"spec.externalIPs[{index}]", address
