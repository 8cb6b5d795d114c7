"""proxyMode: nftables. The table that kube-proxy writes, with its names, order and comments.

  filter-…  (before DNAT) ─▶ …-check ─▶ maps of what is refused or dropped, firewall-…
  nat-prerouting, nat-output ─▶ services ─▶ service-ips, service-nodeports (maps)
      ─▶ [external-…] ─▶ service-… or local-… (one a Service port) ─▶ endpoint-… ─▶ DNAT
  nat-postrouting ─▶ masquerading: what mark-for-masquerade marked is masqueraded

No rule drops what conntrack calls INVALID, and no setting (nf_conntrack_tcp_be_liberal) makes up
for it: kube-proxy leaves both to the administrator in this mode. 127.0.0.1 never is a NodePort's
address, so route_localnet stays off. Nothing filters INPUT: a healthCheckNodePort needs no rule.

Source: kubernetes/pkg/proxy/nftables/proxier.go, v1.30.
"""

from base64 import b32encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from hashlib import sha256
from ipaddress import ip_network
from typing import Final, NamedTuple

from nsnet.balancing import Candidates, candidates
from nsnet.services.kube_proxy import MASQUERADE_MARK, port_name
from nsnet.state import (
    KUBE_PROXY,
    Base,
    Chain,
    Dnat,
    Drop,
    Element,
    Fact,
    Family,
    Goto,
    IPAddress,
    IPNetwork,
    Jump,
    Lookup,
    MarkMatch,
    Masquerade,
    Match,
    NftMap,
    NftSet,
    Reject,
    Remember,
    Return,
    Rule,
    SetMark,
    Spread,
    Target,
)
from nsnet.topology import Cluster, Endpoint, Node, Service, ServicePort, of_family, only, single

LONGEST_BASE = 240  # of a chain's name, without its prefix
REJECT: Final = Goto("reject-chain")
MARK_MASQ: Final = Jump("mark-for-masquerade")
NEW: Final = Match(ctstate=("NEW",))
LOCALHOST: Final[dict[Family, IPNetwork]] = {4: ip_network("127.0.0.0/8"), 6: ip_network("::1")}

# name, its kind, hook and priority, and the chains it jumps to with new connections or (nat) all.
BASES: Final[tuple[tuple[str, Base, tuple[str, ...]], ...]] = (
    # Filters see the address that the client asked for: they come before DNAT.
    ("filter-prerouting", Base("filter", "prerouting", -110), ("firewall-check",)),
    (
        "filter-input",
        Base("filter", "input", -110),
        ("nodeport-endpoints-check", "service-endpoints-check"),
    ),
    (
        "filter-forward",
        Base("filter", "forward", -110),
        ("service-endpoints-check", "cluster-ips-check"),
    ),
    (
        "filter-output",
        Base("filter", "output", -110),
        ("service-endpoints-check", "firewall-check"),
    ),
    # What a node sends to a ClusterIP and is no Service's is seen once DNAT has had its chance.
    ("filter-output-post-dnat", Base("filter", "output", -90), ("cluster-ips-check",)),
    ("nat-prerouting", Base("nat", "prerouting", -100), ("services",)),
    ("nat-output", Base("nat", "output", -100), ("services",)),
    ("nat-postrouting", Base("nat", "postrouting", 100), ("masquerading",)),
)
MAPS: Final[tuple[tuple[str, bool, str], ...]] = (  # name, by address, comment
    ("firewall-ips", True, "destinations that are subject to LoadBalancerSourceRanges"),
    (
        "no-endpoint-nodeports",
        False,
        "vmap to drop or reject packets to service nodeports with no endpoints",
    ),
    (
        "no-endpoint-services",
        True,
        "vmap to drop or reject packets to services with no endpoints",
    ),
    ("service-ips", True, "ClusterIP, ExternalIP and LoadBalancer IP traffic"),
    ("service-nodeports", False, "NodePort traffic"),
)


class _Port(NamedTuple):
    """What one port of a Service brings into a node's table."""

    cluster_ip: IPAddress
    elements: tuple[tuple[str, Element], ...]  # each with the name of its map
    chains: tuple[Chain, ...]
    affinity: tuple[NftSet, ...]


