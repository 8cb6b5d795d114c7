"""Op → the one message of rtnetlink that carries it out, for what hangs on links: their state,
addresses, routes, rules and neighbours."""

from collections.abc import Callable
from typing import TypeAlias, assert_never

from pyroute2.netlink.rtnl import (
    RTM_DELADDR,
    RTM_DELNEIGH,
    RTM_DELROUTE,
    RTM_NEWADDR,
    RTM_NEWNEIGH,
    RTM_NEWROUTE,
    RTM_SETLINK,
)

from nsnet.kernel import rtnetlink as messages
from nsnet.kernel.netlink import encoded
from nsnet.plan.ops import (
    AddressAdd,
    AddressDelete,
    FdbDelete,
    FdbSet,
    LinkDown,
    LinkUp,
    MtuSet,
    NeighbourAdd,
    NeighbourDelete,
    NeighbourForget,
    PolicyRuleAdd,
    PolicyRuleDelete,
    RouteAdd,
    RouteDelete,
    RouteReplace,
)

Requested: TypeAlias = (
    LinkUp
    | LinkDown
    | MtuSet
    | AddressAdd
    | AddressDelete
    | RouteAdd
    | RouteReplace
    | RouteDelete
    | PolicyRuleAdd
    | PolicyRuleDelete
    | NeighbourAdd
    | NeighbourDelete
    | NeighbourForget
    | FdbSet
    | FdbDelete
)


def request(op: Requested, index: Callable[[str | None], int]) -> bytes:
    """The message; `index` knows the links of the namespace."""
    match op:
        case LinkUp(_, link):
            return encoded(messages.link(index(link), flags=messages.IFF_UP), RTM_SETLINK)
        case LinkDown(_, link):
            message = messages.link(index(link))
            message["change"] = messages.IFF_UP
            return encoded(message, RTM_SETLINK)
        case MtuSet(_, dev, mtu):
            return encoded(messages.sized(index(dev), mtu), RTM_SETLINK)
        case AddressAdd(_, dev, address, deprecated):
            message = messages.address(address, index(dev), deprecated=deprecated)
            return encoded(message, RTM_NEWADDR, messages.NEW)
        case AddressDelete(_, dev, address):
            return encoded(messages.address(address, index(dev)), RTM_DELADDR)
        case RouteAdd(_, route):
            return encoded(messages.route(route, index(route.dev)), RTM_NEWROUTE, messages.NEW)
        case RouteReplace(_, route):
            return encoded(messages.route(route, index(route.dev)), RTM_NEWROUTE, messages.ANEW)
        case RouteDelete(_, route):
            return encoded(messages.route(route, index(route.dev)), RTM_DELROUTE)
        case PolicyRuleAdd(_, rule):
            return messages.policy_rule(rule)
        case PolicyRuleDelete(_, rule):
            return messages.no_policy_rule(rule)
        case NeighbourAdd(_, each):
            return encoded(messages.neighbour(each, index(each.dev)), RTM_NEWNEIGH, messages.ANEW)
        case NeighbourDelete(_, each):
            return encoded(messages.neighbour(each, index(each.dev)), RTM_DELNEIGH)
        case NeighbourForget(_, dev, address):
            return encoded(messages.learnt(address, index(dev)), RTM_DELNEIGH)
        case FdbSet(_, entry):
            return encoded(messages.fdb(entry, index(entry.dev)), RTM_NEWNEIGH, messages.ANEW)
        case FdbDelete(_, entry):
            return encoded(messages.fdb(entry, index(entry.dev)), RTM_DELNEIGH)
        case _:
            assert_never(op)
