"""The BGP sessions of a lab, and what each bird announces.

With `routing: bgp`, each node announces its pods and the addresses of the Services that it can
serve. As with MetalLB, only healthy nodes announce the address of a load balancer. The fabric's
router installs routes to these addresses, and announces the pods of each node to the other nodes.

      node n1 (AS 42…) ──┐
                         ├── fabric (AS 64512): 10.244.0.0/24 via n1, an LB address via n1 or n2
      node n2 (AS 42…) ──┘

With `gateway: {replicas: 2}`, both gateways announce to the fabric the addresses that their cluster
offers. To the nodes they announce the default route, which they learn from the fabric. The standby
announces the same routes with a longer AS path, so that it is used only if the other gateway is
down. A gateway that loses its link to the nodes announces nothing to the fabric.

      fabric ──┬── gateway 1 ──┬── node n1
               └── gateway 2 ──┘

BFD detects the loss of a link within 0.3 s, and the routes through it are withdrawn.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import IPv4Address, ip_network
from typing import Final

from nsnet.features.fabric import OUTSIDE_SWITCH, switch_of
from nsnet.features.gateways.egress import OUTSIDE_LINK
from nsnet.ip import Family, IPAddress, IPInterface, IPNetwork, host_network, ips_of, of_family
from nsnet.state.bird import Bird, Session
from nsnet.state.model import Fact
from nsnet.topology.balancing import ready_pods_on
from nsnet.topology.model import FABRIC, Attachment, Cluster, Node, Replica, Topology

FABRIC_AS: Final = 64512
_PRIVATE_AS: Final = 4_200_000_000  # the first private one of four bytes (RFC 6996)
_DEFAULT: Final[dict[Family, IPNetwork]] = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}


def speakers(topology: Topology) -> Iterator[Fact]:
    """Yield a bird for each node and each gateway that speaks BGP, and one for the fabric if any of
    them does."""
    announcing: dict[str, tuple[str, Bird]] = {}
    for cluster in topology.clusters:
        for node in cluster.nodes if cluster.routing == "bgp" else ():
            announcing[node.reference] = node.netns, _of_node(cluster, node)
        for attachment in cluster.attachments if cluster.has_standby else ():
            bird = _of_gateway(topology, cluster, attachment)
            announcing[attachment.gateway.reference] = attachment.gateway.netns, bird
        for node in cluster.nodes if cluster.has_standby else ():
            yield node.netns, _of_node_behind_replicas(cluster, node)
    yield from announcing.values()
    if announcing:
        birds = {reference: bird for reference, (_, bird) in announcing.items()}
        yield topology.fabric_netns, _of_fabric(topology, birds)


def _of_fabric(topology: Topology, birds: Mapping[str, Bird]) -> Bird:
    """Return the fabric's bird. It waits for others to connect, and announces the routes that it
    learns. If a gateway has replicas, it also announces the default route."""
    sessions = tuple(
        Session(reference, each.neighbour, each.local, bird.autonomous_system, passive=True)
        for reference, bird in birds.items()
        for each in bird.sessions
        if each.neighbour_as == FABRIC_AS
    )
    links = [switch_of(each) for each in topology.clusters if each.routing == "bgp"]
    replicas = any(each.has_standby for each in topology.clusters)
    families = {each.version for each in topology.fabric}
    return Bird(
        router_id=router_id(ips_of(topology.fabric)),
        autonomous_system=FABRIC_AS,
        links=(*links, *([OUTSIDE_SWITCH] if replicas else [])),
        sessions=sessions,
        announced=tuple(_DEFAULT[each] for each in sorted(families)) if replicas else (),
        accepted=tuple(dict.fromkeys(each for bird in birds.values() for each in bird.announced)),
        transit=True,
    )


def _of_node(cluster: Cluster, node: Node) -> Bird:
    """Return the bird of a node of a flat cluster, which announces its pods and Services."""
    services = [each for each in cluster.services if each.proxied]
    served = tuple(
        host_network(address)
        for service in services
        for address in service.announced_ips
        if not service.external_local or ready_pods_on(service, node)
    )
    return Bird(
        router_id=router_id(ips_of(node.addresses)),
        autonomous_system=autonomous_system(node.addresses),
        links=("eth0",),
        sessions=tuple(_sessions(FABRIC, FABRIC_AS, node.addresses, cluster.routers)),
        announced=tuple(dict.fromkeys((*node.pod_cidrs, *served))),
        # With an overlay, the node already has a route to every other node's pods. Of two routes,
        # IPv6 would use bird's, which has the lower metric (32, not 1024).
        accepted=() if node.overlay else cluster.pod_cidrs,
    )


def _of_gateway(topology: Topology, cluster: Cluster, attachment: Attachment) -> Bird:
    gateway = attachment.gateway
    offered = [
        host_network(each)
        for service in cluster.services
        for each in (*service.exported, *(service.announced_ips if service.proxied else ()))
    ]
    to_nodes = (
        replace(each, passive=True)
        for node in cluster.nodes
        for each in _sessions(
            node.reference,
            autonomous_system(node.addresses),
            attachment.addresses,
            node.addresses,
        )
    )
    return Bird(
        router_id=router_id(ips_of(gateway.outside)),
        autonomous_system=autonomous_system(gateway.outside),
        links=(attachment.link, OUTSIDE_LINK),
        sessions=(*_sessions(FABRIC, FABRIC_AS, gateway.outside, topology.fabric), *to_nodes),
        announced=tuple(dict.fromkeys((*cluster.virtual_cidrs, *offered))),
        accepted=tuple(_DEFAULT[each.version] for each in gateway.outside),
        transit=True,
        prepended=1 if gateway.replica is Replica.STANDBY else 0,
        watched_link=attachment.link,
    )


def _of_node_behind_replicas(cluster: Cluster, node: Node) -> Bird:
    """Return the bird of a node whose gateway has replicas. It learns the default route from both
    replicas."""
    sessions = (
        each
        for attachment in cluster.attachments
        for each in _sessions(
            attachment.gateway.reference,
            autonomous_system(attachment.gateway.outside),
            node.addresses,
            attachment.addresses,
        )
    )
    return Bird(
        router_id=router_id(ips_of(node.addresses)),
        autonomous_system=autonomous_system(node.addresses),
        links=("eth0",),
        sessions=tuple(sessions),
        accepted=tuple(_DEFAULT[each.version] for each in node.addresses),
    )


def _sessions(
    reference: str,
    neighbour_as: int,
    mine: Sequence[IPInterface],
    theirs: Sequence[IPInterface],
) -> Iterator[Session]:
    """Yield a session for each family in which both sides have an address. `reference` is the
    neighbour's name, `theirs` are its addresses."""
    for local in ips_of(tuple(mine)):
        neighbour = of_family(ips_of(tuple(theirs)), local.version)
        if neighbour is not None:
            yield Session(reference, local, neighbour, neighbour_as)


def router_id(addresses: tuple[IPAddress, ...]) -> IPv4Address:
    """Return the router id: the IPv4 address or, without one, the last four bytes of the IPv6
    address."""
    address = of_family(addresses, 4) or addresses[0]
    return IPv4Address(int(address) & 0xFFFFFFFF)


def autonomous_system(addresses: tuple[IPInterface, ...]) -> int:
    """Return a private AS number that is derived from the machine's address, so that it does not
    change when other machines are added or removed."""
    return _PRIVATE_AS + (int(router_id(ips_of(addresses))) & 0xFFFFFF)
