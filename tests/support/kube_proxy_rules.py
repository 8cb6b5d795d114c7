"""The rules that kube-proxy v1.30 writes in iptables mode, from its specification alone.

Deliberately simple: objects in, lines of `iptables` out, in kube-proxy's own spelling.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from tests.support.kube_proxy import (
    Endpoint,
    Node,
    Port,
    Service,
    chain,
    choose,
    external_ips,
    external_local,
    is_external,
    is_skipped,
    of_family,
    source_ranges,
    spn,
    vips,
)

MASQUERADE_MARK = "0x00004000"
LARGE = 1000  # endpoints in total; with more, the rules of endpoints have no comments
MUST_BE_LAST = "kubernetes service nodeports; NOTE: this must be the last rule in this chain"


@dataclass(frozen=True, slots=True)
class Options:
    """kube-proxy's configuration."""

    family: int = 4
    cluster_cidr: str = ""  # "": no local detector
    masquerade_all: bool = False
    localhost_node_ports: bool = True
    be_liberal: bool = False  # nf_conntrack_tcp_be_liberal at start


Ruleset = dict[tuple[str, str], list[str]]  # (table, chain) -> its rules, without `-A CHAIN`


def rules(services: list[Service], node: Node, options: Options) -> Ruleset:
    """Return all rules that kube-proxy writes on this node."""
    found: Ruleset = {}
    large = sum(len(port.endpoints) for service in services for port in service.ports) > LARGE
    for table, name, *rule in _before(options):
        _add(found, table, name, *rule)
    for service in services:
        if is_skipped(service) or not of_family(service.cluster_ips, options.family):
            continue
        for port in service.ports:
            for table, name, *rule in _Writer(service, port, node, options, large).lines():
                _add(found, table, name, *rule)
    local = "-m addrtype --dst-type LOCAL"
    if options.family == 6:
        local += " ! -d ::1/128"
    elif not options.localhost_node_ports:
        local += " ! -d 127.0.0.0/8"
    _add(found, "nat", "KUBE-SERVICES", f"{_comment(MUST_BE_LAST)} {local} -j KUBE-NODEPORTS")
    _jump(found)
    return found


def _add(found: Ruleset, table: str, name: str, *rule: str) -> None:
    found.setdefault((table, name), []).extend(rule)


def _comment(text: str) -> str:
    return f'-m comment --comment "{text}"'


def _before(options: Options) -> Iterator[tuple[str, ...]]:
    """Yield (table, chain[, rule]) of what does not depend on Services."""
    for table in ("mangle", "nat", "filter"):
        yield table, "KUBE-PROXY-CANARY"
    for name in ("SERVICES", "EXTERNAL-SERVICES", "FORWARD", "NODEPORTS", "PROXY-FIREWALL"):
        yield "filter", f"KUBE-{name}"
    yield "filter", "KUBE-FIREWALL"  # created for the jump to it; it may stay empty
    for name in ("SERVICES", "NODEPORTS", "POSTROUTING", "MARK-MASQ"):
        yield "nat", f"KUBE-{name}"
    if options.localhost_node_ports and options.family == 4:
        yield (
            "filter",
            "KUBE-FIREWALL",
            f"{_comment('block incoming localnet connections')} -d 127.0.0.0/8 ! -s 127.0.0.0/8"
            " -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP",
        )
    mark = f"{MASQUERADE_MARK}/{MASQUERADE_MARK}"
    if not options.be_liberal:
        yield "filter", "KUBE-FORWARD", "-m conntrack --ctstate INVALID -j DROP"
    forwarding = _comment("kubernetes forwarding rules")
    yield "filter", "KUBE-FORWARD", f"{forwarding} -m mark --mark {mark} -j ACCEPT"
    established = "-m conntrack --ctstate RELATED,ESTABLISHED"
    forwarding = _comment("kubernetes forwarding conntrack rule")
    yield "filter", "KUBE-FORWARD", f"{forwarding} {established} -j ACCEPT"
    yield "nat", "KUBE-POSTROUTING", f"-m mark ! --mark {mark} -j RETURN"
    yield "nat", "KUBE-POSTROUTING", f"-j MARK --xor-mark {MASQUERADE_MARK}"
    snat = _comment("kubernetes service traffic requiring SNAT")
    yield "nat", "KUBE-POSTROUTING", f"{snat} -j MASQUERADE --random-fully"
    yield "nat", "KUBE-MARK-MASQ", f"-j MARK --or-mark {MASQUERADE_MARK}"


