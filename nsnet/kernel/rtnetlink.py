"""The rtnetlink message of each Op.

Each function returns an encoded message; its docstring says what the message does. `indexes` has
the indexes of the links in the Op's namespace, by the link's name.
"""

import socket
from collections.abc import Mapping
from typing import Any, TypeAlias

from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from nsnet.ip import IPAddress, IPInterface
from nsnet.kernel import uapi
from nsnet.kernel.netlink import encoded
from nsnet.plan.ops import (
    AddressAdd,
    AddressDelete,
    BridgeAdd,
    DummyAdd,
    FdbDelete,
    FdbSet,
    LinkDown,
    LinkUp,
    MtuSet,
    NeighbourAdd,
    NeighbourDelete,
    NeighbourFlush,
    PolicyRuleAdd,
    PolicyRuleDelete,
    RouteAdd,
    RouteDelete,
    RouteReplace,
    VethAdd,
    VxlanAdd,
)
from nsnet.state.model import FdbEntry, Interface, PolicyRule, Route

Indexes: TypeAlias = Mapping[str, int]

_NEW = uapi.NLM_F_CREATE | uapi.NLM_F_EXCL
_SET = uapi.NLM_F_CREATE | uapi.NLM_F_REPLACE
_FOREVER = 0xFFFFFFFF


# --- links ---


def bridge(op: BridgeAdd, indexes: Indexes) -> bytes:
    """Create a bridge and set it up. Its ports forward at once."""
    info = [("IFLA_BR_FORWARD_DELAY", 0), ("IFLA_BR_STP_STATE", 0), ("IFLA_BR_MCAST_SNOOPING", 0)]
    message = _new_link(op.interface, indexes, uapi.IFF_UP)
    return _of_kind(message, "bridge", info)


def dummy(op: DummyAdd, indexes: Indexes) -> bytes:
    """Create a dummy link, which stays down."""
    return _of_kind(_new_link(op.interface, indexes), "dummy")


def veth(op: VethAdd, indexes: Indexes, peer_indexes: Indexes, peer_netns: int) -> bytes:
    """Create a veth pair. The end in the Op's namespace is set up if it is a port of a bridge.
    `peer_netns` is a file descriptor of the other end's namespace."""
    master = op.interface.master
    message = _new_link(op.interface, indexes, uapi.IFF_UP if master else 0)
    if master:
        message["attrs"].append(("IFLA_MASTER", indexes[master]))
    peer = _new_link(op.peer, peer_indexes)
    peer["attrs"].append(("IFLA_NET_NS_FD", peer_netns))
    return _of_kind(message, "veth", [("VETH_INFO_PEER", peer)])


def hairpin(op: VethAdd, indexes: Indexes) -> bytes:
    """Allow a bridge to send a frame that came in on this port back out of this port."""
    mode = ("IFLA_INFO_SLAVE_DATA", {"attrs": [("IFLA_BRPORT_MODE", uapi.BRIDGE_MODE_HAIRPIN)]})
    slave = {"attrs": [("IFLA_INFO_SLAVE_KIND", "bridge"), mode]}
    port = _link(indexes[op.interface.name])
    port["attrs"].append(("IFLA_LINKINFO", slave))
    return encoded(port, uapi.RTM_NEWLINK)


def vxlan(op: VxlanAdd, indexes: Indexes) -> bytes:
    """Create a VXLAN tunnel that learns no MAC addresses, and set it up."""
    tunnel = op.interface.vxlan
    assert tunnel is not None
    local = "IFLA_VXLAN_LOCAL" if tunnel.local.version == 4 else "IFLA_VXLAN_LOCAL6"
    info = [
        ("IFLA_VXLAN_ID", tunnel.vni),
        ("IFLA_VXLAN_LINK", indexes[tunnel.dev]),
        (local, str(tunnel.local)),
        ("IFLA_VXLAN_LEARNING", 0),
        ("IFLA_VXLAN_PORT", tunnel.port),
    ]
    return _of_kind(_new_link(op.interface, indexes, uapi.IFF_UP), "vxlan", info)


def link_up(op: LinkUp, indexes: Indexes) -> bytes:
    """Set the link up."""
    return encoded(_link(indexes[op.name], uapi.IFF_UP), uapi.RTM_SETLINK)


