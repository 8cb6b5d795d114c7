"""The addresses that nodes and pods had in the cluster that their manifests were read from.

Their status has these addresses, and listed endpoints may mean a node or a pod by them: those of
the Service `kubernetes` are addresses of nodes. In the lab, nodes and pods have addresses of its
own ranges.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from nsnet.ip import IPAddress, ips_of
from nsnet.scenario import kubernetes
from nsnet.scenario.fields import parse_address
from nsnet.scenario.model import Manifest
from nsnet.topology.model import Node, Pod


class _Former(NamedTuple):
    """An address in a status, and the addresses that its owner has in the lab."""

    text: str
    now: tuple[IPAddress, ...]


def former_addresses(
    manifests: Iterable[Manifest], nodes: Iterable[Node], pods: Iterable[Pod]
) -> dict[IPAddress, IPAddress]:
    """Return the lab's address, of the same family, for each address that a node or pod had."""
    of_nodes = {each.name: ips_of(each.addresses) for each in nodes}
    of_pods = {(each.namespace, each.name): each.addresses for each in pods}
    found: dict[IPAddress, IPAddress] = {}
    for manifest in manifests:
        match manifest.object:
            case kubernetes.Node() as node:
                formers = _of_node(node, of_nodes.get(node.metadata.name, ()))
            case kubernetes.Pod(metadata=meta, status=status) as pod:
                own = of_pods.get((meta.namespace, meta.name), ())
                host = of_nodes.get(pod.spec.node_name, ())
                formers = [_Former(each, host) for each in status.host_addresses]
                formers += [_Former(each, own) for each in status.pod_addresses]
            case _:
                continue
        found.update(_in_lab(formers))
    return found


def _of_node(node: kubernetes.Node, now: tuple[IPAddress, ...]) -> list[_Former]:
    return [_Former(each.address, now) for each in node.status.addresses if each.type != "Hostname"]


def _in_lab(formers: Sequence[_Former]) -> Iterator[tuple[IPAddress, IPAddress]]:
    for text, now in formers:
        with suppress(ValueError):  # a DNS name
            former = parse_address(text)
            for each in now:
                if each.version == former.version:
                    yield former, each
