"""Read what a lab's namespaces hold, as values that can be compared with each other and with a
State."""

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
from nsnet.state.model import MTU, Interface, Kind, Peer, Route, Sysctl, Vxlan
from nsnet.state.observed import LO, Observed, OtherLink

_LO = 1  # the index of lo, in every namespace

# The fields that decide whether to decode a message, after its netlink header of 16 bytes.
_LINK = struct.Struct("=16x4xiI")  # index, flags
_ADDRESS = struct.Struct("=16xBBBBI")  # family, prefix length, flags, scope, link


@dataclass(frozen=True, slots=True)
class _Link:
    """A link and what identifies its peer: the peer's index, and the nsid by which the link's
    namespace knows the peer's namespace."""

    index: int
    interface: Interface
    peer_index: int | None
    nsid: int | None  # None: in the same namespace


class _Found(NamedTuple):
    """What rtnetlink and /proc/sys show of one namespace. The interfaces are missing from `rest`,
    because their peers can be found only after all namespaces have been read."""

    links: tuple[_Link, ...]
    rest: Observed


class _Requests(NamedTuple):
    """The netlink request for each table. Each is encoded once and sent in every namespace."""

    links: bytes
    addresses: bytes
    routes: bytes
    neighbours: bytes
    rules: bytes
    fdb: bytes


def observe(
    names: Iterable[str], keys: Mapping[str, Iterable[str]], tool: str
) -> dict[str, Observed]:
    """Return what each of these namespaces holds, by the namespace's name. Namespaces that do not
    exist are left out.

    `keys` has the names of the sysctls to read in each namespace. `tool` is the variant of iptables
    that the lab uses.
    """
    requests = _requests()
    found: dict[str, _Found] = {}
    with netns.returning():
        for name in names:
            if _enter(name):
                found[name] = _read(requests, keys.get(name, ()))
        peers = _peers({name: each.links for name, each in found.items()})
    chains = netfilter.chains_of(found, tool)
    # Only kube-proxy's IPVS mode adds a dummy link; elsewhere the kernel may not have IPVS.
    balanced = [name for name, each in found.items() if _has_dummy(each)]
    ipsets = netfilter.ipsets_of(balanced)
    virtual_servers = {name: ipvs.virtual_servers_of(name) for name in balanced}
    nft = nftables.tables_of(found)
    return {
        name: replace(
            each.rest,
            interfaces=tuple(
                replace(link.interface, peer=peers.get((name, link.index))) for link in each.links
            ),
            ipsets=ipsets.get(name, ()),
            virtual_servers=virtual_servers.get(name, ()),
            chains=(*chains[name], *nft[name].chains),
            sets=nft[name].sets,
        )
        for name, each in found.items()
    }


def learned_routes(name: str) -> list[Route]:
    """Return the routes that a routing daemon has installed in the namespace."""
    with netns.inside(name), Socket() as socket:
        names = dict(if_nameindex())
        requests = _requests()
        return [each for each in tables.routes(socket.dump(requests.routes), names) if each.learned]


def _has_dummy(found: _Found) -> bool:
    return any(each.interface.kind is Kind.DUMMY for each in found.links)


def _enter(name: str) -> bool:
    """Move the calling thread into the namespace. Return False if there is no namespace of this
    name."""
    try:
        fd = netns.open_named(name)
    except FileNotFoundError:
        return False
    try:
        netns.setns(fd)
    except OSError as error:
        if error.errno != errno.EINVAL:  # EINVAL: a file on which no namespace is mounted
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
    route["family"] = rule["family"] = AF_UNSPEC  # pyroute2's default is IPv4 alone
    fdb = ndmsg()
    fdb["family"] = AF_BRIDGE
    return _Requests(
        links=encoded(link, uapi.RTM_GETLINK),
        addresses=encoded(ifaddrmsg(), uapi.RTM_GETADDR),
        routes=encoded(route, uapi.RTM_GETROUTE),
        neighbours=encoded(ndmsg(), uapi.RTM_GETNEIGH),
        rules=encoded(rule, uapi.RTM_GETRULE),
        fdb=encoded(fdb, uapi.RTM_GETNEIGH),
    )


def _read(requests: _Requests, keys: Iterable[str]) -> _Found:
    """Return what the calling thread's namespace holds; `keys` are the sysctls to read."""
    with Socket() as socket:
        links, names, lo = _links(socket.dump(requests.links))
        addresses = _addresses(socket.dump(requests.addresses))
        routes = tables.routes(socket.dump(requests.routes), names)
        neighbours = tables.neighbours(socket.dump(requests.neighbours), names)
        rules = tables.policy_rules(socket.dump(requests.rules))
        tunnels = {index for index, link in links.items() if _kind(link) == Kind.VXLAN}
        entries = socket.dump(requests.fdb) if tunnels else []
        fdb = tables.fdb(entries, names, tunnels)
    ours: list[_Link] = []
    other_links = [lo]
    for index, link in sorted(links.items(), key=lambda each: names[each[0]]):
        kind = _kind(link)
        if kind in list(Kind):
            ours.append(_link(link, Kind(kind), names, addresses.get(index, ())))
        else:
            other_links.append(OtherLink(names[index], kind, _is_up(link)))
    rest = Observed(
        other_links=tuple(other_links),
        routes=tuple(sorted(routes, key=tables.route_sort_key)),
        policy_rules=tuple(rules),
        neighbours=tuple(sorted(neighbours, key=tables.neighbour_sort_key)),
        fdb=tuple(sorted(fdb, key=lambda each: (each.dev, each.mac))),
        sysctls=tuple(_sysctls(keys)),
    )
    return _Found(tuple(ours), rest)


