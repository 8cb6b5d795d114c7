"""Pods on their nodes: who shares a network with whom, and which addresses each has."""

from collections.abc import Iterable, Mapping, Sequence

from nsnet.errors import Problem
from nsnet.ip import IPAddress, Protocol, ips_of
from nsnet.scenario.kinds import ClusterSpec
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import Node, Pod, netns_name, reference_of
from nsnet.topology.placement import Draft, place
from nsnet.topology.pool import Pool

# Of a pod: its servers take a PROXY header from who connects.
PROXY_PROTOCOL = "nsnet.dev/proxy-protocol"


def pods(
    ledger: Ledger, path: str, spec: ClusterSpec, nodes: Sequence[Node], drafted: Sequence[Draft]
) -> tuple[Pod, ...]:
    """Every pod on its node, with its addresses, in (namespace, name) order."""
    placed: list[tuple[Draft, Node]] = []
    seen: set[str] = set()
    bound: dict[tuple[str, int, Protocol], str] = {}
    for outcome in place(spec.name, drafted, nodes, ledger.keep):
        if isinstance(outcome, Problem):
            ledger.problems.append(outcome)
            continue
        draft, node = outcome
        reference = reference_of(spec.name, "pod", draft.name, draft.namespace)
        if reference in seen:
            message = f"two pods would be called {reference}"
            ledger.problems.append(draft.manifest.problem("metadata.name", message))
        elif not _ports_clash(ledger, draft) and not _bound(ledger, draft, node, bound):
            seen.add(reference)
            placed.append((draft, node))
    addresses = _pod_addresses(ledger, path, spec, nodes, placed)
    return tuple(_pod(ledger, spec, draft, node, addresses) for draft, node in placed)


def _ports_clash(ledger: Ledger, draft: Draft) -> bool:
    """The containers of a pod share one namespace: a port can be bound once."""
    bound = [(each.port, each.protocol) for each in draft.ports]
    twice = {each for each in bound if bound.count(each) > 1}
    for port, protocol in sorted(twice):
        where = f"port {port}/{protocol.upper()} stands there twice"
        message = f"{where}: containers of a pod share one network"
        ledger.problems.append(draft.manifest.problem(f"{draft.path}.containers", message))
    return bool(twice)


def _bound(
    ledger: Ledger, draft: Draft, node: Node, bound: dict[tuple[str, int, Protocol], str]
) -> bool:
    """Pods of the host's network share it with each other: on a node a port can be bound
    once."""
    for each in draft.ports if draft.spec.host_network else ():
        me = f"{draft.namespace}/{draft.name}"
        owner = bound.setdefault((node.name, each.port, each.protocol), me)
        if owner != me:
            where = f"port {each.port}/{each.protocol.upper()} of node {node.name}"
            message = f"{where} is taken by pod {owner}, on the host's network, too"
            ledger.problems.append(draft.manifest.problem(f"{draft.path}.containers", message))
            return True
    return False


def _pod_addresses(
    ledger: Ledger,
    path: str,
    spec: ClusterSpec,
    nodes: Sequence[Node],
    placed: Iterable[tuple[Draft, Node]],
) -> dict[str, tuple[IPAddress, ...]]:
    by_node: dict[str, list[str]] = {node.name: [] for node in nodes}
    for draft, node in placed:
        if not draft.spec.host_network:
            reference = reference_of(spec.name, "pod", draft.name, draft.namespace)
            by_node[node.name].append(reference)
    given: dict[str, tuple[IPAddress, ...]] = {}
    for node in nodes:
        for bridge, network in zip(node.bridge, node.pod_cidrs, strict=True):
            pool = Pool(network, (bridge.ip, *ledger.keep.released))
            for owner, address in ledger.allocate(
                f"{path}.podCIDR", pool, by_node[node.name]
            ).items():
                given[owner] = (*given.get(owner, ()), address)
    return given


def _pod(
    ledger: Ledger,
    spec: ClusterSpec,
    draft: Draft,
    node: Node,
    addresses: Mapping[str, tuple[IPAddress, ...]],
) -> Pod:
    reference = reference_of(spec.name, "pod", draft.name, draft.namespace)
    shared = draft.spec.host_network
    return Pod(
        draft.name,
        draft.namespace,
        node.netns
        if shared
        else netns_name(ledger.scenario.name, spec.name, "pod", draft.namespace, draft.name),
        reference,
        node.name,
        draft.labels,
        ips_of(node.addresses) if shared else addresses.get(reference, ()),
        draft.ports,
        draft.workload,
        draft.ready,
        draft.terminating,
        shared,
        draft.annotations.get(PROXY_PROTOCOL) == "v2",
    )
