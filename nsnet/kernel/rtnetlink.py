"""Links, addresses, routes, rules and neighbours as the messages of rtnetlink that make them."""

import socket
from collections.abc import Mapping
from typing import Any

from pyroute2.netlink.rtnl import RTM_DELRULE, RTM_NEWLINK, RTM_NEWRULE
from pyroute2.netlink.rtnl.fibmsg import fibmsg
from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg
from pyroute2.netlink.rtnl.ifinfmsg import ifinfmsg
from pyroute2.netlink.rtnl.ndmsg import ndmsg
from pyroute2.netlink.rtnl.rtmsg import rtmsg

from nsnet.ip import IPAddress, IPInterface
from nsnet.kernel.netlink import NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, encoded
from nsnet.state.model import FdbEntry, Interface, Neighbour, PolicyRule, Route

NEW = NLM_F_CREATE | NLM_F_EXCL
ANEW = NLM_F_CREATE | NLM_F_REPLACE
IFF_UP = 0x1
NUD_PERMANENT = 0x80
NTF_SELF = 0x2  # the link's own table, not that of the bridge it may be a port of
AF_BRIDGE = 7
FOREVER = 0xFFFFFFFF
RTNH_F_ONLINK = 4
RT_SCOPE_LINK = 253
RTPROT_BOOT = 3  # what `ip route add` writes
RTN_UNICAST = 1
RTN_BLACKHOLE = 6
MAIN_TABLE = 254
FR_ACT_TO_TBL = 1


def link(index: int, interface: Interface | None = None, flags: int = 0) -> Any:
    """A link by its index; with a name and a MAC address, where it is to be made."""
    message = ifinfmsg()
    message["index"] = index
    message["flags"] = message["change"] = flags
    message["attrs"] = []
    if interface is not None:
        message["attrs"] += [("IFLA_IFNAME", interface.name), ("IFLA_ADDRESS", interface.mac)]
    return message


def bridge(interface: Interface, index: int) -> bytes:
    """A bridge, up, that learns and forwards at once."""
    message = link(index, interface, IFF_UP)
    info = [("IFLA_BR_FORWARD_DELAY", 0), ("IFLA_BR_STP_STATE", 0), ("IFLA_BR_MCAST_SNOOPING", 0)]
    message["attrs"].append(
        (
            "IFLA_LINKINFO",
            {"attrs": [("IFLA_INFO_KIND", "bridge"), ("IFLA_INFO_DATA", {"attrs": info})]},
        )
    )
    return encoded(message, RTM_NEWLINK, NEW)


