"""What a client of a Service sees, by Kubernetes' rules and the routes of a lab, not by anybody's
netfilter rules: how it ends, who may answer, and the source that the server sees.

A lab of two nodes whose pods are routed (the server sees a pod's own address inside the cluster).
Where the specification leaves the outcome open, it says why and nothing is asserted.
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
    """A node: eth0 in the underlay, cbr0 in front of its pods."""

    node: kp.Node
    eth0: str
    cbr0: str


@dataclass(frozen=True, slots=True)
class Client:
    """A client: a pod (on `node`), a node itself, or a host outside (`node` is "")."""

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
    servers: dict[str, str]  # the reference of the holder of an endpoint's address:port
    on_host: frozenset[str]  # endpoints in the network of their node
    localhost_node_ports: bool = True

    def host(self, name: str) -> Host:
        return next(each for each in self.hosts if each.node.name == name)


@dataclass(frozen=True, slots=True)
class Target:
    """What the client addresses; `node`: whose NodePort."""

    kind: Kind
    address: str
    port: int
    node: str = ""


@dataclass(frozen=True, slots=True)
class Specified:
    """How every attempt ends, and each (server, source that it sees) that is possible."""

    verdict: Literal["ok", "refused", "timeout"]
    answers: frozenset[tuple[str, str]] = frozenset()

    @property
    def servers(self) -> frozenset[str]:
        return frozenset(server for server, _ in self.answers)


@dataclass(frozen=True, slots=True)
class Open:
    """Not said by the specification."""

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
        """The traffic policy that counts is Local."""
        if self.is_internal:
            return self.service.internal_policy == "Local"
        return kp.external_local(self.service)

    @property
    def is_forbidden(self) -> bool:
        """loadBalancerSourceRanges leave the client out. They hold for the VIP alone."""
        ranges = kp.source_ranges(self.service, self.world.family)
        return (
            self.target.kind == "LB VIP"
            and bool(ranges)
            and not any(ip_address(self.client.address) in ip_network(each) for each in ranges)
        )

    def choice(self, host: Host) -> kp.Choice:
        return kp.choose(self.service, self.port, host.node, self.world.family)


def expected(asked: Question) -> Specified | Open:
    """The outcome of a new connection, or of a datagram."""
    target, client, world = asked.target, asked.client, asked.world
    if target.kind == "localhost NodePort":
        return _localhost(asked)
    if target.kind == "LB VIP" and not client.node:
        return _from_outside_to_vip(asked)
    if not client.node and target.kind != "NodePort":
        return Open("no route from outside leads to this address")
    # A NodePort is caught on its node, any other address on the client's own.
    return _caught(asked, world.host(target.node or client.node))


def _localhost(asked: Question) -> Specified | Open:
    """127.0.0.1:NODEPORT on the client's own node."""
    world = asked.world
    host = world.host(asked.client.node)
    choice = asked.choice(host)
    if asked.mode == "ipvs":
        return Open("read in code and never run: loopback sources return from KUBE-SERVICES")
    if asked.mode == "nftables":
        return REFUSED  # nothing listens there
    if world.family == 4 and world.localhost_node_ports:
        return _answered(asked, host, choice.cluster, masqueraded=True) if choice.exist else REFUSED
    # It is not DNATed, but the filter still matches what is LOCAL.
    here = choice.local if asked.is_local else choice.cluster
    return TIMEOUT if choice.exist and not here else REFUSED


def _from_outside_to_vip(asked: Question) -> Specified | Open:
    """The fabric spreads over the nodes that say they are healthy, connection by connection."""
    healthy = [
        host
        for host in asked.world.hosts
        if not asked.is_local
        or any(each.ready and each.node == host.node.name for each in asked.port.endpoints)
    ]
    if not healthy:
        return TIMEOUT  # a blackhole
    outcomes = [_caught(asked, host) for host in healthy]
    for each in outcomes:
        if isinstance(each, Open):
            return each
    found = [each for each in outcomes if isinstance(each, Specified)]
    if len({each.verdict for each in found}) > 1:
        return Open("the nodes do not agree")
    return Specified(found[0].verdict, frozenset().union(*(each.answers for each in found)))


def _caught(asked: Question, host: Host) -> Specified | Open:
    """The node that does the work."""
    client, choice = asked.client, asked.choice(host)
    own_node = client.is_node and client.node == host.node.name
    vip = asked.target.kind in ("LB VIP", "externalIP")
    if asked.mode == "ipvs":
        return _by_ipvs(asked, host, choice, own_node=own_node)
    if asked.is_forbidden and asked.mode == "nftables" and not own_node:
        return TIMEOUT  # its firewall asks first in PREROUTING, whether there is anybody or not
    if not choice.exist:
        if vip and own_node and asked.mode == "iptables":
            return Open("KUBE-EXTERNAL-SERVICES is not asked in OUTPUT: it leaves for the fabric")
        return REFUSED
    if asked.is_forbidden:
        return TIMEOUT
    if asked.is_internal:
        endpoints = choice.local if asked.is_local else choice.cluster
        # Of the sources only pods have a way back that passes this node for sure.
        return _answered(asked, host, endpoints, masqueraded=not client.is_pod)
    if not asked.is_local:
        return _answered(asked, host, choice.cluster, masqueraded=True)
    # externalTrafficPolicy Local: what pods and this node itself send goes to all, as if it went
    # out and came back by a load balancer.
    if own_node and vip and asked.mode == "nftables" and not choice.local:
        return Open("its filter drops in OUTPUT before the NAT that would take the short way")
    if own_node:
        return _answered(asked, host, choice.cluster, masqueraded=True)
    if client.is_pod:
        return _answered(asked, host, choice.cluster, masqueraded=False)
    return _answered(asked, host, choice.local, masqueraded=False)


def _by_ipvs(asked: Question, host: Host, choice: kp.Choice, *, own_node: bool) -> Specified | Open:
    if any(str(each) in asked.world.on_host for each in asked.port.endpoints):
        return Open("IPVS hands packets for the node itself to itself: not specified")
    if asked.is_forbidden:  # the filter comes before IPVS
        return Open("KUBE-IPVS-OUT-FILTER looks at answers") if own_node else TIMEOUT
    if not choice.exist:
        return REFUSED  # by IPVS itself
    # No short circuit, but without a local endpoint all count.
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
    """One of these, which sees the client or this node; a DROP where there is none."""
    world, client = asked.world, asked.client
    answers: set[tuple[str, str]] = set()
    for each in endpoints:
        server = world.servers[str(each)]
        here = each.node == host.node.name
        on_host = str(each) in world.on_host
        hairpin = each.address == client.address
        if here and on_host and client.node == host.node.name and client.is_node:
            # By lo, which has no address for others: the kernel takes one of the node's.
            answers |= {(server, host.eth0), (server, host.cbr0)}
        elif here and on_host:
            answers.add((server, client.address))  # delivered here: POSTROUTING is not passed
        elif masqueraded or hairpin:
            answers.add((server, host.cbr0 if here else host.eth0))
        elif here or client.node == host.node.name:
            answers.add((server, client.address))
        else:
            return Open(f"{server} would answer {client.reference} past {host.node.name}")
    return Specified("ok", frozenset(answers)) if answers else TIMEOUT
