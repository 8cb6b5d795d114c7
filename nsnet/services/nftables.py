"""proxyMode: nftables. The table that kube-proxy writes, with its names, order and comments.

  filter-…  (before DNAT) ─▶ …-check ─▶ maps of what is refused or dropped, firewall-…
  nat-prerouting, nat-output ─▶ services ─▶ service-ips, service-nodeports (maps)
      ─▶ [external-…] ─▶ service-… or local-… (one a Service port) ─▶ endpoint-… ─▶ DNAT
  nat-postrouting ─▶ masquerading: what mark-for-masquerade marked is masqueraded

No rule drops what conntrack calls INVALID, and no setting (nf_conntrack_tcp_be_liberal) makes up
for it: kube-proxy leaves both to the administrator in this mode. 127.0.0.1 never is a NodePort's
address, so route_localnet stays off. Nothing filters INPUT: a healthCheckNodePort needs no rule.

Source: kubernetes/pkg/proxy/nftables/proxier.go, v1.30.
"""

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Final

from nsnet.services.iptables import MASQUERADE_MARK
from nsnet.services.nft_ports import ANY, Offer, Port, differs, of_port
from nsnet.state import (
    KUBE_PROXY,
    Base,
    Chain,
    Drop,
    Element,
    Fact,
    Family,
    IPNetwork,
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
    Target,
)
from nsnet.topology import Cluster, Node, of_family, only

NEW: Final = Match(ctstate=("NEW",))
LOCALHOST: Final[dict[Family, IPNetwork]] = {4: ip_network("127.0.0.0/8"), 6: ip_network("::1")}

# name, its kind, hook and priority, and the chains it jumps to with new connections or (nat) all.
BASES: Final[tuple[tuple[str, Base, tuple[str, ...]], ...]] = (
    # Filters see the address that the client asked for: they come before DNAT.
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
    # What a node sends to a ClusterIP and is no Service's is seen once DNAT has had its chance.
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
    """Each node's table, in both families where the Services have both. Nodes share what is the
    same on all, so a large lab holds it once."""
    for family in sorted({each.version for each in cluster.service_cidrs}):
        pods = tuple(each for each in cluster.pod_cidrs if each.version == family)
        offered = [
            Offer(service, number, family, pods, cluster.proxy.masquerade_all)
            for service in cluster.services
            for number in range(len(service.ports))
            if service.proxied and of_family(service.addresses, family) is not None
        ]
        same = [None if differs(each) else of_port(each, cluster.nodes[0]) for each in offered]
        fixed = tuple(_fixed(cluster, family))
        pieces: tuple[Chain | NftSet | NftMap, ...] = ()
        for node in cluster.nodes:
            if not pieces or None in same:
                ports = [
                    known or of_port(each, node) for known, each in zip(same, offered, strict=True)
                ]
                pieces = (*fixed, *_filled(ports, family))
            for piece in pieces:
                yield node.netns, piece
            if not _every_address(cluster, family):
                yield node.netns, _node_port_ips(cluster, node, family)


def _fixed(cluster: Cluster, family: Family) -> Iterator[Chain]:
    """The chains that are there without any Service."""

    def chain(name: str, *rules: tuple[Match, Target], comment: str = "") -> Chain:
        written = tuple(Rule(*each) for each in rules)
        return Chain(KUBE_PROXY, name, written, family, comment=comment)

    for name, base, jumps in BASES:
        match = NEW if base.kind == "filter" else ANY
        rules = tuple(Rule(match, Jump(each)) for each in jumps)
        yield Chain(KUBE_PROXY, name, rules, family, base)
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
    ranges = [each for each in cluster.service_cidrs if each.version == family]
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


def _every_address(cluster: Cluster, family: Family) -> bool:
    """NodePorts are open at all addresses of a node: a range says so, or there is none of the
    family among the ranges."""
    ranges = cluster.proxy.node_port_addresses
    mine = [each for each in ranges if each.version == family]
    return bool(ranges) and (not mine or any(each.prefixlen == 0 for each in mine))


def _to_node(cluster: Cluster, family: Family) -> Match:
    if _every_address(cluster, family):
        return Match(dst_type="LOCAL", not_dst=LOCALHOST[family])
    return Match(dst_set="nodeport-ips")


def _node_port_ips(cluster: Cluster, node: Node, family: Family) -> NftSet:
    """The node's own address, or those that lie in nodePortAddresses."""
    ranges = cluster.proxy.node_port_addresses
    addresses = [each for each in only(node.addresses) if each.version == family][:1]
    if ranges:
        everything = (*only(node.addresses), *only(node.bridge))
        addresses = [each for each in everything if any(each in within for within in ranges)]
    mine = tuple(each for each in addresses if each.version == family)
    return NftSet("nodeport-ips", mine, family, "IPs that accept NodePort traffic")


def _filled(ports: list[Port], family: Family) -> Iterator[Chain | NftSet | NftMap]:
    """The sets and maps with what the Services' ports put in, and the ports' own chains."""
    addresses = tuple(dict.fromkeys(each.cluster_ip for each in ports))
    yield NftSet("cluster-ips", addresses, family, "Active ClusterIPs")
    # Where two Services claim one address and port, the first has it.
    held: dict[str, dict[object, Element]] = {name: {} for name, _, _ in MAPS}
    for each in ports:
        for name, element in each.elements:
            held[name].setdefault((element.address, element.protocol, element.port), element)
    for name, by_address, comment in MAPS:
        yield NftMap(name, by_address, tuple(held[name].values()), family, comment)
    for each in ports:
        yield from each.affinity
        yield from each.chains