def dummy(interface: Interface, index: int) -> bytes:
    """A link to nowhere, down."""
    message = link(index, interface)
    message["attrs"].append(("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "dummy")]}))
    return encoded(message, RTM_NEWLINK, NEW)


def veth(interface: Interface, index: int, master: int, peer: Any) -> bytes:
    """A cable: this end up if it is plugged into the bridge `master`; `peer` is the other end."""
    message = link(index, interface, IFF_UP if master else 0)
    if master:
        message["attrs"].append(("IFLA_MASTER", master))
    data = {"attrs": [("VETH_INFO_PEER", peer)]}
    message["attrs"].append(
        ("IFLA_LINKINFO", {"attrs": [("IFLA_INFO_KIND", "veth"), ("IFLA_INFO_DATA", data)]})
    )
    return encoded(message, RTM_NEWLINK, NEW)


def hairpin(index: int) -> bytes:
    """A port of a bridge sends frames back out, too."""
    port = link(index)
    mode = ("IFLA_INFO_SLAVE_DATA", {"attrs": [("IFLA_BRPORT_MODE", 1)]})
    slave = {"attrs": [("IFLA_INFO_SLAVE_KIND", "bridge"), mode]}
    port["attrs"] = [("IFLA_LINKINFO", slave)]
    return encoded(port, RTM_NEWLINK)


def vxlan(interface: Interface, index: int, indexes: Mapping[str, int]) -> bytes:
    """A tunnel, up, that learns nothing; `indexes` are those of the other links."""
    tunnel = interface.vxlan
    assert tunnel is not None
    local = "IFLA_VXLAN_LOCAL" if tunnel.local.version == 4 else "IFLA_VXLAN_LOCAL6"
    info = [
        ("IFLA_VXLAN_ID", tunnel.vni),
        ("IFLA_VXLAN_LINK", indexes[tunnel.dev]),
        (local, str(tunnel.local)),
        ("IFLA_VXLAN_LEARNING", 0),
        ("IFLA_VXLAN_PORT", tunnel.port),
    ]
    message = link(index, interface, IFF_UP)
    message["attrs"].append(
        (
            "IFLA_LINKINFO",
            {"attrs": [("IFLA_INFO_KIND", "vxlan"), ("IFLA_INFO_DATA", {"attrs": info})]},
        )
    )
    return encoded(message, RTM_NEWLINK, NEW)


def sized(index: int, mtu: int) -> Any:
    """A link's MTU."""
    message = link(index)
    message["attrs"] = [("IFLA_MTU", mtu)]
    return message


def address(address: IPInterface, index: int, *, deprecated: bool = False) -> Any:
    """An address of a link."""
    message = ifaddrmsg()
    message["family"] = _family(address.version)
    message["index"] = index
    message["prefixlen"] = address.network.prefixlen
    text = str(address.ip)
    message["attrs"] = [("IFA_LOCAL", text), ("IFA_ADDRESS", text)]
    if deprecated:
        lifetimes = {"ifa_preferred": 0, "ifa_valid": FOREVER}  # seconds
        message["attrs"].append(("IFA_CACHEINFO", lifetimes))
    return message


def route(route: Route, index: int) -> Any:
    """A route of its table."""
    message = rtmsg()
    message["family"] = _family(route.destination.version)
    message["dst_len"] = route.destination.prefixlen
    message["table"] = MAIN_TABLE if route.table is None else 0  # 0: an attribute says so
    message["proto"] = RTPROT_BOOT
    message["type"] = RTN_BLACKHOLE if route.blackhole else RTN_UNICAST
    direct = not route.gateways and not route.blackhole and route.destination.version == 4
    message["scope"] = RT_SCOPE_LINK if direct else 0
    flags = RTNH_F_ONLINK if route.onlink else 0
    message["attrs"] = [] if route.table is None else [("RTA_TABLE", route.table)]
    if route.mtu is not None:
        message["attrs"].append(("RTA_METRICS", {"attrs": [("RTAX_MTU", route.mtu)]}))
    if route.destination.prefixlen:
        message["attrs"].append(("RTA_DST", str(route.destination.network_address)))
    if route.nexthops:
        # The weight of a next hop is its `hops` + 1: all are of equal cost.
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


def policy_rule(rule: PolicyRule) -> bytes:
    """Packets of this mark ask this table."""
    message = _rule(rule)
    message["action"] = FR_ACT_TO_TBL
    message["attrs"] += [
        ("FRA_FWMARK", rule.mark),
        ("FRA_FWMASK", rule.mask),
        ("FRA_TABLE", rule.table),
    ]
    if rule.own:
        message["attrs"].append(("FRA_IIFNAME", "lo"))
    return encoded(message, RTM_NEWRULE, NEW)


def no_policy_rule(rule: PolicyRule) -> bytes:
    """The rule that is asked first at its priority goes, whatever it says."""
    return encoded(_rule(rule), RTM_DELRULE)


def _rule(rule: PolicyRule) -> Any:
    message = fibmsg()
    message["family"] = _family(rule.family)
    message["attrs"] = [("FRA_PRIORITY", rule.priority)]
    return message


def neighbour(neighbour: Neighbour, index: int) -> Any:
    """A permanent neighbour."""
    message = learnt(neighbour.address, index)
    message["state"] = NUD_PERMANENT
    message["attrs"].append(("NDA_LLADDR", neighbour.mac))
    return message


def learnt(address: IPAddress, index: int) -> Any:
    """What was learnt of a neighbour, whatever that is."""
    message = ndmsg()
    message["family"] = _family(address.version)
    message["ifindex"] = index
    message["attrs"] = [("NDA_DST", str(address))]
    return message


def fdb(entry: FdbEntry, index: int) -> Any:
    """A permanent entry of a tunnel's forwarding table."""
    message = ndmsg()
    message["family"] = AF_BRIDGE
    message["ifindex"] = index
    message["state"] = NUD_PERMANENT
    message["flags"] = NTF_SELF
    message["attrs"] = [("NDA_LLADDR", entry.mac), ("NDA_DST", str(entry.dst))]
    return message


def _family(version: int) -> int:
    return socket.AF_INET if version == 4 else socket.AF_INET6
