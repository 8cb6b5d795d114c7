"""The addresses of a lab and its drift, as text and as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from nsnet.cli.show import console
from nsnet.ip import ips_of
from nsnet.state.model import Kind, Netns, State
from nsnet.topology.balancing import usable
from nsnet.topology.model import Cluster, Service, ServicePort, Topology
from nsnet.topology.notation import without_only_cluster

SCHEMA = "nsnet.dev/status/v1"


def show_status(topology: Topology, wanted: State, drift: Sequence[str]) -> None:
    """Print the addresses of every part of a lab, and its drift."""
    out = console()
    for cluster in topology.clusters:
        title = f"{cluster.name}: {cluster.model}, {cluster.cni}, {cluster.proxy.mode}"
        out.print(Text(title, "bold"))
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        for row in _rows(cluster):
            table.add_row("", *(without_only_cluster(each, topology) for each in row))
        out.print(table)
    if topology.externals:
        out.print(Text("outside", "bold"))
        for external in topology.externals:
            out.print(f"  {external.reference}  {external.address}")
    if any(_has_permanent_neighbours(netns) for netns in wanted.netns):
        out.print(
            "neighbour entries are permanent: if ARP learned so many, they would overflow the"
            " kernel's neighbour table, which all namespaces share"
        )
    if not drift:
        out.print(Text("no drift: the kernel holds what the file asks for", "green"))
    for each in drift:
        difference = without_only_cluster(each, topology)
        out.print(Text(f"drift: {difference}", "bold red"), soft_wrap=True)


def _has_permanent_neighbours(netns: Netns) -> bool:
    """Return whether the namespace has permanent neighbour entries, which replace ARP. Entries of a
    VXLAN tunnel do not count, because they are permanent in every cluster."""
    tunnels = {each.name for each in netns.interfaces if each.kind is Kind.VXLAN}
    return any(each.dev not in tunnels for each in netns.neighbours)


def _rows(cluster: Cluster) -> Iterator[tuple[str, str, str]]:
    for attachment in cluster.attachments:
        gateway = attachment.gateway
        ends = ips_of((*attachment.addresses, *gateway.outside))
        known = f", pods known as {_joined(cluster.virtual_cidrs)}" if cluster.virtual_cidrs else ""
        role = f" {gateway.replica}" if gateway.replica is not None else ""
        about = f"{gateway.kind} {gateway.name}".rstrip()
        yield gateway.reference, _joined(ends), f"{about}{role}{known}"
    for node in cluster.nodes:
        yield node.reference, _joined(ips_of(node.addresses)), f"pods {_joined(node.pod_cidrs)}"
    for pod in cluster.pods:
        ports = " ".join(f"{each.port}/{each.protocol}" for each in pod.ports)
        about = f"on {pod.node} {ports}".rstrip()
        if virtual := cluster.virtual(pod.addresses):
            about += f"\nknown as {_joined(virtual)}"
        yield pod.reference, _joined(pod.addresses), about
    for service in cluster.services:
        yield service.reference, _joined(service.addresses) or "no address", _offer(service)


def _offer(service: Service) -> str:
    """Return the type and ports of a Service as kubectl shows them, each port with its number of
    endpoints in use. A line follows for each kind of address that is used from outside the
    cluster."""
    if service.type == "ExternalName":
        return f"ExternalName {service.external_name}"
    kind = service.type if service.addresses else "headless"
    about = [" ".join([kind, *map(_port, service.ports)])]
    for what, addresses in (
        ("load balancer", service.load_balancer_ips),
        ("external", tuple(each for each in service.external_ips if each not in service.exported)),
        ("exported as", service.exported),
    ):
        if addresses:
            about.append(f"{what} {_joined(addresses)}")
    if service.health_check_port is not None:
        about.append(f"health check {service.health_check_port}")
    if service.imported_from:
        about.append(f"for {service.imported_from}")
    if not service.proxied:
        about.append("not for kube-proxy")
    return "\n".join(about)


def _port(each: ServicePort) -> str:
    number = f":{each.node_port}" if each.node_port is not None else ""
    used = len(usable(each.endpoints, 4)) + len(usable(each.endpoints, 6))
    idle = f" of {len(each.endpoints)}" if used < len(each.endpoints) else ""
    return f"{each.port}{number}/{each.protocol}→{used}{idle}"


def _joined(things: Iterable[object]) -> str:
    return " ".join(map(str, things))


def as_json(topology: Topology, drift: Sequence[str]) -> dict[str, Any]:
    """Return the addresses and the drift as plain data for JSON (nsnet.dev/status/v1)."""
    rows = [
        {"ref": reference, "addresses": addresses.split(), "about": about.replace("\n", ", ")}
        for cluster in topology.clusters
        for reference, addresses, about in _rows(cluster)
    ]
    hosts = [
        {"ref": each.reference, "addresses": [str(each.address)], "about": ""}
        for each in topology.externals
    ]
    data = {"schema": SCHEMA, "lab": topology.lab, "drift": list(drift)}
    return data | {"members": [*rows, *hosts]}
