"""A lab that somebody changed by hand, as a State; and the steps from there to what was asked."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from nsnet.ip import Family
from nsnet.plan.drift import Observed, chain_lines, comparable
from nsnet.plan.ops import LinkDown, LinkUp, Op, ServersStart, TableLoad
from nsnet.plan.order import changes
from nsnet.state import nftables_text as nft
from nsnet.state.ipsets import IpSet
from nsnet.state.model import Interface, Kind, Netns, State, Sysctl, VirtualServer, identity
from nsnet.state.rules import KUBE_PROXY, Chain, Match, Rule

_FAMILIES: tuple[Family, ...] = (4, 6)


def repairs(state: State, observed: Mapping[str, Observed], *, served: bool) -> list[Op]:
    """The steps that make a lab again what its State says, as far as our words for it go.

    `served`: the lab's server runs, and where it should.
    """
    real = actual(state, observed, served=served)
    return [
        *_awake(state, observed, served=served),
        *_tables(state, observed, changes(real, state)),
    ]


def actual(state: State, observed: Mapping[str, Observed], *, served: bool) -> State:
    """The State that is really there: what is gone is not in it, and what was added is."""
    return replace(
        state,
        netns=tuple(
            _netns(each, observed[each.name], served=served)
            for each in state.netns
            if each.name in observed
        ),
    )


def _awake(state: State, observed: Mapping[str, Observed], *, served: bool) -> Iterator[Op]:
    """What is there, and only switched off; a route needs its link up."""
    for each in state.netns:
        found = observed.get(each.name)
        if found is None:
            continue
        if each.reference == "servers" and not served:
            yield ServersStart(each.name)
        there = ("lo", *(link.name for link in found.interfaces))
        for link in each.interfaces:
            if not link.up and link.name in found.up:
                yield LinkDown(each.name, link.name)
        cables = (link.name for link in each.interfaces if link.kind is not Kind.DUMMY and link.up)
        wanted = ("lo", *cables)
        for name in wanted:
            if name in there and name not in found.up:
                yield LinkUp(each.name, name)


def _tables(state: State, observed: Mapping[str, Observed], steps: list[Op]) -> Iterator[Op]:
    """The steps, and a table of nftables that was changed by hand is loaded anew, whole: nobody
    wrote down which element of which map somebody added."""
    changed: dict[tuple[str, Family], tuple[Chain, ...]] = {}
    for each in state.netns:
        found = observed.get(each.name, Observed())
        for family in _FAMILIES:
            standing = _standing_table(found, family)
            if standing and standing != _wanted_table(each, family):
                chains = tuple(Chain(KUBE_PROXY, name, (), family) for name in standing)
                changed[each.name, family] = chains
    for op in steps:
        if isinstance(op, TableLoad) and changed.pop((op.netns, op.family), ()):
            yield replace(op, anew=True)
        else:
            yield op
    for (name, family), chains in changed.items():
        yield TableLoad(name, family, chains, ())


def _standing_table(found: Observed, family: Family) -> dict[str, list[str]]:
    chains = {key[2]: [*lines] for key, lines in found.chains.items() if _is_nft(key, family)}
    sets = {key[1]: sorted(lines) for key, lines in found.sets.items() if key[0] == family}
    return chains | sets


def _wanted_table(wanted: Netns, family: Family) -> dict[str, list[str]]:
    chains = {
        each.name: [*chain_lines(each)]
        for each in wanted.chains
        if _is_nft((each.family, each.table, each.name), family)
    }
    sets = {each.name: sorted(nft.lines(each)) for each in wanted.sets if each.family == family}
    return chains | sets


def _is_nft(key: tuple[Family, str, str], family: Family) -> bool:
    return key[:2] == (family, KUBE_PROXY)


def _netns(wanted: Netns, found: Observed, *, served: bool) -> Netns:
    asked = {each.name: each for each in wanted.interfaces}
    links = tuple(_link(each, asked.get(each.name)) for each in found.interfaces)
    # None of its links is there: it is another one of the same name, and the server's sockets are
    # in the old one.
    whole = [
        family
        for family in _FAMILIES
        if _standing_table(found, family) == _wanted_table(wanted, family)
    ]
    another = bool(asked) and not any(each.name in asked for each in links)
    return replace(
        wanted,
        interfaces=(*links, *(Interface(name) for name, _ in found.foreign)),
        routes=tuple(comparable(found.routes, wanted.routes)),
        neighbours=found.neighbours,
        policy_rules=found.policy_rules,
        fdb=found.fdb,
        sysctls=tuple(_sysctls(wanted, found)),
        chains=tuple(_chains(wanted, found, whole)),
        sets=tuple(each for each in wanted.sets if each.family in whole),
        ipsets=tuple(_ipsets(wanted, found)),
        virtual_servers=tuple(_virtual_servers(wanted, found)),
        daemons=found.daemons,
        listeners=wanted.listeners if served and not another else (),
    )


def _link(found: Interface, wanted: Interface | None) -> Interface:
    """A MAC address that nobody asked for is not different; what is down or up is seen to before
    all else."""
    if wanted is None:
        return found
    return replace(found, mac=found.mac if wanted.mac else "", up=wanted.up)


def _sysctls(wanted: Netns, found: Observed) -> Iterator[Sysctl]:
    values = {each.key: each.value for each in found.sysctls}
    for each in wanted.sysctls:
        value = values.get(each.key)
        if value == " ".join(each.value.split()) or (value is None and each.if_present):
            yield each
        elif value is not None:
            yield replace(each, value=value)


def _ipsets(wanted: Netns, found: Observed) -> Iterator[IpSet]:
    """A set is as it should be in whatever order its members are."""
    asked = {each.name: each for each in wanted.ipsets}
    for each in found.ipsets:
        mine = asked.get(each.name, each)
        alike = replace(mine, members=()) == replace(each, members=())
        yield mine if alike and {*mine.members} == {*each.members} else each


def _virtual_servers(wanted: Netns, found: Observed) -> Iterator[VirtualServer]:
    asked = {identity(each): each for each in wanted.virtual_servers}
    for each in found.virtual_servers:
        mine = asked.get(identity(each), each)
        alike = replace(mine, servers=()) == replace(each, servers=())
        yield mine if alike and {*mine.servers} == {*each.servers} else each


def _chains(wanted: Netns, found: Observed, whole: Collection[Family]) -> Iterator[Chain]:
    """`whole`: in these families the table of nftables is as it should be, else it is gone."""
    asked = {(each.family, each.table, each.name): each for each in wanted.chains}
    for (family, table, name), lines in found.chains.items():
        each = asked.get((family, table, name))
        if table == KUBE_PROXY and family not in whole:
            continue
        if each is not None and lines == chain_lines(each):
            yield each
        elif lines or each is not None or not Chain(table, name).built_in:
            # We have no words for whatever rule a person writes: all that counts is that it is
            # none of ours.
            foreign = tuple(Rule(Match(comment=text)) for text in lines)
            yield Chain(table, name, foreign, family)
