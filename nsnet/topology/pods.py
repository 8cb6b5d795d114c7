"""Pods on their nodes, with their network namespaces, addresses and ports."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from nsnet.errors import Problem
from nsnet.ip import IPAddress, Protocol, ips_of
from nsnet.scenario.kinds import ClusterSpec
from nsnet.state.namespaces import netns_name
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Node, Pod
from nsnet.topology.pool import Pool
from nsnet.topology.scheduling import place_pods
from nsnet.topology.unplaced import UnplacedPod

# Annotation of a pod: its servers expect a PROXY header on each connection.
PROXY_PROTOCOL: Final = "nsnet.dev/proxy-protocol"


def resolve_pods(
    ledger: Ledger,
    path: str,
    spec: ClusterSpec,
    nodes: Sequence[Node],
    unplaced: Sequence[UnplacedPod],
) -> tuple[Pod, ...]:
    """Return every pod on its node, with its addresses, sorted by namespace and name."""
    placed: dict[str, tuple[UnplacedPod, Node]] = {}
    bound: dict[tuple[str, int, Protocol], str] = {}
    for outcome in place_pods(spec.name, unplaced, nodes, ledger.keep):
        if isinstance(outcome, Problem):
            ledger.problems.append(outcome)
            continue
        pod, node = outcome
        if pod.reference in placed:
            message = f"two pods are named {pod.reference}"
            ledger.problems.append(pod.manifest.problem("metadata.name", message))
        elif not _host_ports_clash(ledger, pod, node, bound):
            placed[pod.reference] = pod, node
    addresses = _pod_addresses(ledger, f"{path}.podCIDR", nodes, placed.values())
    return tuple(_pod(ledger, spec, pod, node, addresses) for pod, node in placed.values())


def _host_ports_clash(
    ledger: Ledger, pod: UnplacedPod, node: Node, bound: dict[tuple[str, int, Protocol], str]
) -> bool:
    """Return whether this hostNetwork pod needs a port of the node that another one already has.

    Record a mistake for the first such port.
    """
    for each in pod.ports if pod.spec.host_network else ():
        name = f"{pod.namespace}/{pod.name}"
        owner = bound.setdefault((node.name, each.port, each.protocol), name)
        if owner != name:
            where = f"port {each.port}/{each.protocol.upper()} of node {node.name}"
            message = f"{where} is taken by pod {owner}, also on the host network"
            ledger.problems.append(pod.manifest.problem(f"{pod.path}.containers", message))
            return True
    return False


def _pod_addresses(
    ledger: Ledger, path: str, nodes: Sequence[Node], placed: Iterable[tuple[UnplacedPod, Node]]
) -> dict[str, tuple[IPAddress, ...]]:
    by_node: dict[str, list[str]] = {node.name: [] for node in nodes}
    for pod, node in placed:
        if not pod.spec.host_network:
            by_node[node.name].append(pod.reference)
    allocated: dict[str, tuple[IPAddress, ...]] = {}
    for node in nodes:
        for bridge, network in zip(node.bridge, node.pod_cidrs, strict=True):
            pool = Pool(network, (bridge.ip, *ledger.keep.released))
            for owner, address in ledger.allocate(path, pool, by_node[node.name]).items():
                allocated[owner] = (*allocated.get(owner, ()), address)
    return allocated


def _pod(
    ledger: Ledger,
    spec: ClusterSpec,
    pod: UnplacedPod,
    node: Node,
    addresses: Mapping[str, tuple[IPAddress, ...]],
) -> Pod:
    on_host = pod.spec.host_network
    own_netns = netns_name(ledger.scenario.name, spec.name, "pod", pod.namespace, pod.name)
    return Pod(
        name=pod.name,
        namespace=pod.namespace,
        netns=node.netns if on_host else own_netns,
        reference=pod.reference,
        node=node.name,
        labels=pod.labels,
        addresses=ips_of(node.addresses) if on_host else addresses.get(pod.reference, ()),
        ports=pod.ports,
        workload=pod.workload,
        ready=pod.ready,
        terminating=pod.terminating,
        host_network=on_host,
        proxy_protocol=pod.annotations.get(PROXY_PROTOCOL) == "v2",
    )
