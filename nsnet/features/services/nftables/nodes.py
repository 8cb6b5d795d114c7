"""The table of each node: its fixed chains, and what the Service ports add to it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from nsnet.features.services.kube_proxy import (
    LOCALNET,
    MASQUERADE_MARK,
    families,
    node_port_addresses,
    node_port_ranges,
    pod_range,
)
from nsnet.features.services.nftables.ports import PortItems, port_items
from nsnet.features.services.ports import Terms, added_by_node
from nsnet.ip import Family, IPAddress, all_of_family, ips_of, of_family
from nsnet.state.model import Fact, Shared
from nsnet.state.rules import (
    ANY,
    KUBE_PROXY,
    Base,
    Chain,
    Drop,
    Element,
    Jump,
    Lookup,
    MarkMatch,
    Masquerade,
    Match,
    NftMap,
    NftSet,
    Reject,
    Return,
    Rule,
    SetMark,
    TableItem,
    Target,
)
from nsnet.topology.model import Cluster, Node

NEW: Final = Match(ctstate=("NEW",))

# The base chains: for each its name, its kind, hook and priority, and the chains that it jumps to.
# Filters jump for new connections only.
BASES: Final[tuple[tuple[str, Base, tuple[str, ...]], ...]] = (
    # Filters run before DNAT, so they see the address that the client connects to.
    ("filter-prerouting", Base("filter", "prerouting", -110), ("firewall-check",)),
    (
        "filter-input",
        Base("filter", "input", -110),
        ("nodeport-endpoints-check", "service-endpoints-check"),
    ),
    (
        "filter-forward",
        Base("filter", "forward", -110),
        ("service-endpoints-check", "cluster-ips-check"),
    ),
    (
        "filter-output",
        Base("filter", "output", -110),
        ("service-endpoints-check", "firewall-check"),
    ),
    # After DNAT, a destination that still is in the ClusterIP range belongs to no Service.
    ("filter-output-post-dnat", Base("filter", "output", -90), ("cluster-ips-check",)),
    ("nat-prerouting", Base("nat", "prerouting", -100), ("services",)),
    ("nat-output", Base("nat", "output", -100), ("services",)),
    ("nat-postrouting", Base("nat", "postrouting", 100), ("masquerading",)),
)
MAPS: Final[tuple[tuple[str, bool, str], ...]] = (  # name, by address, comment
    ("firewall-ips", True, "destinations that are subject to LoadBalancerSourceRanges"),
    (
        "no-endpoint-nodeports",
        False,
        "vmap to drop or reject packets to service nodeports with no endpoints",
    ),
    (
        "no-endpoint-services",
        True,
        "vmap to drop or reject packets to services with no endpoints",
    ),
    ("service-ips", True, "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
    ("service-nodeports", False, "NodePort traffic"),
)


def nftables(cluster: Cluster) -> Iterator[Fact]:
    """Yield the items of every node's table. To save memory, nodes with equal chains, sets and maps
    share them."""
    for family in families(cluster):
        fixed = tuple(_fixed_chains(cluster, family))
        shared: dict[tuple[int, ...], tuple[TableItem, ...]] = {}
        for node, added in zip(cluster.nodes, _added(cluster, family), strict=True):
            known = tuple(map(id, added))
            if known not in shared:
                shared[known] = tuple(_items(added, family))
            yield node.netns, Shared(fixed)
            yield node.netns, Shared(shared[known])
            if not _open_at_every_address(cluster, family):
                addresses = tuple(_node_port_ips(cluster, node, family))
                comment = "IPs that accept NodePort traffic"
                yield node.netns, NftSet("nodeport-ips", addresses, family=family, comment=comment)


def _added(cluster: Cluster, family: Family) -> Sequence[Sequence[PortItems]]:
    """Return, for each node, what each Service port adds to the node's table."""
    terms = Terms(family, pod_range(cluster, family), cluster.proxy.masquerade_all)
    return added_by_node(cluster, terms, port_items)


