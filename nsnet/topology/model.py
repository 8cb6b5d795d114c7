"""A lab as Kubernetes would describe it: clusters, nodes, pods and Services, with addresses."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import Literal, NamedTuple, TypeAlias

from nsnet.ip import (
    Family,
    IPAddress,
    IPInterface,
    IPNetwork,
    Protocol,
    first_host,
    ips_of,
    mapped,
    of_family,
)
from nsnet.scenario.kubernetes import PodSpec
from nsnet.state.http import Certificate, HttpRule, TlsRule
from nsnet.state.namespaces import Namespace, Role, netns_name, servers_netns
from nsnet.topology.assignment import (
    Assignment,
    Event,
    container_owner,
    export_owner,
    health_check_owner,
    load_balancer_owner,
    node_port_owner,
    outbound_owner,
)

ServiceType: TypeAlias = Literal["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"]

FABRIC = Role.FABRIC.value
CLUSTERSET = "clusterset"  # in references, the place of a cluster's name: all clusters together
HTTPS = 443
DNS_PORT = 53
ZONE = "topology.kubernetes.io/zone"  # label of a node
# Names that `link_name` does not return: the links that nodes and gateways have anyway, and the two
# folders of /proc/sys/net/*/conf that belong to no link.
NO_LINK_NAMES = ("lo", "eth0", "eth1", "cbr0", "all", "default")


@dataclass(frozen=True, slots=True)
class ListenPort:
    """A port on which a pod or an external host listens."""

    port: int
    protocol: Protocol
    name: str = ""
    container: str = ""  # of the pod; "": none declares it


@dataclass(frozen=True, slots=True)
class Taint:
    """What keeps pods away from a node that do not tolerate it."""

    key: str
    value: str
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]


@dataclass(frozen=True, slots=True)
class Node:
    """A machine of a cluster, with addresses in the underlay and a range for its pods."""

    name: str
    netns: str
    reference: str
    labels: Mapping[str, str] = field(compare=False)
    addresses: tuple[IPInterface, ...]
    pod_cidrs: tuple[IPNetwork, ...]
    overlay: tuple[IPInterface, ...] = ()  # addresses of its VXLAN link
    reserved: tuple[IPAddress, ...] = ()  # of a VNet's subnet, for its pods
    taints: tuple[Taint, ...] = field(default=(), compare=False)

    @property
    def all_addresses(self) -> tuple[IPInterface, ...]:
        """The node's addresses in the underlay, on the bridge and in the overlay."""
        return (*self.addresses, *self.bridge, *self.overlay)

    @property
    def bridge(self) -> tuple[IPInterface, ...]:
        """The node's addresses on the bridge, which are the default gateways of its pods.

        They are the first host address of each of its pod ranges.
        """
        return tuple(map(first_host, self.pod_cidrs))


