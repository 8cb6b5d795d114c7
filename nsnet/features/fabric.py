"""The network between the nodes: one namespace that switches each cluster's underlay and routes
between all of them.

      node eth0 ── br-east ─┐                  ┌─ br-fabric ── gateway eth1
                            ├─ fabric (routes) ┤
      node eth0 ── br-west ─┘                  └─ br-fabric ── external eth0

A cluster behind a gateway, or an isolated one, is switched here too, but the fabric holds no
address in its underlay and no route to it.
"""

from collections.abc import Iterator, Sequence
from ipaddress import ip_interface

from nsnet.features.routes import to_pods
from nsnet.features.sysctls import forwarding
from nsnet.ip import IPInterface, everywhere, ips_of, of_family, single
from nsnet.state.model import Fact, Interface, Kind, Listener, Route, veth, with_mac
from nsnet.topology.model import Cluster, Gateway, Replica, Topology, link_name

OUTSIDE = "br-fabric"


def fabric(topology: Topology) -> Iterator[Fact]:
    """The routers and switches, every node's eth0 and way out, and the hosts outside."""
    here = topology.fabric_netns
    yield here, with_mac(here, Interface(OUTSIDE, Kind.BRIDGE, addresses=topology.fabric))
    yield from forwarding(here, bridge_netfilter=False)
    for cluster in topology.clusters:
        yield from _underlay(here, cluster)
        for gateway in topology.own_gateways(cluster):
            yield from _way_out(here, topology.behind(gateway), gateway)
        if cluster.model == "flat" and cluster.routing == "static":
            yield from _pod_routes(here, cluster)
    yield from _externals(here, topology)


def _underlay(here: str, cluster: Cluster) -> Iterator[Fact]:
    """The cluster's switch, and each node plugged into it."""
    switch = switch_of(cluster)
    open_to_all = not cluster.gateways and cluster.model != "isolated"
    addresses = cluster.routers if open_to_all else ()
    yield here, with_mac(here, Interface(switch, Kind.BRIDGE, addresses=addresses))
    for node in cluster.nodes:
        yield from veth(
            (here, Interface(link_name(cluster.name, node.name), master=switch)),
            (node.netns, Interface("eth0", addresses=node.addresses)),
        )
        # Of two gateways a node learns which to use.
        if cluster.model != "isolated" and not cluster.has_standby:
            for router in cluster.routers:
                yield node.netns, Route(everywhere(router.ip), router.ip, "eth0", why="the way out")
    for each in cluster.attachments:
        name = link_name("gw-" + cluster.name, *_replica(each.gateway))
        yield from veth(
            (here, Interface(name, master=switch)),
            (each.gateway.netns, Interface(each.link, addresses=each.addresses)),
        )
    # Replicas announce the virtual addresses by BGP.
    for gateway in () if cluster.has_standby else cluster.gateways:
        for virtual in cluster.virtual_cidrs:
            via = of_family(ips_of(gateway.outside), virtual.version)
            why = f"pods of {cluster.name}, as others know them"
            yield here, Route(virtual, via, OUTSIDE, why=why)


def _way_out(here: str, behind: Sequence[Cluster], gateway: Gateway) -> Iterator[Fact]:
    """The gateway's cable to the others, whichever clusters share it."""
    # No cluster's name has a '_'.
    own = f"out-{behind[0].name}", *_replica(gateway)
    name = link_name("out", gateway.name) if gateway.name else link_name(*own)
    yield from veth(
        (here, Interface(name, master=OUTSIDE)),
        (gateway.netns, Interface("eth1", addresses=_outside(behind, gateway))),
    )


def _replica(gateway: Gateway) -> tuple[str, ...]:
    return (str(gateway.replica.number),) if gateway.replica is Replica.STANDBY else ()


def _outside(behind: Sequence[Cluster], gateway: Gateway) -> tuple[IPInterface, ...]:
    """The gateway's own addresses, and one for each Service it offers."""
    services = [service for cluster in behind for service in cluster.services]
    exported = [each for service in services for each in service.exported]
    return (*gateway.outside, *(ip_interface(each) for each in exported))


def switch_of(cluster: Cluster) -> str:
    """The bridge that is the cluster's underlay."""
    return link_name(f"br-{cluster.name}")


def _pod_routes(here: str, cluster: Cluster) -> Iterator[Fact]:
    """Flat: the fabric knows on which node every pod range is."""
    for node in cluster.nodes:
        yield from ((here, each) for each in to_pods(node, switch_of(cluster)))


def _externals(here: str, topology: Topology) -> Iterator[Fact]:
    """Hosts with an address of their own anywhere: the fabric finds them on its outside switch."""
    for external in topology.externals:
        address = external.address
        yield from veth(
            (here, Interface(link_name("ext-" + external.name), master=OUTSIDE)),
            (external.netns, Interface("eth0", addresses=(ip_interface(address),))),
        )
        to_it = Route(single(address), dev=OUTSIDE, mtu=external.mtu, why=external.reference)
        yield here, to_it
        router = of_family(ips_of(topology.fabric), address.version)
        if router is not None:
            way_out = Route(everywhere(address), router, "eth0", onlink=True, why="the way out")
            yield external.netns, way_out
        for port in external.ports:
            yield external.netns, Listener(port.protocol, port.port, external.reference)
