"""The lab as Kubernetes would describe it, resolved: pods are placed, Services know their
endpoints, all have addresses."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from ipaddress import ip_interface
from typing import Literal, TypeAlias

from nsnet.ip import Family, IPAddress, IPInterface, IPNetwork, Protocol, ips_of, mapped, of_family
from nsnet.state.namespaces import Namespace, Role, netns_name, servers_netns
from nsnet.topology.assignment import (
    Assignment,
    balancer_of,
    export_of,
    health_check_of,
    node_port_of,
)

ServiceType: TypeAlias = Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]

FABRIC = Role.FABRIC.value
HTTPS = 443
ZONE = "topology.kubernetes.io/zone"  # the label of a node that says where it stands
# Taken on a node or by a gateway, and what the kernel means otherwise in /proc/sys/net.
NO_LINK_NAMES = ("lo", "eth0", "eth1", "cbr0", "all", "default")


@dataclass(frozen=True, slots=True)
class ListenPort:
    """A port that a pod or an external host serves."""

    port: int
    protocol: Protocol
    name: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of a cluster: an address in the underlay, a range for its pods."""

    name: str
    netns: str
    reference: str
    labels: Mapping[str, str] = field(compare=False)
    addresses: tuple[IPInterface, ...]
    pod_cidrs: tuple[IPNetwork, ...]
    overlay: tuple[IPInterface, ...] = ()  # of its tunnel: what pods' nodes are to each other

    @property
    def all_addresses(self) -> tuple[IPInterface, ...]:
        """All its addresses: in the underlay, as its pods' gateway, in the overlay."""
        return (*self.addresses, *self.bridge, *self.overlay)

    @property
    def bridge(self) -> tuple[IPInterface, ...]:
        """The first address of each pod range belongs to the node: its pods' default gateway."""
        return tuple(ip_interface(f"{each[1]}/{each.prefixlen}") for each in self.pod_cidrs)


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod on its node. A pod of the host's network has the node's namespace and addresses."""

    name: str
    namespace: str
    netns: str
    reference: str
    node: str
    labels: Mapping[str, str] = field(compare=False)
    addresses: tuple[IPAddress, ...]
    ports: tuple[ListenPort, ...]
    workload: str = ""  # the reference of what made it: east/deploy/web
    ready: bool = True
    terminating: bool = False
    host_network: bool = False
    proxy_protocol: bool = False  # its servers believe a PROXY header


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address and port behind a Service port."""

    address: IPAddress
    port: int
    reference: str  # the pod or the host outside, or the address where neither is known
    node: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    zones: tuple[str, ...] = ()  # it is meant for clients of these; empty: there is no hint


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service and what stands behind it."""

    name: str
    port: int
    protocol: Protocol
    endpoints: tuple[Endpoint, ...]
    node_port: int | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A static address in front of endpoints that come and go. Headless: no address."""

    name: str
    namespace: str
    reference: str
    addresses: tuple[IPAddress, ...]
    ports: tuple[ServicePort, ...]
    exported: tuple[IPAddress, ...] = ()  # on the gateway's outside, for the other clusters
    type: ServiceType = "ClusterIP"
    external_name: str = ""  # ExternalName: what its name is another name for
    external_ips: tuple[IPAddress, ...] = ()
    load_balancer_ips: tuple[IPAddress, ...] = ()
    source_ranges: tuple[IPNetwork, ...] = ()  # who may use load_balancer_ips; empty: everybody
    external_local: bool = False  # externalTrafficPolicy: Local
    internal_local: bool = False  # internalTrafficPolicy: Local
    affinity_seconds: int | None = None  # sessionAffinity: ClientIP, for so long
    health_check_port: int | None = None
    sni: str = ""  # the name by which TLS to its cluster's proxy asks for it
    proxied: bool = True  # False: it is labelled as somebody else's than kube-proxy's
    imported_from: str = ""  # the reference of another cluster's Service, which this one stands for

    @property
    def announced_ips(self) -> tuple[IPAddress, ...]:
        """The addresses that lead to the cluster's nodes from outside: those of load balancers,
        and of an exported Service that kube-proxy, not a gateway, offers."""
        exported = (each for each in self.exported if each in self.external_ips)
        return (*self.load_balancer_ips, *exported)

    def is_external(self, port: ServicePort, family: Family) -> bool:
        """The port can be reached by another address than the ClusterIP."""
        others = (*self.load_balancer_ips, *self.external_ips)
        return port.node_port is not None or of_family(others, family) is not None


