"""What a lab's namespaces really hold, as values to compare with each other and with a State."""

import errno
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface, ip_network
from socket import AF_INET, AF_INET6, AF_UNSPEC, if_nameindex
from typing import Any, NamedTuple

from pyroute2.netlink.rtnl import RTM_GETADDR, RTM_GETLINK, RTM_GETNEIGH, RTM_GETROUTE, RTM_GETRULE
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from nsnet.drift import Observed
from nsnet.ip import Family, IPInterface
from nsnet.kernel import ipvs, netfilter, netns, nftables, sysctl
from nsnet.kernel.netlink import Socket, attribute, attributes, encoded, packed
from nsnet.state import (
    MTU,
    FdbEntry,
    Interface,
    Kind,
    Neighbour,
    Peer,
    PolicyRule,
    Route,
    Sysctl,
    Vxlan,
)

_LO = 1  # the index of lo, in every namespace
_IFF_UP = 0x1
_RTEXT_FILTER_SKIP_STATS = 8
_RT_SCOPE_LINK = 253
_RT_TABLE_MAIN, _RT_TABLE_LOCAL = 254, 255
_RTPROT_KERNEL = 2
_RTPROT_BIRD = 12
_RTN_BLACKHOLE = 6
_RTNH_F_ONLINK = 0x4
_RTM_F_CLONED = 0x200  # learned: a redirect, a path's MTU
_NUD_PERMANENT = 0x80
_AF_BRIDGE = 7
_BRIDGE_FLAG_HAIRPIN = 1
_FR_ACT_TO_TBL = 1
_FIB_RULE_INVERT = 2
_ANY_LENGTH = 0xFFFFFFFF
_KERNELS_RULES = {(0, 255), (32766, 254), (32767, 253)}  # priority and table
# What every rule says, and what those of a State ask.
_RULE_WORDS = {"FRA_TABLE", "FRA_SUPPRESS_PREFIXLEN", "FRA_PROTOCOL", "FRA_PRIORITY"}
_RULE_WORDS |= {"FRA_FWMARK", "FRA_FWMASK", "FRA_IIFNAME"}

_RTM_GETNSID = 90
_NETNSA_NSID = 1
_NO_NSID = -1
_NETNSA_FD = 3

# Where it is written whether a message is worth decoding, after a netlink header of 16 bytes.
_LINK = struct.Struct("=16x4xiI")  # index, flags
_ADDRESS = struct.Struct("=16xBBBBI")  # family, prefix length, flags, scope, link
_ROUTE = struct.Struct("=16xBBBBBBBBI")  # family, lengths, tos, table, protocol, scope, type, flags
_NEIGHBOUR = struct.Struct("=16xB3xiHBB")  # family, link, state, flags, type


class _Namespace(NamedTuple):
    """One namespace as read, before the other ends of its links are known."""

    links: list["_Link"]
    foreign: list[tuple[str, str]]
    up: list[str]
    routes: list[Route]
    neighbours: list[Neighbour]
    sysctls: list[Sysctl]
    policy_rules: list[PolicyRule]
    fdb: list[FdbEntry]


@dataclass(frozen=True, slots=True)
class _Link:
    """A link, and the index of its other end in the namespace that its own calls `nsid`."""

    index: int
    interface: Interface
    peer_index: int | None
    nsid: int | None  # None: in this very namespace


class _Requests(NamedTuple):
    """The five tables, as requests that are encoded once for all namespaces."""

    links: bytes
    addresses: bytes
    routes: bytes
    neighbours: bytes
    rules: bytes
    fdb: bytes


def observe(
    names: Iterable[str], keys: Mapping[str, Iterable[str]], tool: str
) -> dict[str, Observed]:
    """What each of these namespaces holds, with the sysctls named for it, but for those gone."""
    requests = _requests()
    found: dict[str, _Namespace] = {}
    with netns.staying():
        for name in names:
            if _enter(name):
                found[name] = _read(requests, keys.get(name, ()))
        peers = _peers({name: each.links for name, each in found.items()})
    chains = netfilter.saved(found, tool)
    # IPVS is only asked where its addresses are: elsewhere the kernel may not even have it.
    balanced = [name for name, each in found.items() if _has_dummy(each)]
    ipsets = netfilter.saved_sets(balanced)
    virtual = {name: ipvs.observed(name) for name in balanced}
    tables = nftables.saved(found)
    return {
        name: Observed(
            interfaces=tuple(
                replace(link.interface, peer=peers.get((name, link.index))) for link in each.links
            ),
            up=tuple(each.up),
            foreign=tuple(each.foreign),
            routes=tuple(each.routes),
            neighbours=tuple(each.neighbours),
            sysctls=tuple(each.sysctls),
            policy_rules=tuple(each.policy_rules),
            fdb=tuple(each.fdb),
            ipsets=ipsets.get(name, ()),
            virtual_servers=virtual.get(name, ()),
            chains=chains[name] | tables[name].chains,
            sets=tables[name].sets,
        )
        for name, each in found.items()
    }


