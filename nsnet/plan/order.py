"""The sequence of Ops that builds a State, or that changes one State into another."""

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
    flush_stale_neighbours,
    flush_unresolved_neighbours,
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
    delete_routes,
    delete_superseded_routes,
    replace_routes,
)
from nsnet.state.model import Netns, Peer, State
from nsnet.state.namespaces import Role


def plan(state: State) -> list[Op]:
    """Return the Ops that build this State from nothing."""
    return changes(State(state.lab), state)


def changes(old: State, new: State) -> list[Op]:
    """Return the Ops that change a lab from one State to another. What is the same in both States
    is not touched.

    First, everything that conflicts with the new State is removed. Then everything new is created.
    Then rules and routes are replaced, and conntrack's entries of the old rules are removed. Last,
    everything that the new State does not have is removed: no rule or route points to it by then.
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
        # Before any rule sends packets to the new addresses.
        *flush_unresolved_neighbours(old, new, created),
        *_each(load_ipsets, changed),
        *_each(load_iptables, changed),
        *_each(load_virtual_servers, changed),
        *_each(delete_ipsets, changed),
        *_each(load_nftables, changed),
        *_each(replace_routes, changed),
        *_each(start_daemons, changed),
        *_each(await_routes, changed),
        *_each(delete_superseded_routes, changed),
        # After all rules: the next packet of a removed flow must be translated by the new ones.
        *_each(flush_conntrack, changed),
        *drain(changed, removed),
        *_each(stop_listeners, [*changed, *removed]),
        *_each(stop_daemons, [*changed, *removed]),
        # The kernel removes a namespace asynchronously, and until then the other end of a veth pair
        # into it would exist. An Op deletes the pair first, so that its names are free at once.
        *(LinkDelete(*end) for end in last),
        *(NetnsDelete(each.old.name) for each in removed),
        # Otherwise packets to removed addresses would be sent to MAC addresses that no longer exist
        # for a minute, without an error.
        *flush_stale_neighbours(old, new, created),
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
    """Yield Ops that create a new namespace (and start the lab's server, if this is its namespace),
    and Ops that set sysctls other than those of links. Links inherit some of them, so these Ops
    come before links are created."""
    if change.added:
        yield NetnsAdd(change.new.name)
        if change.new.role is Role.SERVERS:
            yield ServersStart(change.new.name)
    for sysctl in change.new.sysctls:
        if not sysctl.dev and sysctl not in change.old.sysctls:
            yield SysctlSet(change.new.name, sysctl)


def _clear(change: Change) -> Iterator[Op]:
    """Yield the removal of routes, neighbours, forwarding entries and addresses that the new State
    does not have. Those of deleted links are left out: the kernel has already removed them.

    These Ops come before any sysctl is set. A sysctl that disables IPv6 also removes the IPv6
    addresses, and then they could not be deleted a second time.
    """
    yield from delete_routes(change)
    yield from delete_neighbours(change)
    yield from delete_fdb_entries(change)
    yield from delete_addresses(change)


def _configure(change: Change) -> Iterator[Op]:
    """Yield Ops for the settings of links, then Ops that add addresses, routes, policy rules,
    neighbours and forwarding entries."""
    yield from set_up_links(change)
    yield from add_addresses(change)
    yield from add_routes(change)
    yield from change_policy_rules(change)
    yield from add_neighbours(change)
    yield from add_fdb_entries(change)
