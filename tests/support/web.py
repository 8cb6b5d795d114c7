"""One Service with every field that a Service can have, and the chains of a node with that
Service."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from nsnet.features.compile import compile_state
from nsnet.ip import Family, Protocol
from nsnet.state.iptables_text import line
from nsnet.topology.model import ZONE, Endpoint, Proxy, Service, ServicePort, Topology
from tests.support.labs import ip, topology

# "default/web:p80tcp", as read from a running kube-proxy.
HASH = "4HWD6WD2BXF6N7ZC"
SVC, SVL, EXT, FW = (f"KUBE-{each}-{HASH}" for each in ("SVC", "SVL", "EXT", "FW"))
# Nodes n1 192.168.10.2 and n2 192.168.10.3 in zones a and b; pods in 10.244.0.0/24 and .1.0/24.
PLAIN = topology(
    clusters=(
        "{name: east, nodes: ["
        f"{{name: n1, labels: {{{ZONE}: a}}}}, {{name: n2, labels: {{{ZONE}: b}}}}]}}",
    ),
)


def endpoint(address: str, node: str = "n1", **what: Any) -> Endpoint:
    """Return a ready endpoint at this address, port 8080."""
    return Endpoint(ip(address), 8080, f"east/pod/{address}", node, **what)


HERE, THERE = endpoint("10.244.0.2", "n1"), endpoint("10.244.1.2", "n2")


def going(each: Endpoint) -> Endpoint:
    """Return the endpoint, terminating but still serving."""
    return replace(each, ready=False, terminating=True)


def web(
    *endpoints: Endpoint,
    protocol: Protocol = Protocol.TCP,
    node_port: int | None = None,
    **what: Any,
) -> Service:
    """Return the Service default/web at 10.96.0.10, with its port p80 80."""
    port = ServicePort("p80", 80, protocol, endpoints, node_port)
    return replace(Service("web", "default", "east/svc/web", (ip("10.96.0.10"),), (port,)), **what)


def serving(*services: Service, proxy: Proxy | None = None) -> Topology:
    """Return the cluster with these Services."""
    (cluster,) = PLAIN.clusters
    changed = replace(cluster, services=services, proxy=proxy or cluster.proxy)
    return replace(PLAIN, clusters=(changed,))


def chains(
    *services: Service, node: str = "n1", proxy: Proxy | None = None, family: Family = 4
) -> dict[str, list[str]]:
    """Return every chain of the node by its table and name: its rules without `-A NAME`."""
    found = serving(*services, proxy=proxy)
    netns = compile_state(found)[f"nsnet.lab.east.node.{node}"]
    return {
        f"{each.table} {each.name}": [
            line(each, rule).removeprefix(f"-A {each.name} ") for rule in each.rules
        ]
        for each in netns.chains
        if each.family == family
    }


def of_services(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return what the Services add to the chains of a node without Services."""
    idle = chains()
    added = {
        name: [each for each in rules if each not in idle.get(name, ())]
        for name, rules in found.items()
    }
    return {name: rules for name, rules in added.items() if rules or name not in idle}


def comment(text: str) -> str:
    """Return a comment as iptables-save prints it."""
    return f'-m comment --comment "{text}"'


def to(address: str, text: str, port: int = 80) -> str:
    """Return the match of a Service's address and port."""
    said = comment(f"default/web:p80 {text}")
    return f"-d {address}/32 -p tcp {said} -m tcp --dport {port}"


def sep(found: dict[str, list[str]], address: str) -> str:
    """Return the name of the chain that translates to this address."""
    (name,) = (
        name.removeprefix("nat ")
        for name, rules in found.items()
        if rules and rules[-1].endswith(f"--to-destination {address}:8080")
    )
    return name


def jumps(rules: Sequence[str]) -> list[str]:
    """Return the targets of a chain's rules, without their matches."""
    return [rule.partition("-j ")[2] for rule in rules]