@dataclass(frozen=True, slots=True)
class PortMapping:
    """A hostPort: a port of a pod's node that leads to a port of the pod."""

    host_port: int
    port: int
    protocol: Protocol
    host_ip: IPAddress | None = None  # None: at all addresses of the node; 0.0.0.0, ::: of a family

    def is_at(self, family: Family) -> bool:
        """Return whether the node's port is open at addresses of this family."""
        return self.host_ip is None or self.host_ip.version == family


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod on its node. With hostNetwork it has the node's network namespace and addresses."""

    name: str
    namespace: str
    netns: str
    reference: str
    node: str
    labels: Mapping[str, str] = field(compare=False)
    addresses: tuple[IPAddress, ...]
    ports: tuple[ListenPort, ...]
    workload: str = ""  # the reference of its controller: east/deploy/web
    ready: bool = True
    terminating: bool = False
    host_network: bool = False
    proxy_protocol: bool = False  # its servers expect a PROXY header
    hostname: str = ""  # of its spec; "": its name
    subdomain: str = ""  # the headless Service under which its hostname is a DNS name
    port_mappings: tuple[PortMapping, ...] = ()
    # The containers that run their own commands in place of the echo server, with digests of these.
    commands: Mapping[str, str] = field(default_factory=dict, compare=False)
    spec: PodSpec = field(default_factory=PodSpec, compare=False, repr=False)
    annotations: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AbsentPod:
    """A pod of the manifests that has no network namespace, because it does not run."""

    name: str
    namespace: str
    reference: str
    why: str  # completes "east/pod/web-2 …": is Pending: 0/2 nodes are available: …
    workload: str = ""  # the reference of its controller


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address and port behind a Service port."""

    address: IPAddress
    port: int
    reference: str  # of the pod or the external host; the address if it is neither
    node: str = ""
    ready: bool = True
    serving: bool = True
    terminating: bool = False
    zones: tuple[str, ...] = ()  # hints: the zones that should use it; empty: no hint
    nodes: tuple[str, ...] = ()  # likewise the nodes
    hostname: str = ""  # its DNS name below the Service's


@dataclass(frozen=True, slots=True)
class ServicePort:
    """One port of a Service and its endpoints."""

    name: str
    port: int
    protocol: Protocol
    endpoints: tuple[Endpoint, ...]
    node_port: int | None = None


@dataclass(frozen=True, slots=True)
class ExportedPod:
    """An endpoint of an exported headless Service, and the address that the gateway has for it."""

    reference: str  # of the endpoint
    inside: IPAddress
    outside: IPAddress


@dataclass(frozen=True, slots=True)
class Service:
    """A Service: its ports with their endpoints, and its addresses (none if it is headless)."""

    name: str
    namespace: str
    reference: str
    addresses: tuple[IPAddress, ...]
    ports: tuple[ServicePort, ...]
    exported: tuple[IPAddress, ...] = ()  # for clients in other clusters
    exported_pods: tuple[ExportedPod, ...] = ()  # of a headless Service: whose these are
    type: ServiceType = "ClusterIP"
    external_name: str = ""  # of type ExternalName: the CNAME
    external_ips: tuple[IPAddress, ...] = ()
    load_balancer_ips: tuple[IPAddress, ...] = ()
    source_ranges: tuple[IPNetwork, ...] = ()  # clients of load_balancer_ips; empty: all
    external_local: bool = False  # externalTrafficPolicy: Local
    internal_local: bool = False  # internalTrafficPolicy: Local
    affinity_seconds: int | None = None  # sessionAffinity: ClientIP
    health_check_port: int | None = None
    sni: str = ""  # the TLS server name by which a proxy gateway selects it
    proxied: bool = True  # False: kube-proxy ignores it because of its labels
    portless: tuple[Endpoint, ...] = ()  # the endpoints of a headless Service that have no port
    traffic_distribution: str = ""  # PreferClose, PreferSameZone or PreferSameNode
    imported_from: str = ""  # the reference of another cluster's Service, or of the clusterset's

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of all its ports, and those of a headless Service that have none."""
        return (*self.portless, *(each for port in self.ports for each in port.endpoints))

    @property
    def announced_ips(self) -> tuple[IPAddress, ...]:
        """The Service's addresses that the fabric routes to the cluster's nodes.

        They are the addresses of its load balancer, and the exported ones that kube-proxy handles.
        """
        exported = (each for each in self.exported if each in self.external_ips)
        return (*self.load_balancer_ips, *exported)

    def is_external(self, port: ServicePort, family: Family) -> bool:
        """Return whether kube-proxy offers the port outside the cluster.

        It does if the port has a NodePort, or the Service has a load-balancer address or an
        externalIP of this family.
        """
        others = (*self.load_balancer_ips, *self.external_ips)
        return port.node_port is not None or of_family(others, family) is not None


@dataclass(frozen=True, slots=True)
class ExportedHost:
    """A ready endpoint of an exported headless Service: its name, its addresses for clients in its
    own cluster and in other clusters, and the name, protocol and number of each of its ports."""

    name: str
    inside: IPAddress
    outside: IPAddress
    ports: tuple[tuple[str, Protocol, int], ...]


@dataclass(frozen=True, slots=True)
class Exporter:
    """A cluster that exports a Service, with the Service's addresses for clients in this cluster
    and in other clusters. If it is headless, they are those of its ready endpoints."""

    cluster: str
    service: str  # its reference
    is_flat: bool
    inside: tuple[IPAddress, ...]
    outside: tuple[IPAddress, ...]
    hosts: tuple[ExportedHost, ...] = ()  # if it is headless