def _fixed_chains(cluster: Cluster, family: Family) -> Iterator[Chain]:
    """Yield the chains that the table has even if there is no Service."""

    def chain(name: str, *rules: tuple[Match, Target], comment: str = "") -> Chain:
        written = tuple(Rule(*each) for each in rules)
        return Chain(KUBE_PROXY, name, written, family=family, comment=comment)

    for name, base, jumps in BASES:
        match = NEW if base.kind == "filter" else ANY
        rules = tuple(Rule(match, Jump(each)) for each in jumps)
        yield Chain(KUBE_PROXY, name, rules, family=family, base=base)
    to_node = _to_node(cluster, family)
    yield chain("nodeport-endpoints-check", (to_node, Lookup("no-endpoint-nodeports", False)))
    yield chain("service-endpoints-check", (ANY, Lookup("no-endpoint-services", True)))
    yield chain("firewall-check", (ANY, Lookup("firewall-ips", True)))
    yield chain(
        "services",
        (ANY, Lookup("service-ips", True)),
        (to_node, Lookup("service-nodeports", False)),
    )
    known = Match(dst_set="cluster-ips", comment="Reject traffic to invalid ports of ClusterIPs")
    unallocated = "Drop traffic to unallocated ClusterIPs"
    ranges = all_of_family(cluster.service_cidrs, family)
    yield chain(
        "cluster-ips-check",
        (known, Reject()),
        *((Match(dst=each, comment=unallocated), Drop()) for each in ranges),
    )
    yield chain(
        "masquerading",
        (Match(mark=MarkMatch(0, MASQUERADE_MARK)), Return()),
        (ANY, SetMark(MASQUERADE_MARK, 0)),
        (ANY, Masquerade(random_fully=True)),
    )
    yield chain("mark-for-masquerade", (ANY, SetMark(MASQUERADE_MARK, MASQUERADE_MARK)))
    comment = "helper for @no-endpoint-services / @no-endpoint-nodeports"
    yield chain("reject-chain", (ANY, Reject()), comment=comment)


def _open_at_every_address(cluster: Cluster, family: Family) -> bool:
    """Return whether nodePortAddresses is set and opens NodePorts at every address of this
    family."""
    proxy = cluster.proxy
    return bool(proxy.node_port_addresses) and not node_port_ranges(proxy, family)


def _to_node(cluster: Cluster, family: Family) -> Match:
    if _open_at_every_address(cluster, family):
        return Match(dst_type="LOCAL", not_dst=LOCALNET[family])
    return Match(dst_set="nodeport-ips")


def _node_port_ips(cluster: Cluster, node: Node, family: Family) -> Iterator[IPAddress]:
    """Yield the addresses of the node at which NodePorts are open: those in nodePortAddresses or,
    if it is not set, the primary address. Loopback addresses are never among them."""
    primary = of_family(ips_of(node.addresses), family)
    ranges = node_port_ranges(cluster.proxy, family)
    if not ranges and primary is not None:
        yield primary
    yield from (each for each in node_port_addresses(node, ranges) if not each.is_loopback)


def _items(added: Iterable[PortItems], family: Family) -> Iterator[TableItem]:
    """Yield the sets and maps that have elements of all Service ports, then the sets and chains
    that each port adds."""
    addresses = tuple(dict.fromkeys(each.cluster_ip for each in added))
    yield NftSet("cluster-ips", addresses, family=family, comment="Active ClusterIPs")
    # If two Services have the same address and port, the first one gets it.
    held: dict[str, dict[object, Element]] = {name: {} for name, _, _ in MAPS}
    for each in added:
        for name, element in each.elements:
            held[name].setdefault((element.address, element.protocol, element.port), element)
    for name, by_address, comment in MAPS:
        elements = tuple(held[name].values())
        yield NftMap(name, by_address, elements, family=family, comment=comment)
    for each in added:
        yield from each.affinity
        yield from each.chains
