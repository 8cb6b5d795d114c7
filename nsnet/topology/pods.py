"""Pods on their nodes, with their network namespaces, addresses and ports."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Final

from nsnet.ip import IPAddress, ips_of
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.kubernetes import Namespace
from nsnet.scenario.model import Manifest
from nsnet.scenario.vnets import IN_SUBNET
from nsnet.state.namespaces import netns_name
from nsnet.topology.ledger import Ledger
from nsnet.topology.model import AbsentPod, Node, Pod
from nsnet.topology.pending import unscheduled_warnings
from nsnet.topology.pool import Pool
from nsnet.topology.scheduling import Placed, Unscheduled, place_pods
from nsnet.topology.unplaced import UnplacedPod

# Annotation of a pod: its servers expect a PROXY header on each connection.
PROXY_PROTOCOL: Final = "nsnet.dev/proxy-protocol"


def resolve_pods(
    ledger: Ledger,
    path: str,
    spec: ClusterSpec,
    manifests: Iterable[Manifest],
    nodes: Sequence[Node],
    unplaced: Sequence[UnplacedPod],
) -> tuple[tuple[Pod, ...], tuple[AbsentPod, ...]]:
    """Return every pod on its node, with its addresses, sorted by namespace and name.

    Also return the pods for which there is no node.
    """
    pods = _of_different_names(ledger, unplaced)
    placed: list[Placed] = []
    waiting: list[Unscheduled] = []
    for each in place_pods(spec.name, pods, nodes, _namespaces(manifests), ledger.keep):
        if isinstance(each, Placed):
            placed.append(each)
        else:
            waiting.append(each)
    placed.sort(key=lambda each: (each.pod.namespace, each.pod.name))
    ledger.warnings += unscheduled_warnings(spec.name, pods, waiting)
    of = "maxPods" if spec.cni in IN_SUBNET else "podCIDR"
    addresses = _pod_addresses(ledger, f"{path}.{of}", nodes, placed)
    homeless = [each for each in placed if _lacks_address(each, addresses)]
    ledger.warnings += (f"{pod.reference} {_homeless(node)}" for pod, node in homeless)
    absent = [(pod, why) for pod, why, _ in waiting]
    absent += [(pod, _homeless(node)) for pod, node in homeless]
    running = tuple(
        _pod(ledger, spec, pod, node, addresses)
        for pod, node in placed
        if (pod, node) not in homeless
    )
    return running, tuple(
        AbsentPod(pod.name, pod.namespace, pod.reference, why, pod.workload) for pod, why in absent
    )


def _namespaces(manifests: Iterable[Manifest]) -> dict[str, Mapping[str, str]]:
    """Return the labels of each Namespace, by its name. Those of objects of one name are merged."""
    namespaces: dict[str, Mapping[str, str]] = {}
    for each in manifests:
        if isinstance(each.object, Namespace):
            meta = each.object.metadata
            namespaces[meta.name] = {**namespaces.get(meta.name, {}), **meta.labels}
    return namespaces


def _of_different_names(ledger: Ledger, pods: Sequence[UnplacedPod]) -> list[UnplacedPod]:
    """Return the pods without those whose names other pods have. In the files they are mistakes."""
    found: dict[str, UnplacedPod] = {}
    for pod in sorted(pods, key=lambda each: each.manifest.own):
        if found.setdefault(pod.reference, pod) is not pod and not pod.manifest.own:
            message = f"two pods are named {pod.reference}"
            ledger.problems.append(pod.manifest.problem("metadata.name", message))
    return list(found.values())


def _pod_addresses(
    ledger: Ledger, path: str, nodes: Sequence[Node], placed: Iterable[Placed]
) -> dict[str, tuple[IPAddress, ...]]:
    """Return the addresses of each pod, by its reference.

    The first free addresses of a node's range are for the pods of the files, the last ones for
    nsnet's own. If none is left for one of these, it has no address.
    """
    of_files: dict[str, list[str]] = {node.name: [] for node in nodes}
    own: dict[str, list[str]] = {node.name: [] for node in nodes}
    for pod, node in placed:
        if not pod.spec.host_network:
            (own if pod.manifest.own else of_files)[node.name].append(pod.reference)
    allocated: dict[str, tuple[IPAddress, ...]] = {}
    for node in nodes:
        for pool in _pools(node, ledger.keep.released):
            found = ledger.allocate(path, pool, of_files[node.name])
            last = ledger.allocate_last(pool, own[node.name])
            for owner, address in (*found.items(), *last.items()):
                allocated[owner] = (*allocated.get(owner, ()), address)
    return allocated


def _pools(node: Node, released: Collection[IPAddress]) -> Iterator[Pool]:
    """Yield the addresses for the pods of a node: those of each of its ranges, or those that its
    subnet reserves for them."""
    for bridge, network in zip(node.bridge, node.pod_cidrs, strict=True):
        yield Pool(network, (bridge.ip, *released))
    if node.reserved:
        yield Pool(node.addresses[0].network, released, window=node.reserved)


def _lacks_address(placed: Placed, addresses: Mapping[str, tuple[IPAddress, ...]]) -> bool:
    """Return whether one of nsnet's own pods has no address in one of its node's ranges."""
    pod, node = placed
    mine = pod.manifest.own and not pod.spec.host_network
    return mine and len(addresses.get(pod.reference, ())) < len([*_pools(node, ())])


def _homeless(node: Node) -> str:
    return f"is Pending: {node.name} has no address left for it"


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
        hostname=pod.hostname,
        subdomain=pod.subdomain,
        port_mappings=() if on_host else pod.port_mappings,
        spec=pod.spec,
        annotations=pod.annotations,
    )
