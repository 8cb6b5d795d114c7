"""Decode netlink dumps of a namespace's tables: its routes, policy rules, neighbours, and the
forwarding entries of its VXLAN tunnels."""

import struct
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from ipaddress import ip_address, ip_network
from socket import AF_INET, AF_INET6
from typing import Any

from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from nsnet.ip import Family
from nsnet.kernel import uapi
from nsnet.state.model import FdbEntry, Neighbour, PolicyRule, Route

_ANY_LENGTH = 0xFFFFFFFF
_KERNELS_RULES = {  # priority and table
    (0, uapi.RT_TABLE_LOCAL),
    (32766, uapi.RT_TABLE_MAIN),
    (32767, uapi.RT_TABLE_DEFAULT),
}
# The attributes of every policy rule, and those of the matches that a State uses.
_KNOWN_ATTRIBUTES = {"FRA_TABLE", "FRA_SUPPRESS_PREFIXLEN", "FRA_PROTOCOL", "FRA_PRIORITY"}
_KNOWN_ATTRIBUTES |= {"FRA_FWMARK", "FRA_FWMASK", "FRA_IIFNAME"}

# The fields that decide whether to decode a message, after its netlink header of 16 bytes.
_ROUTE = struct.Struct("=16xBBBBBBBBI")  # family, lengths, tos, table, protocol, scope, type, flags
_NEIGHBOUR = struct.Struct("=16xB3xiHBB")  # family, link, state, flags, type


def decoded(message: type[Any], data: bytes) -> Any:
    """Return the bytes decoded as a message of this pyroute2 class."""
    found = message(data)
    found.decode()
    return found


def routes(messages: Iterable[bytes], names: dict[int, str]) -> Iterator[Route]:
    """Yield the routes of all tables, except those that the kernel has added itself or cached.

    `names` has the links' names by index. A multipath route whose next hops differ in more than
    their gateways, or lack gateways, is yielded as several routes. No State has such a route.
    """
    for data in messages:
        family, length, _, _, table, protocol, _, kind, flags = _ROUTE.unpack_from(data)
        if (
            family not in (AF_INET, AF_INET6)
            or table == uapi.RT_TABLE_LOCAL
            or protocol == uapi.RTPROT_KERNEL
            or flags & uapi.RTM_F_CLONED
        ):
            continue
        route = decoded(rtmsg, data)
        start = route.get_attr("RTA_DST") or ("0.0.0.0" if family == AF_INET else "::")
        destination = ip_network(f"{start}/{length}")
        number = route.get_attr("RTA_TABLE")
        table = None if number == uapi.RT_TABLE_MAIN else number
        where = Route(destination, learned=protocol == uapi.RTPROT_BIRD, table=table)
        if kind == uapi.RTN_BLACKHOLE:
            yield replace(where, blackhole=True)
        elif hops := route.get_attr("RTA_MULTIPATH"):
            yield from _multipath(where, hops, names)
        else:
            via, index = route.get_attr("RTA_GATEWAY"), route.get_attr("RTA_OIF") or 0
            metrics = route.get_attr("RTA_METRICS")
            yield replace(
                where,
                via=ip_address(via) if via else None,
                dev=names.get(index),
                onlink=bool(flags & uapi.RTNH_F_ONLINK),
                mtu=metrics.get_attr("RTAX_MTU") if metrics else None,
            )


def _multipath(where: Route, hops: Iterable[Any], names: dict[int, str]) -> Iterator[Route]:
    """Yield one route if all next hops have a gateway, and the same link, weight and `onlink` flag.
    Else yield one route for each next hop."""
    found = [
        replace(
            where,
            via=ip_address(hop.get_attr("RTA_GATEWAY")) if hop.get_attr("RTA_GATEWAY") else None,
            dev=names.get(hop["oif"]),
            onlink=bool(hop["flags"] & uapi.RTNH_F_ONLINK),
        )
        for hop in hops
    ]
    vias = sorted(each.via for each in found if each.via is not None)
    alike = {(each.dev, each.onlink) for each in found}, {hop["hops"] for hop in hops}
    if len(vias) == len(found) and all(len(each) == 1 for each in alike):
        yield replace(found[0], via=None, nexthops=tuple(vias))
    else:
        yield from found


def route_sort_key(route: Route) -> tuple[object, ...]:
    """Return the key by which routes are sorted."""
    network = route.destination
    way = str(route.gateways), str(route.dev), route.onlink
    return route.table or 0, network.version, network, *way


def neighbour_sort_key(neighbour: Neighbour) -> tuple[object, ...]:
    """Return the key by which neighbours are sorted."""
    return neighbour.address.version, neighbour.address.packed, neighbour.dev


def policy_rules(messages: Iterable[bytes]) -> Iterator[PolicyRule]:
    """Yield the policy rules in the order in which the kernel evaluates them. The kernel's three
    default rules are left out."""
    for data in messages:
        rule = decoded(fibmsg, data)
        attrs: dict[str, Any] = dict(rule["attrs"])
        family: Family = 4 if rule["family"] == AF_INET else 6
        if rule["family"] not in (AF_INET, AF_INET6):
            continue
        priority, table = attrs.get("FRA_PRIORITY", 0), attrs.get("FRA_TABLE", rule["table"])
        foreign = (
            rule["action"] != uapi.FR_ACT_TO_TBL
            or bool(rule["src_len"] or rule["dst_len"] or rule["tos"])
            or bool(rule["flags"] & uapi.FIB_RULE_INVERT)
            or attrs.get("FRA_SUPPRESS_PREFIXLEN", _ANY_LENGTH) != _ANY_LENGTH
            or not attrs.keys() <= _KNOWN_ATTRIBUTES
        )
        mark, mask = attrs.get("FRA_FWMARK", 0), attrs.get("FRA_FWMASK", 0)
        iif = attrs.get("FRA_IIFNAME", "")
        if foreign or iif or mask or (priority, table) not in _KERNELS_RULES:
            yield PolicyRule(
                priority=priority,
                mark=mark,
                mask=mask,
                table=table,
                family=family,
                iif=iif,
                foreign=foreign,
            )


def neighbours(messages: Iterable[bytes], names: dict[int, str]) -> Iterator[Neighbour]:
    """Yield the permanent neighbour entries. Entries that the kernel has learned are left out,
    because they expire. `names` has the links' names by index."""
    for data in messages:
        family, index, state, _, _ = _NEIGHBOUR.unpack_from(data)
        if family in (AF_INET, AF_INET6) and state & uapi.NUD_PERMANENT:
            neighbour = decoded(ndmsg, data)
            address = ip_address(neighbour.get_attr("NDA_DST"))
            yield Neighbour(address, neighbour.get_attr("NDA_LLADDR") or "", names[index])


def fdb(messages: Iterable[bytes], names: dict[int, str], tunnels: Set[int]) -> Iterator[FdbEntry]:
    """Yield the permanent forwarding entries of the VXLAN tunnels with the indexes in `tunnels`.
    Learned entries, which are not permanent, are left out. `names` has the links' names by
    index."""
    for data in messages:
        _, index, state, _, _ = _NEIGHBOUR.unpack_from(data)
        if index in tunnels and state & uapi.NUD_PERMANENT:
            entry = decoded(ndmsg, data)
            dst = entry.get_attr("NDA_DST")
            if dst is not None:
                yield FdbEntry(entry.get_attr("NDA_LLADDR"), ip_address(dst), names[index])
