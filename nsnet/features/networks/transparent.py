"""The wiring of Azure CNI in transparent mode: a node routes to each of its pods, and a pod sends
everything to its node.

pod eth0 (10.224.0.6/32) ── azv… node (a route to 10.224.0.6)

The pod's default route leads to 169.254.1.1, which no link has. A permanent neighbour entry has the
MAC address of the node's end of the veth pair for it.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_interface
from typing import Final

from nsnet.features.sysctls import forwarding
from nsnet.ip import default_destination, host_network
from nsnet.state.model import MTU, Fact, Interface, Neighbour, Route, mac_by_name, veth
from nsnet.topology.model import Cluster, Node, Pod, link_name

GATEWAY: Final = ip_address("169.254.1.1")


def link_of(pod: Pod) -> str:
    """Return the name of the node's end of a pod's veth pair."""
    suffix = () if pod.namespace == "default" else (pod.namespace,)
    return link_name("azv", pod.name, *suffix)


def pods_by_routes(cluster: Cluster) -> Iterator[Fact]:
    """Yield each node's pods, their links, and the routes to them."""
    nodes = {node.name: node for node in cluster.nodes}
    for node in cluster.nodes:
        yield from forwarding(node.netns, bridge_netfilter=True)
    mtu = cluster.mtu if cluster.mtu != MTU else None
    for pod in cluster.pods:
        if not pod.host_network:
            yield from _pod(nodes[pod.node], pod, mtu)


def _pod(node: Node, pod: Pod, mtu: int | None) -> Iterator[Fact]:
    link = link_of(pod)
    held = tuple(ip_interface(each) for each in pod.addresses)
    yield from veth(
        (node.netns, Interface(link, mtu=mtu)),
        (pod.netns, Interface("eth0", addresses=held, mtu=mtu)),
    )
    for address in pod.addresses:
        why = f"{pod.reference}"
        yield node.netns, Route(host_network(address), dev=link, why=why)
    why = "the gateway of every pod"
    yield pod.netns, Route(host_network(GATEWAY), dev="eth0", why=why)
    yield pod.netns, Neighbour(GATEWAY, mac_by_name(node.netns, link), "eth0")
    # onlink: the order in which the two routes are added does not matter.
    why = "default route: the pod's node"
    yield pod.netns, Route(default_destination(GATEWAY), GATEWAY, "eth0", onlink=True, why=why)
