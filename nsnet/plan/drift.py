"""The differences between a live lab and its State as text: one or more lines for each
difference."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from nsnet.ip import endpoint
from nsnet.plan.differences import Added, Changed, Difference, Missing
from nsnet.state.bird import Bird
from nsnet.state.daemons import program
from nsnet.state.haproxy import Haproxy
from nsnet.state.ipsets import IpSet
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
)
from nsnet.state.observed import LO, Hung, ListedChain, ListedSet, Observable, OtherLink
from nsnet.state.rules import KUBE_PROXY

# The verb of a line, before what follows it in lines of drift. The text of rules has none of these.
_VERB = re.compile(r"\b(is|are|does)\b(?= (?:missing|gone|up|down|not|in another)\b|.* should be )")
_PAST = {"is": "was", "are": "were", "does": "did"}


def drift(state: State, differences: Iterable[Difference]) -> list[str]:
    """Return the lines that describe these differences. Each line begins with the reference of its
    namespace."""
    references = {each.name: each.reference for each in state.netns}
    return [
        f"{references.get(each.netns, each.netns)}: {line}"
        for each in differences
        for line in _lines(each)
    ]


def _lines(difference: Difference) -> Iterator[str]:
    match difference:
        case Missing(wanted=piece):
            return _missing(piece)
        case Added(found=piece):
            return _added(piece)
        case Changed(wanted=wanted, found=found):
            return _changed(wanted, found)
        case _:
            assert_never(difference)


def past(line: str) -> str:
    """Return a line of drift as it reads once the difference is repaired."""
    return _VERB.sub(lambda found: _PAST[found[0]], line)


def _missing(piece: Observable) -> Iterator[str]:
    match piece:
        case Netns():
            yield f"{_name(piece)} is gone"
        case Sysctl(value=value):
            yield f"{_name(piece)} is not there, should be {value}"
        case Haproxy() | Bird():
            yield f"{_name(piece)} does not run"
        case _:
            yield from (f"{each} is missing" for each in _names(piece))


def _added(piece: Observable) -> Iterator[str]:
    match piece:
        case Netns():
            yield "namespace was added by hand"
        case ListedChain(lines=lines):
            if not piece.built_in:
                yield f"{_name(piece)} was added by hand"
            yield from (f"{_listed(piece)}: {each}" for each in _rules((), lines))
        case _:
            yield from (f"{each} was added by hand" for each in _names(piece))


def _changed(wanted: Observable, found: Observable) -> Iterator[str]:
    match wanted, found:
        case Interface() as one, Interface() as other:
            yield from _link(one, other)
        case OtherLink(), OtherLink(up=up):
            yield f"{_name(LO)} is {'up' if up else 'down'}"
        case Sysctl(value=asked), Sysctl(value=actual):
            yield f"{_name(wanted)} is {actual}, should be {asked}"
        case ListedChain(lines=asked) as one, ListedChain(lines=actual):
            yield from (f"{_listed(one)}: {each}" for each in _rules(asked, actual))
        case ListedSet(lines=asked) as one, ListedSet(lines=actual):
            yield from (f"{_listed(one)}: {each}" for each in _rules(asked, actual, "element"))
        case _, Hung():
            yield f"{_name(wanted)} does not answer"
        case _:
            yield from _missing_and_added(_names(wanted), _names(found))


def _link(wanted: Interface, found: Interface) -> Iterator[str]:
    where = _name(wanted)
    for what, actual, asked in (
        ("kind", found.kind, wanted.kind),
        ("other end", _end(found.peer), _end(wanted.peer)),
        ("bridge", found.master or "none", wanted.master or "none"),
        ("MAC address", found.mac, wanted.mac),
        ("hairpin", _switch(found.hairpin), _switch(wanted.hairpin)),
        ("MTU", found.mtu or MTU, wanted.mtu or MTU),
        ("tunnel", _tunnel(found), _tunnel(wanted)),
    ):
        if actual != asked:
            yield f"{where}: {what} is {actual}, should be {asked}"
    if found.up is not wanted.up:
        yield f"{where} is {'up' if found.up else 'down'}"
    yield from _missing_and_added(
        [f"address {each} on {wanted.name}" for each in wanted.addresses],
        [f"address {each} on {wanted.name}" for each in found.addresses],
    )


def _missing_and_added(wanted: Iterable[str], found: Iterable[str]) -> Iterator[str]:
    asked, actual = dict.fromkeys(wanted), dict.fromkeys(found)
    yield from (f"{each} is missing" for each in asked if each not in actual)
    yield from (f"{each} was added by hand" for each in actual if each not in asked)


def _rules(wanted: Sequence[str], found: Sequence[str], what: str = "rule") -> Iterator[str]:
    if len(wanted) > 2 and not found:
        yield f"all {len(wanted)} {what}s are missing"
        return
    missing, added = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    yield from (f"{what} missing: {each}" for each in missing.elements())
    yield from (f"{what} added by hand: {each}" for each in added.elements())
    if wanted != found and not missing and not added:
        yield f"the {what}s are in another order"


def _names(piece: Observable) -> Iterator[str]:
    """Yield the name of the piece, then the names of its parts that can be missing by themselves:
    the members of an ipset, or the real servers of a virtual server."""
    yield _name(piece)
    match piece:
        case IpSet(name=name, members=members):
            yield from (f"ipset {name}: {each}" for each in members)
        case VirtualServer(servers=servers):
            for each in servers:
                real = endpoint(each.address, each.port)
                yield f"{_virtual(piece)} → {real} weight {each.weight}"


def _name(piece: Observable) -> str:
    match piece:
        case Netns(name=name):
            return f"namespace {name}"
        case Interface(name=name):
            return f"interface {name}"
        case OtherLink(name, kind):
            return f"interface {name}" if name == LO.name else f"interface {name} ({kind})"
        case Route():
            return _route(piece)
        case PolicyRule():
            return _policy_rule(piece)
        case Neighbour(address, mac, dev):
            return f"neighbour {address} at {mac} dev {dev}"
        case FdbEntry(mac, dst, dev):
            return f"fdb {mac} dst {dst} dev {dev}"
        case Sysctl(key=key):
            return f"sysctl {key}"
        case ListedChain():
            return f"{_listed(piece)}: chain"
        case ListedSet(kind=kind):
            return f"{_listed(piece)}: {kind}"
        case IpSet(name=name, type=kind):
            return f"ipset {name} ({kind})"
        case VirtualServer(scheduler=scheduler, persistent=persistent):
            kept = f", persistent {persistent} s" if persistent is not None else ""
            return f"{_virtual(piece)} ({scheduler}{kept})"
        case Haproxy() | Bird():
            return program(piece)
        case Hung(daemon):
            return program(daemon)
        case _:
            assert_never(piece)


def _listed(piece: ListedChain | ListedSet) -> str:
    table = piece.table if isinstance(piece, ListedChain) else KUBE_PROXY
    return f"{'' if piece.family == 4 else 'IPv6 '}{table} {piece.name}"


def _virtual(server: VirtualServer) -> str:
    return f"virtual server {server.protocol} {endpoint(server.address, server.port)}"


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
    iif = f" iif {rule.iif}" if rule.iif else ""
    mark = f" fwmark {rule.mark:#x}/{rule.mask:#x}" if rule.mask else ""
    more = " with other selectors" if rule.foreign else ""
    return f"{family}ip rule priority {rule.priority}{iif}{mark} lookup {rule.table}{more}"


def _tunnel(interface: Interface) -> str:
    vxlan = interface.vxlan
    if vxlan is None:
        other = "one that floods, learns, or has no local address or device"
        return other if interface.kind is Kind.VXLAN else "none"
    return f"{vxlan.vni} from {vxlan.local} dev {vxlan.dev} port {vxlan.port}"


def _end(peer: Peer | None) -> str:
    return f"{peer.interface} in {peer.netns}" if peer else "missing"


def _switch(on: bool) -> str:
    return "on" if on else "off"
