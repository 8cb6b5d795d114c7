"""A fake kernel: it carries out Ops, and fails if an Op precedes what it depends on."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import assert_never

from nsnet.ip import IPNetwork
from nsnet.plan.ops import (
    AddressAdd,
    AddressDelete,
    BridgeAdd,
    ConntrackDelete,
    DaemonReload,
    DaemonStart,
    DaemonStop,
    Drain,
    DummyAdd,
    FdbDelete,
    FdbSet,
    LinkDelete,
    LinkDown,
    LinkUp,
    Listen,
    ListenerReplace,
    MtuSet,
    NeighbourAdd,
    NeighbourDelete,
    NeighbourFlush,
    NetnsAdd,
    NetnsDelete,
    Op,
    PolicyRuleAdd,
    PolicyRuleDelete,
    RouteAdd,
    RouteDelete,
    RouteReplace,
    RoutesAwait,
    RulesLoad,
    ServersStart,
    SetsDelete,
    SetsLoad,
    SysctlSet,
    TableLoad,
    Unlisten,
    VethAdd,
    VirtualServersLoad,
    VxlanAdd,
)
from nsnet.state.bird import Bird
from nsnet.state.daemons import Daemon, program
from nsnet.state.ipsets import IpSet
from nsnet.state.model import (
    MTU,
    FdbEntry,
    Interface,
    Kind,
    Listens,
    Neighbour,
    Piece,
    PolicyRule,
    Route,
    State,
    VirtualServer,
    identity,
)
from nsnet.state.rules import KUBE_PROXY, Chain, Jump

NO_IPV6 = "net.ipv6.conf.all.disable_ipv6"


@dataclass(slots=True)
class Namespace:
    """The contents of one namespace."""

    links: dict[str, Interface] = field(default_factory=dict)
    up: set[str] = field(default_factory=set)
    routes: list[Route] = field(default_factory=list)
    neighbours: list[Neighbour] = field(default_factory=list)
    policy_rules: list[PolicyRule] = field(default_factory=list)
    fdb: dict[tuple[str, str], FdbEntry] = field(default_factory=dict)
    sysctls: dict[str, str] = field(default_factory=dict)
    chains: dict[tuple[int, str, str], Chain] = field(default_factory=dict)
    sets: dict[str, IpSet] = field(default_factory=dict)
    virtual_servers: dict[tuple[object, ...], VirtualServer] = field(default_factory=dict)
    tables: dict[tuple[int, str], Piece] = field(default_factory=dict)  # of nftables
    listeners: list[Listens] = field(default_factory=list)
    daemons: dict[str, Daemon] = field(default_factory=dict)


class World:
    """All namespaces of the machine. An Op that a kernel would refuse raises AssertionError."""

    def __init__(self) -> None:
        self.namespaces: dict[str, Namespace] = {}
        self.served = False

    def apply(self, ops: Iterable[Op]) -> "World":
        """Carry out these Ops, and return the world."""
        for op in ops:
            self._carry_out(op)
        return self

    def holds(self, state: State) -> None:
        """Assert that the world holds exactly what the State lists."""
        assert set(self.namespaces) == {each.name for each in state.netns}
        for each in state.netns:
            namespace = self.namespaces[each.name]
            assert namespace.links == {link.name: link for link in each.interfaces}, each.reference
            up = {one.name for one in each.interfaces if one.up and one.kind is not Kind.DUMMY}
            assert namespace.up == {"lo", *up}, each.reference
            assert _equal_in_any_order(namespace.routes, each.routes), each.reference
            assert _equal_in_any_order(namespace.neighbours, each.neighbours), each.reference
            assert _equal_in_any_order(namespace.policy_rules, each.policy_rules), each.reference
            assert _equal_in_any_order(namespace.fdb.values(), each.fdb), each.reference
            assert namespace.sysctls.items() >= {(one.key, one.value) for one in each.sysctls}
            chains = {(one.family, one.table, one.name): one for one in each.chains}
            of_nft = {key: one for key, one in chains.items() if one.table == KUBE_PROXY}
            assert namespace.chains == {key: chains[key] for key in chains.keys() - of_nft.keys()}
            table = (*of_nft.values(), *each.sets)
            assert namespace.tables == {(one.family, one.name): one for one in table}
            assert _equal_in_any_order(namespace.listeners, each.listeners), each.reference
            assert _equal_in_any_order(namespace.daemons.values(), each.daemons), each.reference
            assert _equal_in_any_order(namespace.sets.values(), each.ipsets), each.reference
            assert _equal_in_any_order(namespace.virtual_servers.values(), each.virtual_servers), (
                each.reference
            )

    def _carry_out(self, op: Op) -> None:
        match op:
            case NetnsAdd(name):
                assert name not in self.namespaces, f"{op}: File exists"
                self.namespaces[name] = Namespace()
            case NetnsDelete(name):
                assert not self.namespaces[name].daemons, f"{op}: its daemons still run"
                for link in list(self.namespaces[name].links):
                    self._delete_link(name, link)
                del self.namespaces[name]
            case SysctlSet(name, sysctl):
                namespace = self.namespaces[name]
                assert not sysctl.dev or sysctl.dev in namespace.links, f"{op}: No such file"
                namespace.sysctls[sysctl.key] = sysctl.value
                if (sysctl.key, sysctl.value) == (NO_IPV6, "1"):
                    self._without_ipv6(namespace)
            case BridgeAdd(name, interface):
                self._add_link(name, interface)
                self.namespaces[name].up.add(interface.name)
            case DummyAdd(name, interface):
                self._add_link(name, interface)
            case VxlanAdd(name, interface):
                assert interface.vxlan is not None
                assert interface.vxlan.dev in self.namespaces[name].links, (
                    f"{op}: Cannot find device"
                )
                self._add_link(name, interface)
                self.namespaces[name].up.add(interface.name)
            case VethAdd(name, interface, far, peer):
                self._add_link(name, interface)
                self._add_link(far, peer)
                if interface.master is not None:
                    self.namespaces[name].up.add(interface.name)
            case LinkDelete(name, link):
                self._delete_link(name, link)
            case LinkUp(name, link):
                links = self.namespaces[name].links
                assert link == "lo" or link in links, f"{op}: Cannot find device"
                self.namespaces[name].up.add(link)
                if link in links:
                    links[link] = replace(links[link], up=True)
            case LinkDown(name, link):
                self.namespaces[name].up.remove(link)
                links = self.namespaces[name].links
                links[link] = replace(links[link], up=False)
            case MtuSet(name, dev, mtu):
                links = self.namespaces[name].links
                links[dev] = replace(links[dev], mtu=mtu if mtu != MTU else None)
            case FdbSet(name, entry):
                assert self.namespaces[name].links[entry.dev].kind is Kind.VXLAN
                self.namespaces[name].fdb[entry.mac, entry.dev] = entry
            case FdbDelete(name, entry):
                assert self.namespaces[name].fdb.pop((entry.mac, entry.dev)) == entry
            case RulesLoad():
                self._load_rules(op)
            case DaemonStart(name, daemon):
                assert program(daemon) not in self.namespaces[name].daemons, f"{op}: runs"
                self.namespaces[name].daemons[program(daemon)] = daemon
            case DaemonReload(name, daemon):
                assert program(daemon) in self.namespaces[name].daemons, f"{op}: does not run"
                self.namespaces[name].daemons[program(daemon)] = daemon
            case DaemonStop(name, daemon):
                namespace = self.namespaces[name]
                del namespace.daemons[program(daemon)]
                if isinstance(daemon, Bird):
                    namespace.routes = [each for each in namespace.routes if not each.learned]
            case RoutesAwait(name, learned):
                namespace = self.namespaces[name]
                namespace.routes = [each for each in namespace.routes if not each.learned] + [
                    *learned
                ]
            case ConntrackDelete(name) | Drain(name):
                assert name in self.namespaces  # the fake has no conntrack
            case SetsLoad(name, sets):
                self.namespaces[name].sets |= {each.name: each for each in sets}
            case SetsDelete(name, names):
                for gone in names:
                    used = [c for c in self.namespaces[name].chains.values() if _looks_in(c, gone)]
                    assert not used, f"{op}: Set cannot be destroyed: it is in use"
                    del self.namespaces[name].sets[gone]
            case VirtualServersLoad(name, before, after):
                servers = self.namespaces[name].virtual_servers
                for server in before:
                    assert servers.pop(identity(server)) == server
                servers |= {identity(server): server for server in after}
            case TableLoad(name, family, old, new, _):
                tables = self.namespaces[name].tables
                for each in old:
                    assert tables.pop((family, each.name)) == each
                tables |= {(family, each.name): each for each in new}
            case ServersStart(name):
                assert name in self.namespaces
                self.served = True
            case Listen(name, listener):
                assert self.served, f"{op}: the server does not run"
                ports = [(one.protocol, one.port) for one in self.namespaces[name].listeners]
                assert (listener.protocol, listener.port) not in ports, f"{op}: Address in use"
                self.namespaces[name].listeners.append(listener)
            case ListenerReplace(name, listener):
                ports = [(one.protocol, one.port) for one in self.namespaces[name].listeners]
                at = ports.index((listener.protocol, listener.port))
                self.namespaces[name].listeners[at] = listener
            case Unlisten(name, listener):
                self.namespaces[name].listeners.remove(listener)
            case AddressAdd() | AddressDelete() | RouteAdd() | RouteReplace() | RouteDelete():
                self._configure(op)
            case PolicyRuleAdd(name, rule):
                assert rule not in self.namespaces[name].policy_rules, f"{op}: File exists"
                self.namespaces[name].policy_rules.append(rule)
            case PolicyRuleDelete(name, rule):
                rules = self.namespaces[name].policy_rules
                rules.remove(next(one for one in rules if identity(one) == identity(rule)))
            case NeighbourAdd(name, neighbour):
                assert neighbour.dev in self.namespaces[name].up, f"{op}: Cannot find device"
                self.namespaces[name].neighbours.append(neighbour)
            case NeighbourDelete(name, neighbour):
                self.namespaces[name].neighbours.remove(neighbour)
            case NeighbourFlush(name, dev, _):
                assert dev in self.namespaces[name].links  # the fake learns no neighbours
            case _:
                assert_never(op)

    def _configure(
        self, op: AddressAdd | AddressDelete | RouteAdd | RouteReplace | RouteDelete
    ) -> None:
        namespace = self.namespaces[op.netns]
        match op:
            case AddressAdd(_, dev, address):
                link = namespace.links[dev]
                ready = dev in namespace.up or link.kind is Kind.DUMMY or not link.up
                assert ready, f"{op}: before its link is up"
                assert address not in link.addresses, f"{op}: File exists"
                disabled = address.version == 6 and namespace.sysctls.get(NO_IPV6) == "1"
                assert not disabled, f"{op}: IPv6 is disabled on this device"
                namespace.links[dev] = replace(link, addresses=(*link.addresses, address))
            case AddressDelete(_, dev, address):
                link = namespace.links[dev]
                assert address in link.addresses, f"{op}: Cannot assign requested address"
                left = tuple(each for each in link.addresses if each != address)
                namespace.links[dev] = replace(link, addresses=left)
            case RouteAdd(_, route) | RouteReplace(_, route):
                if not route.blackhole:
                    assert route.dev in namespace.up, f"{op}: Cannot find device"
                    networks = {each.network for each in namespace.links[route.dev].addresses}
                    assert _reached(route, networks), f"{op}: Nexthop has invalid gateway"
                if route.onlink and route.destination.version == 6:
                    elsewhere = [each.dev for each in namespace.routes if each.key == route.key]
                    assert set(elsewhere) <= {route.dev}, f"{op}: Nexthop has invalid gateway"
                # Routes that bird adds have a metric of their own.
                given = [each for each in namespace.routes if not each.learned]
                twins = [each for each in given if each.key == route.key]
                assert isinstance(op, RouteReplace) == bool(twins), f"{op}: File exists"
                namespace.routes = [each for each in namespace.routes if each not in twins]
                namespace.routes.append(route)
            case RouteDelete(_, route):
                assert route in namespace.routes, f"{op}: No such process"
                namespace.routes.remove(route)

    def _without_ipv6(self, namespace: Namespace) -> None:
        for name, link in namespace.links.items():
            left = tuple(each for each in link.addresses if each.version == 4)
            namespace.links[name] = replace(link, addresses=left)
        namespace.routes = [each for each in namespace.routes if each.destination.version == 4]
        namespace.neighbours = [each for each in namespace.neighbours if each.address.version == 4]

    def _add_link(self, name: str, interface: Interface) -> None:
        namespace = self.namespaces[name]
        assert interface.name not in namespace.links, f"{name} {interface.name}: File exists"
        if interface.master is not None:
            assert namespace.links[interface.master].kind is Kind.BRIDGE
        namespace.links[interface.name] = replace(interface, addresses=(), mtu=None)

    def _delete_link(self, name: str, link: str) -> None:
        """Delete a link, the other end of a veth pair, and what depends on them."""
        gone = self._remove_end(name, link)
        if gone.peer is not None:
            self._remove_end(*gone.peer)
        for port, interface in self.namespaces[name].links.items():
            if interface.master == link:
                self.namespaces[name].links[port] = replace(interface, master=None)

    def _remove_end(self, name: str, link: str) -> Interface:
        namespace = self.namespaces[name]
        namespace.up.discard(link)
        namespace.routes = [each for each in namespace.routes if each.dev != link]
        namespace.neighbours = [each for each in namespace.neighbours if each.dev != link]
        namespace.fdb = {key: each for key, each in namespace.fdb.items() if each.dev != link}
        namespace.sysctls = {
            key: value for key, value in namespace.sysctls.items() if f".{link}." not in key
        }
        assert link in namespace.links, f"{name} {link}: Cannot find device"
        gone = namespace.links.pop(link)
        for tunnel in [each for each in namespace.links.values() if each.vxlan is not None]:
            if tunnel.vxlan is not None and tunnel.vxlan.dev == link:
                self._remove_end(name, tunnel.name)
        return gone

    def _load_rules(self, op: RulesLoad) -> None:
        """Load chains atomically; afterwards the chain of every jump must exist."""
        chains = self.namespaces[op.netns].chains
        for each in op.deleted:
            del chains[each.family, each.table, each.name]
        for each in op.chains:
            assert each.family == op.family
            chains[each.family, each.table, each.name] = each
        for each in chains.values():
            for rule in each.rules:
                if isinstance(rule.target, Jump):
                    key = (each.family, each.table, rule.target.chain)
                    assert key in chains, f"{each.name}: No chain {rule.target.chain}"
                if rule.match.in_set is not None:
                    sets = self.namespaces[op.netns].sets
                    assert rule.match.in_set.name in sets, f"{each.name}: no such set"


def _reached(route: Route, networks: set[IPNetwork]) -> bool:
    return route.onlink or all(
        any(gateway in network for network in networks) for gateway in route.gateways
    )


def _looks_in(chain: Chain, name: str) -> bool:
    sets = [rule.match.in_set for rule in chain.rules]
    return any(each is not None and each.name == name for each in sets)


def _equal_in_any_order(one: Iterable[object], other: Iterable[object]) -> bool:
    return sorted(one, key=repr) == sorted(other, key=repr)