def link_down(op: LinkDown, indexes: Indexes) -> bytes:
    """Set the link down."""
    message = _link(indexes[op.name])
    message["change"] = uapi.IFF_UP
    return encoded(message, uapi.RTM_SETLINK)


def mtu(op: MtuSet, indexes: Indexes) -> bytes:
    """Set the link's MTU."""
    message = _link(indexes[op.dev])
    message["attrs"].append(("IFLA_MTU", op.mtu))
    return encoded(message, uapi.RTM_SETLINK)


def into_group(index: int, group: int) -> bytes:
    """Put the link into this group."""
    message = _link(index)
    message["attrs"].append(("IFLA_GROUP", group))
    return encoded(message, uapi.RTM_SETLINK)


def delete_group(group: int) -> bytes:
    """Delete all links of this group."""
    message = _link(0)
    message["attrs"].append(("IFLA_GROUP", group))
    return encoded(message, uapi.RTM_DELLINK)


def _link(index: int, flags: int = 0) -> Any:
    message = ifinfmsg()
    message["index"] = index
    message["flags"] = message["change"] = flags
    message["attrs"] = []
    return message


def _new_link(interface: Interface, indexes: Indexes, flags: int = 0) -> Any:
    message = _link(indexes[interface.name], flags)
    message["attrs"] += [("IFLA_IFNAME", interface.name), ("IFLA_ADDRESS", interface.mac)]
    return message


def _of_kind(message: Any, kind: str, info: list[tuple[str, Any]] | None = None) -> bytes:
    attributes: list[tuple[str, Any]] = [("IFLA_INFO_KIND", kind)]
    if info is not None:
        attributes.append(("IFLA_INFO_DATA", {"attrs": info}))
    message["attrs"].append(("IFLA_LINKINFO", {"attrs": attributes}))
    return encoded(message, uapi.RTM_NEWLINK, _NEW)


# --- addresses ---


def new_address(op: AddressAdd, indexes: Indexes) -> bytes:
    """Add an address to the link."""
    message = _address(op.address, indexes[op.dev])
    if op.deprecated:
        lifetimes = {"ifa_preferred": 0, "ifa_valid": _FOREVER}  # seconds
        message["attrs"].append(("IFA_CACHEINFO", lifetimes))
    return encoded(message, uapi.RTM_NEWADDR, _NEW)


def delete_address(op: AddressDelete, indexes: Indexes) -> bytes:
    """Remove an address from the link."""
    return encoded(_address(op.address, indexes[op.dev]), uapi.RTM_DELADDR)


def _address(address: IPInterface, index: int) -> Any:
    message = ifaddrmsg()
    message["family"] = _family(address.version)
    message["index"] = index
    message["prefixlen"] = address.network.prefixlen
    text = str(address.ip)
    message["attrs"] = [("IFA_LOCAL", text), ("IFA_ADDRESS", text)]
    return message


# --- routes and policy rules ---


def new_route(op: RouteAdd, indexes: Indexes) -> bytes:
    """Add a route. The kernel refuses it if its table has a route to this destination already."""
    return encoded(_route(op.route, indexes), uapi.RTM_NEWROUTE, _NEW)


def replace_route(op: RouteReplace, indexes: Indexes) -> bytes:
    """Replace the route to this destination, or add it if there is none."""
    return encoded(_route(op.route, indexes), uapi.RTM_NEWROUTE, _SET)


def delete_route(op: RouteDelete, indexes: Indexes) -> bytes:
    """Delete this route."""
    return encoded(_route(op.route, indexes), uapi.RTM_DELROUTE)


