"""What leaves a cluster by its gateway: how it gets there, where it goes on, and whose address it
has.

POSTROUTING ─▶ NSNET-EGRESS ─▶ SNAT out of eth1
"""

from collections.abc import Iterator

from nsnet.features.routes import to_fabric, to_pods
from nsnet.features.sysctls import forwarding
from nsnet.ip import ips_of
from nsnet.state.model import Fact
from nsnet.state.rules import Chain, Hook, Match, Rule, Snat
from nsnet.topology.model import Cluster, Gateway, Topology

INSIDE, OUTSIDE = "eth0", "eth1"
EGRESS = "NSNET-EGRESS"


def egress(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """The gateway routes between the cluster and the fabric; what leaves is the gateway's."""
    here = gateway.netns
    yield from forwarding(here, bridge_netfilter=False)
    # A replica learns its way out, and passes that on to the nodes.
    if gateway.replica is None:
        yield from ((here, each) for each in to_fabric(topology, gateway, OUTSIDE))
    for node in cluster.nodes:
        yield from ((here, each) for each in to_pods(node, INSIDE))
    leaving = Match(out_interface=OUTSIDE, comment="leaves with the address of the gateway")
    for outside in ips_of(gateway.outside):
        # Not MASQUERADE: eth1 holds the exported addresses, too, and the kernel might choose one.
        rule = Rule(leaving, Snat(outside), why="egress")
        yield here, Chain("nat", EGRESS, (rule,), outside.version)
        yield here, Hook("nat", "POSTROUTING", EGRESS, family=outside.version)
