"""What a client of a Service sees: the verdict, the servers that may answer, and the source that
the server sees. This follows from Kubernetes' rules and the routes of a lab, not from netfilter
rules.

The lab has two nodes, and pods are routed (inside the cluster, the server sees a pod's own
address). Where the specification leaves the outcome open, `Open` says why, and nothing is asserted.
"""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Literal

from tests.support import kube_proxy as kp

Mode = Literal["iptables", "nftables", "ipvs"]
Kind = Literal["ClusterIP", "externalIP", "LB VIP", "NodePort", "localhost NodePort"]
KINDS: tuple[Kind, ...] = ("ClusterIP", "externalIP", "LB VIP", "NodePort", "localhost NodePort")


@dataclass(frozen=True, slots=True)
class Host:
    """A node: eth0 in the network of the nodes, cbr0 towards its pods."""

    node: kp.Node
    eth0: str
    cbr0: str


@dataclass(frozen=True, slots=True)
class Client:
    """A client: a pod (on `node`), a node itself, or an external host (`node` is "")."""

    reference: str
    address: str
    node: str = ""
    is_node: bool = False

    @property
    def is_pod(self) -> bool:
        return bool(self.node) and not self.is_node


@dataclass(frozen=True, slots=True)
class World:
    """The lab around the Services."""

    family: int
    hosts: tuple[Host, ...]
    servers: dict[str, str]  # reference of the pod that has an endpoint's address:port
    on_host: frozenset[str]  # endpoints on the host's network
    localhost_node_ports: bool = True

    def host(self, name: str) -> Host:
        return next(each for each in self.hosts if each.node.name == name)


@dataclass(frozen=True, slots=True)
class Target:
    """The address and port that the client uses; `node` is the node of a NodePort."""

    kind: Kind
    address: str
    port: int
    node: str = ""


@dataclass(frozen=True, slots=True)
class Specified:
    """The verdict of every attempt, and the possible pairs of (server, source that it sees)."""

    verdict: Literal["ok", "refused", "timeout"]
    answers: frozenset[tuple[str, str]] = frozenset()

    @property
    def servers(self) -> frozenset[str]:
        return frozenset(server for server, _ in self.answers)


@dataclass(frozen=True, slots=True)
class Open:
    """An outcome that the specification leaves open."""

    why: str


REFUSED, TIMEOUT = Specified("refused"), Specified("timeout")


@dataclass(frozen=True, slots=True)
class Question:
    """A client asks for a Service's port at one of its addresses."""

    world: World
    service: kp.Service
    port: kp.Port
    target: Target
    client: Client
    mode: Mode = "iptables"

    @property
    def is_internal(self) -> bool:
        return self.target.kind == "ClusterIP"

    @property
    def is_local(self) -> bool:
        """Whether the traffic policy that applies is Local."""
        if self.is_internal:
            return self.service.internal_policy == "Local"
        return kp.external_local(self.service)

    @property
    def is_forbidden(self) -> bool:
        """Whether loadBalancerSourceRanges exclude the client. They apply to the load balancer's
        address only."""
        ranges = kp.source_ranges(self.service, self.world.family)
        return (
            self.target.kind == "LB VIP"
            and bool(ranges)
            and not any(ip_address(self.client.address) in ip_network(each) for each in ranges)
        )

    def choice(self, host: Host) -> kp.Choice:
        return kp.choose(self.service, self.port, host.node, self.world.family)


def expected(asked: Question) -> Specified | Open:
    """Return the outcome of a new connection, or of a datagram."""
    target, client, world = asked.target, asked.client, asked.world
    if target.kind == "localhost NodePort":
        return _localhost(asked)
    if target.kind == "LB VIP" and not client.node:
        return _from_outside_to_vip(asked)
    if not client.node and target.kind != "NodePort":
        return Open("no route from outside leads to this address")
    # A NodePort is translated on its node, any other address on the client's own.
    return _translated_by(asked, world.host(target.node or client.node))


def _localhost(asked: Question) -> Specified | Open:
    """Return the outcome for 127.0.0.1:NODEPORT on the client's own node."""
    world = asked.world
    host = world.host(asked.client.node)
    choice = asked.choice(host)
    if asked.mode == "ipvs":
        return Open("read in code and never run: loopback sources return from KUBE-SERVICES")
    if asked.mode == "nftables":
        return REFUSED  # nothing listens there
    if world.family == 4 and world.localhost_node_ports:
        return _answered(asked, host, choice.cluster, masqueraded=True) if choice.exist else REFUSED
    # It is not DNATed, but the filter rules still match destinations of type LOCAL.
    here = choice.local if asked.is_local else choice.cluster
    return TIMEOUT if choice.exist and not here else REFUSED


