"""What one port of a Service brings into a node's table of nftables: its chains, its affinity sets,
and its elements of the maps.

Source: kubernetes/pkg/proxy/nftables/proxier.go, v1.30.
"""

from base64 import b32encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from nsnet.balancing import Candidates, candidates
from nsnet.services.iptables import port_name
from nsnet.state import (
    KUBE_PROXY,
    Chain,
    Dnat,
    Drop,
    Element,
    Family,
    Goto,
    IPAddress,
    IPNetwork,
    Jump,
    Match,
    NftSet,
    Protocol,
    Remember,
    Rule,
    Spread,
    Target,
)
from nsnet.topology import ZONE, Node, Service, ServicePort, of_family, only, single

LONGEST_BASE: Final = 240  # of a chain's name, without its prefix
REJECT: Final = Goto("reject-chain")
MARK_MASQ: Final = Jump("mark-for-masquerade")
ANY: Final = Match()
OF: Final = {each: Match(protocol=each) for each in Protocol}


class Offer(NamedTuple):
    """One port of a Service, and what else its part of the tables depends on, but for the node."""

    service: Service
    number: int  # of the port
    family: Family
    pods: tuple[IPNetwork, ...]
    masquerade_all: bool

    @property
    def port(self) -> ServicePort:
        return self.service.ports[self.number]


def differs(offer: Offer) -> bool:
    """The port's part of the table is not the same on every node."""
    service = offer.service
    local = service.internal_local or service.external_local
    hints = any(each.zones for each in offer.port.endpoints)
    return bool(local or service.source_ranges or hints)


class Port(NamedTuple):
    """What one port of a Service brings into a node's table."""

    cluster_ip: IPAddress
    elements: tuple[tuple[str, Element], ...]  # each with the name of its map
    chains: tuple[Chain, ...]
    affinity: tuple[NftSet, ...]


def of_port(offer: Offer, node: Node) -> Port:
    """The port's part of the node's table."""
    return _of_port(offer, node, node.labels.get(ZONE, ""))


# When a lab changes, most of its Services do not. Nodes that differ in labels alone are equal, so
# the one that matters is named.
@lru_cache(maxsize=1 << 16)
def _of_port(offer: Offer, node: Node, zone: str) -> Port:
    del zone
    service, port, family = offer.service, offer.port, offer.family
    name = f"{service.namespace}/{service.name}/{port.protocol}/{port.name}"
    found = candidates(service, port, node, family)
    address = of_family(service.addresses, family)
    assert address is not None  # only Services of this family are offered
    reachable = {id(each): each for each in (*found.cluster, *found.local)}
    # A colon cannot stand in a name.
    names = {
        key: based(f"{name}__{str(each.address).replace(':', '.')}/{each.port}")
        for key, each in reachable.items()
    }
    here = _Here(offer, node, address, found, based(name), names)
    affinity = tuple(
        NftSet(f"affinity-{each}", family=family, timeout=service.affinity_seconds)
        for each in names.values()
        if service.affinity_seconds is not None
    )
    chains = (*_choosing(here), *_external(here), *_firewall(here), *_endpoints(here))
    return Port(address, tuple(_elements(here)), chains, affinity)


class _Here(NamedTuple):
    """One port of a Service as one node sees it."""

    offer: Offer
    node: Node
    cluster_ip: IPAddress
    found: Candidates
    base: str  # of the names of its chains
    names: Mapping[int, str]  # of the names of its endpoints' chains, by identity

    @property
    def service(self) -> Service:
        return self.offer.service

    @property
    def port(self) -> ServicePort:
        return self.offer.port

    @property
    def family(self) -> Family:
        return self.offer.family

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

    def chain(self, name: str, rules: Iterable[tuple[Match, Target]]) -> Chain:
        why = port_name(self.service, self.port)
        written = tuple(Rule(match, target, why) for match, target in rules)
        return Chain(KUBE_PROXY, name, written, self.family)


def based(name: str) -> str:
    """kube-proxy's name of a Service port or an endpoint: a hash, so that a cut name is one of its
    own."""
    # The first 8 characters of the hash in base 32 are its first 5 bytes.
    whole = f"{b32encode(sha256(name.encode()).digest()[:5]).decode()}-{name}"
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
    others: tuple[IPNetwork | None, ...] = (None,) if here.offer.masquerade_all else here.offer.pods
    for policy, endpoints in (("service", here.found.cluster), ("local", here.found.local)):
        name = f"{policy}-{here.base}"
        if not endpoints:
            continue
        rules: list[tuple[Match, Target]] = []
        for pods in others if name == inside else ():
            address, protocol, port = here.cluster_ip, here.port.protocol, here.port.port
            match = Match(dst=single(address), not_src=pods, protocol=protocol, dport=port)
            rules.append((match, MARK_MASQ))
        names = [here.names[id(each)] for each in endpoints]
        if here.service.affinity_seconds is not None:
            rules += [
                (Match(src_set=f"affinity-{each}"), Goto(f"endpoint-{each}")) for each in names
            ]
        rules.append((ANY, Spread(tuple(f"endpoint-{each}" for each in names))))
        yield here.chain(name, rules)


def _external(here: _Here) -> Iterator[Chain]:
    """external-…: for every address but the ClusterIP."""
    if not (here.found.anywhere and here.service.is_external(here.port, here.family)):
        return
    rules: list[tuple[Match, Target]] = []
    if here.service.external_local:
        # As if it went out to a load balancer and came back: the policy is not for the node's own.
        everywhere = Goto(f"service-{here.base}")
        for pods in here.offer.pods:
            rules.append((Match(src=pods, comment="short-circuit pod traffic"), everywhere))
        own = Match(src_type="LOCAL", comment="masquerade local traffic")
        rules.append((own, MARK_MASQ))
        rules.append((replace(own, comment="short-circuit local traffic"), everywhere))
    else:
        rules.append((ANY, MARK_MASQ))
    chain, served = here.outside
    if served:
        rules.append((ANY, Goto(chain)))
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
    reachable = {id(each): each for each in (*here.found.cluster, *here.found.local)}
    for key, each in reachable.items():
        rules: list[tuple[Match, Target]] = [(Match(src=single(each.address)), MARK_MASQ)]
        if here.service.affinity_seconds is not None:
            rules.append((ANY, Remember(f"affinity-{here.names[key]}")))
        rules.append((OF[here.port.protocol], Dnat(each.address, each.port)))
        yield here.chain(f"endpoint-{here.names[key]}", rules)
