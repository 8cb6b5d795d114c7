"""The Ops for rules of iptables and nftables, ipsets, virtual servers of IPVS, and conntrack's
entries."""

from collections.abc import Iterator, Set

from nsnet.ip import Family, IPAddress
from nsnet.plan.change import Change
from nsnet.plan.ops import (
    ConntrackDelete,
    Op,
    RulesLoad,
    SetsDelete,
    SetsLoad,
    TableLoad,
    VirtualServersLoad,
)
from nsnet.state.model import Netns, Translation, identity
from nsnet.state.rules import KUBE_PROXY, Chain, NftSet, TableItem, named_sets


def load_ipsets(change: Change) -> Iterator[Op]:
    """Yield an Op that loads the ipsets that are new or differ. Rules that use them are loaded
    later."""
    old = set(change.old.ipsets)
    changed = tuple(each for each in change.new.ipsets if each not in old)
    if changed:
        yield SetsLoad(change.new.name, changed)


def delete_ipsets(change: Change) -> Iterator[Op]:
    """Yield the deletion of ipsets that the new State does not have. It must come after the rules
    are replaced, because the kernel refuses to delete a set that a rule uses."""
    wanted = {each.name for each in change.new.ipsets}
    gone = tuple(each.name for each in change.old.ipsets if each.name not in wanted)
    if gone:
        yield SetsDelete(change.new.name, gone)


def load_iptables(change: Change) -> Iterator[Op]:
    """Yield one Op for each family in which chains of iptables differ. It replaces the chains that
    differ, and deletes those that the new State does not have."""
    # Most of tens of thousands of chains are the same object, which need not be compared.
    same = set(map(id, change.old.chains)) & set(map(id, change.new.chains))
    old, new = _iptables_chains(change.old, same), _iptables_chains(change.new, same)
    for family in sorted({key[0] for key in old | new}):
        changed = tuple(
            each for key, each in new.items() if key[0] == family and old.get(key) != each
        )
        deleted = tuple(each for key, each in old.items() if key[0] == family and key not in new)
        if changed or deleted:
            yield RulesLoad(change.new.name, family, changed, deleted)


def _iptables_chains(netns: Netns, same: Set[int]) -> dict[tuple[Family, str, str], Chain]:
    return {
        (each.family, each.table, each.name): each
        for each in netns.chains
        if id(each) not in same and each.table != KUBE_PROXY
    }


def load_virtual_servers(change: Change) -> Iterator[Op]:
    """Yield an Op that changes the virtual servers of IPVS that differ."""
    old, new = set(change.old.virtual_servers), set(change.new.virtual_servers)
    before = tuple(each for each in change.old.virtual_servers if each not in new)
    after = tuple(each for each in change.new.virtual_servers if each not in old)
    if before or after:
        yield VirtualServersLoad(change.new.name, before, after)


def load_nftables(change: Change) -> Iterator[Op]:
    """Yield one Op for each family in which chains, sets or maps of nftables differ.

    These Ops must come after those for iptables. If several nat chains have the same hook and
    priority, the kernel begins with the one that was registered last.
    """
    for family in (4, 6):
        old, new = _nftables_pieces(change.old, family), _nftables_pieces(change.new, family)
        differing = {
            name
            for name in {*old, *new}
            if old.get(name) is not new.get(name) and old.get(name) != new.get(name)
        }
        differing |= _chains_that_use(_recreated_sets(old, new), new)
        if differing:
            yield TableLoad(
                netns=change.new.name,
                family=family,
                old=tuple(each for name, each in old.items() if name in differing),
                new=tuple(each for name, each in new.items() if name in differing),
            )


def _nftables_pieces(netns: Netns, family: Family) -> dict[str, TableItem]:
    pieces: tuple[TableItem, ...] = (
        *netns.sets,
        *(each for each in netns.chains if each.table == KUBE_PROXY),
    )
    return {each.name: each for each in pieces if each.family == family}


def _recreated_sets(old: dict[str, TableItem], new: dict[str, TableItem]) -> set[str]:
    """Return the names of the sets whose timeout differs. nftables cannot change a timeout, so
    these sets are recreated."""
    return {
        name
        for name, each in old.items()
        if isinstance(each, NftSet)
        and isinstance(now := new.get(name), NftSet)
        and each.timeout != now.timeout
    }


def _chains_that_use(sets: set[str], pieces: dict[str, TableItem]) -> set[str]:
    """Return the names of the chains whose rules use one of these sets. They must be loaded again
    with the sets, because nftables cannot delete a set in use."""
    chains = [each for each in pieces.values() if isinstance(each, Chain)] if sets else []
    return {
        each.name
        for each in chains
        if any(name in sets for rule in each.rules for name in named_sets(rule))
    }


def flush_conntrack(change: Change) -> Iterator[Op]:
    """Yield the deletion of conntrack's entries for UDP flows that the new rules translate
    differently. Each Op is yielded only once.

    Like kube-proxy, nsnet keeps the entries of TCP connections: a connection to a removed endpoint
    must end, because another endpoint cannot continue it.
    """
    if change.added:
        return
    before = {identity(each): each for each in change.old.translations}
    after = {identity(each): each for each in change.new.translations}
    stale: list[Op] = []
    for key, each in before.items():
        kept = after.get(key)
        if kept is None:
            stale.append(_flows(change.new.name, each, None))
        elif kept is not each:
            stay = set(kept.endpoints)
            gone = [end for end in each.endpoints if end not in stay]
            stale += [_flows(change.new.name, each, address) for address, _ in gone]
    for key, each in after.items():
        first = before.get(key)
        # A flow that began before any rule translated it would stay untranslated.
        if each.endpoints and (first is None or not first.endpoints):
            stale.append(_flows(change.new.name, each, None))
    yield from dict.fromkeys(stale)


def _flows(netns: str, each: Translation, endpoint: IPAddress | None) -> ConntrackDelete:
    return ConntrackDelete(
        netns=netns,
        family=each.family,
        destination=each.address,
        # Like kube-proxy: all ports of an address, and for a NodePort (no address) only the port.
        dport=each.port if each.address is None else None,
        endpoint=endpoint,
    )
