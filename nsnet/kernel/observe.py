"""What a lab's namespaces really hold, as values to compare with each other and with a State."""

import errno
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface
from socket import AF_BRIDGE, AF_INET6, AF_UNSPEC, if_nameindex
from typing import Any, NamedTuple

from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from nsnet.ip import IPInterface
from nsnet.kernel import ipvs, netfilter, netns, nftables, sysctl, tables, uapi
from nsnet.kernel.netlink import Socket, attribute, attributes, encoded, packed
from nsnet.state.model import (
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
from nsnet.state.observed import LO, Observed, OtherLink

_LO = 1  # the index of lo, in every namespace

# Where it is written whether a message is worth decoding, after a netlink header of 16 bytes.
_LINK = struct.Struct("=16x4xiI")  # index, flags
_ADDRESS = struct.Struct("=16xBBBBI")  # family, prefix length, flags, scope, link


class _Namespace(NamedTuple):
    """One namespace as read, before the other ends of its links are known."""

    links: list["_Link"]
    other_links: list[OtherLink]
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
    with netns.returning():
        for name in names:
            if _enter(name):
                found[name] = _read(requests, keys.get(name, ()))
        peers = _peers({name: each.links for name, each in found.items()})
    chains = netfilter.chains_of(found, tool)
    # IPVS is only asked where its addresses are: elsewhere the kernel may not even have it.
    balanced = [name for name, each in found.items() if _may_have_ipvs(each)]
    ipsets = netfilter.ipsets_of(balanced)
    virtual = {name: ipvs.virtual_servers_of(name) for name in balanced}
    saved = nftables.tables_of(found)
    return {
        name: Observed(
            interfaces=tuple(
                replace(link.interface, peer=peers.get((name, link.index))) for link in each.links
            ),
            other_links=tuple(each.other_links),
            routes=tuple(each.routes),
            neighbours=tuple(each.neighbours),
            sysctls=tuple(each.sysctls),
            policy_rules=tuple(each.policy_rules),
            fdb=tuple(each.fdb),
            ipsets=ipsets.get(name, ()),
            virtual_servers=virtual.get(name, ()),
            chains=(*chains[name], *saved[name].chains),
            sets=saved[name].sets,
        )
        for name, each in found.items()
    }


def learned_routes(name: str) -> list[Route]:
    """The routes that a daemon has put into the namespace."""
    with netns.inside(name), Socket() as socket:
        names = dict(if_nameindex())
        requests = _requests()
        return [each for each in tables.routes(socket.dump(requests.routes), names) if each.learned]


def _may_have_ipvs(found: _Namespace) -> bool:
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
    link["attrs"] = [("IFLA_EXT_MASK", uapi.RTEXT_FILTER_SKIP_STATS)]
    route = rtmsg()
    rule = fibmsg()
    route["family"] = rule["family"] = AF_UNSPEC  # pyroute2 would ask for IPv4 alone
    frames = ndmsg()
    frames["family"] = AF_BRIDGE
    return _Requests(
        encoded(link, uapi.RTM_GETLINK),
        encoded(ifaddrmsg(), uapi.RTM_GETADDR),
        encoded(route, uapi.RTM_GETROUTE),
        encoded(ndmsg(), uapi.RTM_GETNEIGH),
        encoded(rule, uapi.RTM_GETRULE),
        encoded(frames, uapi.RTM_GETNEIGH),
    )


def _read(requests: _Requests, keys: Iterable[str]) -> _Namespace:
    """Everything about the namespace in which the calling thread stands."""
    with Socket() as socket:
        links, names, lo = _links(socket.dump(requests.links))
        addresses = _addresses(socket.dump(requests.addresses))
        routes = sorted(
            tables.routes(socket.dump(requests.routes), names), key=tables.route_sort_key
        )
        neighbours = sorted(
            tables.neighbours(socket.dump(requests.neighbours), names),
            key=lambda each: (each.address.version, each.address.packed, each.dev),
        )
        rules = list(tables.policy_rules(socket.dump(requests.rules)))
        tunnels = {index for index, link in links.items() if _kind(link) == Kind.VXLAN}
        frames = socket.dump(requests.fdb) if tunnels else []
        fdb = sorted(tables.fdb(frames, names, tunnels), key=lambda each: (each.dev, each.mac))
    ours: list[_Link] = []
    other_links = [lo]
    for index, link in sorted(links.items(), key=lambda each: names[each[0]]):
        kind = _kind(link)
        if kind in list(Kind):
            ours.append(_link(link, Kind(kind), names, addresses.get(index, ())))
        else:
            other_links.append(OtherLink(names[index], kind, _is_up(link)))
    return _Namespace(
        links=ours,
        other_links=other_links,
        routes=routes,
        neighbours=neighbours,
        sysctls=list(_sysctls(keys)),
        policy_rules=rules,
        fdb=fdb,
    )


def _kind(link: Any) -> str:
    return link.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") or "device"


def _links(messages: Iterable[bytes]) -> tuple[dict[int, Any], dict[int, str], OtherLink]:
    """Return every link but lo by its index, every link's name, and lo."""
    links: dict[int, Any] = {}
    names = {_LO: LO.name}
    lo = LO
    for data in messages:
        index, flags = _LINK.unpack_from(data)
        if index == _LO:
            lo = LO._replace(up=bool(flags & uapi.IFF_UP))
        else:
            links[index] = tables.decoded(ifinfmsg, data)
            names[index] = links[index].get_attr("IFLA_IFNAME")
    return links, names, lo


def _is_up(link: Any) -> bool:
    return bool(link["flags"] & uapi.IFF_UP)


def _link(link: Any, kind: Kind, names: dict[int, str], addresses: Iterable[IPInterface]) -> _Link:
    port = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_SLAVE_DATA", "IFLA_BRPORT_MODE")
    mtu = link.get_attr("IFLA_MTU")
    interface = Interface(
        names[link["index"]],
        kind,
        master=names.get(link.get_attr("IFLA_MASTER") or 0),
        addresses=tuple(sorted(addresses, key=lambda each: (each.version, each))),
        mac=link.get_attr("IFLA_ADDRESS"),
        hairpin=port == uapi.BRIDGE_MODE_HAIRPIN,
        up=_is_up(link),
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
        if index == _LO or (family == AF_INET6 and scope == uapi.RT_SCOPE_LINK):
            continue
        address = tables.decoded(ifaddrmsg, data)
        text = address.get_attr("IFA_LOCAL") or address.get_attr("IFA_ADDRESS")
        found.setdefault(index, []).append(ip_interface(f"{text}/{length}"))
    return found


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
            if link.peer_index
            and link.nsid != uapi.NETNSA_NSID_NOT_ASSIGNED
            and (name, link.index) not in peers
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
    """What the socket's namespace calls the named one; NETNSA_NSID_NOT_ASSIGNED if it has
    no number for it."""
    fd = netns.open_named(name)
    try:
        body = bytes(4) + attribute(uapi.NETNSA_FD, struct.pack("=I", fd))
        answer = socket.ask(packed(uapi.RTM_GETNSID, body))
    finally:
        os.close(fd)
    (number,) = struct.unpack("=i", attributes(answer, 20)[uapi.NETNSA_NSID])
    return int(number)
