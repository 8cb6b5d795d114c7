"""proxyMode: iptables. The chains that kube-proxy writes, with its names, order and comments.

      nat PREROUTING, OUTPUT ─▶ KUBE-SERVICES ─▶ KUBE-SVC-… (one a Service port)
                                                    └─▶ KUBE-SEP-… (one an endpoint) ─▶ DNAT
      nat POSTROUTING ─▶ KUBE-POSTROUTING: what KUBE-MARK-MASQ marked is masqueraded
      filter ─▶ KUBE-SERVICES: a Service without endpoints is refused

Source: kubernetes/pkg/proxy/iptables/proxier.go, v1.30.
"""

from base64 import b32encode
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_network

from nsnet.balancing import shares, usable
from nsnet.ruleset import endpoint as written
from nsnet.state import (
    Accept,
    Chain,
    Dnat,
    Drop,
    Fact,
    Family,
    Jump,
    MarkMatch,
    Masquerade,
    Match,
    Reject,
    Return,
    Rule,
    SetMark,
    Sysctl,
)
from nsnet.topology import Cluster, Endpoint, Service, ServicePort, of_family, single

MASQUERADE_MARK = 0x4000  # bit 14, kube-proxy's --iptables-masquerade-bit
MARKED = MarkMatch(MASQUERADE_MARK, MASQUERADE_MARK)
NOT_MARKED = MarkMatch(MASQUERADE_MARK, MASQUERADE_MARK, negated=True)
# Above so many endpoints kube-proxy leaves the comments of endpoint rules out.
LARGE_CLUSTER_ENDPOINTS = 1000


def iptables(cluster: Cluster) -> Iterator[Fact]:
    """The same chains on every node; nodes share the tuple, so a large lab holds it once."""
    versions = sorted({each.version for each in cluster.service_cidrs})
    chains = tuple(chain for family in versions for chain in _chains(cluster, family))
    for node in cluster.nodes:
        # A node may reach NodePorts at 127.0.0.1; KUBE-FIREWALL keeps others from reaching in.
        yield node.netns, Sysctl("net.ipv4.conf.all.route_localnet", "1")
        for chain in chains:
            yield node.netns, chain


def _chains(cluster: Cluster, family: Family) -> Iterator[Chain]:
    offered = [
        (service, port, usable(port.endpoints, family))
        for service in cluster.services
        for port in service.ports
        if of_family(service.addresses, family) is not None
    ]
    for table in ("filter", "mangle", "nat"):
        yield Chain(table, "KUBE-PROXY-CANARY", (), family)
    for name in ("KUBE-EXTERNAL-SERVICES", "KUBE-NODEPORTS", "KUBE-PROXY-FIREWALL"):
        yield Chain("filter", name, (), family)
    if family == 4:
        yield Chain("filter", "KUBE-FIREWALL", (_block_localnet(),))
    yield Chain("filter", "KUBE-FORWARD", _forwarding(), family)
    refused = tuple(_refuse(service, port, family) for service, port, found in offered if not found)
    yield Chain("filter", "KUBE-SERVICES", refused, family)
    yield Chain(
        "nat", "KUBE-MARK-MASQ", (Rule(target=_or_mark(), why="to be masqueraded"),), family
    )
    yield Chain("nat", "KUBE-POSTROUTING", _postrouting(), family)
    yield Chain("nat", "KUBE-NODEPORTS", (), family)
    dispatched = tuple(
        _dispatch(service, port, family) for service, port, found in offered if found
    )
    yield Chain("nat", "KUBE-SERVICES", (*dispatched, _node_ports()), family)
    large = sum(len(found) for _, _, found in offered) > LARGE_CLUSTER_ENDPOINTS
    for service, port, found in offered:
        if found:
            yield from _service(cluster, service, port, found, family, comments=not large)


