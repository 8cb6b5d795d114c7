"""The differences between live namespaces and their State. `drift` prints them, and `repair` undoes
them."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import TypeAlias, TypeVar

from nsnet.state.model import MTU, Interface, Kind, Netns, Route, State, Sysctl
from nsnet.state.observed import ListedChain, Observable, Observed, expected, key

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Missing:
    """The State has `wanted`, but the namespace does not. If `wanted` is a `Netns`, the whole
    namespace is missing."""

    netns: str
    wanted: Observable


@dataclass(frozen=True, slots=True)
class Added:
    """The namespace has `found`, but the State does not. If `found` is a `Netns`, the whole
    namespace was added."""

    netns: str
    found: Observable


@dataclass(frozen=True, slots=True)
class Changed:
    """The State and the namespace have the same piece with different values: `wanted` in the State,
    `found` in the namespace."""

    netns: str
    wanted: Observable
    found: Observable


Difference: TypeAlias = Missing | Added | Changed


def diff(state: State, observed: Mapping[str, Observed]) -> tuple[Difference, ...]:
    """Return the differences between the State and the observed namespaces, which are given by
    name.

    What the State does not specify, such as the order of an ipset's members, is not compared.
    """
    found: list[Difference] = []
    for each in state.netns:
        if each.name in observed:
            found += _netns(each, observed[each.name])
        else:
            found.append(Missing(each.name, each))
    known = {each.name for each in state.netns}
    found += [Added(name, Netns(name, name)) for name in observed if name not in known]
    return tuple(found)


def missing_namespaces(differences: Iterable[Difference]) -> list[str]:
    """Return the names of the namespaces that are missing as a whole."""
    return [
        each.netns
        for each in differences
        if isinstance(each, Missing) and isinstance(each.wanted, Netns)
    ]


def _netns(netns: Netns, observed: Observed) -> Iterator[Difference]:
    wanted = expected(netns)
    found = _comparable(wanted, observed)
    for each in fields(Observed):  # so that a new field is compared, too
        yield from _pieces(netns.name, getattr(wanted, each.name), getattr(found, each.name))


def _pieces(
    netns: str, wanted: Iterable[Observable], found: Iterable[Observable]
) -> Iterator[Difference]:
    """Yield the differences between two lists of pieces. Missing and changed pieces come first, in
    the order of the State; added ones follow."""
    unmatched: dict[Hashable, list[Observable]] = {}
    for each in found:
        unmatched.setdefault(key(each), []).append(each)
    for each in wanted:
        alike = unmatched.get(key(each))
        if not alike:
            yield Missing(netns, each)
        elif each in alike:
            alike.remove(each)
        else:
            yield Changed(netns, each, alike.pop(0))
    for alike in unmatched.values():
        yield from (Added(netns, each) for each in alike)


def _comparable(wanted: Observed, found: Observed) -> Observed:
    """Return what was found in a namespace. Where any value is acceptable, the State's value
    replaces the one found, so that it is not reported as a difference."""
    links = {each.name: each for each in wanted.interfaces}
    sets = {key(each): each.lines for each in wanted.sets}
    members = {key(each): each.members for each in wanted.ipsets}
    servers = {key(each): each.servers for each in wanted.virtual_servers}
    return replace(
        found,
        interfaces=tuple(_interface(links.get(each.name), each) for each in found.interfaces),
        routes=tuple(_routes(wanted.routes, found.routes)),
        sysctls=tuple(_sysctls(wanted.sysctls, found.sysctls)),
        chains=tuple(_chains(wanted.chains, found.chains)),
        sets=tuple(
            each._replace(lines=_ordered(sets.get(key(each), ()), each.lines))
            for each in found.sets
        ),
        ipsets=tuple(
            replace(each, members=_ordered(members.get(key(each), ()), each.members))
            for each in found.ipsets
        ),
        virtual_servers=tuple(
            replace(each, servers=_ordered(servers.get(key(each), ()), each.servers))
            for each in found.virtual_servers
        ),
    )


def _ordered(wanted: tuple[Value, ...], found: tuple[Value, ...]) -> tuple[Value, ...]:
    """Return the values that were found. If they are the wanted ones in another order, return them
    in the wanted order."""
    return wanted if {*wanted} == {*found} else found


def _interface(wanted: Interface | None, found: Interface) -> Interface:
    if wanted is None:
        return found
    same_mtu = (wanted.mtu or MTU) == (found.mtu or MTU)
    return replace(
        found,
        addresses=_ordered(wanted.addresses, found.addresses),
        mac=found.mac if wanted.mac else "",
        mtu=wanted.mtu if same_mtu else found.mtu,
        # The addresses of a dummy link work whether it is up or down.
        up=wanted.up if wanted.kind is Kind.DUMMY else found.up,
    )


def _routes(wanted: Iterable[Route], found: Iterable[Route]) -> Iterator[Route]:
    """Yield the routes that were found. A route is yielded without its interface if the State has
    it without one, because any interface is acceptable then."""
    asked = {each for each in wanted if each.dev is None}
    for each in found:
        anywhere = replace(each, dev=None) if asked else each
        yield anywhere if anywhere in asked else each


def _sysctls(wanted: Iterable[Sysctl], found: Iterable[Sysctl]) -> Iterator[Sysctl]:
    """Yield the State's sysctls with the values that were found. A sysctl that was not found is
    left out or, if the kernel may lack it (`if_present`), yielded with the State's value."""
    values = {each.key: each.value for each in found}
    for each in wanted:
        if each.key in values:
            yield replace(each, value=values[each.key])
        elif each.if_present:
            yield each


def _chains(wanted: Iterable[ListedChain], found: Iterable[ListedChain]) -> Iterator[ListedChain]:
    """Yield the chains that were found, with two exceptions for built-in chains. One without rules
    is left out if the State does not have it, and one that was not found is yielded without rules
    if the State has it."""
    absent = {key(each): each._replace(lines=()) for each in wanted if each.built_in}
    for each in found:
        asked = absent.pop(key(each), None) if each.built_in else each
        if asked is not None or each.lines:
            yield each
    yield from absent.values()