def nftables(cluster: Cluster) -> Iterator[Fact]:
    """Each node's table, in both families where the Services have both. Nodes share what is the
    same on all, so a large lab holds it once."""
    for family in sorted({each.version for each in cluster.service_cidrs}):
        offered = [
            (service, port)
            for service in cluster.services
            for port in service.ports
            if service.proxied and of_family(service.addresses, family) is not None
        ]
        same = {
            id(port): _port(cluster, service, port, cluster.nodes[0], family)
            for service, port in offered
            if not _differs(service, port)
        }
        fixed = tuple(_fixed(cluster, family))
        pieces: tuple[Chain | NftSet | NftMap, ...] = ()
        for node in cluster.nodes:
            if not pieces or len(same) < len(offered):
                ports = [
                    same.get(id(port)) or _port(cluster, service, port, node, family)
                    for service, port in offered
                ]
                pieces = (*fixed, *_filled(ports, family))
            for piece in pieces:
                yield node.netns, piece
            if not _every_address(cluster, family):
                yield node.netns, _node_port_ips(cluster, node, family)


def _differs(service: Service, port: ServicePort) -> bool:
    """The port's part of the table is not the same on every node."""
    local = service.internal_local or service.external_local
    return bool(local or service.source_ranges or any(each.zones for each in port.endpoints))


def _fixed(cluster: Cluster, family: Family) -> Iterator[Chain]:
    """The chains that are there without any Service."""

    def chain(name: str, *rules: tuple[Match, Target], comment: str = "") -> Chain:
        written = tuple(Rule(*each) for each in rules)
        return Chain(KUBE_PROXY, name, written, family, comment=comment)

    for name, base, jumps in BASES:
        match = NEW if base.kind == "filter" else Match()
        rules = tuple(Rule(match, Jump(each)) for each in jumps)
        yield Chain(KUBE_PROXY, name, rules, family, base)
    to_node = _to_node(cluster, family)
    yield chain("nodeport-endpoints-check", (to_node, Lookup("no-endpoint-nodeports", False)))
    yield chain("service-endpoints-check", (Match(), Lookup("no-endpoint-services", True)))
    yield chain("firewall-check", (Match(), Lookup("firewall-ips", True)))
    yield chain(
        "services",
        (Match(), Lookup("service-ips", True)),
        (to_node, Lookup("service-nodeports", False)),
    )
    known = Match(dst_set="cluster-ips", comment="Reject traffic to invalid ports of ClusterIPs")
    unallocated = "Drop traffic to unallocated ClusterIPs"
    ranges = [each for each in cluster.service_cidrs if each.version == family]
    yield chain(
        "cluster-ips-check",
        (known, Reject()),
        *((Match(dst=each, comment=unallocated), Drop()) for each in ranges),
    )
    yield chain(
        "masquerading",
        (Match(mark=MarkMatch(0, MASQUERADE_MARK)), Return()),
        (Match(), SetMark(MASQUERADE_MARK, 0)),
        (Match(), Masquerade(random_fully=True)),
    )
    yield chain("mark-for-masquerade", (Match(), SetMark(MASQUERADE_MARK, MASQUERADE_MARK)))
    comment = "helper for @no-endpoint-services / @no-endpoint-nodeports"
    yield chain("reject-chain", (Match(), Reject()), comment=comment)


def _every_address(cluster: Cluster, family: Family) -> bool:
    """NodePorts are open at all addresses of a node: a range says so, or there is none of the
    family among the ranges."""
    ranges = cluster.proxy.node_port_addresses
    mine = [each for each in ranges if each.version == family]
    return bool(ranges) and (not mine or any(each.prefixlen == 0 for each in mine))


def _to_node(cluster: Cluster, family: Family) -> Match:
    if _every_address(cluster, family):
        return Match(dst_type="LOCAL", not_dst=LOCALHOST[family])
    return Match(dst_set="nodeport-ips")


def _node_port_ips(cluster: Cluster, node: Node, family: Family) -> NftSet:
    """The node's own address, or those that lie in nodePortAddresses."""
    ranges = cluster.proxy.node_port_addresses
    addresses = [each for each in only(node.addresses) if each.version == family][:1]
    if ranges:
        everything = (*only(node.addresses), *only(node.bridge))
        addresses = [each for each in everything if any(each in within for within in ranges)]
    mine = tuple(each for each in addresses if each.version == family)
    return NftSet("nodeport-ips", mine, family, "IPs that accept NodePort traffic")


