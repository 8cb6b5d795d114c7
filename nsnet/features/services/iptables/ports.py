"""The rules and chains of one Service port on one node."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from nsnet.features.services.iptables.endpoints import EndpointRules, NamedEndpoint
from nsnet.features.services.kube_proxy import MARK_MASQ, chain_hash, port_name
from nsnet.features.services.ports import OnNode, Terms
from nsnet.ip import Family, IPAddress, IPNetwork, Protocol, all_of_family, host_network
from nsnet.state.rules import Accept, Chain, Drop, Jump, Match, Reject, Rule
from nsnet.topology.model import Service, ServicePort


class PortRules(NamedTuple):
    """The rules and chains that one Service port adds on a node."""

    dispatched: tuple[Rule, ...]  # nat KUBE-SERVICES
    node_ports: tuple[Rule, ...]  # nat KUBE-NODEPORTS
    refused: tuple[Rule, ...]  # filter KUBE-SERVICES
    external_refused: tuple[Rule, ...]  # filter KUBE-EXTERNAL-SERVICES
    firewall: tuple[Rule, ...]  # filter KUBE-PROXY-FIREWALL
    health_checks: tuple[Rule, ...]  # filter KUBE-NODEPORTS
    chains: tuple[Chain, ...]


def port_rules(service: Service, port: ServicePort, here: OnNode, terms: Terms) -> PortRules:
    """Return what one port of the Service adds on a node with the properties `here`."""
    asked = _Port(service, port, here, terms)
    return PortRules(
        dispatched=tuple(asked.dispatched()),
        node_ports=tuple(asked.node_ports()),
        refused=tuple(asked.refused()),
        external_refused=tuple(asked.external_refused()),
        firewall=tuple(asked.firewall()),
        health_checks=tuple(asked.health_checks()),
        chains=tuple(asked.chains()),
    )


class _Port:
    """One Service port on one node, and the rules and chains that it adds there."""

    def __init__(self, service: Service, port: ServicePort, here: OnNode, terms: Terms) -> None:
        self._service, self._port, self._terms = service, port, terms
        self._found, self._node_admitted = here
        self._name = port_name(service, port)
        self._protocol = port.protocol
        hashed = chain_hash(f"{self._name}{port.protocol}") if here.found.anywhere else ""
        self._svc, self._svl = f"KUBE-SVC-{hashed}", f"KUBE-SVL-{hashed}"
        self._ext, self._fw = f"KUBE-EXT-{hashed}", f"KUBE-FW-{hashed}"
        self._cluster_ips = _hosts(service.addresses, terms.family)
        self._external_ips = _hosts(service.external_ips, terms.family)
        self._vips = _hosts(service.load_balancer_ips, terms.family)
        self._ranges = all_of_family(service.source_ranges, terms.family)
        self._internal = here.found.has_endpoints(service.internal_local)
        self._external = here.found.has_endpoints(service.external_local)
        self._has_firewall = here.found.anywhere and bool(self._vips) and bool(self._ranges)

    def dispatched(self) -> Iterator[Rule]:
        """Yield the rules of nat KUBE-SERVICES: a jump for each address of the Service, to the
        chain that handles traffic to this address."""
        if self._internal:
            for address in self._cluster_ips:
                yield Rule(
                    self._to(address, "cluster IP"), Jump(self._internal_chain), why=self._name
                )
        if not self._found.anywhere:
            return
        for address in self._external_ips:
            yield Rule(self._to(address, "external IP"), Jump(self._ext), why=self._name)
        for address in self._vips:
            target = Jump(self._fw if self._has_firewall else self._ext)
            yield Rule(self._to(address, "loadbalancer IP"), target, why=self._name)

    def node_ports(self) -> Iterator[Rule]:
        """Yield the rule of nat KUBE-NODEPORTS, which jumps to KUBE-EXT-… for packets to the
        NodePort. loadBalancerSourceRanges do not restrict NodePorts."""
        if self._port.node_port is not None and self._found.anywhere:
            match = Match(protocol=self._protocol, dport=self._port.node_port, comment=self._name)
            yield Rule(match, Jump(self._ext), why=f"{self._name}: NodePort")

    def refused(self) -> Iterator[Rule]:
        """Yield the rules that refuse packets to the ClusterIP. They reject if the port has no
        endpoint at all, and drop if it has none on this node but policy Local requires one."""
        if not self._internal:
            for address in self._cluster_ips:
                yield self._refuse(dst=address, dport=self._port.port)

    def external_refused(self) -> Iterator[Rule]:
        """Yield the rules that refuse packets to the NodePort and to all addresses but the
        ClusterIP, if no rule has translated them. They reject if the port has no endpoint at all,
        and drop if it has none on this node but policy Local requires one."""
        if self._external:
            return
        for address in (*self._external_ips, *self._vips):
            yield self._refuse(dst=address, dport=self._port.port)
        if self._port.node_port is not None:
            yield self._refuse(dport=self._port.node_port, dst_type="LOCAL")

    def firewall(self) -> Iterator[Rule]:
        """Yield the rules that drop packets from outside loadBalancerSourceRanges.

        KUBE-FW-… did not translate these packets, so their destination still is the load balancer's
        address.
        """
        for address in self._vips if self._has_firewall else ():
            match = self._to(address, f"traffic not accepted by {self._fw}")
            yield Rule(match, Drop(), why=f"{self._name}: not in its source ranges")

    def health_checks(self) -> Iterator[Rule]:
        """Yield the rule that accepts packets to the healthCheckNodePort. It does not depend on
        endpoints."""
        if self._service.health_check_port is not None:
            match = Match(
                protocol=Protocol.TCP,
                dport=self._service.health_check_port,
                comment=f"{self._name} health check node port",
            )
            yield Rule(match, Accept(), why=f"{self._name}: health check")

    def chains(self) -> Iterator[Chain]:
        """Yield the port's own chains, if it needs them: KUBE-EXT-…, KUBE-FW-…, KUBE-SVC-…,
        KUBE-SVL-…, and KUBE-SEP-… for each endpoint."""
        service, found, family = self._service, self._found, self._terms.family
        rules = EndpointRules(
            port=self._name,
            protocol=self._protocol,
            affinity=service.affinity_seconds,
            comments=self._terms.comments,
            family=family,
        )
        cluster, local = rules.named(found.cluster), rules.named(found.local)
        if self._is_external and found.anywhere:
            yield Chain("nat", self._ext, tuple(self._external_rules()), family)
        if self._has_firewall:
            yield Chain("nat", self._fw, tuple(self._source_range_rules()), family)
        if cluster:
            yield Chain("nat", self._svc, self._with_masquerade(self._svc, cluster, rules), family)
        if local:
            yield Chain("nat", self._svl, self._with_masquerade(self._svl, local, rules), family)
        for each in dict.fromkeys((*cluster, *local)):
            yield rules.chain(each)

    @property
    def _internal_chain(self) -> str:
        """The name of the chain that handles traffic to the ClusterIP."""
        return self._svl if self._service.internal_local else self._svc

    @property
    def _is_external(self) -> bool:
        return self._service.is_external(self._port, self._terms.family)

    def _with_masquerade(
        self, chain: str, found: tuple[NamedEndpoint, ...], rules: EndpointRules
    ) -> tuple[Rule, ...]:
        masqueraded = (
            self._masquerade_rules() if self._internal and chain == self._internal_chain else ()
        )
        return (*masqueraded, *rules.choosing(found))

    def _masquerade_rules(self) -> Iterator[Rule]:
        """Yield the rules that mark connections to the ClusterIP for masquerading: those from
        outside the pod range or, with masqueradeAll, all of them.

        The endpoint may be on another node, and its replies must return through this node.
        """
        terms = self._terms
        for address in self._cluster_ips:
            if terms.masquerade_all:
                match = self._to(address, "cluster IP")
                yield Rule(match, Jump(MARK_MASQ), why=f"{self._name}: masqueradeAll")
            elif terms.pods is not None:
                match = self._to(address, "cluster IP", not_src=terms.pods)
                yield Rule(match, Jump(MARK_MASQ), why=f"{self._name}: not from a pod")

    def _external_rules(self) -> Iterator[Rule]:
        """Yield the rules of KUBE-EXT-…, which handles traffic to the NodePort and to all addresses
        but the ClusterIP."""
        destinations = f"{self._name} external destinations"
        if not self._service.external_local:
            match = Match(comment=f"masquerade traffic for {destinations}")
            yield Rule(
                match, Jump(MARK_MASQ), why=f"{self._name}: the endpoint may be on another node"
            )
            yield Rule(target=Jump(self._svc), why=self._name)
            return
        if self._terms.pods is not None:
            match = Match(src=self._terms.pods, comment=f"pod traffic for {destinations}")
            yield Rule(
                match, Jump(self._svc), why=f"{self._name}: pods may use endpoints on any node"
            )
        for what, target in (("masquerade", MARK_MASQ), ("route", self._svc)):
            match = Match(src_type="LOCAL", comment=f"{what} LOCAL traffic for {destinations}")
            yield Rule(match, Jump(target), why=f"{self._name}: from the node itself")
        if self._external:
            yield Rule(target=Jump(self._svl), why=self._name)

    def _source_range_rules(self) -> Iterator[Rule]:
        """Yield the rules of KUBE-FW-…: a jump to KUBE-EXT-… for each source range. Packets from
        other sources are not translated, and KUBE-PROXY-FIREWALL drops them."""
        comment = f"{self._name} loadbalancer IP"
        # A node that has the address itself uses it as the source of packets to it.
        node = self._vips if self._node_admitted else ()
        for source in (*self._ranges, *node):
            yield Rule(
                Match(src=source, comment=comment), Jump(self._ext), why="in the source ranges"
            )
        rest = f"other traffic to {self._name} will be dropped by KUBE-PROXY-FIREWALL"
        yield Rule(Match(comment=rest), None, why="not translated")

    def _refuse(
        self, dport: int, dst: IPNetwork | None = None, dst_type: Literal["LOCAL"] | None = None
    ) -> Rule:
        what = "local endpoints" if self._found.anywhere else "endpoints"
        comment = f"{self._name} has no {what}"
        target = Drop() if self._found.anywhere else Reject()
        match = Match(
            dst=dst, dst_type=dst_type, protocol=self._protocol, dport=dport, comment=comment
        )
        return Rule(match, target, why=comment)

    def _to(self, address: IPNetwork, comment: str, not_src: IPNetwork | None = None) -> Match:
        return Match(
            dst=address,
            not_src=not_src,
            protocol=self._protocol,
            dport=self._port.port,
            comment=f"{self._name} {comment}",
        )


def _hosts(addresses: tuple[IPAddress, ...], family: Family) -> tuple[IPNetwork, ...]:
    return tuple(map(host_network, all_of_family(addresses, family)))
