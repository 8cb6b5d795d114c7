"""Packets that leave a cluster through its gateway: the gateway's routes, and SNAT to its address.

POSTROUTING ─▶ NSNET-EGRESS ─▶ SNAT out of eth1

A gateway that several clusters share has the same chain, which matches the packet's mark instead of
the link (see nsnet.features.gateways.shared). In an island, the node SNATs the packets of its pods
first, to the node's own address (see nsnet.features.networks.masquerade, also for the exceptions).
"""

from collections.abc import Iterator

from nsnet.features.routes import to_fabric, to_pods
from nsnet.features.sysctls import forwarding
from nsnet.ip import ips_of
from nsnet.state.model import Fact
from nsnet.state.rules import Chain, Hook, Match, Rule, Snat
from nsnet.topology.model import Cluster, Gateway, Topology

INSIDE_LINK, OUTSIDE_LINK = "eth0", "eth1"
EGRESS = "NSNET-EGRESS"


def egress(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """Yield the gateway's routes to the cluster and to the fabric, and the chain that SNATs to the
    gateway's own address."""
    here = gateway.netns
    yield from forwarding(here, bridge_netfilter=False)
    # A replica learns its default route by BGP, and announces it to the nodes.
    if gateway.replica is None:
        yield from ((here, each) for each in to_fabric(topology, gateway, OUTSIDE_LINK))
    for node in cluster.nodes:
        yield from ((here, each) for each in to_pods(node, INSIDE_LINK))
    leaving = Match(out_interface=OUTSIDE_LINK, comment="leaves with the address of the gateway")
    for outside in ips_of(gateway.outside):
        # Not MASQUERADE: eth1 holds the exported addresses, too, and the kernel could use one.
        rule = Rule(leaving, Snat(outside), why="SNAT to the gateway's address")
        yield here, Chain("nat", EGRESS, (rule,), outside.version)
        yield here, Hook("nat", "POSTROUTING", EGRESS, family=outside.version)
