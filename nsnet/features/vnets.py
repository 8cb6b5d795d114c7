"""VNets: networks of a cloud. Each is one namespace with a bridge for each subnet. It routes
between its subnets, to the networks that it is peered with, and to the fabric.

      node eth0 ── br-aks ──┐                    ┌─ eth0 ── br-fabric: the internet
                            ├─ VNet (routes) ────┤
   machine eth0 ── br-vms ──┘                    └─ eth1 ── br-peers: peered networks

Each subnet has a routing table of its own, as in Azure: the routes that hold for packets from this
subnet, those of the system and those that a user has defined. The fabric knows the ranges of VNets
only for packets from br-peers, so hosts on the internet cannot reach them.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from nsnet.features.fabric import OUTSIDE_SWITCH, PEERS_SWITCH
from nsnet.features.routes import to_pods
from nsnet.features.sysctls import forwarding
from nsnet.ip import IPAddress, default_destination, held_at, ips_of, of_family
from nsnet.state.model import Fact, Interface, Kind, PolicyRule, Route, veth, with_mac
from nsnet.topology.model import Cluster, Firewall, Subnet, Topology, VNet, link_name

OUTSIDE_LINK, PEERS_LINK = "eth0", "eth1"
_PEERED: Final = 100  # the fabric's routing table for packets from peered networks
_TABLES: Final = 100  # to this, the number of a subnet is added


def vnets(topology: Topology) -> Iterator[Fact]:
    """Yield the VNets with their subnets, machines and routes, the links of nodes to them, and the
    fabric's routes to them."""
    if not topology.vnets:
        return
    here = topology.fabric_netns
    yield here, with_mac(here, Interface(PEERS_SWITCH, Kind.BRIDGE))
    for priority, iif in enumerate((PEERS_SWITCH, "lo"), start=_PEERED):
        why = "packets from peered networks" if iif == PEERS_SWITCH else "the fabric's own packets"
        yield here, PolicyRule(priority, 0, 0, _PEERED, iif=iif, why=why)
    for vnet in topology.vnets:
        yield from _vnet(topology, vnet)


def switch_of(subnet: Subnet) -> str:
    """Return the name of the VNet's bridge that connects what is in a subnet."""
    return link_name(f"br-{subnet.name}")


def table_of(vnet: VNet, subnet: Subnet) -> int:
    """Return the number of the routing table for packets from a subnet."""
    return _TABLES + 1 + vnet.subnets.index(subnet)


def _vnet(topology: Topology, vnet: VNet) -> Iterator[Fact]:
    here, fabric = vnet.netns, topology.fabric_netns
    yield from forwarding(here, bridge_netfilter=False)
    on_fabric = vnet.outside.network
    public = tuple(held_at(each, on_fabric) for each in topology.public_addresses(vnet))
    yield from veth(
        (fabric, Interface(link_name("vnet", vnet.name), master=OUTSIDE_SWITCH)),
        (here, Interface(OUTSIDE_LINK, addresses=public)),
    )
    yield from veth(
        (fabric, Interface(link_name("peer", vnet.name), master=PEERS_SWITCH)),
        (here, Interface(PEERS_LINK)),
    )
    for each in vnet.ranges if vnet.peered else ():
        why = f"the range of {vnet.reference}"
        route = Route(each, vnet.outside.ip, PEERS_SWITCH, onlink=True, table=_PEERED, why=why)
        yield fabric, route
    for subnet in vnet.subnets:
        yield from _subnet(topology, vnet, subnet)
    yield from ((here, each) for each in _to_everywhere(topology, vnet))


def _subnet(topology: Topology, vnet: VNet, subnet: Subnet) -> Iterator[Fact]:
    """Yield a subnet's bridge, what is connected to it, and its routing table."""
    here, switch, table = vnet.netns, switch_of(subnet), table_of(vnet, subnet)
    yield here, with_mac(here, Interface(switch, Kind.BRIDGE, addresses=(subnet.router,)))
    why = f"packets from subnet {subnet.name}"
    yield here, PolicyRule(table, 0, 0, table, iif=switch, why=why)
    for each in vnet.subnets:
        why = f"subnet {each.name}"
        yield here, Route(each.network, dev=switch_of(each), table=table, why=why)
    routes = _to_everywhere(topology, vnet, _firewall(topology, vnet, subnet))
    yield from ((here, replace(route, table=table)) for route in routes)
    default = Route(
        default_destination(subnet.router.ip), subnet.router.ip, "eth0", why="default route"
    )
    for machine in subnet.machines:
        yield from veth(
            (here, Interface(link_name("vm", machine.name), master=switch)),
            (machine.netns, Interface("eth0", addresses=(machine.address,))),
        )
        yield machine.netns, default
    for cluster in topology.clusters_in(vnet, subnet):
        for node in cluster.nodes:
            yield from veth(
                (here, Interface(link_name(cluster.name, node.name), master=switch)),
                (node.netns, Interface("eth0", addresses=node.addresses)),
            )
            yield node.netns, default
        yield from ((here, each) for each in _user_defined(cluster, switch, table))


def _user_defined(cluster: Cluster, switch: str, table: int) -> Iterator[Route]:
    """Yield the user-defined routes of a cluster: with kubenet, one to the pods of each node."""
    for node in cluster.nodes if cluster.cni == "kubenet" else ():
        for route in to_pods(node, switch):
            yield replace(route, table=table, why=f"user-defined route: {route.why}")


def _firewall(topology: Topology, vnet: VNet, subnet: Subnet) -> tuple[Subnet, Firewall] | None:
    """Return the firewall to which packets from a subnet go, with its own subnet; None if they go
    to the internet directly."""
    ways = (each.outbound for each in topology.clusters_in(vnet, subnet))
    names = {each.firewall for each in ways if each}
    for place in vnet.subnets:
        for each in place.firewalls:
            if each.name in names:
                return place, each
    return None


def _to_everywhere(
    topology: Topology, vnet: VNet, through: tuple[Subnet, Firewall] | None = None
) -> Iterator[Route]:
    """Yield a VNet's routes to the networks that it is peered with, and to all others; these may
    lead through a firewall."""
    router = _router(topology)
    for each in vnet.peered:
        yield Route(each, router, PEERS_LINK, onlink=True, why="peered")
    everywhere = default_destination(router)
    if through is None:
        yield Route(everywhere, router, OUTSIDE_LINK, why="default route: the fabric")
    else:
        place, firewall = through
        why = f"user-defined route: {firewall.reference}"
        yield Route(everywhere, firewall.address.ip, switch_of(place), why=why)


def _router(topology: Topology) -> IPAddress:
    router = of_family(ips_of(topology.fabric), 4)
    assert router is not None  # a VNet without an address on the fabric is a mistake
    return router
