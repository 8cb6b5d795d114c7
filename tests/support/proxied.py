"""One Service of many kinds, on two nodes in proxyMode nftables.

laptop ── fabric ──┬── n1: pod near (behind svc1), pod client
                   └── n2: pod far (behind svc1)
"""

from dataclasses import replace
from typing import Any

from nsnet.features.compile import compile_state
from nsnet.ip import Family
from nsnet.probes.model import Model
from nsnet.probes.question import explain, probe_spec
from nsnet.state.model import Netns, Route, State
from nsnet.state.nftables_text import lines
from nsnet.topology.model import Endpoint, Proxy, Service, Topology
from tests.support.labs import ip, net, pod, service, topology

SVC1 = "ULMVA6XW-ns1/svc1/tcp/p80"
NEAR = "WUHIZN2H-ns1/svc1/tcp/p80__10.180.0.3/80"
FAR = "QWIK434A-ns1/svc1/tcp/p80__10.180.1.2/80"
CLUSTER_IP, EXTERNAL_IP, VIP = "172.30.0.41", "203.0.113.5", "203.0.113.10"
SPEC = "externals: [{name: laptop, address: 198.51.100.9}]"
RANGES = "podCIDR: 10.180.0.0/16, serviceCIDR: 172.30.0.0/16"

LAB = topology(
    pod("near", namespace="ns1", labels="app: svc1", spec="nodeName: n1"),
    pod("far", namespace="ns1", labels="app: svc1", spec="nodeName: n2"),
    pod("client", spec="nodeName: n1"),
    service("svc1", "{name: p80, port: 80}", namespace="ns1", spec=f"clusterIP: {CLUSTER_IP}"),
    clusters=(f"{{name: east, nodes: 2, proxyMode: nftables, {RANGES}}}",),
    spec=SPEC,
)


def offered(
    endpoints: str = "near far",
    *,
    node_port: int | None = None,
    proxy: Proxy | None = None,
    **fields: Any,
) -> Topology:
    """Return the lab in which svc1 has these fields and endpoints; an endpoint in parentheses, as
    `(near)`, is terminating."""
    (cluster,) = LAB.clusters
    (svc1,) = cluster.services
    (port,) = svc1.ports
    behind = {each.reference.split("/")[-1].split(".")[0]: each for each in port.endpoints}
    chosen = tuple(_endpoint(behind[word.strip("()")], word) for word in endpoints.split())
    changed: Service = replace(
        svc1, ports=(replace(port, endpoints=chosen, node_port=node_port),), **fields
    )
    return replace(
        LAB,
        clusters=(replace(cluster, services=(changed,), proxy=proxy or cluster.proxy),),
    )


def _endpoint(each: Endpoint, word: str) -> Endpoint:
    going = word.startswith("(")
    return replace(each, ready=not going, terminating=going)


def table(found: Topology, node: str = "n1", family: Family = 4) -> dict[str, list[str]]:
    """Return the node's table: the lines of each chain, set and map."""
    netns = node_of(compile_state(found), node)
    pieces = [*netns.sets, *(each for each in netns.chains if each.table == "kube-proxy")]
    return {each.name: [*lines(each)] for each in pieces if each.family == family}


def elements(found: Topology, node: str = "n1") -> dict[str, list[str]]:
    """Return the elements of the node's sets and maps, without empty ones."""
    held = {
        name: [each for each in lines if not each.startswith(("type ", "comment "))]
        for name, lines in table(found, node).items()
        if name in ELEMENTS
    }
    return {name: lines for name, lines in held.items() if lines and name not in ALWAYS}


ELEMENTS = {
    "cluster-ips", "nodeport-ips", "service-ips", "service-nodeports", "firewall-ips",
    "no-endpoint-services", "no-endpoint-nodeports",
}  # fmt: skip
ALWAYS = {"cluster-ips", "nodeport-ips"}


def node_of(state: State, node: str) -> Netns:
    """Return a node's namespace."""
    return state[f"nsnet.lab.east.node.{node}"]


def outcomes(found: Topology, source: str, to: str, protocol: str = "tcp") -> list[str]:
    """Return the possible outcomes of a connection with the source that the server sees: `ok near
    as 10.180.0.3`. The fabric routes the load balancer's address to both nodes, and here the
    external one to n1."""
    state = compile_state(found)
    fabric = state[found.fabric_netns]
    external = Route(net(f"{EXTERNAL_IP}/32"), ip("192.168.10.2"))
    routed = replace(fabric, routes=(*fabric.routes, external))
    state = replace(state, netns=tuple(routed if each is fabric else each for each in state.netns))
    paths = explain(Model(found, state), probe_spec(source, to, protocol)).paths
    ends = {
        f"{each.verdict} {each.server.split('/')[-1].split('.')[0]} as {each.source}"
        if each.server
        else str(each.verdict)
        for each in paths
    }
    return sorted(ends)
