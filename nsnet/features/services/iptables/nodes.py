"""The chains of each node, with the rules that the Service ports add to them."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from nsnet.features.services.iptables.ports import PortRules, port_rules
from nsnet.features.services.kube_proxy import (
    FORWARDING,
    LOCALNET,
    families,
    hooks,
    localhost_node_ports,
    mark_chains,
    node_port_addresses,
    node_port_ranges,
    pod_range,
    proxied,
)
from nsnet.features.services.ports import Terms, added_by_node
from nsnet.ip import Family, host_network
from nsnet.state.model import Fact, Shared, Sysctl
from nsnet.state.rules import Chain, Drop, Hook, Jump, Match, Rule
from nsnet.topology.model import Cluster, Node

# Above this number of endpoints, kube-proxy omits the comments of endpoint rules.
LARGE_CLUSTER_ENDPOINTS = 1000
LAST = "kubernetes service nodeports; NOTE: this must be the last rule in this chain"


def iptables(cluster: Cluster) -> Iterator[Fact]:
    """Yield every node's chains and hooks and, if NodePorts are open at 127.0.0.1, the sysctl that
    this needs. To save memory, nodes with equal chains share them."""
    if localhost_node_ports(cluster.proxy):
        for node in cluster.nodes:
            # KUBE-FIREWALL drops packets to 127.0.0.0/8 from other hosts.
            yield node.netns, Sysctl("net.ipv4.conf.all.route_localnet", "1")
    for family in families(cluster):
        jumps = (*hooks(family), *_hooks(family))
        shared: dict[tuple[object, ...], tuple[Chain, ...]] = {}
        for node, added in zip(cluster.nodes, _added(cluster, family), strict=True):
            last = tuple(_node_ports(cluster, node, family))
            known = (last, *map(id, added))
            if known not in shared:
                shared[known] = tuple(_chains(cluster, family, added, last))
            yield node.netns, Shared(shared[known])
            yield node.netns, Shared(jumps)


def _hooks(family: Family) -> Iterator[Hook]:
    """Yield the jumps from the filter table's built-in chains, except the one to KUBE-FORWARD."""
    new = ("NEW",)
    refused = Match(comment="kubernetes service portals", ctstate=new)
    firewall = Match(comment="kubernetes load balancer firewall", ctstate=new)
    external = Match(comment="kubernetes externally-visible service portals", ctstate=new)
    health = Match(comment="kubernetes health check service ports")
    for hook, name, match in (
        ("INPUT", "KUBE-FIREWALL", Match()),
        ("INPUT", "KUBE-PROXY-FIREWALL", firewall),
        ("INPUT", "KUBE-NODEPORTS", health),
        ("INPUT", "KUBE-EXTERNAL-SERVICES", external),
        ("FORWARD", "KUBE-PROXY-FIREWALL", firewall),
        ("FORWARD", "KUBE-SERVICES", refused),
        ("FORWARD", "KUBE-EXTERNAL-SERVICES", external),
        ("OUTPUT", "KUBE-FIREWALL", Match()),
        ("OUTPUT", "KUBE-PROXY-FIREWALL", firewall),
        ("OUTPUT", "KUBE-SERVICES", refused),
    ):
        yield Hook("filter", hook, name, match, family)


def _added(cluster: Cluster, family: Family) -> Sequence[Sequence[PortRules]]:
    """Return, for each node, what each Service port adds to the node's chains."""
    # kube-proxy also counts endpoints that are not ready.
    endpoints = sum(
        endpoint.address.version == family
        for service in proxied(cluster, family)
        for port in service.ports
        for endpoint in port.endpoints
    )
    terms = Terms(
        family=family,
        pods=pod_range(cluster, family),
        masquerade_all=cluster.proxy.masquerade_all,
        comments=endpoints <= LARGE_CLUSTER_ENDPOINTS,
    )
    return added_by_node(cluster, terms, port_rules)


def _chains(
    cluster: Cluster, family: Family, added: Sequence[PortRules], last: Iterable[Rule]
) -> Iterator[Chain]:
    """Yield a node's chains: those that every node has, some of them with rules of all Service
    ports, then the chains that each port adds. `last` are the last rules of nat KUBE-SERVICES."""

    def joined(rules: Iterable[tuple[Rule, ...]]) -> tuple[Rule, ...]:
        return tuple(chain.from_iterable(rules))

    for table in ("filter", "mangle", "nat"):
        yield Chain(table, "KUBE-PROXY-CANARY", (), family)
    external = joined(each.external_refused for each in added)
    yield Chain("filter", "KUBE-EXTERNAL-SERVICES", external, family)
    yield Chain("filter", "KUBE-NODEPORTS", joined(each.health_checks for each in added), family)
    yield Chain("filter", "KUBE-PROXY-FIREWALL", joined(each.firewall for each in added), family)
    # The kubelet uses this chain, too, so it exists even if it is empty.
    blocked = (_block_localnet(),) if family == 4 and localhost_node_ports(cluster.proxy) else ()
    yield Chain("filter", "KUBE-FIREWALL", blocked, family)
    yield Chain("filter", "KUBE-FORWARD", _forwarding(), family)
    yield Chain("filter", "KUBE-SERVICES", joined(each.refused for each in added), family)
    yield from mark_chains(family)
    yield Chain("nat", "KUBE-NODEPORTS", joined(each.node_ports for each in added), family)
    dispatched = (*joined(each.dispatched for each in added), *last)
    yield Chain("nat", "KUBE-SERVICES", dispatched, family)
    yield from chain.from_iterable(each.chains for each in added)


def _node_ports(cluster: Cluster, node: Node, family: Family) -> Iterator[Rule]:
    """Yield the last rules of nat KUBE-SERVICES. They send packets to the node's own addresses to
    KUBE-NODEPORTS, if NodePorts are open at these addresses."""
    ranges = node_port_ranges(cluster.proxy, family)
    localhost = family == 4 and localhost_node_ports(cluster.proxy)
    if not ranges:
        # There is no route_localnet for ::1.
        outside = None if localhost else LOCALNET[family]
        match = Match(not_dst=outside, comment=LAST, dst_type="LOCAL")
        yield Rule(match, Jump("KUBE-NODEPORTS"), why="NodePorts")
    for address in node_port_addresses(node, ranges):
        if localhost or not address.is_loopback:
            match = Match(dst=host_network(address), comment=LAST)
            yield Rule(match, Jump("KUBE-NODEPORTS"), why="NodePorts")


def _forwarding() -> tuple[Rule, ...]:
    # NAT leaves INVALID packets unchanged. A reply would arrive from the pod's address, and the
    # client would reset the connection.
    invalid = Rule(Match(ctstate=("INVALID",)), Drop(), why="INVALID: no connection in conntrack")
    return (invalid, *FORWARDING)


def _block_localnet() -> Rule:
    match = Match(
        dst=LOCALNET[4],
        not_src=LOCALNET[4],
        comment="block incoming localnet connections",
        not_ctstate=("RELATED", "ESTABLISHED", "DNAT"),
    )
    return Rule(match, Drop(), why="127.0.0.0/8 is reachable from this node only")
