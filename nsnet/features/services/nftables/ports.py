"""The map elements, chains and sets of one Service port on one node."""

from base64 import b32encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final, NamedTuple

from nsnet.features.services.kube_proxy import port_name
from nsnet.features.services.ports import OnNode, Terms
from nsnet.ip import IPAddress, Protocol, all_of_family, host_network
from nsnet.state.rules import (
    ANY,
    KUBE_PROXY,
    Chain,
    Dnat,
    Drop,
    Element,
    Goto,
    Jump,
    Match,
    NftSet,
    Remember,
    Rule,
    Spread,
    Target,
)
from nsnet.topology.model import Endpoint, Service, ServicePort

LONGEST_BASE: Final = 240  # of a chain's name, without its prefix
MARK_MASQ: Final = Jump("mark-for-masquerade")
REJECT: Final = Goto("reject-chain")
_OF: Final = {each: Match(protocol=each) for each in Protocol}


class PortItems(NamedTuple):
    """The map elements, sets and chains that one Service port adds on a node."""

    cluster_ip: IPAddress
    elements: tuple[tuple[str, Element], ...]  # each with the name of its map
    affinity: tuple[NftSet, ...]
    chains: tuple[Chain, ...]


def port_items(service: Service, port: ServicePort, here: OnNode, terms: Terms) -> PortItems:
    """Return what one port of the Service adds on a node with the properties `here`."""
    asked = _Port(service, port, here, terms)
    return PortItems(
        asked.cluster_ip,
        tuple(asked.elements()),
        tuple(asked.affinity_sets()),
        (
            *asked.policy_chains(),
            *asked.external_chain(),
            *asked.firewall_chain(),
            *asked.endpoint_chains(),
        ),
    )


def name_base(name: str) -> str:
    """Return the part of a chain's name after its prefix (service-, endpoint-, …), as kube-proxy
    builds it from the name of a Service port or an endpoint.

    It begins with a hash of the name, so that names that are truncated stay unique.
    """
    # 5 bytes are 8 characters in base 32.
    whole = f"{b32encode(sha256(name.encode()).digest()[:5]).decode()}-{name}"
    return whole if len(whole) <= LONGEST_BASE else f"{whole[: LONGEST_BASE - 3]}..."


