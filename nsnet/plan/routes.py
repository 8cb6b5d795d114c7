"""The Ops for routes and policy rules.

Daemons themselves add and delete the routes that they learn (`learned`), so no Op here touches
these routes.
"""

from collections.abc import Iterator

from nsnet.ip import IPNetwork
from nsnet.plan.change import Change
from nsnet.plan.ops import (
    Op,
    PolicyRuleAdd,
    PolicyRuleDelete,
    RouteAdd,
    RouteDelete,
    RouteReplace,
)
from nsnet.state.model import Netns, Route, identity


def delete_routes(change: Change) -> Iterator[Op]:
    """Yield the deletion of routes that the new State does not have, or that cannot be replaced in
    place."""
    wanted = {each.key: each for each in change.new.routes} if change.old.routes else {}
    for route in _static(change.old):
        if _outlives_links(route, change) and not _replaceable(route, wanted.get(route.key)):
            yield RouteDelete(change.new.name, route)


def add_routes(change: Change) -> Iterator[Op]:
    """Yield Ops that add routes to new destinations, and Ops that replace routes which only lose
    next hops. The latter come early: when the rules change, packets must no longer take the lost
    next hops."""
    present = _routes_left(change)
    for route in _static(change.new):
        old = present.get(route.key)
        if old is None:
            yield RouteAdd(change.new.name, route)
        elif old != route and _only_loses_gateways(old, route):
            yield RouteReplace(change.new.name, route)


def replace_routes(change: Change) -> Iterator[Op]:
    """Yield Ops that replace the routes that change, except those that only lose next hops, which
    `add_routes` replaces. The Ops come late: by then, the rules for new next hops are loaded."""
    present = _routes_left(change)
    for route in _static(change.new):
        old = present.get(route.key, route)
        if old != route and not _only_loses_gateways(old, route):
            yield RouteReplace(change.new.name, route)


def delete_superseded_routes(change: Change) -> Iterator[Op]:
    """Yield the deletion of old routes to destinations for which daemons have learned a route by
    now. The old route must be deleted, because the learned one has another metric and does not
    replace it."""
    learned = {each.key for each in change.new.routes if each.learned}
    for route in _static(change.old):
        if route.key in learned and _outlives_links(route, change):
            yield RouteDelete(change.new.name, route)


def change_policy_rules(change: Change) -> Iterator[Op]:
    """Yield Ops that change policy rules. When a rule changes, the new one is added before the old
    one is deleted, so that there is always one of them.

    This works because the kernel evaluates the oldest of several rules with one priority first, and
    also deletes the oldest first.
    """
    name, old_rules, new_rules = change.new.name, change.old.policy_rules, change.new.policy_rules
    for key in dict.fromkeys(map(identity, (*old_rules, *new_rules))):
        old = [each for each in old_rules if identity(each) == key]
        new = [each for each in new_rules if identity(each) == key]
        added: list[Op] = [PolicyRuleAdd(name, each) for each in new]
        deleted: list[Op] = [PolicyRuleDelete(name, each) for each in old]
        if old != new:
            # The kernel refuses to add a rule that exists. If a rule is kept, and another that was
            # added by hand is not, all are deleted first.
            yield from (*deleted, *added) if set(new) & set(old) else (*added, *deleted)


def _static(netns: Netns) -> Iterator[Route]:
    return (each for each in netns.routes if not each.learned)


def _routes_left(change: Change) -> dict[tuple[int | None, IPNetwork], Route]:
    """Return, by key, the old routes that still exist once links and addresses have changed, and
    that the new State keeps or replaces in place."""
    if not change.old.routes:
        return {}
    new = {each.key: each for each in _static(change.new)}
    return {
        each.key: each
        for each in _static(change.old)
        if _outlives_links(each, change) and _replaceable(each, new.get(each.key))
    }


def _outlives_links(route: Route, change: Change) -> bool:
    """Return whether the route still exists once links are deleted. A blackhole route has no link,
    so it always does."""
    return route.blackhole or route.dev in change.kept


def _replaceable(old: Route, new: Route | None) -> bool:
    """Return whether the new route can replace the old one in place.

    The kernel refuses an IPv6 route with `onlink` while another route reaches the same gateway
    through another link.
    """
    if new is None:
        return False
    return not (new.onlink and new.destination.version == 6 and new.dev != old.dev)


def _only_loses_gateways(old: Route, new: Route) -> bool:
    return set(new.gateways) < set(old.gateways)