@dataclass(frozen=True, slots=True)
class Proxy:
    """How the nodes of a cluster make Services work: what kube-proxy is configured with."""

    mode: str
    masquerade_all: bool = False
    localhost_node_ports: bool = True
    node_port_addresses: tuple[IPNetwork, ...] = ()  # empty: the mode's own choice
    scheduler: str = "rr"  # of ipvs


class Replica(StrEnum):
    """One of two gateways that do the same work: BGP uses the standby if the other one fails."""

    PREFERRED = "preferred"
    STANDBY = "standby"

    @property
    def number(self) -> int:
        """Its number in names and references, from 1."""
        return [*Replica].index(self) + 1


@dataclass(frozen=True, slots=True)
class Gateway:
    """A machine that routes between islands and the fabric."""

    kind: str
    netns: str
    reference: str
    outside: tuple[IPInterface, ...]  # its addresses on the fabric
    name: str = ""  # by which clusters share it
    shared: bool = False  # by two clusters or more
    replica: Replica | None = None  # None: the gateway has no replicas


@dataclass(frozen=True, slots=True)
class Attachment:
    """A cluster's side of a gateway."""

    gateway: Gateway
    link: str  # the gateway's link to the cluster's nodes
    addresses: tuple[IPInterface, ...]  # of that link
    number: int = 1  # of the cluster among those that share the gateway, from 1


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster, complete."""

    name: str
    cni: str
    model: str
    proxy: Proxy
    pod_cidrs: tuple[IPNetwork, ...]
    service_cidrs: tuple[IPNetwork, ...]
    node_cidrs: tuple[IPNetwork, ...]
    non_masquerade_cidrs: tuple[IPNetwork, ...]
    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    services: tuple[Service, ...]
    workloads: tuple[str, ...] = ()  # by reference; one may have no pod
    attachments: tuple[Attachment, ...] = ()  # to its gateways, the preferred one first
    routing: str = "static"
    virtual_cidrs: tuple[IPNetwork, ...] = ()  # pod_cidrs as others know them; empty: as they are
    unmasqueraded: tuple[IPNetwork, ...] = ()  # beside all above, for the gateway to map
    mtu: int | None = None  # of the pods' links; None: the network's own choice

    def virtual(self, addresses: Iterable[IPAddress]) -> tuple[IPAddress, ...]:
        """The addresses by which others know the cluster's pods at these, if not by these."""
        return tuple(
            mapped(address, virtual)
            for pods, virtual in zip(self.pod_cidrs, self.virtual_cidrs, strict=False)
            for address in addresses
            if address in pods
        )

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        """Its gateway, or both replicas, the preferred one first; none for a cluster that routes
        through the fabric, and for an isolated one."""
        return tuple(each.gateway for each in self.attachments)

    @property
    def is_on_fabric(self) -> bool:
        """Whether its nodes route through the fabric: it has no gateway, and is not isolated."""
        return not self.attachments and self.model != "isolated"

    @property
    def has_standby(self) -> bool:
        """Whether its gateway has replicas: its nodes learn by BGP which one to use."""
        return len(self.attachments) > 1

    @property
    def routers(self) -> tuple[IPInterface, ...]:
        """The nodes' way out: the first address of each node range, the gateway's or the fabric's
        own."""
        return tuple(ip_interface(f"{each[1]}/{each.prefixlen}") for each in self.node_cidrs)

    def node(self, name: str) -> Node:
        """The node of this name. Raises KeyError."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise KeyError(name)


@dataclass(frozen=True, slots=True)
class External:
    """A host outside every cluster."""

    name: str
    netns: str
    reference: str
    address: IPAddress
    ports: tuple[ListenPort, ...]
    mtu: int | None = None  # the widest packet that the fabric passes on towards it


@dataclass(frozen=True, slots=True)
class DroppedPackets:
    """Packets that a namespace drops: of this protocol, to this port, of this type of ICMP."""

    protocol: Protocol
    port: int | None = None
    icmp_type: str | None = None


@dataclass(frozen=True, slots=True)
class LinkFailure:
    """A link that is down."""

    link: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong in one namespace, on purpose."""

    netns: str
    what: DroppedPackets | LinkFailure