def learned(name: str) -> list[Route]:
    """The routes that a daemon has put into the namespace."""
    with netns.inside(name), Socket() as socket:
        names = dict(if_nameindex())
        requests = _requests()
        return [each for each in _routes(socket.dump(requests.routes), names) if each.learned]


def _has_dummy(found: _Namespace) -> bool:
    return any(each.interface.kind is Kind.DUMMY for each in found.links)


def _enter(name: str) -> bool:
    """The calling thread stands in the namespace, if there is one of this name."""
    try:
        fd = netns.open_named(name)
    except FileNotFoundError:
        return False
    try:
        netns.setns(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:  # EINVAL: a name, and no namespace mounted on it
            raise
        return False
    finally:
        os.close(fd)
    return True


def _requests() -> _Requests:
    link = ifinfmsg()
    link["attrs"] = [("IFLA_EXT_MASK", _RTEXT_FILTER_SKIP_STATS)]
    route = rtmsg()
    rule = fibmsg()
    route["family"] = rule["family"] = AF_UNSPEC  # pyroute2 would ask for IPv4 alone
    frames = ndmsg()
    frames["family"] = _AF_BRIDGE
    return _Requests(
        encoded(link, RTM_GETLINK),
        encoded(ifaddrmsg(), RTM_GETADDR),
        encoded(route, RTM_GETROUTE),
        encoded(ndmsg(), RTM_GETNEIGH),
        encoded(rule, RTM_GETRULE),
        encoded(frames, RTM_GETNEIGH),
    )


def _read(requests: _Requests, keys: Iterable[str]) -> _Namespace:
    """Everything about the namespace in which the calling thread stands."""
    with Socket() as socket:
        links, names, up = _links(socket.dump(requests.links))
        addresses = _addresses(socket.dump(requests.addresses))
        routes = sorted(_routes(socket.dump(requests.routes), names), key=_route_order)
        neighbours = sorted(
            _neighbours(socket.dump(requests.neighbours), names),
            key=lambda each: (each.address.version, each.address.packed, each.dev),
        )
        rules = list(_policy_rules(socket.dump(requests.rules)))
        tunnels = {index for index, link in links.items() if _kind(link) == Kind.VXLAN}
        frames = socket.dump(requests.fdb) if tunnels else []
        fdb = sorted(_fdb(frames, names, tunnels), key=lambda each: (each.dev, each.mac))
    ours: list[_Link] = []
    foreign: list[tuple[str, str]] = []
    for index, link in sorted(links.items(), key=lambda each: names[each[0]]):
        kind = _kind(link)
        if kind in list(Kind):
            ours.append(_link(link, Kind(kind), names, addresses.get(index, ())))
        else:
            foreign.append((names[index], kind))
    settings = list(_sysctls(keys))
    return _Namespace(ours, foreign, sorted(up), routes, neighbours, settings, rules, fdb)


def _kind(link: Any) -> str:
    return link.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") or "device"


def _links(messages: Iterable[bytes]) -> tuple[dict[int, Any], dict[int, str], list[str]]:
    """Every link but lo by its index, every link's name, and the names of those that are up."""
    links: dict[int, Any] = {}
    names = {_LO: "lo"}
    up: list[str] = []
    for data in messages:
        index, flags = _LINK.unpack_from(data)
        if index != _LO:
            links[index] = _decoded(ifinfmsg, data)
            names[index] = links[index].get_attr("IFLA_IFNAME")
        if flags & _IFF_UP:
            up.append(names[index])
    return links, names, up


def _decoded(message: type[Any], data: bytes) -> Any:
    decoded = message(data)
    decoded.decode()
    return decoded


def _link(link: Any, kind: Kind, names: dict[int, str], addresses: Iterable[IPInterface]) -> _Link:
    port = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_SLAVE_DATA", "IFLA_BRPORT_MODE")
    mtu = link.get_attr("IFLA_MTU")
    interface = Interface(
        names[link["index"]],
        kind,
        master=names.get(link.get_attr("IFLA_MASTER") or 0),
        addresses=tuple(sorted(addresses, key=lambda each: (each.version, each))),
        mac=link.get_attr("IFLA_ADDRESS"),
        hairpin=port == _BRIDGE_FLAG_HAIRPIN,
        mtu=mtu if mtu != MTU else None,
        vxlan=_vxlan(link, names) if kind is Kind.VXLAN else None,
    )
    peer = link.get_attr("IFLA_LINK") if kind is Kind.VETH else None
    return _Link(link["index"], interface, peer, link.get_attr("IFLA_LINK_NETNSID"))


def _vxlan(link: Any, names: dict[int, str]) -> Vxlan | None:
    """What makes the tunnel; None for one that learns, or floods, or comes from nowhere."""
    info = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
    local = info.get_attr("IFLA_VXLAN_LOCAL") or info.get_attr("IFLA_VXLAN_LOCAL6")
    dev = names.get(info.get_attr("IFLA_VXLAN_LINK") or 0)
    floods = info.get_attr("IFLA_VXLAN_GROUP") or info.get_attr("IFLA_VXLAN_GROUP6")
    if local is None or dev is None or floods or info.get_attr("IFLA_VXLAN_LEARNING"):
        return None
    port = info.get_attr("IFLA_VXLAN_PORT")
    return Vxlan(info.get_attr("IFLA_VXLAN_ID"), ip_address(local), dev, port)


def _addresses(messages: Iterable[bytes]) -> dict[int, list[IPInterface]]:
    """By link, without the link-local ones that every IPv6 link gives itself."""
    found: dict[int, list[IPInterface]] = {}
    for data in messages:
        family, length, _, scope, index = _ADDRESS.unpack_from(data)
        if index == _LO or (family == AF_INET6 and scope == _RT_SCOPE_LINK):
            continue
        address = _decoded(ifaddrmsg, data)
        text = address.get_attr("IFA_LOCAL") or address.get_attr("IFA_ADDRESS")
        found.setdefault(index, []).append(ip_interface(f"{text}/{length}"))
    return found


def _routes(messages: Iterable[bytes], names: dict[int, str]) -> Iterator[Route]:
    """All tables without the kernel's own routes and what it has learned; a route of several hops
    that are not alike counts as several."""
    for data in messages:
        family, length, _, _, table, protocol, _, kind, flags = _ROUTE.unpack_from(data)
        if (
            family not in (AF_INET, AF_INET6)
            or table == _RT_TABLE_LOCAL
            or protocol == _RTPROT_KERNEL
            or flags & _RTM_F_CLONED
        ):
            continue
        route = _decoded(rtmsg, data)
        start = route.get_attr("RTA_DST") or ("0.0.0.0" if family == AF_INET else "::")
        destination = ip_network(f"{start}/{length}")
        number = route.get_attr("RTA_TABLE")
        table = None if number == _RT_TABLE_MAIN else number
        where = Route(destination, learned=protocol == _RTPROT_BIRD, table=table)
        if kind == _RTN_BLACKHOLE:
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
                onlink=bool(flags & _RTNH_F_ONLINK),
                mtu=metrics.get_attr("RTAX_MTU") if metrics else None,
            )


