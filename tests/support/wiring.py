"""Small networks for walks: hosts, and the veth pairs between them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from nsnet.features.merge import merge
from nsnet.ip import Protocol
from nsnet.state.model import (
    Fact,
    Interface,
    Listener,
    Piece,
    Route,
    Shared,
    State,
    Sysctl,
    veth,
)
from nsnet.state.namespaces import Namespace, Role
from nsnet.state.rules import Chain, Dnat, Masquerade, Match, Rule, Target
from nsnet.topology.model import Fault
from nsnet.walk.packet import PredictedPath
from nsnet.walk.walker import walk
from tests.support.labs import held, ip, net

FORWARDS = {"net.ipv4.ip_forward": "1"}


def nodes(names: Iterable[str]) -> list[Namespace]:
    """Return namespaces of these names, each its own reference."""
    return [Namespace(each, each, Role.NODE) for each in names]


def flat(facts: Iterable[Fact]) -> list[tuple[str, Piece]]:
    """Return the facts, with one for each piece that a namespace holds of shared ones."""
    return [
        (netns, each)
        for netns, piece in facts
        for each in (piece.held if isinstance(piece, Shared) else (piece,))
    ]


def merged(facts: Sequence[Fact]) -> State:
    """Return the State of these facts, with a namespace for each name in them."""
    return merge("lab", nodes(dict.fromkeys(name for name, _ in facts)), [("the test", facts)])


class Wiring(NamedTuple):
    """Hosts, the veth pairs between them, and what else they hold."""

    veths: Sequence[tuple[str, str]]  # "host link address", at both ends
    routes: Mapping[str, Sequence[str]]  # host → "destination gateway link"
    settings: Mapping[str, Mapping[str, str]] = {}
    chains: Mapping[str, Sequence[Chain]] = {}

    def state(self, faults: Sequence[Fault] = ()) -> State:
        """Return the State of these hosts, with faults. The server listens on TCP and UDP port
        80."""
        names = dict.fromkeys(end.split()[0] for pair in self.veths for end in pair)
        return merge("lab", nodes(names), [("the test", self._facts())], faults)

    def _facts(self) -> list[Fact]:
        facts: list[Fact] = []
        for one, other in self.veths:
            facts += veth(_end(one), _end(other))
        for host, routes in self.routes.items():
            for destination, gateway, dev in map(str.split, routes):
                facts.append((host, Route(net(destination), ip(gateway), dev)))
        for host, settings in self.settings.items():
            facts += [(host, Sysctl(key, value)) for key, value in settings.items()]
        for host, chains in self.chains.items():
            facts += [(host, chain) for chain in chains]
        listens = (Protocol.TCP, Protocol.UDP)
        facts += [("server", Listener(each, 80, "server")) for each in listens]
        return facts


def _end(text: str) -> tuple[str, Interface]:
    host, link, address = text.split()
    return host, Interface(link, addresses=(held(address),))


# client ── router ── server
ROUTED = Wiring(
    veths=[
        ("client eth0 10.0.1.2/24", "router eth0 10.0.1.1/24"),
        ("router eth1 10.0.2.1/24", "server eth0 10.0.2.2/24"),
    ],
    routes={"client": ["0.0.0.0/0 10.0.1.1 eth0"], "server": ["0.0.0.0/0 10.0.2.1 eth0"]},
    settings={"router": FORWARDS},
)
# The same with a second link: the server replies through `back`, the client sends through `there`.
ROUND = Wiring(
    veths=[
        ("client eth0 10.0.1.2/24", "there eth0 10.0.1.1/24"),
        ("there eth1 10.0.2.1/24", "server eth0 10.0.2.2/24"),
        ("server eth1 10.0.4.2/24", "back eth1 10.0.4.1/24"),
        ("back eth0 10.0.3.1/24", "client eth1 10.0.3.2/24"),
    ],
    routes={
        "client": ["10.0.2.0/24 10.0.1.1 eth0"],
        "server": ["10.0.1.0/24 10.0.4.1 eth1"],
        "back": ["10.0.1.0/24 10.0.3.2 eth0"],
    },
    settings={"there": FORWARDS, "back": FORWARDS},
)


def only_path(
    wiring: Wiring | State, to: str = "10.0.2.2", port: int = 80, protocol: Protocol = Protocol.TCP
) -> PredictedPath:
    """Return the only path from the client."""
    state = wiring.state() if isinstance(wiring, Wiring) else wiring
    (path,) = walk(state, "client", protocol, ip(to), port)
    return path


def chain(hook: str, *rules: tuple[Match, Target | None], table: str = "filter") -> Chain:
    """Return a chain of these rules."""
    return Chain(table, hook, tuple(Rule(*each) for each in rules))


def with_chains(host: str, *chains: Chain, wiring: Wiring = ROUTED) -> Wiring:
    """Return the same hosts, one of them with these chains."""
    return wiring._replace(chains={host: chains})


TO_SERVER = chain(
    "PREROUTING", (Match(dst=net("10.0.1.1/32")), Dnat(ip("10.0.2.2"), 80)), table="nat"
)
SNAT_TO_LINK = chain("POSTROUTING", (Match(out_interface="eth1"), Masquerade()), table="nat")


def with_route(host: str, route: Route, wiring: Wiring = ROUTED) -> State:
    """Return the same hosts, one of them with this route, too."""
    state = wiring.state()
    return replace(
        state,
        netns=tuple(
            replace(each, routes=(*each.routes, route)) if each.name == host else each
            for each in state.netns
        ),
    )
