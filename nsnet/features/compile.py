"""The compiler from a Topology to a State: it merges the facts that all features yield."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from nsnet.features.bgp.convergence import converged
from nsnet.features.bgp.speakers import speakers
from nsnet.features.fabric import fabric
from nsnet.features.firewalls import firewalls
from nsnet.features.gateways import GATEWAYS
from nsnet.features.gateways.shared import shared
from nsnet.features.host_ports import host_ports
from nsnet.features.http_proxies import http_proxies
from nsnet.features.listeners import listeners
from nsnet.features.load_balancer import load_balancers
from nsnet.features.merge import merge
from nsnet.features.networks import NETWORKS
from nsnet.features.networks.neighbours import permanent_neighbours
from nsnet.features.outbound import outbound
from nsnet.features.services import PROXIES
from nsnet.features.services.health import health_checks
from nsnet.features.services.kube_proxy import conntrack
from nsnet.features.services.udp_flows import translations
from nsnet.features.sysctls import with_default_sysctls
from nsnet.features.vnets import vnets
from nsnet.state.model import Fact, State
from nsnet.topology.model import Topology


def compile_state(topology: Topology) -> State:
    """Return the State of a lab: what Linux must hold in each of its namespaces. Raises
    CompileError if features contradict each other, or refer to something that does not exist."""
    state = merge(topology.lab, topology.namespaces(), _facts(topology), topology.faults)
    return converged(
        replace(state, netns=tuple(with_default_sysctls(each) for each in state.netns))
    )


def _facts(topology: Topology) -> Iterator[tuple[str, Iterable[Fact]]]:
    yield "the fabric", fabric(topology)
    yield "the VNets", vnets(topology)
    yield "the outbound of VNets", outbound(topology)
    yield "the firewalls of VNets", firewalls(topology)
    yield "the load balancer", load_balancers(topology)
    yield "BGP", speakers(topology)
    yield "the servers of pods and external hosts", listeners(topology)
    yield "the neighbours of pods", permanent_neighbours(topology)
    for cluster in topology.clusters:
        yield f"cni {cluster.cni} of {cluster.name}", NETWORKS[cluster.cni](topology, cluster)
        yield (
            f"proxyMode {cluster.proxy.mode} of {cluster.name}",
            PROXIES[cluster.proxy.mode](cluster),
        )
        yield f"the HTTP proxies of {cluster.name}", http_proxies(cluster)
        yield f"the Services of {cluster.name}", translations(cluster)
        yield f"the hostPorts of {cluster.name}", host_ports(cluster)
        yield f"kube-proxy of {cluster.name}", conntrack(cluster)
        yield f"the health checks of {cluster.name}", health_checks(cluster)
        for gateway in topology.own_gateways(cluster):
            if gateway.shared:
                yield f"the shared gateway {gateway.name}", shared(topology, gateway)
            else:
                facts = GATEWAYS[gateway.kind](topology, cluster, gateway)
                yield f"the {gateway.kind} gateway {gateway.reference}", facts