def _multipath(where: Route, hops: Iterable[Any], names: dict[int, str]) -> Iterator[Route]:
    """One route where all hops are neighbours on one link, and of one weight; else several."""
    found = [
        replace(
            where,
            via=ip_address(hop.get_attr("RTA_GATEWAY")) if hop.get_attr("RTA_GATEWAY") else None,
            dev=names.get(hop["oif"]),
            onlink=bool(hop["flags"] & _RTNH_F_ONLINK),
        )
        for hop in hops
    ]
    vias = sorted(each.via for each in found if each.via is not None)
    alike = {(each.dev, each.onlink) for each in found}, {hop["hops"] for hop in hops}
    if len(vias) == len(found) and all(len(each) == 1 for each in alike):
        yield replace(found[0], via=None, nexthops=tuple(vias))
    else:
        yield from found


def _route_order(route: Route) -> tuple[object, ...]:
    network = route.destination
    way = str(route.gateways), str(route.dev), route.onlink
    return route.table or 0, network.version, network, *way


def _policy_rules(messages: Iterable[bytes]) -> Iterator[PolicyRule]:
    """Those that the kernel does not make itself, in the order in which it asks them."""
    for data in messages:
        rule = _decoded(fibmsg, data)
        said: dict[str, Any] = dict(rule["attrs"])
        family: Family = 4 if rule["family"] == AF_INET else 6
        if rule["family"] not in (AF_INET, AF_INET6):
            continue
        priority, table = said.get("FRA_PRIORITY", 0), said.get("FRA_TABLE", rule["table"])
        foreign = (
            rule["action"] != _FR_ACT_TO_TBL
            or bool(rule["src_len"] or rule["dst_len"] or rule["tos"])
            or bool(rule["flags"] & _FIB_RULE_INVERT)
            or said.get("FRA_SUPPRESS_PREFIXLEN", _ANY_LENGTH) != _ANY_LENGTH
            or said.get("FRA_IIFNAME", "lo") != "lo"
            or not said.keys() <= _RULE_WORDS
        )
        mark, mask = said.get("FRA_FWMARK", 0), said.get("FRA_FWMASK", 0)
        own = said.get("FRA_IIFNAME") == "lo"
        if foreign or own or mask or (priority, table) not in _KERNELS_RULES:
            yield PolicyRule(priority, mark, mask, table, family, own, foreign)