def _route(route: Route, indexes: Indexes) -> Any:
    index = indexes[route.dev] if route.dev else 0
    message = rtmsg()
    message["family"] = _family(route.destination.version)
    message["dst_len"] = route.destination.prefixlen
    message["table"] = uapi.RT_TABLE_MAIN if route.table is None else 0  # 0: see RTA_TABLE
    message["proto"] = uapi.RTPROT_BOOT
    message["type"] = uapi.RTN_BLACKHOLE if route.blackhole else uapi.RTN_UNICAST
    direct = not route.gateways and not route.blackhole and route.destination.version == 4
    message["scope"] = uapi.RT_SCOPE_LINK if direct else 0
    flags = uapi.RTNH_F_ONLINK if route.onlink else 0
    message["attrs"] = [] if route.table is None else [("RTA_TABLE", route.table)]
    if route.mtu is not None:
        message["attrs"].append(("RTA_METRICS", {"attrs": [("RTAX_MTU", route.mtu)]}))
    if route.destination.prefixlen:
        message["attrs"].append(("RTA_DST", str(route.destination.network_address)))
    if route.nexthops:
        # The weight of a next hop is its `hops` + 1: here all are equal.
        hops = [
            {"oif": index, "flags": flags, "hops": 0, "attrs": [("RTA_GATEWAY", str(each))]}
            for each in route.nexthops
        ]
        message["attrs"].append(("RTA_MULTIPATH", hops))
        return message
    message["flags"] = flags
    if route.via is not None:
        message["attrs"].append(("RTA_GATEWAY", str(route.via)))
    if index:
        message["attrs"].append(("RTA_OIF", index))
    return message


def new_policy_rule(op: PolicyRuleAdd, indexes: Indexes) -> bytes:
    """Add a policy rule: packets of this link, with this mark under this mask, are routed by this
    table."""
    rule = op.rule
    message = _policy_rule(rule)
    message["action"] = uapi.FR_ACT_TO_TBL
    message["attrs"].append(("FRA_TABLE", rule.table))
    if rule.mask:
        message["attrs"] += [("FRA_FWMARK", rule.mark), ("FRA_FWMASK", rule.mask)]
    if rule.iif:
        message["attrs"].append(("FRA_IIFNAME", rule.iif))
    return encoded(message, uapi.RTM_NEWRULE, _NEW)


def delete_policy_rule(op: PolicyRuleDelete, indexes: Indexes) -> bytes:
    """Delete the first policy rule of this priority, whatever packets it matches."""
    return encoded(_policy_rule(op.rule), uapi.RTM_DELRULE)


def _policy_rule(rule: PolicyRule) -> Any:
    message = fibmsg()
    message["family"] = _family(rule.family)
    message["attrs"] = [("FRA_PRIORITY", rule.priority)]
    return message


# --- neighbours and forwarding entries of VXLAN tunnels ---


def set_neighbour(op: NeighbourAdd, indexes: Indexes) -> bytes:
    """Add a permanent neighbour entry, or replace the entry of the same address."""
    message = _neighbour(op.neighbour.address, indexes[op.neighbour.dev])
    message["state"] = uapi.NUD_PERMANENT
    message["attrs"].append(("NDA_LLADDR", op.neighbour.mac))
    return encoded(message, uapi.RTM_NEWNEIGH, _SET)


def delete_neighbour(op: NeighbourDelete, indexes: Indexes) -> bytes:
    """Delete a permanent neighbour entry."""
    return encoded(_neighbour(op.neighbour.address, indexes[op.neighbour.dev]), uapi.RTM_DELNEIGH)


def flush_neighbour(op: NeighbourFlush, indexes: Indexes) -> bytes:
    """Delete the neighbour entry of an address, whatever its MAC address."""
    return encoded(_neighbour(op.address, indexes[op.dev]), uapi.RTM_DELNEIGH)


def set_fdb(op: FdbSet, indexes: Indexes) -> bytes:
    """Add a permanent forwarding entry of a VXLAN tunnel, or replace the entry of the same MAC
    address."""
    return encoded(_fdb(op.entry, indexes), uapi.RTM_NEWNEIGH, _SET)


def delete_fdb(op: FdbDelete, indexes: Indexes) -> bytes:
    """Delete a forwarding entry of a VXLAN tunnel."""
    return encoded(_fdb(op.entry, indexes), uapi.RTM_DELNEIGH)


def _neighbour(address: IPAddress, index: int) -> Any:
    message = ndmsg()
    message["family"] = _family(address.version)
    message["ifindex"] = index
    message["attrs"] = [("NDA_DST", str(address))]
    return message


def _fdb(entry: FdbEntry, indexes: Indexes) -> Any:
    message = ndmsg()
    message["family"] = socket.AF_BRIDGE
    message["ifindex"] = indexes[entry.dev]
    message["state"] = uapi.NUD_PERMANENT
    message["flags"] = uapi.NTF_SELF
    message["attrs"] = [("NDA_LLADDR", entry.mac), ("NDA_DST", str(entry.dst))]
    return message


def _family(version: int) -> int:
    return socket.AF_INET if version == 4 else socket.AF_INET6