@dataclass(frozen=True, slots=True)
class ClusterSetService:
    """The Services that clusters export under one name and namespace, as one Service for clients in
    all clusters (the ServiceImport of KEP-1645).

    Its endpoints are those of the flat clusters among the exporters. The node of an endpoint begins
    with the name of its cluster: west/n1.
    """

    name: str
    namespace: str
    reference: str
    exporters: tuple[Exporter, ...]  # the oldest export first
    headless: bool
    addresses: tuple[IPAddress, ...]  # ClusterSetIPs, the same in all flat clusters
    ports: tuple[ServicePort, ...]
    affinity_seconds: int | None = None
    internal_local: bool = False

    def addresses_in(self, cluster: "Cluster") -> tuple[IPAddress, ...]:
        """Return the addresses at which clients in this cluster use the Service.

        They are the ClusterSetIPs in a flat cluster, for the endpoints in all flat clusters, and
        the addresses of each other exporter.
        """
        if cluster.model == "isolated":
            return ()
        families = {each.version for each in cluster.service_cidrs}
        own = [each for each in self.addresses if each.version in families]
        found = own if cluster.model == "flat" else []
        for each in self.exporters:
            if not (self.addresses and each.is_flat and cluster.model == "flat"):
                found += each.inside if each.cluster == cluster.name else each.outside
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Proxy:
    """The configuration of a cluster's kube-proxy."""

    mode: str
    masquerade_all: bool = False
    localhost_node_ports: bool = True
    node_port_addresses: tuple[IPNetwork, ...] = ()  # empty: the mode's default
    scheduler: str = "rr"  # of ipvs


class Replica(StrEnum):
    """One of two redundant gateways.

    If the preferred one fails, nodes learn by BGP to use the standby.
    """

    PREFERRED = "preferred"
    STANDBY = "standby"

    @property
    def number(self) -> int:
        """The replica's number in names and references: 1 or 2."""
        return [*Replica].index(self) + 1


@dataclass(frozen=True, slots=True)
class Gateway:
    """A machine that routes between the fabric and clusters of model island."""

    kind: str
    netns: str
    reference: str
    outside: tuple[IPInterface, ...]  # its addresses on the fabric
    name: str = ""  # clusters that state the same name share it
    shared: bool = False  # by two clusters or more
    replica: Replica | None = None  # None: the gateway has no replicas


@dataclass(frozen=True, slots=True)
class Attachment:
    """The link of a gateway to the nodes of one of its clusters."""

    gateway: Gateway
    link: str  # the gateway's link to the cluster's nodes
    addresses: tuple[IPInterface, ...]  # of that link
    number: int = 1  # of the cluster, from 1, among those that share the gateway


@dataclass(frozen=True, slots=True)
class HttpListener:
    """A port at which an HTTP proxy listens, inside TLS if it has certificates, and its routes, in
    the order of their precedence."""

    port: int
    rules: tuple[HttpRule, ...]
    certificates: tuple[Certificate, ...] = ()


@dataclass(frozen=True, slots=True)
class TlsListener:
    """A port at which a proxy passes TLS connections on by the names in their client hellos."""

    port: int
    rules: tuple[TlsRule, ...]