def _kind(link: Any) -> str:
    return link.get_nested("IFLA_LINKINFO", "IFLA_INFO_KIND") or "device"


def _is_up(link: Any) -> bool:
    return bool(link["flags"] & uapi.IFF_UP)


def _links(messages: Iterable[bytes]) -> tuple[dict[int, Any], dict[int, str], OtherLink]:
    """Return the links except lo, by index; the names of all links, by index; and lo."""
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


def _link(link: Any, kind: Kind, names: dict[int, str], addresses: Iterable[IPInterface]) -> _Link:
    mode = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_SLAVE_DATA", "IFLA_BRPORT_MODE")
    mtu = link.get_attr("IFLA_MTU")
    interface = Interface(
        name=names[link["index"]],
        kind=kind,
        master=names.get(link.get_attr("IFLA_MASTER") or 0),
        addresses=tuple(sorted(addresses, key=lambda each: (each.version, each))),
        mac=link.get_attr("IFLA_ADDRESS"),
        hairpin=mode == uapi.BRIDGE_MODE_HAIRPIN,
        up=_is_up(link),
        mtu=mtu if mtu != MTU else None,
        vxlan=_vxlan(link, names) if kind is Kind.VXLAN else None,
    )
    peer = link.get_attr("IFLA_LINK") if kind is Kind.VETH else None
    return _Link(link["index"], interface, peer, link.get_attr("IFLA_LINK_NETNSID"))


def _vxlan(link: Any, names: dict[int, str]) -> Vxlan | None:
    """Return the properties of a VXLAN link. Return None for a link that no State has: one that
    learns MAC addresses, floods, or lacks a local address or an underlying link."""
    info = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
    local = info.get_attr("IFLA_VXLAN_LOCAL") or info.get_attr("IFLA_VXLAN_LOCAL6")
    dev = names.get(info.get_attr("IFLA_VXLAN_LINK") or 0)
    floods = info.get_attr("IFLA_VXLAN_GROUP") or info.get_attr("IFLA_VXLAN_GROUP6")
    if local is None or dev is None or floods or info.get_attr("IFLA_VXLAN_LEARNING"):
        return None
    port = info.get_attr("IFLA_VXLAN_PORT")
    return Vxlan(info.get_attr("IFLA_VXLAN_ID"), ip_address(local), dev, port)


def _addresses(messages: Iterable[bytes]) -> dict[int, list[IPInterface]]:
    """Return the addresses of each link by the link's index. Those of lo are left out, and so are
    IPv6 link-local ones, which the kernel adds itself."""
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
    """Yield the sysctls with these keys, read in the calling thread's namespace. Keys that do not
    exist there are left out."""
    for key in sorted(set(keys)):
        with suppress(FileNotFoundError):
            yield Sysctl(key, sysctl.read(key))


def _peers(links: Mapping[str, Iterable[_Link]]) -> dict[tuple[str, int], Peer]:
    """Return the peer of every veth of which both ends were read, by the veth's namespace and
    index.

    Each end of a veth pair has the index of the other end, but links in many namespaces can have
    that index. To find the right one, the kernel is asked in the namespace of one end for the nsid
    of the other end's namespace.
    """
    ends: dict[tuple[int, int | None], list[tuple[str, _Link]]] = {}
    for name, members in links.items():
        for link in members:
            ends.setdefault((link.index, link.peer_index), []).append((name, link))
    peers: dict[tuple[str, int], Peer] = {}
    for name, members in links.items():
        unpaired = [
            link
            for link in members
            if link.peer_index
            and link.nsid != uapi.NETNSA_NSID_NOT_ASSIGNED
            and (name, link.index) not in peers
        ]
        if not unpaired or not _enter(name):
            continue
        with Socket() as socket:
            nsids: dict[str, int | None] = {name: None}
            for link in unpaired:
                for other, end in ends.get((link.peer_index or 0, link.index), ()):
                    if other not in nsids:
                        nsids[other] = _nsid(socket, other)
                    if nsids[other] == link.nsid:
                        peers[name, link.index] = Peer(other, end.interface.name)
                        peers[other, end.index] = Peer(name, link.interface.name)
                        break
    return peers


def _nsid(socket: Socket, name: str) -> int:
    """Return the nsid by which the socket's namespace knows the namespace called `name`. Return
    NETNSA_NSID_NOT_ASSIGNED if the socket's namespace has no nsid for it."""
    fd = netns.open_named(name)
    try:
        body = bytes(4) + attribute(uapi.NETNSA_FD, struct.pack("=I", fd))
        answer = socket.ask(packed(uapi.RTM_GETNSID, body))
    finally:
        os.close(fd)
    (number,) = struct.unpack("=i", attributes(answer, 20)[uapi.NETNSA_NSID])
    return int(number)