def _neighbours(messages: Iterable[bytes], names: dict[int, str]) -> Iterator[Neighbour]:
    """The permanent ones: the others are learned, and forgotten."""
    for data in messages:
        family, index, state, _, _ = _NEIGHBOUR.unpack_from(data)
        if family in (AF_INET, AF_INET6) and state & _NUD_PERMANENT:
            neighbour = _decoded(ndmsg, data)
            address = ip_address(neighbour.get_attr("NDA_DST"))
            yield Neighbour(address, neighbour.get_attr("NDA_LLADDR") or "", names[index])


def _fdb(messages: Iterable[bytes], names: dict[int, str], tunnels: Set[int]) -> Iterator[FdbEntry]:
    """What tunnels were told: what they learn is not permanent."""
    for data in messages:
        _, index, state, _, _ = _NEIGHBOUR.unpack_from(data)
        if index in tunnels and state & _NUD_PERMANENT:
            entry = _decoded(ndmsg, data)
            dst = entry.get_attr("NDA_DST")
            if dst is not None:
                yield FdbEntry(entry.get_attr("NDA_LLADDR"), ip_address(dst), names[index])


def _sysctls(keys: Iterable[str]) -> Iterator[Sysctl]:
    """The settings of the namespace in which the calling thread stands, those that exist."""
    for key in sorted(set(keys)):
        with suppress(FileNotFoundError):
            yield Sysctl(key, sysctl.read(key))


def _peers(links: Mapping[str, list[_Link]]) -> dict[tuple[str, int], Peer]:
    """The other end of every veth whose two ends were read, by namespace and index.

    Two ends name each other's index, but indexes repeat from namespace to namespace. Which one is
    meant the kernel says, asked in the namespace of one end for its number (nsid) of the other's.
    """
    ends: dict[tuple[int, int | None], list[tuple[str, _Link]]] = {}
    for name, members in links.items():
        for link in members:
            ends.setdefault((link.index, link.peer_index), []).append((name, link))
    peers: dict[tuple[str, int], Peer] = {}
    for name, members in links.items():
        open_ends = [
            link
            for link in members
            if link.peer_index and link.nsid != _NO_NSID and (name, link.index) not in peers
        ]
        if not open_ends or not _enter(name):
            continue
        with Socket() as socket:
            nsids: dict[str, int | None] = {name: None}
            for link in open_ends:
                for other, end in ends.get((link.peer_index or 0, link.index), ()):
                    if other not in nsids:
                        nsids[other] = _nsid(socket, other)
                    if nsids[other] == link.nsid:
                        peers[name, link.index] = Peer(other, end.interface.name)
                        peers[other, end.index] = Peer(name, link.interface.name)
                        break
    return peers


def _nsid(socket: Socket, name: str) -> int:
    """What the socket's namespace calls the named one; _NO_NSID if it has no number for it."""
    fd = netns.open_named(name)
    try:
        body = bytes(4) + attribute(_NETNSA_FD, struct.pack("=I", fd))
        answer = socket.ask(packed(_RTM_GETNSID, body))
    finally:
        os.close(fd)
    (number,) = struct.unpack("=i", attributes(answer, 20)[_NETNSA_NSID])
    return int(number)