NEW = "-m conntrack --ctstate NEW"
SERVICES = "kubernetes service portals"
EXTERNAL = "kubernetes externally-visible service portals"
FIREWALL = "kubernetes load balancer firewall"
# In kube-proxy's order: it inserts each at the top of the chain.
JUMPS = [
    ("filter", "INPUT", f"{NEW} {_comment(EXTERNAL)}", "KUBE-EXTERNAL-SERVICES"),
    ("filter", "FORWARD", f"{NEW} {_comment(EXTERNAL)}", "KUBE-EXTERNAL-SERVICES"),
    ("filter", "INPUT", _comment("kubernetes health check service ports"), "KUBE-NODEPORTS"),
    ("filter", "FORWARD", f"{NEW} {_comment(SERVICES)}", "KUBE-SERVICES"),
    ("filter", "OUTPUT", f"{NEW} {_comment(SERVICES)}", "KUBE-SERVICES"),
    ("filter", "FORWARD", _comment("kubernetes forwarding rules"), "KUBE-FORWARD"),
    ("filter", "INPUT", f"{NEW} {_comment(FIREWALL)}", "KUBE-PROXY-FIREWALL"),
    ("filter", "OUTPUT", f"{NEW} {_comment(FIREWALL)}", "KUBE-PROXY-FIREWALL"),
    ("filter", "FORWARD", f"{NEW} {_comment(FIREWALL)}", "KUBE-PROXY-FIREWALL"),
    ("nat", "OUTPUT", _comment(SERVICES), "KUBE-SERVICES"),
    ("nat", "PREROUTING", _comment(SERVICES), "KUBE-SERVICES"),
    ("nat", "POSTROUTING", _comment("kubernetes postrouting rules"), "KUBE-POSTROUTING"),
    ("filter", "INPUT", "", "KUBE-FIREWALL"),
    ("filter", "OUTPUT", "", "KUBE-FIREWALL"),
]


def _jump(found: Ruleset) -> None:
    for table, hook, match, name in JUMPS:
        found.setdefault((table, hook), []).insert(0, f"{match} -j {name}".strip())