@dataclass(frozen=True, slots=True)
class HttpProxy:
    """An HTTP proxy of the cluster, which runs in the pods behind a Service of nsnet's own. Their
    echo servers leave these ports alone."""

    service: str  # its reference
    pods: tuple[str, ...]  # theirs
    listeners: tuple[HttpListener, ...]
    tls: tuple[TlsListener, ...] = ()

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports at which it listens."""
        return (*(each.port for each in self.listeners), *(each.port for each in self.tls))


@dataclass(frozen=True, slots=True)
class Births:
    """Which Services, ConfigMaps and Secrets each pod of a cluster finds in its environment: those
    that existed when it was created. `events` is what happened to them, in order; `seen` has the
    number of events before each pod, by its reference."""

    events: tuple[Event, ...] = ()
    seen: Mapping[str, int] = field(default_factory=dict)


# The values of each ConfigMap and Secret by their keys, by its kind, namespace and name.
Configuration: TypeAlias = Mapping[tuple[str, str, str], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class ClusterDns:
    """The DNS of a cluster: the domain of its names, the Service at which its servers are reached,
    and the external hosts, by domain, that know other names ("": all others)."""

    domain: str
    service: str  # its reference
    forwards: tuple[tuple[str, IPAddress], ...] = ()


class PortBlock(NamedTuple):
    """Ports of a public address: the first and the last one."""

    address: IPAddress
    ports: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Outbound:
    """How packets of a cluster in a VNet get to the internet. With type loadBalancer there is a
    block of ports for each node, in their order; with natGateway one for each public address, which
    all nodes share."""

    type: str
    addresses: tuple[IPAddress, ...] = ()  # public ones
    blocks: tuple[PortBlock, ...] = ()
    firewall: str = ""  # the name of that to which the user-defined route leads
    idle_seconds: int | None = None  # after which a connection is forgotten; None: never


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster: its configuration, gateways, nodes, pods and Services."""

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
    absent: tuple[AbsentPod, ...] = ()
    workloads: tuple[str, ...] = ()  # references, even of those without pods
    attachments: tuple[Attachment, ...] = ()  # to its gateways, the preferred one first
    routing: str = "static"
    virtual_cidrs: tuple[IPNetwork, ...] = ()  # of pods, for other clusters; empty: not translated
    unmasqueraded: tuple[IPNetwork, ...] = ()  # further destinations that nodes do not SNAT for
    mtu: int | None = None  # of the pods' links; None: the network's default
    vnet: str = ""  # the VNet with its nodes
    subnet: str = ""  # of this VNet
    outbound: Outbound | None = None  # from this VNet to the internet
    namespaces: tuple[str, ...] = ()  # those of Namespace objects, and of other objects
    dns: ClusterDns | None = None
    http_proxies: tuple[HttpProxy, ...] = ()
    births: Births = field(default_factory=Births, compare=False, repr=False)

    def virtual(self, addresses: Iterable[IPAddress]) -> tuple[IPAddress, ...]:
        """Return the virtual addresses at which other clusters use these pod addresses.

        There are none if the cluster has no virtual_cidrs.
        """
        return tuple(
            mapped(address, virtual)
            for pods, virtual in zip(self.pod_cidrs, self.virtual_cidrs, strict=False)
            for address in addresses
            if address in pods
        )

    @property
    def api_addresses(self) -> tuple[IPAddress, ...]:
        """The ClusterIP of the API server, default/kubernetes, which runs in no lab."""
        return tuple(each[1] for each in self.service_cidrs[:1])

    @property
    def gateways(self) -> tuple[Gateway, ...]:
        """The cluster's gateway, or both replicas, the preferred one first.

        Empty if the cluster routes through the fabric, or is isolated.
        """
        return tuple(each.gateway for each in self.attachments)

    @property
    def is_on_fabric(self) -> bool:
        """Whether the nodes route through the fabric.

        They do if the cluster has no gateway and is neither isolated nor in a VNet.
        """
        return not self.attachments and not self.vnet and self.model != "isolated"

    @property
    def has_standby(self) -> bool:
        """Whether the gateway has two replicas. Nodes then learn by BGP which one to use."""
        return len(self.attachments) > 1

    @property
    def routers(self) -> tuple[IPInterface, ...]:
        """The addresses of the nodes' default gateways: the first host address of each node range.

        They belong to the cluster's gateway, or to the fabric.
        """
        return tuple(map(first_host, self.node_cidrs))

    def node(self, name: str) -> Node:
        """Return the node of this name. Raises KeyError."""
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
    mtu: int | None = None  # of the fabric's route to it
    zone: Mapping[str, tuple[IPAddress, ...] | str] = field(
        default_factory=dict, hash=False
    )  # its DNS names


@dataclass(frozen=True, slots=True)
class Machine:
    """A virtual machine in a subnet of a VNet."""

    name: str
    netns: str
    reference: str
    address: IPInterface
    ports: tuple[ListenPort, ...]


class Allowed(NamedTuple):
    """What a firewall lets through: packets of a protocol to a range, to one port or all."""

    network: IPNetwork
    protocol: Protocol
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Firewall:
    """A firewall of a VNet: a router from its subnet to the fabric, with a list of what it lets
    through. Packets leave with its public address."""

    name: str
    netns: str
    reference: str
    address: IPInterface  # in its subnet
    outside: IPInterface  # its public address, on the fabric
    allowed: tuple[Allowed, ...]


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet of a VNet. Its machines and the nodes in it have addresses of its range."""

    name: str
    network: IPNetwork
    machines: tuple[Machine, ...] = ()
    firewalls: tuple[Firewall, ...] = ()

    @property
    def router(self) -> IPInterface:
        """The VNet's address in the subnet, the default gateway of what is in it."""
        return first_host(self.network)


