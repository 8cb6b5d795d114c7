"""The topology as a diagram: text for mermaid or Graphviz."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from nsnet.ip import IPAddress, ips_of
from nsnet.text import escaped
from nsnet.topology.model import Cluster, Gateway, Topology


class _Box(NamedTuple):
    """A box in the diagram: its key, its lines of text, and the cluster in which it is drawn (""
    for none). It shows a pod, node, gateway, external host, Service or the fabric."""

    key: str
    text: tuple[str, ...]
    group: str


def mermaid(topology: Topology) -> str:
    """Return the topology as a mermaid flowchart: a subgraph per cluster, a line per link, and a
    dotted arrow from each Service to each of its endpoints."""
    lines = ["flowchart LR"]
    boxes = list(_boxes(topology))
    for cluster in topology.clusters:
        title = _in_mermaid([f"{cluster.name}: {_model(cluster)}"])
        lines.append(f"  subgraph {_key(cluster.name)}[{title}]")
        lines += [
            f"    {box.key}[{_in_mermaid(box.text)}]" for box in boxes if box.group == cluster.name
        ]
        lines.append("  end")
    lines += [f"  {box.key}[{_in_mermaid(box.text)}]" for box in boxes if not box.group]
    lines += [f"  {one} --- {other}" for one, other in _links(topology)]
    lines += [f"  {service} -.-> {end}" for service, end in _endpoints(topology, boxes)]
    return "\n".join([*lines, ""])


def dot(topology: Topology) -> str:
    """Return the topology as a Graphviz graph: a subgraph per cluster, an edge per link, and a
    dashed edge from each Service to each of its endpoints."""
    lines = [
        f'graph "{topology.lab}" {{',
        "  rankdir=LR;",
        '  node [shape=box, fontname="monospace"];',
    ]
    boxes = list(_boxes(topology))
    for cluster in topology.clusters:
        title = _in_dot([f"{cluster.name}: {_model(cluster)}"])
        lines.append(f'  subgraph "cluster_{cluster.name}" {{')
        lines.append(f"    label={title};")
        lines += [f"  {_dot_box(box)}" for box in boxes if box.group == cluster.name]
        lines.append("  }")
    lines += [_dot_box(box) for box in boxes if not box.group]
    lines += [f"  {one} -- {other};" for one, other in _links(topology)]
    lines += [
        f"  {service} -- {end} [dir=forward, style=dashed];"
        for service, end in _endpoints(topology, boxes)
    ]
    return "\n".join([*lines, "}", ""])


def _dot_box(box: _Box) -> str:
    return f"  {box.key} [label={_in_dot(box.text)}];"


def _in_mermaid(lines: Iterable[str]) -> str:
    text = "<br/>".join(escaped(each).replace('"', "#quot;") for each in lines)
    return f'"{text}"'


def _in_dot(lines: Iterable[str]) -> str:
    text = "\\n".join(escaped(each).replace("\\", "\\\\").replace('"', '\\"') for each in lines)
    return f'"{text}"'


FORMATS = {"mermaid": mermaid, "dot": dot}


def _boxes(topology: Topology) -> Iterator[_Box]:
    yield _Box("fabric", ("fabric", *map(str, ips_of(topology.fabric))), "")
    for external in topology.externals:
        ports = [f"{each.port}/{each.protocol}" for each in external.ports]
        text = (external.reference, str(external.address), *ports)
        yield _Box(_key(external.reference), text, "")
    for vnet in topology.vnets:
        subnets = [f"{each.name} {each.network}" for each in vnet.subnets]
        yield _Box(_key(vnet.reference), (vnet.reference, str(vnet.outside.ip), *subnets), "")
        for machine in vnet.machines:
            ports = [f"{each.port}/{each.protocol}" for each in machine.ports]
            text = (machine.reference, str(machine.address.ip), *ports)
            yield _Box(_key(machine.reference), text, "")
        for firewall in vnet.firewalls:
            ends = ips_of((firewall.address, firewall.outside))
            yield _Box(_key(firewall.reference), (firewall.reference, *map(str, ends)), "")
    for cluster in topology.clusters:
        for gateway in topology.own_gateways(cluster):
            yield _gateway_box(topology, gateway)
        yield from _cluster_boxes(cluster)


def _gateway_box(topology: Topology, gateway: Gateway) -> _Box:
    """Return the box of a gateway. A gateway that clusters share is drawn outside of them."""
    clusters = topology.behind(gateway)
    exported = [
        f"{address} = {service.reference}"
        for cluster in clusters
        for service in cluster.services
        for address in service.exported
    ]
    inside = [end for _, each in topology.attachments(gateway) for end in each.addresses]
    held = map(str, ips_of((*inside, *gateway.outside)))
    text = (f"gateway ({gateway.kind})", *held, *exported)
    group = clusters[0].name if len(clusters) == 1 else ""
    return _Box(_key(gateway.reference), text, group)


def _cluster_boxes(cluster: Cluster) -> Iterator[_Box]:
    name = cluster.name
    for node in cluster.nodes:
        pods = map(str, node.pod_cidrs or _ends(node.reserved))
        text = (f"node {node.name}", *map(str, ips_of(node.addresses)), *pods)
        yield _Box(_key(node.reference), text, name)
    for pod in cluster.pods:
        short = pod.reference.removeprefix(f"{name}/")
        yield _Box(_key(pod.reference), (short, *map(str, pod.addresses)), name)
    for service in cluster.services:
        if service.addresses:
            short = service.reference.removeprefix(f"{name}/")
            held = map(str, (*service.addresses, *service.load_balancer_ips))
            yield _Box(_key(service.reference), (short, *held), name)


def _links(topology: Topology) -> Iterator[tuple[str, str]]:
    for external in topology.externals:
        yield "fabric", _key(external.reference)
    for vnet in topology.vnets:
        yield "fabric", _key(vnet.reference)
        for machine in vnet.machines:
            yield _key(vnet.reference), _key(machine.reference)
        for firewall in vnet.firewalls:
            yield _key(vnet.reference), _key(firewall.reference)
            yield "fabric", _key(firewall.reference)
    for cluster in topology.clusters:
        switches = [_key(each.reference) for each in cluster.gateways]
        switches = switches or [_key(f"vnet/{cluster.vnet}") if cluster.vnet else "fabric"]
        for gateway in topology.own_gateways(cluster):
            yield "fabric", _key(gateway.reference)
        for node in cluster.nodes:
            yield from ((switch, _key(node.reference)) for switch in switches)
        nodes = {node.name: _key(node.reference) for node in cluster.nodes}
        yield from ((nodes[pod.node], _key(pod.reference)) for pod in cluster.pods)


def _endpoints(topology: Topology, boxes: Iterable[_Box]) -> Iterator[tuple[str, str]]:
    """Yield (Service, endpoint) for each endpoint that has a box, as keys of boxes."""
    drawn = {box.key for box in boxes}
    for cluster in topology.clusters:
        for service in cluster.services:
            ends = {each.reference: None for port in service.ports for each in port.endpoints}
            pairs = ((_key(service.reference), _key(each)) for each in ends)
            yield from (pair for pair in pairs if drawn.issuperset(pair))


def _ends(addresses: Sequence[IPAddress]) -> Iterator[str]:
    """Yield the first and the last of these addresses, as one text."""
    if addresses:
        yield f"{addresses[0]}-{addresses[-1]}"


def _model(cluster: Cluster) -> str:
    pods = ", ".join(map(str, cluster.pod_cidrs))
    virtual = ", ".join(map(str, cluster.virtual_cidrs))
    known = f", known as {virtual}" if virtual else ""
    return f"{cluster.model}, {cluster.cni}, pods {pods}{known}"


def _key(reference: str) -> str:
    """Return an identifier for a reference, of letters, digits and underscores: it is valid in
    mermaid and in Graphviz. References are in lower case, so the words in upper case keep pod `a`
    of namespace `b` apart from pod `a-b`."""
    words = reference.replace(".", "_IN_").replace(",", "_AND_")
    return "".join(letter if letter.isalnum() else "_" for letter in words)
