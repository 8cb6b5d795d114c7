"""The masquerading of pods: if their packets leave an island, the node SNATs them to its own
address. The chain is the one that ip-masq-agent writes or, with tunnels, flannel's (--ip-masq),
which also masquerades packets to other nodes.

POSTROUTING ─▶ IP-MASQ-AGENT ─▶ RETURN for what stays inside ─▶ MASQUERADE
POSTROUTING ─▶ FLANNEL-POSTRTG ─▶ RETURN for what stays between pods ─▶ MASQUERADE

With a gateway of kind vip, the chain also has a RETURN for each destination for which the gateway
translates pod addresses to virtual addresses.

Source: flannel, pkg/trafficmngr/iptables/iptables.go, v0.26.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from typing import Final

from nsnet.features.services.kube_proxy import MARKED
from nsnet.ip import Family, IPNetwork, all_of_family
from nsnet.state.model import Fact
from nsnet.state.rules import Chain, Hook, Masquerade, Match, Return, Rule
from nsnet.topology.model import Cluster

CHAIN: Final = "IP-MASQ-AGENT"
FLANNEL: Final = "FLANNEL-POSTRTG"
MULTICAST: Final[dict[Family, IPNetwork]] = {
    4: ip_network("224.0.0.0/4"),
    6: ip_network("ff00::/8"),
}
_FLANNEL_SAYS: Final = "flanneld masq"
LEAVING = Match(
    comment=(
        "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic"
        " to our custom IP-MASQ-AGENT chain"
    ),
    not_dst_type="LOCAL",
)


def masquerade(cluster: Cluster, inside: Sequence[IPNetwork]) -> Iterator[Fact]:
    """Yield, for each node, the chain that masquerades its pods' packets to destinations outside
    these ranges and nonMasqueradeCIDRs, and the jump to it."""
    chains = tuple(_chains(cluster, (*inside, *cluster.non_masquerade_cidrs)))
    for node in cluster.nodes:
        for each in chains:
            yield node.netns, each


def masquerade_by_flannel(cluster: Cluster) -> Iterator[Fact]:
    """Yield, for each node of an island, flannel's chain and the jump to it. In other models yield
    nothing, as if flannel ran without --ip-masq."""
    if cluster.model != "island":
        return
    for node in cluster.nodes:
        for own, pods in zip(node.pod_cidrs, cluster.pod_cidrs, strict=True):
            rules = tuple(_flannel_rules(cluster, own, pods))
            yield node.netns, Chain("nat", FLANNEL, rules, pods.version)
            jump = Match(comment=_FLANNEL_SAYS)
            yield node.netns, Hook("nat", "POSTROUTING", FLANNEL, jump, pods.version)


def _flannel_rules(cluster: Cluster, own: IPNetwork, pods: IPNetwork) -> Iterator[Rule]:
    """Yield the rules of one node. `own` is the range of its own pods, `pods` that of all pods."""
    says, snat = _FLANNEL_SAYS, Masquerade(random_fully=True)
    yield Rule(Match(mark=MARKED, comment=says), Return(), why="kube-proxy masquerades it")
    for match in (
        Match(src=own, dst=pods, comment=says),
        Match(src=pods, dst=own, comment=says),
    ):
        yield Rule(match, Return(), why="between pods: not masqueraded")
    match = Match(not_src=pods, dst=own, comment=says)
    yield Rule(match, Return(), why="from outside to a pod of this node: not masqueraded")
    exempt = {*cluster.non_masquerade_cidrs, *cluster.unmasqueraded}
    for each in sorted(all_of_family(exempt, pods.version)):
        match = Match(dst=each, comment="nsnet: not masqueraded")
        yield Rule(match, Return(), why="not masqueraded")
    match = Match(src=pods, not_dst=MULTICAST[pods.version], comment=says)
    yield Rule(match, snat, why="from a pod to anything but pods: SNAT to the node's address")
    match = Match(not_src=pods, dst=pods, comment=says)
    yield Rule(match, snat, why="to a pod of another node: SNAT to the tunnel's address")


def _chains(cluster: Cluster, inside: Sequence[IPNetwork]) -> Iterator[Chain | Hook]:
    for pods in cluster.pod_cidrs:
        family = pods.version
        yield Chain("nat", CHAIN, tuple(_rules(cluster, inside, family)), family)
        yield Hook("nat", "POSTROUTING", CHAIN, LEAVING, family)


def _rules(cluster: Cluster, inside: Sequence[IPNetwork], family: Family) -> Iterator[Rule]:
    comment = "ip-masq-agent: local traffic is not subject to MASQUERADE"
    for each in all_of_family(inside, family):
        match = Match(dst=each, comment=comment)
        yield Rule(match, Return(), why="inside the cluster: not masqueraded")
    comment = "nsnet: the gateway translates to the pod's virtual address"
    for each in all_of_family(cluster.unmasqueraded, family):
        if each not in inside:
            match = Match(dst=each, comment=comment)
            yield Rule(match, Return(), why="not masqueraded: the gateway translates it")
    comment = "ip-masq-agent: outbound traffic is subject to MASQUERADE (must be last in chain)"
    yield Rule(Match(comment=comment), Masquerade(), why="SNAT to the node's address")
