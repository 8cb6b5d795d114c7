"""A kernel of paper: it does what Ops say, and complains when one comes before what it needs."""

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
    NeighbourForget,
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
class Place:
    """What one namespace holds."""

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
    """All namespaces of the machine. Every method of a kernel that would return an error raises
    AssertionError."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.served = False

    def apply(self, ops: Iterable[Op]) -> "World":
        """The world after these steps."""
        for op in ops:
            self._do(op)
        return self

    def holds(self, state: State) -> None:
        """Exactly what the State says is there, and nothing else."""
        assert set(self.places) == {each.name for each in state.netns}
        for each in state.netns:
            place = self.places[each.name]
            assert place.links == {link.name: link for link in each.interfaces}, each.reference
            cables = {one.name for one in each.interfaces if one.up and one.kind is not Kind.DUMMY}
            assert place.up == {"lo", *cables}, each.reference
            assert _same(place.routes, each.routes), each.reference
            assert _same(place.neighbours, each.neighbours), each.reference
            assert _same(place.policy_rules, each.policy_rules), each.reference
            assert _same(place.fdb.values(), each.fdb), each.reference
            assert place.sysctls.items() >= {(one.key, one.value) for one in each.sysctls}
            chains = {(one.family, one.table, one.name): one for one in each.chains}
            of_nft = {key: one for key, one in chains.items() if one.table == KUBE_PROXY}
            assert place.chains == {key: chains[key] for key in chains.keys() - of_nft.keys()}
            table = (*of_nft.values(), *each.sets)
            assert place.tables == {(one.family, one.name): one for one in table}
            assert _same(place.listeners, each.listeners), each.reference
            assert _same(place.daemons.values(), each.daemons), each.reference
            assert _same(place.sets.values(), each.ipsets), each.reference
            assert _same(place.virtual_servers.values(), each.virtual_servers), each.reference

    def _do(self, op: Op) -> None:
        match op:
            case NetnsAdd(name):
                assert name not in self.places, f"{op}: File exists"
                self.places[name] = Place()
            case NetnsDelete(name):
                assert not self.places[name].daemons, f"{op}: they would live on"
                for link in list(self.places[name].links):
                    self._cut(name, link)
                del self.places[name]
            case SysctlSet(name, sysctl):
                place = self.places[name]
                assert not sysctl.dev or sysctl.dev in place.links, f"{op}: No such file"
                place.sysctls[sysctl.key] = sysctl.value
                if (sysctl.key, sysctl.value) == (NO_IPV6, "1"):
                    self._without_ipv6(place)
            case BridgeAdd(name, interface):
                self._add(name, interface)
                self.places[name].up.add(interface.name)
            case DummyAdd(name, interface):
                self._add(name, interface)
            case VxlanAdd(name, interface):
                assert interface.vxlan is not None
                assert interface.vxlan.dev in self.places[name].links, f"{op}: Cannot find device"
                self._add(name, interface)
                self.places[name].up.add(interface.name)
            case VethAdd(name, interface, far, peer):
                self._add(name, interface)
                self._add(far, peer)
                if interface.master is not None:
                    self.places[name].up.add(interface.name)
            case LinkDelete(name, link):
                self._cut(name, link)
            case LinkUp(name, link):
                links = self.places[name].links
                assert link == "lo" or link in links, f"{op}: Cannot find device"
                self.places[name].up.add(link)
                if link in links:
                    links[link] = replace(links[link], up=True)
            case LinkDown(name, link):
                self.places[name].up.remove(link)
                links = self.places[name].links
                links[link] = replace(links[link], up=False)
            case MtuSet(name, dev, mtu):
                links = self.places[name].links
                links[dev] = replace(links[dev], mtu=mtu if mtu != MTU else None)
            case FdbSet(name, entry):
                assert self.places[name].links[entry.dev].kind is Kind.VXLAN
                self.places[name].fdb[entry.mac, entry.dev] = entry
            case FdbDelete(name, entry):
                assert self.places[name].fdb.pop((entry.mac, entry.dev)) == entry
            case RulesLoad():
                self._load(op)
            case DaemonStart(name, daemon):
                assert program(daemon) not in self.places[name].daemons, f"{op}: runs"
                self.places[name].daemons[program(daemon)] = daemon
            case DaemonReload(name, daemon):
                assert program(daemon) in self.places[name].daemons, f"{op}: does not run"
                self.places[name].daemons[program(daemon)] = daemon
            case DaemonStop(name, daemon):
                place = self.places[name]
                del place.daemons[program(daemon)]
                if isinstance(daemon, Bird):
                    place.routes = [each for each in place.routes if not each.learned]
            case RoutesAwait(name, learned):
                place = self.places[name]
                place.routes = [each for each in place.routes if not each.learned] + [*learned]
            case ConntrackDelete(name) | Drain(name):
                assert name in self.places  # it remembers no packets
            case SetsLoad(name, sets):
                self.places[name].sets |= {each.name: each for each in sets}
            case SetsDelete(name, names):
                for gone in names:
                    used = [c for c in self.places[name].chains.values() if _looks_in(c, gone)]
                    assert not used, f"{op}: Set cannot be destroyed: it is in use"
                    del self.places[name].sets[gone]
            case VirtualServersLoad(name, before, after):
                servers = self.places[name].virtual_servers
                for server in before:
                    assert servers.pop(identity(server)) == server
                servers |= {identity(server): server for server in after}
            case TableLoad(name, family, old, new, _):
                tables = self.places[name].tables
                for each in old:
                    assert tables.pop((family, each.name)) == each
                tables |= {(family, each.name): each for each in new}
            case ServersStart(name):
                assert name in self.places
                self.served = True
            case Listen(name, listener):
                assert self.served, f"{op}: nobody is there to listen"
                ports = [(one.protocol, one.port) for one in self.places[name].listeners]
                assert (listener.protocol, listener.port) not in ports, f"{op}: Address in use"
                self.places[name].listeners.append(listener)
            case ListenerReplace(name, listener):
                ports = [(one.protocol, one.port) for one in self.places[name].listeners]
                at = ports.index((listener.protocol, listener.port))
                self.places[name].listeners[at] = listener
            case Unlisten(name, listener):
                self.places[name].listeners.remove(listener)
            case AddressAdd() | AddressDelete() | RouteAdd() | RouteReplace() | RouteDelete():
                self._configure(op)
            case PolicyRuleAdd(name, rule):
                assert rule not in self.places[name].policy_rules, f"{op}: File exists"
                self.places[name].policy_rules.append(rule)
            case PolicyRuleDelete(name, rule):
                rules = self.places[name].policy_rules
                rules.remove(next(one for one in rules if identity(one) == identity(rule)))
            case NeighbourAdd(name, neighbour):
                assert neighbour.dev in self.places[name].up, f"{op}: Cannot find device"
                self.places[name].neighbours.append(neighbour)
            case NeighbourDelete(name, neighbour):
                self.places[name].neighbours.remove(neighbour)
            case NeighbourForget(name, dev, _):
                assert dev in self.places[name].links  # it learns of nobody
            case _:
                assert_never(op)

    def _configure(
        self, op: AddressAdd | AddressDelete | RouteAdd | RouteReplace | RouteDelete
    ) -> None:
        place = self.places[op.netns]
        match op:
            case AddressAdd(_, dev, address):
                link = place.links[dev]
                ready = dev in place.up or link.kind is Kind.DUMMY or not link.up
                assert ready, f"{op}: before its link is up"
                assert address not in link.addresses, f"{op}: File exists"
                disabled = address.version == 6 and place.sysctls.get(NO_IPV6) == "1"
                assert not disabled, f"{op}: IPv6 is disabled on this device"
                place.links[dev] = replace(link, addresses=(*link.addresses, address))
            case AddressDelete(_, dev, address):
                link = place.links[dev]
                assert address in link.addresses, f"{op}: Cannot assign requested address"
                left = tuple(each for each in link.addresses if each != address)
                place.links[dev] = replace(link, addresses=left)
            case RouteAdd(_, route) | RouteReplace(_, route):
                if not route.blackhole:
                    assert route.dev in place.up, f"{op}: Cannot find device"
                    networks = {each.network for each in place.links[route.dev].addresses}
                    assert _reached(route, networks), f"{op}: Nexthop has invalid gateway"
                if route.onlink and route.destination.version == 6:
                    elsewhere = [each.dev for each in place.routes if each.key == route.key]
                    assert set(elsewhere) <= {route.dev}, f"{op}: Nexthop has invalid gateway"
                # What bird learns has a metric of its own.
                given = [each for each in place.routes if not each.learned]
                twins = [each for each in given if each.key == route.key]
                assert isinstance(op, RouteReplace) == bool(twins), f"{op}: File exists"
                place.routes = [each for each in place.routes if each not in twins]
                place.routes.append(route)
            case RouteDelete(_, route):
                assert route in place.routes, f"{op}: No such process"
                place.routes.remove(route)

    def _without_ipv6(self, place: Place) -> None:
        for name, link in place.links.items():
            left = tuple(each for each in link.addresses if each.version == 4)
            place.links[name] = replace(link, addresses=left)
        place.routes = [each for each in place.routes if each.destination.version == 4]
        place.neighbours = [each for each in place.neighbours if each.address.version == 4]

    def _add(self, name: str, interface: Interface) -> None:
        place = self.places[name]
        assert interface.name not in place.links, f"{name} {interface.name}: File exists"
        if interface.master is not None:
            assert place.links[interface.master].kind is Kind.BRIDGE
        place.links[interface.name] = replace(interface, addresses=(), mtu=None)

    def _cut(self, name: str, link: str) -> None:
        """A link goes with all that hangs on it, and so does the other end of a cable."""
        gone = self._drop(name, link)
        if gone.peer is not None:
            self._drop(*gone.peer)
        for port, interface in self.places[name].links.items():
            if interface.master == link:
                self.places[name].links[port] = replace(interface, master=None)

    def _drop(self, name: str, link: str) -> Interface:
        place = self.places[name]
        place.up.discard(link)
        place.routes = [each for each in place.routes if each.dev != link]
        place.neighbours = [each for each in place.neighbours if each.dev != link]
        place.fdb = {key: each for key, each in place.fdb.items() if each.dev != link}
        place.sysctls = {
            key: value for key, value in place.sysctls.items() if f".{link}." not in key
        }
        assert link in place.links, f"{name} {link}: Cannot find device"
        gone = place.links.pop(link)
        for tunnel in [each for each in place.links.values() if each.vxlan is not None]:
            if tunnel.vxlan is not None and tunnel.vxlan.dev == link:
                self._drop(name, tunnel.name)
        return gone

    def _load(self, op: RulesLoad) -> None:
        """One atomic step: afterwards every jump must have somewhere to go."""
        chains = self.places[op.netns].chains
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
                    sets = self.places[op.netns].sets
                    assert rule.match.in_set.name in sets, f"{each.name}: no such set"


def _reached(route: Route, networks: set[IPNetwork]) -> bool:
    return route.onlink or all(
        any(gateway in network for network in networks) for gateway in route.gateways
    )


def _looks_in(chain: Chain, name: str) -> bool:
    sets = [rule.match.in_set for rule in chain.rules]
    return any(each is not None and each.name == name for each in sets)


def _same(one: Iterable[object], other: Iterable[object]) -> bool:
    return sorted(one, key=repr) == sorted(other, key=repr)