class _Writer:
    """The rules of one port of a Service on one node, as (table, chain[, rule])."""

    def __init__(
        self, service: Service, port: Port, node: Node, options: Options, large: bool
    ) -> None:
        self.service, self.port, self.node, self.options = service, port, node, options
        self.large = large
        self.spn = spn(service, port)
        family = options.family
        (self.cluster_ip,) = of_family(service.cluster_ips, family)
        self.vips = vips(service, family)
        self.external_ips = external_ips(service, family)
        self.ranges = source_ranges(service, family)
        self.eps = choose(service, port, node, family)
        self.local_outside = external_local(service)
        self.local_inside = service.internal_policy == "Local"
        self.svc, self.svl, self.ext, self.fw = (
            chain(kind, service, port) for kind in ("SVC", "SVL", "EXT", "FW")
        )
        self.has_external = bool(self.eps.local) if self.local_outside else self.eps.exist
        self.has_internal = bool(self.eps.local) if self.local_inside else self.eps.exist
        self.has_firewall = self.eps.exist and bool(self.vips and self.ranges)

    def lines(self) -> Iterator[tuple[str, ...]]:
        yield from self.cluster_ip_rules()
        for address in self.external_ips:
            yield from self.external_address(address, "external IP", self.ext)
        for address in self.vips:
            yield from self.external_address(
                address, "loadbalancer IP", self.fw if self.has_firewall else self.ext
            )
            if self.has_firewall:
                why = _comment(f"{self.spn} traffic not accepted by {self.fw}")
                yield "filter", "KUBE-PROXY-FIREWALL", f"{why} {self.to(address)} -j DROP"
        if self.port.node_port:
            yield from self.node_port_rules()
        if self.service.health_check_node_port:
            why = _comment(f"{self.spn} health check node port")
            port = f"-m tcp -p tcp --dport {self.service.health_check_node_port}"
            yield "filter", "KUBE-NODEPORTS", f"{why} {port} -j ACCEPT"
        yield from self.own_chains()

    def to(self, address: str) -> str:
        return f"{self.protocol()} -d {address} --dport {self.port.port}"

    def protocol(self) -> str:
        name = self.port.protocol.lower()
        return f"-m {name} -p {name}"

    def refused(self) -> str:
        """Return the end of a filter rule: REJECT without any endpoint, DROP without a local
        one."""
        return "DROP" if self.eps.exist else "REJECT"

    def why(self) -> str:
        local = "local " if self.eps.exist else ""
        return _comment(f"{self.spn} has no {local}endpoints")

    def cluster_ip_rules(self) -> Iterator[tuple[str, ...]]:
        to = self.to(self.cluster_ip)
        if self.has_internal:
            inside = self.svl if self.local_inside else self.svc
            comment = _comment(f"{self.spn} cluster IP")
            yield "nat", "KUBE-SERVICES", f"{comment} {to} -j {inside}"
        else:
            yield "filter", "KUBE-SERVICES", f"{self.why()} {to} -j {self.refused()}"

    def external_address(self, address: str, what: str, target: str) -> Iterator[tuple[str, ...]]:
        to = self.to(address)
        if self.eps.exist:
            yield "nat", "KUBE-SERVICES", f"{_comment(f'{self.spn} {what}')} {to} -j {target}"
        if not self.has_external:
            yield "filter", "KUBE-EXTERNAL-SERVICES", f"{self.why()} {to} -j {self.refused()}"

    def node_port_rules(self) -> Iterator[tuple[str, ...]]:
        port = f"{self.protocol()} --dport {self.port.node_port}"
        if self.eps.exist:
            yield "nat", "KUBE-NODEPORTS", f"{_comment(self.spn)} {port} -j {self.ext}"
        if not self.has_external:
            local = "-m addrtype --dst-type LOCAL"
            end = f"{local} {port} -j {self.refused()}"
            yield "filter", "KUBE-EXTERNAL-SERVICES", f"{self.why()} {end}"

    def own_chains(self) -> Iterator[tuple[str, ...]]:
        external = is_external(self.service, self.port, self.options.family)
        if self.has_internal:
            yield from self.masquerade_to_cluster_ip()
        if self.eps.exist and external:
            yield from self.external_chain()
        if self.has_firewall:
            yield from self.firewall_chain()
        reachable: dict[str, Endpoint] = {}
        uses_cluster = bool(self.eps.cluster) and (not self.local_inside or external)
        if uses_cluster:
            yield from self.endpoint_choice(self.svc, self.eps.cluster)
            reachable |= {str(each): each for each in self.eps.cluster}
        if self.eps.local:
            yield from self.endpoint_choice(self.svl, self.eps.local)
            reachable |= {str(each): each for each in self.eps.local}
        for each in reachable.values():
            yield from self.endpoint_chain(each)

    def masquerade_to_cluster_ip(self) -> Iterator[tuple[str, ...]]:
        inside = self.svl if self.local_inside else self.svc
        match = f"{_comment(f'{self.spn} cluster IP')} {self.to(self.cluster_ip)}"
        if self.options.masquerade_all:
            yield "nat", inside, f"{match} -j KUBE-MARK-MASQ"
        elif self.options.cluster_cidr:
            yield "nat", inside, f"{match} ! -s {self.options.cluster_cidr} -j KUBE-MARK-MASQ"

    def external_chain(self) -> Iterator[tuple[str, ...]]:
        def about(what: str) -> str:
            return _comment(f"{what} for {self.spn} external destinations")

        if not self.local_outside:
            yield "nat", self.ext, f"{about('masquerade traffic')} -j KUBE-MARK-MASQ"
        else:
            if self.options.cluster_cidr:
                pods = f"-s {self.options.cluster_cidr}"
                yield "nat", self.ext, f"{about('pod traffic')} {pods} -j {self.svc}"
            node = "-m addrtype --src-type LOCAL"
            yield "nat", self.ext, f"{about('masquerade LOCAL traffic')} {node} -j KUBE-MARK-MASQ"
            yield "nat", self.ext, f"{about('route LOCAL traffic')} {node} -j {self.svc}"
        if self.has_external:
            yield "nat", self.ext, f"-j {self.svl if self.local_outside else self.svc}"

    def firewall_chain(self) -> Iterator[tuple[str, ...]]:
        allowed = _comment(f"{self.spn} loadbalancer IP")
        for each in self.ranges:
            yield "nat", self.fw, f"{allowed} -s {each} -j {self.ext}"
        (mine,) = of_family(self.node.addresses, self.options.family)
        if any(ip_address(mine) in ip_network(each) for each in self.ranges):
            for vip in self.vips:
                yield "nat", self.fw, f"{allowed} -s {vip} -j {self.ext}"
        dropped = f"other traffic to {self.spn} will be dropped by KUBE-PROXY-FIREWALL"
        yield "nat", self.fw, _comment(dropped)

    def endpoint_choice(
        self, name: str, endpoints: tuple[Endpoint, ...]
    ) -> Iterator[tuple[str, ...]]:
        yield "nat", name
        targets = [(each, chain("SEP", self.service, self.port, each)) for each in endpoints]
        if self.service.affinity_seconds is not None:
            for endpoint, target in targets:
                seen = f"--rcheck --seconds {self.service.affinity_seconds} --reap"
                match = f"{self.to_endpoint(endpoint)} -m recent --name {target} {seen}"
                yield "nat", name, f"{match} -j {target}".strip()
        for index, (endpoint, target) in enumerate(targets):
            left = len(targets) - index
            chance = f"-m statistic --mode random --probability {1 / left:.10f}"
            parts = (self.to_endpoint(endpoint), chance if left > 1 else "", f"-j {target}")
            yield "nat", name, " ".join(filter(None, parts))

    def to_endpoint(self, endpoint: Endpoint) -> str:
        return "" if self.large else _comment(f"{self.spn} -> {endpoint}")

    def endpoint_chain(self, endpoint: Endpoint) -> Iterator[tuple[str, ...]]:
        name = chain("SEP", self.service, self.port, endpoint)
        comment = "" if self.large else _comment(self.spn) + " "
        yield "nat", name, f"{comment}-s {endpoint.address} -j KUBE-MARK-MASQ"
        sticky = self.service.affinity_seconds is not None
        recent = f"-m recent --name {name} --set " if sticky else ""
        to = f"-j DNAT --to-destination {endpoint}"
        yield "nat", name, f"{comment}{recent}{self.protocol()} {to}"
