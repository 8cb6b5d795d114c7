"""The second layer: who hears a frame, and through which bridges it passes on its way."""

from collections.abc import Iterator
from typing import NamedTuple

from nsnet.ip import IPAddress
from nsnet.state.model import Interface, Kind, State


class Crossing(NamedTuple):
    """A bridge that passes a frame on from one port to another."""

    netns: str
    bridge: str
    in_port: str
    out_port: str


class Station(NamedTuple):
    """Somebody on the wire: the link that hears the frame, and the bridges between."""

    netns: str
    dev: str
    port: str  # where the link is a bridge: the port the frame came in by
    crossings: tuple[Crossing, ...]


class Wires:
    """The cables and bridges of a State."""

    def __init__(self, state: State) -> None:
        self._netns = {each.name: each for each in state.netns}
        self._links = {
            (each.name, link.name): link for each in state.netns for link in each.interfaces
        }
        self._ports: dict[tuple[str, str], list[Interface]] = {}
        for each in state.netns:
            for link in each.interfaces:
                if link.master is not None:
                    self._ports.setdefault((each.name, link.master), []).append(link)

    def find(self, netns: str, dev: str, address: IPAddress) -> Station | None:
        """Who answers an ARP request for this address, asked out of this link; None when nobody
        does.

        Linux answers for any address of the namespace, on any of its links (arp_ignore=0).
        """
        for station in self.heard(netns, dev):
            if station.netns != netns and address in self._netns[station.netns].addresses:
                return station
        return None

    def first_port(self, netns: str, dev: str, station: Station) -> str:
        """The port by which a frame to this station leaves the bridge `dev`."""
        for port in self._ports.get((netns, dev), ()):
            if station in self._arrive(port, ()):
                return port.name
        return ""

    def heard(self, netns: str, dev: str) -> Iterator[Station]:
        """All that a frame sent out of this link reaches."""
        link = self._links[netns, dev]
        outward = self._ports.get((netns, dev), ()) if link.kind is Kind.BRIDGE else (link,)
        for each in outward:
            yield from self._arrive(each, ())

    def _arrive(self, end: Interface, crossed: tuple[Crossing, ...]) -> Iterator[Station]:
        """All that a frame sent into this end of a cable reaches."""
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
