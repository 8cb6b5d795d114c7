"""What the modes of kube-proxy have in common: names, the masquerade mark, addresses of NodePorts.

Source: kubernetes/pkg/proxy/iptables/proxier.go, pkg/proxy/util/nodeport_addresses.go, v1.30.
"""

from base64 import b32encode
from collections.abc import Iterator
from hashlib import sha256
from ipaddress import ip_address, ip_network
from typing import Final

from nsnet.ip import Family, IPAddress, IPNetwork, all_of_family, ips_of, of_family
from nsnet.state.model import Fact, Sysctl
from nsnet.state.rules import (
    Accept,
    Chain,
    Hook,
    MarkMatch,
    Masquerade,
    Match,
    Return,
    Rule,
    SetMark,
)
from nsnet.topology.model import Cluster, Node, Proxy, Service, ServicePort

MASQUERADE_MARK: Final = 0x4000  # bit 14, kube-proxy's --iptables-masquerade-bit
MARKED: Final = MarkMatch(MASQUERADE_MARK, MASQUERADE_MARK)
NOT_MARKED: Final = MarkMatch(MASQUERADE_MARK, MASQUERADE_MARK, negated=True)
MARK_MASQ: Final = "KUBE-MARK-MASQ"

LOCALNET: Final[dict[Family, IPNetwork]] = {4: ip_network("127.0.0.0/8"), 6: ip_network("::1/128")}
_LOOPBACK: Final[dict[Family, IPAddress]] = {4: ip_address("127.0.0.1"), 6: ip_address("::1")}


def families(cluster: Cluster) -> list[Family]:
    """Return the families of the service CIDRs. kube-proxy handles each family separately."""
    return sorted({each.version for each in cluster.service_cidrs})


def proxied(cluster: Cluster, family: Family) -> Iterator[Service]:
    """Yield the Services that kube-proxy implements and that have an address of this family."""
    for service in cluster.services:
        if service.proxied and of_family(service.addresses, family) is not None:
            yield service


def same_on_all_nodes(service: Service) -> bool:
    """Return whether the Service has the same rules on all nodes."""
    return not (
        service.external_local
        or service.internal_local
        or service.source_ranges
        or any(each.zones or each.nodes for port in service.ports for each in port.endpoints)
    )


def node_in_source_ranges(service: Service, node: Node, family: Family) -> bool:
    """Return whether the node's address of this family is in the Service's
    loadBalancerSourceRanges."""
    address = of_family(ips_of(node.addresses), family)
    return address is not None and any(address in each for each in service.source_ranges)


def port_name(service: Service, port: ServicePort) -> str:
    """Return kube-proxy's name of a Service port: namespace/service:port, or namespace/service if
    the port has no name."""
    suffix = f":{port.name}" if port.name else ""
    return f"{service.namespace}/{service.name}{suffix}"


def chain_hash(text: str) -> str:
    """Return a hash of the text, 16 characters long. kube-proxy puts it into the names of
    chains."""
    return b32encode(sha256(text.encode()).digest()[:10]).decode()


def mark_chains(family: Family, first: tuple[Rule, ...] = ()) -> Iterator[Chain]:
    """Yield KUBE-MARK-MASQ, which marks packets, and KUBE-POSTROUTING, which masquerades marked
    packets.

    KUBE-POSTROUTING begins with the rules `first`.
    """
    mark = Rule(target=SetMark(MASQUERADE_MARK, MASQUERADE_MARK), why="to be masqueraded")
    yield Chain("nat", MARK_MASQ, (mark,), family)
    comment = "kubernetes service traffic requiring SNAT"
    masquerade = (
        Rule(Match(mark=NOT_MARKED), Return(), why="not marked: the source stays"),
        Rule(Match(), SetMark(MASQUERADE_MARK, 0), why="the mark is no longer needed"),
        Rule(Match(comment=comment), Masquerade(random_fully=True), why="marked: masqueraded"),
    )
    yield Chain("nat", "KUBE-POSTROUTING", (*first, *masquerade), family)


def hooks(family: Family) -> Iterator[Hook]:
    """Yield the jumps from built-in chains to kube-proxy's chains: those that mode iptables and
    mode ipvs both need."""
    services = Match(comment="kubernetes service portals")
    yield Hook("nat", "PREROUTING", "KUBE-SERVICES", services, family)
    yield Hook("nat", "OUTPUT", "KUBE-SERVICES", services, family)
    masquerading = Match(comment="kubernetes postrouting rules")
    yield Hook("nat", "POSTROUTING", "KUBE-POSTROUTING", masquerading, family)
    forwarding = Match(comment="kubernetes forwarding rules")
    yield Hook("filter", "FORWARD", "KUBE-FORWARD", forwarding, family)


def conntrack(cluster: Cluster) -> Iterator[Fact]:
    """Yield the sysctls for conntrack's TCP timeouts on each node, with the values that kube-proxy
    sets by default (--conntrack-tcp-timeout-…)."""
    for node in cluster.nodes:
        for state, seconds in (("established", 86_400), ("close_wait", 3_600)):
            key = f"net.netfilter.nf_conntrack_tcp_timeout_{state}"
            yield node.netns, Sysctl(key, str(seconds), if_present=True)


def pod_range(cluster: Cluster, family: Family) -> IPNetwork | None:
    """Return the range of pod addresses (kube-proxy's --cluster-cidr), or None if none is of this
    family."""
    return next(iter(all_of_family(cluster.pod_cidrs, family)), None)


def node_port_ranges(proxy: Proxy, family: Family) -> tuple[IPNetwork, ...]:
    """Return the ranges of this family in kube-proxy's --nodeport-addresses. The result is empty in
    two cases: there are none, and the mode's default applies; or one of them includes every
    address."""
    ranges = all_of_family(proxy.node_port_addresses, family)
    return () if any(each.prefixlen == 0 for each in ranges) else ranges


def node_port_addresses(node: Node, ranges: tuple[IPNetwork, ...]) -> Iterator[IPAddress]:
    """Yield the addresses of the node, including loopback, that are in one of these ranges."""
    loopback = [_LOOPBACK[family] for family in sorted({each.version for each in ranges})]
    for address in (*ips_of(node.all_addresses), *loopback):
        if any(address in each for each in ranges):
            yield address


FORWARDING: Final = (
    Rule(Match(comment="kubernetes forwarding rules", mark=MARKED), Accept(), why="a Service"),
    Rule(
        Match(comment="kubernetes forwarding conntrack rule", ctstate=("RELATED", "ESTABLISHED")),
        Accept(),
        why="a reply",
    ),
)


def localhost_node_ports(proxy: Proxy) -> bool:
    """Return whether a node reaches its NodePorts at 127.0.0.1, too. It does if localhostNodePorts
    is enabled, and if nodePortAddresses includes loopback addresses or is not set."""
    ranges = node_port_ranges(proxy, 4)
    loopback = LOCALNET[4].network_address
    return proxy.localhost_node_ports and (
        not ranges or any(loopback in each or each.network_address.is_loopback for each in ranges)
    )