class _Port:
    """One Service port on one node, and the map elements, sets and chains that it adds there."""

    def __init__(self, service: Service, port: ServicePort, here: OnNode, terms: Terms) -> None:
        self._service, self._port, self._terms = service, port, terms
        self._found, self._node_admitted = here
        self._comment = port_name(service, port)
        (self.cluster_ip,) = all_of_family(service.addresses, terms.family)
        self._external_ips = all_of_family(service.external_ips, terms.family)
        self._vips = all_of_family(service.load_balancer_ips, terms.family)
        self._ranges = all_of_family(service.source_ranges, terms.family)
        self._has_firewall = bool(self._vips) and bool(self._ranges)
        name = f"{service.namespace}/{service.name}/{port.protocol}/{port.name}"
        self._base = name_base(name)
        # Names of chains contain no colons.
        self._named: dict[int, tuple[Endpoint, str]] = {
            id(each): (
                each,
                name_base(f"{name}__{str(each.address).replace(':', '.')}/{each.port}"),
            )
            for each in (*here.found.cluster, *here.found.local)
        }
        self._internal = here.found.has_endpoints(service.internal_local)
        self._external = here.found.has_endpoints(service.external_local)

    def elements(self) -> Iterator[tuple[str, Element]]:
        """Yield the port's map elements, each with the name of its map. Some dispatch traffic to
        chains. Others reject it if there is no endpoint at all, or drop it if there is none on this
        node.

        With externalTrafficPolicy: Local and endpoints on other nodes only, an external address has
        an element that dispatches and one that drops. Pods and the node itself are dispatched to
        those endpoints; packets of external clients are dropped.
        """
        service, node_port = self._service, self._port.node_port
        missing = Drop() if self._found.anywhere else REJECT
        if self._internal:
            yield "service-ips", self._to(self.cluster_ip, self._policy(service.internal_local))
        else:
            yield "no-endpoint-services", self._to(self.cluster_ip, missing, self._comment)
        outside = Goto(f"external-{self._base}")
        for address in (*self._external_ips, *self._vips):
            if self._found.anywhere:
                yield "service-ips", self._to(address, outside)
            if not self._external:
                yield "no-endpoint-services", self._to(address, missing, self._comment)
        for address in self._vips if self._has_firewall else ():
            firewall = Goto(f"firewall-{self._base}")
            yield "firewall-ips", self._to(address, firewall, self._comment)
        if node_port is not None:
            protocol = self._port.protocol
            # loadBalancerSourceRanges do not restrict NodePorts.
            if self._found.anywhere:
                yield "service-nodeports", Element(protocol, node_port, outside)
            if not self._external:
                refused = Element(protocol, node_port, missing, comment=self._comment)
                yield "no-endpoint-nodeports", refused

    def affinity_sets(self) -> Iterator[NftSet]:
        """Yield a set of recent clients for each endpoint, or nothing without session affinity. The
        rules of the endpoint's chain add the clients."""
        seconds = self._service.affinity_seconds
        for _, name in self._named.values() if seconds is not None else ():
            yield NftSet(f"affinity-{name}", family=self._terms.family, timeout=seconds or 0)

    def policy_chains(self) -> Iterator[Chain]:
        """Yield the chains service-… and local-…, which choose an endpoint at random or, with
        session affinity, the client's last one.

        The chain for traffic to the ClusterIP first marks connections from outside the pod range
        for masquerading.
        """
        internal = "local" if self._service.internal_local else "service"
        for policy, endpoints in (("service", self._found.cluster), ("local", self._found.local)):
            if not endpoints:
                continue
            names = [self._named[id(each)][1] for each in endpoints]
            rules = [*self._off_cluster()] if policy == internal else []
            if self._service.affinity_seconds is not None:
                rules += [
                    (Match(src_set=f"affinity-{each}"), Goto(f"endpoint-{each}")) for each in names
                ]
            rules.append((ANY, Spread(tuple(f"endpoint-{each}" for each in names))))
            yield self._chain(f"{policy}-{self._base}", rules)

    def _off_cluster(self) -> Iterator[tuple[Match, Target]]:
        pods = None if self._terms.masquerade_all else self._terms.pods
        if pods is not None or self._terms.masquerade_all:
            to, protocol, port = host_network(self.cluster_ip), self._port.protocol, self._port.port
            yield Match(dst=to, not_src=pods, protocol=protocol, dport=port), MARK_MASQ

    def external_chain(self) -> Iterator[Chain]:
        """Yield the chain external-…, for traffic to the NodePort and to all addresses but the
        ClusterIP."""
        if not self._found.anywhere or not self._service.is_external(
            self._port, self._terms.family
        ):
            return
        rules: list[tuple[Match, Target]] = []
        if self._service.external_local:
            # kube-proxy treats local clients as if their traffic returned from a load balancer:
            # they may use endpoints on any node.
            everywhere = self._policy(False)
            if self._terms.pods is not None:
                pods = Match(src=self._terms.pods, comment="short-circuit pod traffic")
                rules.append((pods, everywhere))
            own = Match(src_type="LOCAL", comment="masquerade local traffic")
            rules.append((own, MARK_MASQ))
            own = Match(src_type="LOCAL", comment="short-circuit local traffic")
            rules.append((own, everywhere))
        else:
            rules.append((ANY, MARK_MASQ))
        if self._external:
            rules.append((ANY, self._policy(self._service.external_local)))
        yield self._chain(f"external-{self._base}", rules)

    def firewall_chain(self) -> Iterator[Chain]:
        """Yield the chain firewall-…, which drops packets from outside loadBalancerSourceRanges."""
        if self._has_firewall:
            # A node that has the address itself uses it as the source of packets to it.
            own = map(host_network, self._vips) if self._node_admitted else ()
            other_sources = Match(not_src_in=(*self._ranges, *own))
            yield self._chain(f"firewall-{self._base}", [(other_sources, Drop())])

    def endpoint_chains(self) -> Iterator[Chain]:
        """Yield a chain endpoint-… for each endpoint. It marks the pod's packets to itself for
        masquerading, remembers the client if there is session affinity, and DNATs."""
        for each, name in self._named.values():
            rules: list[tuple[Match, Target]] = [(Match(src=host_network(each.address)), MARK_MASQ)]
            if self._service.affinity_seconds is not None:
                rules.append((ANY, Remember(f"affinity-{name}")))
            rules.append((_OF[self._port.protocol], Dnat(each.address, each.port)))
            yield self._chain(f"endpoint-{name}", rules)

    def _policy(self, local: bool) -> Goto:
        return Goto(f"{'local' if local else 'service'}-{self._base}")

    def _to(self, address: IPAddress, target: Goto | Drop, comment: str = "") -> Element:
        return Element(
            protocol=self._port.protocol,
            port=self._port.port,
            target=target,
            address=address,
            comment=comment,
        )

    def _chain(self, name: str, rules: Iterable[tuple[Match, Target]]) -> Chain:
        written = tuple(Rule(match, target, self._comment) for match, target in rules)
        return Chain(KUBE_PROXY, name, written, self._terms.family)
