"""The nodes of a cluster, with their addresses in the underlay and their pod ranges."""

from collections.abc import Collection, Mapping, Sequence
from ipaddress import ip_interface
from itertools import islice

from nsnet.ip import IPAddress, IPInterface, IPNetwork, held_at
from nsnet.scenario.kinds import OVERLAYS, ClusterSpec
from nsnet.scenario.model import Manifest
from nsnet.scenario.vnets import IN_SUBNET
from nsnet.state.namespaces import netns_name
from nsnet.text import some_of
from nsnet.topology.declared_nodes import DeclaredNode, declared_nodes
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Node, reference_of
from nsnet.topology.pool import Pool, Ranges, special_use
from nsnet.topology.vnets import SubnetAddresses


def resolve_nodes(
    ledger: Ledger,
    path: str,
    spec: ClusterSpec,
    manifests: Sequence[Manifest],
    underlay: Sequence[IPNetwork],
    subnet: SubnetAddresses | None = None,
) -> tuple[Node, ...]:
    """Return the nodes of the cluster. `subnet`: the addresses of the VNet's subnet that the nodes
    are in."""
    declared = {
        reference_of(spec.name, "node", each.name): each
        for each in declared_nodes(path, spec, manifests)
    }
    replicas = spec.gateway.replicas if spec.gateway is not None else 1
    node_ranges, pod_ranges = (", ".join(map(str, each)) for each in (underlay, spec.pod_cidr))
    ranges = f"nodeCIDR {node_ranges} and podCIDR {pod_ranges}"
    misfits = _Misfits(ledger, spec.name, ranges)
    reserved: dict[str, tuple[IPAddress, ...]] = {}
    if subnet is None:
        addresses = _addresses(ledger, f"{path}.nodeCIDR", underlay, declared, replicas, misfits)
    else:
        runs = subnet.of_nodes(ledger, f"{path}.nodes", [*declared], spec)
        addresses = {each: (held_at(run[0], subnet.network),) for each, run in runs.items()}
        reserved = {each: run[1:] for each, run in runs.items()}
        declared = {each: node for each, node in declared.items() if each in runs}
    if spec.cni in IN_SUBNET:
        pod_cidrs: dict[str, tuple[IPNetwork, ...]] = {}
    else:
        pod_cidrs = _pod_cidrs(ledger, f"{path}.podCIDR", spec, declared, misfits)
    misfits.report()
    return tuple(
        Node(
            name=each.name,
            netns=netns_name(ledger.scenario.name, spec.name, "node", each.name),
            reference=reference,
            labels=each.labels,
            addresses=addresses[reference],
            pod_cidrs=pod_cidrs.get(reference, ()),
            overlay=_overlay(pod_cidrs[reference]) if spec.cni in OVERLAYS else (),
            reserved=reserved.get(reference, ()),
            taints=each.taints,
        )
        for reference, each in declared.items()
    )


class _Misfits:
    """The addresses and pod ranges of nodes that cannot be used, each with the reason.

    In a Scenario they are mistakes. Those of Node objects are ignored with one warning: ranges of
    another cluster seldom fit.
    """

    def __init__(self, ledger: Ledger, cluster: str, ranges: str) -> None:
        self._ledger = ledger
        self._cluster = cluster
        self._ranges = ranges
        self._ignored: dict[str, list[str]] = {}
        self._first: Manifest | None = None

    def add(self, node: DeclaredNode, key: str, value: IPAddress | IPNetwork, why: str) -> None:
        """Add an address or a range of this node, set by this key of its entry."""
        if node.manifest is None or node.path:
            self._ledger.refuse(f"{node.path}.{key}", f"{value} {why}")
            return
        self._first = self._first or node.manifest
        self._ignored.setdefault(node.name, []).append(str(value))

    def report(self) -> None:
        """Record the warning, if anything is ignored."""
        if self._first is None:
            return
        nodes = [f"{name} ({', '.join(values)})" for name, values in self._ignored.items()]
        message = (
            f"nodes of {self._cluster} get other addresses or pod ranges than their Node objects"
            f" have, which do not fit {self._ranges}: {some_of(nodes)}"
        )
        self._ledger.warnings.append(self._first.warning("", message))


