"""The rules that choose one of a Service port's endpoints, and the chains that DNAT to them."""

from collections.abc import Iterator
from typing import NamedTuple

from nsnet.features.services.kube_proxy import MARK_MASQ, chain_hash
from nsnet.ip import Family, Protocol, host_network
from nsnet.ip import endpoint as written
from nsnet.state.rules import Chain, Dnat, Jump, Match, Recent, Rule
from nsnet.topology.balancing import rule_probabilities
from nsnet.topology.model import Endpoint

_TO_MARK = Jump(MARK_MASQ)


class NamedEndpoint(NamedTuple):
    """An endpoint, its address and port as text, and the jump to its KUBE-SEP-… chain."""

    endpoint: Endpoint
    text: str
    jump: Jump


class EndpointRules(NamedTuple):
    """The rules that choose an endpoint of one Service port, and the chain of each endpoint."""

    port: str  # its name: ns/name:portname
    protocol: Protocol
    affinity: int | None  # seconds of sessionAffinity
    comments: bool
    family: Family

    def named(self, endpoints: tuple[Endpoint, ...]) -> tuple[NamedEndpoint, ...]:
        """Return the endpoints, each with its text and the jump to its chain."""
        return tuple(map(self._name, endpoints))

    def choosing(self, found: tuple[NamedEndpoint, ...]) -> Iterator[Rule]:
        """Yield the rules that choose one of these endpoints at random. With session affinity,
        rules that choose the client's last endpoint precede them."""
        for each in found if self.affinity is not None else ():
            match = Match(comment=self._to(each), recent=Recent(each.jump.chain, self.affinity))
            yield Rule(match, each.jump, why=f"{self.port}: the client's last endpoint")
        for number, (each, probability) in enumerate(rule_probabilities(found), 1):
            yield Rule(
                Match(comment=self._to(each), probability=probability),
                each.jump,
                why=f"{self.port}: endpoint {number} of {len(found)}",
            )

    def chain(self, each: NamedEndpoint) -> Chain:
        """Return the endpoint's chain, KUBE-SEP-…. It marks packets from the endpoint's own
        pod for masquerading, and DNATs all packets to the endpoint. With session affinity, it also
        remembers the client."""
        address, port = each.endpoint.address, each.endpoint.port
        comment = self.port if self.comments else ""
        remembered = None if self.affinity is None else Recent(each.jump.chain)
        rules = (
            Rule(
                Match(src=host_network(address), comment=comment),
                _TO_MARK,
                why=f"{self.port}: a pod that connects to itself",
            ),
            Rule(
                Match(protocol=self.protocol, comment=comment, recent=remembered),
                Dnat(address, port),
                why=f"{self.port}: {each.endpoint.reference}",
            ),
        )
        return Chain("nat", each.jump.chain, rules, self.family)

    def _name(self, endpoint: Endpoint) -> NamedEndpoint:
        text = written(endpoint.address, endpoint.port)
        name = f"KUBE-SEP-{chain_hash(f'{self.port}{self.protocol}{text}')}"
        return NamedEndpoint(endpoint, text, Jump(name))

    def _to(self, each: NamedEndpoint) -> str:
        return f"{self.port} -> {each.text}" if self.comments else ""