@dataclass(frozen=True, slots=True)
class VNet:
    """A virtual network of a cloud. It routes between its subnets, to what it is peered with, and
    to the fabric."""

    name: str
    netns: str
    reference: str
    ranges: tuple[IPNetwork, ...]
    subnets: tuple[Subnet, ...]
    outside: IPInterface  # its address on the fabric
    peered: tuple[IPNetwork, ...] = ()  # the ranges of the networks that it is peered with

    @property
    def machines(self) -> tuple[Machine, ...]:
        """The machines in all its subnets."""
        return tuple(machine for each in self.subnets for machine in each.machines)

    @property
    def firewalls(self) -> tuple[Firewall, ...]:
        """The firewalls in all its subnets."""
        return tuple(firewall for each in self.subnets for firewall in each.firewalls)


@dataclass(frozen=True, slots=True)
class DroppedPackets:
    """Packets that a fault drops: all of a protocol, or only those to a port or of an ICMP type."""

    protocol: Protocol
    port: int | None = None
    icmp_type: str | None = None


@dataclass(frozen=True, slots=True)
class LinkFailure:
    """A link that a fault sets down."""

    link: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that the scenario injects into one network namespace."""

    netns: str
    what: DroppedPackets | LinkFailure


@dataclass(frozen=True, slots=True)
class Topology:
    """A whole lab, and warnings for its author."""

    lab: str
    clusters: tuple[Cluster, ...]
    externals: tuple[External, ...]
    fabric: tuple[IPInterface, ...]  # its addresses in fabricCIDR: default gateways there
    vnets: tuple[VNet, ...] = ()
    clusterset: tuple[ClusterSetService, ...] = ()  # in the order of the oldest export of each
    warnings: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def fabric_netns(self) -> str:
        """The network namespace of the fabric, with the routers and bridges between nodes."""
        return netns_name(self.lab, FABRIC)

    def clusters_of(self, vnet: VNet) -> tuple[Cluster, ...]:
        """Return the clusters whose nodes are in a VNet."""
        return tuple(each for each in self.clusters if each.vnet == vnet.name)

    def public_addresses(self, vnet: VNet) -> tuple[IPAddress, ...]:
        """Return the public addresses of a VNet: its own, with which machines are seen, and those
        of the clusters in it."""
        own = vnet.outside.ip
        outbound = (each.outbound for each in self.clusters_of(vnet))
        return (own, *(address for each in outbound if each for address in each.addresses))

    def is_peered(self, address: IPAddress) -> bool:
        """Return whether an address belongs to a network that a VNet is peered with."""
        return any(
            each.version == address.version and address in each
            for vnet in self.vnets
            for each in vnet.peered
        )

    def clusters_in(self, vnet: VNet, subnet: Subnet) -> tuple[Cluster, ...]:
        """Return the clusters with nodes in a subnet."""
        place = vnet.name, subnet.name
        return tuple(each for each in self.clusters if (each.vnet, each.subnet) == place)

    def attachments(self, gateway: Gateway) -> tuple[tuple[Cluster, Attachment], ...]:
        """Return the clusters behind a gateway, each with its attachment to the gateway."""
        return tuple(
            (cluster, each)
            for cluster in self.clusters
            for each in cluster.attachments
            if each.gateway == gateway
        )

    def behind(self, gateway: Gateway) -> tuple[Cluster, ...]:
        """Return the clusters behind a gateway. There are several if they share it."""
        return tuple(cluster for cluster, _ in self.attachments(gateway))

    def own_gateways(self, cluster: Cluster) -> tuple[Gateway, ...]:
        """Return the gateways of this cluster, except those that an earlier cluster shares.

        So a loop over all clusters gets each gateway once.
        """
        return tuple(each.gateway for each in cluster.attachments if each.number == 1)

    def namespaces(self) -> Iterator[Namespace]:
        """Yield every network namespace of the lab, in creation order."""
        yield Namespace(servers_netns(self.lab), Role.SERVERS.value, Role.SERVERS)
        yield Namespace(self.fabric_netns, FABRIC, Role.FABRIC)
        for external in self.externals:
            yield Namespace(external.netns, external.reference, Role.EXTERNAL)
        for vnet in self.vnets:
            yield Namespace(vnet.netns, vnet.reference, Role.VNET)
            for machine in vnet.machines:
                yield Namespace(machine.netns, machine.reference, Role.MACHINE)
            for firewall in vnet.firewalls:
                yield Namespace(firewall.netns, firewall.reference, Role.FIREWALL)
        for cluster in self.clusters:
            for gateway in self.own_gateways(cluster):
                yield Namespace(gateway.netns, gateway.reference, Role.GATEWAY)
            for node in cluster.nodes:
                yield Namespace(node.netns, node.reference, Role.NODE)
            for pod in cluster.pods:
                if not pod.host_network:
                    yield Namespace(pod.netns, pod.reference, Role.POD)

    def assignment(self) -> Assignment:
        """Return what this lab has allocated, by owner."""
        addresses: dict[str, tuple[IPAddress, ...]] = {}
        for cluster in self.clusters:
            addresses |= {each.reference: ips_of(each.addresses) for each in cluster.nodes}
            addresses |= {
                each.reference: each.addresses for each in cluster.pods if not each.host_network
            }
            for service in cluster.services:
                if service.imported_from:
                    continue  # its address belongs to the exporting cluster, or the clusterset
                addresses[service.reference] = service.addresses
                if service.exported_pods:
                    addresses |= _exported_pods(service)
                elif service.exported:
                    addresses[export_owner(service.reference)] = service.exported
                if service.load_balancer_ips:
                    addresses[load_balancer_owner(service.reference)] = service.load_balancer_ips
            for gateway in cluster.gateways:
                addresses[gateway.reference] = ips_of(gateway.outside)
            if cluster.outbound is not None:
                for number, address in enumerate(cluster.outbound.addresses, 1):
                    addresses[outbound_owner(cluster.name, number)] = (address,)
        addresses |= {each.reference: each.addresses for each in self.clusterset if each.addresses}
        for vnet in self.vnets:
            addresses[vnet.reference] = (vnet.outside.ip,)
            addresses |= {each.reference: (each.address.ip,) for each in vnet.machines}
            for firewall in vnet.firewalls:
                addresses[firewall.reference] = (firewall.address.ip, firewall.outside.ip)
        nodes = [node for cluster in self.clusters for node in cluster.nodes]
        pods = [pod for cluster in self.clusters for pod in cluster.pods]
        return Assignment(
            addresses=addresses,
            pod_cidrs={node.reference: node.pod_cidrs for node in nodes},
            nodes={pod.reference: pod.node for pod in pods},
            node_ports=dict(self._node_ports()),
            events={each.name: each.births.events for each in self.clusters},
            seen={pod: count for each in self.clusters for pod, count in each.births.seen.items()},
            commands={
                container_owner(pod.reference, name): digest
                for pod in pods
                for name, digest in pod.commands.items()
            },
        )

    def _node_ports(self) -> Iterator[tuple[str, int]]:
        for cluster in self.clusters:
            for service in cluster.services:
                for port in service.ports:
                    if port.node_port is not None:
                        owner = node_port_owner(service.reference, port.port, port.protocol)
                        yield owner, port.node_port
                if service.health_check_port is not None:
                    yield health_check_owner(service.reference), service.health_check_port


def _exported_pods(service: Service) -> dict[str, tuple[IPAddress, ...]]:
    found: dict[str, tuple[IPAddress, ...]] = {}
    for each in service.exported_pods:
        owner = export_owner(service.reference, each.reference)
        found[owner] = (*found.get(owner, ()), each.outside)
    return found


def reference_of(cluster: str, kind: str, name: str, namespace: str = "default") -> str:
    """Return the full reference of an object, such as east/pod/web-0 or east/svc/web.prod."""
    suffix = "" if namespace == "default" else f".{namespace}"
    return f"{cluster}/{kind}/{name}{suffix}"


def link_name(*parts: str) -> str:
    """Return the name of a link: the parts joined by "_", which no Kubernetes name contains.

    A name is shortened and ends in a hash if it has over 15 characters or a dot, or is one of
    NO_LINK_NAMES. So the result has at most 15 characters.
    """
    name = "_".join(parts)
    if len(name) <= 15 and "." not in name and name not in NO_LINK_NAMES:
        return name
    return f"{name[:8].replace('.', '_')}_{sha256(name.encode()).hexdigest()[:6]}"