def _filled(ports: list[_Port], family: Family) -> Iterator[Chain | NftSet | NftMap]:
    """The sets and maps with what the Services' ports put in, and the ports' own chains."""
    addresses = tuple(dict.fromkeys(each.cluster_ip for each in ports))
    yield NftSet("cluster-ips", addresses, family, "Active ClusterIPs")
    # Where two Services claim one address and port, the first has it.
    held: dict[str, dict[object, Element]] = {name: {} for name, _, _ in MAPS}
    for each in ports:
        for name, element in each.elements:
            held[name].setdefault((element.address, element.protocol, element.port), element)
    for name, by_address, comment in MAPS:
        yield NftMap(name, by_address, tuple(held[name].values()), family, comment)
    for each in ports:
        yield from each.affinity
        yield from each.chains


def _port(
    cluster: Cluster, service: Service, port: ServicePort, node: Node, family: Family
) -> _Port:
    name = f"{service.namespace}/{service.name}/{port.protocol}/{port.name}"
    found = candidates(service, port, node, family)
    address = of_family(service.addresses, family)
    assert address is not None  # only Services of this family are offered
    pods = tuple(each for each in cluster.pod_cidrs if each.version == family)
    everybody = cluster.proxy.masquerade_all
    here = _Here(service, port, node, family, address, found, name, based(name), pods, everybody)
    affinity = tuple(
        NftSet(here.affinity(each), family=family, timeout=service.affinity_seconds)
        for each in here.reachable
        if service.affinity_seconds is not None
    )
    chains = (*_choosing(here), *_external(here), *_firewall(here), *_endpoints(here))
    return _Port(address, tuple(_elements(here)), chains, affinity)


class _Here(NamedTuple):
    """One port of a Service as one node sees it."""

    service: Service
    port: ServicePort
    node: Node
    family: Family
    cluster_ip: IPAddress
    found: Candidates
    name: str  # ns/name/protocol/port
    base: str  # of the names of its chains
    pods: tuple[IPNetwork, ...]
    masquerade_all: bool

    @property
    def is_external(self) -> bool:
        return self.service.is_external(self.port, self.family)

    @property
    def load_balancer_ips(self) -> list[IPAddress]:
        return [each for each in self.service.load_balancer_ips if each.version == self.family]

    @property
    def source_ranges(self) -> list[IPNetwork]:
        return [each for each in self.service.source_ranges if each.version == self.family]

    @property
    def has_firewall(self) -> bool:
        return bool(self.load_balancer_ips and self.source_ranges)

    @property
    def inside(self) -> tuple[str, bool]:
        """The chain for the ClusterIP, and whether it has an endpoint."""
        return self._policy(self.service.internal_local)

    @property
    def outside(self) -> tuple[str, bool]:
        """The chain for all other addresses, and whether it has an endpoint."""
        return self._policy(self.service.external_local)

    def _policy(self, local: bool) -> tuple[str, bool]:
        if local:
            return f"local-{self.base}", bool(self.found.local)
        return f"service-{self.base}", self.found.anywhere

    @property
    def reachable(self) -> tuple[Endpoint, ...]:
        return tuple(dict.fromkeys((*self.found.cluster, *self.found.local)))

    def endpoint(self, each: Endpoint) -> str:
        return f"endpoint-{self._endpoint_base(each)}"

    def affinity(self, each: Endpoint) -> str:
        return f"affinity-{self._endpoint_base(each)}"

    def _endpoint_base(self, each: Endpoint) -> str:
        # A colon is for nft what it is for people: it cannot stand in a name.
        return based(f"{self.name}__{str(each.address).replace(':', '.')}/{each.port}")

    def chain(self, name: str, rules: Iterable[tuple[Match, Target]]) -> Chain:
        why = port_name(self.service, self.port)
        written = tuple(Rule(match, target, why) for match, target in rules)
        return Chain(KUBE_PROXY, name, written, self.family)


def based(name: str) -> str:
    """kube-proxy's name of a Service port or an endpoint: a hash, so that a cut name is one of its
    own."""
    whole = f"{b32encode(sha256(name.encode()).digest())[:8].decode()}-{name}"
    return whole if len(whole) <= LONGEST_BASE else f"{whole[: LONGEST_BASE - 3]}..."


