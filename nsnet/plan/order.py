"""State → the Ops that build it, or that change another State into it, in one sequence."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from nsnet.plan.change import Change
from nsnet.plan.daemons import await_routes, start_daemons, stop_daemons
from nsnet.plan.links import (
    add_addresses,
    create_links,
    delete_addresses,
    links_to_create,
    links_to_delete,
    set_up_links,
)
from nsnet.plan.listeners import drain, start_listeners, stop_listeners
from nsnet.plan.neighbours import (
    add_fdb_entries,
    add_neighbours,
    delete_fdb_entries,
    delete_neighbours,
    forget_new_addresses,
    forget_old_addresses,
)
from nsnet.plan.netfilter import (
    delete_ipsets,
    flush_conntrack,
    load_ipsets,
    load_iptables,
    load_nftables,
    load_virtual_servers,
)
from nsnet.plan.ops import LinkDelete, NetnsAdd, NetnsDelete, Op, ServersStart, SysctlSet
from nsnet.plan.routes import (
    add_routes,
    change_policy_rules,
    delete_learned_routes,
    delete_routes,
    replace_routes,
)
from nsnet.state.model import Netns, Peer, State
from nsnet.state.namespaces import Role


def plan(state: State) -> list[Op]:
    """Return the Ops that build this State from nothing."""
    return changes(State(state.lab), state)


def changes(old: State, new: State) -> list[Op]:
    """Return the Ops that change one State of a lab into another, and touch nothing that both
    have.

    What is in the way is removed first, then everything new is created; then rules and routes
    change over, and conntrack drops the flows of the old ones. What is no longer wanted is removed
    last, when no rule or route leads to it any more.
    """
    before = {each.name: each for each in old.netns}
    after = {each.name: each for each in new.netns}
    created = links_to_create(before, after)
    deleted = links_to_delete(before, after, created)
    # Veths to removed namespaces are deleted last: replies in flight still need them.
    last = [end for end, peer in deleted if peer and peer.netns not in after and end not in created]
    changed = [_change(before.get(name), each, created) for name, each in after.items()]
    removed = [
        Change(old=each, new=Netns(name, each.reference))
        for name, each in before.items()
        if name not in after
    ]
    return [
        *(LinkDelete(*end) for end, _ in deleted if end not in last),
        *_each(_clear, changed),
        *_each(_add_netns, changed),
        *create_links(after, created),
        *_each(_configure, changed),
        *_each(start_listeners, changed),
        # Before any rule leads to the new addresses.
        *forget_new_addresses(old, new, created),
        *_each(load_ipsets, changed),
        *_each(load_iptables, changed),
        *_each(load_virtual_servers, changed),
        *_each(delete_ipsets, changed),
        *_each(load_nftables, changed),
        *_each(replace_routes, changed),
        *_each(start_daemons, changed),
        *_each(await_routes, changed),
        *_each(delete_learned_routes, changed),
        # After all rules: the next packet of a flow that is deleted must not meet the old ones.
        *_each(flush_conntrack, changed),
        *drain(changed, removed),
        *_each(stop_listeners, [*changed, *removed]),
        *_each(stop_daemons, [*changed, *removed]),
        # The kernel takes a removed namespace apart in its own time, and until then the far end of
        # a veth into it would exist: deleted by an Op of its own, its name is free at once.
        *(LinkDelete(*end) for end in last),
        *(NetnsDelete(each.old.name) for each in removed),
        # For a minute, packets to removed addresses would be sent to a MAC address that nothing
        # has, without an error.
        *forget_old_addresses(old, new, created),
    ]


def _change(old: Netns | None, new: Netns, created: frozenset[Peer]) -> Change:
    names = [each.name for each in new.interfaces]
    made = {name for name in names if Peer(new.name, name) in created}
    return Change(
        old=old or Netns(new.name, new.reference),
        new=new,
        added=old is None,
        created=made,
        kept={*names} - made,
    )


def _each(steps: Callable[[Change], Iterable[Op]], changed: Iterable[Change]) -> Iterator[Op]:
    return chain.from_iterable(map(steps, changed))


def _add_netns(change: Change) -> Iterator[Op]:
    """Yield the namespace, and the settings that links inherit when they are created."""
    if change.added:
        yield NetnsAdd(change.new.name)
        if change.new.role is Role.SERVERS:
            yield ServersStart(change.new.name)
    for sysctl in change.new.sysctls:
        if not sysctl.dev and sysctl not in change.old.sysctls:
            yield SysctlSet(change.new.name, sysctl)


def _clear(change: Change) -> Iterator[Op]:
    """Yield what removes the old; what belonged to a deleted link was removed with it.

    All of it comes before any setting: a namespace in which IPv6 is switched off has lost its
    IPv6 addresses already.
    """
    yield from delete_routes(change)
    yield from delete_neighbours(change)
    yield from delete_fdb_entries(change)
    yield from delete_addresses(change)


def _configure(change: Change) -> Iterator[Op]:
    """Yield settings of links, then everything that takes one netlink message each."""
    yield from set_up_links(change)
    yield from add_addresses(change)
    yield from add_routes(change)
    yield from change_policy_rules(change)
    yield from add_neighbours(change)
    yield from add_fdb_entries(change)
