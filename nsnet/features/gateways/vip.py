"""Gateways of `kind: vip`. They do what gateways of kind nat do. In addition, each pod has a
virtual address, by which other clusters identify it and connect to it.

PREROUTING ─▶ NSNET-FROM-VIRTUAL ─▶ NETMAP: from a virtual address to its pod's
POSTROUTING ─▶ NSNET-TO-VIRTUAL ─▶ NETMAP: from a pod's address to its virtual one
            └▶ NSNET-EGRESS ─▶ SNAT of all others (from nodes, and from pods that they masqueraded)
"""

from collections.abc import Iterator

from nsnet.features.gateways.egress import OUTSIDE_LINK, egress
from nsnet.features.gateways.exports import exports
from nsnet.state.model import Fact
from nsnet.state.rules import Chain, Hook, Match, Netmap, Rule
from nsnet.topology.model import Cluster, Gateway, Topology

FROM_VIRTUAL, TO_VIRTUAL = "NSNET-FROM-VIRTUAL", "NSNET-TO-VIRTUAL"


def vip(topology: Topology, cluster: Cluster, gateway: Gateway) -> Iterator[Fact]:
    """Yield the gateway's routes, its translation as with kind nat, and the NETMAP rules between
    pod addresses and virtual addresses."""
    yield from exports(cluster.services, gateway)
    yield from egress(topology, cluster, gateway)
    here = gateway.netns
    for pods, virtual in zip(cluster.pod_cidrs, cluster.virtual_cidrs, strict=True):
        incoming = Match(
            dst=virtual, in_interface=OUTSIDE_LINK, comment="a pod by its virtual address"
        )
        rule = Rule(incoming, Netmap(pods), why=f"{virtual} are the pods of {cluster.name}")
        yield here, Chain("nat", FROM_VIRTUAL, (rule,), pods.version)
        yield here, Hook("nat", "PREROUTING", FROM_VIRTUAL, family=pods.version)
        leaving = Match(src=pods, out_interface=OUTSIDE_LINK, comment="a pod's virtual address")
        rule = Rule(leaving, Netmap(virtual), why=f"the pods of {cluster.name} are {virtual}")
        yield here, Chain("nat", TO_VIRTUAL, (rule,), pods.version)
        yield here, Hook("nat", "POSTROUTING", TO_VIRTUAL, family=pods.version)
