"""The network between the nodes. It is one namespace with a bridge for the underlay of each
cluster, and it routes between these bridges.

      node eth0 ── br-east ─┐                  ┌─ br-fabric ── gateway eth1
                            ├─ fabric (routes) ┤
      node eth0 ── br-west ─┘                  └─ br-fabric ── external eth0

A cluster that is isolated or behind a gateway has a bridge here, too. On that bridge, however, the
fabric has no address, and it has no route to the cluster's nodes.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_interface

from nsnet.features.sysctls import forwarding
from nsnet.ip import default_destination, host_network, ips_of, of_family
from nsnet.state.model import Fact, Interface, Kind, Route, veth, with_mac
from nsnet.topology.model import Cluster, Gateway, Replica, Topology, link_name

OUTSIDE_SWITCH = "br-fabric"
PEERS_SWITCH = "br-peers"  # for the networks that VNets are peered with


def fabric(topology: Topology) -> Iterator[Fact]:
    """Yield the fabric's bridges and routes, each node's eth0 and default route, the links of
    gateways, and the external hosts."""
    here = topology.fabric_netns
    yield here, with_mac(here, Interface(OUTSIDE_SWITCH, Kind.BRIDGE, addresses=topology.fabric))
    yield from forwarding(here, bridge_netfilter=False)
    for cluster in topology.clusters:
        if not cluster.vnet:
            yield from _underlay(here, cluster)
        for gateway in topology.own_gateways(cluster):
            yield from _outside_link(here, topology.behind(gateway), gateway)
    yield from _externals(here, topology)


def switch_of(cluster: Cluster) -> str:
    """Return the name of the fabric's bridge that connects the cluster's nodes (its underlay)."""
    return link_name(f"br-{cluster.name}")


def _underlay(here: str, cluster: Cluster) -> Iterator[Fact]:
    """Yield the cluster's bridge, the links of its nodes and gateways to it, the nodes' default
    routes, and the fabric's routes to the virtual addresses of pods."""
    switch = switch_of(cluster)
    held = cluster.routers if cluster.is_on_fabric else ()
    yield here, with_mac(here, Interface(switch, Kind.BRIDGE, addresses=held))
    for node in cluster.nodes:
        yield from veth(
            (here, Interface(link_name(cluster.name, node.name), master=switch)),
            (node.netns, Interface("eth0", addresses=node.addresses)),
        )
        # Nodes learn by BGP which of two gateways to use.
        if cluster.model != "isolated" and not cluster.has_standby:
            for router in cluster.routers:
                default = Route(
                    default_destination(router.ip), router.ip, "eth0", why="default route"
                )
                yield node.netns, default
    for each in cluster.attachments:
        name = link_name("gw-" + cluster.name, *_replica(each.gateway))
        yield from veth(
            (here, Interface(name, master=switch)),
            (each.gateway.netns, Interface(each.link, addresses=each.addresses)),
        )
    # Replicas announce the virtual addresses by BGP.
    for gateway in () if cluster.has_standby else cluster.gateways:
        yield from ((here, each) for each in _virtual_routes(cluster, gateway))


def _virtual_routes(cluster: Cluster, gateway: Gateway) -> Iterator[Route]:
    for virtual in cluster.virtual_cidrs:
        via = of_family(ips_of(gateway.outside), virtual.version)
        why = f"virtual addresses of the pods of {cluster.name}"
        yield Route(virtual, via, OUTSIDE_SWITCH, why=why)


def _outside_link(here: str, behind: Sequence[Cluster], gateway: Gateway) -> Iterator[Fact]:
    """Yield the gateway's link to the fabric. It has the gateway's own addresses and those of the
    Services that the clusters behind it export."""
    # out-CLUSTER, or out_NAME for a gateway with a name: they differ, as no such name has a "_".
    own = f"out-{behind[0].name}", *_replica(gateway)
    name = link_name("out", gateway.name) if gateway.name else link_name(*own)
    services = [service for cluster in behind for service in cluster.services]
    exported = [ip_interface(each) for service in services for each in service.exported]
    yield from veth(
        (here, Interface(name, master=OUTSIDE_SWITCH)),
        (gateway.netns, Interface("eth1", addresses=(*gateway.outside, *exported))),
    )


def _replica(gateway: Gateway) -> tuple[str, ...]:
    return (str(gateway.replica.number),) if gateway.replica is Replica.STANDBY else ()


def _externals(here: str, topology: Topology) -> Iterator[Fact]:
    """Yield the external hosts, with their links and routes. Their addresses may be
    outside fabricCIDR, so the fabric has a route to each host."""
    for external in topology.externals:
        address = external.address
        switch = PEERS_SWITCH if topology.is_peered(address) else OUTSIDE_SWITCH
        yield from veth(
            (here, Interface(link_name("ext-" + external.name), master=switch)),
            (external.netns, Interface("eth0", addresses=(ip_interface(address),))),
        )
        to_it = Route(host_network(address), dev=switch, mtu=external.mtu, why=external.reference)
        yield here, to_it
        router = of_family(ips_of(topology.fabric), address.version)
        if router is not None:
            default = Route(
                default_destination(address), router, "eth0", onlink=True, why="default route"
            )
            yield external.netns, default
