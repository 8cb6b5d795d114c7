"""What a live lab holds, and where that differs from what was asked, one line a difference."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from nsnet.ip import Family, endpoint
from nsnet.state import nftables_text as nft
from nsnet.state.daemons import Daemon, program
from nsnet.state.ipsets import IpSet
from nsnet.state.iptables_text import line
from nsnet.state.model import (
    MTU,
    FdbEntry,
    Interface,
    Kind,
    Neighbour,
    Netns,
    Peer,
    PolicyRule,
    Route,
    State,
    Sysctl,
    VirtualServer,
    Vxlan,
)
from nsnet.state.rules import BUILT_IN, KUBE_PROXY, Chain, NftSet

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Observed:
    """What one namespace really holds, everything sorted: equal namespaces are equal values.

    lo is no interface here, as in a State, but is among the links that are `up`. `foreign` are
    links of a kind that no State has, (name, kind). Routes the kernel made itself are left out.
    """

    interfaces: tuple[Interface, ...] = ()
    up: tuple[str, ...] = ()
    foreign: tuple[tuple[str, str], ...] = ()
    routes: tuple[Route, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    sysctls: tuple[Sysctl, ...] = ()
    chains: Mapping[tuple[Family, str, str], tuple[str, ...]] = field(default_factory=dict)
    ipsets: tuple[IpSet, ...] = ()
    virtual_servers: tuple[VirtualServer, ...] = ()
    sets: Mapping[tuple[Family, str], tuple[str, ...]] = field(default_factory=dict)
    daemons: tuple[Daemon, ...] = ()  # those that were looked for and run
    policy_rules: tuple[PolicyRule, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()


def drift(state: State, observed: Mapping[str, Observed]) -> list[str]:
    """One line for each thing that is not as the State says; none where the lab is as asked."""
    lines: list[str] = []
    for netns in state.netns:
        found = observed.get(netns.name)
        if found is None:
            lines.append(f"{netns.reference}: namespace {netns.name} is gone")
            continue
        lines += [f"{netns.reference}: {difference}" for difference in _differences(netns, found)]
    known = {netns.name for netns in state.netns}
    lines += [f"{name}: namespace was added by hand" for name in observed if name not in known]
    return lines


def _differences(wanted: Netns, found: Observed) -> Iterator[str]:
    yield from _links(wanted, found)
    yield from _things(wanted.routes, comparable(found.routes, wanted.routes), _route)
    yield from _things(wanted.policy_rules, found.policy_rules, _policy_rule)
    yield from _things(wanted.neighbours, found.neighbours, _neighbour)
    yield from _things(wanted.fdb, found.fdb, _fdb_entry)
    yield from _sysctls(wanted.sysctls, found.sysctls)
    yield from _chains(wanted, found)
    yield from _things(_members(wanted.ipsets), _members(found.ipsets), str)
    yield from _things(_balanced(wanted), _balanced(found), str)
    yield from _sets(wanted, found)
    for daemon in wanted.daemons:
        if daemon not in found.daemons:
            yield f"{program(daemon)} does not run"


def _links(wanted: Netns, found: Observed) -> Iterator[str]:
    links = {interface.name: interface for interface in found.interfaces}
    for interface in wanted.interfaces:
        if interface.name in links:
            yield from _link(interface, links.pop(interface.name), found.up)
        else:
            yield f"interface {interface.name} is missing"
    if "lo" not in found.up:
        yield "interface lo is down"
    yield from (f"interface {name} was added by hand" for name in links)
    yield from (f"interface {name} ({kind}) was added by hand" for name, kind in found.foreign)


def _link(wanted: Interface, found: Interface, up: Sequence[str]) -> Iterator[str]:
    where = f"interface {wanted.name}"
    for what, actual, asked in (
        ("kind", found.kind, wanted.kind),
        ("other end", _end(found.peer), _end(wanted.peer)),
        ("bridge", found.master or "none", wanted.master or "none"),
        ("MAC address", found.mac, wanted.mac or found.mac),
        ("hairpin", _switch(found.hairpin), _switch(wanted.hairpin)),
        ("MTU", found.mtu or MTU, wanted.mtu or MTU),
        ("tunnel", _tunnel(found.vxlan), _tunnel(wanted.vxlan)),
    ):
        if actual != asked:
            yield f"{where}: {what} is {actual}, should be {asked}"
    if wanted.kind is not Kind.DUMMY and (wanted.name in up) is not wanted.up:
        yield f"{where} is {'down' if wanted.up else 'up'}"
    yield from _things(
        wanted.addresses, found.addresses, lambda address: f"address {address} on {wanted.name}"
    )


def _things(
    wanted: Iterable[Thing], found: Iterable[Thing], words: Callable[[Thing], str]
) -> Iterator[str]:
    """What is asked and not there, then what is there and nobody asked for."""
    asked, actual = dict.fromkeys(wanted), dict.fromkeys(found)
    yield from (f"{words(thing)} is missing" for thing in asked if thing not in actual)
    yield from (f"{words(thing)} was added by hand" for thing in actual if thing not in asked)


def comparable(found: Iterable[Route], wanted: Iterable[Route]) -> Iterator[Route]:
    """The routes, without their interface where that is all that the wanted ones leave open."""
    asked = set(wanted)
    for route in found:
        anywhere = replace(route, dev=None)
        yield anywhere if anywhere in asked else route


def _sysctls(wanted: Iterable[Sysctl], found: Iterable[Sysctl]) -> Iterator[str]:
    values = {sysctl.key: sysctl.value for sysctl in found}
    for sysctl in wanted:
        actual, asked = values.get(sysctl.key), " ".join(sysctl.value.split())
        if actual is None and not sysctl.if_present:
            yield f"sysctl {sysctl.key} is not there, should be {asked}"
        elif actual is not None and actual != asked:
            yield f"sysctl {sysctl.key} is {actual}, should be {asked}"


def _chains(wanted: Netns, found: Observed) -> Iterator[str]:
    asked = {(chain.family, chain.table, chain.name): chain for chain in wanted.chains}
    for key, chain in asked.items():
        actual = found.chains.get(key, () if chain.built_in else None)
        if actual is None:
            yield f"{_chain(key)}: chain is missing"
        else:
            lines = chain_lines(chain)
            yield from (f"{_chain(key)}: {words}" for words in _rules(lines, actual))
    for key, actual in found.chains.items():
        if key in asked:
            continue
        if key[2] not in BUILT_IN:
            yield f"{_chain(key)}: chain was added by hand"
        yield from (f"{_chain(key)}: {words}" for words in _rules((), actual))


def chain_lines(chain: Chain) -> tuple[str, ...]:
    """The rules as the kernel's own tools show them."""
    if chain.table == KUBE_PROXY:
        return nft.lines(chain)
    return tuple(line(chain, rule) for rule in chain.rules)


