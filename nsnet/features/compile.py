"""Topology → State: asks every feature for its facts, hooks their chains to the kernel's, and
puts it all together."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from nsnet.features.bgp.convergence import converged
from nsnet.features.bgp.speakers import speakers
from nsnet.features.fabric import fabric
from nsnet.features.faults import CHAIN as FAULTS
from nsnet.features.faults import with_faults
from nsnet.features.gateways import GATEWAYS
from nsnet.features.gateways.shared import shared
from nsnet.features.load_balancer import load_balancers
from nsnet.features.merge import merge
from nsnet.features.networks import NETWORKS
from nsnet.features.services import PROXIES
from nsnet.features.services.health import health_checks
from nsnet.features.services.kube_proxy import conntrack
from nsnet.features.services.udp_flows import translations
from nsnet.features.sysctls import with_settings
from nsnet.state.model import Fact, Netns, State
from nsnet.state.rules import BUILT_IN, Chain, Jump, Match, Rule
from nsnet.topology.model import Topology


class Hook(NamedTuple):
    """The kernel's chain `hook` jumps to a feature's chain, wherever that chain is."""

    table: str
    hook: str
    chain: str
    match: Match = Match()
    beside: str = ""  # only where this chain is, too

    @property
    def chains(self) -> tuple[str, ...]:
        """The chains that must be there."""
        return (self.chain, self.beside) if self.beside else (self.chain,)


_NEW = ("NEW",)
_SERVICES = Match(comment="kubernetes service portals")
_NEW_SERVICES = replace(_SERVICES, ctstate=_NEW)
_FIREWALL = Match(comment="kubernetes load balancer firewall", ctstate=_NEW)
_EXTERNAL = Match(comment="kubernetes externally-visible service portals", ctstate=_NEW)
_IPVS_FIREWALL = Match(comment="kube-proxy firewall rules")
_IPVS = Match(comment="kubernetes ipvs access filter")
_IPVS_HEALTH = Match(comment="kubernetes health check rules")
_HEALTH = Match(comment="kubernetes health check service ports")
_BALANCED = Match(comment="load balancers")
_MARKED = Match(comment="which cluster a packet is of")
_MASQUERADING = Match(
    comment=(
        "ip-masq-agent: ensure nat POSTROUTING directs all non-LOCAL destination traffic"
        " to our custom IP-MASQ-AGENT chain"
    ),
    not_dst_type="LOCAL",
)

# Which feature comes first at which hook. kube-proxy prepends its jumps one by one, so a node
# shows them reversed.
HOOKS: Final = (
    Hook("filter", "INPUT", FAULTS),
    Hook("filter", "FORWARD", FAULTS),
    Hook("filter", "OUTPUT", FAULTS),
    Hook("filter", "INPUT", "KUBE-FIREWALL"),
    Hook("filter", "INPUT", "KUBE-PROXY-FIREWALL", _FIREWALL, "KUBE-EXTERNAL-SERVICES"),
    Hook("filter", "INPUT", "KUBE-NODEPORTS", _HEALTH),
    Hook("filter", "INPUT", "KUBE-EXTERNAL-SERVICES", _EXTERNAL),
    Hook("filter", "INPUT", "KUBE-IPVS-FILTER", _IPVS),
    Hook("filter", "INPUT", "KUBE-PROXY-FIREWALL", _IPVS_FIREWALL, "KUBE-IPVS-FILTER"),
    Hook("filter", "INPUT", "KUBE-NODE-PORT", _IPVS_HEALTH),
    Hook("filter", "FORWARD", "KUBE-PROXY-FIREWALL", _IPVS_FIREWALL, "KUBE-IPVS-FILTER"),
    Hook("filter", "FORWARD", "KUBE-PROXY-FIREWALL", _FIREWALL, "KUBE-EXTERNAL-SERVICES"),
    Hook("filter", "FORWARD", "KUBE-FORWARD", Match(comment="kubernetes forwarding rules")),
    Hook("filter", "FORWARD", "KUBE-SERVICES", _NEW_SERVICES),
    Hook("filter", "FORWARD", "KUBE-EXTERNAL-SERVICES", _EXTERNAL),
    Hook("filter", "FORWARD", "NSNET-LB", _BALANCED),
    Hook("filter", "OUTPUT", "NSNET-LB", _BALANCED),
    Hook("filter", "OUTPUT", "KUBE-FIREWALL"),
    Hook("filter", "OUTPUT", "KUBE-IPVS-OUT-FILTER", _IPVS),
    Hook("filter", "OUTPUT", "KUBE-PROXY-FIREWALL", _FIREWALL, "KUBE-EXTERNAL-SERVICES"),
    Hook("filter", "OUTPUT", "KUBE-SERVICES", _NEW_SERVICES),
    Hook("raw", "PREROUTING", "NSNET-ZONES", _MARKED),
    Hook("mangle", "PREROUTING", "NSNET-MARKS", _MARKED),
    Hook("nat", "PREROUTING", "KUBE-SERVICES", _SERVICES),
    Hook("nat", "PREROUTING", "NSNET-EXPORTS", Match(comment="exported services")),
    Hook("nat", "PREROUTING", "NSNET-FROM-VIRTUAL"),
    Hook("nat", "OUTPUT", "KUBE-SERVICES", _SERVICES),
    Hook("nat", "POSTROUTING", "KUBE-POSTROUTING", Match(comment="kubernetes postrouting rules")),
    Hook("nat", "POSTROUTING", "IP-MASQ-AGENT", _MASQUERADING),
    Hook("nat", "POSTROUTING", "NSNET-TO-VIRTUAL"),
    Hook("nat", "POSTROUTING", "NSNET-EGRESS"),
)


def compile_state(topology: Topology) -> State:
    """What Linux must hold for this lab. Raises CompileError where features contradict each
    other."""
    state = merge(topology.lab, dict(topology.places()), _facts(topology))
    state = with_faults(state, topology.faults)
    return converged(replace(state, netns=tuple(_complete(each) for each in state.netns)))


def _facts(topology: Topology) -> Iterator[tuple[str, Iterable[Fact]]]:
    yield "the fabric", fabric(topology)
    yield "the load balancer", load_balancers(topology)
    yield "BGP", speakers(topology)
    for cluster in topology.clusters:
        yield f"cni {cluster.cni} of {cluster.name}", NETWORKS[cluster.cni](cluster)
        yield (
            f"proxyMode {cluster.proxy.mode} of {cluster.name}",
            PROXIES[cluster.proxy.mode](cluster),
        )
        yield f"the Services of {cluster.name}", translations(cluster)
        yield f"kube-proxy of {cluster.name}", conntrack(cluster)
        yield f"the health checks of {cluster.name}", health_checks(cluster)
        if cluster.gateway is not None and cluster.gateway.number == 1:
            facts = shared(topology, cluster.gateway)
            yield f"the shared gateway {cluster.gateway.name}", facts
        for gateway in cluster.gateways:
            if not gateway.number:
                facts = GATEWAYS[gateway.kind](topology, cluster, gateway)
                yield f"the {gateway.kind} gateway {gateway.reference}", facts


def _complete(netns: Netns) -> Netns:
    return with_settings(replace(netns, chains=(*_hooked(netns), *netns.chains)))


def _hooked(netns: Netns) -> Iterator[Chain]:
    """The kernel's chains, with a jump to each feature's chain that is there."""
    there = {(each.family, each.table, each.name) for each in netns.chains}
    families = sorted({each.family for each in netns.chains})
    for family in families:
        for table in sorted({each.table for each in netns.chains}):
            for hook in BUILT_IN:
                jumps = tuple(
                    Rule(each.match, Jump(each.chain))
                    for each in HOOKS
                    if (each.table, each.hook) == (table, hook)
                    and {(family, table, name) for name in each.chains} <= there
                )
                if jumps:
                    yield Chain(table, hook, jumps, family)
