"""The nodes of a cluster, with their addresses in the underlay and their pod ranges."""

from collections.abc import Sequence
from ipaddress import ip_interface

from nsnet.ip import IPInterface, IPNetwork
from nsnet.scenario.kinds import OVERLAYS, ClusterSpec, NodeSpec
from nsnet.state.namespaces import netns_name
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Node, reference_of
from nsnet.topology.pool import Pool


def resolve_nodes(
    ledger: Ledger, path: str, spec: ClusterSpec, underlay: Sequence[IPNetwork]
) -> tuple[Node, ...]:
    """Return the nodes of the cluster, in the order of the file."""
    specs = (
        spec.nodes
        if isinstance(spec.nodes, tuple)
        else [NodeSpec(name=f"n{number}") for number in range(1, spec.nodes + 1)]
    )
    references = {reference_of(spec.name, "node", each.name): each for each in specs}
    replicas = spec.gateway.replicas if spec.gateway is not None else 1
    addresses = _addresses(ledger, f"{path}.nodeCIDR", underlay, list(references), replicas)
    pod_cidrs = _pod_cidrs(ledger, f"{path}.podCIDR", spec, list(references))
    return tuple(
        Node(
            name=each.name,
            netns=netns_name(ledger.scenario.name, spec.name, "node", each.name),
            reference=reference,
            labels={"kubernetes.io/hostname": each.name, **each.labels},
            addresses=addresses[reference],
            pod_cidrs=pod_cidrs[reference],
            overlay=_overlay(pod_cidrs[reference]) if spec.cni in OVERLAYS else (),
        )
        for reference, each in references.items()
    )


def _addresses(
    ledger: Ledger, path: str, underlay: Sequence[IPNetwork], owners: Sequence[str], replicas: int
) -> dict[str, tuple[IPInterface, ...]]:
    """Return the addresses of each node, by its reference: one in each range of the underlay.

    The first host address of a range belongs to the router. If the gateway has two replicas, the
    last host address belongs to the second one.
    """
    allocated: dict[str, tuple[IPInterface, ...]] = dict.fromkeys(owners, ())
    for network in underlay:
        routers = (network[1], network[-2])[:replicas] if network.num_addresses > 2 else ()
        for owner, address in ledger.allocate(path, Pool(network, routers), owners).items():
            allocated[owner] += (ip_interface(f"{address}/{network.prefixlen}"),)
    return allocated


def _pod_cidrs(
    ledger: Ledger, path: str, spec: ClusterSpec, owners: Sequence[str]
) -> dict[str, tuple[IPNetwork, ...]]:
    """Return the pod ranges of each node, by its reference: one in each podCIDR.

    It is the range that the node has in the lab, else the first free one.
    """
    allocated: dict[str, tuple[IPNetwork, ...]] = dict.fromkeys(owners, ())
    for network in spec.pod_cidr:
        size = (spec.node_cidr_mask_size or 24) if network.version == 4 else 64
        room = 2 ** (size - network.prefixlen) if size >= network.prefixlen else 0
        if size > network.max_prefixlen - 2:
            ledger.refuse(path, f"a /{size} has no room for pods")
            continue
        if room < len(owners):
            message = f"{network} has room for {room} nodes, a /{size} each, not {len(owners)}"
            ledger.refuse(path, message)
            continue
        kept = {
            owner: pod_cidr
            for owner in owners
            for pod_cidr in ledger.keep.pod_cidrs.get(owner, ())
            if pod_cidr.prefixlen == size and pod_cidr.overlaps(network)
        }
        free = (each for each in network.subnets(new_prefix=size) if each not in kept.values())
        for owner in owners:
            allocated[owner] += (kept.get(owner) or next(free),)
    return allocated


def _overlay(pod_cidrs: Sequence[IPNetwork]) -> tuple[IPInterface, ...]:
    """Return the addresses of a node's VXLAN link: the first of each pod range, as in flannel."""
    return tuple(ip_interface(each[0]) for each in pod_cidrs)
