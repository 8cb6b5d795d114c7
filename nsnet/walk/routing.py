"""The routes of one namespace: the next hop of a packet, and its source address.

A missing route gives None here, and walk/walker.py turns that into net-unreachable.
"""

from ipaddress import IPv4Address
from typing import NamedTuple

from nsnet.ip import IPAddress, IPInterface
from nsnet.state.model import MTU, Netns, Route
from nsnet.walk.packet import Packet

LOCAL = "lo"
_LOCAL_MTU = 65536


class NextHop(NamedTuple):
    """The link that a packet is sent on, the neighbour that receives it, and the MTU in bytes. If
    the packet is to an address of its own namespace, the link is `lo`."""

    dev: str
    neighbour: IPAddress
    mtu: int = MTU


class Routes:
    """The routing tables of one namespace: the local table, the tables that policy rules select for
    marked packets, and the main table."""

    def __init__(self, netns: Netns) -> None:
        self._netns = netns
        self.local = frozenset(netns.addresses)
        self._held = {each.name: each.addresses for each in netns.interfaces}
        self._mtus = {each.name: each.mtu or MTU for each in netns.interfaces}
        connected = [
            Route(address.network, dev=each.name)
            for each in netns.interfaces
            for address in each.addresses
            if each.up and address.network.prefixlen < address.max_prefixlen
        ]
        # The longest prefix wins; of equal ones the first that was added.
        everything = sorted(
            (*connected, *netns.routes), key=lambda route: -route.destination.prefixlen
        )
        self._tables: dict[int | None, list[Route]] = {}
        for route in everything:
            self._tables.setdefault(route.table, []).append(route)
        self._policy = sorted(netns.policy_rules, key=lambda rule: rule.priority)

    def find(
        self, address: IPAddress, mark: int = 0, iif: str = LOCAL
    ) -> tuple[NextHop, ...] | None:
        """Return the next hops for a packet with this mark to this address, which the link `iif`
        has received; `lo`: this namespace itself sends it. If there are several, a hash of the flow
        chooses one. () means a blackhole route, and None means that there is no route."""
        if address in self.local or address.is_loopback:
            return (NextHop(LOCAL, address, _LOCAL_MTU),)
        tables = [
            rule.table
            for rule in self._policy
            if rule.family == address.version
            and mark & rule.mask == rule.mark
            and rule.iif in ("", iif)
        ]
        for route in (each for table in (*tables, None) for each in self._tables.get(table, ())):
            if address not in route.destination:
                continue
            if route.blackhole:
                return ()
            neighbours = route.gateways or (address,)
            ways = [(route.dev or self._link_to(each), each) for each in neighbours]
            if not all(dev for dev, _ in ways):
                return None
            return tuple(NextHop(*way, route.mtu or self._mtus.get(way[0], MTU)) for way in ways)
        return None

    def masquerade(self, hop: NextHop) -> IPAddress | None:
        """Return the source address that MASQUERADE gives: the one that a packet sent by this
        namespace itself would have. None means that the namespace has no address of this family.

        If an IPv4 packet leaves by `lo`, it is the first address of any other link, because
        127.0.0.1 has host scope (inet_select_addr).
        """
        if hop.dev == LOCAL and hop.neighbour.version == 4:
            return self._first_address(4)
        return self.source(hop)

    def source(self, hop: NextHop) -> IPAddress | None:
        """Return the source address of a packet that this namespace itself sends: the link's first
        address whose network contains the neighbour, otherwise the link's first address.

        On `lo` it is the destination itself, or 127.0.0.1 for destinations in 127.0.0.0/8. A link
        without an address of this family uses the first address of any link; None means that there
        is none.
        """
        if hop.dev == LOCAL:
            # All of 127.0.0.0/8 is local; its source address is 127.0.0.1.
            loopback = hop.neighbour.version == 4 and hop.neighbour.is_loopback
            return IPv4Address("127.0.0.1") if loopback else hop.neighbour
        family = [each for each in self._held[hop.dev] if each.version == hop.neighbour.version]
        for each in family:
            if hop.neighbour in each.network:
                return each.ip
        return family[0].ip if family else self._first_address(hop.neighbour.version)

    def forwards(self, address: IPAddress) -> bool:
        """Return whether the namespace forwards packets of this address's family."""
        key = "net.ipv4.ip_forward" if address.version == 4 else "net.ipv6.conf.all.forwarding"
        return self._netns.setting(key) > 0

    def reply_mark(self, packet: Packet) -> int:
        """Return the mark of the kernel's own replies to a packet: ICMP errors, TCP resets and echo
        replies. It is the packet's mark if fwmark_reflect is set, otherwise 0."""
        key = f"net.ipv{packet.dst.version}.fwmark_reflect"
        return packet.mark if self._netns.setting(key) else 0

    def error_source(self, packet: Packet, mark: int) -> IPAddress | None:
        """Return the source address of this namespace's ICMP error about a packet, if it is not the
        packet's destination: without that address, the kernel takes the one that the route to the
        packet's source has (icmp_send). None means the destination, or that there is no route."""
        if packet.dst in self.local:
            return None
        hops = self.find(packet.src, mark)
        return self.source(hops[0]) if hops else None

    def drops_localnet(self, dev: str, *ends: IPAddress) -> bool:
        """Return whether the kernel drops a packet on this link because one of its addresses is in
        127.0.0.0/8. It does so on any link but `lo`, unless route_localnet is set for the link or
        for all."""
        keys = (f"net.ipv4.conf.{each}.route_localnet" for each in ("all", dev))
        return (
            dev != LOCAL
            and any(each.version == 4 and each.is_loopback for each in ends)
            and not any(map(self._netns.setting, keys))
        )

    def why_source_is_dropped(self, dev: str, source: IPAddress) -> str:
        """Return why the kernel drops a packet with this source on this link; "" if it does not.

        A source that is an address of this namespace is a martian (accept_local is 0). With
        rp_filter 1, the route to the source must leave by the same link. With rp_filter 2, there
        only has to be a route. Of the values for the link and for `all`, the higher applies. IPv6
        has neither check.
        """
        if source.version == 6:
            return ""
        if source in self.local:
            return f"martian: {source} is an address of this host"
        keys = (f"net.ipv4.conf.{each}.rp_filter" for each in ("all", dev))
        mode = max(map(self._netns.setting, keys))
        hops = self.find(source) if mode else None
        if mode == 0 or any(mode == 2 or hop.dev == dev for hop in hops or ()):
            return ""
        return f"rp_filter: {source} is not behind {dev}"

    def _link_to(self, via: IPAddress) -> str:
        """Return the name of the link whose network contains this gateway; "" if there is none."""
        for name, addresses in self._held.items():
            if any(via in each.network for each in addresses):
                return name
        return ""

    def _first_address(self, version: int) -> IPAddress | None:
        """Return the first address of this IP version on any link; None if there is none. It is the
        source of packets that are sent on a link without an address."""
        held: list[IPInterface] = [each for group in self._held.values() for each in group]
        return next((each.ip for each in held if each.version == version), None)