def _from_outside_to_vip(asked: Question) -> Specified | Open:
    """Return the outcome for an external client: the fabric distributes connections over the nodes
    whose health check is positive."""
    healthy = [
        host
        for host in asked.world.hosts
        if not asked.is_local
        or any(each.ready and each.node == host.node.name for each in asked.port.endpoints)
    ]
    if not healthy:
        return TIMEOUT  # the fabric has a blackhole route
    outcomes = [_translated_by(asked, host) for host in healthy]
    for each in outcomes:
        if isinstance(each, Open):
            return each
    found = [each for each in outcomes if isinstance(each, Specified)]
    if len({each.verdict for each in found}) > 1:
        return Open("the nodes give different verdicts")
    return Specified(found[0].verdict, frozenset().union(*(each.answers for each in found)))


def _translated_by(asked: Question, host: Host) -> Specified | Open:
    """Return the outcome if this node translates the address."""
    client, choice = asked.client, asked.choice(host)
    own_node = client.is_node and client.node == host.node.name
    vip = asked.target.kind in ("LB VIP", "externalIP")
    if asked.mode == "ipvs":
        return _by_ipvs(asked, host, choice, own_node=own_node)
    if asked.is_forbidden and asked.mode == "nftables" and not own_node:
        return TIMEOUT  # its firewall chain drops in PREROUTING, with and without endpoints
    if not choice.exist:
        if vip and own_node and asked.mode == "iptables":
            return Open(
                "OUTPUT has no jump to KUBE-EXTERNAL-SERVICES: the packet is routed to the fabric"
            )
        return REFUSED
    if asked.is_forbidden:
        return TIMEOUT
    if asked.is_internal:
        endpoints = choice.local if asked.is_local else choice.cluster
        # Only replies to pods are certain to return through this node.
        return _answered(asked, host, endpoints, masqueraded=not client.is_pod)
    if not asked.is_local:
        return _answered(asked, host, choice.cluster, masqueraded=True)
    # externalTrafficPolicy Local: packets from pods and from this node itself may be sent to all
    # endpoints, as if they had come back from a load balancer (the short circuit).
    if own_node and vip and asked.mode == "nftables" and not choice.local:
        return Open("its filter chain drops in OUTPUT, before the NAT of the short circuit")
    if own_node:
        return _answered(asked, host, choice.cluster, masqueraded=True)
    if client.is_pod:
        return _answered(asked, host, choice.cluster, masqueraded=False)
    return _answered(asked, host, choice.local, masqueraded=False)


def _by_ipvs(asked: Question, host: Host, choice: kp.Choice, *, own_node: bool) -> Specified | Open:
    if any(str(each) in asked.world.on_host for each in asked.port.endpoints):
        return Open("IPVS delivers packets for the node itself locally: not specified")
    if asked.is_forbidden:  # the filter table precedes IPVS
        return Open("KUBE-IPVS-OUT-FILTER matches replies") if own_node else TIMEOUT
    if not choice.exist:
        return REFUSED  # by IPVS itself
    # There is no short circuit; without a local endpoint, all endpoints are used.
    if not asked.is_local:
        masqueraded = not (asked.is_internal and asked.client.is_pod)
        return _answered(asked, host, choice.cluster, masqueraded=masqueraded)
    if own_node and not asked.is_internal:
        return Open("not masqueraded, and the address of the VIP may be the source")
    masqueraded = asked.is_internal and not asked.client.is_pod
    endpoints = choice.local or choice.cluster
    if not asked.is_internal and not choice.local and kp.external_local(asked.service):
        ready = [each for each in asked.port.endpoints if each.ready]
        endpoints = tuple(ready) or choice.cluster
    if not endpoints:
        return REFUSED
    if any(each.address == asked.client.address and each not in choice.local for each in endpoints):
        return Open("KUBE-LOOP-BACK has only the node's own endpoints: no SNAT")
    return _answered(asked, host, endpoints, masqueraded=masqueraded)


def _answered(
    asked: Question, host: Host, endpoints: tuple[kp.Endpoint, ...], *, masqueraded: bool
) -> Specified | Open:
    """Return that one of these endpoints answers, and sees the client or this node; if there are
    none, that the packet is dropped."""
    world, client = asked.world, asked.client
    answers: set[tuple[str, str]] = set()
    for each in endpoints:
        server = world.servers[str(each)]
        here = each.node == host.node.name
        on_host = str(each) in world.on_host
        hairpin = each.address == client.address
        if here and on_host and client.node == host.node.name and client.is_node:
            # Through lo, whose addresses are host-scoped: the kernel selects another of the node's.
            answers |= {(server, host.eth0), (server, host.cbr0)}
        elif here and on_host:
            answers.add(
                (server, client.address)
            )  # delivered locally: it does not traverse POSTROUTING
        elif masqueraded or hairpin:
            answers.add((server, host.cbr0 if here else host.eth0))
        elif here or client.node == host.node.name:
            answers.add((server, client.address))
        else:
            return Open(
                f"the reply of {server} to {client.reference} would bypass {host.node.name}"
            )
    return Specified("ok", frozenset(answers)) if answers else TIMEOUT