def _addresses(
    ledger: Ledger,
    path: str,
    underlay: Sequence[IPNetwork],
    nodes: Mapping[str, DeclaredNode],
    replicas: int,
    misfits: _Misfits,
) -> dict[str, tuple[IPInterface, ...]]:
    """Return the addresses of each node, by its reference: one in each range of the underlay.

    It is the one that the files set, else the one that the node has in the lab, else the first free
    one. The first host address of a range belongs to the router. If the gateway has two replicas,
    the last host address belongs to the second one.
    """
    allocated: dict[str, tuple[IPInterface, ...]] = dict.fromkeys(nodes, ())
    for node in nodes.values():
        for each in node.addresses:
            if not any(each in network for network in underlay):
                ranges = ", ".join(map(str, underlay))
                misfits.add(node, "addresses", each, f"is outside nodeCIDR {ranges}")
    for network in underlay:
        routers = (network[1], network[-2])[:replicas] if network.num_addresses > 2 else ()
        written = _written_addresses(network, routers, nodes, misfits)
        pool = Pool(network, routers)
        for owner, address in ledger.allocate(path, pool, [*nodes], written).items():
            allocated[owner] += (held_at(address, network),)
    return allocated


def _written_addresses(
    network: IPNetwork,
    routers: Collection[IPAddress],
    nodes: Mapping[str, DeclaredNode],
    misfits: _Misfits,
) -> dict[IPAddress, str]:
    """Return the addresses in `network` that the files set, each with the reference of its node."""
    written: dict[IPAddress, str] = {}
    owners: set[str] = set()
    for owner, node in nodes.items():
        for each in (one for one in node.addresses if one in network):
            if each in routers:
                misfits.add(node, "addresses", each, "is the address of a router")
            elif use := special_use(each, network):
                misfits.add(node, "addresses", each, f"is the {use} address of nodeCIDR")
            elif each in written or owner in owners:
                misfits.add(node, "addresses", each, f"is taken by {written.get(each, owner)}")
            else:
                written[each] = owner
                owners.add(owner)
    return written


def _pod_cidrs(
    ledger: Ledger,
    path: str,
    spec: ClusterSpec,
    nodes: Mapping[str, DeclaredNode],
    misfits: _Misfits,
) -> dict[str, tuple[IPNetwork, ...]]:
    """Return the pod ranges of each node, by its reference: one in each podCIDR.

    It is the one that the files set, else the one that the node has in the lab, else the first free
    one.
    """
    allocated: dict[str, tuple[IPNetwork, ...]] = dict.fromkeys(nodes, ())
    for node in nodes.values():
        for each in node.pod_cidrs:
            if not any(_inside(each, network) for network in spec.pod_cidr):
                whole = ", ".join(map(str, spec.pod_cidr))
                misfits.add(node, "podCIDR", each, f"is outside podCIDR {whole}")
    for network in spec.pod_cidr:
        size = (spec.node_cidr_mask_size or 24) if network.version == 4 else 64
        if size > network.max_prefixlen - 2:
            ledger.refuse(path, f"a /{size} has no room for pods")
            continue
        taken = Ranges()
        ranges = _written_ranges(network, nodes, taken, misfits)
        for owner in nodes:
            for own in ledger.keep.pod_cidrs.get(owner, ()):
                fits = own.prefixlen == size and _inside(own, network)
                if owner not in ranges and fits and taken.add(own):
                    ranges[owner] = own
        waiting = [owner for owner in nodes if owner not in ranges]
        free = list(islice(taken.free(network, size), len(waiting)))
        if len(free) < len(waiting):
            room = len(ranges) + len(free)
            message = f"{network} has room for {room} nodes, a /{size} each, not {len(nodes)}"
            ledger.refuse(path, message)
            continue
        ranges |= zip(waiting, free, strict=True)
        for owner in nodes:
            allocated[owner] += (ranges[owner],)
    return allocated


def _written_ranges(
    network: IPNetwork, nodes: Mapping[str, DeclaredNode], taken: Ranges, misfits: _Misfits
) -> dict[str, IPNetwork]:
    """Return the pod range in `network` of each node for which the files set one."""
    ranges: dict[str, IPNetwork] = {}
    for owner, node in nodes.items():
        for each in (one for one in node.pod_cidrs if _inside(one, network)):
            if each.prefixlen > each.max_prefixlen - 2:
                misfits.add(node, "podCIDR", each, "has no room for pods")
            elif owner in ranges or not taken.add(each):
                misfits.add(node, "podCIDR", each, "overlaps the pod range of another node")
            else:
                ranges[owner] = each
    return ranges


def _inside(inner: IPNetwork, outer: IPNetwork) -> bool:
    return (
        inner.version == outer.version
        and inner.prefixlen >= outer.prefixlen
        and inner.network_address in outer
    )


def _overlay(pod_cidrs: Sequence[IPNetwork]) -> tuple[IPInterface, ...]:
    """Return the addresses of a node's VXLAN link: the first of each pod range, as in flannel."""
    return tuple(ip_interface(each[0]) for each in pod_cidrs)