def _elements(here: _Here) -> Iterator[tuple[str, Element]]:
    """What is sent on, and what is refused (no endpoint at all) or dropped (none on this node).

    Both, where the node's own clients have endpoints elsewhere and others have none here.
    """
    protocol, comment = here.port.protocol, port_name(here.service, here.port)
    missing = Drop() if here.found.anywhere else REJECT

    def to(target: Goto | Drop, address: IPAddress, comment: str = "") -> Element:
        return Element(protocol, here.port.port, target, address, comment)

    chain, served = here.inside
    if served:
        yield "service-ips", to(Goto(chain), here.cluster_ip)
    else:
        yield "no-endpoint-services", to(missing, here.cluster_ip, comment)
    _, served = here.outside
    external = Goto(f"external-{here.base}")
    external_ips = [each for each in here.service.external_ips if each.version == here.family]
    for address in (*external_ips, *here.load_balancer_ips):
        if here.found.anywhere:
            yield "service-ips", to(external, address)
        if not served:
            yield "no-endpoint-services", to(missing, address, comment)
    for address in here.load_balancer_ips if here.has_firewall else ():
        yield "firewall-ips", to(Goto(f"firewall-{here.base}"), address, comment)
    if here.port.node_port is not None:
        if here.found.anywhere:
            yield "service-nodeports", Element(protocol, here.port.node_port, external)
        if not served:
            refused = Element(protocol, here.port.node_port, missing, comment=comment)
            yield "no-endpoint-nodeports", refused


def _choosing(here: _Here) -> Iterator[Chain]:
    """service-… and local-…, which choose an endpoint; what comes for the ClusterIP from no pod is
    marked first."""
    inside, _ = here.inside
    to_cluster_ip = Match(
        dst=single(here.cluster_ip), protocol=here.port.protocol, dport=here.port.port
    )
    for policy, endpoints in (("service", here.found.cluster), ("local", here.found.local)):
        name = f"{policy}-{here.base}"
        if not endpoints:
            continue
        rules: list[tuple[Match, Target]] = []
        if name == inside and here.masquerade_all:
            rules.append((to_cluster_ip, MARK_MASQ))
        elif name == inside:
            rules += [(replace(to_cluster_ip, not_src=each), MARK_MASQ) for each in here.pods]
        if here.service.affinity_seconds is not None:
            rules += [
                (Match(src_set=here.affinity(each)), Goto(here.endpoint(each)))
                for each in endpoints
            ]
        rules.append((Match(), Spread(tuple(here.endpoint(each) for each in endpoints))))
        yield here.chain(name, rules)


def _external(here: _Here) -> Iterator[Chain]:
    """external-…: for every address but the ClusterIP."""
    if not (here.found.anywhere and here.is_external):
        return
    rules: list[tuple[Match, Target]] = []
    if here.service.external_local:
        # As if it went out to a load balancer and came back: the policy is not for the node's own.
        everywhere = Goto(f"service-{here.base}")
        for pods in here.pods:
            rules.append((Match(src=pods, comment="short-circuit pod traffic"), everywhere))
        own = Match(src_type="LOCAL", comment="masquerade local traffic")
        rules.append((own, MARK_MASQ))
        rules.append((replace(own, comment="short-circuit local traffic"), everywhere))
    else:
        rules.append((Match(), MARK_MASQ))
    chain, served = here.outside
    if served:
        rules.append((Match(), Goto(chain)))
    yield here.chain(f"external-{here.base}", rules)


def _firewall(here: _Here) -> Iterator[Chain]:
    """firewall-…: who may not use the load balancer's addresses."""
    if not here.has_firewall:
        return
    ranges = here.source_ranges
    own = of_family(only(here.node.addresses), here.family)
    if own is not None and any(own in each for each in ranges):
        # A node that holds the load balancer's address itself calls from there.
        ranges += map(single, here.load_balancer_ips)
    yield here.chain(f"firewall-{here.base}", [(Match(not_src_in=tuple(ranges)), Drop())])


def _endpoints(here: _Here) -> Iterator[Chain]:
    """endpoint-…, which translates to it; a pod that reaches itself is marked first."""
    for each in here.reachable:
        rules: list[tuple[Match, Target]] = [(Match(src=single(each.address)), MARK_MASQ)]
        if here.service.affinity_seconds is not None:
            rules.append((Match(), Remember(here.affinity(each))))
        rules.append((Match(protocol=here.port.protocol), Dnat(each.address, each.port)))
        yield here.chain(here.endpoint(each), rules)