def _service(
    cluster: Cluster,
    service: Service,
    port: ServicePort,
    endpoints: tuple[Endpoint, ...],
    family: Family,
    *,
    comments: bool,
) -> Iterator[Chain]:
    """KUBE-SVC-…, which chooses an endpoint, and a KUBE-SEP-… for each, which translates to it."""
    name = port_name(service, port)
    off_cluster = tuple(
        Rule(
            replace(_to_cluster_ip(service, port, family), not_src=pods),
            Jump("KUBE-MARK-MASQ"),
            why=f"{name}: not from a pod",
        )
        for pods in cluster.pod_cidrs
        if pods.version == family
    )
    chosen = tuple(
        Rule(
            Match(
                comment=f"{name} -> {written(each.address, each.port)}" if comments else "",
                probability=probability,
            ),
            Jump(_sep(name, port, each)),
            why=f"{name}: endpoint {number} of {len(endpoints)}",
        )
        for number, (each, probability) in enumerate(shares(endpoints), 1)
    )
    yield Chain("nat", _svc(name, port), (*off_cluster, *chosen), family)
    for each in endpoints:
        comment = name if comments else ""
        yield Chain(
            "nat",
            _sep(name, port, each),
            (
                Rule(
                    Match(src=single(each.address), comment=comment),
                    Jump("KUBE-MARK-MASQ"),
                    why=f"{name}: a pod that reaches itself",
                ),
                Rule(
                    Match(protocol=port.protocol, comment=comment),
                    Dnat(each.address, each.port),
                    why=f"{name}: {each.reference}",
                ),
            ),
            family,
        )


def port_name(service: Service, port: ServicePort) -> str:
    """kube-proxy's name of a Service port: ns/name:portname, or ns/name where the port has none."""
    suffix = f":{port.name}" if port.name else ""
    return f"{service.namespace}/{service.name}{suffix}"


def chain_hash(text: str) -> str:
    """kube-proxy's 16 characters that stand for a Service port or an endpoint."""
    return b32encode(sha256(text.encode()).digest())[:16].decode()


def _svc(name: str, port: ServicePort) -> str:
    return f"KUBE-SVC-{chain_hash(f'{name}{port.protocol}')}"


def _sep(name: str, port: ServicePort, each: Endpoint) -> str:
    return f"KUBE-SEP-{chain_hash(f'{name}{port.protocol}{written(each.address, each.port)}')}"


def _to_cluster_ip(service: Service, port: ServicePort, family: Family) -> Match:
    address = of_family(service.addresses, family)
    assert address is not None  # _chains offers only Services of this family
    return Match(
        dst=single(address),
        protocol=port.protocol,
        dport=port.port,
        comment=f"{port_name(service, port)} cluster IP",
    )


def _dispatch(service: Service, port: ServicePort, family: Family) -> Rule:
    name = port_name(service, port)
    return Rule(_to_cluster_ip(service, port, family), Jump(_svc(name, port)), why=name)


def _refuse(service: Service, port: ServicePort, family: Family) -> Rule:
    name = port_name(service, port)
    match = replace(_to_cluster_ip(service, port, family), comment=f"{name} has no endpoints")
    return Rule(match, Reject(), why=f"{name} has no endpoints")


def _node_ports() -> Rule:
    comment = "kubernetes service nodeports; NOTE: this must be the last rule in this chain"
    return Rule(Match(comment=comment, dst_type="LOCAL"), Jump("KUBE-NODEPORTS"), why="NodePorts")


def _or_mark() -> SetMark:
    return SetMark(MASQUERADE_MARK, MASQUERADE_MARK)


def _postrouting() -> tuple[Rule, ...]:
    comment = "kubernetes service traffic requiring SNAT"
    return (
        Rule(Match(mark=NOT_MARKED), Return(), why="not marked: keeps its source"),
        Rule(Match(), SetMark(MASQUERADE_MARK, 0), why="the mark has done its work"),
        Rule(Match(comment=comment), Masquerade(random_fully=True), why="marked: masqueraded"),
    )


def _forwarding() -> tuple[Rule, ...]:
    return (
        # A packet that conntrack cannot place would pass un-NATed, and the client reset its
        # connection.
        Rule(Match(ctstate=("INVALID",)), Drop(), why="no connection of ours"),
        Rule(Match(comment="kubernetes forwarding rules", mark=MARKED), Accept(), why="a Service"),
        Rule(
            Match(
                comment="kubernetes forwarding conntrack rule", ctstate=("RELATED", "ESTABLISHED")
            ),
            Accept(),
            why="an answer",
        ),
    )


def _block_localnet() -> Rule:
    localnet = ip_network("127.0.0.0/8")
    match = Match(
        dst=localnet,
        not_src=localnet,
        comment="block incoming localnet connections",
        not_ctstate=("RELATED", "ESTABLISHED", "DNAT"),
    )
    return Rule(match, Drop(), why="127.0.0.0/8 is this node's alone")
