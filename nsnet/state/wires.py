"""The link layer: which links receive a frame, and through which bridges it passes."""

from collections.abc import Iterator
from typing import NamedTuple

from nsnet.ip import IPAddress
from nsnet.state.model import Interface, Kind, State


class Crossing(NamedTuple):
    """The way of a frame through one bridge: from the port `in_port` to the port `out_port`."""

    netns: str
    bridge: str
    in_port: str
    out_port: str


class Station(NamedTuple):
    """A link that receives a frame, and the bridges that forward the frame on its way there."""

    netns: str
    dev: str
    port: str  # of a bridge: the port that received the frame
    crossings: tuple[Crossing, ...]


class Wires:
    """The veth pairs and bridges of a State."""

    def __init__(self, state: State) -> None:
        self._netns = {each.name: each for each in state.netns}
        self._links = {
            (each.name, link.name): link for each in state.netns for link in each.interfaces
        }
        self._ports: dict[tuple[str, str], list[Interface]] = {}
        self._neighbours: dict[str, dict[tuple[IPAddress, str], str]] = {}
        self._proxies: dict[tuple[str, str], frozenset[IPAddress]] = {}
        for each in state.netns:
            for link in each.interfaces:
                if link.master is not None:
                    self._ports.setdefault((each.name, link.master), []).append(link)

    def find(self, netns: str, dev: str, address: IPAddress) -> Station | None:
        """Return the link to which a packet goes that is sent out of `dev` to the neighbour
        `address`; None if there is none. It is the link with the MAC address of a permanent
        neighbour entry, else the one that answers an ARP request.

        Linux answers for any address of the namespace, on any of the namespace's links
        (arp_ignore=0).
        """
        mac = self._permanent(netns).get((address, dev))
        for station in self.receivers(netns, dev):
            if station.netns == netns:
                continue
            if self._mac(station) == mac if mac else self._answers(station, address):
                return station
        return None

    def _permanent(self, netns: str) -> dict[tuple[IPAddress, str], str]:
        """Return the MAC addresses of a namespace's permanent neighbours."""
        if netns not in self._neighbours:
            held = self._netns[netns].neighbours
            self._neighbours[netns] = {(each.address, each.dev): each.mac for each in held}
        return self._neighbours[netns]

    def _mac(self, station: Station) -> str:
        return self._links[station.netns, station.dev].mac

    def _answers(self, station: Station, address: IPAddress) -> bool:
        """Return whether a link answers ARP for this address: one of its namespace, or, with
        proxy_arp, one to which the namespace has a route by another link."""
        there = self._netns[station.netns]
        if address in there.addresses:
            return True
        return address in self._proxied(station.netns, station.dev)

    def _proxied(self, netns: str, dev: str) -> frozenset[IPAddress]:
        """Return the addresses for which a link answers ARP in place of their owners."""
        key = netns, dev
        if key not in self._proxies:
            there = self._netns[netns]
            on = there.setting(f"net.ipv4.conf.{dev}.proxy_arp")
            hosts = (each for each in there.routes if on and each.dev not in (None, dev))
            self._proxies[key] = frozenset(
                each.destination[0]
                for each in hosts
                if each.destination.prefixlen == 32 and each.destination.version == 4
            )
        return self._proxies[key]

    def first_port(self, netns: str, dev: str, station: Station) -> str:
        """Return the port of the bridge `dev` through which frames reach this station; "" if there
        is none."""
        for port in self._ports.get((netns, dev), ()):
            if station in self._arrive(port, ()):
                return port.name
        return ""

    def receivers(self, netns: str, dev: str) -> Iterator[Station]:
        """Yield every link that a frame can reach when it is sent out of the link `dev`."""
        link = self._links[netns, dev]
        outward = self._ports.get((netns, dev), ()) if link.kind is Kind.BRIDGE else (link,)
        for each in outward:
            yield from self._arrive(each, ())

    def _arrive(self, end: Interface, crossed: tuple[Crossing, ...]) -> Iterator[Station]:
        """Yield every link that a frame can reach when it is sent out of `end`, one end of a veth
        pair. `crossed` are the bridges that it has passed before."""
        if end.peer is None:
            return
        netns, name = end.peer
        link = self._links[netns, name]
        if not (end.up and link.up):
            return
        if link.master is None:
            yield Station(netns, name, "", crossed)
            return
        yield Station(netns, link.master, name, crossed)
        if any(each.netns == netns and each.bridge == link.master for each in crossed):
            return  # a loop of bridges
        for port in self._ports[netns, link.master]:
            if port.name != name:
                crossing = Crossing(netns, link.master, name, port.name)
                yield from self._arrive(port, (*crossed, crossing))
