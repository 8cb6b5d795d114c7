"""The nodes that files declare: entries of the Scenario, Node objects, nodes of Running pods."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Final

from nsnet.ip import IPAddress, IPNetwork
from nsnet.scenario.fields import parse_address
from nsnet.scenario.kinds import ClusterSpec
from nsnet.scenario.kinds import NodeSpec as Entry
from nsnet.scenario.kubernetes import Node, Pod
from nsnet.scenario.model import Manifest
from nsnet.text import natural
from nsnet.topology.model import Taint

# The taint of a node with spec.unschedulable, as after `kubectl cordon`.
UNSCHEDULABLE: Final = Taint("node.kubernetes.io/unschedulable", "", "NoSchedule")
HOSTNAME: Final = "kubernetes.io/hostname"
# The other labels that kubelet gives each node.
LABELS: Final[Mapping[str, str]] = {
    f"{prefix}kubernetes.io/{key}": value
    for prefix in ("", "beta.")
    for key, value in (("os", "linux"), ("arch", "amd64"))
}


@dataclass(frozen=True, slots=True)
class DeclaredNode:
    """A node before its addresses are allocated."""

    name: str
    labels: Mapping[str, str]
    taints: tuple[Taint, ...]
    addresses: tuple[IPAddress, ...]
    pod_cidrs: tuple[IPNetwork, ...]
    path: str  # of its entry in the Scenario; "": addresses and ranges are those of a Node object
    manifest: Manifest | None  # its Node object


def declared_nodes(
    path: str, spec: ClusterSpec, manifests: Sequence[Manifest]
) -> list[DeclaredNode]:
    """Return the nodes of the cluster.

    If `nodes` is a list, they are its entries, then other Node objects. If it is a number, they are
    the Node objects, and n1, n2, … until there are so many. Without Node objects, the nodes of
    Running pods take their place.
    """
    objects = {each.object.metadata.name: each for each in manifests if _is_node(each)}
    listed: dict[str, tuple[str, Entry]] = {}
    if isinstance(spec.nodes, tuple):
        for index, entry in enumerate(spec.nodes):
            listed.setdefault(entry.name, (f"{path}.nodes[{index}]", entry))
        names = [*listed, *sorted((each for each in objects if each not in listed), key=natural)]
    else:
        found = dict.fromkeys(objects or _nodes_of_running_pods(manifests))
        numbered = (f"n{number}" for number in count(1))
        free = (each for each in numbered if each not in found)
        names = sorted((*found, *islice(free, max(0, spec.nodes - len(found)))), key=natural)
    return [_declared(name, objects.get(name), *listed.get(name, ("", None))) for name in names]


def _declared(name: str, manifest: Manifest | None, path: str, entry: Entry | None) -> DeclaredNode:
    """Return the node of an entry and a Node object. What the entry sets takes precedence."""
    found = manifest.object if manifest is not None else None
    node = found if isinstance(found, Node) else None
    entry = entry or Entry(name=name)
    has_own = bool(entry.addresses or entry.pod_cidr)
    taints = entry.taints or (node.spec.taints if node else ())
    cordoned = [UNSCHEDULABLE] if node and node.spec.unschedulable else []
    every = (*cordoned, *(Taint(each.key, each.value, each.effect) for each in taints))
    reported = node.metadata.labels if node else {}
    return DeclaredNode(
        name=name,
        labels={**LABELS, HOSTNAME: name, **reported, **entry.labels},
        taints=tuple(dict.fromkeys(every)),
        addresses=entry.addresses if has_own or not node else tuple(_internal_ips(node)),
        pod_cidrs=entry.pod_cidr if has_own or not node else _pod_cidrs(node),
        path=path if has_own else "",
        manifest=manifest,
    )


def _is_node(manifest: Manifest) -> bool:
    return isinstance(manifest.object, Node)


def _nodes_of_running_pods(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Yield the node of each pod whose status says that it runs, as in a dump of a cluster."""
    for manifest in manifests:
        match manifest.object:
            case Pod() as pod if pod.spec.node_name and pod.status.phase == "Running":
                yield pod.spec.node_name


def _internal_ips(node: Node) -> Iterator[IPAddress]:
    for each in node.status.addresses:
        try:
            if each.type == "InternalIP":
                yield parse_address(each.address)
        except ValueError:
            continue  # as kube-proxy does


def _pod_cidrs(node: Node) -> tuple[IPNetwork, ...]:
    return node.spec.pod_cidrs or ((node.spec.pod_cidr,) if node.spec.pod_cidr else ())