def _sets(wanted: Netns, found: Observed) -> Iterator[str]:
    """The sets and maps of nftables; their elements have no order."""
    asked = {(each.family, each.name): each for each in wanted.sets}
    for key, each in asked.items():
        where = f"{_table(key[0], KUBE_PROXY)} {key[1]}"
        if key in found.sets:
            lines, actual = sorted(nft.lines(each)), sorted(found.sets[key])
            yield from (f"{where}: {words}" for words in _rules(lines, actual, "element"))
        else:
            yield f"{where}: {'set' if isinstance(each, NftSet) else 'map'} is missing"
    for family, name in found.sets:
        if (family, name) not in asked:
            yield f"{_table(family, KUBE_PROXY)} {name}: set was added by hand"


def _rules(wanted: Sequence[str], found: Sequence[str], what: str = "rule") -> Iterator[str]:
    if wanted == found:
        return
    if len(wanted) > 2 and not found:
        yield f"all {len(wanted)} {what}s are missing"
        return
    missing, added = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    yield from (f"{what} missing: {rule}" for rule in missing.elements())
    yield from (f"{what} added by hand: {rule}" for rule in added.elements())
    if not missing and not added:
        yield "the rules are in another order"


def _members(sets: Iterable[IpSet]) -> Iterator[str]:
    """Each set, and each entry of one."""
    for each in sets:
        yield f"ipset {each.name} ({each.type})"
        yield from (f"ipset {each.name}: {member}" for member in each.members)


def _balanced(netns: Netns | Observed) -> Iterator[str]:
    """Each virtual server, and each real server behind one."""
    for each in netns.virtual_servers:
        where = f"virtual server {each.protocol} {endpoint(each.address, each.port)}"
        kept = f", persistent {each.persistent} s" if each.persistent is not None else ""
        yield f"{where} ({each.scheduler}{kept})"
        for real in each.servers:
            yield f"{where} → {endpoint(real.address, real.port)} weight {real.weight}"


def _chain(key: tuple[Family, str, str]) -> str:
    family, table, name = key
    return f"{_table(family, table)} {name}"


def _table(family: Family, table: str) -> str:
    return table if family == 4 else f"IPv6 {table}"


def _route(route: Route) -> str:
    table = f" in table {route.table}" if route.table is not None else ""
    if route.blackhole:
        return f"blackhole route {route.destination}{table}"
    via = f" via {' or '.join(map(str, route.gateways))}" if route.gateways else ""
    dev = f" dev {route.dev}" if route.dev else ""
    learned = " learned by BGP" if route.learned else ""
    onlink = " onlink" if route.onlink else ""
    mtu = f" mtu {route.mtu}" if route.mtu is not None else ""
    return f"route {route.destination}{via}{dev}{onlink}{mtu}{learned}{table}"


def _policy_rule(rule: PolicyRule) -> str:
    family = "IPv6 " if rule.family == 6 else ""
    own = " iif lo" if rule.own else ""
    mark = f" fwmark {rule.mark:#x}/{rule.mask:#x}" if rule.mask else ""
    more = " (and asks more)" if rule.foreign else ""
    return f"{family}ip rule priority {rule.priority}{own}{mark} lookup {rule.table}{more}"


def _neighbour(neighbour: Neighbour) -> str:
    return f"neighbour {neighbour.address} at {neighbour.mac} dev {neighbour.dev}"


def _fdb_entry(entry: FdbEntry) -> str:
    return f"fdb {entry.mac} dst {entry.dst} dev {entry.dev}"


def _tunnel(vxlan: Vxlan | None) -> str:
    if vxlan is None:
        return "none that floods and learns nothing"
    return f"{vxlan.vni} from {vxlan.local} dev {vxlan.dev} port {vxlan.port}"


def _end(peer: Peer | None) -> str:
    return f"{peer.interface} in {peer.netns}" if peer else "nowhere"


def _switch(on: bool) -> str:
    return "on" if on else "off"