@dataclass(frozen=True, slots=True)
class Topology:
    """The whole lab, and what its author should know about it."""

    lab: str
    clusters: tuple[Cluster, ...]
    externals: tuple[External, ...]
    fabric: tuple[
        IPInterface, ...
    ]  # the fabric's own addresses, the default gateway of all who stand in it
    warnings: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def fabric_netns(self) -> str:
        """The namespace of routers and switches between the nodes."""
        return netns_name(self.lab, FABRIC)

    def attachments(self, gateway: Gateway) -> tuple[tuple[Cluster, Attachment], ...]:
        """Return the clusters behind a gateway, each with its side of it."""
        return tuple(
            (cluster, each)
            for cluster in self.clusters
            for each in cluster.attachments
            if each.gateway == gateway
        )

    def behind(self, gateway: Gateway) -> tuple[Cluster, ...]:
        """Return the clusters behind a gateway: more than one where they share it."""
        return tuple(cluster for cluster, _ in self.attachments(gateway))

    def own_gateways(self, cluster: Cluster) -> tuple[Gateway, ...]:
        """Return a cluster's gateways without those that an earlier cluster shares: over all
        clusters, each gateway once."""
        return tuple(each.gateway for each in cluster.attachments if each.number == 1)

    def namespaces(self) -> Iterator[Namespace]:
        """Yield every namespace of the lab, in creation order."""
        yield Namespace(servers_netns(self.lab), Role.SERVERS.value, Role.SERVERS)
        yield Namespace(self.fabric_netns, FABRIC, Role.FABRIC)
        for external in self.externals:
            yield Namespace(external.netns, external.reference, Role.EXTERNAL)
        for cluster in self.clusters:
            for gateway in self.own_gateways(cluster):
                yield Namespace(gateway.netns, gateway.reference, Role.GATEWAY)
            for node in cluster.nodes:
                yield Namespace(node.netns, node.reference, Role.NODE)
            for pod in cluster.pods:
                if not pod.host_network:
                    yield Namespace(pod.netns, pod.reference, Role.POD)

    def assignment(self) -> Assignment:
        """What this lab has given to whom."""
        addresses: dict[str, tuple[IPAddress, ...]] = {}
        for cluster in self.clusters:
            addresses |= {each.reference: ips_of(each.addresses) for each in cluster.nodes}
            addresses |= {
                each.reference: each.addresses for each in cluster.pods if not each.host_network
            }
            for service in cluster.services:
                if service.imported_from:
                    continue  # its address is the other cluster's to give
                addresses[service.reference] = service.addresses
                if service.exported:
                    addresses[export_of(service.reference)] = service.exported
                if service.load_balancer_ips:
                    addresses[balancer_of(service.reference)] = service.load_balancer_ips
            for gateway in cluster.gateways:
                addresses[gateway.reference] = ips_of(gateway.outside)
        nodes = [node for cluster in self.clusters for node in cluster.nodes]
        pods = [pod for cluster in self.clusters for pod in cluster.pods]
        return Assignment(
            addresses,
            {node.reference: node.pod_cidrs for node in nodes},
            {pod.reference: pod.node for pod in pods},
            dict(self._node_ports()),
        )

    def _node_ports(self) -> Iterator[tuple[str, int]]:
        for cluster in self.clusters:
            for service in cluster.services:
                for port in service.ports:
                    if port.node_port is not None:
                        owner = node_port_of(service.reference, port.port, port.protocol)
                        yield owner, port.node_port
                if service.health_check_port is not None:
                    yield health_check_of(service.reference), service.health_check_port


def reference_of(cluster: str, kind: str, name: str, namespace: str = "default") -> str:
    """The one way in which reports write a reference: east/pod/web-0, east/svc/web.prod."""
    suffix = "" if namespace == "default" else f".{namespace}"
    return f"{cluster}/{kind}/{name}{suffix}"


def link_name(*parts: str) -> str:
    """The name of a link, of at most 15 characters, shortened where it would be longer. Parts are
    joined by a letter that no name of Kubernetes has, so that no two links get one name."""
    name = "_".join(parts)
    if len(name) <= 15 and "." not in name and name not in NO_LINK_NAMES:
        return name
    return f"{name[:8].replace('.', '_')}_{sha256(name.encode()).hexdigest()[:6]}"
