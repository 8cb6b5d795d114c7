"""hostPorts: ports of a node that lead to its pods. The rules are those that the CNI plugin portmap
writes with its defaults (backend iptables, snat true), whatever the proxyMode.

PREROUTING, OUTPUT ─▶ CNI-HOSTPORT-DNAT ─▶ CNI-DN-… of the pod ─▶ DNAT to the pod
                                             └─▶ CNI-HOSTPORT-SETMARK ─▶ marked
POSTROUTING ─▶ CNI-HOSTPORT-MASQ ─▶ MASQUERADE if marked

kube-proxy's jumps come first in PREROUTING and OUTPUT, so a NodePort of the same number wins.
Source: containernetworking/plugins, plugins/meta/portmap/portmap_iptables.go, v1.9.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha512
from ipaddress import ip_network
from typing import Final

from nsnet.features.networks.node_bridge import BRIDGE
from nsnet.features.services.udp_flows import translations
from nsnet.ip import IPNetwork, Protocol, host_network, of_family
from nsnet.state.model import Fact, Sysctl, Translation, identity
from nsnet.state.rules import (
    Chain,
    Dnat,
    Hook,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    Rule,
    SetMark,
)
from nsnet.topology.model import Cluster, Pod

MARK: Final = 0x2000  # bit 13, the plugin's markMasqBit
DNAT: Final = "CNI-HOSTPORT-DNAT"
SETMARK: Final = "CNI-HOSTPORT-SETMARK"
MASQ: Final = "CNI-HOSTPORT-MASQ"
# The name of the CNI configuration, which is part of names and comments: flannel's.
NETWORK: Final = "cbr0"
_MULTIPORT: Final = 15  # ports in a rule
_LONGEST_COMMENT: Final = 255
_LOCALHOST: Final = ip_network("127.0.0.1/32")


def host_ports(cluster: Cluster) -> Iterator[Fact]:
    """Yield, for each node whose pods have hostPorts, the chains and their hooks, the sysctl for
    127.0.0.1, and a Translation for each UDP port."""
    pods_on: dict[str, list[Pod]] = {}
    for pod in cluster.pods:
        if pod.port_mappings:
            pods_on.setdefault(pod.node, []).append(pod)
    of_services = {identity(each) for _, each in translations(cluster)} if pods_on else set()
    for node in cluster.nodes if pods_on else ():
        pods = pods_on.get(node.name, ())
        for pod_cidr in node.pod_cidrs if pods else ():
            for piece in _on_node(pods, pod_cidr):
                yield node.netns, piece
        for flows in (each for pod in pods for each in _udp_flows(pod)):
            if identity(flows) not in of_services:
                yield node.netns, flows


def _on_node(pods: Sequence[Pod], pod_cidr: IPNetwork) -> Iterator[Chain | Hook | Sysctl]:
    """Yield the chains, hooks and sysctl of a node for one family, that of its pods' range."""
    family = pod_cidr.version
    yield Chain("nat", DNAT, tuple(each for pod in pods for each in _jumps(pod)), family)
    for pod in pods:
        yield Chain("nat", _chain_of(pod), tuple(_rules(pod, pod_cidr)), family)
    to_node = Match(dst_type="LOCAL")
    yield Hook("nat", "PREROUTING", DNAT, to_node, family)
    yield Hook("nat", "OUTPUT", DNAT, to_node, family)
    mark = Rule(
        Match(comment="CNI portfwd masquerade mark"), SetMark(MARK, MARK), why="to be masqueraded"
    )
    yield Chain("nat", SETMARK, (mark,), family)
    marked = Match(mark=MarkMatch(MARK, MARK))
    why = "marked: the reply has to return through the node"
    yield Chain("nat", MASQ, (Rule(marked, Masquerade(), why=why),), family)
    masquerading = Match(comment="CNI portfwd requiring masquerade")
    yield Hook("nat", "POSTROUTING", MASQ, masquerading, family)
    if family == 4:
        # Without it, the kernel sends no packet from 127.0.0.1 to the bridge.
        yield Sysctl(f"net.ipv4.conf.{BRIDGE}.route_localnet", "1", dev=BRIDGE)


def _jumps(pod: Pod) -> Iterator[Rule]:
    """Yield the rules that send packets to the pod's chain, at most 15 ports in each."""
    comment = f'dnat name: "{NETWORK}" id: "{_container_id(pod)}"'
    if len(comment) > _LONGEST_COMMENT:
        comment = f"{comment[: _LONGEST_COMMENT - 2]}..."
    for protocol in (Protocol.TCP, Protocol.UDP):
        ports = [each.host_port for each in pod.port_mappings if each.protocol is protocol]
        for start in range(0, len(ports), _MULTIPORT):
            some = tuple(ports[start : start + _MULTIPORT])
            match = Match(protocol=protocol, dports=some, comment=comment)
            yield Rule(match, Jump(_chain_of(pod)), why=f"hostPorts of {pod.reference}")


def _rules(pod: Pod, pod_cidr: IPNetwork) -> Iterator[Rule]:
    """Yield the rules of the pod's chain. Packets from pods of this node are marked, because the
    pod would answer them directly, and so are those from 127.0.0.1."""
    address = of_family(pod.addresses, pod_cidr.version)
    for each in pod.port_mappings:
        if address is None or not each.is_at(address.version):
            continue
        at = each.host_ip
        to = host_network(at) if at is not None and not at.is_unspecified else None
        match = Match(dst=to, protocol=each.protocol, dport=each.host_port)
        local = replace(match, src=pod_cidr)
        yield Rule(local, Jump(SETMARK), why="from a pod of this node")
        if address.version == 4:
            localhost = replace(match, src=_LOCALHOST)
            yield Rule(localhost, Jump(SETMARK), why="from 127.0.0.1")
        why = f"hostPort {each.host_port} of {pod.reference}"
        yield Rule(match, Dnat(address, each.port), why=why)


def _udp_flows(pod: Pod) -> Iterator[Translation]:
    """Yield what conntrack may have entries of. The plugin deletes them when a pod is added."""
    for each in pod.port_mappings:
        for address in pod.addresses if each.protocol is Protocol.UDP else ():
            if each.is_at(address.version):
                at = each.host_ip
                at = None if at is None or at.is_unspecified else at
                end = address, each.port
                yield Translation(at, each.host_port, (end,), address.version)


def _container_id(pod: Pod) -> str:
    """Return what stands for the ID of the pod's sandbox, which is random in a cluster."""
    return f"{pod.namespace}_{pod.name}"


def _chain_of(pod: Pod) -> str:
    """Return the name of the pod's chain."""
    return f"CNI-DN-{sha512((NETWORK + _container_id(pod)).encode()).hexdigest()}"[:28]
