"""The model of a lab: its Topology and State, with indexes for any number of probes."""

from collections.abc import Iterable, Mapping
from functools import cached_property

from nsnet.ip import IPAddress
from nsnet.probes.lookup import Resolver
from nsnet.state.model import State
from nsnet.topology.model import Topology
from nsnet.topology.references import Location, all_locations
from nsnet.verdict import Verdict
from nsnet.walk.packet import PredictedPath
from nsnet.walk.walker import Walker


class Model:
    """The Topology and State of a lab, with the indexes by which probes are predicted and reported.
    Each index is built on first use and then kept, so that another State needs another Model."""

    def __init__(self, topology: Topology, state: State) -> None:
        self.topology = topology
        self.state = state

    @cached_property
    def walker(self) -> Walker:
        """The Walker that predicts the paths of packets through this State."""
        return Walker(self.state)

    @cached_property
    def resolver(self) -> Resolver:
        """The Resolver that predicts what names resolve to."""
        return Resolver(self.state, self.walker)

    @cached_property
    def references(self) -> Mapping[str, str]:
        """The reference of each namespace, by the namespace's name."""
        return {each.name: each.reference for each in self.state.netns}

    @cached_property
    def neighbours(self) -> Mapping[str, frozenset[str]]:
        """For each namespace, the namespaces at the other ends of its veth pairs."""
        return {
            each.name: frozenset(link.peer.netns for link in each.interfaces if link.peer)
            for each in self.state.netns
        }

    @cached_property
    def _commanded(self) -> Mapping[str, str]:
        """The pods that run commands of their own, by their namespaces."""
        pods = (pod for cluster in self.topology.clusters for pod in cluster.pods)
        return {pod.netns: pod.reference for pod in pods if pod.commands}

    def unknown_servers(self, paths: Iterable[PredictedPath]) -> list[str]:
        """Return the pods at the end of these paths that run commands of their own, and may answer
        where the echo server does not."""
        found = {
            self._commanded.get(path.request[-1].netns, "")
            for path in paths
            if self._commanded and path.verdict is Verdict.REFUSED
        }
        return sorted(found - {""})

    def holders(
        self, addresses: Iterable[IPAddress], client: Location, paths: Iterable[PredictedPath] = ()
    ) -> dict[str, str]:
        """Return, by address, the reference of the pod, node, gateway or host that has the address.
        An address that none of them has is left out.

        If several have the address, as clusters that are islands may, the client itself is
        preferred, then one on these paths, then one in the client's cluster.
        """
        passed = {reference for each in paths for reference in each.path}
        found: dict[str, str] = {}
        for address in addresses:
            places = self._holders.get(address, ())
            if places:
                nearest = min(
                    places,
                    key=lambda place: (
                        place != client,
                        place.reference not in passed,
                        place.cluster != client.cluster,
                    ),
                )
                found[str(address)] = nearest.reference
        return found

    @cached_property
    def _holders(self) -> Mapping[IPAddress, list[Location]]:
        found: dict[IPAddress, list[Location]] = {}
        for place in all_locations(self.topology):
            for address in place.addresses:
                found.setdefault(address, []).append(place)
        return found
