"""A bridge on each node, which connects the node's pods. Several kinds of network use it.

pod eth0 ── web-0 ─┐
                   ├─ cbr0 ── node (routes, iptables) ── to the other nodes
pod eth0 ── web-1 ─┘
"""

from collections.abc import Iterator

from nsnet.features.sysctls import forwarding
from nsnet.ip import default_destination, held_at
from nsnet.state.model import (
    MTU,
    Fact,
    Interface,
    Kind,
    Route,
    veth,
    with_mac,
)
from nsnet.topology.model import Cluster, Node, Pod, link_name

BRIDGE = "cbr0"


def pods_on_bridges(cluster: Cluster, mtu: int) -> Iterator[Fact]:
    """Yield each node's bridge, its pods and their links. `mtu` is the MTU of these links, in
    bytes."""
    size = mtu if mtu != MTU else None
    pods_on: dict[str, list[Pod]] = {node.name: [] for node in cluster.nodes}
    for pod in cluster.pods:
        if not pod.host_network:
            pods_on[pod.node].append(pod)
    for node in cluster.nodes:
        yield from forwarding(node.netns, bridge_netfilter=True)
        bridge = Interface(BRIDGE, Kind.BRIDGE, addresses=node.bridge, mtu=size)
        yield node.netns, with_mac(node.netns, bridge)
        for pod in pods_on[node.name]:
            yield from _pod(node, pod, size)


def _pod(node: Node, pod: Pod, mtu: int | None) -> Iterator[Fact]:
    """Yield the pod's veth pair and its default routes. One end of the pair is the pod's eth0, the
    other end is a port of the node's bridge. `mtu` is None for the kernel's default."""
    suffix = () if pod.namespace == "default" else (pod.namespace,)
    ranges = {each.version: each for each in node.pod_cidrs}
    addresses = tuple(held_at(each, ranges[each.version]) for each in pod.addresses)
    yield from veth(
        # A frame DNATed on a bridge is switched, not routed (br_netfilter), so it may have to leave
        # by the port that received it. Without hairpin the kernel drops it: the pod could not
        # reach itself through its own Service.
        (node.netns, Interface(link_name(pod.name, *suffix), master=BRIDGE, hairpin=True, mtu=mtu)),
        (pod.netns, Interface("eth0", addresses=addresses, mtu=mtu)),
    )
    why = "default route: the pod's node"
    for gateway in node.bridge:
        yield pod.netns, Route(default_destination(gateway.ip), gateway.ip, "eth0", why=why)
