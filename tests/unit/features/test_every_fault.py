"""Every link of a lab can be down, and every protocol can be dropped in each of its namespaces."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest

from nsnet.features.compile import compile_state
from nsnet.ip import Protocol
from nsnet.plan.order import plan
from nsnet.state.model import State
from nsnet.topology.model import DroppedPackets, Fault, LinkFailure, Topology
from nsnet.walk.walker import Walker
from tests.support.labs import pod, service, topology

IPV4 = ("10.244.0.0/16", "192.168.10.0/24", "10.96.0.0/16", "198.18.0.0/16")
IPV6 = ("fd00:244::/48", "fd01:10::/64", "fd00:96::/112", "fd98::/64")
RANGES = {"IPv6": IPV6, "dual": tuple(map(",".join, zip(IPV4, IPV6, strict=True)))}
CLUSTERS = {
    "island": "",
    "flat": "model: flat",
    "flat with BGP": "model: flat, routing: bgp",
    "isolated": "model: isolated",
    "vxlan": "cni: vxlan",
    "flat vxlan with BGP": "cni: vxlan, model: flat, routing: bgp",
    "ipvs": "proxyMode: ipvs",
    "nftables": "proxyMode: nftables",
    "nat": "gateway: {kind: nat}",
    "vip": "gateway: {kind: vip}",
    "proxy": "gateway: {kind: proxy}",
    "replicas": "gateway: {kind: nat, replicas: 2}",
    "replicas of a proxy": "gateway: {kind: proxy, replicas: 2}",
}
PODS = (
    pod("client", spec="nodeName: n1"),
    pod("web", spec="nodeName: n2", labels="app: web"),
    pod("host", spec="nodeName: n1, hostNetwork: true, containers: [{name: c}]"),
    service("web", spec="type: LoadBalancer"),
)


@cache
def compiled(kind: str, family: str) -> Topology:
    """The lab of one cluster of this kind, without faults."""
    pods, nodes, services, fabric = RANGES[family]
    cluster = f"podCIDR: '{pods}', nodeCIDR: '{nodes}', serviceCIDR: '{services}', nodes: 2"
    mode = f", {CLUSTERS[kind]}" if CLUSTERS[kind] else ""
    return topology(
        *PODS, clusters=(f"{{name: east, {cluster}{mode}}}",), spec=f"fabricCIDR: '{fabric}'"
    )


def faults(lab: Topology, state: State) -> Iterator[Fault]:
    """Every link down, and what daemons of the lab send dropped."""
    for here in state.netns:
        for link in here.interfaces:
            yield Fault(here.name, LinkFailure(link.name))
        for protocol, port in ((Protocol.TCP, 179), (Protocol.UDP, None), (Protocol.ICMP, None)):
            yield Fault(here.name, DroppedPackets(protocol, port))


@pytest.mark.parametrize("family", RANGES)
@pytest.mark.parametrize("kind", CLUSTERS)
def test_a_lab_with_any_fault_is_planned_and_predicted(kind: str, family: str) -> None:
    lab = compiled(kind, family)
    (found,) = lab.clusters[0].services
    for fault in faults(lab, compile_state(lab)):
        state = compile_state(replace(lab, faults=(fault,)))
        assert plan(state), fault
        walker = Walker(state)
        for place in ("pod.default.client", "node.n1"):
            netns = f"nsnet.lab.east.{place}"
            assert walker.paths(netns, Protocol.TCP, found.addresses[-1], 80), fault
