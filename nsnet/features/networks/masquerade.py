"""The masquerading of pods: if their packets leave an island, the node SNATs them to its own
address. The chain is the one that ip-masq-agent writes.

POSTROUTING ─▶ IP-MASQ-AGENT ─▶ RETURN for what stays inside ─▶ MASQUERADE

With a gateway of kind vip, the chain also has a RETURN for each destination for which the gateway
translates pod addresses to virtual addresses.
"""

from collections.abc import Iterator

from nsnet.ip import Family, all_of_family
from nsnet.state.model import Fact
from nsnet.state.rules import Chain, Hook, Masquerade, Match, Return, Rule
from nsnet.topology.model import Cluster

CHAIN = "IP-MASQ-AGENT"
LEAVING = Match(
    comment=(
        "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic"
        " to our custom IP-MASQ-AGENT chain"
    ),
    not_dst_type="LOCAL",
)


def masquerade(cluster: Cluster) -> Iterator[Fact]:
    """Yield, for each node of an island, the chain that masquerades its pods' packets when they
    leave the island, and the jump to it. In other models yield nothing: there, pods keep their
    addresses everywhere."""
    if cluster.model != "island":
        return
    chains = tuple(_chains(cluster))
    for node in cluster.nodes:
        for each in chains:
            yield node.netns, each


def _chains(cluster: Cluster) -> Iterator[Chain | Hook]:
    for pods in cluster.pod_cidrs:
        family = pods.version
        yield Chain("nat", CHAIN, tuple(_rules(cluster, family)), family)
        yield Hook("nat", "POSTROUTING", CHAIN, LEAVING, family)


def _rules(cluster: Cluster, family: Family) -> Iterator[Rule]:
    inside = (*cluster.pod_cidrs, *cluster.node_cidrs, *cluster.non_masquerade_cidrs)
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
